"""The ledger's moves of a whole edition, which the admin or the gate decides: park, unpark, cancel, discard.

Whoever calls holds the planners' lock, so that nothing is planned meanwhile. A message that is being sent at this
moment is not stopped.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, CursorResult, case
from sqlmodel import Session, col, delete, select, update

from newsletter.ledger import DIGEST, HELD
from newsletter.models import MOVES, Delivery, Pick, Skip, State

WAITING = (State.PENDING, State.DEFERRED)


class Discarded(NamedTuple):
    """A digest that was planned and is to be planned anew."""

    subscriber_id: int
    due_at: datetime
    not_after: datetime


def park(session: Session, date: str) -> int:
    """Let the digests of this date that are not out yet wait until somebody unparks them; how many."""
    return _change(session, date, {"not_before": HELD})


def unpark(session: Session, date: str, now: datetime, room: timedelta) -> int:
    """Those of this date that wait are due now, and good for at least `room` from now; how many."""
    good_until = case((col(Delivery.not_after) < now + room, now + room), else_=col(Delivery.not_after))
    return _change(session, date, {"not_before": now, "not_after": good_until}, col(Delivery.not_before) == HELD)


def cancel(session: Session, date: str, reason: str) -> int:
    """Skip the digests of this date that are not out yet, and free their papers; how many.

    One that may have arrived in an earlier try is left: it is no longer ours to call back.
    """
    assert all(State.SKIPPED in MOVES[state] for state in WAITING)
    surely = (*waiting(date), col(Delivery.doubtful).is_(False))
    freed = delete(Pick).where(col(Pick.delivery_id).in_(select(Delivery.id).where(*surely)))
    session.connection().execute(freed)
    gone = {"state": State.SKIPPED, "skipped_for": Skip.CANCELLED, "outcome": reason}
    return _change(session, date, gone, col(Delivery.doubtful).is_(False))


def discard(session: Session, date: str, readers: Collection[int] | None = None) -> list[Discarded]:
    """Forget the digests of this date (of these readers) that were never tried, with their picks.

    They are to be planned anew.
    """
    theirs = col(Delivery.subscriber_id)
    whose = theirs.is_not(None) if readers is None else theirs.in_(readers)
    wanted = (*untried(date), whose)
    found = session.exec(
        select(Delivery.subscriber_id, Delivery.due_at, Delivery.not_after, Delivery.date).where(*wanted)
    ).all()
    ids = select(Delivery.id).where(*wanted)
    session.connection().execute(delete(Pick).where(col(Pick.delivery_id).in_(ids)))
    session.connection().execute(delete(Delivery).where(*wanted))
    return [Discarded(reader or 0, due_at or planned, until) for reader, due_at, until, planned in found]


def waiting(date: str) -> tuple[ColumnElement[bool], ...]:
    """The digests of this date that are not out yet."""
    return (
        col(Delivery.period) == date,
        col(Delivery.letter) == DIGEST,
        col(Delivery.state).in_(WAITING),
    )


def untried(date: str) -> tuple[ColumnElement[bool], ...]:
    """Those of them that were never tried."""
    return *waiting(date), col(Delivery.attempts) == 0


def _change(session: Session, date: str, values: dict[str, Any], *more: ColumnElement[bool]) -> int:
    changed: CursorResult[Any] = session.connection().execute(
        update(Delivery).where(*waiting(date), *more).values(**values)
    )
    return changed.rowcount
