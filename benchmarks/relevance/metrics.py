"""How good an order is: nDCG, recall, reciprocal rank, average precision, and the loss of an expertise order."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from benchmarks.relevance.library import Floats, Trial

Ranks = NDArray[np.int64]
Metric = Callable[[Ranks], float]


def order(scores: Floats, seed: int) -> Ranks:
    """The places of all papers, best first. Equal scores are in an order that is random and the same for all."""
    noise = np.random.default_rng(seed).random(len(scores))
    return np.lexsort((noise, -scores))


def ranks(scores: Floats, relevant: Sequence[int], seed: int) -> Ranks:
    """The ranks of the relevant papers, from 1, ascending."""
    place = np.empty(len(scores), dtype=np.int64)
    place[order(scores, seed)] = np.arange(1, len(scores) + 1)
    return np.sort(place[list(relevant)])


def ndcg(found: Ranks, depth: int = 10) -> float:
    """Gain 1 / log2(rank + 1) of what is in the first places, as a share of what could be there."""
    gained = (1 / np.log2(found[found <= depth] + 1)).sum()
    ideal = (1 / np.log2(np.arange(1, min(len(found), depth) + 1) + 1)).sum()
    return float(gained / ideal)


def recall(found: Ranks, depth: int = 50) -> float:
    return float((found <= depth).mean())


def reciprocal_rank(found: Ranks) -> float:
    return float(1 / found[0])


def average_precision(found: Ranks) -> float:
    return float((np.arange(1, len(found) + 1) / found).mean())


METRICS: Mapping[str, Metric] = {"ndcg@10": ndcg, "recall@50": recall, "mrr": reciprocal_rank}
PAIR_METRICS: Mapping[str, Metric] = {"ndcg": ndcg, "mrr": reciprocal_rank}
PRECISION: Mapping[str, Metric] = {"map": average_precision}


def judged(trials: Sequence[Trial], scores: Floats, metrics: Mapping[str, Metric]) -> dict[str, Floats]:
    """Each metric for each reader, readers ascending: the mean over the reader's trials.

    `scores` has one row for each trial and one column for each candidate.
    """
    per_trial = np.array([_trial(trial, row, metrics) for trial, row in zip(trials, scores, strict=True)])
    _, reader = np.unique([trial.reader for trial in trials], return_inverse=True)
    count = np.bincount(reader)
    return {name: np.bincount(reader, per_trial[:, at]) / count for at, name in enumerate(metrics)}


def _trial(trial: Trial, scores: Floats, metrics: Mapping[str, Metric]) -> list[float]:
    relevant: Sequence[int] = trial.relevant
    if trial.among is not None:
        scores = scores[list(trial.among)]
        relevant = [trial.among.index(paper) for paper in relevant]
    found = ranks(scores, relevant, trial.task.seed)
    return [metric(found) for metric in metrics.values()]


def pair_loss(predicted: Sequence[float], rated: Sequence[float]) -> tuple[float, float]:
    """What one person's order gets wrong, and the most it could: pairs weigh as much as their ratings differ.

    A pair in the wrong order costs its weight, a tie half of it (arXiv 2303.16750, section 4).
    """
    lost = most = 0.0
    for (first, one), (second, other) in combinations(zip(predicted, rated, strict=True), 2):
        weight = abs(one - other)
        agreement = np.sign(first - second) * np.sign(one - other)
        most += weight
        lost += weight * (1 - float(agreement)) / 2
    return lost, most
