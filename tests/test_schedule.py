"""When a digest is due: pure rules on the reader's clock, and who is due."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world import NOW, reader

from newsletter import schedule
from newsletter.due import Due
from newsletter.schedule import Clock
from subscribers.models import Cadence, Status
from subscribers.preferences import WEEKDAYS

BERLIN = ZoneInfo("Europe/Berlin")
WINDOW = timedelta(hours=18)
ZONES = sorted(available_timezones() - {"localtime"})


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def test_a_digest_is_due_at_the_readers_own_hour():
    assert schedule.next_due(utc(2026, 3, 10, 5, 59), range(7), 7, BERLIN) == utc(2026, 3, 10, 6)


def test_the_next_one_is_strictly_later():
    assert schedule.next_due(utc(2026, 3, 10, 6), range(7), 7, BERLIN) == utc(2026, 3, 11, 6)


def test_only_the_chosen_weekdays_count():
    friday = schedule.next_due(utc(2026, 3, 10), {4}, 7, BERLIN)

    assert friday.astimezone(BERLIN).strftime("%A %H") == "Friday 07"


def test_an_hour_in_a_gap_becomes_the_first_instant_after_it():
    assert schedule.instant(date(2026, 3, 29), 2, BERLIN) == utc(2026, 3, 29, 1)
    lord_howe = ZoneInfo("Australia/Lord_Howe")  # its gap has but half an hour: 2:00 to 2:30
    assert schedule.instant(date(2026, 10, 4), 2, lord_howe).astimezone(lord_howe).strftime("%H:%M") == "02:30"


def test_an_hour_in_a_fold_is_its_first_occurrence():
    assert schedule.instant(date(2026, 10, 25), 2, BERLIN) == utc(2026, 10, 25, 0)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Africa/Cairo", "America/New_York", "Asia/Beirut"])
def test_midnight_readers_lose_no_day_to_summer_time(zone):
    now, days = utc(2026, 1, 1, 12), []
    for _ in range(365):
        now = schedule.next_due(now, range(7), 0, ZoneInfo(zone))
        days.append(now.astimezone(ZoneInfo(zone)).date())

    assert days == [days[0] + timedelta(days=number) for number in range(365)]


MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(
    MOMENTS,
    st.sets(st.integers(0, 6), min_size=1),
    st.integers(0, 23),
    st.sampled_from(ZONES),
)
def test_the_next_instant_is_on_a_chosen_day_and_less_than_eight_days_off(after, weekdays, hour, zone):
    found = schedule.next_due(after, weekdays, hour, ZoneInfo(zone))

    local = found.astimezone(ZoneInfo(zone))
    assert after < found <= after + timedelta(days=8, hours=3)
    assert local.weekday() in weekdays
    assert local.hour in {hour, hour + 1}


@given(MOMENTS, st.integers(0, 23), st.sampled_from(ZONES))
def test_what_was_last_due_had_been_next(at, hour, zone):
    window = timedelta(hours=47)

    struck, day = schedule.last_due(at, range(7), hour, ZoneInfo(zone), window)

    assert struck == schedule.instant(day, hour, ZoneInfo(zone))
    assert at - window < struck <= at < schedule.next_due(struck, range(7), hour, ZoneInfo(zone))


def test_a_digest_too_late_for_the_window_is_not_due():
    assert schedule.last_due(utc(2026, 3, 11), range(7), 6, ZoneInfo("UTC"), WINDOW) is None
    found = schedule.last_due(utc(2026, 3, 10, 23, 59), range(7), 6, ZoneInfo("UTC"), WINDOW)
    assert found == (utc(2026, 3, 10, 6), date(2026, 3, 10))


def test_each_reader_is_due_for_their_own_local_date(session):
    tokyo = reader(session, "kenji@example.org", timezone="Asia/Tokyo", hour=7)
    berlin = reader(session, "ada@example.org", timezone="Europe/Berlin", hour=7)
    honolulu = reader(session, "honolulu@example.org", timezone="Pacific/Honolulu", hour=7)
    reader(session, "late@example.org", timezone="Europe/Berlin", hour=8)

    found = schedule.due(session, utc(2026, 3, 10, 6, 30), WINDOW)

    assert [(each.subscriber_id, each.period) for each in found] == [
        (tokyo.id, "2026-03-10"),
        (berlin.id, "2026-03-10"),
        (honolulu.id, "2026-03-09"),  # it is the evening before there
    ]


def test_weekly_and_weekday_readers_are_due_on_their_days(session):
    weekly = reader(session, "weekly@example.org", cadence="weekly", weekdays="sun")
    working = reader(session, "working@example.org", cadence="weekdays")

    sunday = schedule.due(session, utc(2026, 3, 15, 8), WINDOW)
    monday = schedule.due(session, utc(2026, 3, 16, 8), WINDOW)

    assert [each.subscriber_id for each in sunday] == [weekly.id]
    assert [each.subscriber_id for each in monday] == [working.id]


def test_nobody_who_is_not_active_is_due(session):
    for number, status in enumerate(Status):
        each = reader(session, f"reader{number}@example.org")
        each.status = status
    session.commit()

    assert len(schedule.due(session, NOW, WINDOW)) == 1


def test_a_paused_reader_is_due_again_when_the_pause_is_over(session):
    each = reader(session)
    each.paused_until = NOW + timedelta(hours=1)
    session.commit()

    assert schedule.due(session, NOW, WINDOW) == []
    assert schedule.due(session, NOW + timedelta(hours=1), WINDOW) == []  # its hour struck within the pause
    assert len(schedule.due(session, NOW + timedelta(days=1), WINDOW)) == 1


def test_due_can_be_asked_for_one_reader(session):
    reader(session, "ada@example.org")
    other = reader(session, "emmy@example.org")

    assert [each.subscriber_id for each in schedule.due(session, NOW, WINDOW, other.id)] == [other.id]


def test_a_preview_belongs_to_the_open_period_or_to_the_local_day(session):
    each = reader(session, cadence="weekly", weekdays="mon", timezone="Asia/Tokyo")

    monday, struck = schedule.open_period(each, utc(2026, 3, 9, 8), WINDOW), utc(2026, 3, 8, 22)
    assert monday == Due(each.id, "2026-03-09", timedelta(hours=8), struck)
    not_due, now = schedule.open_period(each, utc(2026, 3, 10, 20), WINDOW), utc(2026, 3, 10, 20)
    assert not_due == Due(each.id, "2026-03-11", timedelta(0), now)


def test_a_pause_with_an_end_is_over_whatever_the_status_says(session):
    each = reader(session)
    each.status, each.paused_until = Status.PAUSED, NOW
    session.commit()

    assert len(schedule.due(session, NOW + timedelta(days=1), WINDOW)) == 1
    assert schedule.due(session, NOW - timedelta(seconds=1), WINDOW) == []


def test_what_struck_within_a_pause_was_not_missed(session):
    each = reader(session)
    each.paused_until = NOW + timedelta(days=2)
    session.commit()

    found = schedule.missed(session, NOW + timedelta(days=4), NOW, NOW + timedelta(days=3))

    assert [due.period for due in found] == ["2026-03-13"]


def test_a_zone_that_nobody_knows_keeps_nobody_else_waiting(session):
    lost, ada = reader(session, "lost@example.org"), reader(session, "ada@example.org")
    lost.timezone = "Europe/Neverland"
    session.commit()

    assert [due.subscriber_id for due in schedule.due(session, NOW, WINDOW)] == [ada.id]


def test_a_period_stays_open_for_the_window_after_its_hour(session):
    reader(session, hour=6)

    (found,) = schedule.due(session, utc(2026, 3, 10, 10), WINDOW)

    assert found.room == timedelta(hours=14)


def test_a_monthly_digest_comes_on_the_first_such_day_of_each_month():
    now, days = utc(2026, 1, 1), []
    for _ in range(12):
        now = schedule.next_due(now, {0}, 7, BERLIN, monthly=True)
        days.append(now.astimezone(BERLIN))

    assert [day.month for day in days] == list(range(1, 13))
    assert {day.strftime("%A %H") for day in days} == {"Monday 07"}
    assert all(day.day <= 7 for day in days)


@given(st.sampled_from(ZONES), st.integers(0, 23), st.integers(0, 6), MOMENTS)
def test_every_month_has_one_monthly_digest_in_every_zone(zone, hour, weekday, start):
    clock = Clock(Cadence.MONTHLY, WEEKDAYS[weekday], hour, zone)
    now, months = start, []
    for _ in range(26):
        now = clock.next(now)
        local = now.astimezone(ZoneInfo(zone))
        months.append(12 * local.year + local.month)

    assert months == list(range(months[0], months[0] + 26))


def test_a_monthly_reader_is_due_on_that_day_alone(session):
    reader(session, hour=6, cadence="monthly", weekdays="tue")

    assert schedule.due(session, utc(2026, 3, 3, 10), WINDOW)[0].period == "2026-03-03"
    assert schedule.due(session, utc(2026, 3, 10, 10), WINDOW) == []


def test_only_whose_hour_struck_since_the_last_look_can_be_asked_for(session):
    early, late = reader(session, "early@example.org", hour=6), reader(session, "late@example.org", hour=9)

    found = schedule.due(session, utc(2026, 3, 12, 10), WINDOW, since=utc(2026, 3, 12, 8))

    assert [each.subscriber_id for each in found] == [late.id] != [early.id]


def test_the_hour_before_a_readers_yes_counts_or_not_as_configured(session):
    each = reader(session, hour=6)  # who said yes at noon of that day
    later = NOW + timedelta(hours=1)

    assert [found.subscriber_id for found in schedule.due(session, later, WINDOW, first="at once")] == [each.id]
    assert schedule.due(session, later, WINDOW, first="next") == []
    assert len(schedule.due(session, later + timedelta(days=1), WINDOW, first="next")) == 1


def test_a_replay_takes_todays_readers_as_if_they_had_been_there(session):
    reader(session, hour=6)

    assert len(schedule.due(session, NOW - timedelta(days=5), WINDOW, first="next")) == 1


def test_the_next_digest_of_a_new_reader_is_now_where_their_hour_has_struck(session):
    each = reader(session, hour=6)

    assert schedule.next_digest(each, NOW, WINDOW, "at once") == NOW
    assert schedule.next_digest(each, NOW, WINDOW, "next") == utc(2026, 3, 11, 6)
    assert schedule.next_digest(each, NOW, timedelta(hours=1), "at once") == utc(2026, 3, 11, 6)


def test_what_was_due_while_nobody_ran_is_found_for_each_day(session):
    each = reader(session, hour=6)

    found = schedule.missed(session, utc(2026, 3, 15, 12), utc(2026, 3, 11, 12), utc(2026, 3, 14, 18))

    assert [(due.subscriber_id, due.period) for due in found] == [
        (each.id, "2026-03-12"),
        (each.id, "2026-03-13"),
        (each.id, "2026-03-14"),
    ]
    assert found[0].due_at == utc(2026, 3, 12, 6)


def test_nothing_was_missed_before_a_reader_said_yes(session):
    reader(session, hour=6)

    assert schedule.missed(session, NOW + timedelta(hours=1), NOW - timedelta(days=3), NOW) == []


@settings(max_examples=20)
@given(st.sampled_from(ZONES), st.integers(0, 23), MOMENTS)
def test_windows_and_missed_times_meet_without_a_gap(zone, hour, moment):
    clock = Clock(Cadence.DAILY, "", hour, zone)
    since = moment - timedelta(days=6)

    missed = [period for period, _ in clock.closed(since, moment - WINDOW)]
    still_open = clock.open(moment, WINDOW)

    everything = [period for period, _ in clock.closed(since, moment)]
    assert everything == missed + ([still_open[0]] if still_open else [])
