"""Form fields to preferences and choices and back: every mistake at its own field, everything typed kept."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TypeVar
from zoneinfo import available_timezones

from newsletter.web.page import first
from subscribers import pasted
from subscribers import preferences as preference
from subscribers.errors import InvalidPreference
from subscribers.models import Cadence, FollowKind
from subscribers.pasted import Named
from subscribers.preferences import DEFAULTS, Choice, Preferences
from subscribers.topics import Catalogue

Fields = Mapping[str, Sequence[str]]
# The text field of each kind of follow; topics of the catalogue are checkboxes named "topic" besides.
LISTS = {
    "topics": FollowKind.TOPIC,
    "keywords": FollowKind.KEYWORD,
    "authors": FollowKind.AUTHOR,
    "categories": FollowKind.CATEGORY,
    "orgs": FollowKind.ORG,
}
MUTE = "mute"
WEIGHTS = (("0.5", "A little"), ("1", "Normal"), ("2", "More"), ("4", "A lot"), (MUTE, "Nothing of it"))
REGIONS = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)
DAYS = tuple(
    zip(
        preference.WEEKDAYS,
        ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        strict=True,
    )
)
SETTINGS = ("name", "hour", "timezone", "size")
PLACES = {"weekdays": "day", "follows": "topic"}  # fields that are called something else in the form
MOST_TOLD = 3  # mistakes of one field that are told at once
_BREAKS = re.compile(r"[\r\n;]+")

T = TypeVar("T")


@dataclass(frozen=True)
class Reading:
    """What the fields mean; `errors` says for each field that cannot be used what is wrong, in words."""

    preferences: Preferences
    choices: tuple[Choice, ...]
    examples: tuple[Named, ...]
    errors: Mapping[str, str]


@dataclass(frozen=True)
class Filled:
    """A form as a template shows it: what stands in each field, and what is wrong with it."""

    fields: Fields
    errors: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str:
        return first(self.fields, name)

    def has(self, name: str, value: str) -> bool:
        """Whether the checkbox or radio button of this value is on."""
        return value in self.fields.get(name, ())

    def followed(self) -> frozenset[str]:
        """The topics that are ticked."""
        return frozenset(self.fields.get("topic", ()))

    def follows(self, topic: str) -> bool:
        return topic in self.followed()

    def weight(self, topic: str) -> str:
        return first(self.fields, f"weight:{topic}") or "1"

    def weights(self, topic: str) -> tuple[tuple[str, str], ...]:
        """What a topic's weight can be; one that came from elsewhere is kept among them."""
        present = self.weight(topic)
        odd = () if any(present == value for value, _ in WEIGHTS) else ((present, f"{present} times"),)
        return (*WEIGHTS, *odd)

    def error(self, name: str) -> str:
        return self.errors.get(name, "")


def read(fields: Fields, catalogue: Catalogue, start: Preferences = DEFAULTS) -> Reading:
    """The meaning of a form; a setting that did not come keeps what `start` has, an unusable one too."""
    mistakes, wanted = _Mistakes(), start
    for name in SETTINGS:
        if name in fields:
            wanted = mistakes.or_else(wanted, name, partial(preference.parse, {name: first(fields, name)}, wanted))
    if "cadence" in fields:
        wanted = mistakes.or_else(wanted, "cadence", partial(_cadence, fields, wanted))
    found = tuple(_choices(fields, catalogue, mistakes))
    choices = mistakes.or_else(found[: preference.MOST_FOLLOWS], "mutes", partial(preference.combine, found))
    none: tuple[Named, ...] = ()
    examples = mistakes.or_else(none, "examples", partial(pasted.read, first(fields, "examples")))
    return Reading(wanted, choices, examples, mistakes.told())


def fields_of(wanted: Preferences, choices: Iterable[Choice], catalogue: Catalogue) -> dict[str, list[str]]:
    """The fields of a form that means this: the reverse of `read`."""
    kept = list(choices)
    days = wanted.weekdays.split(",") if wanted.weekdays else []
    fields = {
        "name": [wanted.name],
        "cadence": [str(wanted.cadence)],
        "day": days if wanted.cadence == Cadence.CHOSEN else [],
        "weekly_day": days[:1] if wanted.cadence == Cadence.WEEKLY else [],
        "monthly_day": days[:1] if wanted.cadence == Cadence.MONTHLY else [],
        "hour": [str(wanted.hour)],
        "timezone": [wanted.timezone],
        "size": [str(wanted.size)],
        "topic": [],
    }
    texts: dict[str, list[str]] = {name: [] for name in LISTS}
    for choice in (each for each in kept if each.weight > 0):
        topic = catalogue.find(choice.value) if choice.kind is FollowKind.TOPIC else None
        if topic:
            fields["topic"].append(topic.name)
            fields[f"weight:{topic.name}"] = [number(choice.weight)]
        else:
            name = next(name for name, kind in LISTS.items() if kind is choice.kind)
            texts[name].append(item(choice.value, choice.weight))
    mutes = [item(_kinded(choice), -choice.weight) for choice in kept if choice.weight < 0]
    return fields | {name: [joined(items)] for name, items in (*texts.items(), ("mutes", mutes))}


def parted(text: str) -> list[str]:
    """The items of a text field: one a line, or parted by semicolons, else by commas."""
    parts = _BREAKS.split(text) if _BREAKS.search(text) else text.split(",")
    return [part.strip() for part in parts if part.strip()]


def joined(items: Sequence[str]) -> str:
    """The text that `parted` parts into these items."""
    return f"{items[0]};" if len(items) == 1 and "," in items[0] else "\n".join(items)


def item(value: str, weight: float) -> str:
    """One follow as a line: "name", or "name=1.5" where the weight is not 1."""
    return value if weight == 1 and "=" not in value else f"{value}={number(weight)}"


def number(weight: float) -> str:
    """A weight without needless digits, exact: "1", "0.25"."""
    return repr(weight).removesuffix(".0")


@cache
def zones() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Time zones as a person looks for them: UTC, then region by region as (name, words)."""
    found: dict[str, list[tuple[str, str]]] = {"Universal": [("UTC", "UTC")]}
    for name in sorted(available_timezones()):
        region, slash, place = name.partition("/")
        if slash and region in REGIONS:
            found.setdefault(region, []).append((name, place.replace("_", " ").replace("/", " / ")))
    return tuple((region, tuple(places)) for region, places in found.items())


def zone_groups(chosen: str) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """The zones to choose from, with the one that stands already wherever it comes from."""
    known = any(chosen == name for _, places in zones() for name, _ in places)
    return zones() if known or not chosen else (("As it was", ((chosen, chosen),)), *zones())


class _Mistakes:
    """Collects what cannot be used, field by field."""

    def __init__(self) -> None:
        self._found: dict[str, list[str]] = {}

    def or_else(self, otherwise: T, name: str, reader: Callable[[], T]) -> T:
        """What the reader makes of it, or, with the mistake noted at the field, what there was before."""
        try:
            return reader()
        except InvalidPreference as error:
            place = PLACES.get(error.field, name)
            self._found.setdefault(place, []).append(words(error))
            return otherwise

    def told(self) -> dict[str, str]:
        return {name: " ".join(found[:MOST_TOLD]) for name, found in self._found.items()}


def words(error: InvalidPreference) -> str:
    """A mistake as it is told beside its field, which needs no name there."""
    said = str(error).partition(": ")[2] if error.value else error.cure
    return f"{said[:1].upper()}{said[1:]}."


def _cadence(fields: Fields, start: Preferences) -> Preferences:
    """Days count for the cadence they belong to alone: without a script all of them are there to be ticked."""
    chosen = first(fields, "cadence")
    days: dict[str, str] = {
        Cadence.CHOSEN: ",".join(fields.get("day", ())),
        Cadence.WEEKLY: first(fields, "weekly_day"),
        Cadence.MONTHLY: first(fields, "monthly_day"),
    }
    if chosen == Cadence.CHOSEN and not days[Cadence.CHOSEN]:
        raise InvalidPreference("weekdays", "", "tick at least one day")
    return preference.parse({"cadence": chosen, "weekdays": days.get(chosen, "")}, start)


def _choices(fields: Fields, catalogue: Catalogue, mistakes: _Mistakes) -> Iterator[Choice]:
    readers = [("topic", partial(_ticked, fields, name, catalogue)) for name in fields.get("topic", ())]
    for name, kind in LISTS.items():
        readers += [(name, partial(_typed, kind, text, catalogue)) for text in parted(first(fields, name))]
    readers += [("mutes", partial(preference.parse_mute, text)) for text in parted(first(fields, "mutes"))]
    for name, reader in readers:
        choice = mistakes.or_else(None, name, reader)
        if choice:
            yield choice


def _ticked(fields: Fields, name: str, catalogue: Catalogue) -> Choice:
    weight = first(fields, f"weight:{name}")
    topic = catalogue.find(name)
    label = topic.name if topic else preference.parse_label("topic", name)
    if weight == MUTE:
        return Choice(FollowKind.TOPIC, label, -1.0)
    return Choice(FollowKind.TOPIC, label, preference.parse_weight("topic", weight) if weight.strip() else 1.0)


def _typed(kind: FollowKind, text: str, catalogue: Catalogue) -> Choice:
    choice = preference.parse_follow(kind, text)
    topic = catalogue.find(choice.value) if kind is FollowKind.TOPIC else None
    return choice._replace(value=topic.name) if topic else choice


def _kinded(choice: Choice) -> str:
    """As `preferences.parse_mute` reads it; a topic goes without its kind where that leaves no doubt."""
    if choice.kind is FollowKind.TOPIC and ":" not in choice.value:
        return choice.value
    return f"{choice.kind}: {choice.value}"
