"""What people type becomes a value that can be used, or a sentence that says what would be right."""

from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers import preferences
from subscribers.errors import InvalidPreference
from subscribers.models import Cadence, Follow, FollowKind, Subscriber
from subscribers.preferences import (
    Choice,
    Preferences,
    combine,
    parse,
    parse_cadence,
    parse_follow,
    parse_hour,
    parse_label,
    parse_mute,
    parse_paused_until,
    parse_size,
    parse_timezone,
    parse_weekdays,
    parse_weight,
    weekdays_of,
)

TOPIC = FollowKind.TOPIC


@pytest.mark.parametrize(
    ("text", "weekdays", "meant"),
    [
        ("", "", (Cadence.DAILY, "")),
        ("Daily ", "", (Cadence.DAILY, "")),
        ("weekdays", "", (Cadence.WEEKDAYS, "")),
        ("weekly", "", (Cadence.WEEKLY, "")),
        ("weekly", "Friday", (Cadence.WEEKLY, "fri")),
        ("chosen", "fri;mon", (Cadence.CHOSEN, "mon,fri")),
        ("mon,wed,fri", "", (Cadence.CHOSEN, "mon,wed,fri")),
        ("mon wed", "wed,mon", (Cadence.CHOSEN, "mon,wed")),
        ("", "tue", (Cadence.CHOSEN, "tue")),
    ],
)
def test_a_cadence_is_a_word_or_the_days(text, weekdays, meant):
    assert parse_cadence(text, weekdays) == meant


@pytest.mark.parametrize(
    ("text", "weekdays", "message"),
    [
        ("hourly", "", "cadence: 'hourly' .*give daily, weekdays, weekly"),
        ("daily", "mon", "weekdays: 'mon' .*leave it empty for daily"),
        ("weekdays", "sun", "leave it empty for weekdays"),
        ("chosen", "", "chosen needs at least one day"),
        ("weekly", "mon,tue", "weekly has one day"),
        ("mon", "tue", "the cadence says mon"),
        ("chosen", "mo", "'mo' is no day: give days as mon,wed,fri"),
    ],
)
def test_a_cadence_that_contradicts_itself_is_refused(text, weekdays, message):
    with pytest.raises(InvalidPreference, match=message):
        parse_cadence(text, weekdays)


@pytest.mark.parametrize(
    ("cadence", "weekdays", "due"),
    [
        (Cadence.DAILY, "", range(7)),
        (Cadence.WEEKDAYS, "", range(5)),
        (Cadence.CHOSEN, "mon,sun", {0, 6}),
        (Cadence.WEEKLY, "fri", {4}),
        (Cadence.WEEKLY, "", {0}),
    ],
)
def test_a_digest_is_due_on_the_days_of_the_cadence(cadence, weekdays, due):
    assert weekdays_of(cadence, weekdays) == frozenset(due)


@given(st.sets(st.integers(0, 6)), st.randoms(use_true_random=False))
def test_weekdays_have_one_form_whatever_their_order(days, random):
    names = [preferences.WEEKDAYS[day] for day in sorted(days)]
    shuffled = random.sample(names, len(names))
    assert parse_weekdays("; ".join(shuffled).upper()) == ",".join(names)
    assert parse_weekdays(",".join(names)) == ",".join(names)


@pytest.mark.parametrize(("text", "hour"), [("7", 7), ("07", 7), (" 07:00 ", 7), ("0", 0), ("23:00", 23)])
def test_an_hour_is_a_whole_hour(text, hour):
    assert parse_hour(text) == hour


@pytest.mark.parametrize("text", ["24", "-1", "7:30", "7am", "\u0667", "", "007", "1e1"])
def test_an_hour_that_is_none_is_refused(text):
    with pytest.raises(InvalidPreference, match=r"hour: .* give a whole hour from 0 to 23, such as 7 or 07:00"):
        parse_hour(text)


def test_a_zone_is_spelled_as_in_the_database():
    assert parse_timezone(" europe/berlin ") == "Europe/Berlin"
    assert all(parse_timezone(zone) == zone for zone in available_timezones())


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("Berlin", "Europe/Berlin"),
        ("Europe/Belrin", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("qqqqqqqq", "Europe/Berlin or UTC"),
        ("../etc/passwd", "such as"),
        ("x" * 100_000, "such as"),
    ],
)
def test_a_mistyped_zone_brings_near_names(text, near):
    with pytest.raises(InvalidPreference, match=near) as refused:
        parse_timezone(text)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(("text", "size"), [("1", 1), (" 50 ", 50)])
def test_a_size_is_a_number_of_papers(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["0", "51", "-3", "ten", "1.5", "", "9" * 5000])
def test_a_size_that_nobody_could_read_is_refused(text):
    with pytest.raises(InvalidPreference, match=r"size: .* from 1 to 50"):
        parse_size(text)


@pytest.mark.parametrize(("text", "weight"), [("1.5", 1.5), ("10", 10), ("0.01", 0.01), ("1e-2", 0.01), ("2.", 2)])
def test_a_weight_is_above_zero_and_at_most_ten(text, weight):
    assert parse_weight("topic", text) == weight


@pytest.mark.parametrize("text", ["0", "10.1", "-1", "nan", "inf", "1e999", "1_0", "\u0663", "", "1,5", "high"])
def test_a_weight_that_means_nothing_is_refused(text):
    with pytest.raises(InvalidPreference, match=r"topic: .* above 0 and up to 10, as in name=1.5"):
        parse_weight("topic", text)


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("Graphs", Choice(TOPIC, "Graphs", 1.0)),
        ("  Graph   networks = 1.5", Choice(TOPIC, "Graph networks", 1.5)),
        ("E=mc²=2", Choice(TOPIC, "E=mc²", 2.0)),
        ("x" * 200, Choice(TOPIC, "x" * 200, 1.0)),
    ],
)
def test_a_follow_may_carry_a_weight(text, choice):
    assert parse_follow(TOPIC, text) == choice


@pytest.mark.parametrize(
    "text", ["", "  ", "=2", "x" * 201, "a;b", "a\nb", "a\x00b", "a\u2028b", "a\udce9b", "a=b"]
)
def test_a_follow_that_could_break_something_is_refused(text):
    with pytest.raises(InvalidPreference, match=r"topic: "):
        parse_follow(TOPIC, text)


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("Crypto", Choice(TOPIC, "Crypto", -1.0)),
        ("category:cs.CR", Choice(FollowKind.CATEGORY, "cs.CR", -1.0)),
        ("Author: Jane Doe=3", Choice(FollowKind.AUTHOR, "Jane Doe", -3.0)),
        ("Re: cycling", Choice(TOPIC, "Re: cycling", -1.0)),
        ("topic:keyword:x", Choice(TOPIC, "keyword:x", -1.0)),
    ],
)
def test_a_mute_names_its_kind_or_is_a_topic(text, choice):
    assert parse_mute(text) == choice


def test_a_repeated_choice_counts_once():
    assert combine([Choice(TOPIC, "NLP", 2), Choice(TOPIC, "nlp"), Choice(FollowKind.KEYWORD, "nlp")]) == (
        Choice(TOPIC, "NLP", 2),
        Choice(FollowKind.KEYWORD, "nlp"),
    )


def test_what_is_followed_cannot_be_muted_too():
    with pytest.raises(InvalidPreference, match=r"topic: 'nlp' .*both followed and muted"):
        combine([Choice(TOPIC, "NLP"), Choice(TOPIC, "nlp", -1)])


def test_a_reader_follows_a_hundred_things_at_most():
    hundred = [Choice(TOPIC, str(number)) for number in range(100)]
    assert len(combine(hundred)) == 100
    with pytest.raises(InvalidPreference, match=r"follows: 101 .*one reader can have 100"):
        combine([*hundred, Choice(TOPIC, "one more", -1)])


@pytest.mark.parametrize(
    ("text", "zone", "moment"),
    [
        ("2027-01-31", "UTC", datetime(2027, 1, 31, tzinfo=UTC)),
        ("2027-01-31", "Asia/Tokyo", datetime(2027, 1, 30, 15, tzinfo=UTC)),
        ("2027-01-31T07:00", "Europe/Berlin", datetime(2027, 1, 31, 6, tzinfo=UTC)),
        ("2027-01-31T07:00+02:00", "Asia/Tokyo", datetime(2027, 1, 31, 5, tzinfo=UTC)),
        (" ", "UTC", None),
    ],
)
def test_a_pause_ends_at_an_instant(text, zone, moment):
    assert parse_paused_until(text, zone) == moment


@pytest.mark.parametrize(("text", "zone"), [("soon", "UTC"), ("2027-13-01", "UTC"), ("0001-01-01", "Asia/Tokyo")])
def test_a_pause_without_an_end_in_the_calendar_is_refused(text, zone):
    with pytest.raises(InvalidPreference, match=r"paused_until: .*ISO 8601"):
        parse_paused_until(text, zone)


def test_fields_that_are_not_there_stay_as_they_are():
    start = Preferences("Ada", Cadence.CHOSEN, "mon,wed", 9, "Europe/Berlin", 20)
    assert parse({}, start) == start
    assert parse({"hour": "8", "topics": "NLP", "weekdays": ""}, start) == Preferences(
        "Ada", Cadence.CHOSEN, "mon,wed", 8, "Europe/Berlin", 20
    )


def test_an_empty_field_takes_the_default():
    start = Preferences("Ada", Cadence.CHOSEN, "mon,wed", 9, "Europe/Berlin", 20)
    fields = dict.fromkeys(("name", "cadence", "weekdays", "hour", "timezone", "size"), " ")
    assert parse(fields, start) == Preferences()


def test_preferences_are_given_to_a_reader_and_read_back():
    wanted = parse(
        {"name": " Ada  Lovelace", "cadence": "fri", "hour": "6", "timezone": "Asia/Tokyo", "size": "5"}
    )
    subscriber = Subscriber(email="ada@example.org")
    preferences.apply(subscriber, wanted)
    assert preferences.of(subscriber) == wanted
    assert (subscriber.name, subscriber.cadence, subscriber.weekdays) == ("Ada Lovelace", Cadence.CHOSEN, "fri")


def test_follows_are_told_from_mutes():
    liked, other, disliked = (
        Follow(kind=TOPIC, value="NLP"),
        Follow(kind=FollowKind.AUTHOR, value="Ada"),
        Follow(kind=TOPIC, value="Crypto", weight=-1),
    )
    subscriber = Subscriber(email="ada@example.org", follows=[liked, other, disliked])
    assert preferences.followed(subscriber, TOPIC) == [liked]
    assert preferences.muted(subscriber) == [disliked]


@given(st.text(max_size=250))
def test_a_label_is_one_clean_line_or_refused(text):
    try:
        label = parse_label("name", text)
    except InvalidPreference:
        return
    assert parse_label("name", label) == label
    assert label == " ".join(label.splitlines()[0].split(" "))
    assert 0 < len(label) <= 200
    label.encode("utf-8")


@given(st.text(max_size=30))
def test_any_text_is_parsed_or_refused(text):
    for reader in (parse_cadence, parse_weekdays, parse_hour, parse_timezone, parse_size, parse_mute):
        with suppress(InvalidPreference):
            reader(text)
    with suppress(InvalidPreference):
        parse_follow(TOPIC, text)


def test_a_long_value_is_shown_by_its_ends():
    with pytest.raises(InvalidPreference) as refused:
        parse_hour("7" * 10_000)
    assert len(str(refused.value)) < 300
    assert refused.value.value == "7" * 10_000


@pytest.mark.parametrize("text", ["2200-01-01", "9999-12-31T23:00Z"])
def test_a_pause_ends_before_the_calendar_does(text):
    with pytest.raises(InvalidPreference) as caught:
        parse_paused_until(text, "UTC")

    assert "2199" in str(caught.value)
