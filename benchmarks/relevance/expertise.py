"""The set `expertise`: papers that researchers have read, in the order of how expert they are.

Archive: all papers of the set but the rated ones; a profile holds a researcher's own papers; the rated papers of
all are the candidates, those that a person rated are compared. The loss is that of arXiv 2303.16750.
"""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.relevance.library import Floats, Library, Paper, Report, Task, lines, missing
from benchmarks.relevance.measures import Measure
from benchmarks.relevance.metrics import pair_loss

MOST_RATINGS = 10


@dataclass(frozen=True)
class Researcher:
    """One person: own papers as rows of the library, and ratings (1 to 5) of candidates by their positions."""

    number: int
    own: tuple[int, ...]
    rated: dict[int, float]


@dataclass(frozen=True)
class Expertise:
    library: Library
    people: tuple[Researcher, ...]


def load(data: Path, report: Report) -> Expertise | None:
    """Read the set; None, and a word about it, when a file is not there."""
    folder = data / "expertise"
    files = [folder / name for name in ("papers.jsonl.gz", "profiles.json", "evaluations.tsv")]
    if missing(report, "expertise", *files):
        return None
    papers = {row["id"]: row for row in lines(files[0])}
    own = json.loads(files[1].read_text(encoding="utf-8"))
    with files[2].open(encoding="utf-8", newline="") as rows:
        ratings = {row["ParticipantID"]: _ratings(row) for row in csv.DictReader(rows, delimiter="\t")}
    rated = dict.fromkeys(paper for each in ratings.values() for paper in each if paper in papers)
    archive = sorted((key for key in papers if key not in rated), key=lambda key: (papers[key]["year"] or 0, key))
    place = {key: number for number, key in enumerate([*archive, *rated])}
    people = [
        Researcher(
            number,
            tuple(place[key] for key in own.get(person, ()) if key in papers and key not in rated),
            {place[key] - len(archive): value for key, value in ratings[person].items() if key in rated},
        )
        for number, person in enumerate(sorted(ratings))
    ]
    library = Library(tuple(_paper(papers[key]) for key in place), len(archive))
    return Expertise(library, tuple(each for each in people if each.own and each.rated))


def _ratings(row: dict[str, str]) -> dict[str, float]:
    """Paper to rating; cells are empty, or say None, where fewer papers were rated."""
    pairs = [(row[f"Paper{number}"], row[f"Expertise{number}"]) for number in range(1, MOST_RATINGS + 1)]
    return {paper: float(value) for paper, value in pairs if paper not in NOTHING and value not in NOTHING}


NOTHING = frozenset({"", "None", None})


def _paper(row: dict[str, object]) -> Paper:
    return Paper(str(row["title"] or ""), str(row.get("abstract") or ""))


def tasks(found: Expertise) -> list[Task]:
    return [Task(each.own, seed=each.number) for each in found.people]


def losses(found: Expertise, method: str, scores: Floats) -> Measure:
    """The loss over all people: what is lost in all their pairs, as a share of what could be."""
    pairs = [_loss(person, row) for person, row in zip(found.people, scores, strict=True)]
    lost, most = np.array(pairs).T
    return Measure("expertise", None, method, "loss", lost / np.where(most > 0, most, 1), most)


def _loss(person: Researcher, scores: Sequence[float] | Floats) -> tuple[float, float]:
    return pair_loss([scores[paper] for paper in person.rated], list(person.rated.values()))
