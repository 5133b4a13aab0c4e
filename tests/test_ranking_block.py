"""A block of readers is given what each would be given alone, to the last digit."""

from functools import cache

import numpy as np
import pool
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stuffing import Stuffing

from newsletter import chooser, together
from newsletter.chooser import Wish
from newsletter.ranking import drawing, owing
from newsletter.ranking.blend import Lineup
from newsletter.ranking.profile import Profile

SAMPLE = pool.sample()
TOPICS = [topic.name for topic in pool.catalogue().topics]
STUFFED = pool.paper(
    800, *Stuffing(pool.catalogue(), SAMPLE[0]).all_words_appended(SAMPLE[3].title, SAMPLE[3].summary)
)
TWINS = [pool.paper(900 + number, SAMPLE[5].title, SAMPLE[5].summary, categories=["cs.LG"]) for number in range(3)]
PAPERS = sorted([*SAMPLE, STUFFED, *TWINS], key=lambda each: each.key)
PLACES = np.round(np.linspace(0, 1, len(PAPERS)) * 7919 % 1, 2)  # in no order, and some are equal
WISHES = [
    *(("topic", name) for name in (*TOPICS[:25], "agents that plan", "survey of methods")),
    *(("keyword", word) for word in ("survey", "benchmark", "language", "robot", "nothing has this")),
    *(("category", name) for name in pool.CATEGORIES[:2]),
    *(("author", name) for name in pool.AUTHORS[:2]),
    ("org", "The Lab"),
]
KEYS = [each.key for each in PAPERS]


@cache
def made(learned):
    everything = pool.following(*WISHES)
    choose = pool.chooser(pool.candidates(PAPERS, PLACES), everything, floor=0.1)
    if not learned:
        choose.learned = None
    return choose


weights = st.sampled_from([1.0, 1.0, 2.0, 0.5, 3.0, -1.0])
follows = st.lists(st.tuples(st.sampled_from(WISHES), weights), max_size=9, unique_by=lambda each: each[0])
profiles = follows.map(lambda each: pool.following(*((*wish, weight) for wish, weight in each)))
wishes = st.builds(
    Wish,
    profiles,
    st.sets(st.sampled_from(KEYS), max_size=40).map(sorted),
    st.sampled_from([1, 3, 10, 10, 20, 50]),
)


@pytest.mark.parametrize("learned", [True, False])
@given(st.lists(wishes, min_size=1, max_size=6))
def test_a_block_gives_each_reader_what_one_alone_is_given(learned, some):
    choose = made(learned)

    together_ = choose.choose_all(some)

    assert together_ == [choose._alone(wish) for wish in some]
    assert together_ == [choose.choose(*wish) for wish in some]


@pytest.mark.parametrize("learned", [True, False])
@given(st.lists(profiles, min_size=1, max_size=4))
def test_a_block_knows_how_much_fits_each_reader(learned, some):
    choose = made(learned)

    assert choose.fitting_all(some) == [choose._fitting(each) for each in some]


def test_readers_who_judged_papers_stand_among_those_who_did_not(monkeypatch):
    judged = pool.following(WISHES[0], opinions=[pool.liked(each) for each in SAMPLE[:3]])
    some = [Wish(each, (), 10) for each in (pool.topics(TOPICS[1]), judged, pool.topics(TOPICS[2]))]
    choose = made(learned=True)
    monkeypatch.setattr(chooser, "AT_ONCE", len(PAPERS))  # a block for each

    assert choose.choose_all(some) == [choose._alone(wish) for wish in some]
    assert choose.fitting_all([each.profile for each in some]) == [choose._fitting(each.profile) for each in some]


def test_what_most_readers_need_is_enough_for_none_at_hand(monkeypatch):
    some = [Wish(pool.topics(*TOPICS[start : start + 4]), (), 10) for start in range(6)]
    choose = made(learned=True)
    expected = [choose._alone(wish) for wish in some]
    monkeypatch.setattr(drawing, "AT_HAND", 2)
    monkeypatch.setattr(owing, "RIVALS", 1)
    monkeypatch.setattr(owing, "AT_ONCE", 3)

    assert choose.choose_all([wish._replace(size=1) for wish in some])
    assert choose.choose_all(some) == expected


def test_nobody_and_nothing_to_choose_from_are_fine():
    empty = pool.chooser(pool.candidates([]), pool.topics(*TOPICS[:2]))

    assert made(learned=True).choose_all([]) == []
    assert empty.choose_all([Wish(pool.topics(TOPICS[0]), (), 10), Wish(Profile(), (), 3)]) == [[], []]
    assert empty.fitting_all([pool.topics(TOPICS[0])]) == [(0, 0.0)]


def test_what_was_said_of_papers_is_kept_up_to_a_number(monkeypatch):
    monkeypatch.setattr(together, "MOST_TOLD", 5)
    choose = pool.chooser(pool.candidates(PAPERS, PLACES), pool.topics(*TOPICS[:9]), floor=0.1)

    picked = choose.choose_all([Wish(pool.topics(*TOPICS[:9]), (), 20)] * 3)

    assert picked[0] == picked[1] == picked[2]
    assert len(choose._together._told) <= 5


lines = st.lists(st.integers(0, 3), min_size=1, max_size=30)


@given(
    st.lists(lines, min_size=1, max_size=4), st.lists(st.integers(0, 6), min_size=4, max_size=4), st.integers(1, 9)
)
def test_papers_are_shared_out_line_by_line_as_one_line_is(groups, shares, size):
    widest = max(map(len, groups))
    there = np.array([[at < len(line) for at in range(widest)] for line in groups])
    group = np.array([line + [0] * (widest - len(line)) for line in groups])
    share = [each / 6 for each in shares]
    alone = [Lineup(range(len(line)), line, share) for line in groups]
    room = np.array([each._room(each.ranked, size, each.group) for each in alone])

    taken, _ = drawing.share_out(there, group, room, np.full(len(groups), size))

    assert [np.flatnonzero(line).tolist() for line in taken] == [each.own(size) for each in alone]
