"""`newsletter worker`: what was planned goes out, once or for as long as it runs."""

import signal

import pytest
from command_line import AT, as_json, run
from long_run import ended, laid_out, running, states, until
from mail_servers import mail_server

from newsletter.cli import outgoing
from newsletter.send import Report

GATE_OFF = "[gate]\nleast_papers = 0\nusual_papers = 0\nsame_share = 0\n"


@pytest.fixture
def planned(workplace):
    """A reader with a digest that was planned and not sent."""
    path = workplace / "config.toml"
    path.write_text(path.read_text() + GATE_OFF)
    run("subscribers", "add", "ada@example.org", "--topic", "Graphs", "--confirmed")
    assert as_json("tick", "--at", AT)["planned"] == 1
    return workplace


def test_once_it_sends_what_is_planned_and_prints_the_balance(planned):
    assert run("worker", "--once").stdout == "1 planned = 1 sent\n"
    assert len(list((planned / "outbox").glob("*.eml"))) == 1


def test_once_again_there_is_nothing_to_do(planned):
    as_json("worker", "--once")

    assert run("worker", "--once").stdout == "Nothing is due.\n"
    assert as_json("worker", "--once")["planned"] == 0


def test_the_document_is_the_balance(planned):
    told = as_json("worker", "--once")

    assert (told["planned"], told["sent"], told["pending"]) == (1, 1, 0)


def test_what_waits_is_named_with_its_time_and_the_exit_code_says_so(planned, monkeypatch):
    (planned / "outbox").write_text("a file where the folder should be")

    result = run("worker", "--once", code=1)

    assert "1 x deferred: " in result.stderr
    assert "What waits is tried again from 20" in result.stdout
    assert result.stdout.endswith("1 planned = 1 deferred\n")


def test_what_a_dead_sender_left_and_an_early_end_are_told(planned, monkeypatch):
    monkeypatch.setattr(outgoing, "drain", lambda *_, **__: Report(swept=2, stopped=True))

    said = run("worker", "--once", code=1).stdout

    assert "2 messages left behind by a sender that stopped: now named unknown." in said
    assert "Stopped after the messages in hand" in said


def test_a_document_is_for_one_run(workplace):
    assert "add --once" in run("worker", "--json", code=2).stderr


def test_what_cannot_send_does_not_start(workplace):
    path = workplace / "config.toml"
    path.write_text(path.read_text() + '[smtp]\nusername = "papers"\n[delivery]\ntransport = "smtp"\n')

    assert "smtp.password: is missing" in run("worker", code=2).stderr


@pytest.mark.uncounted
def test_a_clock_and_a_worker_together_do_what_up_does(tmp_path):
    with mail_server() as server:
        started = laid_out(tmp_path, server.port, readers=3)
        run("tick", "--config", tmp_path / "config.toml")
        with running(tmp_path, "worker") as (process, said):
            until(lambda: states(started) == {"sent": 3})
            process.send_signal(signal.SIGINT)
            code, out, *_ = ended(process)

    assert said == "Sending what is due, every 15 s. Stop with Ctrl-C.\n"
    assert (code, out) == (0, "Stopped.\n")
    assert len({each.recipient for each in server.taken}) == len(server.taken) == 3
