"""What others do, written again from their descriptions: each gives every candidate a score for every task.

Their parameters are kept as they are published; none was chosen on readers of this benchmark.
"""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.sparse import csr_matrix

from benchmarks.relevance.features import Features, Rows
from benchmarks.relevance.library import Floats, Task

Method = Callable[[Features, Sequence[Task]], Floats]


def at_random(features: Features, tasks: Sequence[Task]) -> Floats:
    return np.array([np.random.default_rng([7, task.seed]).random(features.library.candidates) for task in tasks])


def recency(features: Features, tasks: Sequence[Task]) -> Floats:
    """Newest first."""
    return np.tile(np.arange(features.library.candidates, dtype=np.float64), (len(tasks), 1))


def popularity(features: Features, tasks: Sequence[Task]) -> Floats:
    """What most other readers saved, the same for all. The readers that are measured have no say in it."""
    saves = features.library.saves
    return np.tile(np.zeros(features.library.candidates) if saves is None else saves, (len(tasks), 1))


def bm25(features: Features, tasks: Sequence[Task]) -> Floats:
    """All topics and the titles of what was liked as one query (Okapi BM25, k1 1.5, b .75)."""
    titles = [[features.library.texts[row][0] for row in task.liked] for task in tasks]
    queries = [" ".join([*_words(task), *liked]) for task, liked in zip(tasks, titles, strict=True)]
    return _dense(features.queries(queries) @ features.bm25.T)


def bm25_sum(features: Features, tasks: Sequence[Task]) -> Floats:
    """Each topic asked for alone, scores as shares of its best one, summed: the sample of arXivDigest."""
    return np.array([_summed(features, [" ".join(topic.words) for topic in task.topics]) for task in tasks])


def _summed(features: Features, queries: list[str]) -> Floats:
    scores = _dense(features.queries(queries or [""]) @ features.bm25.T)
    best = scores.max(axis=1, keepdims=True)
    return np.asarray((scores / np.where(best > 0, best, 1)).sum(axis=0))


def _words(task: Task) -> list[str]:
    return [word for topic in task.topics for word in topic.words]


def tfidf_mean(features: Features, tasks: Sequence[Task]) -> Floats:
    """Mean likeness (cosine) to what was liked."""
    return centroid(features, features.sanity, [_even(task) for task in tasks])


def tfidf_mean_plain(features: Features, tasks: Sequence[Task]) -> Floats:
    """The same mean on Scholar Inbox's TF-IDF, which drops no rare word: better on a small archive."""
    return centroid(features, features.inbox, [_even(task) for task in tasks])


def tfidf_max(features: Features, tasks: Sequence[Task]) -> Floats:
    """Likeness to the one liked paper that is most alike."""
    likeness = _dense(features.sanity @ features.sanity[features.library.known :].T)
    return np.array([likeness[list(task.liked)].max(axis=0, initial=0) for task in tasks])


def lsa_mean(features: Features, tasks: Sequence[Task]) -> Floats:
    """As `tfidf-mean`, in the 200 strongest directions of the archive."""
    return centroid(features, features.latent, [_even(task) for task in tasks])


def zotero(features: Features, tasks: Sequence[Task]) -> Floats:
    """zotero-arxiv-daily's formula on LSA vectors, which are better than TF-IDF here."""
    return centroid(features, features.latent, [_newest_first(task) for task in tasks])


def zotero_minilm(features: Features, tasks: Sequence[Task]) -> Floats:
    """The same formula on sentence vectors, as its authors use it."""
    return centroid(features, features.semantic, [_newest_first(task) for task in tasks])


def minilm_mean(features: Features, tasks: Sequence[Task]) -> Floats:
    """Mean likeness to what was liked, by sentence vectors less the archive's mean."""
    return centroid(features, features.centred, [_even(task) for task in tasks])


Weighted = dict[int, float]


def centroid(features: Features, rows: Rows, profiles: Sequence[Weighted]) -> Floats:
    """Likeness to the weighted mean of a profile's papers."""
    weights = [(number, paper, each) for number, one in enumerate(profiles) for paper, each in one.items()]
    number, paper, weight = zip(*weights, strict=True) if weights else ((), (), ())
    chosen = csr_matrix((weight, (number, paper)), shape=(len(profiles), rows.shape[0]), dtype=np.float32)
    return _dense((chosen @ rows) @ rows[features.library.known :].T)


def _even(task: Task) -> Weighted:
    return dict.fromkeys(task.liked, 1 / len(task.liked)) if task.liked else {}


def _newest_first(task: Task) -> Weighted:
    """1 / (1 + log10 rank), newest first, summing to one: papers of a library are in the order of time."""
    weights = 1 / (1 + np.log10(np.arange(1, len(task.liked) + 1)))
    return dict(zip(sorted(task.liked, reverse=True), (weights / weights.sum()).tolist(), strict=True))


def _dense(scores: Rows) -> Floats:
    whole = scores.toarray() if isinstance(scores, csr_matrix) else scores
    return np.asarray(whole, dtype=np.float64)
