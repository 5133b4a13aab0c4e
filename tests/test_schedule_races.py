"""Several schedulers at one moment, all zones, two years: each reader has one digest for each local date."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulation_clock import DAY, offset, strikes, struck
from sqlmodel import Session, select
from test_schedule import ZONES
from world import KEYS, NOW, Told, configured, entry, reader

from newsletter import journal, pick, schedule, tick, wiring
from newsletter.due import Due
from newsletter.models import Delivery, Pick
from newsletter.schedule import Clock
from subscribers.models import Cadence
from subscribers.preferences import WEEKDAYS

SCHEDULERS = 3
FIRST, LAST = date(2026, 1, 1), date(2027, 12, 31)
HOUR = timedelta(hours=1)
PLACES = ("Pacific/Kiritimati", "Asia/Tokyo", "Europe/Berlin", "America/New_York", "Pacific/Honolulu")


def at_once(act):
    """What each scheduler's act returns when all begin at one moment."""
    together = threading.Barrier(SCHEDULERS)

    def run(number):
        together.wait()
        return act(number)

    with ThreadPoolExecutor(SCHEDULERS) as pool:
        return list(pool.map(run, range(SCHEDULERS)))


@pytest.fixture
def parts(tmp_path, engine):
    """All schedulers are of one owner, so that each has its turn and none stands back."""
    config = configured(tmp_path, "[digest]\nfloor = 0.1\n[gate]\nleast_papers = 0\n").config
    source = Told(*(entry(f"Graph neural networks, part {number}", number) for number in range(1, 9)))
    made = wiring.parts(config, engine, KEYS)
    issue = made.issue()
    return replace(
        made, sources=[source], fetcher=lambda: nullcontext(None), seconds=lambda: 0.0, issue=lambda: issue
    )


def test_racing_schedulers_plan_each_period_once(session, parts):
    readers = {
        reader(session, f"reader{number}@example.org", "Graphs", timezone=zone, size="1").id: zone
        for number, zone in enumerate(PLACES * 3)
    }

    for hours in range(0, 48, 6):
        at = NOW + hours * HOUR
        reports = at_once(lambda _, at=at: tick.run(parts, at, lambda: at, lambda *_: None))
        assert [report.faults for report in reports] == [{}] * SCHEDULERS

    session.rollback()
    found = Counter(iter(session.exec(select(Delivery.subscriber_id, Delivery.period, Delivery.due_at))))
    days = range(7)
    due = {
        (each, period, when)
        for each, zone in readers.items()
        for period, when in struck(("daily", days, 7, zone), NOW - 18 * HOUR, NOW + 42 * HOUR)
    }
    assert found == Counter(due)


def test_a_batch_of_readers_is_shared_out_among_planners_without_a_rest(session, parts, engine):
    readers = [reader(session, f"reader{number}@example.org", "Graphs", size="1") for number in range(30)]
    due = [Due(each.id, "2026-03-10", 18 * HOUR, NOW) for each in readers]
    tick.run(replace(parts, window=timedelta(0)), NOW, lambda: NOW, lambda *_: None)  # reads the source alone

    reports = at_once(lambda _: pick.run(engine, due, parts.taste, parts.issue(), KEYS, NOW, NOW))

    assert sum(report.planned for report in reports) == 30
    assert sum(report.already for report in reports) == 60
    with Session(engine) as looked:
        assert len(looked.exec(select(Delivery)).all()) == len(looked.exec(select(Pick)).all()) == 30


def test_a_look_at_everybody_does_not_fail_when_others_write_meanwhile(session, parts, monkeypatch):
    reader(session, "ada@example.org", "Graphs")
    marked = journal.marked

    def and_somebody_writes(asking, name):
        found = marked(asking, name)
        if name == journal.PLANNED and name not in written:
            written.append(name)
            journal.take_turn(session, "another", "somebody", NOW, HOUR)
        return found

    written = []
    monkeypatch.setattr(tick.journal, "marked", and_somebody_writes)

    assert tick.run(parts, NOW, lambda: NOW, lambda *_: None).faults == {}
    assert written


def days_of(first, last):
    return [first + number * DAY for number in range((last - first).days + 1)]


@cache
def kinds_of_zones():
    """One zone for each kind of putting clocks forward and back, with the days on which that happens."""
    kinds = {}
    for zone in ZONES:
        offsets = [offset(zone, day) for day in days_of(FIRST, LAST)]
        changed = tuple(
            (number, offsets[number])
            for number in range(1, len(offsets))
            if offsets[number] != offsets[number - 1]
        )
        kinds.setdefault((offsets[0], changed), zone)
    return [(zone, [FIRST + number * DAY for number, _ in changed]) for (_, changed), zone in kinds.items()]


def test_every_zone_and_hour_has_one_instant_for_each_date_around_each_change_of_clocks():
    for zone, changes in kinds_of_zones():
        place = ZoneInfo(zone)
        for change in changes or [FIRST]:
            for hour in range(24):
                days = days_of(change - 2 * DAY, change + 2 * DAY)
                found = [schedule.instant(day, hour, place) for day in days]
                assert found == [strikes(zone, day, hour) for day in days], (zone, change, hour)
                gaps = [later - earlier for earlier, later in pairwise(found)]
                assert all(22 * HOUR <= gap <= 26 * HOUR for gap in gaps), (zone, change, hour)


CLOCKS = st.builds(
    Clock,
    st.sampled_from(Cadence),
    st.sampled_from(WEEKDAYS),
    st.integers(0, 23),
    st.sampled_from(ZONES),
)


@settings(max_examples=15)
@given(CLOCKS, st.datetimes(datetime(2026, 1, 1), datetime(2027, 10, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis takes naive bounds
def test_the_hours_that_strike_are_those_of_the_due_dates_and_no_other(clock, start):
    end, now, found = start + 60 * DAY, start, []
    while (now := clock.next(now)) <= end:
        found.append(now)

    days = (WEEKDAYS.index(clock.weekdays),)
    assert found == [when for _, when in struck((clock.cadence, days, clock.hour, clock.timezone), start, end)]
