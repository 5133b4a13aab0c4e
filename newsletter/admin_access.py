"""Who may see the admin pages: login links that are good once, and the signed cookie that a login leaves."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from itsdangerous import BadSignature, Signer
from sqlalchemy import CursorResult
from sqlmodel import Session, col, delete, select, update

from newsletter.record_models import AdminLink
from subscribers import tokens

LINK_HOURS = 1.0
STAYS = timedelta(hours=12)  # how long a login lasts
_TOKEN_BYTES = 32
_FORM_LENGTH = 32


def new_link(session: Session, now: datetime, for_hours: float = LINK_HOURS) -> str:
    """What a new login link holds, good once until `for_hours` have passed; `now` is the real clock's.

    The database keeps a hash of it: who reads the table cannot log in. Does not commit.
    """
    session.connection().execute(delete(AdminLink).where(col(AdminLink.expires_at) < now - STAYS))
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    session.add(AdminLink(mark=_mark(token), expires_at=now + timedelta(hours=for_hours)))
    session.flush()
    return token


def works(session: Session, token: str, now: datetime) -> bool:
    """Whether this link would log somebody in now; changes nothing."""
    link = session.get(AdminLink, _mark(token))
    return link is not None and link.used_at is None and link.expires_at > now


def use_link(session: Session, token: str, now: datetime) -> str | None:
    """Use the link up: the mark of the login, or None when it is wrong, old or used. Does not commit.

    Of two clicks at once one wins.
    """
    mark = _mark(token)
    good = (col(AdminLink.mark) == mark, col(AdminLink.used_at).is_(None), col(AdminLink.expires_at) > now)
    used: CursorResult[None] = session.connection().execute(update(AdminLink).where(*good).values(used_at=now))
    return mark if used.rowcount == 1 else None


def logged_in(session: Session, mark: str, now: datetime) -> bool:
    """Whether the login of this mark still lasts."""
    lasts = (col(AdminLink.mark) == mark, col(AdminLink.used_at) > now - STAYS)
    return session.exec(select(AdminLink.mark).where(*lasts)).first() is not None


def log_out(session: Session, mark: str) -> None:
    """End a login in every browser that has its cookie. Does not commit."""
    session.connection().execute(delete(AdminLink).where(col(AdminLink.mark) == mark))


def sign(mark: str, keys: tuple[str, ...]) -> str:
    """The cookie of a login."""
    return _signer(keys).sign(mark).decode()


def verify(cookie: str, keys: tuple[str, ...]) -> str | None:
    """The mark in a cookie that any of `keys` signed; None for every other text."""
    try:
        return _signer(keys).unsign(cookie.encode("utf-8", "replace")).decode()
    except (BadSignature, UnicodeDecodeError):
        return None


def form_token(mark: str, keys: tuple[str, ...]) -> str:
    """What every form of this login holds and no other site can know."""
    return tokens.digest(keys, "admin form", mark, length=_FORM_LENGTH)


def is_form_token(given: str, mark: str, keys: tuple[str, ...]) -> bool:
    """Whether a form was made for this login, with any of the keys."""
    typed = given.encode("utf-8", "replace")
    return any(hmac.compare_digest(form_token(mark, (key,)).encode(), typed) for key in keys)


def _mark(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _signer(keys: tuple[str, ...]) -> Signer:
    # itsdangerous signs with the last key of a list.
    return Signer(
        list(reversed(keys)), salt="newsletter.admin.login", key_derivation="hmac", digest_method=hashlib.sha256
    )
