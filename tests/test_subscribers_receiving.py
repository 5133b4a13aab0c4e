"""Who gets digests: the condition for queries and the reason for one reader are one rule."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from subscribers.models import Status, Subscriber
from subscribers.receiving import receiving, resting, why_not

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
PAUSES = (None, NOW - timedelta(days=1), NOW, NOW + timedelta(days=1))


@pytest.mark.parametrize("paused_until", PAUSES)
@pytest.mark.parametrize("status", Status)
def test_the_condition_and_the_reason_agree(session, status, paused_until):
    reader = Subscriber(email="ada@example.org", status=status, paused_until=paused_until, created_at=NOW)
    session.add(reader)
    session.flush()

    found = session.exec(select(Subscriber.id).where(receiving(NOW))).all()

    assert bool(found) is (why_not(reader, NOW) is None)


def test_the_reason_is_said_in_words():
    paused = Subscriber(email="a@example.org", status=Status.ACTIVE, paused_until=PAUSES[3], created_at=NOW)
    gone = Subscriber(email="b@example.org", status=Status.UNSUBSCRIBED, created_at=NOW)
    resting = Subscriber(email="c@example.org", status=Status.PAUSED, created_at=NOW)

    assert why_not(paused, NOW) == "the reader paused until 2026-03-11"
    assert why_not(gone, NOW) == "the reader is unsubscribed"
    assert why_not(resting, NOW) == "the reader paused"


@pytest.mark.parametrize("paused_until", PAUSES)
@pytest.mark.parametrize("status", Status)
def test_a_pause_that_is_running_is_a_rest_and_nothing_else_is(status, paused_until):
    reader = Subscriber(email="ada@example.org", status=status, paused_until=paused_until, created_at=NOW)

    without_end = status is Status.PAUSED and paused_until is None
    running = status in {Status.ACTIVE, Status.PAUSED} and paused_until == PAUSES[3]
    assert resting(reader, NOW) is (without_end or running)
