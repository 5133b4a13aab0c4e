"""One reader's order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.ranking import blend
from newsletter.ranking.blend import Reader

KEYS = ["a", "b", "c", "d"]
NONE = np.zeros(4, dtype=bool)
EVIDENCE = np.array([[2.0, 1.0, 0.1, 0.0], [0.0, 1.0, 0.0, 0.5]])
FLAT = np.full(4, 0.5)


def choose(reader, evidence=EVIDENCE, trend=FLAT, fresh=FLAT, seen=NONE, size=4, floor=0.2, keys=KEYS):
    return [
        (keys[each.paper], each.trending)
        for each in blend.choose(reader, evidence, trend, fresh, seen, keys, size, floor)
    ]


def test_papers_come_in_order_of_relevance_and_the_floor_cuts():
    assert choose(Reader((0,), (1.0,))) == [("a", False), ("b", False)]


def test_two_interests_speak_together():
    assert choose(Reader((0, 1), (0.5, 1.0)))[0] == ("b", False)


def test_nothing_above_the_floor_is_nothing_at_all():
    assert choose(Reader((0,), (0.01,))) == []


def test_a_paper_sent_before_never_comes_again():
    assert choose(Reader((0,), (1.0,)), seen=np.array([True, False, False, False])) == [("b", False)]


def test_a_clear_match_of_a_muted_topic_removes_a_paper():
    assert choose(Reader((0,), (1.0,), muted=(1,))) == [("a", False)]


def test_trend_decides_between_equals_and_keys_between_twins():
    even = np.ones((1, 4))

    assert choose(Reader((0,), (1.0,)), even, trend=np.array([0, 0, 1, 0.0]))[0] == ("c", False)
    assert [key for key, _ in choose(Reader((0,), (1.0,)), even)] == KEYS


def test_a_reader_without_interests_gets_what_is_trending():
    assert choose(Reader(), trend=np.array([0.1, 0.9, 0.5, 0.1])) == [("b", False), ("c", False)]


def test_one_pick_in_ten_is_the_hottest_of_all():
    keys = [f"p{number:02}" for number in range(30)]
    evidence = np.array([[1.0] * 20 + [0.0] * 10])
    trend = np.linspace(0, 1, 30)

    found = choose(Reader((0,), (1.0,)), evidence, trend, np.zeros(30), np.zeros(30, dtype=bool), 10, 0.2, keys)

    assert len(found) == 10
    assert found[-1] == ("p29", True)
    assert [trending for _, trending in found].count(True) == 1


def test_a_trending_paper_alone_makes_no_digest():
    assert choose(Reader((0,), (0.0001,)), trend=np.ones(4), size=10) == []


@given(
    st.lists(st.floats(0, 5), min_size=4, max_size=4),
    st.lists(st.floats(0, 1), min_size=4, max_size=4),
    st.integers(1, 12),
)
def test_choices_are_unique_within_size_and_the_same_each_time(evidence, trend, size):
    arguments = (Reader((0,), (1.0,)), np.array([evidence]), np.array(trend), FLAT, NONE, KEYS, size, 0.1)

    found = blend.choose(*arguments)

    assert found == blend.choose(*arguments)
    assert len({each.paper for each in found}) == len(found) <= size
    assert all(0 <= each.score <= 1 for each in found)


@pytest.mark.parametrize("place", range(4))
def test_more_evidence_never_lowers_a_score(place):
    more = EVIDENCE.copy()
    more[0, place] += 1
    reader = Reader((0, 1), (1.0, 1.0))

    assert blend.relevance(reader, more)[place] > blend.relevance(reader, EVIDENCE)[place]


def test_a_reader_without_interests_finds_nothing_relevant():
    assert blend.relevance(Reader(), EVIDENCE).tolist() == [0, 0, 0, 0]
