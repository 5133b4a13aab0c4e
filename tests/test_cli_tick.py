"""`newsletter tick`: one turn of the clock as people and scripts see it, and the clock that runs alone."""

import signal
import threading

import pytest
import structlog
from command_line import AT, as_json, run
from long_run import ended, laid_out, running, states, until
from structlog.testing import capture_logs

from newsletter import fetch, ping, tick
from newsletter.cli import tick as command
from newsletter.cli.start import start


@pytest.fixture(autouse=True)
def _a_log_of_all_levels():
    """What a command before this test had set would hide lines."""
    structlog.reset_defaults()


def test_a_turn_fetches_plans_and_sends_nothing(workplace):
    run("subscribers", "add", "ada@example.org", "--topic", "Graphs", "--confirmed")

    told = as_json("tick", "--at", AT)

    assert [each["source"] for each in told["fetched"]] == ["sample"]
    assert (told["busy"], told["planned"] + told["skipped"], told["faults"]) == (False, 1, {})
    assert not (workplace / "outbox").exists()


def test_a_second_turn_finds_nothing_to_do(workplace):
    assert "Fetched sample: " in run("tick", "--at", AT).stdout
    assert run("tick", "--at", AT).stdout == "Nothing was due.\n"


def test_a_source_that_fails_is_named_and_the_exit_code_says_so(workplace):
    path = workplace / "config.toml"
    path.write_text(path.read_text().replace("*.jsonl", "*.none"))

    assert "sample: " in run("tick", "--at", AT, code=1).stderr


def report(**changes):
    return tick.Report(**changes)


@pytest.mark.parametrize(
    ("found", "line"),
    [
        ({}, "Nothing was due."),
        ({"planned": 2}, "Planned 2 digests: `newsletter worker` sends them."),
        ({"skipped": 1}, "Skipped 1 digest: `newsletter why EMAIL` says the reason."),
        ({"missed": 1}, "Recorded 1 missed digest: too late to catch up."),
        ({"waiting": 1, "waits_for": ["arXiv"]}, "1 digest waits for arXiv."),
        ({"waiting": 2}, "2 digests wait for papers."),
        ({"held": ["2026-04-23"]}, "The edition of 2026-04-23 is held: look at it, then release it."),
        ({"fetched": [fetch.Report("arXiv", new=1)]}, "Fetched arXiv: 1 new paper."),
    ],
)
def test_what_a_turn_did_is_told_in_plain_lines(found, line):
    assert command.told(report(**found)) == [line]


def test_a_part_that_fails_is_told_and_costs_the_exit_code(workplace, monkeypatch):
    monkeypatch.setattr(tick, "run", lambda *_: report(faults={"plan": "KeyError: 'x'"}))

    assert run("tick", code=1).stderr == "plan failed: KeyError: 'x'\n"


def test_another_process_that_has_its_turn_is_no_failure(workplace, monkeypatch):
    monkeypatch.setattr(tick, "run", lambda *_: report(busy=True))

    assert "Another process has its turn" in run("tick").stdout


@pytest.mark.parametrize("more", [("--json",), ("--at", AT)])
def test_the_clock_that_runs_on_goes_by_no_other_time_and_prints_no_document(workplace, more):
    assert "--forever goes with the real clock" in run("tick", "--forever", *more, code=2).stderr


def test_the_clock_alone_plans_until_it_is_told_to_end(tmp_path):
    started = laid_out(tmp_path, readers=2)
    with running(tmp_path, "tick", "--forever") as (process, said):
        until(lambda: states(started) == {"pending": 2})
        process.send_signal(signal.SIGTERM)
        code, out, *_ = ended(process)

    assert said.startswith("Ticking every 1 s.")
    assert (code, out) == (0, "Stopped.\n")


def test_after_each_turn_the_sender_is_woken_and_the_monitor_is_told(workplace, monkeypatch):
    calls, pinged = [], []
    monkeypatch.setattr(tick, "run", lambda *_: report(planned=1, faults={"report": "no"}))
    monkeypatch.setattr(ping.Monitor, "tick", lambda self, now, *, well: pinged.append(well))
    turn = command.Turning(
        start(workplace / "config.toml"), None, lambda: calls.append("woken"), threading.Event()
    )

    with capture_logs() as lines:
        turn()

    assert (calls, pinged) == (["woken"], [False])
    assert [(each["event"], each["planned"]) for each in lines] == [("tick", 1)]


def test_a_turn_that_was_another_process_s_is_not_told_to_the_monitor_as_all_well(workplace, monkeypatch):
    pinged = []
    monkeypatch.setattr(tick, "run", lambda *_: report(busy=True))
    monkeypatch.setattr(ping.Monitor, "tick", lambda self, now, *, well: pinged.append(well))

    command.Turning(start(workplace / "config.toml"), None, lambda: None, threading.Event())()

    assert pinged == []


def test_a_turn_in_which_nothing_happened_says_nothing(workplace, monkeypatch):
    monkeypatch.setattr(tick, "run", lambda *_: report())
    turn = command.Turning(start(workplace / "config.toml"), None, lambda: None, threading.Event())

    with capture_logs() as lines:
        turn()

    assert lines == []


def test_a_turn_that_is_told_to_end_ends_at_its_next_step(workplace, monkeypatch):
    stopping = threading.Event()
    stopping.set()
    monkeypatch.setattr(tick, "run", lambda parts, at, clock, progress: progress("fetch", "half of it"))
    turn = command.Turning(start(workplace / "config.toml"), None, lambda: None, stopping)

    with pytest.raises(KeyboardInterrupt):
        turn()


def test_the_ticker_turns_at_once_and_again_and_ends_when_asked(workplace, monkeypatch):
    turned = threading.Semaphore(0)
    (workplace / "config.toml").write_text("[schedule]\ntick_seconds = 1\n")
    monkeypatch.setattr(command.Turning, "__call__", lambda self: turned.release())
    ticker = command.Ticker(start(workplace / "config.toml"), None)
    ticker.every = 3600.0  # so that it is the schedule that comes again

    ticker.start()
    again = [turned.acquire(timeout=60) for _ in range(3)]
    ticker.ask()

    assert again == [True] * 3
    assert ticker.join(60)
