"""Forms: what is typed becomes preferences or a mistake at its field; every choice comes back as it went in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.web import forms
from subscribers.models import Cadence, FollowKind
from subscribers.preferences import DEFAULTS, MOST_FOLLOWS, WEEKDAYS, Choice, Preferences, combine
from subscribers.topics import Catalogue, Topic

CATALOGUE = Catalogue([Topic("Graphs", ("graph",)), Topic("Agents", ("agent",), parent="Graphs")])

LETTERS = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs", "Cn", "Mn"), exclude_characters=";\xa0")
LABELS = st.text(LETTERS, min_size=1, max_size=30).filter(
    lambda text: forms.preference.parse_label("name", text) == text
)
NAMES = st.one_of(
    LABELS, st.sampled_from(["Graphs", "Agents", "Smith, John", "a=b", "author: x", "C++", "x, y, z"])
)
WEIGHTS = st.one_of(st.just(1.0), st.floats(0.01, 10.0, allow_nan=False))
SIGNS = st.sampled_from([1, 1, 1, -1])
CHOICES = st.builds(
    lambda kind, name, weight, sign: Choice(kind, name, sign * weight),
    st.sampled_from(FollowKind),
    NAMES,
    WEIGHTS,
    SIGNS,
)
DAYS = st.lists(st.sampled_from(WEEKDAYS), min_size=1, unique=True).map(
    lambda days: ",".join(sorted(days, key=WEEKDAYS.index))
)
CADENCES = st.one_of(
    st.sampled_from([(Cadence.DAILY, ""), (Cadence.WEEKDAYS, "")]),
    st.tuples(st.just(Cadence.CHOSEN), DAYS),
    st.tuples(st.just(Cadence.WEEKLY), st.sampled_from(WEEKDAYS)),
)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "CET"])
WANTED = st.builds(
    lambda name, cadence, hour, zone, size: Preferences(name, *cadence, hour, zone, size),
    st.one_of(st.just(""), LABELS),
    CADENCES,
    st.integers(0, 23),
    ZONES,
    st.integers(1, 50),
)


def usable(choices):
    """What one reader can have: nothing twice or both followed and muted, topics as the catalogue spells them."""
    found = {}
    for choice in choices:
        topic = CATALOGUE.find(choice.value) if choice.kind is FollowKind.TOPIC else None
        found.setdefault(
            (choice.kind, choice.value.casefold()), choice._replace(value=topic.name) if topic else choice
        )
    return combine(found.values())


@given(WANTED, st.lists(CHOICES, max_size=12))
def test_what_a_form_shows_means_what_it_was_made_from(wanted, choices):
    kept = usable(choices)

    reading = forms.read(forms.fields_of(wanted, kept, CATALOGUE), CATALOGUE)

    assert reading.errors == {}
    assert reading.preferences == wanted
    assert set(reading.choices) == set(kept)


NAMED = st.sampled_from(
    [
        "topic",
        "topics",
        "keywords",
        "mutes",
        "cadence",
        "day",
        "weekly_day",
        "hour",
        "timezone",
        "size",
        "name",
        "weight:Graphs",
        "email",
        "?",
    ]
)
MESS = st.dictionaries(
    NAMED,
    st.lists(
        st.one_of(
            st.text(max_size=40),
            st.sampled_from(["Graphs", "chosen", "weekly", "mon", "7", "UTC", "mute", "a=1e400"]),
        ),
        min_size=1,
        max_size=4,
    ),
    max_size=8,
)


@given(MESS)
def test_any_mess_is_read_and_every_mistake_has_a_field(fields):
    reading = forms.read(fields, CATALOGUE)

    assert set(reading.errors) <= {
        "topic",
        "topics",
        "keywords",
        "mutes",
        "cadence",
        "day",
        "hour",
        "timezone",
        "size",
        "name",
    }
    assert all(said.endswith(".") for said in reading.errors.values())
    assert reading.errors or combine(reading.choices) == reading.choices
    again = forms.read(forms.fields_of(reading.preferences, (), CATALOGUE), CATALOGUE)
    assert not again.errors


def test_all_mistakes_are_told_at_once_each_at_its_field():
    fields = {
        "hour": ["25"],
        "size": ["0"],
        "timezone": ["Mars"],
        "cadence": ["chosen"],
        "keywords": ["x=99"],
        "mutes": ["author: =2"],
    }

    reading = forms.read(fields, CATALOGUE)

    assert set(reading.errors) == {"hour", "size", "timezone", "day", "keywords", "mutes"}
    assert reading.errors["day"] == "Tick at least one day."
    assert "25" in reading.errors["hour"]
    assert reading.preferences == DEFAULTS


def test_several_mistakes_in_one_field_are_told_together():
    reading = forms.read({"keywords": ["a=0\nb=0\ngood"]}, CATALOGUE)

    assert reading.errors["keywords"].count("cannot be used") == 2
    assert reading.choices == (Choice(FollowKind.KEYWORD, "good"),)


def test_days_of_another_cadence_do_not_count():
    fields = {"cadence": ["daily"], "day": ["mon"], "weekly_day": ["tue"]}

    reading = forms.read(fields, CATALOGUE)

    assert (reading.errors, reading.preferences.weekdays) == ({}, "")


def test_a_setting_that_did_not_come_stays_as_it_was():
    before = Preferences("Ada", Cadence.WEEKLY, "tue", 5, "Asia/Tokyo", 3)

    reading = forms.read({"topic": ["Graphs"]}, CATALOGUE, before)

    assert reading.preferences == before


def test_a_typed_topic_of_the_catalogue_takes_its_spelling():
    reading = forms.read({"topics": ["graphs=2"], "topic": ["agents"]}, CATALOGUE)

    assert set(reading.choices) == {Choice(FollowKind.TOPIC, "Graphs", 2.0), Choice(FollowKind.TOPIC, "Agents")}


def test_nothing_of_it_mutes_a_topic():
    reading = forms.read({"topic": ["Graphs"], "weight:Graphs": ["mute"]}, CATALOGUE)

    assert reading.choices == (Choice(FollowKind.TOPIC, "Graphs", -1.0),)


def test_the_weight_of_a_topic_that_is_not_ticked_does_not_count():
    assert forms.read({"weight:Graphs": ["2"]}, CATALOGUE).choices == ()


def test_followed_and_muted_at_once_is_a_mistake_of_the_mutes():
    reading = forms.read({"topic": ["Graphs"], "mutes": ["Graphs"]}, CATALOGUE)

    assert "both followed and muted" in reading.errors["mutes"]


def test_too_many_follows_are_a_mistake_of_the_topics():
    words = "\n".join(f"word {number}" for number in range(MOST_FOLLOWS + 1))

    reading = forms.read({"keywords": [words]}, CATALOGUE)

    assert str(MOST_FOLLOWS) in reading.errors["topic"]


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("a, b,,c", ["a", "b", "c"]),
        ("Smith, John\nNoether, Emmy", ["Smith, John", "Noether, Emmy"]),
        ("Smith, John;", ["Smith, John"]),
        (" \r\n ", []),
        ("", []),
    ],
)
def test_items_stand_on_lines_or_between_commas(text, items):
    assert forms.parted(text) == items


def test_zones_are_grouped_by_region_and_only_real_ones():
    zones = dict(forms.zones())

    assert zones["Europe"][0] == ("Europe/Amsterdam", "Amsterdam")
    assert ("America/New_York", "New York") in zones["America"]
    assert set(zones) == forms.REGIONS | {"Universal"}


def test_a_zone_from_elsewhere_is_kept_among_the_choices():
    assert forms.zone_groups("CET")[0] == ("As it was", (("CET", "CET"),))
    assert forms.zone_groups("UTC") == forms.zone_groups("") == forms.zones()


def test_a_weight_from_elsewhere_is_kept_among_the_choices():
    form = forms.Filled({"topic": ["Graphs"], "weight:Graphs": ["1.7"]})

    assert form.weights("Graphs")[-1] == ("1.7", "1.7 times")
    assert form.weights("Agents") == forms.WEIGHTS
