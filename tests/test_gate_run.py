"""The gate at work: scheduled digests are let go or held, on both databases, whatever breaks in between."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from judged import DATE, LATER, ROOM, RULES, decide, digests, judge, lines, scheduled, states, waits
from ledgers import claimed, recorded
from sqlmodel import Session, select
from structlog.testing import capture_logs
from world import NOW, Scripted, deferred, entry, papers, reader, sending, stored

from newsletter import gate, holds, journal, ledger_plans, pick
from newsletter.gate import facts as gathered
from newsletter.models import State
from newsletter.record_models import Hold, HoldState

TOMORROW = "2026-03-11"
STRICT = replace(RULES, least_papers=7)
FEW = "Too few papers: 6 papers were there to choose from, and gate.least_papers is 7."


@pytest.fixture
def three(engine, session, config):
    """Three readers whose digests a scheduled run has planned."""
    stored(session)
    for number in range(3):
        reader(session, f"reader{number}@example.org", "Graphs")
    scheduled(engine, config)


def test_what_looks_right_is_let_go_at_once(engine, session, three):
    assert waits(session) == [True] * 3

    report = judge(engine)

    assert (report.let_go, report.held, report.warned) == ({DATE: 3}, {}, {})
    assert {(each.not_before, each.not_after) for each in digests(session)} == {(LATER, LATER + ROOM)}
    (line,) = lines(session, "gate")
    assert (line.name, line.ok, line.words, line.counts["digests"]) == (DATE, True, "", 3)
    assert line.counts["largest_html"] > 1_000
    sending(engine, Scripted(), LATER)
    assert states(session) == [State.SENT] * 3


def test_what_looks_wrong_is_held_with_its_reasons(engine, session, three):
    report = judge(engine, rules=STRICT)

    assert (report.let_go, report.held) == ({}, {DATE: [FEW]})
    found = session.get_one(Hold, DATE)
    assert (found.state, found.by, found.reasons, found.at) == (HoldState.HELD, "gate", [FEW], LATER)
    assert [(line.name, line.ok, line.words) for line in lines(session, "gate")] == [(DATE, False, FEW)]
    assert lines(session, "admin") == []
    sending(engine, Scripted(), LATER)
    assert states(session) == [State.PENDING] * 3


def test_a_second_run_changes_nothing_and_still_says_what_stands(engine, session, three):
    judge(engine, rules=STRICT)

    again = judge(engine, LATER + timedelta(minutes=1))

    assert (again.let_go, again.held) == ({}, {})
    assert len(lines(session, "gate")) == 1
    judge(engine)
    assert waits(session) == [True] * 3


def test_each_date_is_judged_by_itself(engine, session, config, three):
    later = NOW + timedelta(days=1)
    stored(session, *papers(), entry("Graph neural networks for proteins", 70, announced_at=later), now=later)
    scheduled(engine, config, TOMORROW, later)

    report = judge(engine, later, STRICT)

    assert (set(report.held), set(report.let_go)) == ({DATE}, {TOMORROW})


def test_a_date_that_cannot_be_judged_keeps_no_other_from_it(engine, session, config, three, monkeypatch):
    look = gathered.collect
    dates = (TOMORROW, "2026-03-12")
    for day, date in enumerate(dates, 1):
        later = NOW + timedelta(days=day)
        stored(session, entry("Graph neural networks for proteins", 69 + day, announced_at=later), now=later)
        scheduled(engine, config, date, later)

    def looking(session, batch, *arguments):
        if batch.date != TOMORROW:
            raise RuntimeError(f"{batch.date} broke for ada@example.org")
        return look(session, batch, *arguments)

    monkeypatch.setattr(gathered, "collect", looking)
    with capture_logs() as logged, pytest.raises(RuntimeError, match=f"^{DATE} broke"):
        judge(engine)

    assert {date: set(waits(session, date)) for date in (DATE, *dates)} == {
        DATE: {True},
        TOMORROW: {False},
        dates[1]: {True},
    }
    assert [(each["edition"], each["reason"]) for each in logged if each["event"] == "edition not judged"] == [
        (date, f"RuntimeError: {date} broke for a…@example.org") for date in (DATE, dates[1])
    ]
    monkeypatch.undo()
    assert set(judge(engine).let_go) == {DATE, dates[1]}


def test_what_the_admin_released_is_not_held_again(engine, session, config, three):
    judge(engine, rules=STRICT)
    decide(engine, holds.release, DATE, LATER, ROOM)
    scheduled(engine, config, readers=[reader(session, "late@example.org", "Graphs").id])

    report = judge(engine, LATER + timedelta(hours=1), STRICT)

    assert (report.let_go, report.held, report.warned) == ({DATE: 1}, {}, {})
    assert waits(session) == [False] * 4
    assert lines(session, "gate")[-1].words == gate.NOT_JUDGED


def test_what_the_admin_holds_or_cancelled_is_left_alone(engine, session, config, three):
    decide(engine, holds.hold, DATE, holds.ADMIN, ["Wait for me."], NOW)
    decide(engine, holds.cancel, TOMORROW, NOW)
    scheduled(engine, config, TOMORROW, NOW + timedelta(days=1))

    report = judge(engine)

    assert (report.let_go, report.held) == ({}, {})
    assert waits(session) == [True] * 3
    assert states(session, TOMORROW) == [State.SKIPPED] * 3


def test_what_was_deferred_while_its_edition_was_held_waits_with_it(engine, session, three):
    judge(engine)
    claim = claimed(session, LATER)
    decide(engine, holds.hold, DATE, holds.ADMIN, [], LATER)
    recorded(session, claim, deferred(), LATER)

    judge(engine)

    assert waits(session) == [True] * 3


def test_a_crash_between_planning_and_judging_costs_nothing(engine, session, config, monkeypatch):
    stored(session)
    readers = [reader(session, f"reader{number}@example.org", "Graphs").id for number in range(5)]
    plan = ledger_plans.plan_many

    def dying(own, rows):
        if readers[2] in [row["subscriber_id"] for row in rows]:
            raise RuntimeError("killed")
        return plan(own, rows)

    monkeypatch.setattr(pick, "BATCH", 2)
    monkeypatch.setattr(ledger_plans, "plan_many", dying)
    with pytest.raises(RuntimeError, match="killed"):
        scheduled(engine, config)
    assert waits(session) == [True] * 2
    monkeypatch.undo()

    scheduled(engine, config)
    judge(engine)

    assert waits(session) == [False] * 5


def test_a_crash_in_the_middle_of_a_decision_leaves_all_as_it_was(engine, session, three, monkeypatch):
    def dying(*_, **__):
        raise RuntimeError("killed")

    monkeypatch.setattr(journal, "write", dying)
    for rules in (RULES, STRICT):
        with pytest.raises(RuntimeError, match="killed"):
            judge(engine, rules=rules)
    monkeypatch.undo()

    assert waits(session) == [True] * 3
    assert session.exec(select(Hold)).all() == []
    assert judge(engine).let_go == {DATE: 3}


def test_what_is_planned_while_the_gate_looks_is_left_to_its_next_run(engine, session, config, three, monkeypatch):
    look = gathered.collect

    def looking(*arguments):
        found = look(*arguments)
        with Session(engine) as own:
            more = reader(own, "late@example.org", "Graphs").id
        scheduled(engine, config, readers=[more])
        return found

    monkeypatch.setattr(gathered, "collect", looking)
    assert judge(engine).let_go == {}
    assert waits(session) == [True] * 4
    monkeypatch.undo()

    assert judge(engine).let_go == {DATE: 4}


def test_two_gates_at_once_let_everything_go_once(engine, session, three):
    together = Barrier(2)

    def one(_):
        together.wait()
        return judge(engine)

    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(one, range(2)))

    assert sorted(report.let_go.get(DATE, 0) for report in reports) == [0, 3]
    assert len(lines(session, "gate")) == 1
