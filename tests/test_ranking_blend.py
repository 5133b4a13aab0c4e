"""One reader's order."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.ranking import blend
from newsletter.ranking.blend import Reader

NONE = np.zeros(4, dtype=bool)
EVIDENCE = np.array([[2.0, 1.0, 0.1, 0.0], [0.0, 1.0, 0.0, 0.5]])
FLAT = np.full(4, 0.5)
A, B, C, D = range(4)


def following(*weights, evidence=EVIDENCE, muted=()):
    """A reader with a weight for each row of evidence (0 leaves it out) and some rows muted."""
    rows = [row for row, weight in enumerate(weights) if weight]
    return Reader(
        np.array([weights[row] for row in rows], dtype=float),
        evidence[rows],
        evidence[list(muted)].reshape(-1, evidence.shape[1]),
    )


def choose(reader, trend=FLAT, fresh=FLAT, seen=NONE, size=4, floor=0.2):
    hottest = blend.hottest_first(trend)
    return [(each.paper, each.trending) for each in blend.choose(reader, trend, fresh, hottest, seen, size, floor)]


def test_papers_come_in_order_of_relevance_and_the_floor_cuts():
    assert choose(following(1)) == [(A, False), (B, False)]


def test_two_interests_speak_together():
    assert choose(following(0.5, 1))[0] == (B, False)


def test_nothing_above_the_floor_is_nothing_at_all():
    assert choose(following(0.01)) == []


def test_a_paper_sent_before_never_comes_again():
    assert choose(following(1), seen=np.array([True, False, False, False])) == [(B, False)]


def test_a_clear_match_of_a_muted_topic_removes_a_paper():
    assert choose(following(1, muted=[1])) == [(A, False)]


def test_trend_decides_between_equals_and_keys_between_twins():
    even = following(1, evidence=np.ones((1, 4)))

    assert choose(even, trend=np.array([0, 0, 1, 0.0]))[0] == (C, False)
    assert [paper for paper, _ in choose(even)] == [A, B, C, D]


def test_a_reader_without_interests_gets_what_is_trending():
    assert choose(following(), trend=np.array([0.1, 0.9, 0.5, 0.1])) == [(B, False), (C, False)]
    assert blend.relevance(following()).tolist() == [0, 0, 0, 0]


def test_one_pick_in_ten_is_the_hottest_of_all():
    reader = following(1, evidence=np.array([[1.0] * 20 + [0.0] * 10]))
    trend = np.linspace(0, 1, 30)

    found = choose(reader, trend, np.zeros(30), np.zeros(30, dtype=bool), size=10)

    assert len(found) == 10
    assert found[-1] == (29, True)
    assert [trending for _, trending in found].count(True) == 1


def test_a_trending_paper_alone_makes_no_digest():
    assert choose(following(0.0001), trend=np.ones(4), size=10) == []


@given(
    st.lists(st.floats(0, 5), min_size=4, max_size=4),
    st.lists(st.floats(0, 1), min_size=4, max_size=4),
    st.integers(1, 12),
)
def test_choices_are_unique_within_size_and_the_same_each_time(evidence, trend, size):
    reader, trend = following(1, evidence=np.array([evidence])), np.array(trend)
    arguments = (reader, trend, FLAT, blend.hottest_first(trend), NONE, size, 0.1)

    found = blend.choose(*arguments)

    assert found == blend.choose(*arguments)
    assert len({each.paper for each in found}) == len(found) <= size
    assert all(0 <= each.score <= 1 for each in found)


@pytest.mark.parametrize("place", range(4))
def test_more_evidence_never_lowers_a_score(place):
    more = EVIDENCE.copy()
    more[0, place] += 1

    assert blend.relevance(following(1, 1, evidence=more))[place] > blend.relevance(following(1, 1))[place]


def liking(near, interest, shares, pinned=()):
    """A reader of so many groups; `interest` says to which each paper belongs."""
    groups, count = np.array(interest), len(shares)
    parts = np.where(groups == np.arange(count)[:, np.newaxis], 1.0, 0.0)
    made = blend.Liking(
        near=np.array(near, dtype=float),
        carried=np.ones(len(near)),
        parts=parts,
        interest=np.arange(count),
        shares=np.array(shares),
        pinned=np.isin(np.arange(len(near)), pinned),
    )
    return Reader(np.zeros(0), np.zeros((0, len(near))), np.zeros((0, len(near))), made)


def picked(reader, size, papers, field=None):
    none, flat = np.zeros(papers, dtype=bool), np.full(papers, 0.5)
    found = blend.choose(reader, flat, flat, blend.hottest_first(flat), none, size, 0.1, field)
    return [each.paper for each in found]


def test_pinned_papers_come_first_and_take_half_at_most():
    reader = liking(np.arange(12)[::-1], [0] * 12, [1.0], pinned=range(4, 12))

    assert picked(reader, 6, 12) == [4, 5, 6, 0, 1, 2]


def test_of_many_pinned_papers_the_rest_may_still_come_for_themselves():
    reader = liking(np.arange(4)[::-1], [0] * 4, [1.0], pinned=range(4))

    assert picked(reader, 4, 4) == [0, 1, 2, 3]


def test_no_interest_takes_more_than_its_share_while_others_have_papers():
    near = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0.5]
    groups = [0] * 7 + [1] * 3

    assert picked(liking(near, groups, [0.5, 0.5]), 5, 10) == [0, 1, 2, 7, 8]
    assert picked(liking(near, groups, [0.9, 0.1]), 5, 10) == [0, 1, 2, 3, 7]  # each has one at least


def test_what_one_interest_has_no_papers_for_the_others_fill():
    near = [9, 8, 7, 6, 5, 4]

    assert picked(liking(near, [0] * 5 + [1], [0.5, 0.5]), 5, 6) == [0, 1, 2, 3, 5]


def test_who_follows_nothing_gets_a_third_of_one_field_at_most_where_there_are_others():
    fields = np.array([0] * 8 + [1, 1, 2, 2])

    found = picked(following(evidence=np.zeros((1, 12))), 6, 12, fields)

    assert [sum(fields[each] == field for each in found) for field in range(3)] == [3, 2, 1]


def test_with_an_even_trend_the_order_is_that_of_strength():
    near = np.random.default_rng(2).normal(size=8)
    reader = liking(near, [0] * 8, [1.0])

    assert picked(reader, 8, 8) == list(np.argsort(-blend.strength(reader)))


def test_doubt_puts_a_paper_behind_those_of_other_subjects():
    reader = replace(liking([0.5, -1.0], [0, 0], [1.0]), doubt=np.array([0.9, 0.0]))

    assert blend.strength(reader).argmax() == 1
    assert picked(reader, 2, 2) == [1, 0]


@given(st.lists(st.floats(-50, 50), min_size=4, max_size=4), st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_every_score_and_fit_is_between_zero_and_one(near, trend):
    reader = liking(near, [0] * 4, [1.0])

    for found in (blend.scores(reader, np.array(trend), FLAT), blend.fit(reader, np.array(trend))):
        assert ((found >= 0) & (found <= 1)).all()
