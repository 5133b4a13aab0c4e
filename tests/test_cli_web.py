"""`newsletter web`: a real process that serves pages, sends letters, and ends as it is told."""

import re
import signal
import socket
import subprocess
import sys
import threading
from datetime import UTC, datetime

import httpx
import pytest
from command_line import as_json, run
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select
from structlog.testing import capture_logs

from newsletter import wiring
from newsletter.cli import outgoing, web
from newsletter.cli.outgoing import Outgoing
from newsletter.cli.start import now, start
from newsletter.errors import ConfigError
from newsletter.models import Delivery
from subscribers import people, signup

PATIENCE = 120  # seconds, for a machine that is busy with other tests


@pytest.fixture
def served(workplace):
    """The program as a process of its own on a free port, and the URL where it listens."""
    command = [sys.executable, "-u", "-m", "newsletter", "web", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=workplace)
    said = process.stdout.readline()
    yield process, said
    process.kill()
    process.communicate()


def test_the_pages_are_served_until_the_process_is_told_to_end(served):
    process, said = served
    address = re.search(r"on (127\.0\.0\.1:\d+)\. Stop with Ctrl-C", said)[1]

    answer = httpx.get(f"http://{address}/", timeout=PATIENCE)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE)

    assert said.startswith("Serving https://papers.example.org on ")
    assert (answer.status_code, "Subscribe" in answer.text) == (200, True)
    assert "server" not in answer.headers
    assert (process.returncode, out, err) == (0, "Stopped.\n", "")


def test_ctrl_c_ends_it_just_as_well(served):
    process, _ = served

    process.send_signal(signal.SIGINT)

    assert process.wait(PATIENCE) == 0


def test_a_port_that_is_taken_is_one_line_with_the_cure(workplace):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        result = run("web", "--port", port, code=1)

    cure = "another program listens there: stop it, or give another --port"
    assert result.stderr == f"newsletter: 127.0.0.1:{port}: {cure}\n"


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.7"])
def test_an_address_of_another_machine_is_refused(workplace, host):
    assert f"newsletter: {host}:0: " in run("web", "--host", host, "--port", "0", code=1).stderr


def test_what_cannot_send_letters_does_not_start(workplace):
    more = '[smtp]\nusername = "papers"\n[delivery]\ntransport = "smtp"\n'
    (workplace / "config.toml").write_text((workplace / "config.toml").read_text() + more)

    assert "smtp.password: is missing" in run("web", "--port", "0", code=2).stderr


def test_refused_domains_and_own_pages_come_from_the_configuration(workplace):
    (workplace / "refused.txt").write_text("# throw-away\nMailinator.example\n\n")
    (workplace / "own" / "web").mkdir(parents=True)
    (workplace / "own" / "web" / "privacy.html").write_text("ours")
    more = '[signup]\nrefused_domains = "refused.txt"\n[web]\ntemplates = "own"\n'
    (workplace / "config.toml").write_text((workplace / "config.toml").read_text() + more)

    site = web.make_site(start(workplace / "config.toml"), lambda: None)

    assert site.refused_domains == {"mailinator.example"}
    assert site.pages.get_template("privacy.html").render() == "ours"
    (workplace / "refused.txt").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"refused_domains: .*it is not UTF-8"):
        web.make_site(start(workplace / "config.toml"), lambda: None)
    (workplace / "refused.txt").unlink()
    with pytest.raises(ConfigError, match=r"refused_domains: .*cannot be read"):
        web.make_site(start(workplace / "config.toml"), lambda: None)


def letter_for(started, email):
    """A confirmation that waits to be sent."""
    with Session(started.engine) as session:
        reader = people.add(session, email, now=now())
        wanted = signup.invite(session, reader, signup.Asker("asked"), wiring.terms(started.config), now())
        outgoing.put(session, started, wanted)
        session.commit()


def states(started):
    with Session(started.engine) as session:
        return session.exec(select(Delivery.state).order_by(Delivery.id)).all()


def test_the_thread_sends_letters_when_it_is_woken(workplace, monkeypatch):
    started, sent = start(workplace / "config.toml"), threading.Semaphore(0)
    look = Outgoing.look
    monkeypatch.setattr(Outgoing, "look", lambda self: (look(self), sent.release()))
    letter_for(started, "ada@example.org")

    with Outgoing(started, every=3600) as thread:
        sent.acquire(timeout=PATIENCE)
        letter_for(started, "emmy@example.org")
        thread.woken.set()
        sent.acquire(timeout=PATIENCE)

    assert states(started) == ["sent", "sent"]


def test_a_thread_that_is_told_to_end_sends_no_further_letter(workplace):
    path = workplace / "config.toml"
    path.write_text(path.read_text() + "[delivery]\nconnections = 1\n")
    started = start(path)
    for name in ("ada", "emmy", "eda"):
        letter_for(started, f"{name}@example.org")
    ending = Outgoing(started)
    ending._stopping.set()

    ending.look()

    assert states(started) == ["sent", "pending", "pending"]


def test_what_is_past_is_forgotten_once_an_hour(workplace, monkeypatch):
    started, purged = start(workplace / "config.toml"), []
    monkeypatch.setattr(signup, "purge", lambda session, terms, moment: purged.append(terms.keep_pending.days))
    thread = Outgoing(started)

    thread.look()
    thread.look()
    thread._tidy_at = now()
    thread.look()

    assert purged == [30, 30]


def faults(told):
    return [(each["job"], each["fault"], each["reason"]) for each in told if each["log_level"] == "critical"]


def test_a_fault_is_told_once_with_its_job_and_without_addresses(workplace, monkeypatch):
    def broken(*_, **__):
        raise OperationalError("SELECT 1", {"to": "emmy@example.org"}, Exception("full of ada@example.org"))

    thread, drain = Outgoing(start(workplace / "config.toml")), outgoing._drain
    with capture_logs() as told:
        for sends in (broken, broken, drain, broken):
            monkeypatch.setattr(outgoing, "_drain", sends)
            thread.look()

    (first, again) = faults(told)
    assert first == again
    assert first[:2] == ("send letters", "OperationalError")
    assert "ada@" not in str(told)
    assert "emmy@" not in str(told)


def test_a_job_that_fails_keeps_none_of_the_others(workplace, monkeypatch):
    def broken(*_, **__):
        raise ConfigError("smtp.password: is missing")

    def cold():
        raise ZeroDivisionError("no papers")

    purged = []
    monkeypatch.setattr(signup, "purge", lambda *_: purged.append(1))
    monkeypatch.setattr(outgoing, "_drain", broken)
    thread = Outgoing(start(workplace / "config.toml"), warm=cold)
    with capture_logs() as told:
        thread.look()
        thread.look()

    assert purged == [1]
    assert faults(told) == [
        ("send letters", "ConfigError", "smtp.password: is missing"),
        ("warm", "ZeroDivisionError", "no papers"),
    ]


def test_another_fault_of_the_same_job_is_told_as_well(workplace):
    reasons = iter(("one", "two", "two"))

    def cold():
        raise RuntimeError(next(reasons))

    thread = Outgoing(start(workplace / "config.toml"), warm=cold)
    with capture_logs() as told:
        for _ in range(3):
            thread.look()

    assert faults(told) == [("warm", "RuntimeError", "one"), ("warm", "RuntimeError", "two")]


def test_letters_go_out_also_after_a_fault_that_nobody_foresaw(workplace, monkeypatch):
    started, looked = start(workplace / "config.toml"), threading.Semaphore(0)
    drain, troubles = outgoing._drain, iter((RuntimeError("what is this"),))

    def once_broken(*arguments, **more):
        if trouble := next(troubles, None):
            raise trouble
        return drain(*arguments, **more)

    monkeypatch.setattr(outgoing, "_drain", once_broken)
    letter_for(started, "ada@example.org")

    with capture_logs(), Outgoing(started, every=3600, warm=looked.release) as thread:
        looked.acquire(timeout=PATIENCE)
        thread.woken.set()
        looked.acquire(timeout=PATIENCE)

    assert states(started) == ["sent"]


def test_topics_count_the_papers_of_thirty_days(workplace):
    run("fetch", "--at", "2026-04-23T14:00Z")

    counts = {each["name"]: each["papers"] for each in as_json("topics", "--at", "2026-04-23T14:00Z")}

    assert counts["Language models"] > counts["Graphs"] > 0
    assert {topic["papers"] for topic in as_json("topics", "--at", "2027-04-23")} == {0}


def test_a_mistyped_folder_of_pages_is_refused_and_not_quietly_ours(workplace):
    (workplace / "config.toml").write_text('[web]\ntemplates = "typo"\n')

    assert "web.templates: 'typo' cannot be used" in run("web", "--port", "0", code=2).stderr


def test_what_visitors_would_wait_for_is_made_ready_at_each_look(workplace):
    made, started = [], start(workplace / "config.toml")

    Outgoing(started, warm=lambda: made.append(1)).look()

    started.engine.dispose()
    assert made == [1]


def test_a_clock_may_start_in_the_past_and_goes_on():
    clock = web.started_at(datetime(2026, 4, 23, 14, tzinfo=UTC))

    first, second = clock(), clock()
    assert web.started_at(None) is now
    assert datetime(2026, 4, 23, 14, tzinfo=UTC) <= first <= second < datetime(2026, 4, 23, 15, tzinfo=UTC)
