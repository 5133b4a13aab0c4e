"""Pages: what every one of them shows, sparklines, days in URLs, and the forms that come in."""

import pytest
from fastapi import HTTPException
from hypothesis import given
from hypothesis import strategies as st

from newsletter.web.page import day_in, first, sparkline


def test_a_sparkline_goes_through_every_point_and_stays_inside():
    drawn = str(sparkline([0, 5, 10]))

    assert 'points="2.0,17.0 36.0,10.0 70.0,3.0"' in drawn
    assert 'aria-hidden="true"' in drawn


@pytest.mark.parametrize("history", [[], [3]])
def test_a_single_count_makes_no_line(history):
    assert str(sparkline(history)) == ""


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=40))
def test_no_figures_leave_the_frame(history):
    points = str(sparkline(history)).partition('points="')[2].partition('"')[0]

    for point in points.split():
        across, down = map(float, point.split(","))
        assert 0 <= across <= 72
        assert 0 <= down <= 20


def test_a_day_is_read_from_a_url():
    assert str(day_in("2026-11-23")) == "2026-11-23"


@pytest.mark.parametrize("text", ["", "2026-02-30", "20261123", "2026-11-23T00", "2026-W47-1", "٢٠٢٦-11-23"])
def test_what_is_no_day_is_not_found(text):
    with pytest.raises(HTTPException) as caught:
        day_in(text)

    assert caught.value.status_code == 404


def test_the_first_value_of_a_field_counts():
    assert first({"a": ["1", "2"], "b": []}, "a") == "1"
    assert first({"a": ["1", "2"], "b": []}, "b") == ""
    assert first({}, "a") == ""
