"""The ledger's doubts: messages that may or may not have arrived, and what the admin decides about them."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, case
from sqlmodel import Session, col, select, update

from newsletter.ledger import MOST_ATTEMPTS
from newsletter.models import MOVES, Delivery, State

ROOM = timedelta(hours=1)  # a message that is sent again is good for at least so long from then on
DROPPED = "the admin let it be: it may or may not have arrived"


def listed(session: Session, numbers: Collection[int] = ()) -> Sequence[Delivery]:
    """Every delivery in doubt, or those of these numbers, the oldest first."""
    return session.exec(select(Delivery).where(*_in_doubt(numbers)).order_by(col(Delivery.id))).all()


def resend(session: Session, numbers: Collection[int], now: datetime) -> int:
    """Let these, or all, go out once more, the same bytes under the same Message-ID; how many. Does not commit."""
    assert State.DEFERRED in MOVES[State.UNKNOWN]
    tries = case((col(Delivery.attempts) >= MOST_ATTEMPTS, MOST_ATTEMPTS - 1), else_=col(Delivery.attempts))
    until = case((col(Delivery.not_after) < now + ROOM, now + ROOM), else_=col(Delivery.not_after))
    values = {"not_before": now, "not_after": until, "attempts": tries, "outcome": "the admin has it sent again"}
    return _changed(session, numbers, {"state": State.DEFERRED} | values)


def drop(session: Session, numbers: Collection[int]) -> int:
    """Never send these, or any, again; their papers count as given. How many. Does not commit."""
    assert State.FAILED in MOVES[State.UNKNOWN]
    return _changed(session, numbers, {"state": State.FAILED, "outcome": DROPPED})


def _in_doubt(numbers: Collection[int]) -> list[ColumnElement[bool]]:
    doubt = [col(Delivery.state) == State.UNKNOWN]
    return [*doubt, col(Delivery.id).in_(numbers)] if numbers else doubt


def _changed(session: Session, numbers: Collection[int], values: dict[str, Any]) -> int:
    changed: CursorResult[Any] = session.connection().execute(
        update(Delivery).where(*_in_doubt(numbers)).values(**values)
    )
    return changed.rowcount
