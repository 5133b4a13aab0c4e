"""A digest that is due, and the rules that settle it before any paper is looked at."""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple, overload

from sqlmodel import Session, col, select

from newsletter import ledger_plans
from newsletter.ledger import DIGEST
from newsletter.models import Delivery, Skip
from newsletter.record_models import Hold, HoldState

APART = timedelta(hours=20)  # a daily reader's digests are at least 22 apart, whatever the clocks do that night
QUIET = 2  # so many of a reader's digests in a row that brought nothing are a silence to be explained
MOST_QUIET = 60


class Due(NamedTuple):
    """One reader, the period that is open for them, and how long it stays open from the planning instant on.

    `due_at` is when their hour struck; None where nobody knows, in trials.
    """

    subscriber_id: int
    period: str
    room: timedelta = timedelta(0)
    due_at: datetime | None = None


class Dues(Sequence[Due]):
    """Many due digests in little room: readers who share a clock share all but their number."""

    def __init__(self, due: Iterable[Due] = ()) -> None:
        self._readers, self._kinds = array("q"), array("l")
        self._shared: dict[tuple[str, timedelta, datetime | None], int] = {}
        self._kind: list[tuple[str, timedelta, datetime | None]] = []
        self.extend(due)

    def extend(self, due: Iterable[Due]) -> None:
        """Add these behind the others."""
        for each in due:
            shared = each.period, each.room, each.due_at
            kind = self._shared.setdefault(shared, len(self._kind))
            if kind == len(self._kind):
                self._kind.append(shared)
            self._readers.append(each.subscriber_id)
            self._kinds.append(kind)

    def __len__(self) -> int:
        return len(self._readers)

    @overload
    def __getitem__(self, place: int) -> Due: ...
    @overload
    def __getitem__(self, place: slice) -> list[Due]: ...
    def __getitem__(self, place: int | slice) -> Due | list[Due]:
        """One of them, or a list of some."""
        if isinstance(place, int):
            return Due(self._readers[place], *self._kind[self._kinds[place]])
        kinds = (self._kind[kind] for kind in self._kinds[place])
        return [Due(reader, *kind) for reader, kind in zip(self._readers[place], kinds, strict=True)]

    def __eq__(self, other: object) -> bool:
        """Whether they are the same digests in the same order, in whatever sequence."""
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment] # it grows


@dataclass(frozen=True)
class Rules:
    """What else decides about a digest: dates without any, and whether the quality gate looks at it first.

    A `judged` digest waits until the gate lets it go.
    """

    days_off: frozenset[str] = frozenset()
    judged: bool = False


NO_RULES = Rules()


@dataclass(frozen=True)
class LeftOut:
    """Why a digest is skipped without a look at papers."""

    skip: Skip
    words: str


def sorted_out(session: Session, due: Sequence[Due], rules: Rules) -> Iterator[tuple[Due, LeftOut | None]]:
    """Each of the due digests with the rule that leaves it out, if one does."""
    holds = decided(session, {each.period for each in due})
    others = _near(session, due)
    for each in due:
        yield each, _left_out(each, holds.get(each.period), others.get(each.subscriber_id, []), rules)


def decided(session: Session, dates: set[str]) -> dict[str, HoldState]:
    """What was decided about the editions of these dates; most have no entry."""
    rows = session.exec(select(Hold.date, Hold.state).where(col(Hold.date).in_(dates)))
    return {date: HoldState(state) for date, state in rows}


def _near(session: Session, due: Sequence[Due]) -> dict[int, list[tuple[str, datetime]]]:
    times = [each.due_at for each in due if each.due_at is not None]
    if not times:
        return {}
    readers = [each.subscriber_id for each in due]
    return ledger_plans.near(session, readers, min(times) - APART, max(times) + APART)


def _left_out(
    due: Due, hold: HoldState | None, others: Sequence[tuple[str, datetime]], rules: Rules
) -> LeftOut | None:
    if hold is HoldState.CANCELLED:
        return LeftOut(Skip.CANCELLED, f"the edition of {due.period} was cancelled")
    if due.period in rules.days_off:
        return LeftOut(Skip.DAY_OFF, f"{due.period} is one of schedule.days_off: nobody gets a digest")
    if (other := too_near(due, others)) is not None:
        hours = APART.total_seconds() / 3600
        words = f"it is less than {hours:.0f} hours from the digest that was due {other:%Y-%m-%d %H:%M} UTC"
        return LeftOut(Skip.SOON, f"too soon: with the reader's new settings {words}")
    return None


def too_near(due: Due, others: Sequence[tuple[str, datetime]]) -> datetime | None:
    """When another digest was due within APART of this one, which only a change of settings can bring about."""
    if due.due_at is None:
        return None
    near = [at for period, at in others if period != due.period and abs(at - due.due_at) < APART]
    return max(near, default=None)


def silences(session: Session, due: Sequence[Due]) -> dict[int, Mapping[str, Any]]:
    """As `silence`, of each of these readers who has one."""
    quiet = {}
    for period, some in groupby(sorted(due, key=attrgetter("period")), key=attrgetter("period")):
        by_reader = {each.subscriber_id: each.due_at for each in some}
        for reader in ledger_plans.quiet_before(session, by_reader, period):
            if found := silence(session, reader, by_reader[reader]):
                quiet[reader] = found
    return quiet


def silence(session: Session, subscriber_id: int, due_at: datetime | None) -> Mapping[str, Any]:
    """{"quiet": how many of the reader's digests in a row brought nothing, "quiet_since": the first one's date}.

    Empty where the last one came: the next digest says "still here" after a silence, and only then.
    """
    if due_at is None:
        return {}
    before = (
        col(Delivery.subscriber_id) == subscriber_id,
        col(Delivery.letter) == DIGEST,
        col(Delivery.due_at) < due_at,
    )
    asked = select(Delivery.period, Delivery.skipped_for).where(*before).order_by(col(Delivery.due_at).desc())
    quiet = []
    for period, skip in session.exec(asked.limit(MOST_QUIET)):  # the newest first
        if skip is not Skip.NOTHING:
            break
        quiet.append(period)
    return {"quiet": len(quiet), "quiet_since": quiet[-1]} if len(quiet) >= QUIET else {}
