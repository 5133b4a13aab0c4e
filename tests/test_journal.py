"""The journal: lines, marks that move on, and turns."""

from datetime import timedelta

from world import NOW

from newsletter import journal
from newsletter.record_models import RunKind

HOUR = timedelta(hours=1)


def wrote(session, name="told", at=NOW, **more):
    journal.write(session, RunKind.FETCH, name, at, (at, at + HOUR), **more)
    session.commit()


def test_a_line_says_when_what_and_how_it_went(session):
    wrote(session, words="two entries were left out", counts={"new": 3}, ok=False)

    (line,) = journal.newest(session, RunKind.FETCH)
    assert (line.name, line.at, line.started_at, line.seconds) == ("told", NOW, NOW, 3600)
    assert (line.ok, line.words, line.counts) == (False, "two entries were left out", {"new": 3})


def test_a_clock_that_jumps_back_makes_no_negative_time(session):
    journal.write(session, RunKind.PLAN, "", NOW, (NOW, NOW - HOUR))

    assert journal.newest(session, RunKind.PLAN)[0].seconds == 0


def test_the_newest_come_first_and_can_be_asked_for_by_name(session):
    for hours, name in enumerate(("one", "two", "one")):
        wrote(session, name, NOW + hours * HOUR)

    assert [line.name for line in journal.newest(session, RunKind.FETCH, most=9)] == ["one", "two", "one"]
    assert journal.newest(session, RunKind.FETCH, "two")[0].at == NOW + HOUR
    assert journal.newest(session, RunKind.SEND) == []


def test_lines_between_two_moments_are_the_oldest_first(session):
    for hours in range(4):
        wrote(session, str(hours), NOW + hours * HOUR)

    found = journal.between(session, RunKind.FETCH, NOW + HOUR, NOW + 3 * HOUR)

    assert [line.name for line in found] == ["1", "2"]


def test_old_lines_are_let_go(session):
    wrote(session, "old", NOW - HOUR)
    wrote(session, "new")

    assert journal.prune(session, NOW) == 1
    assert [line.name for line in journal.newest(session, RunKind.FETCH, most=9)] == ["new"]


def test_a_mark_moves(session):
    assert journal.marked(session, "ticked") is None

    journal.mark(session, "ticked", NOW)
    journal.mark(session, "ticked", NOW + HOUR)

    assert journal.marked(session, "ticked") == NOW + HOUR


def test_a_turn_belongs_to_one_until_its_lease_ends(session):
    def take(owner, hours):
        return journal.take_turn(session, "tick", owner, NOW + hours * HOUR, 2 * HOUR)

    assert take("first", 0)
    assert not take("second", 1)
    assert take("first", 1)  # which makes it longer
    assert not take("second", 2)
    assert take("second", 3)
    assert not take("first", 4)


def test_whoever_ends_a_turn_lets_others_have_theirs(session):
    journal.take_turn(session, "tick", "first", NOW, HOUR)

    journal.end_turn(session, "tick", "second")
    assert not journal.take_turn(session, "tick", "second", NOW, HOUR)

    journal.end_turn(session, "tick", "first")
    assert journal.take_turn(session, "tick", "second", NOW, HOUR)
