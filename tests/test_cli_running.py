"""The parts of a process that runs until it is told to end: the sender, its other jobs, and what a fault costs."""

import io
import os
import signal
import sys
import threading

import pytest
import structlog
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select
from structlog.testing import capture_logs

from newsletter import logs, wiring
from newsletter.cli import outgoing, running
from newsletter.cli.outgoing import Tidy, sender
from newsletter.cli.running import Recurring
from newsletter.cli.start import now, start
from newsletter.errors import ConfigError
from newsletter.models import Delivery
from subscribers import people, signup

PATIENCE = 120  # seconds, for a machine that is busy with other tests


@pytest.fixture(autouse=True)
def _no_log_of_its_own(monkeypatch):
    """The log of a long run would outlive the test."""
    structlog.reset_defaults()
    monkeypatch.setattr(logs, "configure", lambda *_: None)


@pytest.fixture
def started(workplace):
    made = start(workplace / "config.toml")
    yield made
    made.engine.dispose()


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


def ended(part):
    part.ask()
    return part.join(PATIENCE)


def test_the_sender_sends_when_it_is_woken_and_ends_when_it_is_asked(started):
    looked, woken = threading.Semaphore(0), threading.Event()
    part = sender(started, woken, more={"count": looked.release}, every=3600)
    letter_for(started, "ada@example.org")

    part.start()
    looked.acquire(timeout=PATIENCE)
    letter_for(started, "emmy@example.org")
    woken.set()
    looked.acquire(timeout=PATIENCE)

    assert ended(part)
    assert states(started) == ["sent", "sent"]


def test_a_sender_that_is_told_to_end_sends_no_further_letter(started):
    letter_for(started, "ada@example.org")
    part = sender(started, threading.Event())
    part.ask()

    part.look()

    assert states(started) == ["pending"]


def test_a_part_that_never_began_has_ended():
    assert Recurring("idle", {}, 1).join(0)


def test_a_job_that_is_told_to_end_in_its_midst_takes_the_others_of_this_look_with_it():
    done = []

    def told():
        raise KeyboardInterrupt

    Recurring("clock", {"tick": told, "next": lambda: done.append(1)}, 1).look()

    assert done == []


def test_what_is_past_is_forgotten_once_an_hour(started, monkeypatch):
    purged = []
    monkeypatch.setattr(signup, "purge", lambda session, terms, moment: purged.append(terms.keep_pending.days))
    tidy = Tidy(started)

    tidy()
    tidy()
    tidy._next = now()
    tidy()

    assert purged == [30, 30]


def faults(told):
    return [(each["job"], each["fault"], each["reason"]) for each in told if each["log_level"] == "critical"]


def test_a_fault_is_told_once_with_its_job_and_without_addresses():
    troubles = iter((True, True, False, True))

    def send():
        if next(troubles):
            raise OperationalError("SELECT 1", {"to": "emmy@example.org"}, Exception("full of ada@example.org"))

    part = Recurring("sender", {"send": send}, 1)
    with capture_logs() as told:
        for _ in range(4):
            part.look()

    (first, again) = faults(told)
    assert first == again
    assert first[:2] == ("send", "OperationalError")
    assert "ada@" not in str(told)
    assert "emmy@" not in str(told)


def test_a_job_that_fails_keeps_none_of_the_others():
    def broken():
        raise ConfigError("smtp.password: is missing")

    def cold():
        raise ZeroDivisionError("no papers")

    purged = []
    part = Recurring("sender", {"send letters": broken, "tidy": lambda: purged.append(1), "warm": cold}, 1)
    with capture_logs() as told:
        part.look()
        part.look()

    assert purged == [1, 1]
    assert faults(told) == [
        ("send letters", "ConfigError", "smtp.password: is missing"),
        ("warm", "ZeroDivisionError", "no papers"),
    ]


def test_another_fault_of_the_same_job_is_told_as_well():
    reasons = iter(("one", "two", "two"))

    def cold():
        raise RuntimeError(next(reasons))

    part = Recurring("sender", {"warm": cold}, 1)
    with capture_logs() as told:
        for _ in range(3):
            part.look()

    assert faults(told) == [("warm", "RuntimeError", "one"), ("warm", "RuntimeError", "two")]


def test_a_fault_that_nobody_can_be_told_of_ends_the_process(started, monkeypatch):
    class Closed:
        def critical(self, *_, **__):
            raise ValueError("I/O operation on closed file")

    def broken():
        raise RuntimeError("what is this")

    monkeypatch.setattr(running, "log", Closed())

    with pytest.raises(ValueError, match="closed file"):
        running.run(started, [Recurring("sender", {"send": broken}, 3600)], lambda: None)


class Fake:
    """A part that does as it is told."""

    def __init__(self, name, broken=None, ends=True):
        self.name, self.broken, self.ends, self.asked = name, broken, ends, 0

    def start(self, ended):
        if self.broken:
            ended()

    def ask(self):
        self.asked += 1

    def join(self, seconds):
        return self.ends


def test_a_signal_asks_every_part_to_end(started, capsys):
    parts = [Fake("one"), Fake("two")]

    running.run(started, parts, lambda: os.kill(os.getpid(), signal.SIGTERM))

    assert [part.asked for part in parts] == [1, 1]
    assert capsys.readouterr().out == "Stopped.\n"


def test_a_part_that_breaks_ends_the_others_and_is_heard(started, capsys):
    broken, other = Fake("pages", RuntimeError("no more")), Fake("sender")

    with pytest.raises(RuntimeError, match="no more"):
        running.run(started, [broken, other], lambda: None)

    assert other.asked == 1
    assert capsys.readouterr().out == ""


def test_what_does_not_end_in_time_is_left_behind(started, monkeypatch):
    left = []
    monkeypatch.setattr(running, "leave", left.append)

    with capture_logs() as told:
        running.run(started, [Fake("clock", ends=False)], lambda: os.kill(os.getpid(), signal.SIGINT))

    assert left == [0]
    assert [(each["event"], each["parts"]) for each in told] == [("left behind", "clock")]


def test_the_handlers_of_signals_are_put_back(started):
    before = [signal.getsignal(each) for each in running.SIGNALS]

    running.run(started, [], lambda: os.kill(os.getpid(), signal.SIGTERM))

    assert [signal.getsignal(each) for each in running.SIGNALS] == before


def test_a_second_signal_leaves_at_once_unless_it_is_the_first_one_sent_twice(monkeypatch):
    left = threading.Semaphore(0)
    monkeypatch.setattr(running, "leave", lambda code: left.release())
    ending = running.Ending()
    with ending.heeding():
        os.kill(os.getpid(), signal.SIGTERM)
        ending.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        monkeypatch.setattr(running, "SAME_SECONDS", -1.0)
        os.kill(os.getpid(), signal.SIGTERM)

        assert left.acquire(timeout=PATIENCE)


def test_leaving_says_what_was_said_and_asks_no_thread(monkeypatch):
    codes = []
    monkeypatch.setattr(os, "_exit", codes.append)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    sys.stderr.close()

    running.leave(0)

    assert codes == [0]
