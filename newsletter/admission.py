"""Admission: whether a claimed delivery may still go, asked just before its MAIL: leaving counts at once."""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import bindparam, func
from sqlmodel import Session, col, select

from newsletter import letters, notices
from newsletter.ledger import DIGEST, Claim
from newsletter.mail.admin_letter import AdminLetter
from newsletter.models import Delivery, Skip, State
from newsletter.record_models import Hold, HoldState
from newsletter.statements import Line
from subscribers.models import Subscriber, Suppression
from subscribers.receiving import Standing, resting, why_not
from subscribers.suppression import keys_of

Refusal = tuple[State, str] | tuple[State, str, Skip]

# Who says whether a letter may still go; those to readers have one answer for all.
ASKED: Mapping[str, Callable[[Session, Delivery, Subscriber | None, datetime], Refusal | None]] = dict.fromkeys(
    AdminLetter, notices.must_not
)
SUPPRESSED = (
    select(func.min(Suppression.reason))
    .where(col(Suppression.email).in_([bindparam("plain"), bindparam("hashed")]))
    .scalar_subquery()
)
STOPPED = (
    select(Hold.state)
    .where(col(Hold.date) == bindparam("edition"), col(Hold.state) != HoldState.RELEASED)
    .scalar_subquery()
)
# All that decides about a digest in one question: it is asked once for each message.
STANDS = select(  # type: ignore[call-overload] # typed for four columns at most
    Subscriber.status, Subscriber.paused_until, Subscriber.email, SUPPRESSED, STOPPED
).where(col(Subscriber.id) == bindparam("reader"))


def digest(line: Line, claimed: Claim, now: datetime) -> Refusal | None:
    """Why this digest must not go out any more; in the transaction that is open on the line.

    Of an edition that was held or cancelled since, only what may have arrived already takes its course.
    """
    plain, hashed = keys_of(claimed.address)
    asked = {"plain": plain, "hashed": hashed, "reader": claimed.subscriber_id, "edition": claimed.period}
    found = line.rows(STANDS, asked)
    if not found:
        return State.SUPPRESSED, "the reader was erased"
    status, paused_until, email, suppressed, stopped = found[0]
    if suppressed is not None:
        return State.SUPPRESSED, suppressed
    if claimed.address != email:
        return State.SUPPRESSED, letters.MOVED
    stands = Standing(status, paused_until)
    if reason := why_not(stands, now):
        return (State.SKIPPED, reason, Skip.RESTING) if resting(stands, now) else (State.SUPPRESSED, reason)
    if stopped is not None and not claimed.doubtful:
        return State.PENDING, f"the edition of {claimed.period} is {stopped}"
    return too_late(claimed, now)


def letter(session: Session, claimed: Claim, now: datetime) -> Refusal | None:
    """Why this letter must not go out any more."""
    assert claimed.letter != DIGEST, claimed
    delivery = session.get_one(Delivery, claimed.delivery_id)
    reader = session.get(Subscriber, delivery.subscriber_id) if delivery.subscriber_id else None
    asked = ASKED.get(delivery.letter, letters.must_not)
    return asked(session, delivery, reader, now) or too_late(claimed, now)


def too_late(claimed: Claim, now: datetime) -> Refusal | None:
    """Whether its time is over."""
    if now <= claimed.not_after:
        return None
    late = f"too late: it was to go out by {claimed.not_after:%Y-%m-%d %H:%M} UTC"
    if claimed.doubtful:  # not skipped: the reader may have it
        return State.UNKNOWN, f"{late}; an earlier try may have arrived"
    return State.SKIPPED, late, Skip.LATE
