"""`newsletter why` about days on which the newsletter itself was at fault: down, failing, or with a day off."""

from datetime import timedelta

import pytest
from why_world import DAY, DUE, HOURS, NOON, ada, asked, fetched, ticked
from world import configured, stored

from newsletter import journal, wiring
from newsletter.record_models import RunKind

FAILED = "fetch: OSError: x; plan: RuntimeError: disk full for bob@example.org"
LONG = 30 * DAY


@pytest.fixture
def reader(session):
    stored(session, now=DUE - HOURS)
    return ada(session)


def failed(session, at, words=FAILED):
    journal.write(session, RunKind.TICK, "", at, (at, at), words, ok=False)
    session.commit()


def test_a_long_outage_explains_a_day_that_has_no_row_any_more(session, config, reader):
    fetched(session, DUE - DAY)
    fetched(session, DUE + LONG)
    ticked(session, DUE + LONG, DUE + LONG)

    assert asked(session, config, reader, at=DUE + 10 * DAY, now=DUE + LONG, whole_day=True).code == "not running"


@pytest.mark.parametrize("kind", [RunKind.PLAN, RunKind.TICK, RunKind.FETCH])
def test_a_line_of_the_journal_in_the_week_after_shows_that_it_ran(session, config, reader, kind):
    fetched(session, DUE - DAY)
    at = DUE + 13 * DAY
    journal.write(session, kind, "", at, (at, at))
    ticked(session, DUE + LONG, DUE + LONG)

    assert asked(session, config, reader, at=DUE + 10 * DAY, now=DUE + LONG, whole_day=True).code == "no papers"


def test_a_journal_that_does_not_reach_back_shows_no_outage(session, config, reader):
    ticked(session, DUE + LONG, DUE + LONG)

    assert asked(session, config, reader, at=DUE - 10 * DAY, now=DUE + LONG, whole_day=True).code != "not running"


def test_a_plan_step_that_fails_is_the_answer_and_stands_in_the_story(session, config, reader):
    failed(session, DUE - HOURS / 2)  # a fault that stays has no line of its own in each turn
    ticked(session, NOON, DUE - HOURS)

    found = asked(session, config, reader)

    assert found.code == "plan failed"
    assert ": the clock's plan step failed: RuntimeError: disk full for b…@example.org. It still" in found.lines[0]
    assert any("tick (failed): Fetch: OSError: x; plan: RuntimeError: disk full" in line for line in found.lines)
    assert "bob@" not in "".join(found.lines)


def test_a_plan_step_that_works_again_explains_nothing(session, config, reader):
    failed(session, DUE)
    ticked(session, NOON, NOON)

    assert asked(session, config, reader).code == "unexplained"


def test_a_step_that_failed_beside_the_planning_does_not_explain_it(session, config, reader):
    failed(session, DUE, "fetch: OSError: no plan: none")
    ticked(session, NOON, DUE - HOURS)

    assert asked(session, config, reader).code == "planning"


@pytest.mark.parametrize(("works", "code"), [(False, "plan failed"), (True, "unexplained")])
def test_a_plan_step_that_failed_for_weeks_explains_a_day_long_ago(session, config, reader, works, code):
    failed(session, DUE + HOURS)
    if works:
        journal.write(session, RunKind.PLAN, "", NOON, (NOON, NOON))
    ticked(session, DUE + LONG, DUE + LONG)

    assert asked(session, config, reader, now=DUE + LONG, whole_day=True).code == code


def test_a_coming_day_off_is_told_and_the_next_digest_is_after_it(session, config, reader):
    days_off = frozenset({"2026-03-11", "2026-03-12"})

    found = asked(session, config, reader, at=NOON + DAY, now=NOON, whole_day=True, days_off=days_off)

    assert found.code == "day off"
    assert found.lines[0].startswith(
        "ada@example.org gets no digest for Wednesday, 11 March 2026: it is a day off"
    )
    assert found.facts.day.next_due == DUE + 3 * DAY


def test_the_rules_are_those_of_the_configuration(tmp_path):
    text = '[schedule]\nwait_minutes = 90\ndays_off = ["2026-12-25"]\n[[sources]]\nname = "told"\nkind = "file"\n'
    path = 'path = "papers.jsonl"\n'
    (tmp_path / "papers.jsonl").touch()

    rules = wiring.why_rules(configured(tmp_path, text + path).config)
    without = wiring.why_rules(configured(tmp_path, text).config)

    assert (rules.wait, rules.days_off, set(rules.calendars)) == (
        timedelta(minutes=90),
        {"2026-12-25"},
        {"told"},
    )
    assert without.calendars == {}
