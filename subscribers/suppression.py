"""Addresses that must never be mailed again, whoever asks: they outlive an unsubscribe and a new import.

Kept and compared by `addresses.base`, so that neither a +tag nor another spelling gets around them. Of a
reader who was erased only a hash of it is kept (`erasure.erase` says what that is good for).
"""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from subscribers.addresses import base
from subscribers.models import Suppression

# Twice as many look-up keys are still below SQLite's 32,766 variables a statement and PostgreSQL's 65,535.
_CHUNK = 5000
_LONGEST_REASON = 200


def suppress(session: Session, email: str, reason: str, now: datetime) -> bool:
    """Put a normalised address on the list; False when it was there, and then its first reason and time stay.

    `reason` may be a server's reply: it is made one line of at most 200 characters.
    """
    return reason_for(session, email) is None and _insert(session, base(email), reason, now)


def suppress_hashed(session: Session, email: str, reason: str, now: datetime) -> None:
    """Put a normalised address on the list without keeping it: a hash takes the place of the address itself."""
    lift(session, email)
    _insert(session, _hashed(base(email)), reason, now)


def reason_for(session: Session, email: str) -> str | None:
    """Why a normalised address must not be mailed, asked of the database anew; None when it may be."""
    return reasons_for(session, [email]).get(email)


def reasons_for(session: Session, emails: Sequence[str]) -> dict[str, str]:
    """Those of `emails` that must not be mailed, each as it was given, with the reason."""
    found: dict[str, str] = {}
    for start in range(0, len(emails), _CHUNK):
        keys = {email: keys_of(email) for email in emails[start : start + _CHUNK]}
        asked = {key for both in keys.values() for key in both}
        query = select(Suppression.email, Suppression.reason).where(col(Suppression.email).in_(asked))
        reasons = dict(session.exec(query).all())
        found |= {email: reasons[key] for email, both in keys.items() for key in both if key in reasons}
    return found


def lift(session: Session, email: str) -> bool:
    """Take a normalised address off the list; False when it was not there."""
    kept = session.exec(select(Suppression).where(col(Suppression.email).in_(keys_of(email)))).all()
    for row in kept:
        session.delete(row)
    session.flush()
    return bool(kept)


def keys_of(email: str) -> tuple[str, str]:
    """The two ways in which the list may hold this address: plain, and of an erased reader hashed."""
    plain = base(email)
    return plain, _hashed(plain)


def _hashed(plain: str) -> str:
    return f"sha256:{sha256(plain.encode()).hexdigest()}"


def _insert(session: Session, key: str, reason: str, now: datetime) -> bool:
    try:
        with session.begin_nested():  # another process may do the same at this moment: that is no failure
            session.add(Suppression(email=key, reason=_one_line(reason), since=now))
    except IntegrityError:
        return False
    return True


def _one_line(reason: str) -> str:
    printable = "".join(character if character.isprintable() else " " for character in reason)
    return " ".join(printable.split())[:_LONGEST_REASON] or "no reason given"
