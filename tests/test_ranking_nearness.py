"""How near papers are to a reader: measured on the archive, and made of parts that add up."""

import numpy as np
import pool
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.sparse import csr_matrix

from newsletter.ranking import archive
from newsletter.ranking.interests import from_topic
from newsletter.ranking.nearness import Nearness

NAMES = ("Graphs", "Speech and audio", "Language models")
JUDGED = (2, 14, 60)
WEIGHTS = st.lists(st.floats(-1, 1).filter(lambda weight: abs(weight) > 0.01), min_size=3, max_size=3)


@pytest.fixture(scope="module")
def nearness():
    model = pool.sample_archive()
    return Nearness(model, model.papers)


@pytest.fixture(scope="module")
def topics(nearness):
    found = pool.catalogue()
    return nearness.topics([from_topic(found.find(name), found).terms for name in NAMES])


@pytest.fixture(scope="module")
def judged(nearness):
    return nearness.papers(nearness.archive.papers.take(JUDGED))


@given(WEIGHTS, st.lists(st.floats(0.1, 3), min_size=3, max_size=3), st.floats(0.15, 1))
def test_what_topics_and_papers_add_sums_up_to_the_whole(nearness, topics, judged, judging, naming, share):
    judging, naming = np.array(judging, dtype=np.float32), np.array(naming)

    parts = nearness.parts(judging, judged, naming, topics, share)
    whole = nearness.blended(csr_matrix(judging), judged, csr_matrix(naming), topics, np.array([share]))

    assert parts.shape == (6, nearness.columns)
    assert_allclose(parts.sum(axis=0), whole[0], atol=2e-3)


def test_readers_asked_together_are_told_what_each_is_told_alone(nearness, topics, judged):
    judging = csr_matrix(np.array([[1, 0, -0.5], [0, 0, 0], [0, 0, 0], [0, 1, 0]], dtype=np.float32))
    naming = csr_matrix(np.array([[0, 0, 0], [1, 2, 0], [0, 0, 0], [0, 1, 0]]))
    shares = np.array([1, 1, 1, 0.3])

    together = nearness.blended(judging, judged, naming, topics, shares)

    for row in range(4):
        alone = nearness.blended(judging[row], judged, naming[row], topics, shares[[row]])
        assert_allclose(together[[row]], alone, atol=1e-4)
    assert not together[2].any()


def test_a_row_is_in_standard_deviations_of_the_archives_sample(nearness, topics, judged):
    for row in (*topics, *nearness.standardised(judged)):
        sample = row[nearness.count :]
        assert abs(sample.mean()) < 1e-3
        assert sample.std() == pytest.approx(1, abs=1e-3)


def test_where_all_papers_are_alike_none_stands_out(nearness):
    assert not nearness.standardised(np.ones((2, nearness.columns), dtype=np.float32)).any()


@pytest.mark.parametrize(("row", "word"), [(0, "graph"), (1, "speech"), (2, "language model")])
def test_papers_with_a_topics_words_in_the_title_stand_out(topics, row, word):
    of_topic = np.array([word in each.title.casefold() for each in pool.sample()])

    assert topics[row, : len(of_topic)][of_topic].mean() > 1


def test_a_paper_stands_out_most_beside_itself(judged):
    assert judged[:, : len(pool.sample())].argmax(axis=1).tolist() == list(JUDGED)


def test_a_topic_of_no_known_words_is_near_to_nothing(nearness):
    assert not nearness.topics([{("volcano",): 1.0}]).any()


def test_no_candidates_are_no_trouble():
    model = pool.sample_archive()

    found = Nearness(model, model.encode([]))

    assert found.topics([{("graph",): 1.0}]).shape == (1, len(pool.sample()))


@pytest.mark.parametrize("candidates", [1, 3])
def test_few_candidates_and_an_archive_of_no_others_are_no_trouble(candidates):
    texts = [("Graphs", "On graphs."), ("Codes", "On codes."), ("Graphs", "And codes.")][:candidates]
    model = archive.fit(texts)

    found = Nearness(model, model.encode(texts))

    assert np.isfinite(found.topics([{("graph",): 1.0}])).all()
    assert found.columns == 2 * candidates
    assert 0 <= found.confidence < 0.1
