"""The ledger's rows before they are sent: plan a delivery, find it, take back what was not planned in earnest."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import or_
from sqlmodel import Session, col, delete, select, update

from newsletter import bulk
from newsletter.db import among, insert
from newsletter.ledger import DIGEST
from newsletter.models import RELEASING, Delivery, Skip, State
from subscribers import tokens
from subscribers.models import Subscriber

# Skipped without a look at papers: when the reader's clock changes, the same local date may be due once more.
REPLACEABLE = frozenset({Skip.SOON, Skip.MISSED})

AROUND = timedelta(days=2)
LAST = 3  # digests: a reader who moves may have two in another order than their dates

UNTRIED = {
    "doubtful": False,
    "handed_over": False,
    "outcome": "",
    "attempts": 0,
    "reply": "",
}  # how every delivery begins


class Settled(NamedTuple):
    """A digest that is there: when it was due, and why it was skipped (None for one that was not)."""

    due_at: datetime | None
    skipped_for: Skip | None

    def stands(self, due_at: datetime | None) -> bool:
        """Whether it settles what is due at this instant and still to be caught up.

        One that was missed does not, for there is time still: a clock was wrong. One that was too soon settles its
        own instant alone.
        """
        return self.skipped_for not in REPLACEABLE or (self.skipped_for is Skip.SOON and self.due_at == due_at)


def plan(session: Session, row: dict[str, Any]) -> int | None:
    """Create one delivery and return its id; None when this reader already has this letter for this period."""
    made = insert(session, Delivery).on_conflict_do_nothing().values(**UNTRIED | row).returning(col(Delivery.id))
    return session.connection().execute(made).scalar()


def plan_many(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[int | None]:
    """As `plan`, for many readers' letters at once: their ids in the same order."""
    if not rows:
        return []
    unsaid = bulk.defaults(Delivery) | UNTRIED | {"skipped_for": None}
    whole = [{**unsaid, **row} for row in rows]
    key = ("subscriber_id", "letter", "period")
    ready = bulk.as_stored(session, Delivery, whole)
    made = bulk.insert_all(session, Delivery, bulk.in_order(Delivery, whole[0]), ready, returning=("id", *key))
    ids = {(reader, letter, period): number for number, reader, letter, period in made}
    return [ids.pop(tuple(row[name] for name in key), None) for row in rows]


def message_id(keys: tuple[str, ...], sender: str, subscriber_id: int, letter: str, period: str) -> str:
    """The Message-ID of a delivery, the same at each try and for nobody to guess; `sender` gives the domain."""
    mark = tokens.digest(keys, "message", str(subscriber_id), letter, period, length=32)
    return f"<{mark}@{sender.rpartition('@')[2]}>"


def planned(
    session: Session, readers: Collection[int], periods: Collection[str]
) -> dict[tuple[int, str], Settled]:
    """The (reader, period) pairs among these that have a digest already, and how it was settled."""
    wanted = (
        among(session, col(Delivery.subscriber_id), readers),
        col(Delivery.period).in_(periods),
        col(Delivery.letter) == DIGEST,
    )
    rows = session.exec(
        select(Delivery.subscriber_id, Delivery.period, Delivery.due_at, Delivery.skipped_for).where(*wanted)
    )
    return {
        (reader, period): Settled(at, Skip(skip) if skip else None)
        for reader, period, at, skip in rows
        if reader is not None
    }


def near(
    session: Session, readers: Collection[int], since: datetime, until: datetime
) -> dict[int, list[tuple[str, datetime]]]:
    """By reader, the period and due instant of the digests between these that they got or may get."""
    wanted = (
        among(session, col(Delivery.subscriber_id), readers),
        col(Delivery.letter) == DIGEST,
        # The index on readers knows dates, and a date is never two days from its instant.
        col(Delivery.period).between((since - AROUND).date().isoformat(), (until + AROUND).date().isoformat()),
        col(Delivery.due_at).between(since, until),
        or_(col(Delivery.state).not_in(RELEASING), col(Delivery.doubtful)),
    )
    found: dict[int, list[tuple[str, datetime]]] = {}
    asked = select(Delivery.subscriber_id, Delivery.period, Delivery.due_at).where(*wanted)
    for reader, period, at in session.exec(asked):
        found.setdefault(reader or 0, []).append((period, at or since))
    return found


def quiet_before(session: Session, readers: Collection[int], period: str) -> list[int]:
    """Those of these readers of whom one of the last digests before this period brought nothing."""
    last = (
        select(Delivery.skipped_for)
        .where(
            col(Delivery.subscriber_id) == col(Subscriber.id),
            col(Delivery.letter) == DIGEST,
            col(Delivery.period) < period,
        )
        .order_by(col(Delivery.period).desc())
        .limit(LAST)
        .correlate(Subscriber)
        .subquery()
    )
    brought_nothing = select(last.c.skipped_for).where(last.c.skipped_for == Skip.NOTHING).exists()
    asked = select(Subscriber.id).where(among(session, col(Subscriber.id), readers), brought_nothing)
    return [reader for (reader,) in bulk.fetched(session, asked)]


def take_back(session: Session, subscriber_id: int, period: str) -> bool:
    """Forget a digest that was never planned in earnest (see REPLACEABLE), so that it can be; does not commit."""
    wanted = (
        col(Delivery.subscriber_id) == subscriber_id,
        col(Delivery.period) == period,
        col(Delivery.letter) == DIGEST,
        col(Delivery.skipped_for).in_(REPLACEABLE),
    )
    return session.connection().execute(delete(Delivery).where(*wanted)).rowcount == 1


def find(session: Session, subscriber_id: int, period: str, letter: str = DIGEST) -> Delivery | None:
    """A reader's delivery of this letter for this period, if it was planned."""
    same = (
        col(Delivery.subscriber_id) == subscriber_id,
        col(Delivery.period) == period,
        col(Delivery.letter) == letter,
    )
    return session.exec(select(Delivery).where(*same)).first()


def readdress(session: Session, subscriber_id: int, email: str) -> int:
    """Let digests that wait for this reader go to their new address; does not commit.

    What may have reached the old one (unknown) stays as it is: every copy of a message is the same.
    """
    waits = (
        col(Delivery.subscriber_id) == subscriber_id,
        col(Delivery.letter) == DIGEST,
        col(Delivery.state).in_([State.PENDING, State.DEFERRED]),
    )
    moved = session.connection().execute(update(Delivery).where(*waits).values(address=email))
    return moved.rowcount
