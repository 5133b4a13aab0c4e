"""Who is due: pure rules on the reader's own clock, and the one query that asks them of everybody."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from newsletter.pick import Due
from subscribers.models import Cadence, Subscriber
from subscribers.preferences import weekdays_of
from subscribers.receiving import receiving, resting

SEARCH_DAYS = 9  # a week, and a day for each end of it that a zone's offset may move


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


def next_due(after: datetime, weekdays: Collection[int], hour: int, zone: ZoneInfo) -> datetime:
    """The first instant strictly later than `after` at this local hour on one of these days (Monday 0)."""
    return min(when for _, when in _instants(after, weekdays, hour, zone) if when > after)


def last_due(
    at: datetime, weekdays: Collection[int], hour: int, zone: ZoneInfo, window: timedelta
) -> tuple[datetime, date] | None:
    """When the hour struck last, and the local date; None if that is `window` or longer before `at`."""
    struck = [(when, day) for day, when in _instants(at, weekdays, hour, zone) if at - window < when <= at]
    return max(struck, default=None)


def _instants(
    around: datetime, weekdays: Collection[int], hour: int, zone: ZoneInfo
) -> Iterable[tuple[date, datetime]]:
    today = around.astimezone(zone).date()
    days = (today + timedelta(days=offset) for offset in range(-SEARCH_DAYS, SEARCH_DAYS + 1))
    return ((day, instant(day, hour, zone)) for day in days if day.weekday() in weekdays)


@dataclass(frozen=True)
class Clock:
    """One way of being due; readers who share it are due together."""

    cadence: Cadence
    weekdays: str
    hour: int
    timezone: str

    def open(self, at: datetime, window: timedelta) -> tuple[str, timedelta] | None:
        """The local due date that is open at `at`, as "2026-11-23", and how long it stays open."""
        days = weekdays_of(self.cadence, self.weekdays)
        found = last_due(at, days, self.hour, ZoneInfo(self.timezone), window)
        return (found[1].isoformat(), found[0] + window - at) if found else None


def due(session: Session, at: datetime, window: timedelta, only: int | None = None) -> list[Due]:
    """Every reader who gets digests and whose hour struck within `window` before `at`, with the open period."""
    clock = (Subscriber.cadence, Subscriber.weekdays, Subscriber.hour, Subscriber.timezone)
    wanted = [receiving(at)]
    if only is not None:
        wanted.append(col(Subscriber.id) == only)
    rows = session.exec(select(Subscriber.id, *clock).where(*wanted).order_by(col(Subscriber.id)))  # type: ignore[call-overload]
    open_now: dict[Clock, tuple[str, timedelta] | None] = {}
    found = []
    for subscriber_id, *parts in rows:
        shared = Clock(*parts)
        if shared not in open_now:
            open_now[shared] = shared.open(at, window)
        if (period := open_now[shared]) is not None:
            found.append(Due(subscriber_id, *period))
    return found


def next_digest(subscriber: Subscriber, now: datetime) -> datetime | None:
    """When this reader's next digest is due, a pause considered; None while one without an end lasts."""
    rests = resting(subscriber, now)
    if rests and subscriber.paused_until is None:
        return None
    after = max(now, subscriber.paused_until) if rests and subscriber.paused_until else now
    days = weekdays_of(subscriber.cadence, subscriber.weekdays)
    return next_due(after, days, subscriber.hour, ZoneInfo(subscriber.timezone))


def open_period(subscriber: Subscriber, at: datetime, window: timedelta) -> Due:
    """The period a digest made at `at` would belong to, due or not: for previews and trials."""
    clock = Clock(subscriber.cadence, subscriber.weekdays, subscriber.hour, subscriber.timezone)
    today = at.astimezone(ZoneInfo(subscriber.timezone)).date().isoformat()
    return Due(subscriber.id, *(clock.open(at, window) or (today, timedelta(0))))
