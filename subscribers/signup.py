"""The life of a subscription: the one table of its moves, and all that readers and strangers can cause.

Nothing else changes the status of a reader who is there, but an import by the operator. Strangers type other
people's addresses: what they type waits in a confirmation until the owner of the mailbox agrees, and the
caller's answer is the same whoever is known. All flushes, nothing commits; on SQLite give a session that
takes the write lock first.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from subscribers import asking, examples, people, wishes
from subscribers.addresses import normalise
from subscribers.asking import Step, Terms
from subscribers.change import agree_to_change, ask_change
from subscribers.consent import AGREED, ASKED, Asker, record
from subscribers.erasure import ask_data, find_data, purge
from subscribers.errors import AlreadySubscribed
from subscribers.leaving import UNDO_FOR, bounced, complained, goodbye, leave, pause, resume, undo
from subscribers.letters import LetterKind, LetterWanted
from subscribers.models import CONFIRMED, STOPPED, Confirmation, ConfirmationKind, Subscriber
from subscribers.moves import MOVES, Event, move
from subscribers.pasted import Named
from subscribers.preferences import Choice, Preferences, combine
from subscribers.suppression import reason_for

__all__ = [
    "CONFIRMED",
    "MOVES",
    "STOPPED",
    "UNDO_FOR",
    "Asker",
    "Event",
    "Step",
    "Terms",
    "agree_to_change",
    "ask_change",
    "ask_data",
    "bounced",
    "complained",
    "confirm",
    "find_data",
    "goodbye",
    "invite",
    "join",
    "leave",
    "pause",
    "purge",
    "resume",
    "send_link",
    "undo",
    "welcome",
]

WELCOME_FOR = timedelta(days=2)  # a welcome that comes after the first digest is none


def join(
    session: Session,
    email: str,
    preferences: Preferences,
    follows: Sequence[Choice],
    asker: Asker,
    terms: Terms,
    now: datetime,
    named: Sequence[Named] = (),
) -> LetterWanted | None:
    """The letter that somebody's wish to join calls for: CONFIRM, or LINK to one who reads already, or none.

    One letter a mailbox and cool-down, also over `send_link` and the new end of a change of address; inside
    it nothing is stored. `named` are papers like those wanted. InvalidPreference for values that cannot be used,
    whoever's the address is.
    """
    email, wanted = normalise(email), wishes.to_json(preferences, combine(follows), named)
    reader = people.known(session, email)
    if reason_for(session, email) is not None or (reader is not None and not _may_ask(reader)):
        return None
    if not asking.claim(session, email, terms, now):
        return None
    reader = asking.lock(session, (reader or _newcomer(session, email, now)).id)
    if reader is None:
        return None
    if reader.status in CONFIRMED:
        return _links(session, reader, asker, terms, now)
    return _question(session, reader, wanted, asker, terms, now)


def invite(session: Session, subscriber: Subscriber, asker: Asker, terms: Terms, now: datetime) -> LetterWanted:
    """The CONFIRM letter to a pending reader whom the operator added, in a cool-down or not; it begins one."""
    asking.claim(session, subscriber.email, terms, now)
    return _question(session, subscriber, wishes.of(subscriber), asker, terms, now)


def send_link(session: Session, email: str, asker: Asker, terms: Terms, now: datetime) -> LetterWanted | None:
    """A LINK letter to who reads, the CONFIRM letter anew to who is pending, else none; cool-down as in `join`."""
    email = normalise(email)
    reader = people.known(session, email)
    if reader is None or reader.status in STOPPED or reason_for(session, email) is not None:
        return None
    if not asking.claim(session, email, terms, now):
        return None
    if reader.status in CONFIRMED:
        return _links(session, reader, asker, terms, now)
    return _question(session, reader, _last_wishes(session, reader), asker, terms, now)


def confirm(session: Session, confirmation_id: int, asker: Asker, now: datetime) -> tuple[Step, Subscriber | None]:
    """The owner's yes to a CONFIRM letter: applies its wishes, once; `asker.wording` is the consent.

    ALREADY for anyone who reads by now: what waits in other letters may be a stranger's, and changes nothing.
    InvalidPreference for an empty wording (GDPR Art. 7(1)).
    """
    people.check_wording(asker.wording)
    found = asking.find(session, confirmation_id, ConfirmationKind.JOIN)
    if found is None:
        return Step.EXPIRED, None
    asked, reader = found
    if reader.status in CONFIRMED:
        return Step.ALREADY, reader
    if (reader.status, Event.CONFIRMED) not in MOVES or reason_for(session, reader.email) is not None:
        return Step.REFUSED, reader
    if asked.expires_at <= now or not asking.use(session, asked, now):
        return Step.EXPIRED, reader
    wishes.apply(reader, asked.wishes)
    examples.add_some(session, reader.id, wishes.examples_in(asked.wishes), now)
    reader.paused_until, reader.confirmed_at = None, now
    move(reader, Event.CONFIRMED)
    asking.void(session, reader, [ConfirmationKind.JOIN], now)
    record(session, reader, AGREED, asker, now)
    return Step.DONE, reader


def welcome(subscriber: Subscriber, confirmation_id: int, now: datetime) -> LetterWanted:
    """The letter that follows a DONE `confirm`."""
    return LetterWanted(LetterKind.WELCOME, subscriber.id, subscriber.email, confirmation_id, now + WELCOME_FOR)


def _may_ask(reader: Subscriber) -> bool:
    return reader.status in CONFIRMED or (reader.status, Event.CONFIRMED) in MOVES


def _newcomer(session: Session, email: str, now: datetime) -> Subscriber:
    """A pending reader of whom nothing is known but the address: the rest is a stranger's word until confirmed."""
    try:
        return people.insert(session, Subscriber(email=email, created_at=now))
    except AlreadySubscribed:
        return people.find(session, email)


def _question(
    session: Session, reader: Subscriber, wanted: Mapping[str, Any], asker: Asker, terms: Terms, now: datetime
) -> LetterWanted:
    record(session, reader, ASKED, asker, now)
    asked = asking.ask(session, reader, ConfirmationKind.JOIN, wanted, terms, now)
    return asking.letter(LetterKind.CONFIRM, asked, reader)


def _links(session: Session, reader: Subscriber, asker: Asker, terms: Terms, now: datetime) -> LetterWanted:
    row = record(session, reader, f"{ASKED} for links", asker, now)
    return LetterWanted(LetterKind.LINK, reader.id, reader.email, row.id, now + terms.confirm_for)


def _last_wishes(session: Session, reader: Subscriber) -> Mapping[str, Any]:
    """What the newest question held; without one, what the operator gave this reader."""
    mine = (Confirmation.subscriber_id == reader.id, Confirmation.kind == ConfirmationKind.JOIN)
    query = select(Confirmation.wishes).where(*mine).order_by(col(Confirmation.id).desc()).limit(1)
    last = session.exec(query).first()
    return wishes.of(reader) if last is None else last
