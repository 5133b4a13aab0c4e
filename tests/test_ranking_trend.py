"""How hot a paper is now."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from newsletter.ranking import trend

NAN = float("nan")


def heat(*series):
    """Heat of papers announced 48 h ago, each given as [(hours ago, engagement), ...]."""
    rows = [(number, hours, value) for number, points in enumerate(series) for hours, value in points]
    table = np.array(rows, dtype=float).reshape(-1, 3)
    ages = np.full(len(series), 48.0)
    return trend.heat(table[:, 0].astype(int), table[:, 1], table[:, 2], ages)


def test_engagement_weighs_comments_and_stars_and_knows_silence():
    found = trend.engagement(np.array([10, NAN, 5]), np.array([1, NAN, NAN]), np.array([10, NAN, NAN]))

    assert_allclose(found, [13, NAN, 5])


def test_a_gain_counts_half_for_every_half_life_that_it_lies_back():
    now, earlier = heat([(36, 0), (0, 10)], [(48, 0), (24, 10), (0, 10)])

    assert_allclose(now, 10 * 0.5 ** (18 / 36))
    assert_allclose(earlier, 10 * 0.5 ** (36 / 36))


def test_a_vote_taken_back_does_not_cool_a_paper():
    assert heat([(40, 10), (1, 4)]) == heat([(40, 10)])


def test_the_order_of_rows_does_not_matter():
    assert_allclose(heat([(40, 1), (1, 9)]), heat([(1, 9), (40, 1)]))


def test_a_series_without_figures_is_unknown():
    assert np.isnan(heat([], [(1, NAN)])).all()


def test_a_share_is_the_part_of_the_others_that_are_smaller():
    assert_allclose(trend.share_below(np.array([3, 1, 2, NAN])), [1, 0, 0.5, NAN])
    assert_allclose(trend.share_below(np.array([7.0, 7.0])), [0.5, 0.5])
    assert_allclose(trend.share_below(np.array([7.0, NAN])), [0.5, NAN])
    assert trend.share_below(np.array([])).size == 0


def test_a_paper_without_figures_fades_with_age():
    found = trend.trend(np.array([NAN, NAN, 1.0, 2.0]), np.array([0.0, 72.0, 1.0, 1.0]))

    assert_allclose(found, [0.5, 0.25, 0, 1])


def test_a_paper_is_as_hot_as_in_its_hottest_source():
    found = trend.hottest_source(np.array([0, 0, 1]), np.array([NAN, 5.0, NAN]), 3)

    assert_allclose(found, [5, NAN, NAN])


@given(st.lists(st.floats(0, 1e6) | st.just(NAN), max_size=30))
def test_trend_is_always_between_zero_and_one(values):
    found = trend.trend(np.array(values, dtype=float), np.linspace(0, 400, len(values)))

    assert ((found >= 0) & (found <= 1)).all()


@given(st.lists(st.tuples(st.floats(0, 200), st.floats(0, 1e5)), min_size=1, max_size=8), st.floats(1, 1e4))
def test_more_votes_now_never_make_a_paper_colder(points, more):
    latest = max(value for _, value in points)

    assert heat([*points, (0, latest + more)]) >= heat(points) - 1e-6
