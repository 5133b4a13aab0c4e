"""`newsletter edition`: what people and scripts see of editions, and what they decide about them."""

from datetime import date, timedelta

import pytest
from command_line import AT, as_json, run
from judged import JUDGED, RULES
from sqlmodel import Session, select

from newsletter import gate, overview, pick, wiring
from newsletter.cli import edition as command
from newsletter.cli.start import instant, now, start
from newsletter.due import Due
from newsletter.models import Delivery
from newsletter.record_models import Hold
from subscribers import people

DATE = "2026-04-23"
FUTURE = (now() + timedelta(days=3000)).date().isoformat()
PAST = (now() - timedelta(days=3000)).date().isoformat()
ADA = "ada@example.org"


@pytest.fixture
def ada(workplace):
    run("subscribers", "add", ADA, "--topic", "Graphs", "--confirmed", "--size", "3")
    run("fetch", "--at", AT)
    return ADA


@pytest.fixture
def started(workplace):
    return start(workplace / "config.toml")


@pytest.fixture
def planned(ada, started):
    """Ada's digest as a scheduled run has planned it: it waits to be judged."""
    config, moment = started.config, instant(AT)
    with Session(started.engine) as session:
        due = [Due(each.id, DATE, wiring.window(config), moment) for each in people.listing(session)]
    parts = wiring.taste(config), wiring.issue(config), started.keys
    pick.run(started.engine, due, *parts, moment, now(), JUDGED)


def judge(started, rules=RULES):
    return gate.run(started.engine, started.keys, rules, now(), wiring.window(started.config))


def balance():
    return as_json("edition", "show", DATE)["balance"]


def test_an_edition_is_held_released_and_sent(planned, started):
    held = as_json("edition", "hold", DATE, "--because", "a look first")
    assert held == {"date": DATE, "state": "held", "changed": True, "digests": 1}
    assert as_json("send")["sent"] == 0

    assert "Released: the edition of 2026-04-23; 1 digest is due now." in run("edition", "release", DATE).stdout

    run("send")
    assert balance()["sent"] == 1


def test_deciding_twice_is_harmless_and_says_so(planned):
    assert "Held: the edition of 2026-04-23; 1 digest waits." in run("edition", "hold", DATE).stdout
    assert "The edition of 2026-04-23 was held before; 1 digest waits." in run("edition", "hold", DATE).stdout
    assert "; 1 digest is due now." in run("edition", "release", DATE).stdout
    assert "was released before; no digest of it waits." in run("edition", "release", DATE).stdout
    assert "; 1 digest is skipped." in run("edition", "cancel", DATE, "--yes").stdout
    assert "was cancelled before; no digest of it waits." in run("edition", "cancel", DATE, "--yes").stdout


def test_a_date_to_come_may_be_held_and_let_go(ada):
    assert "no digest of it waits" in run("edition", "hold", FUTURE, "--because", "holidays").stdout
    assert f"{FUTURE}        0     0        0        0      0  held by the admin" in run("edition", "list").stdout

    assert as_json("edition", "release", FUTURE)["state"] == "released"


def test_a_cancel_asks_on_a_terminal(planned, monkeypatch):
    monkeypatch.setattr(command, "can_ask", lambda: True)

    refused = run("edition", "cancel", DATE, typed="n\n", code=1)
    assert "Cancel the edition of 2026-04-23, of which 1 digest waits, for good?" in refused.stderr
    assert balance()["pending"] == 1

    run("edition", "cancel", DATE, typed="y\n")
    assert balance()["skipped"] == 1


def test_a_cancel_elsewhere_needs_a_yes(planned):
    result = run("edition", "cancel", DATE, code=2)

    assert "of which 1 digest waits, would be cancelled for good: add --yes" in result.stderr
    assert balance()["pending"] == 1


def test_a_cancelled_edition_says_why(planned):
    run("edition", "cancel", DATE, "--yes", "--because", "wrong papers")

    shown = as_json("edition", "show", DATE)
    assert (shown["state"], shown["reasons"], shown["skipped_for"]) == (
        "cancelled",
        ["wrong papers"],
        {"cancelled": 1},
    )
    assert "is final" in run("edition", "release", DATE, code=2).stderr
    assert "1 skipped: cancelled" in run("edition", "show", DATE).stdout


def test_a_held_edition_is_planned_anew(planned):
    assert (
        "is not held: `newsletter edition hold 2026-04-23` first" in run("edition", "replan", DATE, code=2).stderr
    )
    run("edition", "hold", DATE)

    assert as_json("edition", "replan", DATE) == {"date": DATE, "planned": 0, "skipped": 0, "waiting": 1}
    assert "No paper was announced in the window: nothing changed." in run("edition", "replan", DATE).stdout


def test_planning_anew_says_what_came_of_it(planned, monkeypatch):
    run("edition", "hold", DATE)
    reports = iter([pick.Report(planned=2, skipped=1), pick.Report(planned=1), pick.Report()])
    monkeypatch.setattr("newsletter.holds.replan", lambda *_: next(reports))

    said = [run("edition", "replan", DATE).stdout for _ in range(3)]

    assert said[0] == "Planned anew: 2 digests of 2026-04-23, 1 skipped. The edition stays held.\n"
    assert said[1] == "Planned anew: 1 digest of 2026-04-23. The edition stays held.\n"
    assert said[2] == "No digest of 2026-04-23 is left to plan anew.\n"


def test_what_the_gate_found_is_shown(planned, started):
    judge(started, gate.Rules(100, 0, 0.0, 50, 0))

    text = run("edition", "show", DATE).stdout
    document = as_json("edition", "show", DATE)

    assert "The edition of 2026-04-23: held by the gate." in text
    assert "  Too few papers: 66 papers were there to choose from, and gate.least_papers is 100." in text
    assert "gate: held 1 digest. Too few papers" in text
    assert (document["state"], document["by"], len(document["reasons"])) == ("held", "gate", 1)
    assert [(each["did"], each["ok"], each["digests"]) for each in document["story"]] == [("gate", False, 1)]


def test_the_story_of_an_edition_is_told_in_order(planned, started):
    judge(started)
    run("edition", "hold", DATE, "--because", "a look first")

    text = run("edition", "show", DATE).stdout

    assert "UTC  gate: let 1 digest go.\n" in text
    assert "UTC  edition hold 2026-04-23: by the admin (a look first), 1 digest\n" in text


def test_what_waits_in_an_edition_is_shown_without_addresses(planned, started):
    with Session(started.engine) as session:
        delivery = session.exec(select(Delivery)).one()
        delivery.state, delivery.outcome = "deferred", f"451 {ADA} is busy"
        session.add(delivery)
        session.commit()

    assert "1 wait: 451 a…@example.org is busy" in run("edition", "show", DATE).stdout


def test_the_list_counts_every_digest_once(planned, started):
    assert as_json("edition", "list")["editions"] == [
        {
            "date": DATE,
            "state": "",
            "by": "",
            "reasons": [],
            "decided_at": None,
            "balance": balance(),
            "waiting": 1,
        }
    ]


def test_an_empty_list_says_what_to_do(workplace):
    assert "No edition yet" in run("edition", "list").stdout
    assert as_json("edition", "list") == {"editions": []}


@pytest.mark.parametrize("what", ["show", "hold", "release", "replan", "cancel"])
def test_a_text_that_is_no_date_is_wrong_usage(workplace, what):
    said = run("edition", what, "2026-13-01", code=2).stderr

    assert "'2026-13-01' names no edition: write its date, like 2026-11-24" in said
    assert "error" in as_json("edition", what, "soon", code=2)


@pytest.mark.parametrize("what", ["show", "hold", "release", "replan", "cancel"])
def test_a_past_date_with_nothing_planned_is_wrong_usage(workplace, what):
    said = run("edition", what, PAST, code=2).stderr

    assert f"nothing is planned for {PAST}: `newsletter edition list` shows the editions" in said


@pytest.mark.parametrize("far", ["0001-01-01", "9999-12-31"])
@pytest.mark.parametrize("what", ["show", "hold", "release", "replan", "cancel"])
def test_a_date_thousands_of_years_away_is_wrong_usage(workplace, what, far):
    said = run("edition", what, far, code=2).stderr

    assert f"{far} is too far away for an edition: choose a date within 10 years from now" in said
    assert as_json("edition", "list") == {"editions": []}


def test_the_last_fourteen_editions_and_those_to_come_are_listed(started):
    with Session(started.engine) as session:
        for each in [*(f"2026-03-{number:02}" for number in range(1, 31)), FUTURE]:
            session.add(Hold(date=each, state="held", by="admin", at=now()))
        session.commit()
        listed = overview.listing(session, date(2026, 3, 20))

    dates = [each.date for each in listed]
    past = [each for each in dates if each <= "2026-03-20"]
    assert dates == sorted(dates, reverse=True)
    assert (len(past), past[0], past[-1], dates[0]) == (14, "2026-03-20", "2026-03-07", FUTURE)
