"""All methods by the names under which they are reported, and which of them each set asks."""

import time
from collections.abc import Iterable, Mapping, Sequence

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # it ships none

from benchmarks.relevance import baselines, classifiers, ours
from benchmarks.relevance.baselines import Method
from benchmarks.relevance.features import Features
from benchmarks.relevance.library import Floats, Report, Task, Trial
from benchmarks.relevance.measures import Measure
from benchmarks.relevance.metrics import Metric, judged

METHODS: Mapping[str, Method] = {
    "random": baselines.at_random,
    "recency": baselines.recency,
    "popularity": baselines.popularity,
    "bm25": baselines.bm25,
    "bm25-sum": baselines.bm25_sum,
    "tfidf-mean": baselines.tfidf_mean,
    "tfidf-mean-plain": baselines.tfidf_mean_plain,
    "tfidf-max": baselines.tfidf_max,
    "lsa-mean": baselines.lsa_mean,
    "minilm-mean": baselines.minilm_mean,
    "arxiv-sanity-svm": classifiers.arxiv_sanity_svm,
    "zotero-centroid": baselines.zotero,
    "zotero-centroid-minilm": baselines.zotero_minilm,
    "inbox-logreg": classifiers.inbox_logreg,
    "inbox-logreg-dense": classifiers.inbox_logreg_dense,
    "inbox-logreg-minilm": classifiers.inbox_logreg_minilm,
    "default": ours.default,
    "semantic": ours.semantic,
}
NEED_VECTORS = frozenset({"minilm-mean", "zotero-centroid-minilm", "inbox-logreg-minilm", "semantic"})
BY_LIKES = tuple(name for name in METHODS if name != "bm25-sum")
BY_TOPICS = ("random", "popularity", "bm25", "bm25-sum", "default", "semantic")
BY_BOTH = ("random", "bm25", "tfidf-mean", "lsa-mean", "minilm-mean", "default", "semantic")
BY_DISLIKES = (
    *("random", "tfidf-mean", "lsa-mean", "minilm-mean", "arxiv-sanity-svm"),
    *("inbox-logreg", "inbox-logreg-dense", "inbox-logreg-minilm", "default", "semantic"),
)


def asked(names: Iterable[str], features: Features) -> dict[str, Method]:
    """Those of these methods that can be asked: without sentence vectors, what needs them is left out."""
    return {name: METHODS[name] for name in names if features.vectors or name not in NEED_VECTORS}


def answered(ask: Method, features: Features, tasks: Sequence[Task]) -> Floats:
    """A method's scores, found on one thread: of many small problems, threads would only wait for each other."""
    with threadpool_limits(1):
        return ask(features, tasks)


def measured(
    name: str,
    k: int | None,
    trials: Sequence[Trial],
    features: Features,
    methods: Iterable[str],
    metrics: Mapping[str, Metric],
    report: Report,
) -> list[Measure]:
    """Ask each method all trials of one set, and judge its orders."""
    found: list[Measure] = []
    if not trials:
        report(f"{name} k={k}: left out, no reader has what it asks for")
        return found
    tasks = list(dict.fromkeys(trial.task for trial in trials))
    place = {task: row for row, task in enumerate(tasks)}
    each_trial = [place[trial.task] for trial in trials]
    for method, ask in asked(methods, features).items():
        start = time.perf_counter()
        scores = answered(ask, features, tasks)
        seconds = time.perf_counter() - start
        report(f"{name} k={k} {method}: {len(tasks)} profiles in {seconds:.1f} s")
        values = judged(trials, scores[each_trial], metrics)
        found += [Measure(name, k, method, metric, each) for metric, each in values.items()]
    return found
