"""Pace: messages leave evenly, and no faster than is allowed, however many processes send."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import select
from world import NOW

from newsletter.models import Pace
from newsletter.pace import Limit
from newsletter.statements import Line

SECOND = timedelta(seconds=1)
TENTH = timedelta(seconds=0.1)
WAITS_FOR_US = """
    SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND starts_with(query, 'INSERT INTO pace')
"""


@pytest.fixture
def asked(engine):
    """What a limit says at a moment."""
    line = Line(engine)

    def ask(now, limit=None):
        with line.writing():
            return (limit or Limit(SECOND)).taken(line, now)

    yield ask
    line.close()


def leaves(asked, limit, moments):
    """The moments of these at which a message may leave."""
    return [now for now in moments if not asked(now, limit)]


def ticks(count, every=TENTH, start=NOW):
    return [start + number * every for number in range(count)]


def test_the_first_one_leaves_at_once_and_the_next_one_when_its_time_has_come(asked):
    assert asked(NOW) == timedelta()
    assert asked(NOW) == SECOND
    assert asked(NOW + SECOND * 0.7) == SECOND * 0.3
    assert asked(NOW + SECOND) == timedelta()


def test_messages_leave_evenly(asked):
    found = leaves(asked, Limit(SECOND), ticks(100))

    assert found == ticks(10, SECOND)


def test_who_was_late_catches_up_for_a_moment_only(asked):
    limit = Limit(TENTH)
    asked(NOW, limit)
    late = NOW + timedelta(minutes=10)

    assert sum(not asked(late, limit) for _ in range(100)) == 11
    assert leaves(asked, limit, ticks(11, TENTH / 2, late)) == ticks(5, TENTH, late + TENTH)


def test_limits_of_other_names_are_others(asked):
    assert [asked(NOW, Limit(SECOND, name)) for name in ("", "bulk", "bulk")] == [timedelta(), timedelta(), SECOND]


def test_a_clock_that_was_ahead_once_stops_nothing_for_long(asked):
    asked(NOW + timedelta(days=365))

    assert asked(NOW) == timedelta()
    assert asked(NOW) == SECOND


def test_clocks_that_differ_a_little_do_not_make_it_faster(asked):
    ahead = timedelta(seconds=20)
    asked(NOW + ahead)

    assert asked(NOW) == SECOND
    assert asked(NOW + ahead) == timedelta() or asked(NOW + ahead) <= SECOND


def test_two_processes_share_one_limit(engine, session):
    def taken(_):
        line, count = Line(engine), 0
        for now in ticks(200, SECOND / 20):
            with line.writing():
                count += not Limit(SECOND).taken(line, now)
        line.close()
        return count

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(taken, range(2)))

    assert sum(found) <= 11
    assert session.exec(select(Pace.next_at)).one() >= NOW + 9 * SECOND


@pytest.mark.parametrize("engine", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)
def test_of_two_that_come_first_one_has_to_wait(engine, session):
    first, second = Line(engine), Line(engine)

    def theirs():
        with second.writing():
            return Limit(SECOND).taken(second, NOW)

    with ThreadPoolExecutor(1) as pool:
        with first.writing():
            ours = Limit(SECOND).taken(first, NOW)
            waiting = pool.submit(theirs)
            while not session.connection().exec_driver_sql(WAITS_FOR_US).scalar():
                session.rollback()
        found = waiting.result(60)
    session.rollback()
    first.close()
    second.close()

    assert (ours, found) == (timedelta(), SECOND / 10)
