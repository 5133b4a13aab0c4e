"""The catalogue of topics: their names, the words and categories that tell of them, and which holds which."""

from collections.abc import Iterable
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

    def words_of(self, name: str) -> tuple[str, ...]:
        """The words that tell of `name` or a topic below it, once each; a free-text topic is its own word."""
        topic = self.find(name)
        return _each_once(word for part in self._family(topic) for word in part.words) if topic else (name,)

    def categories_of(self, name: str) -> tuple[str, ...]:
        """The categories that hint at `name` or a topic below it, once each; none for a free-text topic."""
        topic = self.find(name)
        return _each_once(mark for part in self._family(topic) for mark in part.categories) if topic else ()

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

    def _family(self, topic: Topic) -> Iterable[Topic]:
        yield topic
        for child in self.children(topic.name):
            yield from self._family(child)


def _key(text: str) -> str:
    return " ".join(text.split()).casefold()


def _each_once(texts: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for text in texts:
        found.setdefault(_key(text), text)
    return tuple(found.values())
