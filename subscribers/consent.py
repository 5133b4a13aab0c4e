"""The record of what readers agreed to and took back: rows are added, never changed (GDPR Art. 7(1), 7(3))."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from subscribers.models import Consent, Subscriber

# Anybody may ask in another's name: a row of such an event tells who asked, and decides nothing.
ASKED = "asked"
AGREED = "confirmed"
WITHDRAWN = "withdrawn"
# The first yes of a change of address; the last one makes it.
CHANGE_AGREED = "agreed to change address"

_LONGEST_IP = 45
_LONGEST_AGENT = 400


@dataclass(frozen=True)
class Asker:
    """Who stands behind a request: the exact wording they were shown, their address and their browser."""

    wording: str = ""
    ip: str = ""
    agent: str = ""


def record(session: Session, subscriber: Subscriber, event: str, asker: Asker, now: datetime) -> Consent:
    """One more row, flushed. What a browser sends is cut to its column, without control characters."""
    row = Consent(
        subscriber_id=subscriber.id,
        at=now,
        event=event,
        wording=asker.wording,
        ip=_printable(asker.ip)[:_LONGEST_IP],
        agent=_printable(asker.agent)[:_LONGEST_AGENT],
    )
    session.add(row)
    session.flush()
    return row


def newest(session: Session, subscriber_id: int) -> Consent | None:
    """The last thing that the reader themself said: whatever strangers asked for since does not count."""
    query = select(Consent).where(Consent.subscriber_id == subscriber_id, ~col(Consent.event).startswith(ASKED))
    return session.exec(query.order_by(col(Consent.id).desc()).limit(1)).first()


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())
