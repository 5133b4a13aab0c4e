"""What may be asked of a mailbox, how often, and how its owner's answer is taken once."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sqlalchemy import CursorResult, insert, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from subscribers.addresses import base
from subscribers.letters import LetterKind, LetterWanted
from subscribers.models import Confirmation, ConfirmationKind, CoolDown, Subscriber


@dataclass(frozen=True)
class Terms:
    """How long a confirmation is good for, a mailbox is left in peace, and a pending reader is kept."""

    confirm_for: timedelta
    cool_down: timedelta
    keep_pending: timedelta


class Step(StrEnum):
    """What a click in a letter came to.

    DONE by this very click; ALREADY done before; EXPIRED: too late, used up, or overtaken by what the reader
    did since; REFUSED: the address must not be mailed any more; WAITING for the other mailbox.
    """

    DONE = "done"
    ALREADY = "already"
    EXPIRED = "expired"
    REFUSED = "refused"
    WAITING = "waiting"


def claim(session: Session, email: str, terms: Terms, now: datetime, purpose: str = "") -> bool:
    """Whether this mailbox may be written to now; when it may, it then may not until the cool-down is over.

    All spellings and +tags of a mailbox share one cool-down for each `purpose`; "" is for letters that
    strangers can cause. Of two processes that ask at one moment exactly one hears yes.
    """
    mailbox = sha256(f"subscribers.cool-down:{purpose}:{base(email)}".encode()).hexdigest()
    until = now + terms.cool_down
    if session.get(CoolDown, mailbox, populate_existing=True) is None:
        try:
            with session.begin_nested():
                session.execute(insert(CoolDown).values(mailbox=mailbox, until=until))
        except IntegrityError:
            return False
        return True
    over = (col(CoolDown.mailbox) == mailbox, col(CoolDown.until) <= now)
    return _changed(session, update(CoolDown).where(*over).values(until=until)) == 1


def lock(session: Session, subscriber_id: int) -> Subscriber | None:
    """The reader as they stand now, unchanged by others until this transaction ends; None when erased.

    Whoever changes a reader and their confirmations locks the reader first, so that nobody waits in a circle.
    On PostgreSQL a lock that lets deliveries be planned meanwhile; on SQLite there is one writer anyway.
    """
    return session.get(Subscriber, subscriber_id, populate_existing=True, with_for_update={"key_share": True})


def ask(
    session: Session,
    subscriber: Subscriber,
    kind: ConfirmationKind,
    wishes: Mapping[str, Any],
    terms: Terms,
    now: datetime,
) -> Confirmation:
    """A question to the owner of the mailbox, flushed so that a link can name it."""
    asked = Confirmation(
        subscriber_id=subscriber.id,
        kind=kind,
        wishes=dict(wishes),
        created_at=now,
        expires_at=now + terms.confirm_for,
    )
    session.add(asked)
    session.flush()
    return asked


def letter(kind: LetterKind, asked: Confirmation, subscriber: Subscriber, address: str = "") -> LetterWanted:
    """The letter that brings a question, to the reader's own address or another one."""
    return LetterWanted(kind, subscriber.id, address or subscriber.email, asked.id, asked.expires_at)


def find(session: Session, confirmation_id: int, kind: ConfirmationKind) -> tuple[Confirmation, Subscriber] | None:
    """A question and its reader, who is locked; None when there is none of this kind any more."""
    asked = session.get(Confirmation, confirmation_id)
    reader = lock(session, asked.subscriber_id) if asked is not None and asked.kind is kind else None
    if asked is None or reader is None:
        return None
    session.refresh(asked)
    return asked, reader


def use(session: Session, asked: Confirmation, now: datetime) -> bool:
    """Use a question up; False when it was used before, also by another process at this very moment."""
    unused = (col(Confirmation.id) == asked.id, col(Confirmation.used_at).is_(None))
    return _changed(session, update(Confirmation).where(*unused).values(used_at=now)) == 1


def void(session: Session, subscriber: Subscriber, kinds: Collection[ConfirmationKind], now: datetime) -> None:
    """Use up every open question of these kinds: what the reader did since has overtaken them."""
    unused = (
        col(Confirmation.subscriber_id) == subscriber.id,
        col(Confirmation.kind).in_(kinds),
        col(Confirmation.used_at).is_(None),
    )
    _changed(session, update(Confirmation).where(*unused).values(used_at=now))


def _changed(session: Session, statement: Any) -> int:  # noqa: ANN401 - SQLAlchemy's own type takes no update
    found: CursorResult[Any] = session.execute(statement)  # type: ignore[assignment]  # an update's result is one
    return found.rowcount
