"""How the ranking benchmark judges: metrics by hand, intervals, targets, and what its baselines weigh."""

import numpy as np
import pytest

from benchmarks.relevance import embedding
from benchmarks.relevance.baselines import zotero
from benchmarks.relevance.classifiers import SPARSE, _weights
from benchmarks.relevance.features import Features
from benchmarks.relevance.library import Library, Paper, Task, Trial
from benchmarks.relevance.measures import Measure, ratio
from benchmarks.relevance.metrics import METRICS, average_precision, judged, ndcg, pair_loss, ranks, recall
from benchmarks.relevance.targets import verdicts


class Letters:
    """An embedder for tests: how often each of a few letters stands in a text."""

    def embed(self, texts):
        counts = np.array([["".join(text).count(each) + 1 for each in "aegkmop"] for text in texts])
        return (counts / np.linalg.norm(counts, axis=1, keepdims=True)).astype(np.float32)


def test_gain_falls_with_the_rank_and_is_a_share_of_the_best_there_could_be():
    found = ndcg(np.array([2, 4, 11]))

    best = 1 + 1 / np.log2(3) + 1 / 2
    assert found == pytest.approx((1 / np.log2(3) + 1 / np.log2(5)) / best)


def test_average_precision_and_recall_by_hand():
    found = np.array([1, 3, 60])

    assert average_precision(found) == pytest.approx((1 + 2 / 3 + 3 / 60) / 3)
    assert recall(found) == pytest.approx(2 / 3)


def test_pairs_in_the_wrong_order_cost_what_their_ratings_differ_and_ties_half_of_it():
    lost, most = pair_loss([0.9, 0.1, 0.1], [1.0, 3.0, 4.5])

    assert most == pytest.approx(2 + 3.5 + 1.5)
    assert lost == pytest.approx(2 + 3.5 + 0.75)


def test_equal_scores_are_in_the_same_random_order_for_every_method():
    first = [int(ranks(np.zeros(50), [0], seed)[0]) for seed in range(200)]
    again = [int(ranks(np.ones(50), [0], seed)[0]) for seed in range(200)]

    assert first == again
    assert np.mean(first) == pytest.approx(25.5, abs=3)


def test_only_the_papers_that_are_compared_are_ranked():
    trials = [Trial(Task(), 7, (2,), (2, 3)), Trial(Task(), 7, (2,))]

    found = judged(trials, np.array([[9.0, 8.0, 2.0, 1.0]] * 2), METRICS)

    assert found["mrr"].tolist() == [pytest.approx((1 + 1 / 3) / 2)]


def test_a_ratio_is_taken_reader_by_reader():
    theirs = Measure("s", 1, "theirs", "m", np.linspace(0.1, 0.9, 30))
    ours = Measure("s", 1, "ours", "m", 2 * theirs.values)

    found = ratio([ours], [theirs])

    assert (found.value, found.low, found.high) == pytest.approx((2, 2, 2))
    assert ours.row().low < ours.row().value < ours.row().high


def test_newer_saves_weigh_more_in_zoteros_formula():
    texts = ("graph theory", "protein folding", "graph theory", "protein folding")
    found = Features(Library(tuple(Paper(each, each) for each in texts), 2))

    older, newer = zotero(found, [Task((0, 1))])[0]

    assert newer > older


def test_likes_weigh_as_much_as_all_papers_and_most_of_the_rest_lies_on_dislikes():
    weights = _weights(1, 2, 7, SPARSE)

    assert weights[0] == pytest.approx(10)
    assert weights[1:].sum() == pytest.approx(10)
    assert weights[1] / weights[-1] == pytest.approx(9)


def test_a_target_is_judged_on_the_mean_and_at_each_number_of_likes():
    worth = {"default": (1.3, 0.9), "tfidf-mean": (1.0, 1.0)}
    measures = [
        Measure("cold-start", k, method, "ndcg@10", np.full(3, value / 2))
        for method, values in worth.items()
        for k, value in zip((1, 3), values, strict=True)
    ]

    (found,) = verdicts(measures)

    assert (found.found.value, found.worst, found.reached) == (pytest.approx(1.1), pytest.approx(0.9), "missed")


def test_no_text_is_read_twice_for_its_vector(tmp_path):
    file, told = tmp_path / "vectors.npz", []
    first = embedding.Vectors(Letters(), told.append, file).of([("a", "b"), ("a", "b"), ("o", "p")])

    again = embedding.Vectors(None, told.append, file).of([("o", "p"), ("a", "b")])

    assert again.tolist() == first[[2, 0]].tolist()
    assert told == ["reading texts for vectors: 0 of 2"]
