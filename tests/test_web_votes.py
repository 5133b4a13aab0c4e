"""The chart of votes: every point inside its frame, long courses thinned, two sources never mixed."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from world import NOW, Told, entry

from newsletter import fetch
from newsletter.sources import Snapshot
from newsletter.web import votes

COURSES = st.dictionaries(st.integers(0, 10**8), st.integers(0, 10**9), min_size=2, max_size=80).map(
    lambda found: [(NOW + timedelta(seconds=when), found[when]) for when in sorted(found)]
)


def hourly(count):
    return [(NOW + timedelta(hours=number), number) for number in range(count)]


@given(COURSES)
def test_every_point_lies_in_the_frame(course):
    chart = votes.chart(course)

    if chart is not None:
        points = [tuple(map(float, point.split(","))) for point in chart.line.split()]
        assert all(0 <= x <= votes.WIDTH and 0 <= y <= votes.HEIGHT for x, y in points)
        assert len(chart.rows) == len(points) <= votes.MOST_DAYS


@pytest.mark.parametrize("course", [[], [(NOW, 5)]])
def test_one_moment_makes_no_line(course):
    assert votes.chart(course) is None


def test_within_one_day_the_ends_are_hours_else_days():
    day, days = votes.chart(hourly(3)), votes.chart([(NOW, 1), (NOW + timedelta(days=2), 40)])

    assert day.told == "From 0 on 10 March 2026, 12:00 UTC to 2 on 10 March 2026, 14:00 UTC."
    assert days.told == "From 1 on 10 March 2026 to 40 on 12 March 2026."
    assert days.rows == (("12 March 2026, 12:00 UTC", 40), ("10 March 2026, 12:00 UTC", 1))


def test_of_a_long_course_the_last_count_of_each_day_stays():
    thin = votes.thinned(hourly(72))

    assert [votes for _, votes in thin] == [11, 35, 59, 71]


def test_a_paper_without_any_vote_keeps_its_line_on_the_ground():
    chart = votes.chart([(NOW, 0), (NOW + timedelta(hours=1), 0)])

    assert chart.top == 1
    assert chart.line == "0.0,174.0 640.0,174.0"


def test_the_course_is_that_of_the_source_that_counts_most(session):
    few = entry("One paper", snapshots=(Snapshot(NOW - timedelta(hours=2), upvotes=3),))
    many = entry(
        "One paper",
        snapshots=(
            Snapshot(NOW - timedelta(hours=3), upvotes=5),
            Snapshot(NOW - timedelta(hours=1), upvotes=50),
            Snapshot(NOW - timedelta(minutes=1), comments=4),
        ),
    )
    sources = [Told(few, name="few"), Told(many, name="many")]
    fetch.run(session, sources, None, NOW, NOW, lambda *_: None)

    found = votes.course(session, "arxiv:2603.00001", NOW)

    assert found == [(NOW - timedelta(hours=3), 5), (NOW - timedelta(hours=1), 50)]
    assert votes.course(session, "arxiv:2603.00001", NOW - timedelta(hours=2, minutes=30)) == found[:1]
    assert votes.course(session, "arxiv:none", NOW) == []
