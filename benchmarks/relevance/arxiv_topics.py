"""The set `arxiv-topics`: a topic of the catalogue finds the papers of its categories among all papers of one day.

Methods get the topic's name and words, and never a category. A paper is right when its primary category is one of
those that the catalogue gives the topic ("q-bio" holds "q-bio.GN"). Archive: the papers of the earlier days. The
last two fifths of the days are reported; the two fifths before them are for choosing parameters.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.relevance.library import Library, Paper, Report, Task, Trial, lines, missing
from newsletter.config import Config
from subscribers.topics import Topic

FILE = Path("arxiv") / "metadata_2025-10_2025-12.jsonl.gz"
SHARE = 0.4


@dataclass(frozen=True)
class Days:
    """The papers of the days that are measured come after the archive; `primary` is each candidate's category."""

    library: Library
    posted: tuple[str, ...]
    primary: tuple[str, ...]


def load(folder: Path, report: Report, *, tuning: bool = False) -> Days | None:
    """Read the set from the folder that holds `arxiv`; None, and a word about it, when it is not there."""
    if missing(report, "arxiv-topics", folder / FILE):
        return None
    rows = sorted(lines(folder / FILE), key=lambda row: (_day(row), str(row["id"])))
    days = sorted({_day(row) for row in rows})
    late, early = (days[-round(len(days) * share)] for share in (SHARE, 2 * SHARE))
    start, end = (early, late) if tuning else (late, "9999")
    archive = [row for row in rows if _day(row) < start]
    asked = [row for row in rows if start <= _day(row) < end]
    library = Library(tuple(map(_paper, (*archive, *asked))), len(archive))
    return Days(library, tuple(map(_day, asked)), tuple(str(row["primary"]) for row in asked))


def _day(row: dict[str, Any]) -> str:
    return str(row["published"])[:10]


def _paper(row: dict[str, Any]) -> Paper:
    return Paper(row["title"], row["abstract"], tuple(row["authors"]), _day(row))


def catalogue() -> tuple[Topic, ...]:
    """The shipped topics that have categories."""
    return tuple(topic for topic in Config().catalogue().topics if topic.categories)


def trials(found: Days, topics: tuple[Topic, ...]) -> list[Trial]:
    """Each topic on each day on which it has a paper, the topic standing for the reader."""
    return [trial for number, topic in enumerate(topics) for trial in _of_topic(found, number, topic)]


def _of_topic(found: Days, number: int, topic: Topic) -> Iterator[Trial]:
    words = Topic(topic.name, (topic.name, *topic.words))
    for day in sorted(set(found.posted)):
        among = tuple(place for place, posted in enumerate(found.posted) if posted == day)
        right = tuple(place for place in among if _fits(found.primary[place], topic.categories))
        if right:
            yield Trial(Task(topics=(words,), seed=number), number, right, among)


def _fits(primary: str, categories: tuple[str, ...]) -> bool:
    return any(primary == each or primary.startswith(f"{each}.") for each in categories)
