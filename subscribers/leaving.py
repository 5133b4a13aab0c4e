"""Leaving, coming back, and pauses; and the mailbox that bounces or complains."""

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col

from subscribers import asking
from subscribers.consent import WITHDRAWN, Asker, newest, record
from subscribers.errors import InvalidPreference
from subscribers.letters import LetterKind, LetterWanted
from subscribers.models import Confirmation, ConfirmationKind, Consent, Status, Subscriber
from subscribers.moves import Event, move
from subscribers.suppression import reason_for, suppress

UNDO_FOR = timedelta(days=7)
# From a withdrawal back to where the reader left from.
_WAY_BACK = {
    Status.PENDING: (Event.REOPENED,),
    Status.ACTIVE: (Event.RETURNED,),
    Status.PAUSED: (Event.RETURNED, Event.PAUSED),
    Status.BOUNCED: (Event.RETURNED, Event.BOUNCED),
}
_WHILE = " while "
# The consent row of one who was asked here and said no: an imported withdrawal does not read like this.
DECLINED = f"{WITHDRAWN}{_WHILE}{Status.PENDING}"
# What leaving overtakes; the link to one's own data stays good.
_OVERTAKEN = (ConfirmationKind.JOIN, ConfirmationKind.CHANGE)


def leave(session: Session, subscriber: Subscriber, asker: Asker, now: datetime) -> int | None:
    """End a subscription, a pending one too: the id of the consent row, which `undo` takes; None when it was over.

    Preferences and a pause stay as they are, so that `undo` brings back the reader who left.
    """
    reader = asking.lock(session, subscriber.id)
    if reader is None:
        return None
    before = reader.status
    asking.void(session, reader, _OVERTAKEN, now)  # also of one who left before and was asked anew
    if not move(reader, Event.LEFT):
        return None
    event = WITHDRAWN if before is Status.ACTIVE else f"{WITHDRAWN}{_WHILE}{before}"
    return record(session, reader, event, asker, now).id


def goodbye(subscriber: Subscriber, consent_id: int, now: datetime) -> LetterWanted:
    """The letter that says how to come back, as long as `undo` does."""
    return LetterWanted(LetterKind.GOODBYE, subscriber.id, subscriber.email, consent_id, now + UNDO_FOR)


def undo(
    session: Session, consent_id: int, asker: Asker, now: datetime, within: timedelta = UNDO_FOR
) -> Subscriber | None:
    """Take a withdrawal back: the reader, standing as before it; None when it is too late or overtaken."""
    row = session.get(Consent, consent_id)
    reader = asking.lock(session, row.subscriber_id) if row is not None else None
    if row is None or reader is None or not _may_return(session, row, reader, now, within):
        return None
    before = _left_from(row, reader)
    for event in _WAY_BACK[before]:
        move(reader, event)
    if before is Status.PENDING:
        _reopen(session, row)
    record(session, reader, "returned", asker, now)
    return reader


def pause(session: Session, subscriber: Subscriber, until: datetime | None, now: datetime) -> bool:
    """Send nothing until then, or until the reader resumes; False for one who does not read.

    InvalidPreference for an end that has passed.
    """
    if until is not None and until <= now:
        raise InvalidPreference("paused_until", f"{until:%Y-%m-%d}", "it has passed: give a later day")
    return _happen(session, subscriber, Event.PAUSED, until)


def resume(session: Session, subscriber: Subscriber, now: datetime) -> bool:
    """End any pause; False for one who does not read."""
    del now  # no record is kept: who pauses has not taken back anything
    return _happen(session, subscriber, Event.RESUMED, None)


def bounced(session: Session, subscriber: Subscriber, reason: str, now: datetime) -> bool:
    """The mailbox takes nothing any more: suppressed, and False when the reader stood so or had left."""
    return _stop(session, subscriber, Event.BOUNCED, reason, now)


def complained(session: Session, subscriber: Subscriber, reason: str, now: datetime) -> bool:
    """The reader reported our mail as unwanted: suppressed, and False when they had before."""
    return _stop(session, subscriber, Event.COMPLAINED, reason, now)


def _happen(session: Session, subscriber: Subscriber, event: Event, until: datetime | None) -> bool:
    reader = asking.lock(session, subscriber.id)
    if reader is None or not move(reader, event):
        return False
    reader.paused_until = until
    session.flush()
    return True


def _stop(session: Session, subscriber: Subscriber, event: Event, reason: str, now: datetime) -> bool:
    reader = asking.lock(session, subscriber.id)
    if reader is None:
        return False
    suppress(session, reader.email, f"{event}: {reason}" if reason else event, now)
    if not move(reader, event):
        return False
    asking.void(session, reader, _OVERTAKEN, now)
    record(session, reader, event, Asker(reason), now)
    return True


def _may_return(session: Session, row: Consent, reader: Subscriber, now: datetime, within: timedelta) -> bool:
    last = newest(session, reader.id)
    return (
        reader.status is Status.UNSUBSCRIBED
        and row.event.startswith(WITHDRAWN)
        and now - row.at <= within
        and last is not None
        and last.id == row.id
        and reason_for(session, reader.email) is None
    )


def _left_from(row: Consent, reader: Subscriber) -> Status:
    if reader.confirmed_at is None:  # an imported withdrawal does not say so: nobody reads without a yes
        return Status.PENDING
    return Status(row.event.partition(_WHILE)[2] or Status.ACTIVE)


def _reopen(session: Session, left: Consent) -> None:
    """The questions that leaving used up are open again: the link in the letter works as before."""
    mine = (
        col(Confirmation.subscriber_id) == left.subscriber_id,
        col(Confirmation.kind) == ConfirmationKind.JOIN,
        col(Confirmation.used_at) == left.at,
    )
    session.execute(update(Confirmation).where(*mine).values(used_at=None))
