"""When upstreams publish: what is expected by now, when to read next, and the same in plain words. Pure."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
AGAIN = timedelta(minutes=30)  # between two reads while something expected is not there
LEAST = timedelta(minutes=10)  # between any two reads of an upstream that others share
PATIENCE = timedelta(hours=12)  # after that it is not late any more, but missing
DAY = timedelta(days=1)
SATURDAY = 5
STEADY = 60  # minutes


class Calendar(Protocol):
    """What is known of when one upstream has something new.

    News counts for an expected instant from `early` before it on: lists fill before the hour at which they
    should have something.
    """

    @property
    def early(self) -> timedelta: ...

    def expected(self, at: datetime) -> datetime | None:
        """The newest instant up to `at` by which news should have been there (UTC); None: there is no calendar."""

    def next_read(self, last_read: datetime | None, last_news: datetime | None) -> datetime:
        """When to read after the last read, which may have failed (UTC); both are None before the first."""

    def told(self, at: datetime) -> str:
        """Plain words: since when something is expected, or why nothing is."""


def late(calendar: Calendar, last_news: datetime | None, at: datetime) -> bool:
    """Whether something should be there by now, is not, and is still worth waiting for (PATIENCE)."""
    since = calendar.expected(at)
    if since is None or at - since >= PATIENCE:
        return False
    return last_news is None or last_news < since - calendar.early


def expects(calendar: Calendar, at: datetime) -> bool:
    """Whether something new belongs to this day: not on weekends and holidays, nor where there is no calendar."""
    since = calendar.expected(at)
    return since is not None and at - since < DAY


def calendar_of(source: object) -> Calendar:
    """The source's calendar; one that has none is read steadily."""
    found: Calendar = getattr(source, "calendar", None) or Steady(STEADY)
    return found


def paced(calendar: Calendar, every_minutes: int, least: timedelta = LEAST) -> Calendar:
    """The calendar, read at the administrator's own pace, `least` apart; 0 leaves the pace to the calendar."""
    return Paced(calendar, max(every_minutes, least // timedelta(minutes=1))) if every_minutes else calendar


@dataclass(frozen=True)
class Steady:
    """An upstream of which nobody knows when it has something new: read every so many minutes."""

    minutes: int
    early: timedelta = timedelta(0)

    def expected(self, at: datetime) -> None:
        """Nothing is ever late."""

    def next_read(self, last_read: datetime | None, last_news: datetime | None) -> datetime:
        del last_news  # it makes no difference here
        return last_read + timedelta(minutes=self.minutes) if last_read else AT_ONCE

    def told(self, at: datetime) -> str:
        del at
        return f"nothing expected at any certain time: it is read every {self.minutes} minutes"


@dataclass(frozen=True)
class Paced:
    """Another calendar's expectations, read at a pace of one's own."""

    calendar: Calendar
    minutes: int

    @property
    def early(self) -> timedelta:
        return self.calendar.early

    def expected(self, at: datetime) -> datetime | None:
        return self.calendar.expected(at)

    def next_read(self, last_read: datetime | None, last_news: datetime | None) -> datetime:
        del last_news
        return last_read + timedelta(minutes=self.minutes) if last_read else AT_ONCE

    def told(self, at: datetime) -> str:
        if self.expected(at) is None:
            return Steady(self.minutes).told(at)
        return f"{self.calendar.told(at)}; it is read every {self.minutes} minutes"


class ArxivCalendar:
    """arXiv announces from Sunday to Thursday at 20:00 in New York; its feeds are rebuilt at the midnight after.

    So feeds have something new from Monday to Friday, from 00:30 on with some grace. `holidays` are the dates
    (New York, "2026-11-26") of feeds that stay empty, which is how arXiv lists them: the announcement of the
    evening before does not take place. (Several of the listed dates are Fridays, on whose own evening nothing
    would be announced anyway.) https://info.arxiv.org/help/availability.html
    """

    early = timedelta(minutes=30)  # the grace: right after midnight the feed may be there already

    def __init__(self, holidays: Collection[str]) -> None:
        self._holidays = {date.fromisoformat(day) for day in holidays}

    def expected(self, at: datetime) -> datetime:
        day = _new_york(at - self.early)
        while not self._has_feed(day):
            day -= DAY
        return self._due(day)

    def next_read(self, last_read: datetime | None, last_news: datetime | None) -> datetime:
        """After each rebuild, holidays included: the list of them may be wrong; every AGAIN while it is late."""
        if last_read is None:
            return AT_ONCE
        day = _new_york(last_read - self.early) + DAY
        while day.weekday() >= SATURDAY:
            day += DAY
        return _sooner(self, last_read, last_news, self._due(day))

    def told(self, at: datetime) -> str:
        day = _new_york(at - self.early)
        if self._has_feed(day):
            return f"expected since {_when(self._due(day))}, after the announcement of the evening before"
        why = (
            f"holiday {day}"
            if day.weekday() < SATURDAY
            else "arXiv announces nothing on Friday and Saturday night"
        )
        while not self._has_feed(day):
            day += DAY
        return f"nothing expected before {_when(self._due(day))}: {why}"

    def feeds(self, after: datetime, until: datetime) -> list[datetime]:
        """The announcements with `after` < feed <= `until`: each as its feed's midnight in New York, in UTC."""
        days = _days(_new_york(after), _new_york(until))
        found = [feed_of(day) for day in days if self._has_feed(day)]
        return [feed for feed in found if after < feed <= until]

    def feed_by(self, day: date) -> datetime:
        """The newest announcement whose feed is of this day or before it."""
        while not self._has_feed(day):
            day -= DAY
        return feed_of(day)

    def _has_feed(self, day: date) -> bool:
        return day.weekday() < SATURDAY and day not in self._holidays

    def _due(self, day: date) -> datetime:
        return feed_of(day) + self.early


def feed_of(day: date) -> datetime:
    """When arXiv's feed of this day is made, which is what its entries carry as their date (UTC)."""
    return datetime.combine(day, time(), NEW_YORK).astimezone(UTC)


@dataclass(frozen=True)
class WeekDays:
    """Something every week day by `hour` (UTC); `shift` days later where a list is of the day before.

    `every` is the usual pace, for lists that go on filling and votes that go on moving.
    """

    what: str  # "a list", "the posts of the day before"
    hour: int
    every: timedelta
    early: timedelta
    shift: int = 0

    def expected(self, at: datetime) -> datetime:
        due = self._due(at.astimezone(UTC).date())
        while due > at or not self._counts(due):
            due -= DAY
        return due

    def next_read(self, last_read: datetime | None, last_news: datetime | None) -> datetime:
        if last_read is None:
            return AT_ONCE
        return _sooner(self, last_read, last_news, min(last_read + self.every, self._after(last_read)))

    def told(self, at: datetime) -> str:
        since = self.expected(at)
        if since.date() == at.astimezone(UTC).date():
            return f"expected since {since:%A %Y-%m-%d %H:%M} UTC: {self.what}"
        why = "" if self._counts(at.astimezone(UTC)) else " (there is none for Saturday and Sunday)"
        return f"nothing expected before {self._after(at):%A %Y-%m-%d %H:%M} UTC: {self.what}{why}"

    def _after(self, at: datetime) -> datetime:
        due = self._due(at.astimezone(UTC).date())
        while due <= at or not self._counts(due):
            due += DAY
        return due

    def _counts(self, due: datetime) -> bool:
        return (due - self.shift * DAY).weekday() < SATURDAY

    def _due(self, day: date) -> datetime:
        return datetime.combine(day, time(self.hour), UTC)


def _sooner(calendar: Calendar, last_read: datetime, last_news: datetime | None, usual: datetime) -> datetime:
    """The usual time, or soon again while something is late; never within LEAST."""
    soon = last_read + AGAIN if late(calendar, last_news, last_read) else usual
    return max(min(soon, usual), last_read + LEAST)


def _new_york(at: datetime) -> date:
    return at.astimezone(NEW_YORK).date()


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _when(at: datetime) -> str:
    return f"{at.astimezone(NEW_YORK):%A %Y-%m-%d %H:%M} New York ({at:%H:%M} UTC)"
