"""What was learned of a reader: forgotten piece by piece, and taken back, on the page of their preferences."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from itsdangerous import BadData, URLSafeSerializer
from sqlmodel import Session
from starlette.responses import Response

from newsletter import learned
from newsletter.learned import Forgotten, Named, Thumb
from newsletter.web import preferences
from newsletter.web.forms import Fields
from newsletter.web.page import Form, first
from newsletter.web.site import Site, site_of
from subscribers.models import Subscriber

router = APIRouter()
FORGOTTEN = "Forgotten. Your next digest is chosen without it."
NOTHING = "That was forgotten before."
BACK = "Taken back. It counts again."
TOO_LATE = "This cannot be taken back any more: the page is too old."
GOOD_FOR = timedelta(hours=24)
LONGEST_UNDO = 40_000  # characters; the form must fit into what a request may hold


@router.post("/p/{token}/learned")
def change(request: Request, token: str, fields: Form) -> Response:
    """Forget the thumbs and examples of these papers, or take back what was just forgotten."""
    site = site_of(request)

    def act(session: Session, reader: Subscriber) -> Response:
        if first(fields, "undo"):
            return _taken_back(request, session, reader, first(fields, "undo"))
        gone = learned.forget(session, reader.id, _keys(fields, "thumbs"), _keys(fields, "examples"))
        session.flush()
        undo = sealed(site, reader.id, gone) if gone else ""
        return preferences.page(request, session, reader, done=(FORGOTTEN if gone else NOTHING,), undo=undo)

    return preferences.changing(request, token, act)


def _taken_back(request: Request, session: Session, reader: Subscriber, undo: str) -> Response:
    gone = opened(site_of(request), reader.id, undo)
    if gone:
        learned.take_back(session, reader.id, gone)
    return preferences.page(request, session, reader, done=(BACK if gone else TOO_LATE,))


def _keys(fields: Fields, name: str) -> set[str]:
    """The keys of papers that a button holds, with blanks between them."""
    return {key for text in fields.get(name, ()) for key in text.split()}


def sealed(site: Site, reader_id: int, gone: Forgotten) -> str:
    """What was forgotten, signed for this reader: nobody can put in what was never there.

    Abstracts are left out where they are too much for a form.
    """
    thumbs = [(each.paper, each.thumb, each.at.timestamp()) for each in gone.thumbs]
    named = [(each.key, each.title, each.abstract, each.at.timestamp()) for each in gone.examples]
    whole = _serializer(site).dumps([reader_id, site.clock().timestamp(), thumbs, named])
    if len(whole) <= LONGEST_UNDO:
        return str(whole)
    bare = [(key, title, "", at) for key, title, _, at in named]
    return str(_serializer(site).dumps([reader_id, site.clock().timestamp(), thumbs, bare]))


def opened(site: Site, reader_id: int, undo: str) -> Forgotten | None:
    """The reverse of `sealed`; None for what is another reader's, too old, or not ours."""
    try:
        number, made, thumbs, named = _serializer(site).loads(undo)
    except BadData:
        return None
    if number != reader_id or site.clock() - _moment(made) > GOOD_FOR:
        return None
    return Forgotten(tuple(_thumb(each) for each in thumbs), tuple(_named(each) for each in named))


def _thumb(values: Sequence[Any]) -> Thumb:
    paper, thumb, at = values
    return Thumb(paper, thumb, _moment(at))


def _named(values: Sequence[Any]) -> Named:
    key, title, abstract, at = values
    return Named(key, title, abstract, _moment(at))


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _serializer(site: Site) -> URLSafeSerializer:
    # It signs with the last key of a list, and reads with all.
    signing = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return URLSafeSerializer(list(reversed(site.keys)), salt="newsletter.web.learned", signer_kwargs=signing)
