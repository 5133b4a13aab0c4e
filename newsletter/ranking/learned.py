"""What a reader's thumbs and examples amount to, grouped by what the papers are about, in people's words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from newsletter.ranking import subjects
from newsletter.ranking.interests import from_topic
from newsletter.ranking.profile import Opinion
from subscribers.topics import Catalogue

BROAD = 0.5  # a topic that holds others: "Language models" fits half of all papers, and says little of one


class Kind(StrEnum):
    """What the reader did with the papers of a group."""

    LIKED = "liked"
    NAMED = "named"
    DISLIKED = "disliked"


@dataclass(frozen=True)
class Group:
    """Papers judged alike about one subject: (key, title) each, the newest opinion first.

    `words` name the subject; "" where the papers have none in common.
    """

    kind: Kind
    words: str
    papers: tuple[tuple[str, str], ...]


def groups(opinions: Sequence[Opinion], catalogue: Catalogue) -> list[Group]:
    """All of the reader's opinions, each in exactly one group: liked, named, turned down, large groups first."""
    newest = sorted(opinions, key=lambda each: (each.age_days, each.key))
    return [
        Group(kind, words, tuple((each.key, each.text[0]) for each in found))
        for kind in Kind
        for words, found in _grouped([each for each in newest if _kind(each) is kind], catalogue)
    ]


def _kind(opinion: Opinion) -> Kind:
    if opinion.example:
        return Kind.NAMED
    return Kind.LIKED if opinion.thumb > 0 else Kind.DISLIKED


def _grouped(opinions: Sequence[Opinion], catalogue: Catalogue) -> list[tuple[str, list[Opinion]]]:
    """Those that a topic of the catalogue speaks for, those that share words of their own, and the others."""
    found = dict(_by_topic(opinions, catalogue))
    rest = _without(opinions, found)
    names = {name.casefold(): name for name in found}
    for words, papers in subjects.shared(_texts(rest)):
        found.setdefault(names.get(words.casefold(), words), []).extend(rest[each] for each in papers)
    other = _without(opinions, found)
    large_first = sorted(found.items(), key=lambda each: (-len(each[1]), each[0].casefold()))
    return [*large_first, ("", other)] if other else large_first


def _by_topic(opinions: Sequence[Opinion], catalogue: Catalogue) -> Iterator[tuple[str, list[Opinion]]]:
    topics = catalogue.topics
    evidence = subjects.evidence(_texts(opinions), [from_topic(topic, catalogue) for topic in topics])
    telling = np.array([BROAD if catalogue.children(topic.name) else 1.0 for topic in topics])
    for topic, papers in subjects.covered(evidence, telling):
        yield topics[topic].name, [opinions[each] for each in papers]


def _texts(opinions: Sequence[Opinion]) -> list[subjects.Text]:
    return [each.text for each in opinions]


def _without(opinions: Sequence[Opinion], found: Mapping[str, Sequence[Opinion]]) -> list[Opinion]:
    told = {each.key for papers in found.values() for each in papers}
    return [each for each in opinions if each.key not in told]
