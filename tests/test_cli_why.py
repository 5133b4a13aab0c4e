"""`newsletter why` and `newsletter stats` as people and scripts run them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from command_line import AT, as_json, run

from newsletter.cli.plain import plain
from newsletter.cli.why import Asked, asked

ADA = "ada@example.org"
NOW = datetime(2026, 4, 23, 14, tzinfo=UTC)


@pytest.fixture
def ada(workplace):
    """A reader with the sample's digest."""
    run(
        "subscribers",
        "add",
        ADA,
        "--topic",
        "Graphs",
        "--mute",
        "keyword:speech",
        "--confirmed",
        "--at",
        "2026-03-01",
    )
    run("fetch", "--at", AT)
    run("send", "--at", AT)
    return ADA


def test_why_tells_a_story_with_the_answer_first(ada):
    lines = run("why", ada, "--at", "2026-04-23").stdout.splitlines()

    assert lines[0].startswith("ada@example.org got the digest of Thursday, 23 April 2026: it was sent")
    assert any(line.startswith("  1. ") and "Matches Graphs" in line for line in lines)
    assert 5 <= len(lines) <= 25


def test_why_as_json_has_the_facts_too(ada):
    found = as_json("why", ada, "--at", AT, "--paper", "graph")

    assert (found["answer"], found["paper_answer"]) == ("sent", "sent")
    assert found["reader"]["email"] == ada
    assert (found["day"]["date"], found["day"]["due_at"]) == ("2026-04-23", "2026-04-23T07:00:00+00:00")
    assert (found["digest"]["state"], found["digest"]["considered"]) == ("sent", 66)
    assert [each["rank"] for each in found["picks"]] == list(range(1, len(found["picks"]) + 1))
    assert found["sources"][0]["new"] == 66
    assert found["late"] == 18 * 3600
    assert found["story"][0].startswith("“")


def test_a_reader_who_is_not_there_is_wrong_usage(workplace):
    result = run("why", "nobody@example.org", code=2)

    assert "no subscriber 'nobody@example.org'" in result.stderr


def test_without_a_time_it_is_about_now(ada):
    found = as_json("why", ada)

    assert datetime.now(UTC) - datetime.fromisoformat(found["at"]) < timedelta(hours=1)


def test_a_bare_date_is_that_day_wherever_the_reader_lives():
    then = asked("2026-04-23")

    assert then.day == date(2026, 4, 23)
    assert then.at("Pacific/Auckland", NOW + timedelta(days=9)) == datetime(2026, 4, 23, 11, 59, 59, tzinfo=UTC)
    assert then.at("UTC", NOW) == NOW
    assert then.at("UTC", NOW - timedelta(days=9)) == datetime(2026, 4, 23, tzinfo=UTC)


def test_an_instant_is_that_instant():
    assert asked("2026-04-23T14:00Z") == Asked(NOW)
    assert asked(Asked(NOW)) == Asked(NOW)
    assert asked("2026-04-23T14:00Z").at("Asia/Tokyo", NOW + timedelta(days=1)) == NOW


def test_a_time_that_is_none_is_wrong_usage(ada):
    assert "is no ISO 8601 time" in run("why", ada, "--at", "yesterday", code=2).output


def test_stats_prints_the_balance_of_the_day(ada):
    shown = run("stats", "--at", "2026-04-23T20:00Z").stdout

    assert "1 planned = 1 sent" in shown
    assert "1 active" in shown
    assert "sample" in shown


def test_stats_of_a_day_without_any_digest_says_so(workplace):
    shown = run("stats").stdout

    assert "none was due" in shown
    assert "no tick yet" in shown


def test_stats_as_json_has_every_figure(ada):
    found = as_json("stats", "--at", "2026-04-23T20:00Z")

    assert found["planned"] == 1
    assert found["by_state"] == {
        **dict.fromkeys(("pending", "sending", "deferred", "failed", "suppressed", "unknown", "skipped"), 0),
        "sent": 1,
    }
    assert found["readers"]["active"] == 1
    assert found["since"] == "2026-04-23T00:00:00+00:00"
    assert as_json("stats", "--days", "3", "--at", "2026-04-25T20:00Z")["planned"] == 1
    assert as_json("stats", "--days", "2", "--at", "2026-04-25T20:00Z")["planned"] == 0


def test_days_are_those_of_the_administrators_zone(ada, workplace):
    config = workplace / "config.toml"
    config.write_text(config.read_text() + '[admin]\ntimezone = "Pacific/Auckland"\n')

    assert as_json("stats", "--at", "2026-04-23T14:00Z")["since"] == "2026-04-23T12:00:00+00:00"


def test_plain_writes_out_what_json_cannot_hold():
    assert plain({"at": NOW, "for": timedelta(minutes=1), "all": (1, None)}) == {
        "at": "2026-04-23T14:00:00+00:00",
        "for": 60.0,
        "all": [1, None],
    }
