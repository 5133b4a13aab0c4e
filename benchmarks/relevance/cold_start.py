"""The set `cold-start`: new papers that nobody has saved yet, ranked for readers by k papers they saved before."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.relevance.library import Library, Paper, Report, Task, Trial, lines, missing

LIKES = (1, 3, 5, 10)
DRAWS = 2
SEED = 5
TUNING = 4  # every fourth reader is for choosing parameters, and never reported


@dataclass(frozen=True)
class Reader:
    """One reader's saves among the archive and, later, among the candidates (as positions among these)."""

    number: int
    liked: tuple[int, ...]
    new_liked: tuple[int, ...]


@dataclass(frozen=True)
class ColdStart:
    """The papers, the readers that are measured, and the others."""

    library: Library
    readers: tuple[Reader, ...]
    others: tuple[Reader, ...]


def load(data: Path, report: Report, *, tuning: bool = False) -> ColdStart | None:
    """Read the set as the folder has it; None, and a word about it, when a file is not there.

    With `tuning`, the readers of the part that is for choosing parameters are measured instead of the others.
    """
    folder = data / "cold-start"
    files = [folder / name for name in ("papers.jsonl.gz", "users.jsonl.gz", "split.json")]
    if missing(report, "cold-start", *files):
        return None
    split = json.loads(files[2].read_text(encoding="utf-8"))
    rows = sorted(lines(files[0]), key=lambda row: int(row["id"]))
    archive = [row for row in rows if _within(row["id"], split["profile_ids"])]
    candidates = [row for row in rows if _within(row["id"], split["candidate_ids"])]
    place = {row["id"]: number for number, row in enumerate([*archive, *candidates])}
    readers = [_reader(row, place, len(archive)) for row in lines(files[1])]
    measured = tuple(each for each in readers if (each.number % TUNING == 0) == tuning)
    others = tuple(each for each in readers if (each.number % TUNING == 0) != tuning)
    saves = np.zeros(len(candidates))
    for each in others:
        saves[list(each.new_liked)] += 1
    papers = tuple(_paper(row) for row in (*archive, *candidates))
    return ColdStart(Library(papers, len(archive), saves), measured, others)


def _within(number: int, ends: list[int]) -> bool:
    return ends[0] <= number <= ends[-1]


def _paper(row: dict[str, object]) -> Paper:
    names = {name: tuple(map(str, row.get(name) or ())) for name in ("authors", "tags")}  # type: ignore[call-overload]
    return Paper(str(row["title"]), str(row.get("abstract") or ""), posted=str(row.get("posted", "")), **names)


def _reader(row: dict[str, object], place: dict[int, int], known: int) -> Reader:
    rows = {name: [place[each] for each in row[name] if each in place] for name in ("liked", "new_liked")}  # type: ignore[attr-defined]
    liked = tuple(each for each in rows["liked"] if each < known)
    return Reader(int(row["user"]), liked, tuple(each - known for each in rows["new_liked"] if each >= known))  # type: ignore[call-overload]


def draws(readers: tuple[Reader, ...], k: int, number: int = DRAWS) -> Iterator[tuple[Reader, Task]]:
    """Profiles of k random likes for each reader who has so many and saved a candidate; the same in every run."""
    for reader in readers:
        if len(reader.liked) < k or not reader.new_liked:
            continue
        for draw in range(number):
            generator = np.random.default_rng([SEED, reader.number, draw])
            liked = generator.permutation(reader.liked)[:k]
            yield reader, Task(tuple(map(int, liked)), seed=reader.number * number + draw)


def trials(found: ColdStart, k: int) -> list[Trial]:
    """What is asked at k likes."""
    return [Trial(task, reader.number, reader.new_liked) for reader, task in draws(found.readers, k)]
