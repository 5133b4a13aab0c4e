"""Thumbs up or down for a paper, asked for from the mail and given on a page."""

from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter, HTTPException, Request
from sqlmodel import Session, col, select
from starlette.responses import Response

from newsletter import db, edition
from newsletter.mail import words
from newsletter.models import Delivery, Feedback, Paper, Pick
from newsletter.web.page import Form, day_in, first, number_in, secret_page
from newsletter.web.site import Site, site_of
from subscribers.tokens import Purpose

router = APIRouter()
Way = Literal["up", "down"]
THUMBS = {"up": 1, "down": -1}
LONGEST_RANK = 3  # digits


@dataclass(frozen=True)
class Picked:
    """One paper of one reader's digest, and the thumb it has: "up", "down" or ""."""

    reader: int
    paper: str
    title: str
    thumb: str


@router.get("/t/{period}/{token}/{rank}/{way}")
def ask(request: Request, period: str, token: str, rank: str, way: Way) -> Response:
    """The paper with three buttons, the one that was pressed in the mail first."""
    reader, site = number_in(request, Purpose.FEEDBACK, token), site_of(request)
    with Session(site.engine) as session:
        picked = _picked(session, reader, period, rank)
    return _page(request, site, picked, period, way, said="")


@router.post("/t/{period}/{token}/{rank}/{way}")
def give(request: Request, period: str, token: str, rank: str, way: Way, fields: Form) -> Response:
    """Keep the newest thumb, or none; anything else that came changes nothing."""
    reader, site = number_in(request, Purpose.FEEDBACK, token), site_of(request)
    wanted = first(fields, "thumb")
    with db.writing(site.engine) as session:
        picked = _picked(session, reader, period, rank)
        if wanted in THUMBS:
            key = {"subscriber_id": reader, "paper": picked.paper}
            row = key | {"thumb": THUMBS[wanted], "at": site.clock()}
            db.upsert(session, Feedback, [row], list(key))
        elif wanted == "none" and (given := session.get(Feedback, (reader, picked.paper))):
            session.delete(given)
        session.flush()
        picked = _picked(session, reader, period, rank)
    return _page(request, site, picked, period, way, said="Noted." if picked.thumb else "Taken back.")


def _picked(session: Session, reader: int, period: str, rank: str) -> Picked:
    """404 for what was never in a digest of this reader, or is known no more."""
    if not (rank.isascii() and rank.isdigit() and len(rank) < LONGEST_RANK):
        raise HTTPException(404)
    query = (
        select(Pick.paper, Delivery.edition_id)
        .join(Delivery, col(Delivery.id) == col(Pick.delivery_id))
        .where(Delivery.subscriber_id == reader, Delivery.letter == "digest")
        .where(Delivery.period == day_in(period).isoformat(), Pick.rank == int(rank))
    )
    found = session.exec(query).first()
    if found is None or session.get(Paper, found[0]) is None:
        raise HTTPException(404)
    key, edition_id = found
    content = edition.thaw_papers(session, edition_id or 0, [key]).get(key, {})
    given = session.get(Feedback, (reader, key), populate_existing=True)
    thumb = {1: "up", -1: "down"}.get(given.thumb, "") if given else ""
    return Picked(reader, key, words.cut(words.clean(content.get("title", key)), 300), thumb)


def _page(request: Request, site: Site, picked: Picked, period: str, way: Way, said: str) -> Response:
    return secret_page(
        request,
        "thumb.html",
        picked=picked,
        way=way,
        said=said,
        digest=site.paths.browser(picked.reader, period),
    )
