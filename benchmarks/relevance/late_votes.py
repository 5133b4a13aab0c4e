"""How well early signals foretell late upvotes: nDCG@10 of a list day with its late upvotes as the gain."""

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.relevance.measures import Measure
from benchmarks.relevance.rows import Row
from newsletter.ranking import archive, prior, trend

Floats = NDArray[np.float64]

SET, METRIC, DEPTH = "late-upvotes", "ndcg@10", 10
LATEST_HOURS = 48  # a list captured later than this after its day began shows no early votes
LEAST_PAPERS = 8
FIRST_DAYS = 30  # list days that only teach the prior
REFIT_DAYS = 25


@dataclass(frozen=True)
class Listed:
    """A paper of a list day: its text, what is known of it, and its figures early and late."""

    text: tuple[str, str]
    about: prior.About
    hours: float
    upvotes: float
    comments: float
    late: float


Days = Mapping[str, Sequence[Listed]]


def rows(data: Path, report: Callable[[str], None]) -> list[Row]:
    """The figures of this set as rows."""
    return [each.row() for each in found(data, report)]


def found(data: Path, report: Callable[[str], None]) -> list[Measure]:
    """The figures of this set, day by day; none, and a word to `report`, where its files are not there.

    `data` is the folder that holds `huggingface`, or one beside it. Days teach the prior in the order of time by
    their early votes alone, and the days that are reported come after FIRST_DAYS. Two of trend's numbers were set
    with these days in sight, COMMENT_WORTH and BELIEVED: a ratio to early upvotes is that much too kind.
    """
    folder = next((each / "huggingface" for each in (data, data.parent) if (each / "huggingface").is_dir()), None)
    if folder is None:
        report(f"{SET}: left out, {data.parent} holds no huggingface")
        return []
    return measures(read(folder))


def read(folder: Path) -> Days:
    """List days with enough papers, captured in time, in order."""
    listed: dict[str, list[Listed]] = defaultdict(list)
    texts: dict[str, dict[str, dict[str, object]]] = {}
    with (folder / "early_vs_late_upvotes.csv").open(encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            day = line["list_day"]
            begun = datetime.fromisoformat(day).replace(tzinfo=UTC)
            hours = (datetime.fromisoformat(line["early_captured_at_utc"]) - begun).total_seconds() / 3600
            if hours <= LATEST_HOURS:
                if day not in texts:
                    texts[day] = _papers(folder / "daily" / f"{day}.json.gz")
                listed[day].append(_listed(line, texts[day][line["id"]], begun, hours))
    return {day: listed[day] for day in sorted(listed) if len(listed[day]) >= LEAST_PAPERS}


def _papers(file: Path) -> dict[str, dict[str, object]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return {each["paper"]["id"]: each["paper"] for each in json.load(lines)}


def _listed(line: Mapping[str, str], paper: Mapping[str, object], begun: datetime, hours: float) -> Listed:
    authors = paper["authors"]
    names = [each["name"] for each in authors] if isinstance(authors, list) else []
    return Listed(
        text=(str(paper["title"]), str(paper["summary"])),
        about=prior.about(names, (), begun),
        hours=hours,
        upvotes=float(line["early_upvotes"]),
        comments=float(line["early_comments"] or 0),
        late=float(line["late_upvotes"]),
    )


def measures(days: Days) -> list[Measure]:
    """nDCG@10 of each reported day, by each method."""
    guesses = guessed(days)
    gains = {day: np.array([each.late for each in days[day]]) for day in guesses}
    methods: Mapping[str, Callable[[str], Floats]] = {
        "early-upvotes": lambda day: np.array([each.upvotes for each in days[day]]),
        "early-comments": lambda day: np.array([each.comments for each in days[day]]),
        "prior": lambda day: guesses[day],
        "default": lambda day: ours(days[day], guesses[day]),
    }
    return [
        Measure(SET, 0, name, METRIC, np.array([ndcg(gains[day], scores(day)) for day in guesses]))
        for name, scores in methods.items()
    ]


def guessed(days: Days) -> dict[str, Floats]:
    """What a prior, learned from the lists before, makes of each reported day's papers."""
    names, guesses = list(days), {}
    for start in range(FIRST_DAYS, len(names), REFIT_DAYS):
        known = [each for day in names[:start] for each in days[day]]
        worth = np.concatenate([0.5 + trend.share_below(_votes(days[day])) / 2 for day in names[:start]])
        model = archive.fit([each.text for each in known])
        learned = prior.fit(model.encode([each.text for each in known]), [each.about for each in known], worth)
        for day in names[start : start + REFIT_DAYS]:
            told = [each.about for each in days[day]]
            chances = learned.predict(model.encode([each.text for each in days[day]]), told) if learned else None
            nothing = np.full(len(told), trend.UNKNOWN)
            guesses[day] = (
                nothing if chances is None else trend.expected(chances, np.zeros(len(told), dtype=np.int64))
            )
    return guesses


def _votes(listed: Sequence[Listed]) -> Floats:
    return np.array([each.upvotes for each in listed])


def ours(listed: Sequence[Listed], guess: Floats) -> Floats:
    """The trend of a list's papers, as the product reckons it from one capture and the prior."""
    series = np.arange(len(listed))
    age = np.array([each.hours for each in listed])
    comments = np.array([each.comments for each in listed])
    value = trend.engagement(_votes(listed), comments, np.full(len(listed), np.nan))
    lists = trend.lists(np.zeros_like(series), np.zeros_like(series))
    seen = trend.momentum(series, np.zeros(len(listed)), value, age, lists)
    return trend.trend(seen.heat, trend.freshness(age), guess, seen.trust)


def ndcg(gains: Floats, scores: Floats) -> float:
    """Equal scores share the discounts of their places: no order of the file decides."""
    discount = np.zeros(len(gains))
    depth = min(DEPTH, len(gains))
    discount[:depth] = 1 / np.log2(np.arange(2, depth + 2))
    _, place, size = np.unique(-np.round(scores, 9), return_inverse=True, return_counts=True)
    ends = np.concatenate([[0.0], np.cumsum(discount)])[np.concatenate([[0], np.cumsum(size)])]
    shared = (np.diff(ends) / size)[place.reshape(-1)]
    return float(gains @ shared / (np.sort(gains)[::-1] @ discount))
