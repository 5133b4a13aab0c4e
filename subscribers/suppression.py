"""Addresses that must never be mailed again, whoever asks: they outlive an unsubscribe and a new import.

Kept and compared by `addresses.base`, so that neither a +tag nor another spelling gets around them.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from subscribers.addresses import base
from subscribers.models import Suppression

# Below SQLite's 32,766 variables a statement and PostgreSQL's 65,535.
_CHUNK = 5000
_LONGEST_REASON = 200


def suppress(session: Session, email: str, reason: str, now: datetime) -> bool:
    """Put a normalised address on the list; False when it was there, and then its first reason and time stay.

    `reason` may be a server's reply: it is made one line of at most 200 characters.
    """
    if reason_for(session, email) is not None:
        return False
    try:
        with session.begin_nested():  # another process may do the same at this moment: that is no failure
            session.add(Suppression(email=base(email), reason=_one_line(reason), since=now))
    except IntegrityError:
        return False
    return True


def reason_for(session: Session, email: str) -> str | None:
    """Why a normalised address must not be mailed, asked of the database anew; None when it may be."""
    return reasons_for(session, [email]).get(email)


def reasons_for(session: Session, emails: Sequence[str]) -> dict[str, str]:
    """Those of `emails` that must not be mailed, each as it was given, with the reason."""
    found: dict[str, str] = {}
    for start in range(0, len(emails), _CHUNK):
        bases = {email: base(email) for email in emails[start : start + _CHUNK]}
        query = select(Suppression.email, Suppression.reason).where(
            col(Suppression.email).in_(set(bases.values()))
        )
        reasons = dict(session.exec(query).all())
        found |= {email: reasons[kept] for email, kept in bases.items() if kept in reasons}
    return found


def lift(session: Session, email: str) -> bool:
    """Take a normalised address off the list; False when it was not there."""
    kept = session.get(Suppression, base(email))
    if kept is None:
        return False
    session.delete(kept)
    session.flush()
    return True


def _one_line(reason: str) -> str:
    printable = "".join(character if character.isprintable() else " " for character in reason)
    return " ".join(printable.split())[:_LONGEST_REASON] or "no reason given"
