"""What a reader wants, from text at the door to checked values: when, how much, what to follow or mute."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import cache, lru_cache
from math import isfinite
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from subscribers.errors import InvalidPreference
from subscribers.models import Cadence, Follow, FollowKind, Subscriber

MOST_FOLLOWS = 100
MOST_PAPERS = 50
HEAVIEST = 10.0
LONGEST_LABEL = 200
LAST_HOUR = 23
LAST_YEAR = 2199  # far enough for a pause, near enough to count weekdays
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FULL_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORTEST_WEEKDAY = 3
_NUMBER = re.compile(r"[0-9]+(\.[0-9]*)?(e-?[0-9]+)?", re.ASCII | re.IGNORECASE)
_HOUR = re.compile(r"([0-9]{1,2})(:00)?", re.ASCII)
_SIZE = re.compile(r"[0-9]{1,4}", re.ASCII)
# Controls, halves of UTF-16 pairs (bytes that were not UTF-8), line and paragraph separators.
_UNWANTED = frozenset({"Cc", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Preferences:
    """When and how much: `hour` is local to `timezone`, `size` counts papers, `weekdays` is as "mon,wed"."""

    name: str = ""
    cadence: Cadence = Cadence.DAILY
    weekdays: str = ""
    hour: int = 7
    timezone: str = "UTC"
    size: int = 10


class Choice(NamedTuple):
    """One thing followed, before or after it is a `Follow` row; a negative weight mutes it."""

    kind: FollowKind
    value: str
    weight: float = 1.0


DEFAULTS = Preferences()
ONE_DAY = frozenset({Cadence.WEEKLY, Cadence.MONTHLY})


def parse(fields: Mapping[str, str], start: Preferences = DEFAULTS) -> Preferences:
    """`start` with the fields that are there changed; an empty one takes the default, other keys are ignored.

    The keys are those of `Preferences`; InvalidPreference names the first field that cannot be used.
    """
    changes: dict[str, Any] = {
        name: reader(fields[name]) if fields[name].strip() else getattr(DEFAULTS, name)
        for name, reader in _READERS.items()
        if name in fields
    }
    if "cadence" in fields or fields.get("weekdays", "").strip():
        cadence, weekdays = parse_cadence(fields.get("cadence", ""), fields.get("weekdays", ""))
        changes |= {"cadence": cadence, "weekdays": weekdays}
    return replace(start, **changes)


def of(subscriber: Subscriber) -> Preferences:
    """A reader's present preferences."""
    return Preferences(**{name: getattr(subscriber, name) for name in FIELDS})


def apply(subscriber: Subscriber, preferences: Preferences) -> None:
    """Give a reader these preferences, all of them."""
    for name in FIELDS:
        setattr(subscriber, name, getattr(preferences, name))


def weekdays_of(cadence: Cadence, weekdays: str) -> frozenset[int]:
    """The weekdays a digest is due on, Monday 0 to Sunday 6; `weekdays` in canonical form."""
    if cadence == Cadence.DAILY:
        return frozenset(range(7))
    if cadence == Cadence.WEEKDAYS:
        return frozenset(range(5))
    chosen = frozenset(WEEKDAYS.index(day) for day in weekdays.split(",") if day)
    return chosen or frozenset({0})


def parse_cadence(text: str, weekdays: str = "") -> tuple[Cadence, str]:
    """Cadence and canonical weekdays, from a cadence's name or the days themselves.

    `weekdays` are the days of "chosen", or the one day of "weekly" and "monthly" (Monday when empty).
    """
    word, days = text.strip().lower(), parse_weekdays(weekdays)
    if word in set(Cadence):
        return _fitting(Cadence(word), days)
    if not word:
        return _fitting(Cadence.CHOSEN if days else Cadence.DAILY, days)
    try:
        named = parse_weekdays(word)
    except InvalidPreference as error:
        cure = "give daily, weekdays, weekly, monthly, or days as mon,wed,fri"
        raise InvalidPreference("cadence", text, cure) from error
    if days and days != named:
        raise InvalidPreference("weekdays", weekdays, f"the cadence says {named}: leave one of the two empty")
    return Cadence.CHOSEN, named


def _fitting(cadence: Cadence, days: str) -> tuple[Cadence, str]:
    if days and cadence in {Cadence.DAILY, Cadence.WEEKDAYS}:
        raise InvalidPreference("weekdays", days, f"leave it empty for {cadence}, or set the cadence to chosen")
    if not days and cadence == Cadence.CHOSEN:
        raise InvalidPreference("weekdays", days, "chosen needs at least one day: give days as mon,wed,fri")
    if "," in days and cadence in ONE_DAY:
        raise InvalidPreference("weekdays", days, f"{cadence} has one day: keep one, or set the cadence to chosen")
    return cadence, days


def parse_weekdays(text: str) -> str:
    """Days in any order, case and length from three letters on, as "mon,wed"; "" for none."""
    days = {_weekday(word, text) for word in re.split(r"[,;\s]+", text.strip().lower()) if word}
    return ",".join(WEEKDAYS[day] for day in sorted(days))


def _weekday(word: str, text: str) -> int:
    for number, full in enumerate(_FULL_WEEKDAYS):
        if len(word) >= _SHORTEST_WEEKDAY and full.startswith(word):
            return number
    raise InvalidPreference("weekdays", text, f"{word!r} is no day: give days as mon,wed,fri")


def parse_hour(text: str) -> int:
    """A whole local hour, 0 to 23, from "7", "07" or "07:00"."""
    found = _HOUR.fullmatch(text.strip())
    if not found or int(found[1]) > LAST_HOUR:
        raise InvalidPreference("hour", text, f"give a whole hour from 0 to {LAST_HOUR}, such as 7 or 07:00")
    return int(found[1])


def parse_timezone(text: str) -> str:
    """The name of a zone in the IANA database as it is spelled there, whatever the case given."""
    zone = _zones().get(text.strip().lower())
    if zone is None:
        raise InvalidPreference("timezone", text, f"give a name such as {_near_zones(text.strip())}")
    return zone


@cache
def _zones() -> dict[str, str]:
    return {name.lower(): name for name in sorted(available_timezones())}


@lru_cache(maxsize=1024)
def _near_zones(text: str) -> str:
    # People know their city better than its region: "berlin" is to find Europe/Berlin.
    cities = {name.rpartition("/")[2]: name for name in _zones()}
    wanted = re.sub(r"\s+", "_", text.lower())[:64]
    near = [cities[city] for city in get_close_matches(wanted.rpartition("/")[2], cities, cutoff=0.7)]
    near += get_close_matches(wanted, _zones(), n=2)
    return " or ".join(dict.fromkeys(_zones()[name] for name in near)) or "Europe/Berlin or UTC"


def parse_size(text: str) -> int:
    """Papers a digest, 1 to 50."""
    if not _SIZE.fullmatch(text.strip()) or not 1 <= int(text) <= MOST_PAPERS:
        raise InvalidPreference("size", text, f"give a whole number of papers from 1 to {MOST_PAPERS}")
    return int(text)


def parse_label(field: str, text: str) -> str:
    """One line of free text, as a name or a topic: NFC, single blanks, 1 to 200 characters.

    No semicolon, which parts the lists of our CSV, and nothing that could break a header line.
    """
    label = unicodedata.normalize("NFC", text.strip())
    if not label.isprintable() and any(unicodedata.category(letter) in _UNWANTED for letter in label):
        raise InvalidPreference(
            field, text, "it holds a line break, a control character or bytes that are not UTF-8"
        )
    if ";" in label or not 0 < len(label) <= LONGEST_LABEL:
        raise InvalidPreference(field, text, f"give 1 to {LONGEST_LABEL} characters without a semicolon")
    return " ".join(label.split())


def parse_weight(field: str, text: str) -> float:
    """A weight above 0 and at most 10."""
    weight = float(text) if _NUMBER.fullmatch(text.strip()) else 0.0
    if not (isfinite(weight) and 0 < weight <= HEAVIEST):
        cure = f"give a weight above 0 and up to {HEAVIEST:g}, as in name=1.5; a name that holds = needs one too"
        raise InvalidPreference(field, text, cure)
    return weight


def parse_follow(kind: FollowKind, text: str) -> Choice:
    """What "name" or "name=1.5" follows."""
    name, equals, weight = text.rpartition("=")
    if not equals:
        return Choice(kind, parse_label(kind, text))
    return Choice(kind, parse_label(kind, name), parse_weight(kind, weight))


def parse_mute(text: str) -> Choice:
    """What "kind:name" mutes, with a negative weight; without a kind it is a topic."""
    word, colon, rest = text.strip().partition(":")
    known = colon and word.lower() in set(FollowKind)
    kind, value, weight = (
        parse_follow(FollowKind(word.lower()), rest) if known else parse_follow(FollowKind.TOPIC, text)
    )
    return Choice(kind, value, -weight)


def combine(choices: Iterable[Choice]) -> tuple[Choice, ...]:
    """The first of any repeated choices, at most 100; InvalidPreference when one is followed and muted."""
    found: dict[tuple[FollowKind, str], Choice] = {}
    for choice in choices:
        first = found.setdefault((choice.kind, choice.value.casefold()), choice)
        if (first.weight < 0) != (choice.weight < 0):
            raise InvalidPreference(choice.kind, choice.value, "it is both followed and muted: keep one")
    if len(found) > MOST_FOLLOWS:
        raise InvalidPreference("follows", len(found), f"one reader can have {MOST_FOLLOWS}: keep the best")
    return tuple(found.values())


def followed(subscriber: Subscriber, kind: FollowKind) -> list[Follow]:
    """What a reader follows of one kind, oldest first."""
    return [follow for follow in subscriber.follows if follow.kind == kind and follow.weight > 0]


def muted(subscriber: Subscriber) -> list[Follow]:
    """What a reader mutes of every kind, oldest first."""
    return [follow for follow in subscriber.follows if follow.weight < 0]


def parse_paused_until(text: str, timezone: str) -> datetime | None:
    """An instant in UTC from an ISO 8601 date or time, in `timezone` unless it says its own; None for ""."""
    if not text.strip():
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        until = (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        cure = "give a day or a time in ISO 8601, such as 2027-01-31 or 2027-01-31T07:00+01:00"
        raise InvalidPreference("paused_until", text, cure) from error
    if until.year > LAST_YEAR:
        raise InvalidPreference("paused_until", text, f"give a day up to the year {LAST_YEAR}")
    return until


_READERS: dict[str, Callable[[str], object]] = {
    "name": lambda text: parse_label("name", text),
    "hour": parse_hour,
    "timezone": parse_timezone,
    "size": parse_size,
}
FIELDS = (*_READERS, "cadence", "weekdays")
