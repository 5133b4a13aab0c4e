"""Who is due: pure rules on the reader's own clock, and the queries that ask them of everybody."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, NamedTuple, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from sqlalchemy import String, type_coerce
from sqlmodel import Session, col, select, tuple_

from newsletter.db import LOOKED_UP
from newsletter.due import Due, Dues
from subscribers.models import Cadence, Subscriber
from subscribers.preferences import weekdays_of
from subscribers.receiving import receiving, resting

log = structlog.get_logger(__name__)

SEARCH_DAYS = 9  # a week, and a day for each end of it
SEARCH_MONTH_DAYS = 40  # the first such weekday of a month is at most 35 days after the last month's
MARGIN_DAYS = 2  # what a zone's offset may move an instant, and a day
FIRST_WEEK = 7
EVER = datetime(1, 1, 2, tzinfo=UTC)

T = TypeVar("T")
FirstDigest = Literal["at once", "next"]


def instant(day: date, hour: int, zone: ZoneInfo) -> datetime:
    """The UTC instant of a local wall time; in a gap the first instant after it, in a fold the first of two.

    PEP 495: fold=0 uses the offset from before a change, fold=1 the one after it; in a gap the two enclose
    the change, which is then found by halving.
    """
    wall = datetime.combine(day, time(hour))
    late, early = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if late.astimezone(zone).replace(tzinfo=None) == wall:
        return late
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


def next_due(
    after: datetime, weekdays: Collection[int], hour: int, zone: ZoneInfo, *, monthly: bool = False
) -> datetime:
    """The first instant strictly later than `after` at this local hour on one of these days (Monday 0).

    `monthly`: only on the first such day of each month.
    """
    until = after + timedelta(days=SEARCH_MONTH_DAYS if monthly else SEARCH_DAYS)
    instants = _instants(after, until, weekdays, hour, zone, monthly=monthly)
    return min(when for _, when in instants if when > after)


def last_due(
    at: datetime, weekdays: Collection[int], hour: int, zone: ZoneInfo, window: timedelta, *, monthly: bool = False
) -> tuple[datetime, date] | None:
    """When the hour struck last, and the local date; None if that is `window` or longer before `at`."""
    instants = _instants(at - window, at, weekdays, hour, zone, monthly=monthly)
    return max(((when, day) for day, when in instants if at - window < when <= at), default=None)


def _instants(
    since: datetime, until: datetime, weekdays: Collection[int], hour: int, zone: ZoneInfo, *, monthly: bool
) -> Iterable[tuple[date, datetime]]:
    """The local due dates from `since` to `until`, a few around them (zones move instants), and their instants."""
    first, last = (moment.astimezone(zone).date() for moment in (since, until))
    days = (
        first + timedelta(days=number) for number in range(-MARGIN_DAYS, (last - first).days + MARGIN_DAYS + 1)
    )
    wanted = (day for day in days if day.weekday() in weekdays and (day.day <= FIRST_WEEK or not monthly))
    return ((day, instant(day, hour, zone)) for day in wanted)


@dataclass(frozen=True)
class Clock:
    """One way of being due; readers who share it are due together."""

    cadence: Cadence
    weekdays: str
    hour: int
    timezone: str

    @property
    def known(self) -> bool:
        """Whether the machine knows its zone: a foreign row's mistake must not keep everybody else waiting."""
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            log.error("unknown time zone: its readers get nothing", zone=self.timezone)  # noqa: TRY400 - values
            return False
        return True

    @property
    def _rule(self) -> tuple[frozenset[int], int, ZoneInfo]:
        return weekdays_of(self.cadence, self.weekdays), self.hour, ZoneInfo(self.timezone)

    @property
    def _monthly(self) -> bool:
        return self.cadence is Cadence.MONTHLY

    def open(self, at: datetime, window: timedelta) -> tuple[str, datetime] | None:
        """The local due date that is open at `at`, as "2026-11-23", and when its hour struck."""
        found = last_due(at, *self._rule, window, monthly=self._monthly)
        return (found[1].isoformat(), found[0]) if found else None

    def closed(self, since: datetime, until: datetime) -> list[tuple[str, datetime]]:
        """The local due dates whose hour struck after `since` and up to `until`, oldest first."""
        instants = _instants(since, until, *self._rule, monthly=self._monthly)
        return [(day.isoformat(), when) for day, when in sorted(instants) if since < when <= until]

    def next(self, after: datetime) -> datetime:
        """When the hour strikes next."""
        return next_due(after, *self._rule, monthly=self._monthly)


def clock_of(subscriber: Subscriber) -> Clock:
    """A reader's clock."""
    return Clock(subscriber.cadence, subscriber.weekdays, subscriber.hour, subscriber.timezone)


def due(
    session: Session,
    at: datetime,
    window: timedelta,
    only: int | None = None,
    *,
    since: datetime = EVER,
    first: FirstDigest = "at once",
) -> Dues:
    """Every reader who gets digests and whose hour struck within `window` before `at` and after `since`.

    `first` says whether the hour that struck before a reader's yes still counts for them. Under a replay (`at`
    before that yes) it does: today's readers are taken as if they had been there.
    """

    def opened(clock: Clock) -> list[tuple[str, datetime]]:
        found = clock.open(at, window)
        return [found] if found and found[1] > since else []

    return Dues(
        Due(each.id, period, when + window - at, when)
        for each, (period, when) in _readers(session, at, opened, only)
        if not each.rested(when)
        and (first == "at once" or each.confirmed_at is None or each.confirmed_at > at or each.confirmed_at < when)
    )


def missed(session: Session, at: datetime, since: datetime, until: datetime) -> Dues:
    """Every digest whose hour struck after `since` and up to `until` for readers who had said yes by then."""
    return Dues(
        Due(each.id, period, timedelta(0), when)
        for each, (period, when) in _readers(session, at, lambda clock: clock.closed(since, until))
        if not each.rested(when) and each.confirmed_at is not None and each.confirmed_at < when
    )


class _Reader(NamedTuple):
    """Who may be due: since when they read, and until when they paused."""

    id: int
    confirmed_at: datetime | None
    paused_until: datetime | None

    def rested(self, when: datetime) -> bool:
        """Whether a pause ran when that hour struck: its end brings no digest of a day before it."""
        return self.paused_until is not None and self.paused_until > when


def _readers(
    session: Session, at: datetime, periods: Callable[[Clock], Sequence[T]], only: int | None = None
) -> Iterator[tuple[_Reader, T]]:
    """Readers in the order of their ids with each of their clock's periods; they are read a few at a time."""
    # As text: a row's values are looked up as they are, and for most readers nothing else is made of them.
    columns = (
        type_coerce(Subscriber.cadence, String),
        col(Subscriber.weekdays),
        col(Subscriber.hour),
        col(Subscriber.timezone),
    )
    wanted = [receiving(at)] + ([] if only is None else [col(Subscriber.id) == only])
    open_now: dict[tuple[Any, ...], Sequence[T]] = {}
    for row in session.exec(select(*columns).where(*wanted).distinct()):
        clock = Clock(Cadence(row[0]), *row[1:])
        if clock.known and (found := periods(clock)):
            open_now[tuple(row)] = found
    if len(open_now) <= LOOKED_UP // len(columns):  # else it is shorter to look at everybody
        wanted.append(tuple_(*columns).in_(list(open_now)))
    asked = select(  # type: ignore[call-overload]
        Subscriber.id, Subscriber.confirmed_at, Subscriber.paused_until, *columns
    ).where(*wanted)
    some = {"yield_per": LOOKED_UP}
    rows = session.exec(asked.order_by(col(Subscriber.id)), execution_options=some) if open_now else ()
    for number, confirmed_at, paused_until, *clock in rows:
        reader = _Reader(number, confirmed_at, paused_until)
        for period in open_now.get(tuple(clock), ()):
            yield reader, period


def next_digest(
    subscriber: Subscriber, now: datetime, window: timedelta = timedelta(0), first: FirstDigest = "next"
) -> datetime | None:
    """When this reader's next digest is due, a pause considered; None while one without an end lasts.

    For one who has just said yes, with `first` = "at once", it is now where their hour struck within `window`.
    """
    rests = resting(subscriber, now)
    if rests and subscriber.paused_until is None:
        return None
    clock = clock_of(subscriber)
    if first == "at once" and not rests and clock.open(now, window):
        return now
    return clock.next(max(now, subscriber.paused_until) if rests and subscriber.paused_until else now)


def open_period(subscriber: Subscriber, at: datetime, window: timedelta) -> Due:
    """The period a digest made at `at` would belong to, due or not: for previews and trials."""
    today = at.astimezone(ZoneInfo(subscriber.timezone)).date().isoformat()
    period, when = clock_of(subscriber).open(at, window) or (today, at)
    return Due(subscriber.id, period, when + window - at if when < at else timedelta(0), when)
