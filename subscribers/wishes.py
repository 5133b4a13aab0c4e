"""What somebody wants, as JSON that waits in a confirmation until the owner of the mailbox agrees."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from subscribers import people
from subscribers import preferences as preference
from subscribers.errors import InvalidPreference
from subscribers.models import FollowKind, Subscriber
from subscribers.paper_keys import KINDS, LONGEST_KEY
from subscribers.pasted import LONGEST_ABSTRACT, Named, clean
from subscribers.preferences import HEAVIEST, MOST_FOLLOWS, Choice, Preferences

# Each is taken or left out as one: the days mean nothing without their cadence.
_TOGETHER = (("name",), ("cadence", "weekdays"), ("hour",), ("timezone",), ("size",))


def to_json(preferences: Preferences, choices: Iterable[Choice], named: Iterable[Named] = ()) -> dict[str, Any]:
    """{"preferences": {name: value}, "follows": [[kind, value, weight]], "examples": [[key, title, abstract]]}.

    `from_json` gives the first two back, `examples_in` the third.
    """
    return {
        "preferences": asdict(preferences),
        "follows": [list(choice) for choice in choices],
        "examples": [list(each) for each in named],
    }


def of(subscriber: Subscriber) -> dict[str, Any]:
    """What a reader has already, as wishes."""
    return to_json(preference.of(subscriber), people.choices_of(subscriber))


def from_json(
    wishes: Mapping[str, Any], start: Preferences, choices: Sequence[Choice]
) -> tuple[Preferences, tuple[Choice, ...]]:
    """The wishes, with `start` and `choices` in place of what they do not say.

    Another version may have written them: what this one cannot use is left out, never an error.
    """
    wanted, follows = wishes.get("preferences"), wishes.get("follows")
    preferences = _preferences(wanted, start) if isinstance(wanted, dict) else start
    return preferences, _unlike(_choices(follows)) if isinstance(follows, list) else tuple(choices)


def examples_in(wishes: Mapping[str, Any]) -> tuple[Named, ...]:
    """The papers that were named as examples; as in `from_json`, what cannot be used is left out."""
    listed = wishes.get("examples")
    return tuple(_examples(listed)) if isinstance(listed, list) else ()


def apply(subscriber: Subscriber, wishes: Mapping[str, Any]) -> None:
    """Give a reader the preferences and follows they wished for; what the wishes do not say stays."""
    preferences, choices = from_json(wishes, preference.of(subscriber), people.choices_of(subscriber))
    people.choose(subscriber, preferences, choices)


def _preferences(wanted: Mapping[str, Any], start: Preferences) -> Preferences:
    found = start
    for names in _TOGETHER:
        fields = {name: str(wanted[name]) for name in names if name in wanted}
        with suppress(InvalidPreference):
            found = preference.parse(fields, found)
    return found


def _examples(listed: Iterable[Any]) -> Iterator[Named]:
    for item in listed:
        with suppress(TypeError, ValueError):
            key, title, abstract = map(str, item)
            if key.startswith(KINDS) and len(key) <= LONGEST_KEY:
                yield Named(key, clean(title), clean(abstract, LONGEST_ABSTRACT))


def _choices(follows: Iterable[Any]) -> Iterator[Choice]:
    for item in follows:
        with suppress(TypeError, ValueError, InvalidPreference):
            kind, value, weight = item
            yield _choice(FollowKind(kind), str(value), float(weight))


def _choice(kind: FollowKind, value: str, weight: float) -> Choice:
    if not 0 < abs(weight) <= HEAVIEST:
        raise InvalidPreference("weight", weight, f"a weight is above 0 and up to {HEAVIEST:g}")
    return Choice(kind, preference.parse_label(kind, value), weight)


def _unlike(choices: Iterable[Choice]) -> tuple[Choice, ...]:
    found: dict[tuple[FollowKind, str], Choice] = {}
    for choice in choices:
        found.setdefault((choice.kind, choice.value.casefold()), choice)
    return tuple(found.values())[:MOST_FOLLOWS]
