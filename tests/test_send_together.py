"""Send, together and interrupted: several connections and processes, leases, heartbeats, Ctrl-C."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from ledgers import claims, handed_over
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select
from world import NOW, Scripted, planned, policy, reader, sending, states, stored

from newsletter import ledger_claims, send
from newsletter.models import Delivery, State
from subscribers.models import Status, Subscriber


def test_what_a_dead_sender_left_is_swept_and_sent(engine, session, three):
    in_doubt, _ = claims(session, 2, owner="dead")
    handed_over(session, in_doubt, owner="dead")

    report = sending(engine, Scripted(), NOW + timedelta(seconds=61))

    assert (report.swept, report.returned, report.outcomes) == (1, 1, {State.SENT: 3})


def test_two_senders_at_once_settle_everything_that_must_not_go_out(engine, session, config):
    stored(session)
    for number in range(30):
        reader(session, f"reader{number}@example.org", "Graphs")
    planned(session, config)
    for each in session.exec(select(Subscriber)):
        each.status = Status.UNSUBSCRIBED
    session.commit()

    with ThreadPoolExecutor(2) as pool:
        reports = list(
            pool.map(lambda name: sending(engine, Scripted(), owner=name, connections=2), ("one", "two"))
        )

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

    report = sending(engine, Interrupted())

    assert report.stopped
    assert report.outcomes == {State.SENT: 1}
    assert sorted(set(states(session))) == [State.PENDING, State.SENT]


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


class Overtaken(Scripted):
    """While it sends, another sender takes it for dead, and claims what it had if that is the policy."""

    def __init__(self, engine, on_unknown):
        super().__init__()
        self.engine, self.on_unknown = engine, on_unknown

    def send(self, envelope):
        late = NOW + timedelta(days=1)
        with Session(self.engine) as other:
            ledger_claims.sweep(other, late, self.on_unknown)
            claims(other, now=late, owner="them", on_unknown=self.on_unknown)
        return super().send(envelope)


def test_a_lost_lease_is_said_and_changes_nothing(engine, session, three):
    transport = Overtaken(engine, "resend")

    report = sending(engine, transport)

    assert (report.outcomes, len(transport.envelopes)) == ({}, 1)
    assert states(session) == [State.SENDING] * 3
    assert set(session.exec(select(Delivery.owner))) == {"them"}


def test_what_another_sender_took_for_lost_is_known_after_all(engine, session, three):
    transport = Overtaken(engine, "hold")

    report = sending(engine, transport, on_unknown="hold")

    assert (report.outcomes, len(transport.envelopes)) == ({State.SENT: 1}, 1)
    assert sorted(states(session)) == [State.SENDING, State.SENDING, State.SENT]


def test_a_heartbeat_that_fails_once_is_said_and_goes_on(engine, session, three, monkeypatch):
    beats = []

    def broken(*_):
        beats.append(time.monotonic())
        raise OperationalError("locked", None, Exception("locked"))

    monkeypatch.setattr(ledger_claims, "renew", broken)

    class Slow(Scripted):
        def send(self, envelope):
            while len(beats) < 2:
                time.sleep(0.01)
            return super().send(envelope)

    report = send.run(engine, Slow, lambda: NOW, policy(lease=timedelta(seconds=0.06)), lambda _: None)

    assert report.outcomes == {State.SENT: 3}
