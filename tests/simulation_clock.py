"""The simulation's own idea of local hours, made without any code of the newsletter's."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
QUARTER = timedelta(minutes=15)  # every zone of these years is a multiple of it away from UTC
DAYS = {"daily": range(7), "weekdays": range(5)}


@cache
def strikes(zone: str, day: date, hour: int) -> datetime:
    """When a clock on the wall there shows this hour of this day, or a later one, for the first time (UTC).

    That says it all: of an hour that comes twice it is the first, of one that is left out the first instant after.
    """
    wall, place = datetime.combine(day, time(hour)), ZoneInfo(zone)
    moment = (wall - timedelta(hours=15)).replace(tzinfo=UTC)
    while moment.astimezone(place).replace(tzinfo=None) < wall:
        moment += QUARTER
    return moment


@cache
def offset(zone: str, day: date) -> timedelta:
    """How far the zone is from UTC at noon (UTC) of this day."""
    return datetime.combine(day, time(12), UTC).astimezone(ZoneInfo(zone)).utcoffset() or timedelta(0)


def wanted(cadence: str, weekdays: tuple[int, ...], day: date) -> bool:
    """Whether a digest belongs to this day."""
    if cadence == "monthly":
        return day.weekday() in weekdays and day.day <= 7
    return day.weekday() in DAYS.get(cadence, weekdays)


def struck(
    clock: tuple[str, tuple[int, ...], int, str], since: datetime, until: datetime
) -> Iterator[tuple[str, datetime]]:
    """The local dates whose hour struck after `since` and up to `until`, oldest first, with the instants."""
    cadence, weekdays, hour, zone = clock
    day = (since - DAY).date()
    while day <= (until + DAY).date():
        if wanted(cadence, weekdays, day):
            when = strikes(zone, day, hour)
            if since < when <= until:
                yield day.isoformat(), when
        day += DAY


def changes_of_clocks(zone: str, since: date, until: date) -> int:
    """How often the clocks there are put forward or back between these days."""
    count = 0
    while since < until:
        count += offset(zone, since) != offset(zone, since + DAY)
        since += DAY
    return count
