"""Readers: add one, find one, list them, show one as JSON or all of them as CSV."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload
from sqlmodel import Session, col, select

from subscribers import preferences as preference
from subscribers.addresses import base, identity, lookup_keys, normalise
from subscribers.csv_rows import LISTS, readers_csv
from subscribers.errors import AlreadySubscribed, InvalidPreference, Suppressed, UnknownSubscriber
from subscribers.models import CONFIRMED, Consent, Example, Follow, Status, Subscriber
from subscribers.preferences import DEFAULTS, Choice, Preferences
from subscribers.suppression import lift, reason_for

_PAGE = 500


def add(
    session: Session,
    email: str,
    preferences: Preferences = DEFAULTS,
    follows: Sequence[Choice] = (),
    *,
    now: datetime,
    confirmed: bool = False,
    wording: str = "",
    despite: str = "",
) -> Subscriber:
    """A new reader, flushed: pending, or active with a consent row of the exact `wording` when `confirmed`.

    AlreadySubscribed for an address that is there in any spelling, also when another process adds it at this
    very moment. Suppressed for one on that list, unless `despite` says why it may be mailed again: that lifts
    the suppression and is kept as a consent row.
    """
    email = normalise(email)
    if confirmed:
        check_wording(wording)
    _refuse(session, email, despite)
    subscriber = Subscriber(
        email=email,
        status=Status.ACTIVE if confirmed else Status.PENDING,
        created_at=now,
        confirmed_at=now if confirmed else None,
        follows=[Follow(**choice._asdict()) for choice in preference.combine(follows)],
    )
    preference.apply(subscriber, preferences)
    insert(session, subscriber)
    if confirmed:
        session.add(Consent(subscriber_id=subscriber.id, at=now, event="confirmed", wording=wording))
    if lift(session, email):
        session.add(Consent(subscriber_id=subscriber.id, at=now, event="suppression lifted", wording=despite))
    session.flush()
    return subscriber


def find(session: Session, email: str) -> Subscriber:
    """The reader with this address in any spelling, else UnknownSubscriber."""
    email = normalise(email)
    found = known(session, email)
    if found is None:
        raise UnknownSubscriber(email)
    return found


def listing(session: Session, status: Status | None = None) -> Iterator[Subscriber]:
    """All readers, or those of one status, oldest first; read in pages, so their number does not matter."""
    # Keyset paging: with OFFSET one reader who leaves meanwhile would make another be passed over.
    query = select(Subscriber).order_by(col(Subscriber.id)).limit(_PAGE).options(_FOLLOWS, _EXAMPLES)
    if status is not None:
        query = query.where(col(Subscriber.status) == status)
    last = 0
    while page := session.exec(query.where(col(Subscriber.id) > last)).all():
        last = page[-1].id
        yield from page


def as_dict(subscriber: Subscriber) -> dict[str, Any]:
    """A reader as JSON can hold it: lists of {"name", "weight"}, mutes with "kind" too, times in ISO 8601.

    Examples are {"key", "title"}, the title empty as long as nobody knows it.
    """
    follows = {
        column: [
            {"name": follow.value, "weight": follow.weight} for follow in preference.followed(subscriber, kind)
        ]
        for column, kind in LISTS.items()
    }
    mutes = [
        {"kind": str(follow.kind), "name": follow.value, "weight": follow.weight}
        for follow in preference.muted(subscriber)
    ]
    return {
        "email": subscriber.email,
        "name": subscriber.name,
        "status": str(subscriber.status),
        **follows,
        "mutes": mutes,
        "examples": [{"key": each.key, "title": each.title} for each in subscriber.examples],
        "cadence": str(subscriber.cadence),
        "weekdays": subscriber.weekdays,
        "hour": subscriber.hour,
        "timezone": subscriber.timezone,
        "size": subscriber.size,
        "paused_until": _iso(subscriber.paused_until),
        "confirmed_at": _iso(subscriber.confirmed_at),
    }


def export_csv(session: Session, write: Callable[[str], object], status: Status | None = None) -> int:
    """Readers as CSV that `csv_rows.read_csv` takes back, line by line to `write`; returns their number."""
    return readers_csv(listing(session, status), write)


def known(session: Session, email: str) -> Subscriber | None:
    """The reader with this normalised address in any spelling, if there is one."""
    query = select(Subscriber).where(func.lower(Subscriber.email).in_(lookup_keys(email)))
    found = session.exec(query.order_by(col(Subscriber.id))).all()
    return next((reader for reader in found if identity(reader.email) == identity(email)), None)


def shares_mailbox(session: Session, subscriber: Subscriber) -> bool:
    """Whether another reader who gets digests has the same mailbox, by `addresses.base`: another +tag of it."""
    firsts = {key[0] for key in lookup_keys(subscriber.email)}  # base() keeps the first letter: few are compared
    query = select(Subscriber.email).where(
        col(Subscriber.id) != subscriber.id,
        col(Subscriber.status).in_(CONFIRMED),
        func.substr(func.lower(Subscriber.email), 1, 1).in_(firsts),
    )
    return any(base(email) == base(subscriber.email) for email in session.exec(query))


def insert(session: Session, subscriber: Subscriber) -> Subscriber:
    """A new row, flushed; AlreadySubscribed when another process was quicker, and nothing else is undone."""
    try:
        with session.begin_nested():
            session.add(subscriber)
    except IntegrityError as error:
        raise AlreadySubscribed(subscriber.email, "added at this moment by another process") from error
    return subscriber


def choices_of(subscriber: Subscriber) -> tuple[Choice, ...]:
    """All that a reader follows and mutes, oldest first."""
    return tuple(Choice(follow.kind, follow.value, follow.weight) for follow in subscriber.follows)


def choose(subscriber: Subscriber, preferences: Preferences, choices: Sequence[Choice]) -> None:
    """Give a reader these preferences and exactly these choices; what they followed before keeps its row.

    InvalidPreference for too many, or for one that is both followed and muted.
    """
    wanted = preference.combine(choices)
    preference.apply(subscriber, preferences)
    kept = dict(zip(choices_of(subscriber), subscriber.follows, strict=True))
    subscriber.follows = [kept.get(choice) or Follow(**choice._asdict()) for choice in wanted]


def check_wording(wording: str) -> None:
    """Refuse an empty wording: a consent without what was agreed to proves nothing (GDPR Art. 7(1))."""
    if not wording.strip():
        raise InvalidPreference("wording", wording, "say in full what the reader agreed to")


def _refuse(session: Session, email: str, despite: str) -> None:
    found = known(session, email)
    if found:
        raise AlreadySubscribed(found.email, found.status)
    reason = reason_for(session, email)
    if reason is not None and not despite.strip():
        raise Suppressed(email, reason)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


_FOLLOWS = selectinload(Subscriber.follows)  # type: ignore[arg-type]  # SQLModel types it as a list
_EXAMPLES = selectinload(Subscriber.examples).defer(Example.abstract)  # type: ignore[arg-type]  # as above
