"""One run over all sets that are there: what is measured, in the order in which it is reported."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from benchmarks.relevance import arxiv_topics, cold_start, dislikes, expertise, scale, topics
from benchmarks.relevance.embedding import Vectors
from benchmarks.relevance.features import Features
from benchmarks.relevance.library import Library, Report
from benchmarks.relevance.measures import Measure
from benchmarks.relevance.methods import BY_BOTH, BY_DISLIKES, BY_LIKES, BY_TOPICS, answered, asked, measured
from benchmarks.relevance.metrics import METRICS, PAIR_METRICS, PRECISION
from benchmarks.relevance.rows import Row


@dataclass(frozen=True)
class Run:
    """Where the data lies, and what is asked; with `tuning`, of the readers that are never reported."""

    data: Path
    report: Report
    vectors: Vectors | None = None
    tuning: bool = False

    @cached_property
    def cold(self) -> tuple[cold_start.ColdStart, Features] | None:
        found = cold_start.load(self.data, self.report, tuning=self.tuning)
        return (found, self.features(found.library)) if found else None

    @cached_property
    def people(self) -> tuple[expertise.Expertise, Features] | None:
        found = expertise.load(self.data, self.report)
        return (found, self.features(found.library)) if found else None

    def features(self, library: Library) -> Features:
        return Features(library, self.vectors)


def cold(run: Run) -> list[Measure]:
    if not run.cold:
        return []
    found, features = run.cold
    asking = ((k, cold_start.trials(found, k)) for k in cold_start.LIKES)
    return [
        each
        for k, trials in asking
        for each in measured("cold-start", k, trials, features, BY_LIKES, METRICS, run.report)
    ]


def stated(run: Run) -> list[Measure]:
    if not run.cold:
        return []
    found, features = run.cold
    alone = measured("topics", 0, topics.trials(found), features, BY_TOPICS, METRICS, run.report)
    for k in topics.LIKES:
        trials = topics.trials(found, k)
        alone += measured("topics+likes", k, trials, features, BY_BOTH, METRICS, run.report)
    return alone


def disliked(run: Run) -> list[Measure]:
    measures: list[Measure] = []
    if run.cold:
        found, features = run.cold
        for k in dislikes.LIKES:
            trials = dislikes.trials(found, k)
            measures += measured("dislikes", k, trials, features, BY_DISLIKES, PAIR_METRICS, run.report)
    if run.people:
        people, features = run.people
        trials = dislikes.rated(people)
        measures += measured("dislikes-expertise", None, trials, features, BY_DISLIKES, PAIR_METRICS, run.report)
    return measures


def experts(run: Run) -> list[Measure]:
    if not run.people:
        return []
    found, features = run.people
    tasks = expertise.tasks(found)
    measures = []
    for name, ask in asked(BY_LIKES, features).items():
        measures.append(expertise.losses(found, name, answered(ask, features, tasks)))
        run.report(f"expertise {name}: {len(tasks)} people")
    return measures


def arxiv(run: Run) -> list[Measure]:
    found = arxiv_topics.load(run.data.parent, run.report, tuning=run.tuning)
    if not found:
        return []
    trials = arxiv_topics.trials(found, arxiv_topics.catalogue())
    features = run.features(found.library)
    methods = [
        name for name in BY_TOPICS if name not in {"popularity", "bm25-sum"}
    ]  # no saves, and one topic each
    return measured("arxiv-topics", 0, trials, features, methods, PRECISION, run.report)


def elsewhere(name: str) -> Callable[[Run], list[Row]]:
    """A set that has a module of its own, which makes its own rows (or measures)."""

    def rows(run: Run) -> list[Row]:
        place = f"benchmarks.relevance.{name}"
        if find_spec(place) is None:
            run.report(f"{name}: left out, there is no {place}")
            return []
        found: Iterable[Row] = import_module(place).rows(run.data.parent, run.report)
        return list(found)

    return rows


def scaled(run: Run) -> list[Row]:
    return scale.rows(run.report)


SETS: Mapping[str, Callable[[Run], list[Measure] | list[Row]]] = {
    "cold-start": cold,
    "topics": stated,
    "dislikes": disliked,
    "expertise": experts,
    "arxiv-topics": arxiv,
    "trend": elsewhere("late_votes"),
    "selection": elsewhere("selection"),
    "scale": scaled,
}
