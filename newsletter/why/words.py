"""How moments, spans and states are said: on the reader's own clock, with UTC beside it."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from newsletter.mail.words import counted, long_date, plain_date
from subscribers.models import Cadence

DAYS = {
    "mon": "Mondays",
    "tue": "Tuesdays",
    "wed": "Wednesdays",
    "thu": "Thursdays",
    "fri": "Fridays",
    "sat": "Saturdays",
    "sun": "Sundays",
}
# What is sent later than this after its planning was planned in a replay: the catch-up window is 47 hours at most.
REPLAYED = timedelta(days=2)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def day(text: str) -> str:
    """Like "Tuesday, 10 March 2026" for "2026-03-10"."""
    return long_date(date.fromisoformat(text))


def clock(at: datetime, timezone: str) -> str:
    """Like "07:02 Europe/Berlin (06:02 UTC)"; the UTC date too where it is another one."""
    local = at.astimezone(ZoneInfo(timezone))
    if timezone == "UTC":
        return f"{local:%H:%M} UTC"
    other_day = f"{plain_date(at.date())}, " if at.date() != local.date() else ""
    return f"{local:%H:%M} {timezone} ({other_day}{at:%H:%M} UTC)"


def moment(at: datetime, timezone: str, known: str = "") -> str:
    """Like "10 March 2026 at 07:02 UTC"; only "07:02 UTC" on the date that is `known`."""
    local = at.astimezone(ZoneInfo(timezone)).date()
    return clock(at, timezone) if local.isoformat() == known else f"{plain_date(local)} at {clock(at, timezone)}"


def when(at: datetime, timezone: str, known: str = "") -> str:
    """Like "on 10 March 2026 at 07:02 UTC"; only "at 07:02 UTC" on the date that is `known`."""
    said = moment(at, timezone, known)
    return f"on {said}" if " at " in said else f"at {said}"


def span(length: timedelta) -> str:
    """Like "3 hours 5 minutes", "2 days", "under a minute"."""
    if length < MINUTE:
        return "under a minute"
    if length >= timedelta(days=2):
        return counted(length.days, "day")
    hours, minutes = divmod(int(length / MINUTE), 60)
    parts = [counted(hours, "hour")] if hours else []
    return " ".join(parts + ([counted(minutes, "minute")] if minutes else []))


def cadence(name: str, weekdays: str) -> str:
    """Like "daily", "Mondays and Thursdays", "the first Monday of each month"."""
    days = [DAYS[each] for each in weekdays.split(",") if each] or [DAYS["mon"]]
    if name == Cadence.MONTHLY:
        return f"on the first {days[0].removesuffix('s')} of each month"
    if name in {Cadence.CHOSEN, Cadence.WEEKLY}:
        return "on " + " and ".join(part for part in (", ".join(days[:-1]), days[-1]) if part)
    return "on weekdays" if name == Cadence.WEEKDAYS else "daily"


def sentence(text: str) -> str:
    """The text as a sentence: a capital first, a full stop last."""
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '?')) else '.'}" if text else ""
