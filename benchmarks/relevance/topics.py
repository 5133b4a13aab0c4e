"""The sets `topics` and `topics+likes`: new papers for readers who say what they are interested in.

A reader's topics are the five tags that most of their liked papers have, blanks for their dashes. Only tags that
three papers of the archive have are taken; of equally used ones, those that fewer papers have come first, for
they say more. All likes choose the topics, for an interest is known to its reader; the profile itself holds no
likes (k = 0) or k of them.
"""

import re
from collections import Counter

from benchmarks.relevance.cold_start import ColdStart, Reader, draws
from benchmarks.relevance.library import Library, Task, Trial, interest

LIKES = (1, 3)
TOPICS = 5
LEAST_PAPERS = 3


def of_each(found: ColdStart) -> dict[int, tuple[str, ...]]:
    """The topics of each reader who has any, by the reader's number."""
    common = usual(found.library)
    named = {reader.number: stated(reader, found.library, common) for reader in found.readers}
    return {number: topics for number, topics in named.items() if topics}


def usual(library: Library) -> Counter[str]:
    """How many papers of the archive have each tag, of those that enough have."""
    counted = Counter(tag for paper in library.papers[: library.known] for tag in _tags(paper.tags))
    return Counter({tag: papers for tag, papers in counted.items() if papers >= LEAST_PAPERS})


def stated(reader: Reader, library: Library, common: Counter[str]) -> tuple[str, ...]:
    """What the reader would say: the tags that most of the liked papers have, the rarer first among equals."""
    used = Counter(tag for row in reader.liked for tag in _tags(library.papers[row].tags) if tag in common)
    return tuple(sorted(used, key=lambda tag: (-used[tag], common[tag], tag))[:TOPICS])


def _tags(tags: tuple[str, ...]) -> set[str]:
    return {words for tag in tags if (words := re.sub(r"[-_\s]+", " ", tag).strip())}


def trials(found: ColdStart, k: int = 0) -> list[Trial]:
    """Each reader's topics, with k likes."""
    named = of_each(found)
    profiles = draws(found.readers, k, 1 if k == 0 else 2)
    return [
        Trial(
            Task(task.liked, topics=tuple(map(interest, named[reader.number])), seed=task.seed),
            reader.number,
            reader.new_liked,
        )
        for reader, task in profiles
        if reader.number in named
    ]
