"""Outages: the database is locked, full or gone in the midst of a run; nothing is lost, doubled or sent blind."""

from collections import Counter
from datetime import timedelta

import pytest
from offices import PlainPress, deliveries, each_connection, put
from outages import Full, Gone, Lock
from structlog.testing import capture_logs
from world import NOW, policy

from newsletter import persistence, send
from newsletter.errors import DatabaseError
from newsletter.mail.crew import Stop
from newsletter.models import State

READERS = [f"reader{number}@example.org" for number in range(30)]
ON_POSTGRESQL = pytest.param("postgresql", Gone, marks=pytest.mark.postgresql)
FAULTS = pytest.mark.parametrize(
    ("engine", "outage"), [("sqlite", Lock), ("sqlite", Full), ON_POSTGRESQL], indirect=True
)
SHARED = pytest.mark.parametrize(("engine", "outage"), [("sqlite", Lock), ON_POSTGRESQL], indirect=True)


@pytest.fixture
def outage(request, engine, session, monkeypatch):
    """A run's database that is about to fail; readers are due."""
    put(session, *READERS)
    session.close()
    monkeypatch.setattr(send, "Press", lambda *_: PlainPress())
    monkeypatch.setattr(persistence, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(persistence, "LONGEST_WAIT", 0.01)
    if request.param is Lock:
        with each_connection(engine, "busy_timeout=20"):
            yield Lock(engine, monkeypatch)
            session.close()
        return
    made = request.param(engine, monkeypatch)
    yield made
    made.over()
    session.close()
    made.forgotten()


def run(engine, outage, now=NOW, stop=None, **changes):
    return send.run(engine, outage.transport, lambda: now, policy(**changes), lambda _: None, stop)


@FAULTS
def test_a_run_goes_on_by_itself_and_nothing_is_lost_or_doubled(engine, session, outage):
    with capture_logs() as said:
        report = run(engine, outage)

    all_arrived_once(session, outage, report)
    assert outage.sent_during == 1  # the message that was on its way already
    assert outage.pauses >= 4
    warned = [each["event"] for each in said if each["log_level"] == "warning"]
    assert set(warned) == {"the database does not answer: nothing is sent until it does"}
    assert len(warned) <= 2  # it is not said again at each try


@SHARED
def test_several_connections_wait_together(engine, session, outage):
    report = run(engine, outage, connections=3)

    all_arrived_once(session, outage, report)
    assert 1 <= outage.sent_during <= 3
    assert outage.pauses >= 4


def all_arrived_once(session, outage, report):
    assert outage.engine.pool.checkedout() == 0
    assert Counter(outage.sent) == Counter(READERS)
    assert report.outcomes == {State.SENT: len(READERS)}
    assert {(each.state, each.attempts, each.owner) for each in deliveries(session)} == {(State.SENT, 1, None)}


@FAULTS
def test_a_run_that_is_told_to_stop_while_it_lasts_ends_and_the_next_one_sends_the_rest(engine, session, outage):
    stop = Stop(patience=0.05)
    outage.at_pause = stop.ask

    with pytest.raises(DatabaseError, match="the database does not answer"):
        run(engine, outage, stop=stop)
    at_hand = outage.sent[-1]
    outage.over()
    assert len(outage.sent) == 5

    report = run(engine, outage, NOW + timedelta(minutes=30), owner="next")

    assert report.swept == 1
    assert Counter(outage.sent) == Counter([*READERS, at_hand])  # nobody can know whether it arrived
    assert {each.state for each in deliveries(session)} == {State.SENT}
    assert {each.attempts for each in deliveries(session) if each.address != at_hand} <= {1, 2}


@FAULTS
def test_an_outage_that_ends_while_a_run_is_being_stopped_costs_nothing(engine, session, outage):
    stop = Stop(patience=60)

    def at_pause():
        stop.ask()
        if outage.pauses >= 3:
            outage.over()

    outage.at_pause = at_pause

    report = run(engine, outage, stop=stop)

    assert (report.stopped, report.outcomes) == (True, {State.SENT: 5})
    assert Counter((each.state, each.attempts, each.owner) for each in deliveries(session)) == {
        (State.SENT, 1, None): 5,
        (State.PENDING, 0, None): 25,
    }
