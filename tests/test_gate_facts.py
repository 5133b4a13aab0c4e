"""The gate's facts, read from the database: messages, sources, templates, picks, and what they lead to."""

from dataclasses import replace
from datetime import timedelta

import pytest
from judged import DATE, KEYS, LATER, RULES, digests, judge, lines, scheduled
from sqlmodel import select
from world import NOW, entry, reader, stored

from newsletter import journal, lint, pick, render, wiring
from newsletter.errors import MessageError
from newsletter.gate import facts as gathered
from newsletter.models import EditionPaper, SourceState

TOMORROW = "2026-03-11"


@pytest.fixture
def three(engine, session, config):
    """Three readers whose digests a scheduled run has planned."""
    stored(session)
    for number in range(3):
        reader(session, f"reader{number}@example.org", "Graphs")
    scheduled(engine, config)


def fetched(session, name, brought, ago, *, ok=True):
    """A line of the journal: this source was read so long before LATER, and brought so many new papers."""
    at = LATER - ago
    journal.write(session, "fetch", name, at, (at, at), counts={"new": brought}, ok=ok)


def test_a_message_that_cannot_be_built_holds_its_edition(engine, session, three):
    session.exec(select(EditionPaper)).first()
    for paper in session.exec(select(EditionPaper)):
        session.delete(paper)
    session.commit()

    (said,) = judge(engine).held[DATE]

    assert said.startswith("3 of 3 messages looked at cannot be built; the first: the frozen text of arxiv:")


def test_whatever_a_template_does_the_admin_gets_to_know(engine, session, three, monkeypatch):
    errors = iter(
        [MessageError("is over 90,000 bytes for ada@example.org"), ZeroDivisionError(), ValueError("odd")]
    )

    def broken(*_):
        raise next(errors)

    monkeypatch.setattr(render, "run", broken)

    (said,) = judge(engine).held[DATE]

    assert said == "3 of 3 messages looked at cannot be built; the first: is over 90,000 bytes for a…@example.org."


def test_a_message_over_the_budget_holds_its_edition(engine, session, three):
    (said,) = judge(engine, rules=replace(RULES, budget_bytes=500)).held[DATE]

    assert "A message is too long: it has" in said


def test_without_a_budget_no_message_is_built(engine, session, three, monkeypatch):
    monkeypatch.setattr(render, "run", None)

    assert judge(engine, rules=replace(RULES, budget_bytes=0)).let_go == {DATE: 3}


def test_of_many_digests_some_and_the_longest_are_looked_at(engine, session, config, monkeypatch):
    monkeypatch.setattr(gathered, "MOST_SAMPLED", 4)
    stored(session)
    for number in range(12):
        reader(session, f"reader{number}@example.org", "Graphs", size=2 if number == 10 else 1)
    scheduled(engine, config)

    sample = gathered._sample(session, DATE)

    ids = [each.id for each in digests(session)]
    assert sample == [ids[0], ids[3], ids[6], ids[9], ids[10]]


def test_what_lint_finds_in_the_longest_message_is_a_fact(engine, session, three, monkeypatch):
    told = [
        lint.found("link-empty", "the link of ada@example.org leads nowhere", "mend it"),
        lint.found("placeholder", "{{ x }} is not filled in", "mend it"),
        lint.found("html-budget", "too long", "shorten it"),
        lint.found("spam-words", "a note", "none"),
    ]
    monkeypatch.setattr(lint, "message", lambda *_: tuple(told))

    (said,) = judge(engine).held[DATE]

    assert said == "The mail has a fault: the link of a…@example.org leads nowhere."
    assert gathered._linted(b"x", 90_000)[1] == ("{{ x }} is not filled in",)


def test_the_digest_of_somebody_erased_meanwhile_is_passed_over(session, three):
    sampled, faults, largest, _ = gathered._messages(session, [10_000, digests(session)[0].id], KEYS)

    assert (sampled, faults, largest > 1_000) == (1, [], True)


def test_a_usually_full_source_that_is_empty_holds_the_edition(engine, session, three):
    for days in range(1, 7):
        fetched(session, "arXiv", 90 + days, timedelta(days=days, hours=2))
        fetched(session, "arXiv", 2, timedelta(days=days, hours=1))
    fetched(session, "arXiv", 0, timedelta(hours=1))
    session.commit()

    (said,) = judge(engine, expected={"arXiv": True}).held[DATE]

    assert said == (
        "The source arXiv brought no new paper in the last 24 hours: usually it brings 95 on a day with news."
    )


@pytest.mark.parametrize(
    ("brought", "ok", "expected"),
    [(1, True, True), (0, True, False), (0, False, True)],
    ids=["it has something", "nothing is expected", "it could not be read"],
)
def test_a_source_that_is_not_suspiciously_empty_holds_nothing(engine, session, three, brought, ok, expected):
    fetched(session, "arXiv", 90, timedelta(days=2))
    fetched(session, "arXiv", brought, timedelta(hours=1), ok=ok)
    session.commit()

    assert judge(engine, expected={"arXiv": expected}).let_go == {DATE: 3}


@pytest.mark.parametrize(
    ("reads", "held"),
    [
        ([(20, True), (1, False)], False),
        ([(20, False), (1, True)], True),
        ([(26, True), (25, True)], False),
        ([(23, True)], True),
    ],
    ids=["down since", "down before", "not read in these hours", "read well"],
)
def test_only_a_source_whose_newest_read_went_well_is_empty(engine, session, three, reads, held):
    fetched(session, "arXiv", 90, timedelta(days=2))
    for hours, ok in reads:
        fetched(session, "arXiv", 0, timedelta(hours=hours), ok=ok)
    session.commit()

    assert bool(judge(engine, expected={"arXiv": True}).held) is held


@pytest.mark.parametrize(
    ("ago", "held"),
    [(timedelta(hours=5), False), (timedelta(hours=24), True), (None, True)],
    ids=["today", "a day ago", "never"],
)
def test_a_source_whose_news_another_source_told_first_is_not_empty(engine, session, three, ago, held):
    fetched(session, "arXiv", 90, timedelta(days=2))
    fetched(session, "arXiv", 0, timedelta(hours=1))
    session.merge(SourceState(name="arXiv", last_news_at=LATER - ago if ago else None))
    session.commit()

    assert bool(judge(engine, expected={"arXiv": True}).held) is held


def test_a_changed_template_only_warns(engine, session, config, three):
    judge(engine)
    issue = wiring.issue(config)
    mine = replace(issue, imprint=replace(issue.imprint, title="Another Title"))
    later = NOW + timedelta(days=1)
    stored(session, entry("Graph neural networks for proteins", 70, announced_at=later), now=later)
    scheduled(engine, config, TOMORROW, later, issue=mine)

    report = judge(engine, later)

    warning = f"The template or the newsletter's own words changed since the edition of {DATE}."
    assert (report.let_go, report.warned) == ({TOMORROW: 3}, {TOMORROW: [warning]})
    assert lines(session, "gate")[-1].words == warning


def many(session, count, follows):
    stored(session, *[entry(f"Study of things number{number}", number) for number in range(1, 40)])
    for number in range(count):
        reader(session, f"reader{number}@example.org", keyword=follows(number), size=3)


ALIKE = replace(RULES, from_readers=12, budget_bytes=0)


def test_picks_that_are_the_same_for_readers_who_differ_hold_the_edition(engine, session, config, monkeypatch):
    many(session, 12, lambda number: [f"number{number + 1}"])
    monkeypatch.setattr(pick.Planner, "_choose", same_for_all(pick.Planner._choose))
    scheduled(engine, config)

    (said,) = judge(engine, rules=ALIKE).held[DATE]

    assert (
        said
        == "The picks look broken: of 12 readers who follow different things 12 would get the very same papers."
    )


def same_for_all(choose):
    first = []

    def choosing(self, who):
        first.extend(choose(self, who) if not first else ())
        return first

    return choosing


def test_picks_that_differ_go_out_and_so_do_those_of_readers_who_follow_the_same(engine, session, config):
    many(session, 12, lambda number: [f"number{number + 1}"] if number < 10 else ["number3"])
    scheduled(engine, config)

    report = judge(engine, rules=ALIKE)

    assert report.let_go == {DATE: 12}
    counts = lines(session, "gate")[0].counts
    assert (counts["interests"], counts["alike"]) == (10, 1)


def test_readers_for_whom_nothing_was_worth_sending_are_told_of(engine, session, config, monkeypatch):
    stored(session)
    for name in ("ada", "quiet1", "quiet2", "quiet3"):
        reader(session, f"{name}@example.org", "Graphs")
    choose = pick.Planner._choose
    quiet = lambda self, who: [] if "quiet" in who.email else choose(self, who)  # noqa: E731 - one line says it
    monkeypatch.setattr(pick.Planner, "_choose", quiet)
    scheduled(engine, config)

    report = judge(engine, rules=replace(RULES, from_readers=4))

    assert report.warned == {DATE: ["For 3 of 4 readers nothing was worth sending."]}
    assert lines(session, "gate")[0].counts["skipped"] == 3
