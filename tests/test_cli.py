"""The command line: what people and scripts see, and honest exit codes."""

import pytest
from command_line import AT, as_json, run

from newsletter.cli.start import instant
from newsletter.mail.message import readable


@pytest.fixture
def ada(workplace):
    run(
        "subscribers",
        "add",
        "ada@example.org",
        "--topic",
        "Medical imaging",
        "--topic",
        "Graphs=1.5",
        "--confirmed",
    )
    run("fetch", "--at", AT)
    return "ada@example.org"


def test_fetch_counts_what_is_new_and_what_is_known(workplace):
    first = as_json("fetch", "--at", AT)
    assert (first["new"], first["failed"], first["sources"][0]["source"]) == (66, 0, "sample")
    assert as_json("fetch", "--at", AT, "--source", "sample")["new"] == 0
    assert "sample" in run("fetch", "--at", AT).stdout


def test_a_source_that_is_not_there_is_wrong_usage(workplace):
    result = run("fetch", "--source", "nowhere", code=2)

    assert "no source is called 'nowhere': there are sample" in result.stderr


def test_a_broken_source_is_named_and_the_exit_code_says_so(workplace):
    (workplace / "config.toml").write_text('[[sources]]\nname = "gone"\nkind = "file"\npath = "no/*.json"\n')

    result = run("fetch", code=1)

    assert "gone: " in result.stderr
    assert "Traceback" not in result.output


def test_no_sources_is_said_with_the_cure(workplace):
    (workplace / "config.toml").write_text("")

    assert "add a [[sources]] table" in run("fetch").stdout


def test_pick_shows_ranks_scores_and_reasons(ada):
    found = as_json("pick", "--for", ada, "--at", AT)

    assert (found["reader"], found["at"]) == (ada, "2026-04-23T14:00:00+00:00")
    assert [each["rank"] for each in found["picks"]] == list(range(1, len(found["picks"]) + 1))
    assert set(found["picks"][0]) >= {"rank", "key", "title", "score", "trending", "reasons"}
    assert any("matches Graphs" in reason for reason in found["picks"][0]["reasons"])
    assert "matches Graphs" in run("pick", "--for", ada, "--at", AT).stdout
    assert len(as_json("pick", "--for", ada, "--at", AT, "--size", "2")["picks"]) == 2


def test_pick_on_a_quiet_day_says_how_far_the_best_was(ada, workplace):
    (workplace / "config.toml").write_text((workplace / "config.toml").read_text() + "[digest]\nfloor = 1.0\n")

    assert "Nothing worth sending: of 66 papers 0 fit" in run("pick", "--for", ada, "--at", AT).stdout


def test_pick_without_papers_says_what_to_do(ada):
    assert "run `newsletter fetch` first" in run("pick", "--for", ada, "--at", "2020-01-01").stdout


def test_an_unknown_reader_is_wrong_usage(ada):
    assert "no subscriber" in run("pick", "--for", "nobody@example.org", code=2).stderr
    assert "error" in as_json("pick", "--for", "nobody@example.org", code=2)


def test_preview_writes_exactly_what_is_sent_afterwards(ada, workplace):
    document = as_json("preview", "--for", ada, "--at", AT, "--out", "out")
    run("send", "--at", AT)

    (sent,) = (workplace / "outbox").glob("*.eml")
    assert (workplace / "out" / "digest.eml").read_bytes() == sent.read_bytes()
    text, html = readable(sent.read_bytes())
    assert (workplace / "out" / "digest.html").read_text() == html
    assert (workplace / "out" / "digest.txt").read_text() == text
    assert document["html_bytes"] == len(html.encode()) <= 60_000
    assert document["subject"]

    run("preview", "--for", ada, "--at", AT, "--out", "after")
    assert (workplace / "after" / "digest.eml").read_bytes() == sent.read_bytes()


def test_preview_stores_nothing(ada):
    run("preview", "--for", ada, "--at", AT, "--out", "out")

    assert as_json("send", "--at", AT, "--dry-run")["already_planned"] == 0


def test_preview_of_a_quiet_day_says_why_there_is_no_mail(ada):
    said = run("preview", ada, "--at", "2020-01-01", "--out", "out", code=1).stdout
    assert "No mail: no paper was announced" in said
    assert as_json("preview", "--for", ada, "--at", "2020-01-01", code=1)["message"] is None
    run("subscribers", "add", "emmy@example.org", "--topic", "volcano sociology", "--confirmed")
    assert "nothing worth sending" in as_json("preview", "--for", "emmy@example.org", "--at", AT, code=1)["reason"]


def test_sending_before_fetching_leaves_the_day_open(workplace):
    run("subscribers", "add", "ada@example.org", "--topic", "Graphs", "--confirmed")

    assert "1 reader is due, and no paper was announced" in run("send", "--at", AT).stdout
    run("fetch", "--at", AT)
    assert as_json("send", "--at", AT)["sent"] == 1


def test_a_quiet_day_is_said(workplace):
    run("subscribers", "add", "ada@example.org", "--topic", "volcano sociology", "--confirmed")
    run("fetch", "--at", AT)

    shown = run("send", "--at", AT).stdout
    assert "For 1 reader nothing was worth sending." in shown
    assert "1 planned = 1 skipped" in shown


@pytest.mark.parametrize("arguments", [("send", "--at", "yesterday"), ("send", "--at", "0001-01-01"), ("pick",)])
def test_wrong_usage_is_json_too(workplace, arguments):
    assert as_json(*arguments, code=2)["error"]


def test_a_mistyped_template_folder_is_refused(ada, workplace):
    (workplace / "config.toml").write_text(
        (workplace / "config.toml").read_text() + '[digest]\ntemplates = "typo"\n'
    )

    assert "digest.templates: 'typo' cannot be used" in run("send", "--at", AT, code=2).stderr


def test_send_prints_the_balance_and_sends_nothing_twice(ada):
    dry = as_json("send", "--at", AT, "--dry-run")
    first = as_json("send", "--at", AT)
    second = run("send", "--at", AT)

    assert [row["reader"] for row in dry["would_plan"]] == [ada]
    assert list(first) == [
        "planned",
        "pending",
        "sending",
        "sent",
        "deferred",
        "failed",
        "suppressed",
        "unknown",
        "skipped",
    ]
    assert first["planned"] == first["sent"] == 1
    assert "Nothing new" in second.stdout
    assert "1 planned = 1 sent" in second.stdout


def test_send_for_one_reader_leaves_the_others(ada):
    run("subscribers", "add", "emmy@example.org", "--topic", "Graphs", "--confirmed")

    assert as_json("send", "--at", AT, "--for", "emmy@example.org")["planned"] == 1
    assert as_json("send", "--at", AT)["planned"] == 2


def test_send_to_nobody_says_so(workplace):
    assert "Nobody is due" in run("send", "--at", AT).stdout
    assert "0 readers are due" in run("send", "--at", AT, "--dry-run").stdout


def test_a_dry_run_shows_what_would_go_out(ada):
    shown = run("send", "--at", AT, "--dry-run").stdout

    assert ada in shown
    assert "1 reader is due, 0 planned already. Nothing was stored or sent." in shown


def test_a_server_that_is_down_defers_and_the_exit_code_says_so(ada, workplace):
    more = '[delivery]\ntransport = "smtp"\n[smtp]\nhost = "127.0.0.1"\nport = 1\nsecurity = "none"\n'
    (workplace / "config.toml").write_text((workplace / "config.toml").read_text() + more)

    result = run("send", "--at", AT, code=1)

    assert "1 planned = 1 deferred" in result.stdout
    assert "1 x deferred: 127.0.0.1:1" in result.stderr
    again = run("send", "--at", AT, code=1).stdout
    assert "1 wait (tried again from" in again
    assert "127.0.0.1:1: " in again


def test_topics_lists_the_catalogue(workplace):
    names = {topic["name"] for topic in as_json("topics")}

    assert len(names) >= 60
    assert {"Graphs", "Medical imaging"} <= names
    assert "Medical imaging" in run("topics").stdout


def test_db_upgrade_can_be_run_at_any_time(workplace):
    assert as_json("db", "upgrade") == {"from": "", "to": "0007", "changed": True}
    assert "already at 0007" in run("db", "upgrade").stdout


@pytest.mark.parametrize("command", ["fetch", "topics", "send", "db upgrade", "subscribers list"])
def test_a_missing_or_broken_configuration_is_one_line_and_exit_code_2(workplace, command):
    missing = run(*command.split(), "--config", "nowhere.toml", code=2)
    (workplace / "broken.toml").write_text("[newsletter]\ntitel = 1\n")
    broken = run(*command.split(), "--config", "broken.toml", code=2)

    assert len(missing.stderr.strip().splitlines()) == len(broken.stderr.strip().splitlines()) == 1
    assert "titel" in broken.stderr


def test_the_configuration_can_be_named_by_the_environment(workplace, monkeypatch):
    (workplace / "config.toml").rename(workplace / "mine.toml")
    monkeypatch.setenv("NEWSLETTER_CONFIG", str(workplace / "mine.toml"))

    assert as_json("fetch", "--at", AT)["new"] == 66


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-12-05", "2025-12-05T00:00:00+00:00"),
        ("2025-12-05T07:00:00+09:00", "2025-12-04T22:00:00+00:00"),
        ("2025-12-05T07:00Z", "2025-12-05T07:00:00+00:00"),
        ("2025-12-05 07:00", "2025-12-05T07:00:00+00:00"),
    ],
)
def test_an_instant_without_a_zone_is_utc(text, expected):
    assert instant(text).isoformat() == expected


@pytest.mark.parametrize(
    "command",
    [
        "",
        "demo",
        "fetch",
        "pick",
        "preview",
        "send",
        "topics",
        "subscribers",
        "subscribers add",
        "subscribers import",
        "db upgrade",
    ],
)
def test_every_command_has_help_worth_reading(command):
    shown = run(*command.split(), "--help").stdout

    assert len(shown.splitlines()) > 6


def test_a_password_in_the_environment_needs_no_topics_in_the_file(workplace, monkeypatch):
    more = '[smtp]\nusername = "papers"\n[delivery]\ntransport = "smtp"\n'
    (workplace / "config.toml").write_text((workplace / "config.toml").read_text() + more)

    assert "smtp.password: is missing" in run("send", "--at", AT, code=2).stderr
    monkeypatch.setenv("NEWSLETTER_SMTP__PASSWORD", "a secret")
    assert "Nobody is due" in run("send", "--at", AT).stdout


def test_nobody_is_shown_a_mail_that_will_not_be_sent(ada):
    run("subscribers", "suppress", ada, "--reason", "asked by phone")

    assert "No mail: asked by phone" in run("preview", "--for", ada, "--at", AT, "--out", "out", code=1).stdout
    assert as_json("send", "--at", AT, "--dry-run")["would_plan"][0]["why_not"] == "asked by phone"


def test_a_dry_run_without_papers_says_what_to_do(workplace):
    run("subscribers", "add", "ada@example.org", "--topic", "Graphs", "--confirmed")

    assert "run `newsletter fetch` first" in run("send", "--at", AT, "--dry-run").stdout
