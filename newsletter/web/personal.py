"""A reader's own data: seen, downloaded and erased by whoever can read the mailbox."""

import json

from fastapi import APIRouter, Request
from sqlmodel import Session
from starlette.responses import Response

from newsletter import db, records
from newsletter.web.page import SECRET, Form, first, number_in, secret_page
from newsletter.web.site import site_of
from newsletter.web.standing import Said
from subscribers import erasure
from subscribers.models import Subscriber
from subscribers.tokens import Purpose

router = APIRouter()
FILE = "my-newsletter-data.json"
TICK = "Tick the box first: nothing can bring the data back."


@router.get("/data/{token}")
def show(request: Request, token: str) -> Response:
    """What is kept, in short, with the way to have all of it and the way to be rid of it."""
    number, site = number_in(request, Purpose.DATA, token), site_of(request)
    with Session(site.engine) as session:
        reader = erasure.find_data(session, number, site.clock())
        return _page(request, session, reader, number)


@router.get("/data/{token}/download")
def download(request: Request, token: str) -> Response:
    """Everything kept about the reader as one JSON file (GDPR Art. 15 and 20)."""
    number, site = number_in(request, Purpose.DATA, token), site_of(request)
    with Session(site.engine) as session:
        reader = erasure.find_data(session, number, site.clock())
        if reader is None:
            return _page(request, session, None, number)
        kept = erasure.dossier(session, reader) | records.of(session, reader.id)
    body = json.dumps(kept, ensure_ascii=False, indent=2)
    headers = {**SECRET, "Content-Disposition": f'attachment; filename="{FILE}"'}
    return Response(body, media_type="application/json", headers=headers)


@router.post("/data/{token}/erase")
def erase(request: Request, token: str, fields: Form) -> Response:
    """Remove the reader and all that is kept; the box guards against a slip."""
    number, site = number_in(request, Purpose.DATA, token), site_of(request)
    with db.writing(site.engine) as session:
        reader = erasure.find_data(session, number, site.clock())
        if reader is None or first(fields, "sure") != "yes":
            return _page(request, session, reader, number, wrong=TICK)
        erasure.erase(session, reader, site.clock())
        records.forget(session)
    db.scrub(site.engine)
    return secret_page(request, "erased.html")


def _page(request: Request, session: Session, reader: Subscriber | None, number: int, wrong: str = "") -> Response:
    site = site_of(request)
    if reader is None:
        return secret_page(request, "said.html", 410, said=_expired(site.paths.link()))
    kept = erasure.dossier(session, reader) | records.of(session, reader.id)
    status = 422 if wrong else 200
    return secret_page(request, "data.html", status, kept=kept, number=number, wrong=wrong)


def _expired(link: str) -> Said:
    lines = ("It works for a while only, and not after everything was erased.",)
    return Said("This link is too old", lines, (("Get your link to ask again", link),))
