"""Which of arXiv's papers will be picked and upvoted: average precision from text, authors and date alone."""

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.relevance.measures import Measure
from benchmarks.relevance.rows import Row
from newsletter.ranking import archive, prior

Floats = NDArray[np.float64]

SET, METRIC = "selection", "ap"
POOL, LISTS = "arxiv/metadata_2025-10_2025-12.jsonl.gz", "huggingface/daily"
# What was tuned was tuned on papers of 17 to 30 November, learning from those before.
FIRST, END = date(2025, 12, 1), date(2025, 12, 25)  # later papers had less than a week to be picked
SETTLED = timedelta(days=7)  # a paper not picked within a week was passed over
CATEGORY_PAPERS = 20.0
DRAWS = 100  # random orders whose average precision is averaged


@dataclass(frozen=True)
class Paper:
    """One paper of the pool: its text, facts and day, and the list day on which it was picked and upvoted."""

    text: tuple[str, str]
    about: prior.About
    day: date
    picked: date | None


@dataclass(frozen=True)
class Pool:
    """arXiv's papers, and the upvoted papers of the lists that are not among them: they tell of their authors."""

    papers: Sequence[Paper]
    lists: Sequence[prior.About]


def rows(data: Path, report: Callable[[str], None]) -> list[Row]:
    """The figures of this set as rows."""
    return [each.row() for each in found(data, report)]


def found(data: Path, report: Callable[[str], None]) -> list[Measure]:
    """The figures of this set, day by day; none, and a word to `report`, where its files are not there.

    `data` is the folder that holds `arxiv` and `huggingface`, or one beside it.
    """
    places = (data, data.parent)
    folder = next((each for each in places if (each / POOL).is_file() and (each / LISTS).is_dir()), None)
    if folder is None:
        report(f"{SET}: left out, {data.parent} holds no {POOL} or no {LISTS}")
        return []
    return measures(read(folder), FIRST, END)


def read(folder: Path) -> Pool:
    """The pool and the lists. A paper counts as picked if it was on a list and had an upvote at the capture."""
    picked: dict[str, date] = {}
    listed: dict[str, prior.About] = {}
    for file in sorted((folder / LISTS).glob("*.json.gz")):
        day = date.fromisoformat(file.name[:10])
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            papers = [each["paper"] for each in json.load(lines)]
        for paper in papers:
            if paper["upvotes"]:
                picked.setdefault(paper["id"], day)
                names = [each["name"] for each in paper["authors"]]
                listed.setdefault(paper["id"], prior.about(names, (), _start(day)))
    with gzip.open(folder / POOL, "rt", encoding="utf-8") as lines:
        pooled = [json.loads(line) for line in lines]
    known = {each["id"] for each in pooled}
    return Pool([_paper(each, picked) for each in pooled], [listed[each] for each in listed if each not in known])


def _paper(line: Mapping[str, object], picked: Mapping[str, date]) -> Paper:
    day = date.fromisoformat(str(line["published"])[:10])
    authors = line["authors"]
    return Paper(
        text=(str(line["title"]), str(line["abstract"])),
        about=prior.about(authors if isinstance(authors, list) else [], [str(line["primary"])], _start(day)),
        day=day,
        picked=picked.get(str(line["id"])),
    )


def _start(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def measures(pool: Pool, first: date, end: date) -> list[Measure]:
    """The average precision of each day from `first` up to `end`, by method; days without a pick are left out.

    All methods know what was known when `first` began: papers before it, and which of those had been listed.
    """
    past = [each for each in pool.papers if each.day < first]
    tested = [each for each in pool.papers if first <= each.day < end]
    scores = {
        "random": np.zeros(len(tested)),
        "category": by_category(past, tested, first),
        "default": ours(pool, past, tested, first),
    }
    days = np.array([each.day.toordinal() for each in tested], dtype=np.int64)
    picked = np.array([each.picked is not None for each in tested], dtype=np.bool_)
    members = [days == day for day in np.unique(days[picked])]
    return [
        Measure(SET, 0, name, METRIC, np.array([average_precision(picked[of], score[of]) for of in members]))
        for name, score in scores.items()
    ]


def known_worth(past: Sequence[Paper], at: date) -> Floats:
    """1 for a paper that had been picked by then, 0 for one that had its week, NaN for one that still may be."""
    return np.array(
        [1.0 if each.picked and each.picked < at else 0.0 if each.day <= at - SETTLED else np.nan for each in past]
    )


def by_category(past: Sequence[Paper], tested: Sequence[Paper], at: date) -> Floats:
    """The share of each primary category's earlier papers that was picked, small categories held to the mean."""
    worth = known_worth(past, at)
    names = np.array([each.about.category for each in past])
    mean = np.nanmean(worth)
    rates = {
        str(name): (np.nansum(worth[of]) + CATEGORY_PAPERS * mean)
        / ((~np.isnan(worth[of])).sum() + CATEGORY_PAPERS)
        for name in np.unique(names)
        for of in [names == name]
    }
    return np.array([rates.get(each.about.category, mean) for each in tested])


def ours(pool: Pool, past: Sequence[Paper], tested: Sequence[Paper], at: date) -> Floats:
    """The product's prior, learned from the earlier papers of the pool and the earlier lists."""
    model = archive.fit([each.text for each in past])
    begun = _start(at).timestamp() / 86_400
    earlier = [(each, 1.0) for each in pool.lists if each.day < begun]
    told = [each.about for each in past]
    learned = prior.fit(model.encode([each.text for each in past]), told, known_worth(past, at), earlier)
    if learned is None:
        return np.zeros(len(tested))
    return learned.predict(model.encode([each.text for each in tested]), [each.about for each in tested])


def average_precision(picked: NDArray[np.bool_], scores: Floats) -> float:
    """The mean over DRAWS random orders of equal scores, the same for all methods."""
    precisions = []
    for draw in range(DRAWS):
        noise = np.random.default_rng(draw).random(len(scores))
        hits = np.flatnonzero(picked[np.lexsort((noise, -scores))]) + 1
        precisions.append((np.arange(1, len(hits) + 1) / hits).mean())
    return float(np.mean(precisions))
