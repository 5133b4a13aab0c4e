"""Deliveries as an admin page: searched by reader, state, letter and day, newest first."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy import ColumnElement
from sqlmodel import Session, col, or_, select
from starlette.responses import Response

from newsletter import daily
from newsletter.ledger import DIGEST, IS_LETTER
from newsletter.links import Links
from newsletter.mail.admin_letter import AdminLetter
from newsletter.models import Delivery, State
from newsletter.web.admin_page import LoggedIn, admin_page
from newsletter.web.page import day_in
from newsletter.web.plot import Plot, Series, bars
from newsletter.web.site import Site, site_of
from subscribers.addresses import redacted_in
from subscribers.letters import LetterKind
from subscribers.models import Subscriber

router = APIRouter()
ON_A_PAGE = 50
MOST_READERS = 500  # who hold a part of an address; more are not looked through
LONGEST = 320
DAYS = 14
LETTERS = (DIGEST, *map(str, LetterKind), *map(str, AdminLetter))
PLOTTED = (State.SENT, State.FAILED, State.UNKNOWN, State.SUPPRESSED)


@dataclass(frozen=True)
class Asked:
    """What is searched for; "" is anything. `before` is the id that the last page ended with, 0 for none."""

    address: str = ""
    state: str = ""
    letter: str = ""
    day: str = ""
    before: int = 0


@dataclass(frozen=True)
class Line:
    """One delivery with the pages about it: of its reader, why it is as it is, and its edition."""

    delivery: Delivery
    at: datetime
    reader: str
    why: str
    edition: str


@router.get("/admin/deliveries")
def deliveries(
    request: Request,
    admin: LoggedIn,
    address: Annotated[str, Query(max_length=LONGEST)] = "",
    state: Annotated[str, Query(max_length=20)] = "",
    letter: Annotated[str, Query(max_length=40)] = "",
    day: Annotated[str, Query(max_length=10)] = "",
    before: Annotated[int, Query(ge=0, le=2**62)] = 0,
) -> Response:
    """One page of what is asked for; an unknown state or letter counts as any."""
    site = site_of(request)
    asked = Asked(
        address.strip().lower(),
        state if state in set(State) else "",
        letter if letter in LETTERS else "",
        day_in(day).isoformat() if day else "",
        before,
    )
    with Session(site.engine) as session:
        rows = found(session, asked, ON_A_PAGE + 1)
        sent = by_day(session, site)
    kept = {"address": asked.address, "state": asked.state, "letter": asked.letter, "day": asked.day}
    older = {**kept, "before": str(rows[ON_A_PAGE - 1].id)} if len(rows) > ON_A_PAGE else {}
    return admin_page(
        request,
        admin,
        "admin_deliveries.html",
        asked=asked,
        rows=[line(each, site.paths) for each in rows[:ON_A_PAGE]],
        states=list(State),
        letters=LETTERS,
        older=site.paths.admin_part("deliveries", **older) if older else "",
        newest=site.paths.admin_part("deliveries", **kept) if before else "",
        sent=sent,
        said=redacted_in,
        section="deliveries",
    )


def line(each: Delivery, links: Links) -> Line:
    """A delivery with its links; an erased reader has none."""
    at = each.sent_at or each.due_at or each.date
    reader, digest = str(each.subscriber_id or ""), each.letter == DIGEST
    asked_at = (each.due_at or each.date).astimezone(UTC).isoformat()
    return Line(
        each,
        at,
        reader=links.admin_part(f"subscribers/{reader}") if reader else "",
        why=links.admin_part("why", reader=reader, at=asked_at) if reader and digest else "",
        edition=links.admin_edition(each.period) if digest else "",
    )


def found(session: Session, asked: Asked, most: int) -> list[Delivery]:
    """The newest deliveries of which all is true that is asked for; each page is read by the primary key."""
    wanted: list[ColumnElement[bool]] = []
    if asked.address:
        wanted.append(_of_readers(session, asked.address))
    if asked.state:
        wanted.append(col(Delivery.state) == State(asked.state))
    if asked.letter:
        wanted.append(col(Delivery.letter) == asked.letter)
    if asked.day:
        wanted.append(_on(asked.day))
    if asked.before:
        wanted.append(col(Delivery.id) < asked.before)
    return list(session.exec(select(Delivery).where(*wanted).order_by(col(Delivery.id).desc()).limit(most)))


def _of_readers(session: Session, part: str) -> ColumnElement[bool]:
    """Deliveries of the readers who hold it now, by their index; and those without a reader, by their address."""
    holds = col(Subscriber.email).contains(part, autoescape=True)
    ids = list(session.exec(select(Subscriber.id).where(holds).limit(MOST_READERS)))
    nobodys = col(Delivery.subscriber_id).is_(None) & col(Delivery.address).contains(part, autoescape=True)
    return or_(col(Delivery.subscriber_id).in_(ids), nobodys)


def _on(day: str) -> ColumnElement[bool]:
    """The digests of an edition, and other letters that were caused on that UTC day."""
    start = datetime.combine(date.fromisoformat(day), time(), UTC)
    caused = IS_LETTER & (col(Delivery.date) >= start) & (col(Delivery.date) < start + timedelta(days=1))
    return or_(col(Delivery.period) == day, caused)


def by_day(session: Session, site: Site) -> Plot | None:
    """What became of the digests of the last days; None where there were none."""
    days = daily.days(site.clock().date(), DAYS)
    counts = daily.by_state(session, days, PLOTTED)
    series = [Series(state.value, tuple(counts[state].get(day, 0) for day in days)) for state in PLOTTED]
    some = [each for each in series if any(each.values)]
    return bars("sent", "Digests by the day of their edition", "Day", days, some) if some else None
