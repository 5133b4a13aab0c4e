"""Send: each due delivery once, whatever the readers, servers and threads do meanwhile."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select
from world import NOW, Scripted, configured, planned, policy, reader, stored

from newsletter import ledger, send
from newsletter.mail import Outcome, Phase, Verdict
from newsletter.models import Delivery, Edition, EditionPaper, Pick, State
from subscribers.models import Status, Subscriber
from subscribers.suppression import suppress


@pytest.fixture
def config(tmp_path):
    return configured(tmp_path, "[digest]\nfloor = 0.1\n").config


@pytest.fixture
def three(session, config):
    """Three readers with a planned digest each."""
    stored(session)
    readers = [reader(session, f"reader{number}@example.org", "Graphs") for number in range(3)]
    planned(session, config)
    return readers


def run(engine, transport, now=NOW, **changes):
    return send.run(engine, lambda: transport, lambda: now, policy(**changes), lambda _: None)


def states(session):
    session.expire_all()
    return session.exec(select(Delivery.state).order_by(Delivery.id)).all()


def deferred(reply="451 later"):
    return Outcome(Verdict.DEFERRED, Phase.REPLIED, reply)


def test_everything_that_is_due_goes_out_once(engine, session, three):
    transport = Scripted()

    first = run(engine, transport)
    second = run(engine, transport)

    assert (first.outcomes, first.periods) == ({State.SENT: 3}, {"2026-03-10"})
    assert (second.outcomes, len(transport.envelopes)) == ({}, 3)
    assert {envelope.recipient for envelope in transport.envelopes} == {each.email for each in three}


def test_one_refusal_never_ends_the_run(engine, session, three):
    refused = Outcome(Verdict.FAILED, Phase.REPLIED, "550 5.1.1 no such user")

    report = run(engine, Scripted(refused))

    assert states(session) == [State.FAILED, State.SENT, State.SENT]
    assert report.troubles == {"failed: 550 5.1.1 no such user": 1}


def test_a_deferred_message_waits_and_comes_again_as_the_same_bytes(engine, session, three):
    transport = Scripted(deferred())
    run(engine, transport)

    early, late = run(engine, transport), run(engine, transport, NOW + timedelta(minutes=8))

    assert (early.outcomes, late.outcomes) == ({}, {State.SENT: 1})
    assert transport.envelopes[0] == transport.envelopes[-1]


def test_leaving_counts_at_once_also_for_planned_mail(engine, session, three):
    three[0].status = Status.UNSUBSCRIBED
    suppress(session, three[1].email, "a bounce", NOW)
    session.delete(three[2])
    session.commit()
    transport = Scripted()

    run(engine, transport)

    assert transport.envelopes == []
    assert states(session) == [State.SUPPRESSED] * 3
    assert session.exec(select(Delivery.outcome).order_by(Delivery.id)).all()[0::2] == [
        "the reader is unsubscribed",
        "the reader was erased",
    ]
    assert session.exec(select(Pick)).all() == []


def test_a_message_whose_papers_are_gone_fails_alone(engine, session, three):
    paper = session.exec(select(Pick.paper).where(Pick.subscriber_id == three[0].id)).first()
    session.delete(session.get_one(EditionPaper, (session.exec(select(Edition.id)).one(), paper)))
    for pick in session.exec(select(Pick).where(Pick.subscriber_id != three[0].id, Pick.paper == paper)):
        session.delete(pick)
    session.commit()

    run(engine, Scripted())

    assert states(session) == [State.FAILED, State.SENT, State.SENT]
    assert "is gone from the database" in session.exec(select(Delivery.outcome).order_by(Delivery.id)).first()


def test_a_bug_that_one_reader_brings_out_does_not_stop_the_others(engine, session, three):
    broken = session.exec(select(Delivery).order_by(Delivery.id)).first()
    broken.details = {}
    session.commit()

    report = run(engine, Scripted())

    assert states(session) == [State.DEFERRED, State.SENT, State.SENT]
    assert list(report.troubles) == ["deferred: unexpected KeyError: 'name'"]


def test_a_bad_imprint_is_a_failed_delivery_with_its_reason(engine, session, config):
    stored(session)
    reader(session, "ada@example.org", "Graphs")
    planned(
        session, config.model_copy(update={"newsletter": config.newsletter.model_copy(update={"url": "nonsense"})})
    )

    report = run(engine, Scripted())

    assert report.outcomes == {State.FAILED: 1}
    assert "newsletter.url" in session.exec(select(Delivery.outcome)).one()


def test_an_unknown_message_is_sent_again_or_held(engine, session, three):
    unknown = Outcome(Verdict.UNKNOWN, Phase.AFTER_DOT, "no reply")
    transport = Scripted(unknown)
    run(engine, transport, on_unknown="hold")

    run(engine, transport, NOW + timedelta(days=2), on_unknown="hold")

    assert sorted(states(session)) == [State.SENT, State.SENT, State.UNKNOWN]
    assert len(transport.envelopes) == 3


def test_what_a_dead_sender_left_is_swept_and_sent(engine, session, three):
    ledger.claim(session, "dead", NOW, timedelta(seconds=60), "resend")

    report = run(engine, Scripted(), NOW + timedelta(seconds=61))

    assert (report.swept, report.outcomes) == (1, {State.SENT: 3})


def test_a_digest_that_became_too_late_is_skipped_with_the_reason(engine, session, three):
    transport = Scripted()

    report = run(engine, transport, NOW + timedelta(hours=18, seconds=1))

    assert (report.outcomes, transport.envelopes) == ({State.SKIPPED: 3}, [])
    assert session.exec(select(Delivery.outcome)).first() == "too late: it was to go out by 2026-03-11 06:00 UTC"
    assert session.exec(select(Pick)).all() == []


def test_a_pause_holds_back_what_was_planned(engine, session, three):
    three[0].paused_until = NOW + timedelta(days=9)
    session.commit()

    assert run(engine, Scripted()).outcomes == {State.SKIPPED: 1, State.SENT: 2}


def test_two_senders_at_once_settle_everything_that_must_not_go_out(engine, session, config):
    stored(session)
    for number in range(30):
        reader(session, f"reader{number}@example.org", "Graphs")
    planned(session, config)
    for each in session.exec(select(Subscriber)):
        each.status = Status.UNSUBSCRIBED
    session.commit()

    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda name: run(engine, Scripted(), owner=name, connections=2), ("one", "two")))

    assert sum(report.outcomes.get(State.SUPPRESSED, 0) for report in reports) == 30
    assert set(states(session)) == {State.SUPPRESSED}


def test_ctrl_c_finishes_the_message_in_hand_and_leaves_the_rest(engine, session, config):
    stored(session)
    for number in range(20):
        reader(session, f"reader{number}@example.org", "Graphs")
    planned(session, config)

    class Interrupted(Scripted):
        def send(self, envelope):
            if not self.envelopes:
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.2)
            return super().send(envelope)

    report = run(engine, Interrupted())

    assert report.stopped
    assert report.outcomes == {State.SENT: 1}
    assert sorted(set(states(session))) == [State.PENDING, State.SENT]


def test_a_run_can_be_limited_to_one_reader(engine, session, three):
    transport = Scripted()

    run(engine, transport, only=three[1].id)

    assert [envelope.recipient for envelope in transport.envelopes] == ["reader1@example.org"]


def test_several_connections_share_the_work_and_double_nothing(engine, session, config):
    stored(session)
    for number in range(24):
        reader(session, f"reader{number}@example.org", "Graphs")
    planned(session, config)
    opened, lock = [], threading.Lock()

    def transport():
        with lock:
            opened.append(Scripted())
            return opened[-1]

    report = send.run(engine, transport, lambda: NOW, policy(connections=3), lambda _: None)

    sent = [envelope.recipient for each in opened for envelope in each.envelopes]
    assert report.outcomes == {State.SENT: 24}
    assert len(opened) == 3
    assert len(sent) == len(set(sent)) == 24


def test_a_slow_server_keeps_its_lease(engine, session, three):
    leases = []

    class Slow(Scripted):
        def send(self, envelope):
            for _ in range(100):
                with Session(engine) as other:
                    leases.append(max(filter(None, other.exec(select(Delivery.lease_until)))))
                if len(set(leases)) > 1:
                    break
                time.sleep(0.02)
            return super().send(envelope)

    started = time.monotonic()
    send.run(
        engine,
        Slow,
        lambda: NOW + timedelta(seconds=time.monotonic() - started),
        policy(lease=timedelta(seconds=0.3)),
        lambda _: None,
    )

    assert len(set(leases)) > 1
    assert states(session) == [State.SENT] * 3


def test_progress_is_told_after_each_message(engine, session, three):
    told = []
    send.run(engine, Scripted, lambda: NOW, policy(), lambda report: told.append(sum(report.outcomes.values())))

    assert told == [1, 2, 3]


def test_a_lost_lease_is_said_and_changes_nothing(engine, session, three):
    class Slow(Scripted):
        def send(self, envelope):
            with Session(engine) as other:
                ledger.sweep(other, NOW + timedelta(days=1), "hold")
            return super().send(envelope)

    report = run(engine, Slow(), on_unknown="hold")

    assert report.outcomes == {}
    assert states(session) == [State.UNKNOWN] * 3


def test_a_heartbeat_that_fails_once_is_said_and_goes_on(engine, session, three, monkeypatch):
    beats = []

    def broken(*_):
        beats.append(time.monotonic())
        raise OperationalError("locked", None, Exception("locked"))

    monkeypatch.setattr(ledger, "renew", broken)

    class Slow(Scripted):
        def send(self, envelope):
            while len(beats) < 2:
                time.sleep(0.01)
            return super().send(envelope)

    report = send.run(engine, Slow, lambda: NOW, policy(lease=timedelta(seconds=0.06)), lambda _: None)

    assert report.outcomes == {State.SENT: 3}
