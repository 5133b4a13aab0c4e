"""A change of address: asked for by the reader, finished when both mailboxes have agreed."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from subscribers import asking, people
from subscribers.addresses import base, normalise
from subscribers.asking import Step, Terms
from subscribers.consent import ASKED, Asker, record
from subscribers.errors import InvalidPreference
from subscribers.letters import LetterKind, LetterWanted
from subscribers.models import CONFIRMED, Confirmation, ConfirmationKind, Status, Subscriber
from subscribers.suppression import reason_for


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
    was taken or suppressed meanwhile.
    """
    found = asking.find(session, confirmation_id, ConfirmationKind.CHANGE)
    if found is None:
        return Step.EXPIRED, None
    asked, reader = found
    new = str(asked.wishes.get("email", ""))
    if reader.email == new:
        return Step.ALREADY, reader
    if asked.used_at is not None or asked.expires_at <= now:
        return Step.EXPIRED, reader
    _agree(session, asked, now, old=old)
    if asked.old_at is None or asked.new_at is None:
        return Step.WAITING, reader
    if asking.use(session, asked, now) and _is_free(session, new, reader) and _move(session, reader, new):
        record(session, reader, "address changed", asker, now)
        return Step.DONE, reader
    return Step.EXPIRED, reader


def _may_write(session: Session, new: str, reader: Subscriber, terms: Terms, now: datetime) -> bool:
    # Another spelling of the reader's own mailbox is in the cool-down that this very request began.
    return base(new) == base(reader.email) or asking.claim(session, new, terms, now)


def _is_free(session: Session, new: str, reader: Subscriber) -> bool:
    """A pending reader holds no address: nobody has shown yet that it is theirs."""
    other = people.known(session, new)
    taken = other is not None and other.id != reader.id and other.status is not Status.PENDING
    return not taken and reason_for(session, new) is None


def _agree(session: Session, asked: Confirmation, now: datetime, *, old: bool) -> None:
    column = col(Confirmation.old_at if old else Confirmation.new_at)
    first = (col(Confirmation.id) == asked.id, column.is_(None))
    session.execute(update(Confirmation).where(*first).values({column: now}))
    session.refresh(asked)


def _move(session: Session, reader: Subscriber, new: str) -> bool:
    other = people.known(session, new)
    try:
        with session.begin_nested():
            if other is not None and other.id != reader.id:
                session.delete(other)
                session.flush()
            reader.email = new
    except IntegrityError:  # taken at this very moment
        return False
    return True
