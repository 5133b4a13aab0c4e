"""A reader's own data: asked for, shown in full, erased; and pending readers who never answered forgotten."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, exists, or_
from sqlmodel import Session, col, select

from subscribers import asking, examples, people
from subscribers.asking import Terms
from subscribers.consent import ASKED, Asker, record
from subscribers.leaving import DECLINED
from subscribers.letters import LetterKind, LetterWanted
from subscribers.models import (
    CONFIRMED,
    Confirmation,
    ConfirmationKind,
    Consent,
    CoolDown,
    Example,
    Status,
    Subscriber,
)
from subscribers.suppression import reason_for, suppress_hashed

ERASED = "erased at own request"
# Who may ask for their data by the link in an old mail: also readers who have left.
_MAY_ASK = CONFIRMED | {Status.UNSUBSCRIBED, Status.BOUNCED}
_CHUNK = 5000


def may_ask_data(session: Session, subscriber: Subscriber) -> bool:
    """Whether a letter with the link to their data may go to this reader, who may have left."""
    return subscriber.status in _MAY_ASK and reason_for(session, subscriber.email) is None


def ask_data(
    session: Session, subscriber: Subscriber, asker: Asker, terms: Terms, now: datetime
) -> LetterWanted | None:
    """The letter with the link to download or erase everything; once in a cool-down of its own."""
    reader = asking.lock(session, subscriber.id)
    if reader is None or reason_for(session, reader.email) is not None:
        return None
    if not asking.claim(session, reader.email, terms, now, "data"):
        return None
    record(session, reader, f"{ASKED} for data", asker, now)
    asked = asking.ask(session, reader, ConfirmationKind.DATA, {}, terms, now)
    return asking.letter(LetterKind.DATA, asked, reader)


def find_data(session: Session, confirmation_id: int, now: datetime) -> Subscriber | None:
    """The reader whose data this link opens, as often as they like until it expires."""
    asked = session.get(Confirmation, confirmation_id)
    if asked is None or asked.kind is not ConfirmationKind.DATA or asked.expires_at <= now or asked.used_at:
        return None
    return session.get(Subscriber, asked.subscriber_id)


def dossier(session: Session, subscriber: Subscriber) -> dict[str, Any]:
    """Everything kept here about one reader, JSON ready (GDPR Art. 15, 20): `people.as_dict` and the records."""
    consents = select(Consent).where(Consent.subscriber_id == subscriber.id).order_by(col(Consent.id))
    asked = select(Confirmation).where(Confirmation.subscriber_id == subscriber.id).order_by(col(Confirmation.id))
    return {
        **people.as_dict(subscriber),
        "created_at": subscriber.created_at.isoformat(),
        "examples": [_plain(row) for row in examples.of(session, subscriber.id)],
        "suppressed": reason_for(session, subscriber.email),
        "consents": [_plain(row) for row in session.exec(consents)],
        "confirmations": [_plain(row) for row in session.exec(asked)],
    }


def erase(session: Session, subscriber: Subscriber, now: datetime) -> None:
    """Remove a reader and everything about them (GDPR Art. 17); a hash of the mailbox stays: never mail it again.

    The hash is a plain SHA-256 without a key: an import asks for a hundred thousand addresses in seconds, and
    a change of keys must not make anybody mailable again. It keeps a reader of the table from seeing
    addresses; it does not keep someone from checking whether an address they already have is among them.
    All spellings and +tags of the mailbox are suppressed with it. So nothing is stored when another active or
    paused reader has the same mailbox: who erases ada+work@ does not mean to end what ada@ gets.
    """
    reader = asking.lock(session, subscriber.id)
    if reader is None:  # erased at this very moment
        return
    if not people.shares_mailbox(session, reader):
        suppress_hashed(session, reader.email, ERASED, now)
    session.delete(reader)
    session.flush()
    session.expire_all()  # the database has removed or blanked what other objects still show


def purge(session: Session, terms: Terms, now: datetime) -> int:
    """Forget whom we asked long ago and who never said yes, old confirmations, past cool-downs; how many readers.

    Who answered our question with a no is forgotten like who did not answer; a withdrawal that was imported
    stays, since it keeps a later file from bringing the reader back.
    """
    # In the order in which a join takes them, so that nobody waits in a circle.
    session.execute(delete(CoolDown).where(col(CoolDown.until) <= now))
    forgotten = _purge_unconfirmed(session, terms, now)
    session.execute(delete(Confirmation).where(col(Confirmation.expires_at) <= now - terms.keep_pending))
    session.expire_all()
    return forgotten


def _purge_unconfirmed(session: Session, terms: Terms, now: datetime) -> int:
    mine = col(Confirmation.subscriber_id) == col(Subscriber.id)
    open_one = exists().where(mine, col(Confirmation.used_at).is_(None), col(Confirmation.expires_at) > now)
    declined = exists().where(col(Consent.subscriber_id) == col(Subscriber.id), col(Consent.event) == DECLINED)
    due = (
        col(Subscriber.confirmed_at).is_(None),
        or_(
            col(Subscriber.status) == Status.PENDING,
            and_(col(Subscriber.status) == Status.UNSUBSCRIBED, declined),
        ),
        col(Subscriber.created_at) <= now - terms.keep_pending,
        ~open_one,
    )
    # Locked first, deleted second: a question that came in between is seen by the second statement.
    oldest = select(Subscriber.id).where(*due).limit(_CHUNK).with_for_update(skip_locked=True)
    forgotten = 0
    while ids := session.exec(oldest).all():
        gone = session.scalars(
            delete(Subscriber).where(col(Subscriber.id).in_(ids), *due).returning(col(Subscriber.id))
        ).all()
        forgotten += len(gone)
    return forgotten


def _plain(row: Consent | Confirmation | Example) -> dict[str, Any]:
    return row.model_dump(mode="json", exclude={"id", "subscriber_id"})
