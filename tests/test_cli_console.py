"""How the command line looks and fails: progress, pipes, files that cannot be written, bugs that must show."""

import io
import sqlite3
import subprocess
import sys

import pytest
from command_line import AT, as_json, run
from typer.testing import CliRunner

from newsletter.cli import app, console, topics


class Terminal(io.StringIO):
    """Standard error as a terminal would be."""

    def isatty(self):
        return True


def test_without_a_terminal_progress_is_a_plain_line_now_and_then(capsys):
    with console.progress(every=3) as say:
        for number in range(7):
            say("fetch", f"page {number}")
        say("send", "1 sent")

    assert capsys.readouterr().err.splitlines() == [
        "fetch: page 0",
        "fetch: page 3",
        "fetch: page 6",
        "send: 1 sent",
    ]


def test_on_a_terminal_progress_moves_and_leaves_nothing_behind(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)

    with console.progress() as say:
        say("fetch", "page 1")

    assert screen.getvalue() == "" or "\x1b" in screen.getvalue()


def test_a_bar_is_drawn_where_the_end_is_known(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")

    with console.progress() as say:
        say("fetch", "page 1")
        say("import", "5,000 rows", 0.5)

    assert "5,000 rows" in screen.getvalue()
    assert "━" in screen.getvalue()


@pytest.mark.parametrize(("count", "said"), [(0, "0 papers"), (1, "1 paper"), (1200, "1,200 papers")])
def test_numbers_agree_with_their_nouns(count, said):
    assert console.plural(count, "paper") == said


def test_the_module_runs_as_a_program():
    shown = subprocess.run(
        [sys.executable, "-m", "newsletter", "--help"], capture_output=True, text=True, check=True
    )

    assert "newsletter demo" in shown.stdout


@pytest.mark.uncounted
def test_a_closed_pipe_is_no_traceback(workplace):
    command = f"{sys.executable} -m newsletter topics | head -1"
    shown = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, cwd=workplace)

    assert shown.stdout.startswith("topic")
    assert "Traceback" not in shown.stderr


def test_a_folder_that_cannot_be_made_is_named(workplace):
    run("subscribers", "add", "ada@example.org", "--topic", "Graphs", "--confirmed")
    run("fetch", "--at", AT)

    result = run("preview", "--for", "ada@example.org", "--at", AT, "--out", "config.toml/here", code=1)

    assert "config.toml" in result.stderr
    assert "Traceback" not in result.output


def test_a_fault_of_the_database_is_one_line(workplace):
    run("db", "upgrade")
    with sqlite3.connect(workplace / "data" / "newsletter.db") as connection:
        connection.execute("ALTER TABLE subscriber RENAME TO lost")

    assert "the database: no such table: subscriber" in run("subscribers", "list", code=1).stderr
    assert "no such table" in as_json("subscribers", "list", code=1)["error"]


def test_a_bug_is_not_hidden(workplace, monkeypatch):
    def broken(*_):
        raise RuntimeError("a bug")

    monkeypatch.setattr(topics, "show", broken)

    assert isinstance(CliRunner().invoke(app, ["topics"]).exception, RuntimeError)


def test_the_log_is_shown_when_asked_for_and_holds_no_address(workplace):
    run("subscribers", "add", "ada@example.org", "--topic", "Graphs", "--confirmed")
    run("fetch", "--at", AT)

    command = [sys.executable, "-m", "newsletter", "--verbose", "send", "--at", AT, "--json"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, cwd=workplace)

    assert "sent=1" in shown.stderr
    assert "ada@example.org" not in shown.stderr
