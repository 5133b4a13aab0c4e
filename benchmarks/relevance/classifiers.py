"""Peers that train a model for each reader: arxiv-sanity-lite's SVM, Scholar Inbox's logistic regression."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from benchmarks.relevance.features import Features, Rows
from benchmarks.relevance.library import Floats, Task

CACHE = 5_000  # papers that nobody rated, taken as not wanted


def arxiv_sanity_svm(features: Features, tasks: Sequence[Task]) -> Floats:
    """Liked papers against all others, those to be ranked among them; it has no use for dislikes."""
    rows = features.sanity
    return np.array([_svm(rows, task.liked)[features.library.known :] for task in tasks])


def _svm(rows: csr_matrix, liked: Sequence[int]) -> Floats:
    if not liked:
        return np.zeros(rows.shape[0])
    wanted = np.zeros(rows.shape[0])
    wanted[list(liked)] = 1
    model = LinearSVC(class_weight="balanced", C=0.01, tol=1e-6, max_iter=10_000, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(rows, wanted)
    return np.asarray(model.decision_function(rows))


@dataclass(frozen=True)
class Inbox:
    """Scholar Inbox's parameters: inverse regularisation, share of downvotes among negatives, their scale."""

    c: float
    downvotes: float
    scale: float


SPARSE, DENSE = Inbox(0.4, 0.9, 1.0), Inbox(0.1, 0.9, 5.0)


def inbox_logreg(features: Features, tasks: Sequence[Task]) -> Floats:
    """On its TF-IDF vectors."""
    return _each(features, features.inbox, tasks, SPARSE)


def inbox_logreg_dense(features: Features, tasks: Sequence[Task]) -> Floats:
    """With its parameters for dense vectors, on what our light model sees."""
    return _each(features, features.own, tasks, DENSE)


def inbox_logreg_minilm(features: Features, tasks: Sequence[Task]) -> Floats:
    """With its parameters for dense vectors, on what our semantic model sees."""
    return _each(features, features.own_semantic, tasks, DENSE)


def _each(features: Features, rows: Rows, tasks: Sequence[Task], settings: Inbox) -> Floats:
    known = features.library.known
    return np.array([_logistic(rows, known, task, settings) for task in tasks])


def _logistic(rows: Rows, known: int, task: Task, settings: Inbox) -> Floats:
    if not task.liked:
        return np.zeros(rows.shape[0] - known)
    unrated = _unrated(known, task)
    chosen = [*task.liked, *task.disliked, *unrated]
    wanted = np.zeros(len(chosen))
    wanted[: len(task.liked)] = 1
    model = LogisticRegression(C=settings.c, max_iter=10_000)
    weights = _weights(len(task.liked), len(task.disliked), len(unrated), settings)
    model.fit(rows[chosen], wanted, sample_weight=weights)
    return np.asarray(model.decision_function(rows[known:]))


def _unrated(known: int, task: Task) -> list[int]:
    """Papers of the archive that the reader has not rated: all, or 5,000 at random."""
    others = np.setdiff1d(np.arange(known), [*task.liked, *task.disliked])
    if len(others) > CACHE:
        others = np.random.default_rng(task.seed).choice(others, CACHE, replace=False)
    return [int(paper) for paper in others]


def _weights(liked: int, disliked: int, unrated: int, settings: Inbox) -> Floats:
    """Likes weigh as much as all papers together; V of the rest is on dislikes, as far as there are any."""
    papers, share = liked + disliked + unrated, settings.downvotes
    negatives = papers / (share * disliked + (1 - share) * unrated)
    each = (papers / liked, settings.scale * share * negatives, settings.scale * (1 - share) * negatives)
    return np.repeat(each, (liked, disliked, unrated))
