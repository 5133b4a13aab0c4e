"""The catalogue of topics: their names, the words and categories that tell of them, and which holds which."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from subscribers.errors import InvalidPreference
from subscribers.preferences import parse_label


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: words and phrases that tell of it, categories that hint at it, its parent's name or ""."""

    name: str
    words: tuple[str, ...]
    categories: tuple[str, ...] = ()
    parent: str = ""


class Catalogue:
    """All topics, checked: InvalidPreference names one with a repeated name, no words, or a wrong parent.

    Names are compared without case. A reader may follow a name that is not here: it is its own single word.
    """

    def __init__(self, topics: Iterable[Topic]) -> None:
        """Keep the order given."""
        self._topics: dict[str, Topic] = {}
        self._children: dict[str, list[Topic]] = {}
        for topic in topics:
            self._enter(topic)
        for topic in self._topics.values():
            self._check_parents(topic)
            self._children.setdefault(_key(topic.parent), []).append(topic)

    @property
    def topics(self) -> tuple[Topic, ...]:
        return tuple(self._topics.values())

    def find(self, text: str) -> Topic | None:
        """The topic of exactly this name, whatever the case and the blanks around it."""
        return self._topics.get(_key(text))

    def suggest(self, text: str, most: int = 3) -> list[str]:
        """Names that resemble `text`, best first; empty when none does."""
        return [self._topics[key].name for key in get_close_matches(_key(text), self._topics, n=most)]

    def children(self, name: str) -> tuple[Topic, ...]:
        """The topics directly below `name`; with "", those at the top."""
        return tuple(self._children.get(_key(name), ()))

    def family(self, topic: Topic, depth: int = 0) -> Iterator[tuple[Topic, int]]:
        """The topic itself at depth 0, and all that stand below it: whoever follows it follows them."""
        yield topic, depth
        for child in self.children(topic.name):
            yield from self.family(child, depth + 1)

    def _enter(self, topic: Topic) -> None:
        parse_label("topic", topic.name)
        if not topic.words or not all(word.strip() for word in topic.words):
            raise InvalidPreference(
                "topic", topic.name, "it has no words, or an empty one: give words that tell of it"
            )
        if _key(topic.name) in self._topics:
            raise InvalidPreference("topic", topic.name, "another topic has this name: rename one of them")
        self._topics[_key(topic.name)] = topic

    def _check_parents(self, topic: Topic) -> None:
        above, passed = topic, {_key(topic.name)}
        while above.parent:
            parent = self.find(above.parent)
            if parent is None:
                near = "".join(f", perhaps {name!r}" for name in self.suggest(above.parent, most=1))
                raise InvalidPreference(
                    "topic", above.name, f"its parent {above.parent!r} is not a topic: name one{near}"
                )
            if _key(parent.name) in passed:
                raise InvalidPreference("topic", topic.name, "its parents lead back to it: take one parent away")
            passed.add(_key(parent.name))
            above = parent


def _key(text: str) -> str:
    return " ".join(text.split()).casefold()
