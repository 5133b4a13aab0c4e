"""What our methods must reach and aim for, as multiples of others' methods in the same run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.relevance.measures import Measure, Ratio, ratio
from benchmarks.relevance.rows import Row

NOISE = 1e-9  # a ratio that is a rounding error short of its bound has reached it


@dataclass(frozen=True)
class Bound:
    """What one of our methods must reach against one of theirs: on average over k, and at `each` k where given."""

    ours: str
    theirs: str
    must: float
    aim: float
    each: float = 0.0


@dataclass(frozen=True)
class Target:
    """One comparison, on the sets of so many likes; with `lower`, less is better."""

    name: str
    set: str
    likes: tuple[int | None, ...]
    metric: str
    bounds: tuple[Bound, ...]
    lower: bool = False


TARGETS = (
    Target(
        "cold start, against TF-IDF mean",
        "cold-start",
        (1, 3, 5, 10),
        "ndcg@10",
        (
            Bound("default", "tfidf-mean", 1.05, 1.15, each=1.0),
            Bound("semantic", "tfidf-mean", 1.15, 1.35, each=1.15),
        ),
    ),
    Target(
        "cold start, against arxiv-sanity's SVM",
        "cold-start",
        (1, 3, 5),
        "ndcg@10",
        (
            Bound("default", "arxiv-sanity-svm", 1.05, 1.12, each=0.98),
            Bound("semantic", "arxiv-sanity-svm", 1.20, 1.35),
        ),
    ),
    Target(
        "cold start, against zotero-arxiv-daily's formula on the same vectors",
        "cold-start",
        (1, 3, 5, 10),
        "ndcg@10",
        (Bound("semantic", "zotero-centroid-minilm", 1.05, 1.12),),
    ),
    Target(
        "topics alone, against BM25",
        "topics",
        (0,),
        "ndcg@10",
        (Bound("default", "bm25", 1.20, 1.35), Bound("semantic", "bm25", 1.35, 1.50)),
    ),
    *(
        Target(
            f"{name}, against Scholar Inbox's regression on the same features",
            name,
            likes,
            "ndcg",
            (
                Bound("default", "inbox-logreg-dense", 1.00, 1.03),
                Bound("default", "inbox-logreg", 1.00, 1.03),
                Bound("semantic", "inbox-logreg-minilm", 1.00, 1.03),
            ),
        )
        for name, likes in (("dislikes", (3, 5, 10)), ("dislikes-expertise", (None,)))
    ),
    Target(
        "expertise, against TF-IDF mean (lower is better)",
        "expertise",
        (None,),
        "loss",
        (Bound("default", "tfidf-mean", 1.00, 0.92), Bound("semantic", "tfidf-mean", 0.97, 0.88)),
        lower=True,
    ),
    Target(
        "arXiv topics, against BM25",
        "arxiv-topics",
        (0,),
        "map",
        (Bound("default", "bm25", 1.20, 1.40), Bound("semantic", "bm25", 1.35, 1.60)),
    ),
    Target(
        "late upvotes, against early upvotes",
        "late-upvotes",
        (0,),
        "ndcg@10",
        tuple(Bound(name, "early-upvotes", 1.00, 1.02) for name in ("default", "semantic")),
    ),
    Target(
        "what is picked of arXiv, against chance and the category's share",
        "selection",
        (0,),
        "ap",
        (
            Bound("default", "random", 3.0, 3.0),
            Bound("default", "category", 1.5, 1.5),
            Bound("semantic", "random", 4.0, 4.0),
            Bound("semantic", "category", 2.0, 2.0),
        ),
    ),
)
SECONDS = {"default": (3.0, 1.0), "semantic": (5.0, 2.0)}  # for 100,000 readers and 500 papers: must, aim


@dataclass(frozen=True)
class Verdict:
    """One comparison as it came out; `worst` is the ratio at the k where it was worst."""

    name: str
    ours: str
    theirs: str
    found: Ratio
    worst: float
    must: float
    aim: float
    reached: str


def verdicts(measures: Sequence[Measure], rows: Sequence[Row] = ()) -> Iterator[Verdict]:
    """All comparisons for which both methods were measured on the same sets.

    Of sets that have rows alone, the ratio has no interval: it is as wide as the ratio itself.
    """
    alone = [Measure(each.set, each.k, each.method, each.metric, np.array([each.value])) for each in rows]
    known = {(each.set, each.k, each.method, each.metric): each for each in (*alone, *measures)}
    for target in TARGETS:
        for bound in target.bounds:
            ours = [known.get((target.set, k, bound.ours, target.metric)) for k in target.likes]
            theirs = [known.get((target.set, k, bound.theirs, target.metric)) for k in target.likes]
            pairs = [(one, other) for one, other in zip(ours, theirs, strict=True) if one and other]
            if pairs:
                yield _verdict(target, bound, pairs)


def unmeasured(measures: Sequence[Measure], rows: Sequence[Row] = ()) -> Iterator[str]:
    """Comparisons that have a bound, and a set that was run without one of the two methods."""
    known = {(each.set, each.metric, each.method) for each in (*measures, *rows)}
    sets = {(name, metric) for name, metric, _ in known}
    for target in TARGETS:
        for bound in target.bounds if (target.set, target.metric) in sets else ():
            if any((target.set, target.metric, method) not in known for method in (bound.ours, bound.theirs)):
                yield f"{target.name}: {bound.ours} / {bound.theirs}: not measured"


def _verdict(target: Target, bound: Bound, pairs: list[tuple[Measure, Measure]]) -> Verdict:
    found = ratio([one for one, _ in pairs], [other for _, other in pairs])
    single = [ratio([one], [other]).value for one, other in pairs]
    sign = -1 if target.lower else 1
    worst = sign * min(sign * each for each in single)
    must = sign * found.value >= sign * bound.must - NOISE and (not bound.each or worst >= bound.each - NOISE)
    aim = must and sign * found.value >= sign * bound.aim - NOISE
    return Verdict(target.name, bound.ours, bound.theirs, found, worst, bound.must, bound.aim, _word(must, aim))


def _word(must: bool, aim: bool) -> str:  # noqa: FBT001 - two facts, one word
    return "aim" if aim else "must" if must else "missed"


def quick(rows: Sequence[Row]) -> Iterator[str]:
    """Whether scoring is quick enough, method by method."""
    for row in rows:
        if row.metric == "seconds" and row.method in SECONDS:
            must, aim = SECONDS[row.method]
            reached = _word(row.value <= must, row.value <= aim)
            yield f"{row.set}: {row.method} {row.value:.2f} s (must {must:g}, aim {aim:g}): {reached}"
