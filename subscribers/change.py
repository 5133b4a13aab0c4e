"""A change of address: asked for by the reader, finished when both mailboxes have agreed."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from subscribers import asking, people
from subscribers.addresses import base, normalise
from subscribers.asking import Step, Terms
from subscribers.consent import ASKED, CHANGE_AGREED, Asker, record
from subscribers.errors import InvalidPreference
from subscribers.letters import LetterKind, LetterWanted
from subscribers.models import CONFIRMED, Confirmation, ConfirmationKind, Status, Subscriber
from subscribers.suppression import reason_for

# Who holds an address only until its mailbox has agreed to something else: the first showed no yes, the second
# took it back. Whoever reads keeps theirs.
_YIELDING = frozenset({Status.PENDING, Status.UNSUBSCRIBED})
# What was asked of the old mailbox, and is not its to answer any more.
_OVERTAKEN = (ConfirmationKind.DATA, ConfirmationKind.JOIN)


def ask_change(
    session: Session, subscriber: Subscriber, new_email: str, asker: Asker, terms: Terms, now: datetime
) -> tuple[LetterWanted, ...]:
    """The letters that ask both mailboxes, the old one's first; once in a cool-down, and then none.

    Where the new address must not be written to (taken, suppressed, in its cool-down) the old mailbox alone is
    asked, so that a reader cannot find out who else reads this. InvalidPreference for what is no address, or
    is the reader's own.
    """
    new = normalise(new_email)
    if new == subscriber.email:
        raise InvalidPreference("email", new, "it is your address already: give the new one")
    reader = asking.lock(session, subscriber.id)
    if reader is None or reader.status not in CONFIRMED or reason_for(session, reader.email) is not None:
        return ()
    if not asking.claim(session, reader.email, terms, now, "change"):
        return ()
    record(session, reader, f"{ASKED} to change address", asker, now)
    asking.void(session, reader, [ConfirmationKind.CHANGE], now)
    asked = asking.ask(session, reader, ConfirmationKind.CHANGE, {"email": new}, terms, now)
    to_old = asking.letter(LetterKind.CHANGE_OLD, asked, reader)
    if not (_is_free(session, new, reader) and _may_write(session, new, reader, terms, now)):
        return (to_old,)
    return to_old, asking.letter(LetterKind.CHANGE_NEW, asked, reader, new)


def agree_to_change(
    session: Session, confirmation_id: int, asker: Asker, now: datetime, *, old: bool
) -> tuple[Step, Subscriber | None]:
    """The yes of the old or the new mailbox: WAITING after one, DONE after both, in any order.

    EXPIRED when it comes too late, when the reader has left or asked anew since, or when the new address
    was taken or suppressed meanwhile. DONE also ends the links to the reader's data in the old mailbox.
    """
    found = asking.find(session, confirmation_id, ConfirmationKind.CHANGE)
    if found is None:
        return Step.EXPIRED, None
    asked, reader = found
    standing = _standing(asked, reader, now)
    if standing is not Step.WAITING:
        return standing, reader
    first = (asked.old_at if old else asked.new_at) is None
    _agree(session, asked, now, old=old)
    if asked.old_at is None or asked.new_at is None:
        if first:
            record(session, reader, CHANGE_AGREED, asker, now)
        return Step.WAITING, reader
    new = _new(asked)
    if asking.use(session, asked, now) and _is_free(session, new, reader) and _move(session, reader, new):
        asking.void(session, reader, _OVERTAKEN, now)
        record(session, reader, "address changed", asker, now)
        return Step.DONE, reader
    return Step.EXPIRED, reader


def look(session: Session, confirmation_id: int, now: datetime) -> tuple[Step, str]:
    """Where a change stands before any click, changing nothing: WAITING and the new address while it is open.

    ALREADY or EXPIRED else, with no address: an old letter shows nobody where a reader went.
    """
    asked = session.get(Confirmation, confirmation_id)
    reader = session.get(Subscriber, asked.subscriber_id) if asked is not None else None
    if asked is None or reader is None or asked.kind is not ConfirmationKind.CHANGE:
        return Step.EXPIRED, ""
    standing = _standing(asked, reader, now)
    return standing, _new(asked) if standing is Step.WAITING else ""


def _new(asked: Confirmation) -> str:
    return str(asked.wishes.get("email", ""))


def _standing(asked: Confirmation, reader: Subscriber, now: datetime) -> Step:
    if reader.email == _new(asked):
        return Step.ALREADY
    return Step.EXPIRED if asked.used_at is not None or asked.expires_at <= now else Step.WAITING


def _may_write(session: Session, new: str, reader: Subscriber, terms: Terms, now: datetime) -> bool:
    # Another spelling of the reader's own mailbox is in the cool-down that this very request began.
    return base(new) == base(reader.email) or asking.claim(session, new, terms, now)


def _is_free(session: Session, new: str, reader: Subscriber) -> bool:
    other = _holder(session, new, reader)
    return (other is None or other.status in _YIELDING) and reason_for(session, new) is None


def _holder(session: Session, email: str, reader: Subscriber) -> Subscriber | None:
    other = people.known(session, email)
    return other if other is not None and other.id != reader.id else None


def _agree(session: Session, asked: Confirmation, now: datetime, *, old: bool) -> None:
    column = col(Confirmation.old_at if old else Confirmation.new_at)
    first = (col(Confirmation.id) == asked.id, column.is_(None))
    session.execute(update(Confirmation).where(*first).values({column: now}))
    session.refresh(asked)


def _move(session: Session, reader: Subscriber, new: str) -> bool:
    found = _holder(session, new, reader)
    other = asking.lock(session, found.id) if found is not None else None
    if other is not None and other.status not in _YIELDING:  # came back at this very moment
        return False
    try:
        with session.begin_nested():
            if other is not None:
                session.delete(other)
                session.flush()
            reader.email = new
    except IntegrityError:  # taken at this very moment
        return False
    return True
