"""Send, told to end: what is in hand is finished, or cut off in time, and each row says what became of it."""

import asyncio
import threading
from datetime import timedelta

import pytest
from long_run import until
from mail_servers import SILENCE, envelope, mail_server, scripted, settings, trust
from sqlmodel import Session, col, select
from world import NOW, Scripted, policy, states

from newsletter import feed, send
from newsletter.mail import Done, Outcome, Phase, Verdict, crew
from newsletter.mail.crew import Stop
from newsletter.mail.smtp import Smtp
from newsletter.models import Delivery, State

PATIENCE = 60


def stopped(engine, transport, stop, **changes):
    """A run in a thread of its own; gives its report when it has ended."""
    reports = []
    thread = threading.Thread(
        target=lambda: reports.append(
            send.run(engine, transport, lambda: NOW, policy(**changes), lambda _: None, stop)
        )
    )
    thread.start()

    def ended():
        thread.join(PATIENCE)
        assert reports
        return reports[0]

    return ended


def row(session, state):
    session.expire_all()
    return session.exec(select(Delivery).where(Delivery.state == state)).one()


def test_a_run_that_is_asked_to_end_finishes_the_message_in_hand(engine, session, three):
    stop, in_hand, go_on = Stop(), threading.Event(), threading.Event()

    class Slow(Scripted):
        def send(self, envelope):
            in_hand.set()
            go_on.wait(PATIENCE)
            return super().send(envelope)

    ended = stopped(engine, Slow, stop)
    in_hand.wait(PATIENCE)
    stop.ask()
    go_on.set()
    report = ended()

    assert (report.stopped, report.outcomes) == (True, {State.SENT: 1})
    assert sorted(states(session)) == [State.PENDING, State.PENDING, State.SENT]


def test_a_run_that_was_asked_before_it_began_sends_nothing(engine, session, three):
    stop = Stop()
    stop.ask()

    report = send.run(engine, Scripted, lambda: NOW, policy(), lambda _: None, stop)

    assert report.stopped
    assert states(session) == [State.PENDING] * 3


@pytest.mark.parametrize(
    ("silent", "verb", "state", "attempts"),
    [
        ("DATA", "DATA", State.DEFERRED, 0),
        ("MAIL", "MAIL", State.DEFERRED, 0),
        ("dot", "DATA", State.UNKNOWN, 1),
    ],
)
def test_a_silent_server_is_cut_off(engine, session, three, silent, verb, state, attempts):
    stop = Stop(patience=0.1)
    with scripted(**{silent: SILENCE}) as server:
        ended = stopped(engine, lambda: Smtp(settings(server, timeout=600, final_timeout=600), lambda: 0.0), stop)
        until(lambda: verb in server.verbs and (silent != "dot" or server.received.endswith(b"\r\n.\r\n")))
        stop.ask()
        ended()

    found = row(session, state)
    assert (found.attempts, found.owner, found.lease_until) == (attempts, None, None)
    assert found.outcome.endswith("the sender was told to stop")
    assert found.doubtful is (state is State.UNKNOWN)


def test_a_server_that_is_still_being_reached_is_left_and_its_message_waits(engine, session, three, monkeypatch):
    monkeypatch.setattr(crew, "LAST_WORDS_SECONDS", 0.1)
    stop, reaching, leave = Stop(patience=0.1), threading.Event(), threading.Event()

    class Unreachable(Scripted):
        def drain(self, feed):
            first = feed.turn([]).following
            reaching.set()
            leave.wait(PATIENCE)  # no signal of ours ends a look-up of a name
            late = Outcome(Verdict.DEFERRED, Phase.UNREACHED, "too late to matter")
            assert feed.turn([Done(first, late)]) == (False, None)

        def refuse(self):
            return True

        def abort(self):
            return None

    ended = stopped(engine, Unreachable, stop)
    reaching.wait(PATIENCE)
    stop.ask()
    report = ended()
    leave.set()
    until(lambda: not any(thread.name.startswith("send ") for thread in threading.enumerate()))

    session.expire_all()
    found = session.exec(select(Delivery)).all()
    assert {(each.state, each.attempts, each.owner) for each in found} == {(State.PENDING, 0, None)}
    assert sorted({each.outcome for each in found}) == ["", feed.UNUSED]
    assert (report.stopped, report.outcomes) == (True, {})


def test_what_comes_while_another_connection_waits_for_its_server_goes_out(engine, session, three, monkeypatch):
    monkeypatch.setattr(crew, "LOOK_SECONDS", 0.01)
    due_from(engine, NOW + timedelta(hours=1))
    others_done, lock, sent = threading.Event(), threading.Lock(), []

    class OneHangs(Scripted):
        def send(self, envelope):
            with lock:
                sent.append(envelope.recipient)
                number = len(sent)
            if number == 1:
                others_done.wait(PATIENCE)
            elif number == 2:
                due_from(engine, NOW)
            else:
                others_done.set()
            return super().send(envelope)

    report = send.run(engine, OneHangs, lambda: NOW, policy(connections=2), lambda _: None)

    assert others_done.is_set()
    assert report.outcomes == {State.SENT: 3}


def due_from(engine, moment):
    """The newest delivery is due from this moment on."""
    with Session(engine) as other:
        newest = other.exec(select(Delivery).order_by(col(Delivery.id).desc())).first()
        newest.not_before = moment
        other.commit()


def test_a_connection_that_breaks_ends_the_run_and_is_heard(engine, session, three):
    class Broken(Scripted):
        def send(self, envelope):
            raise RuntimeError("not an outcome")

    with pytest.raises(RuntimeError, match="not an outcome"):
        send.run(engine, Broken, lambda: NOW, policy(connections=2), lambda _: None)


def test_who_refuses_begins_nothing():
    with scripted() as server, Smtp(settings(server), lambda: 0.0) as transport:
        transport.send(envelope())
        assert transport.refuse() is False
        outcome = transport.send(envelope("emmy@example.org"))

    assert (outcome.verdict, outcome.phase) == (Verdict.DEFERRED, Phase.UNREACHED)
    assert outcome.reply.endswith("the sender was told to stop")
    assert server.verbs.count("RCPT") == 1


def test_a_server_that_is_still_being_reached_is_told_of_and_gets_nothing():
    outcomes = []
    with scripted(BANNER=SILENCE) as server:
        transport = Smtp(settings(server, timeout=2), lambda: 0.0)
        thread = threading.Thread(target=lambda: outcomes.append(transport.send(envelope())))
        thread.start()
        until(lambda: server.dialogues)
        reaching = transport.refuse()
        transport.abort()
        thread.join(PATIENCE)

    assert reaching is True
    assert [(each.verdict, each.phase) for each in outcomes] == [(Verdict.DEFERRED, Phase.UNREACHED)]


@pytest.mark.parametrize("security", ["none", "tls"])
def test_an_abort_ends_the_wait_for_the_last_reply_over_tls_as_well(tmp_path, security):
    outcomes, heard, trusted = [], threading.Event(), trust(tmp_path)
    options = {"ssl_context": trusted.context("127.0.0.1")} if security == "tls" else {}

    async def silent(*_):
        heard.set()
        await asyncio.Event().wait()

    with mail_server(**options) as server:
        server.handle_DATA = silent
        transport = Smtp(settings(server, security=security, ca_file=trusted.ca_file, timeout=600), lambda: 0.0)
        thread = threading.Thread(target=lambda: outcomes.append(transport.send(envelope())))
        thread.start()
        assert heard.wait(PATIENCE)
        transport.abort()
        thread.join(PATIENCE)

    assert [(each.verdict, each.phase) for each in outcomes] == [(Verdict.UNKNOWN, Phase.AFTER_DOT)]
    assert outcomes[0].reply == "no reply to the final dot: the sender was told to stop"
