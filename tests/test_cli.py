"""The command line: what people and scripts see, and honest exit codes."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newsletter.cli import app
from newsletter.cli.start import instant
from newsletter.mail.message import readable

AT = "2026-04-23T14:00Z"
CONFIG = """
[newsletter]
from = "papers@example.org"
url = "https://papers.example.org"
postal_address = "1 Sample Street"
[[sources]]
name = "sample"
kind = "file"
path = '{sample}'
"""


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    sample = Path(__file__).parent.parent / "newsletter" / "sample" / "*.jsonl"
    (tmp_path / "config.toml").write_text(CONFIG.format(sample=sample))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments, code=0):
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    assert result.exit_code == code, result.output
    return result


def as_json(*arguments, code=0):
    return json.loads(run(*arguments, "--json", code=code).stdout)


@pytest.fixture
def ada(folder):
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


def test_fetch_counts_what_is_new_and_what_is_known(folder):
    first = as_json("fetch", "--at", AT)
    assert (first["new"], first["failed"], first["sources"][0]["source"]) == (66, 0, "sample")
    assert as_json("fetch", "--at", AT, "--source", "sample")["new"] == 0
    assert "sample" in run("fetch", "--at", AT).stdout


def test_a_source_that_is_not_there_is_wrong_usage(folder):
    result = run("fetch", "--source", "nowhere", code=2)

    assert "no source is called 'nowhere': there are sample" in result.stderr


def test_a_broken_source_is_named_and_the_exit_code_says_so(folder):
    (folder / "config.toml").write_text('[[sources]]\nname = "gone"\nkind = "file"\npath = "no/*.json"\n')

    result = run("fetch", code=1)

    assert "gone: " in result.stderr
    assert "Traceback" not in result.output


def test_no_sources_is_said_with_the_cure(folder):
    (folder / "config.toml").write_text("")

    assert "add a [[sources]] table" in run("fetch").stdout


def test_pick_shows_ranks_scores_and_reasons(ada):
    found = as_json("pick", "--for", ada, "--at", AT)

    assert (found["reader"], found["at"]) == (ada, "2026-04-23T14:00:00+00:00")
    assert [each["rank"] for each in found["picks"]] == list(range(1, len(found["picks"]) + 1))
    assert set(found["picks"][0]) >= {"rank", "key", "title", "score", "trending", "reasons"}
    assert any("matches Graphs" in reason for reason in found["picks"][0]["reasons"])
    assert "matches Graphs" in run("pick", "--for", ada, "--at", AT).stdout
    assert len(as_json("pick", "--for", ada, "--at", AT, "--size", "2")["picks"]) == 2


def test_pick_on_a_quiet_day_says_how_far_the_best_was(ada):
    assert "Nothing worth sending: of 0 papers" in run("pick", "--for", ada, "--at", "2020-01-01").stdout


def test_an_unknown_reader_is_wrong_usage(ada):
    assert "no subscriber" in run("pick", "--for", "nobody@example.org", code=2).stderr
    assert "error" in as_json("pick", "--for", "nobody@example.org", code=2)


def test_preview_writes_exactly_what_is_sent_afterwards(ada, folder):
    document = as_json("preview", "--for", ada, "--at", AT, "--out", "out")
    run("send", "--at", AT)

    (sent,) = (folder / "outbox").glob("*.eml")
    assert (folder / "out" / "digest.eml").read_bytes() == sent.read_bytes()
    text, html = readable(sent.read_bytes())
    assert (folder / "out" / "digest.html").read_text() == html
    assert (folder / "out" / "digest.txt").read_text() == text
    assert document["html_bytes"] == len(html.encode()) <= 60_000
    assert document["subject"]

    run("preview", "--for", ada, "--at", AT, "--out", "after")
    assert (folder / "after" / "digest.eml").read_bytes() == sent.read_bytes()


def test_preview_stores_nothing(ada):
    run("preview", "--for", ada, "--at", AT, "--out", "out")

    assert as_json("send", "--at", AT, "--dry-run")["already_planned"] == 0


def test_preview_of_a_quiet_day_says_why_there_is_no_mail(ada):
    assert "No mail: nothing worth sending" in run("preview", "--for", ada, "--at", "2020-01-01", code=1).stdout
    assert as_json("preview", "--for", ada, "--at", "2020-01-01", code=1)["message"] is None


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


def test_send_to_nobody_says_so(folder):
    assert "Nobody is due" in run("send", "--at", AT).stdout
    assert "0 readers are due" in run("send", "--at", AT, "--dry-run").stdout


def test_a_dry_run_shows_what_would_go_out(ada):
    shown = run("send", "--at", AT, "--dry-run").stdout

    assert ada in shown
    assert "1 reader is due, 0 planned already. Nothing was stored or sent." in shown


def test_a_server_that_is_down_defers_and_the_exit_code_says_so(ada, folder):
    more = '[delivery]\ntransport = "smtp"\n[smtp]\nhost = "127.0.0.1"\nport = 1\nsecurity = "none"\n'
    (folder / "config.toml").write_text((folder / "config.toml").read_text() + more)

    result = run("send", "--at", AT, code=1)

    assert "1 planned = 1 deferred" in result.stdout
    assert "1 x deferred: 127.0.0.1:1" in result.stderr


def test_readers_are_added_shown_and_listed(folder):
    added = as_json(
        "subscribers", "add", "Ada@Example.ORG", "--topic", "Graphs=1.5", "--keyword", "catalyst",
        "--author", "Emmy Noether", "--category", "cs.LG", "--org", "The Lab", "--mute", "keyword:crypto",
        "--name", "Ada", "--cadence", "mon,thu", "--hour", "6", "--timezone", "Europe/Berlin", "--size", "5",
        "--confirmed", "--at", "2026-03-01T10:00Z",
    )  # fmt: skip

    assert as_json("subscribers", "show", "ada@example.org") == added
    assert (added["status"], added["topics"]) == ("active", [{"name": "Graphs", "weight": 1.5}])
    assert added["confirmed_at"] == "2026-03-01T10:00:00+00:00"
    assert [row["email"] for row in as_json("subscribers", "list", "--status", "active")] == [added["email"]]
    assert as_json("subscribers", "list", "--status", "pending") == []
    shown = run("subscribers", "show", "ada@example.org").stdout
    assert "mon,thu at 6:00 Europe/Berlin, 5 papers" in shown
    assert "topics: Graphs (weight 1.5)" in shown
    assert "1 reader" in run("subscribers", "list").stdout


def test_a_reader_without_confirmation_is_pending_and_gets_nothing(folder):
    assert "Pending readers get nothing" in run("subscribers", "add", "ada@example.org").stdout
    assert as_json("send", "--at", AT)["planned"] == 0


def test_a_topic_outside_the_catalogue_is_allowed_and_pointed_out(folder):
    shown = run("subscribers", "add", "ada@example.org", "--topic", "Grahps", "--confirmed").stdout

    assert "'Grahps' is not in the catalogue" in shown
    assert "near names: Graphs" in shown


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("not an address",), "email"),
        (("a@example.org", "--hour", "25"), "hour"),
        (("a@example.org", "--timezone", "Berlin"), "timezone"),
        (("a@example.org", "--cadence", "sometimes"), "cadence"),
        (("a@example.org", "--topic", "Graphs=-1"), "topic"),
        (("a@example.org", "--size", "99"), "size"),
        (("a@example.org", "--at", "yesterday"), "ISO 8601"),
    ],
)
def test_a_value_that_nobody_could_mean_is_named(folder, arguments, named):
    result = run("subscribers", "add", *arguments, code=2)

    assert named in result.stderr
    assert "Traceback" not in result.output


def test_adding_somebody_twice_is_refused(ada):
    assert "ada@example.org" in run("subscribers", "add", "ADA@example.org", code=2).stderr


def test_an_unknown_status_is_named(folder):
    assert "use one of pending, active" in run("subscribers", "list", "--status", "happy", code=2).stderr


def test_an_import_stores_good_rows_and_explains_bad_ones(folder):
    (folder / "people.csv").write_bytes(
        b"\xef\xbb\xbfemail,status,topics,hour\n"
        b"ada@example.org,active,Graphs=1.5;Reasoning,7\n"
        b"nonsense,active,,7\n"
        b"emmy@example.org,active,,99\n"
        b"\xff\xfe@example.org,active,,7\n"
    )

    dry = as_json("subscribers", "import", "people.csv", "--dry-run", code=1)
    assert (dry["added"], len(dry["rejected"]), dry["rejected_file"]) == (1, 3, None)
    assert as_json("subscribers", "list") == []

    result = run("subscribers", "import", "people.csv", code=1)
    assert "1 added" in result.stdout
    assert "line 3" in result.stderr
    assert "nonsense" in (folder / "people.csv.rejected.csv").read_text(errors="surrogateescape")
    again = as_json("subscribers", "import", "people.csv", code=1)
    assert (again["added"], again["unchanged"]) == (0, 1)


def test_an_export_imports_as_the_same_readers(folder):
    run(
        "subscribers", "add", "ada@example.org", "--topic", "Graphs=1.5", "--confirmed", "--timezone", "Asia/Tokyo"
    )
    before = as_json("subscribers", "export")
    run("subscribers", "export", "--out", "all.csv")
    assert run("subscribers", "export").stdout == (folder / "all.csv").read_text()

    (folder / "config.toml").write_text('[database]\nurl = "sqlite:///other.db"\n')
    run("subscribers", "import", "all.csv")

    strip = [{name: value for name, value in row.items() if name != "confirmed_at"} for row in before]
    after = [{n: v for n, v in row.items() if n != "confirmed_at"} for row in as_json("subscribers", "export")]
    assert after == strip


def test_a_file_that_is_not_there_is_named(folder):
    assert "nothing.csv" in run("subscribers", "import", "nothing.csv", code=2).stderr


def test_topics_lists_the_catalogue(folder):
    names = {topic["name"] for topic in as_json("topics")}

    assert len(names) >= 60
    assert {"Graphs", "Medical imaging"} <= names
    assert "Medical imaging" in run("topics").stdout


def test_db_upgrade_can_be_run_at_any_time(folder):
    assert as_json("db", "upgrade") == {"from": "", "to": "0002", "changed": True}
    assert "already at 0002" in run("db", "upgrade").stdout


@pytest.mark.parametrize("command", ["fetch", "topics", "send", "db upgrade", "subscribers list"])
def test_a_missing_or_broken_configuration_is_one_line_and_exit_code_2(folder, command):
    missing = run(*command.split(), "--config", "nowhere.toml", code=2)
    (folder / "broken.toml").write_text("[newsletter]\ntitel = 1\n")
    broken = run(*command.split(), "--config", "broken.toml", code=2)

    assert len(missing.stderr.strip().splitlines()) == len(broken.stderr.strip().splitlines()) == 1
    assert "titel" in broken.stderr


def test_the_configuration_can_be_named_by_the_environment(folder, monkeypatch):
    (folder / "config.toml").rename(folder / "mine.toml")
    monkeypatch.setenv("NEWSLETTER_CONFIG", str(folder / "mine.toml"))

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
