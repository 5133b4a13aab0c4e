"""`newsletter preview` without the studio's page: made-up readers, test mails, JSON, and how the studio starts."""

import re
import signal
import subprocess
import sys
from datetime import UTC, datetime

import httpx
import pytest
from command_line import AT, as_json, run

from newsletter.cli import preview_studio
from newsletter.cli.start import start
from newsletter.preview import MadeUp
from newsletter.shipped import shipped

PATIENCE = 120


@pytest.fixture
def fetched(workplace):
    run("fetch", "--at", AT)
    return workplace


def test_a_made_up_reader_gets_a_mail_and_is_not_stored(fetched):
    told = as_json("preview", "--topic", "Graphs", "--keyword", "models", "--size", "3", "--at", AT)

    assert told["reader"] == "made-up-reader@example.org"
    assert len(told["picks"]) == 3
    assert {part["part"] for part in told["picks"][0]["parts"]} == {
        "words",
        "nearness",
        "trend",
        "freshness",
        "doubt",
    }
    assert told["missed"][0]["why"]
    assert told["files"] == []
    assert "made-up-reader" not in run("subscribers", "list").stdout
    assert len(as_json("preview", "--size", "2", "--at", AT)["picks"]) == 2


def test_what_lint_finds_is_told_beside_the_mail(fetched):
    own = fetched / "own" / "email"
    own.mkdir(parents=True)
    shipped_footer = (shipped("templates") / "email" / "_footer.html").read_text()
    (own / "_footer.html").write_text(shipped_footer + '<p class="foot"><a href="https://bit.ly/1">here</a></p>')
    config = fetched / "config.toml"
    config.write_text(config.read_text() + "\n[digest]\ntemplates = 'own'\n")
    asked = ("preview", "--topic", "Graphs", "--at", AT)

    (first, *_) = as_json(*asked)["findings"]

    assert first["cure"]
    assert first["rule"] in run(*asked, "--out", "shown").stdout


def test_a_test_mail_goes_by_the_configured_way(fetched):
    said = run("preview", "--topic", "Graphs", "--at", AT, "--to", "Boss@Example.net").stdout

    (mail,) = (fetched / "outbox").glob("*.eml")
    assert b"Subject: [Test] " in mail.read_bytes()
    assert "as a test mail: written to" in said


def test_a_test_mail_that_is_not_taken_says_why(fetched):
    (fetched / "outbox").write_text("no folder")

    said = run("preview", "--topic", "Graphs", "--at", AT, "--to", "boss@example.net", code=2).stderr

    assert "the test mail was not taken" in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("ada@example.org", "--for", "ben@example.org"), "name the reader once"),
        (("ada@example.org", "--topic", "Graphs"), "leave READER out"),
        (("ada@example.org", "--size", "3"), "a size of their own"),
        (("--json",), "name a reader with READER"),
        (("--topic", "Graphs", "--to", "nonsense", "--at", AT), "nonsense"),
        (("nobody@example.org",), "no subscriber"),
    ],
)
def test_what_cannot_be_previewed_is_wrong_usage(fetched, options, words):
    said = run("preview", *options, code=2).output

    assert words in " ".join(re.sub(r"[│╭╮╰╯─]", " ", said).split())


def test_the_studio_shows_itself_until_the_process_is_told_to_end(fetched):
    command = ["preview", "--topic", "Graphs", "--keyword", "models", "--at", AT, "--no-open"]
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "newsletter", *command], stdout=subprocess.PIPE, text=True, cwd=fetched
    ) as process:
        url = re.search(r"http://127\.0\.0\.1:\S+", process.stdout.readline())[0]
        with httpx.Client(follow_redirects=True, timeout=PATIENCE) as browser:
            page = browser.get(url)
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()

    assert "To made-up-reader@example.org" in page.text
    assert rest.endswith("Stopped.\n")
    assert process.returncode == 0


def test_the_browser_is_opened_at_a_url_that_holds_no_address(fetched, monkeypatch):
    run("subscribers", "add", "ada@example.org", "--topic", "Graphs", "--confirmed")
    opened = []
    monkeypatch.setattr(preview_studio.webbrowser, "open", opened.append)
    monkeypatch.setattr(preview_studio.running, "run", lambda started, parts, said: said())
    started = start(fetched / "config.toml")

    preview_studio.serve(started, "ada@example.org", datetime(2026, 4, 23, 14, tzinfo=UTC), 0, opens=True)
    preview_studio.serve(started, None, None, 0, opens=True)
    preview_studio.serve(started, MadeUp(("Graphs",)), None, 0, opens=False)

    assert re.search(r"/admin/open/[\w-]{32}\?at=2026-04-23T14%3A00&zone=UTC&reader=1$", opened[0])
    assert re.search(r"/admin/open/[\w-]{32}$", opened[1])
    assert len(opened) == 2
