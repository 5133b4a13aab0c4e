"""What methods are asked: papers, the older of which may be learned from, and readers as they judged and said."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from subscribers.topics import Topic

Text = tuple[str, str]  # title, abstract
Floats = NDArray[np.float64]
Report = Callable[[str], None]


@dataclass(frozen=True)
class Paper:
    """A paper as a newsletter knows it before anyone has judged it; `tags` are what its readers call it."""

    title: str
    abstract: str
    authors: tuple[str, ...] = ()
    posted: str = ""
    tags: tuple[str, ...] = ()

    @property
    def text(self) -> Text:
        return self.title, self.abstract


@dataclass(frozen=True)
class Library:
    """Papers, oldest first: the first `known` are the archive that models are fitted on, the others are ranked.

    `saves` counts how many other readers saved each candidate: what a list that is the same for all goes by.
    """

    papers: tuple[Paper, ...]
    known: int
    saves: Floats | None = None

    @property
    def candidates(self) -> int:
        return len(self.papers) - self.known

    @cached_property
    def texts(self) -> tuple[Text, ...]:
        return tuple(paper.text for paper in self.papers)


@dataclass(frozen=True)
class Task:
    """One reader's profile. `liked` and `disliked` are rows of the library's papers; `seed` settles chance.

    A topic in the reader's own words has its name as its only word.
    """

    liked: tuple[int, ...] = ()
    disliked: tuple[int, ...] = ()
    topics: tuple[Topic, ...] = ()
    seed: int = 0


@dataclass(frozen=True)
class Trial:
    """A task with the right answer. `relevant` and `among` are positions among the candidates.

    Only the papers in `among` are ranked, all when it is None; what is said of one `reader` is averaged.
    """

    task: Task
    reader: int
    relevant: tuple[int, ...]
    among: tuple[int, ...] | None = None


def lines(file: Path) -> Iterator[dict[str, Any]]:
    """The objects of a gzipped file of JSON lines."""
    with gzip.open(file, "rt", encoding="utf-8") as rows:
        yield from map(json.loads, rows)


def missing(report: Report, name: str, *files: Path) -> bool:
    """Whether one of these is not there; says so, with what is left out."""
    absent = [file for file in files if not file.exists()]
    if absent:
        report(f"{name}: left out, there is no {absent[0]}")
    return bool(absent)


def interest(words: str) -> Topic:
    """A topic in the reader's own words."""
    return Topic(words, (words,))
