"""The upstreams' calendars, checked over years: what is expected or late, when to read next, what is said."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sources import KINDS, SourceSettings, load
from newsletter.sources.huggingface import CALENDAR as LISTS
from newsletter.sources.upstream import (
    AGAIN,
    AT_ONCE,
    LEAST,
    PATIENCE,
    ArxivCalendar,
    Paced,
    Steady,
    WeekDays,
    calendar_of,
    expects,
    late,
    paced,
)

NEW_YORK = ZoneInfo("America/New_York")
HOLIDAYS = (
    *("2026-01-01", "2026-01-19", "2026-06-19", "2026-07-03", "2026-09-07", "2026-11-26"),
    *("2026-12-25", "2026-12-29", "2026-12-31"),
)
ARXIV = ArxivCalendar(HOLIDAYS)
POSTS = WeekDays("the posts of the week day before", 12, timedelta(hours=6), timedelta(hours=36), 1)
ALL = {"arxiv": ARXIV, "lists": LISTS, "posts": POSTS}
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
moments = st.datetimes(START.replace(tzinfo=None), END.replace(tzinfo=None)).map(lambda at: at.replace(tzinfo=UTC))
any_calendar = st.sampled_from(list(ALL.values()))


def utc(*moment):
    return datetime(*moment, tzinfo=UTC)


def expectations(calendar, start=START, end=END):
    """All expected instants of these years, found by asking at each half hour."""
    found = []
    at = start
    while at < end:
        if (since := calendar.expected(at)) not in found[-1:]:
            found.append(since)
        at += timedelta(minutes=30)
    return found[1:]


def test_arxivs_feeds_are_expected_half_past_midnight_in_new_york_from_monday_to_friday():
    instants = expectations(ARXIV)
    days = {at.astimezone(NEW_YORK).date() for at in instants}
    everyday = (date(2026, 1, 1) + timedelta(days=number) for number in range(730))

    assert {at.astimezone(NEW_YORK).time() for at in instants} == {time(0, 30)}
    assert {at.hour for at in instants} == {4, 5}  # summer and winter
    assert days == {day for day in everyday if day.weekday() < 5 and day.isoformat() not in HOLIDAYS}


@pytest.mark.parametrize(
    ("at", "since"),
    [
        (utc(2026, 3, 6, 12), utc(2026, 3, 6, 5, 30)),
        (utc(2026, 3, 8, 12), utc(2026, 3, 6, 5, 30)),  # a Sunday, the day the clocks go forward
        (utc(2026, 3, 9, 4, 29), utc(2026, 3, 6, 5, 30)),
        (utc(2026, 3, 9, 4, 30), utc(2026, 3, 9, 4, 30)),
        (utc(2026, 11, 2, 5, 30), utc(2026, 11, 2, 5, 30)),  # the day after they went back
        (utc(2026, 11, 26, 20), utc(2026, 11, 25, 5, 30)),  # Thanksgiving
        (utc(2026, 11, 27, 5, 30), utc(2026, 11, 27, 5, 30)),
    ],
)
def test_the_newest_feed_that_should_be_there(at, since):
    assert ARXIV.expected(at) == since


@given(any_calendar, moments)
def test_what_is_expected_lies_in_the_past_and_is_expected_at_its_own_moment(calendar, at):
    since = calendar.expected(at)

    assert at - timedelta(days=6) < since <= at
    assert calendar.expected(since) == since
    assert calendar.expected(since - timedelta(seconds=1)) < since


@given(any_calendar, moments, st.none() | st.timedeltas(timedelta(0), timedelta(days=5)))
def test_the_next_read_is_neither_too_soon_nor_too_late(calendar, last_read, ago):
    last_news = None if ago is None else last_read - ago

    following = calendar.next_read(last_read, last_news)

    assert LEAST <= following - last_read <= timedelta(days=3, hours=1)
    if late(calendar, last_news, last_read):
        assert following - last_read <= AGAIN


@pytest.mark.parametrize("calendar", ALL.values(), ids=ALL)
def test_whatever_comes_late_is_read_soon(calendar):
    # Of posts nobody can tell yesterday's from those of the day before: there the usual pace must do.
    soon = POSTS.every if calendar is POSTS else AGAIN
    delays = (timedelta(minutes=7 * number % 600) for number in range(10_000))
    coming = [at + delay for at, delay in zip(expectations(calendar), delays, strict=False)]
    read = last_news = START
    while coming and read < END - timedelta(days=4):
        if coming[0] <= read:
            assert read - coming.pop(0) <= soon
            last_news = read
        read = calendar.next_read(read, last_news)

    assert len(coming) < 6


@pytest.mark.parametrize("calendar", ALL.values(), ids=ALL)
def test_while_nothing_comes_reads_are_bounded(calendar):
    read, reads = utc(2026, 3, 10), 0
    while read < utc(2026, 3, 17):
        read, reads = calendar.next_read(read, START), reads + 1

    assert reads < 5 * (PATIENCE / AGAIN + 8) + 16


def test_holidays_are_read_once_for_the_list_of_them_may_be_wrong():
    assert ARXIV.next_read(utc(2026, 11, 25, 6), utc(2026, 11, 25, 6)) == utc(2026, 11, 26, 5, 30)
    assert ARXIV.next_read(utc(2026, 11, 26, 5, 30), utc(2026, 11, 25, 6)) == utc(2026, 11, 27, 5, 30)


def test_a_weekend_is_not_read_at_all():
    assert ARXIV.next_read(utc(2026, 3, 6, 6), utc(2026, 3, 6, 6)) == utc(2026, 3, 9, 4, 30)


@pytest.mark.parametrize("calendar", [*ALL.values(), Steady(60), Paced(ARXIV, 90)])
def test_a_source_that_was_never_read_is_due_at_once(calendar):
    assert calendar.next_read(None, None) == AT_ONCE


@pytest.mark.parametrize(
    ("last_news", "at", "is_late"),
    [
        (utc(2026, 3, 10, 4, 40), utc(2026, 3, 10, 12), False),
        (utc(2026, 3, 10, 4, 0), utc(2026, 3, 10, 12), False),  # the feed came within its grace
        (utc(2026, 3, 9, 4, 40), utc(2026, 3, 10, 4, 29), False),
        (utc(2026, 3, 9, 4, 40), utc(2026, 3, 10, 4, 30), True),
        (utc(2026, 3, 9, 4, 40), utc(2026, 3, 10, 16, 29), True),
        (utc(2026, 3, 9, 4, 40), utc(2026, 3, 10, 16, 30), False),  # not worth waiting for any more
        (None, utc(2026, 3, 10, 12), True),
        (None, utc(2026, 3, 8, 12), False),  # a Sunday
        (utc(2026, 11, 25, 6), utc(2026, 11, 26, 12), False),  # a holiday
    ],
)
def test_late_is_what_should_be_there_and_may_still_come(last_news, at, is_late):
    assert late(ARXIV, last_news, at) is is_late


@pytest.mark.parametrize(
    ("calendar", "at", "something"),
    [
        (ARXIV, utc(2026, 3, 10, 12), True),
        (ARXIV, utc(2026, 3, 6, 23), True),
        (ARXIV, utc(2026, 3, 8, 12), False),  # a Sunday
        (ARXIV, utc(2026, 11, 26, 12), False),  # a holiday
        (LISTS, utc(2026, 3, 10, 9), True),  # yesterday's list is a day old at noon
        (LISTS, utc(2026, 3, 8, 9), False),
        (Steady(60), utc(2026, 3, 10, 12), False),
    ],
)
def test_something_new_belongs_to_a_day_or_does_not(calendar, at, something):
    assert expects(calendar, at) is something


def test_a_list_that_filled_before_noon_is_not_late_at_noon():
    assert not late(LISTS, utc(2026, 3, 10, 2), utc(2026, 3, 10, 12))
    assert late(LISTS, utc(2026, 3, 9, 20), utc(2026, 3, 10, 12))
    assert not late(LISTS, utc(2026, 3, 6, 20), utc(2026, 3, 9, 11))


def test_posts_of_a_week_day_are_expected_on_the_next_day():
    assert POSTS.expected(utc(2026, 3, 7, 13)) == utc(2026, 3, 7, 12)  # Friday's posts
    assert POSTS.expected(utc(2026, 3, 9, 13)) == utc(2026, 3, 7, 12)
    assert POSTS.expected(utc(2026, 3, 10, 13)) == utc(2026, 3, 10, 12)


def test_lists_are_read_every_few_hours_and_at_noon():
    news = utc(2026, 3, 10, 1)

    assert LISTS.next_read(utc(2026, 3, 10, 1), news) == utc(2026, 3, 10, 4)
    assert LISTS.next_read(utc(2026, 3, 10, 10), news) == utc(2026, 3, 10, 12)
    assert LISTS.next_read(utc(2026, 3, 10, 12), utc(2026, 3, 9, 1)) == utc(2026, 3, 10, 12, 30)


SAID = {
    "since": (ARXIV, utc(2026, 3, 10, 12), "expected since Tuesday 2026-03-10 00:30 New York (04:30 UTC)"),
    "weekend": (
        ARXIV,
        utc(2026, 3, 8, 12),
        "00:30 New York (04:30 UTC): arXiv announces nothing on Friday and Saturday night",
    ),
    "holiday": (
        ARXIV,
        utc(2026, 11, 26, 12),
        "nothing expected before Friday 2026-11-27 00:30 New York (05:30 UTC): holiday 2026-11-26",
    ),
    "list": (LISTS, utc(2026, 3, 10, 13), "expected since Tuesday 2026-03-10 12:00 UTC: the list of the day"),
    "morning": (
        LISTS,
        utc(2026, 3, 10, 9),
        "nothing expected before Tuesday 2026-03-10 12:00 UTC: the list of the day",
    ),
    "no list": (
        LISTS,
        utc(2026, 3, 8, 9),
        "Monday 2026-03-09 12:00 UTC: the list of the day (there is none for Saturday and Sunday)",
    ),
    "steady": (Steady(60), utc(2026, 3, 8), "nothing expected at any certain time: it is read every 60 minutes"),
    "paced": (Paced(LISTS, 90), utc(2026, 3, 10, 13), "it is read every 90 minutes"),
    "paced steady": (Paced(Steady(60), 90), utc(2026, 3, 8), "it is read every 90 minutes"),
}


@pytest.mark.parametrize(("calendar", "at", "words"), SAID.values(), ids=SAID)
def test_the_words_say_since_when_or_why_not(calendar, at, words):
    told = calendar.told(at)

    assert words in told
    assert told.count("every") <= 1


@given(any_calendar, moments)
def test_something_is_always_said_and_fits_what_is_expected(calendar, at):
    told = calendar.told(at)

    assert told.startswith(("expected since ", "nothing expected before "))
    assert told.startswith("expected") or not late(calendar, calendar.expected(at), at)


def test_a_pace_of_ones_own_changes_when_to_read_and_nothing_else():
    at = utc(2026, 3, 10, 12)
    quick = paced(ARXIV, 1)

    assert paced(ARXIV, 0) is ARXIV
    assert paced(ARXIV, 240).next_read(at, None) == at + timedelta(hours=4)
    assert quick.next_read(at, None) == at + LEAST
    assert (quick.expected(at), quick.early) == (ARXIV.expected(at), ARXIV.early)
    assert late(quick, utc(2026, 3, 9, 5), at)


@pytest.mark.parametrize("calendar", [Steady(60), Paced(Steady(60), 15)])
def test_a_source_without_a_calendar_is_never_late(calendar):
    assert calendar.expected(START) is None
    assert not late(calendar, None, START)


def test_a_source_that_knows_no_calendar_is_read_every_hour():
    assert calendar_of(object()).next_read(START, None) == START + timedelta(hours=1)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_calendar_and_can_be_paced(kind, tmp_path):
    more = {"path": tmp_path, "url": "https://example.org/feed.xml", "holidays": HOLIDAYS}

    usual = load(SourceSettings("one", kind, **more))
    own = load(SourceSettings("one", kind, **more, every_minutes=45))

    assert calendar_of(usual) is usual.calendar
    assert own.calendar.next_read(START, None) == START + timedelta(minutes=45)


def test_the_usual_paces():
    feed = load(SourceSettings("one", "feed", url="https://example.org/feed.xml"))
    file = load(SourceSettings("one", "file", path="papers"))
    search = load(SourceSettings("one", "arxiv", query="all:graphene"))
    both = load(SourceSettings("one", "arxiv", query="all:graphene", categories=("cs.LG",)))

    often = load(SourceSettings("one", "file", path="papers", every_minutes=1))

    assert often.calendar.next_read(START, None) == START + timedelta(minutes=1)
    assert [source.calendar for source in (feed, file, search)] == [Steady(60), Steady(15), Steady(360)]
    assert both.calendar.expected(utc(2026, 3, 8, 12)) == utc(2026, 3, 6, 5, 30)


def test_holidays_of_the_settings_reach_the_calendar():
    source = load(SourceSettings("one", "arxiv", categories=("cs.LG",), holidays=("2027-01-18",)))

    assert "holiday 2027-01-18" in source.calendar.told(utc(2027, 1, 18, 12))
