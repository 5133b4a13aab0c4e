"""Stamps in forms: only ours, only of today, never from a machine that fills in everything at once."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.web.stamp import Stamps

KEYS = ("a key of enough characters", "an older key, still known")
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


class Clock:
    now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def stamps(clock):
    return Stamps(KEYS, clock, timedelta(seconds=2))


@pytest.mark.parametrize(
    ("waited", "trouble"),
    [(0, "quick"), (1, "quick"), (2, ""), (60, ""), (86_400, ""), (86_401, "old"), (-5, "old")],
)
def test_a_form_takes_a_person_some_seconds_and_not_more_than_a_day(stamps, clock, waited, trouble):
    fields = {"stamp": stamps.make()}

    clock.now = NOW + timedelta(seconds=waited)

    assert stamps.trouble(fields) == trouble
    assert stamps.ours(fields) is (trouble in {"", "quick"})


def test_a_field_that_people_do_not_see_is_a_trap(stamps, clock):
    fields = {"stamp": stamps.make(), "website": "https://spam.example"}

    clock.now += timedelta(seconds=9)

    assert stamps.trouble(fields) == "trap"
    assert not stamps.ours(fields)


def test_stamps_of_an_older_key_are_still_read(clock):
    old = Stamps(KEYS[1:], clock, timedelta(0)).make()

    assert Stamps(KEYS, clock, timedelta(0)).trouble({"stamp": old}) == ""


def test_stamps_of_a_stranger_are_not(stamps, clock):
    foreign = Stamps(("another key altogether",), clock, timedelta(0)).make()

    assert stamps.trouble({"stamp": foreign}) == "forged"
    assert stamps.trouble({}) == "forged"


@given(st.text())
def test_whatever_is_sent_as_a_stamp_is_told_apart(text):
    assert Stamps(KEYS, Clock(), timedelta(0)).trouble({"stamp": text}) in {"forged", "old"}
