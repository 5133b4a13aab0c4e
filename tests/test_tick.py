"""One turn of the clock: what is due is fetched, planned, judged and told, however often the clock ticks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select
from ticking import announcing, digests, notices, turn
from world import NOW, Scripted, Told, papers, reader, sending

from newsletter import journal, tick
from newsletter.models import Paper, Skip, SourceState, State
from newsletter.record_models import Run, RunKind
from newsletter.sources.upstream import Steady

HOUR = timedelta(hours=1)


def test_a_turn_fetches_plans_and_lets_go(session, parts):
    reader(session, "ada@example.org", "Graphs")

    report = turn(parts)

    assert (report.planned, report.skipped, report.faults) == (1, 0, {})
    assert [each.new for each in report.fetched] == [6]
    (digest,) = digests(session)
    assert (digest.state, digest.not_before, digest.due_at) == (State.PENDING, NOW, NOW.replace(hour=7))
    assert digest.not_after == NOW.replace(hour=7) + timedelta(hours=18)


def test_what_a_turn_planned_goes_out_with_the_next_send(session, parts):
    reader(session, "ada@example.org", "Graphs")
    turn(parts)
    out = Scripted()

    sending(session.get_bind(), out)

    assert [envelope.recipient for envelope in out.envelopes] == ["ada@example.org"]


def test_a_doubled_tick_is_harmless(session, parts):
    reader(session, "ada@example.org", "Graphs")
    turn(parts)

    again = turn(parts, NOW + timedelta(seconds=30))

    assert (again.planned, again.fetched) == (0, [])
    assert len(digests(session)) == 1


def test_while_another_has_its_turn_nothing_is_done(session, parts):
    reader(session, "ada@example.org", "Graphs")
    journal.take_turn(session, tick.TURN, "another machine", NOW, timedelta(minutes=5))

    assert turn(parts) == tick.Report(busy=True)
    assert digests(session) == []


def test_a_turn_leaves_its_lines_and_marks(session, parts):
    reader(session, "ada@example.org", "Graphs")

    turn(parts)

    kinds = [line.kind for line in session.exec(select(Run).order_by(Run.id))]
    assert kinds == [RunKind.FETCH, RunKind.PLAN, RunKind.GATE]
    assert journal.newest(session, RunKind.PLAN)[0].counts["planned"] == 1
    assert journal.marked(session, journal.TICKED) == NOW == journal.marked(session, journal.PLANNED)


def test_a_source_is_read_again_at_its_own_pace(session, parts):
    source = Told(*papers())
    source.calendar = Steady(60)
    parts = replace(parts, sources=[source])
    for minutes in (0, 30, 61):
        turn(parts, NOW + timedelta(minutes=minutes))

    assert len(source.memories) == 2


def test_a_part_that_fails_costs_itself_and_is_told_once(session, parts, monkeypatch):
    reader(session, "ada@example.org", "Graphs")

    def broken(*_):
        raise RuntimeError("no room for ada@example.org")

    monkeypatch.setattr(tick.gate, "run", broken)
    first = turn(parts)
    turn(parts, NOW + HOUR)

    assert first.faults == {"judge": "RuntimeError: no room for a…@example.org"}
    assert first.planned == 1
    assert list(notices(session)) == ["tick fails at judge"]
    lines = journal.newest(session, RunKind.TICK, most=9)
    assert [line.words[:19] for line in lines] == 2 * ["judge: RuntimeError"]

    monkeypatch.undo()
    turn(parts, NOW + 2 * HOUR)
    assert notices(session)["tick fails at judge"].ended_at == NOW + 2 * HOUR


def test_what_was_planned_but_not_judged_is_judged_by_the_next_turn(session, parts, monkeypatch):
    reader(session, "ada@example.org", "Graphs")
    monkeypatch.setattr(tick.gate, "run", lambda *_: 1 / 0)
    turn(parts)
    monkeypatch.undo()

    turn(parts, NOW + timedelta(minutes=1))

    assert digests(session)[0].not_before == NOW + timedelta(minutes=1)


MIDNIGHT_FEED = datetime(2026, 3, 10, 5, tzinfo=UTC)  # after which arXiv's feed of Tuesday is due


def test_a_digest_waits_for_a_late_source_for_an_hour_and_then_goes_without(session, parts):
    reader(session, "ada@example.org", "Graphs", hour="7")
    turn(replace(parts, sources=[Told(*papers(), name="other")]), MIDNIGHT_FEED)
    both = replace(parts, sources=[Told(name="other"), announcing()])  # arXiv is silent

    early = turn(both, NOW.replace(hour=7, minute=30))
    late = turn(both, NOW.replace(hour=8, minute=1))

    assert (early.planned, early.waiting, early.waits_for) == (0, 1, ["told"])
    assert (late.planned, late.waiting) == (1, 0)
    assert list(notices(session)) == ["went without told 2026-03-10"]
    assert journal.newest(session, RunKind.PLAN)[0].words == "went without told"


def test_a_digest_goes_as_soon_as_the_late_source_is_there(session, parts):
    reader(session, "ada@example.org", "Graphs", hour="7")
    today = [replace(each, announced_at=MIDNIGHT_FEED) for each in papers()]
    silent, there = replace(parts, sources=[announcing()]), replace(parts, sources=[announcing(*today)])

    before = turn(silent, NOW.replace(hour=7, minute=5))
    after = turn(there, NOW.replace(hour=7, minute=40))

    assert (before.planned, before.waiting) == (0, 1)
    assert (after.planned, after.waiting, after.waits_for) == (1, 0, [])
    assert notices(session) == {}


def test_what_was_due_while_nobody_ran_is_recorded_with_the_reason(session, parts):
    reader(session, "ada@example.org", "Graphs", size="1")
    turn(parts)

    report = turn(parts, NOW + timedelta(days=3))

    assert report.missed == 2
    missed = {each.period: each for each in digests(session) if each.skipped_for is Skip.MISSED}
    assert sorted(missed) == ["2026-03-11", "2026-03-12"]
    assert missed["2026-03-12"].outcome == (
        "missed: the newsletter was not running from 2026-03-10 12:00 UTC on, and 18 hours after its hour it was"
        " too late"
    )
    assert turn(parts, NOW + timedelta(days=3, minutes=1)).missed == 0


def test_a_digest_that_is_late_within_the_window_is_sent_late(session, parts):
    reader(session, "ada@example.org", "Graphs", size="1")
    turn(parts)

    report = turn(parts, NOW + timedelta(days=1, hours=10))

    assert (report.planned, report.missed) == (1, 0)


def test_without_any_paper_the_day_is_kept_open_and_then_says_so(session, parts):
    reader(session, "ada@example.org", "Graphs")
    empty = replace(parts, sources=[Told()])
    for hours in range(0, 56, 8):
        report = turn(empty, NOW + timedelta(hours=hours))

    assert report.waiting == 1
    (missed,) = digests(session)
    assert missed.outcome.startswith("missed: there was no paper at all to choose from")


def test_a_source_remembers_when_it_last_had_news(session, parts):
    turn(parts)
    turn(parts, NOW + 2 * HOUR)

    session.rollback()
    assert session.get(SourceState, "told").last_news_at == NOW - timedelta(days=1)  # when they were announced
    assert len(session.exec(select(Paper)).all()) == 6


def test_each_hour_it_is_tidied_and_old_lines_go(session, parts):
    turn(parts, NOW - timedelta(days=91))

    turn(parts)

    assert journal.newest(session, RunKind.TIDY)[0].counts["lines"] > 0
    assert all(line.started_at >= NOW - timedelta(days=90) for line in session.exec(select(Run)))


def test_a_turn_that_was_replayed_moves_no_mark_back(session, parts):
    turn(parts)

    tick.run(parts, NOW - timedelta(days=2), lambda: NOW, lambda *_: None)

    assert journal.marked(session, journal.PLANNED) == NOW


@pytest.mark.parametrize(
    ("length", "words"), [(18 * HOUR, "18 hours"), (HOUR, "1 hour"), (HOUR / 2, "30 minutes")]
)
def test_a_length_of_time_in_words(length, words):
    assert tick.hours(length) == words


def test_a_source_that_breaks_costs_itself_and_is_not_asked_at_every_tick(session, parts):
    broken, well = Told(name="broken", error=KeyError("boom")), Told(*papers(), name="well")
    both = replace(parts, sources=[broken, well])
    for seconds in range(0, 150, 30):
        report = turn(both, NOW + timedelta(seconds=seconds))

    assert report.faults == {}
    assert (len(broken.memories), len(well.memories)) == (1, 1)
    assert journal.newest(session, RunKind.FETCH, "broken")[0].words == "unexpected KeyError: 'boom'"
    assert session.get(SourceState, "broken").last_error == "unexpected KeyError: 'boom'"


def test_a_clock_that_was_ahead_once_costs_no_digest(session, parts):
    reader(session, "ada@example.org", "Graphs", size="1")
    source = Told(*papers())
    parts = replace(parts, sources=[source])
    turn(parts)
    turn(parts, NOW + timedelta(days=3))  # for a moment
    reads = len(source.memories)

    for hours in range(12, 60, 12):
        turn(parts, NOW + timedelta(hours=hours))

    looked_at = {each.period for each in digests(session) if each.skipped_for is not Skip.MISSED}
    assert looked_at >= {"2026-03-10", "2026-03-11", "2026-03-12"}
    assert len(source.memories) > reads


def test_a_trial_in_the_future_keeps_no_real_tick_from_its_work(session, parts):
    reader(session, "ada@example.org", "Graphs")

    tick.run(parts, NOW + timedelta(days=200), lambda: NOW, lambda *_: None)

    assert journal.marked(session, journal.PLANNED) is None
    assert turn(parts, NOW + timedelta(days=1)).planned == 1


def test_a_turn_that_was_taken_by_a_clock_far_ahead_is_not_believed(session, parts):
    journal.take_turn(session, tick.TURN, "another machine", NOW + timedelta(days=2), timedelta(minutes=1))

    assert not turn(parts).busy


def test_planning_that_fails_for_days_is_the_reason_that_is_told(session, parts, monkeypatch):
    reader(session, "ada@example.org", "Graphs")
    turn(parts)
    with monkeypatch.context() as broken:
        broken.setattr(tick.pick, "run", lambda *_: 1 / 0)
        for hours in range(12, 60, 12):
            turn(parts, NOW + timedelta(hours=hours))

    turn(parts, NOW + timedelta(hours=60))

    missed = [each.outcome for each in digests(session) if each.skipped_for is Skip.MISSED]
    assert missed
    assert all(outcome.startswith("missed: planning failed (plan: ZeroDivisionError") for outcome in missed)
