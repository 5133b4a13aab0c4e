"""How moments, spans and days are said."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from newsletter.why.words import cadence, clock, moment, sentence, span, when

LATE = datetime(2026, 3, 9, 23, 30, tzinfo=UTC)


def test_utc_stands_beside_the_local_time_with_its_date_where_that_differs():
    assert clock(LATE, "Europe/London") == "23:30 Europe/London (23:30 UTC)"
    assert clock(LATE, "Europe/Berlin") == "00:30 Europe/Berlin (9 March 2026, 23:30 UTC)"
    assert clock(LATE, "UTC") == "23:30 UTC"


def test_the_date_is_said_unless_it_is_known():
    assert moment(LATE, "UTC", "2026-03-09") == "23:30 UTC"
    assert moment(LATE, "UTC", "2026-03-10") == "9 March 2026 at 23:30 UTC"
    assert when(LATE, "UTC", "2026-03-09") == "at 23:30 UTC"
    assert when(LATE, "UTC") == "on 9 March 2026 at 23:30 UTC"


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=50), "under a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=3), "3 hours"),
        (timedelta(hours=1, minutes=5), "1 hour 5 minutes"),
        (timedelta(hours=47, minutes=59), "47 hours 59 minutes"),
        (timedelta(days=214), "214 days"),
    ],
)
def test_spans_are_said_in_the_units_that_people_use(length, said):
    assert span(length) == said


@given(some.timedeltas(min_value=timedelta(0), max_value=timedelta(days=400)))
def test_every_span_has_words(length):
    assert span(length)


@pytest.mark.parametrize(
    ("name", "weekdays", "said"),
    [
        ("daily", "", "daily"),
        ("weekdays", "", "on weekdays"),
        ("weekly", "", "on Mondays"),
        ("weekly", "sun", "on Sundays"),
        ("chosen", "mon,wed,fri", "on Mondays, Wednesdays and Fridays"),
        ("monthly", "tue", "on the first Tuesday of each month"),
    ],
)
def test_a_cadence_is_said_in_words(name, weekdays, said):
    assert cadence(name, weekdays) == said


def test_a_sentence_begins_large_and_ends_with_a_full_stop():
    assert sentence("the end") == "The end."
    assert sentence("Is it?") == "Is it?"
    assert sentence("  ") == ""
