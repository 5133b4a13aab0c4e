"""A wish waits as JSON and comes back exactly; what another version wrote is taken as far as it is understood."""

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from subscription import CHOICES, NOW, WISHES

from subscribers import people, wishes
from subscribers import preferences as preference
from subscribers.errors import InvalidPreference
from subscribers.models import Cadence, FollowKind, Subscriber
from subscribers.preferences import DEFAULTS, WEEKDAYS, Choice

WEIGHTS = st.floats(0, 10, exclude_min=True)


@st.composite
def labels(draw):
    """What `parse_label` makes of a text."""
    try:
        return preference.parse_label("name", draw(st.text(min_size=1, max_size=200)))
    except InvalidPreference:
        return assume(condition=False)


@st.composite
def choices(draw):
    kinds, weights = st.sampled_from(FollowKind), WEIGHTS | WEIGHTS.map(lambda weight: -weight)
    return Choice(draw(kinds), draw(labels()), draw(weights))


@st.composite
def lists_of_choices(draw):
    try:
        return preference.combine(draw(st.lists(choices(), max_size=8)))
    except InvalidPreference:
        return assume(condition=False)


@st.composite
def preferences(draw):
    days = st.lists(st.sampled_from(WEEKDAYS), max_size=7).map(",".join)
    cadence, weekdays = draw(
        st.sampled_from([("daily", ""), ("weekdays", ""), ("weekly", ""), ("weekly", "fri")])
        | days.filter(bool).map(lambda some: ("chosen", some))
    )
    fields = {
        "name": draw(labels() | st.just("")),
        "cadence": cadence,
        "weekdays": weekdays,
        "hour": str(draw(st.integers(0, 23))),
        "timezone": draw(st.sampled_from(["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"])),
        "size": str(draw(st.integers(1, 50))),
    }
    return preference.parse(fields)


@given(preferences(), lists_of_choices())
def test_a_wish_comes_back_exactly(wanted, follows):
    stored = json.loads(json.dumps(wishes.to_json(wanted, follows)))

    assert wishes.from_json(stored, WISHES, CHOICES) == (wanted, follows)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    st.recursive(
        st.none() | st.integers() | st.text() | st.sampled_from(["topic", "NLP"]),
        lambda inner: st.lists(inner, max_size=4),
    ),
)
def test_whatever_is_stored_can_be_applied(fields, follows):
    reader = Subscriber(email="ada@example.org", created_at=NOW)

    wishes.apply(reader, {"preferences": fields, "follows": follows, "another": 1})

    assert 0 <= reader.hour <= 23


def test_what_another_version_wrote_is_taken_as_far_as_it_is_understood():
    stored = {
        "preferences": {
            "name": "Ada",
            "cadence": "hourly",
            "weekdays": "fri",
            "hour": 24,
            "timezone": "Mars/Olympus",
            "size": "many",
            "colour": "blue",
        },
        "follows": [
            *(["topic", "NLP", 2], ["mood", "glad", 1], ["topic", "a;b", 1], ["topic", "x", 11]),
            *(["topic", "nlp", -1], ["topic", "y"], 7, ["org", "MIT", "heavy"], ["org", "MIT", 1]),
        ],
    }

    wanted, follows = wishes.from_json(stored, WISHES, ())

    assert (wanted.name, wanted.cadence, wanted.weekdays) == ("Ada", Cadence.WEEKLY, "fri")
    assert (wanted.hour, wanted.timezone, wanted.size) == (8, "Europe/Berlin", 5)
    assert follows == (Choice(FollowKind.TOPIC, "NLP", 2.0), Choice(FollowKind.ORG, "MIT", 1.0))


@pytest.mark.parametrize("stored", [{}, {"preferences": None, "follows": None}, {"wanted": 1}])
def test_what_a_wish_does_not_say_stays(stored):
    assert wishes.from_json(stored, WISHES, CHOICES) == (WISHES, CHOICES)


def test_more_than_a_reader_can_have_is_cut():
    stored = {"follows": [["topic", f"topic {number}", 1] for number in range(200)]}

    assert len(wishes.from_json(stored, DEFAULTS, ())[1]) == 100


def test_what_a_reader_has_is_a_wish_too(session):
    reader = people.add(session, "ada@example.org", WISHES, CHOICES, now=NOW)

    assert wishes.from_json(wishes.of(reader), DEFAULTS, ()) == (WISHES, CHOICES)
