"""Today, why and runs on the admin pages: the figures, the answers and the journal, without readers' addresses."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session
from web_admin import acts, lite, logged_in
from world import NOW, Scripted, deferred, planned, reader, sending, stored

from newsletter import journal, wiring
from newsletter.models import SourceState
from newsletter.record_models import Notice, RunKind
from newsletter.web.admin_page import ago, moment
from newsletter.web.admin_runs import figures
from newsletter.web.admin_why import meant, shown
from subscribers.errors import InvalidPreference

__all__ = ["lite"]  # the fixture
LOW = "[digest]\nfloor = 0.1\n"
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def one(lite, tmp_path):
    return logged_in(lite, tmp_path, LOW)


def test_every_page_answers_on_an_empty_newsletter_and_on_both_databases(engine, tmp_path):
    one = logged_in(engine, tmp_path)

    for page in ("", "/editions", "/editions/2026-03-10", "/editions/2026-03-10/cancel", "/why", "/runs"):
        answer = one.get(f"/admin{page}")
        assert (answer.status_code, "Log out" in answer.text) == (200, True), page
    today = one.get("/admin/").text
    assert "The clock has never turned" in today
    assert "Nobody yet" in today
    assert ("SQLite" in today) is (engine.dialect.name == "sqlite")


def test_today_shows_the_balance_and_who_reads(one, lite):
    with Session(lite) as session:
        stored(session)
        reader(session, "ada@example.org", "Graphs")
        planned(session, one.site.config)
        sending(lite, Scripted(deferred("451 busy, ada@example.org")))

    shown = one.get("/admin").text

    assert "Tuesday, 10 March 2026, UTC" in shown
    assert "<dt>Active</dt><dd>1</dd>" in shown
    assert "1 message: " in shown
    assert "451 busy, a…@example.org" in shown
    assert "ada@" not in shown


def test_today_says_whether_the_clock_turns(one, lite):
    def says():
        return one.get("/admin").text

    with Session(lite) as session:
        journal.mark(session, journal.TICKED, one.clock())
        session.commit()
    fresh = says()
    one.clock.passes(hours=3)

    assert "The clock turns" in fresh
    assert "The clock stands still" in says()
    assert "3 hours ago" in says()


def test_today_shows_troubles_and_sources_without_addresses(one, lite):
    with Session(lite) as session:
        session.add(Notice(key="smtp down", at=NOW, words="The mail server is out of reach."))
        session.add(Notice(key="over", at=NOW - timedelta(days=1), words="Gone by.", ended_at=NOW))
        session.add(SourceState(name="arXiv cs", last_error="503 for ada@example.org", last_success_at=NOW))
        session.commit()

    shown = one.get("/admin").text

    assert "The mail server is out of reach." in shown
    assert "Gone by." not in shown
    assert "503 for a…@example.org" in shown
    assert "Not in the configuration any more" in shown


def test_today_says_that_a_source_is_late(lite, tmp_path):
    source = '[[sources]]\nname = "arXiv cs"\nkind = "arxiv"\ncategories = ["cs.LG"]\n'
    one = logged_in(lite, tmp_path, source)
    with Session(lite) as session:
        session.add(SourceState(name="arXiv cs", last_news_at=NOW - timedelta(days=4)))
        session.commit()

    shown = one.get("/admin").text

    assert "Expected since" in shown
    assert ">late<" in shown


def test_a_source_that_cannot_be_made_spoils_nothing(one, lite):
    table = one.site.config.sources
    broken = one.site.config.model_copy(update={"sources": (*table, Broken())})
    object.__setattr__(one.site, "config", broken)

    assert one.get("/admin").status_code == 200


class Broken:
    """A table of sources whose kind is gone."""

    name, path = "gone", ""

    def model_dump(self):
        return {"name": "gone", "kind": "no such kind"}


def test_runs_come_newest_first_by_kind_and_in_pages(one, lite):
    with Session(lite) as session:
        for number in range(60):
            at = NOW + timedelta(minutes=number)
            counts = {"new": number, "failed": 0, "later": True}
            journal.write(session, RunKind.SEND, f"run {number}", at, (at, at), "", counts)
        journal.write(session, RunKind.GATE, "2026-03-10", NOW, (NOW, NOW), "to ada@example.org", ok=False)
        session.commit()

    first, second = one.get("/admin/runs?kind=send").text, one.get("/admin/runs?kind=send&page=2").text

    assert first.index("run 59") < first.index("run 10")
    assert "run 9<" not in first
    assert "run 9<" in second
    assert "59 new" in first
    assert "/admin/runs?kind=send&amp;page=2" in first
    assert "/admin/runs?kind=send&amp;page=2" not in second
    gate = one.get("/admin/runs?kind=gate").text
    assert "failed" in gate
    assert "to a…@example.org" in gate
    assert "Nothing of this kind" in one.get("/admin/runs?kind=report").text
    assert "run 59" in one.get("/admin/runs?kind=nonsense").text


def test_why_tells_the_same_story_as_the_command(one, lite):
    with Session(lite) as session:
        stored(session)
        reader(session, "ada@example.org", "Graphs")
        planned(session, one.site.config)

    answer = acts(
        one, "/admin/why", page="/admin/why", email=" ada@example.org ", at="2026-03-10", paper="catalysts"
    )

    assert answer.status_code == 200
    for words in ("The answer", "The papers of this digest", "Graph neural networks for catalysts"):
        assert words in answer.text
    assert 'value="ada@example.org"' in answer.text
    assert "ada" not in str(answer.url)
    by_query = one.get("/admin/why?email=ada%40example.org&at=2026-03-10&paper=catalysts").text
    assert by_query.partition("The answer")[2] == answer.text.partition("The answer")[2]


def test_why_on_the_page_goes_by_all_the_rules_of_the_command(one, lite, monkeypatch):
    with Session(lite) as session:
        reader(session, "ada@example.org", "Graphs")
    rules = wiring.why_rules(one.site.config)
    off = replace(rules, days_off=frozenset({"2026-03-11"}))
    monkeypatch.setattr(wiring, "why_rules", lambda config: {id(one.site.config): off}[id(config)])

    answer = acts(one, "/admin/why", page="/admin/why", email="ada@example.org", at="2026-03-11")

    assert "it is a day off for everybody" in answer.text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"email": "who@example.org"}, "no subscriber"),
        ({"email": "who"}, "email: "),
        ({"email": "ada@example.org", "at": "yesterday"}, "write a day like 2026-11-24"),
        ({"email": "ada@example.org", "at": "0001-01-01"}, "use a year from 1970"),
    ],
)
def test_a_mistake_in_the_question_is_told(one, lite, fields, words):
    with Session(lite) as session:
        reader(session, "ada@example.org", "Graphs")

    answer = acts(one, "/admin/why", page="/admin/why", **fields)

    assert (answer.status_code, words in answer.text) == (422, True)
    assert 'role="alert"' in answer.text


def test_no_address_that_was_asked_about_is_in_the_log(one, lite):
    structlog.reset_defaults()  # a command of another test may have turned the log down

    with structlog.testing.capture_logs() as lines:
        acts(one, "/admin/why", page="/admin/why", email="ada@example.org")
        one.get("/admin/why?email=ada@example.org")

    assert lines
    assert "ada" not in str(lines)


@pytest.mark.parametrize(
    ("text", "moment_meant", "whole"),
    [
        ("", NOW, False),
        ("2026-03-09T07:00Z", datetime(2026, 3, 9, 7, tzinfo=UTC), False),
        ("2026-03-09T07:00", datetime(2026, 3, 9, 7, tzinfo=UTC), False),
        ("2026-03-09", datetime(2026, 3, 9, 22, 59, 59, tzinfo=UTC), True),
        ("2026-03-10", NOW, True),
        ("2026-03-12", datetime(2026, 3, 11, 23, tzinfo=UTC), True),
    ],
)
def test_a_day_is_the_readers_own(text, moment_meant, whole):
    assert meant(text, BERLIN, NOW) == (moment_meant, whole)


@given(st.text(max_size=40))
def test_any_text_is_a_moment_or_a_mistake(text):
    try:
        when, _ = meant(text, BERLIN, NOW)
    except InvalidPreference:
        return
    assert when.tzinfo is not None


def test_a_story_is_parted_into_answer_papers_and_the_rest():
    told = shown(["Sent.", "It was due.", "  1. Graphs (0.9)", "  … and 2 more papers.", "Daily."], 1)

    assert (told.answers, told.picks) == (("Sent.",), ("1. Graphs (0.9)", "… and 2 more papers."))
    assert told.story == ("It was due.", "Daily.")


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("UTC", "9 Mar 2026, 23:30 UTC"),
        ("Europe/Berlin", "9 Mar 2026, 23:30 UTC (10 Mar, 0:30 Europe/Berlin)"),
        ("America/New_York", "9 Mar 2026, 23:30 UTC (19:30 America/New_York)"),
    ],
)
def test_a_moment_is_told_in_utc_and_on_the_admins_clock(zone, words):
    assert moment(datetime(2026, 3, 9, 23, 30, tzinfo=UTC), ZoneInfo(zone)) == words


@pytest.mark.parametrize(
    ("span", "words"),
    [
        ({"seconds": 1}, "just now"),
        ({"seconds": 90}, "90 seconds ago"),
        ({"minutes": 12}, "12 minutes ago"),
        ({"hours": 5}, "5 hours ago"),
        ({"days": 3}, "3 days ago"),
        ({"minutes": -7}, "in 7 minutes"),
    ],
)
def test_how_long_ago(span, words):
    assert ago(NOW - timedelta(**span), NOW) == words


def test_figures_are_told_where_there_are_any():
    counts = {"new": 3, "not_modified": 1, "failed": 0, "names": ["x"], "busy": True, "seconds": 1.5}

    assert figures(counts) == "3 new, 1 not modified, 1.5 seconds"
