"""`newsletter up`: a real process that makes what it needs, serves, ticks, sends, and ends in time."""

import re
import signal
import socket
import stat

import httpx
import pytest
from command_line import run
from long_run import address, answer, ended, laid_out, running, states, subscribe, until
from mail_servers import SILENCE, mail_server, scripted
from sqlmodel import Session, col, select

from newsletter.models import Delivery

TERM = signal.SIGTERM


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """A folder with nothing in it; the sources of the shipped configuration are left alone."""
    monkeypatch.setenv("NEWSLETTER_SOURCES", "[]")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_first_start_in_an_empty_folder_makes_everything_and_says_so(empty):
    with running(empty, "up", "--port", "0") as (process, said):
        alive = answer(said, "/healthz").status_code
        process.send_signal(TERM)
        code, out, _ = ended(process)

    assert said.startswith(f"First start: {empty / 'config.toml'} is written.")
    assert "Serving http://localhost:8080 on 127.0.0.1:" in said
    assert f"Mails are written to {empty / 'outbox'}" in said
    assert "http://localhost:8080/admin/login/" in said
    assert (alive, code, out) == (200, 0, "Stopped.\n")
    assert "/admin/login/" not in (empty / "log.txt").read_text()
    assert stat.S_IMODE((empty / "config.toml").stat().st_mode) == 0o600
    assert sorted(each.name for each in (empty / "data").iterdir()) == ["newsletter.db", "secret.key"]


@pytest.mark.uncounted
def test_a_second_start_keeps_what_is_there_and_shows_no_link_in_a_journal(empty):
    (empty / "config.toml").write_text('[newsletter]\ntitle = "Ours"\n')
    with running(empty, "up", "--port", "0") as (_, said):
        pass

    assert "First start" not in said
    assert "Admin pages: `newsletter admin link` prints a login link." in said
    assert (empty / "config.toml").read_text() == '[newsletter]\ntitle = "Ours"\n'


@pytest.mark.uncounted
def test_the_link_of_the_first_start_opens_the_admin_pages_once(empty):
    with running(empty, "up", "--port", "0") as (_, said):
        path = re.search(r"http://localhost:8080(/admin/login/\S+)", said)[1]
        with httpx.Client(base_url=f"http://{address(said)}", timeout=60) as browser:
            form = browser.get(path)
            origin = {"Origin": f"http://{address(said)}"}
            first = browser.post(path, headers=origin)
            second = browser.post(path, headers=origin)

    assert form.status_code == 200
    assert first.status_code == 303
    assert second.status_code >= 400


def test_a_config_that_is_named_is_never_made_up(empty):
    assert "no such file" in run("up", "--config", "other.toml", code=2).stderr
    assert list(empty.iterdir()) == []


def test_a_port_that_is_taken_is_one_line_and_nothing_runs(empty):
    (empty / "config.toml").write_text("")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        result = run("up", "--port", port, code=1)

    assert result.stderr.endswith(f"{port}: another program listens there: stop it, or give another --port\n")
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[schedule]\ntick_seconds = 0\n", "schedule.tick_seconds"),
        ('[digest]\ntemplates = "typo"\n', "digest.templates"),
        ('[smtp]\nusername = "ada"\n[delivery]\ntransport = "smtp"\n', "smtp.password"),
        ('[database]\nurl = "sqlite:////proc/no/such.db"\n', "database.url"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_nothing_runs(empty, text, words):
    (empty / "config.toml").write_text(text)

    result = run("up", "--port", "0", code=2)

    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


@pytest.mark.uncounted
def test_whoever_is_due_gets_a_digest_without_any_other_command(tmp_path):
    with mail_server() as server:
        started = laid_out(tmp_path, server.port)
        with running(tmp_path, "up", "--port", "0") as (process, said):
            until(lambda: states(started) == {"sent": 1})
            page = answer(said, "/").status_code
            process.send_signal(TERM)
            code, *_ = ended(process)

    assert [each.recipient for each in server.taken] == ["reader0@example.org"]
    assert (page, code) == (200, 0)


def told_to_end(tmp_path, server, readers, ready, seconds=10):
    """Start with so many readers who are due, end when it is `ready`; the rows, and how long it took."""
    started = laid_out(tmp_path, server.port, readers)
    with running(tmp_path, "up", "--port", "0") as (process, _):
        until(lambda: ready(started))
        process.send_signal(TERM)
        code, out, took = ended(process, seconds)
    assert (code, out) == (0, "Stopped.\n"), (tmp_path / "log.txt").read_text()
    print(f"stopped after {took:.1f} s")  # noqa: T201 - a figure that is worth to be known
    return started


def rows(started):
    with Session(started.engine) as session:
        return session.exec(select(Delivery).order_by(col(Delivery.id))).all()


def test_told_to_end_while_it_sends_it_finishes_what_is_in_hand_and_leaves_the_rest(tmp_path):
    with mail_server() as server:
        started = told_to_end(tmp_path, server, 150, lambda started: states(started).get("sent", 0) > 0)

    taken = [each.recipient for each in server.taken]
    sent = [each.address for each in rows(started) if each.state == "sent"]
    assert sorted(taken) == sorted(sent)
    assert set(states(started)) <= {"sent", "pending"}


@pytest.mark.uncounted
def test_a_server_silent_before_the_dot_costs_no_try(tmp_path):
    with scripted(DATA=SILENCE) as server:
        started = told_to_end(tmp_path, server, 6, lambda _: "DATA" in server.verbs)

    found = rows(started)
    assert {(str(each.state), each.attempts) for each in found} == {("deferred", 0), ("pending", 0)}
    assert {each.outcome for each in found if each.state == "deferred"} <= {
        "the sender was told to stop",
        f"127.0.0.1:{server.port}: the sender was told to stop",
    }
    assert not any(each.doubtful or each.owner or each.lease_until for each in found)


@pytest.mark.uncounted
def test_a_server_silent_after_the_dot_leaves_one_doubt_and_no_claim(tmp_path):
    with scripted(dot=SILENCE) as server:
        started = told_to_end(tmp_path, server, 6, lambda _: server.received.endswith(b"\r\n.\r\n"))

    found = rows(started)
    unknown = [each for each in found if each.state == "unknown"]
    assert [each.outcome for each in unknown] == ["no reply to the final dot: the sender was told to stop"]
    assert [each.doubtful for each in unknown] == [True]
    assert {str(each.state) for each in found} <= {"unknown", "deferred", "pending"}
    assert not any(each.owner or each.lease_until for each in found)


@pytest.mark.uncounted
def test_a_second_signal_ends_at_once(tmp_path):
    with scripted(dot=SILENCE) as server:
        laid_out(tmp_path, server.port)
        with running(tmp_path, "up", "--port", "0") as (process, _):
            until(lambda: server.received.endswith(b"\r\n.\r\n"))
            process.send_signal(TERM)
            until(lambda: process.send_signal(TERM) or process.poll() is not None, 5)

            assert process.returncode == 128 + TERM


@pytest.mark.uncounted
def test_readers_who_come_while_it_runs_are_served_as_well(tmp_path):
    with mail_server() as server:
        started = laid_out(tmp_path, server.port, readers=0)
        with running(tmp_path, "up", "--port", "0"):
            subscribe(started, 2)
            until(lambda: states(started) == {"sent": 2})

    assert len(server.taken) == 2
