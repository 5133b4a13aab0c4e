"""How hot a paper is now."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from newsletter.ranking import trend

NAN = float("nan")
OTHERS = [[(24, 20)]] * 7  # what usually happens to the other papers of a list


def momentum(*series, age=48.0, source=0):
    """What papers of one list show that were announced 48 h ago, each given as [(hours ago, engagement), ...]."""
    rows = [(number, hours, value) for number, points in enumerate(series) for hours, value in points]
    table = np.array(rows, dtype=float).reshape(-1, 3)
    ages = np.full(len(series), age)
    lists = trend.lists(np.full(len(series), source), np.zeros(len(series), dtype=np.int64))
    return trend.momentum(table[:, 0].astype(int), table[:, 1], table[:, 2], ages, lists)


def heat(*points):
    """The heat of one paper among seven others."""
    return momentum(points, *OTHERS).heat[0]


def test_engagement_weighs_comments_and_stars_and_knows_silence():
    found = trend.engagement(np.array([10, NAN, 5]), np.array([4, NAN, NAN]), np.array([10, NAN, NAN]))

    assert_allclose(found, [12, NAN, 5])


def test_a_gain_counts_half_for_every_half_life_that_it_lies_back():
    assert_allclose(heat((48, 0), (36, 0), (36, 10)) / heat((0, 0), (0, 10)), 0.5)


def test_the_first_gain_is_spread_from_the_announcement():
    assert_allclose(heat((12, 10)) / heat((0, 0), (0, 10)), 0.5 ** (30 / 36))


def test_a_vote_taken_back_does_not_cool_a_paper():
    assert heat((40, 10), (1, 4)) == heat((40, 10))


def test_votes_taken_back_and_given_again_are_no_gain():
    assert heat((40, 10), (20, 2), (1, 10)) == heat((40, 10))


def test_the_order_of_rows_does_not_matter():
    assert_allclose(heat((40, 1), (1, 9)), heat((1, 9), (40, 1)))


def test_a_series_without_figures_is_unknown():
    found = momentum([], [(1, NAN)])

    assert np.isnan(found.heat).all()
    assert not found.moving.any()


def test_nothing_at_all_is_no_trouble():
    assert momentum().heat.size == 0


def test_the_hour_of_a_capture_does_not_count():
    early = [[(0, count)] for count in (1, 2, 3, 5, 9)]
    late = [[(0, 10 * count)] for count in (1, 2, 3, 5, 9)]
    at_four, at_seventeen = (
        momentum(*series, age=hours) for series, hours in zip((early, late), (4, 17), strict=True)
    )

    together = trend.share_below(np.concatenate([at_four.heat, at_seventeen.heat]))

    assert_allclose(together[:5].mean(), together[5:].mean(), atol=0.15)
    assert together[4] > together[8]


def test_a_source_of_many_votes_does_not_push_out_the_others():
    table = np.array(
        [[number, 0, votes] for number, votes in enumerate([1, 5, 9, 12, 30, 100, 500, 900, 1200, 3000])]
    )
    lists = trend.lists(np.repeat([0, 1], 5), np.zeros(10, dtype=np.int64))

    found = trend.momentum(
        table[:, 0], table[:, 1].astype(float), table[:, 2].astype(float), np.full(10, 9.0), lists
    )

    assert set(np.argsort(-found.heat)[:4]) & {3, 4}


def test_small_lists_of_a_source_are_measured_together():
    source, day = np.array([0] * 6 + [0, 0, 1]), np.array([1] * 6 + [2, 3, 2])

    number = trend.lists(source, day)

    assert len(set(number[:6])) == 1
    assert number[6] == number[7] != number[0]
    assert number[8] not in number[:8]


def test_a_list_of_few_votes_is_trusted_less():
    quiet, lively = momentum(*[[(1, 0)]] * 6, [(1, 1)]), momentum(*OTHERS)

    assert_allclose(quiet.trust, [0] * 6 + [0.1])
    assert_allclose(lively.trust, 1)


def test_only_a_paper_seen_to_gain_is_moving():
    found = momentum([(30, 5)], [(30, 5), (2, 5)], [(30, 5), (2, 6)])

    assert found.moving.tolist() == [False, False, True]


@pytest.mark.parametrize("votes", [400, 1000, 10**6])
def test_a_burst_of_votes_is_taken_for_the_middle_of_its_list(votes):
    found = momentum([(24, votes)], *OTHERS, [(24, 25)])

    assert found.heat[0] == found.heat[1] < found.heat[-1]


def three_sources(target=None, burst=0):
    """The trend of 300 papers of three sources and five days, one of which gets a burst of votes at the end."""
    chance = np.random.default_rng(1)
    votes = np.sort(chance.poisson(np.outer(chance.gamma(1, 6, 300), [1, 1.5, 1.8])), axis=1).astype(float)
    source, day, age = np.arange(300) % 3, np.arange(300) % 5, 24.0 * (np.arange(300) % 5) + 18
    if target is not None:
        votes[target, 2] += burst
    series, hours = np.repeat(np.arange(300), 3), (age[:, np.newaxis] - [6, 12, 18]).ravel()
    seen = trend.momentum(series, hours, votes.ravel(), age, trend.lists(source, day))
    return trend.trend(seen.heat, trend.freshness(age), trend.UNKNOWN, seen.trust)


@pytest.mark.parametrize("burst", [20, 60, 200, 1000, 10**6])
@pytest.mark.parametrize("place", [30, 100, 150, 200])
def test_a_burst_in_one_of_three_sources_does_not_climb_for_everyone(place, burst):
    target = int(np.argsort(three_sources())[place])

    after = three_sources(target, burst)

    assert (after > after[target]).sum() >= 20


def test_growth_that_goes_on_beats_a_burst_that_is_believed():
    steady = [(24, 60), (16, 130), (8, 200)]

    found = momentum(steady, [(24, 5), (16, 6), (8, 240)], *OTHERS)

    assert found.heat[0] > found.heat[1]


def test_a_share_is_the_part_of_the_others_that_are_smaller():
    assert_allclose(trend.share_below(np.array([3, 1, 2, NAN])), [1, 0, 0.5, NAN])
    assert_allclose(trend.share_below(np.array([7.0, 7.0])), [0.5, 0.5])
    assert_allclose(trend.share_below(np.array([7.0, NAN])), [0.5, NAN])
    assert trend.share_below(np.array([])).size == 0


def test_a_paper_without_figures_fades_with_age():
    found = trend.trend(np.array([NAN, NAN, 1.0, 2.0]), trend.freshness(np.array([0.0, 72.0, 1.0, 1.0])))

    assert_allclose(found, [0.5, 0.25, 0, 1])


def test_few_figures_are_blended_with_the_guess():
    found = trend.trend(np.array([0.0, 1.0, NAN]), np.ones(3), np.array([0.7, 0.7, 0.6]), np.array([0.5, 0, 0.9]))

    assert_allclose(found, [0.35, 0.7, 0.6])


def test_papers_are_expected_to_stand_among_those_of_their_own_source():
    found = trend.expected(np.array([0.1, 0.2, 0.3, 0.8, 0.9, NAN]), np.array([0, 0, 0, 1, 1, 1]))

    assert_allclose(found, [0.25, 0.5, 0.75, 0.25, 0.75, 0.5])


def test_a_paper_is_as_hot_as_in_its_hottest_source():
    assert_allclose(trend.highest(np.array([0, 0, 1]), np.array([NAN, 5.0, NAN]), 3), [5, NAN, NAN])


@given(st.lists(st.floats(0, 1e6) | st.just(NAN), max_size=30))
def test_trend_is_always_between_zero_and_one(values):
    found = trend.trend(np.array(values, dtype=float), trend.freshness(np.linspace(0, 400, len(values))))

    assert ((found >= 0) & (found <= 1)).all()


@given(st.lists(st.tuples(st.floats(0, 200), st.floats(0, 200)), min_size=1, max_size=8), st.floats(1, 200))
def test_more_votes_now_never_make_a_paper_colder(points, more):
    latest = max(value for _, value in points)

    assert heat(*points, (0, latest + more)) >= heat(*points) - 1e-6
