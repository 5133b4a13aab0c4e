"""The ledger's moves of a whole edition: park, unpark, cancel, discard."""

from datetime import timedelta

import pytest
from ledgers import claimed
from sqlmodel import select
from world import NOW, Scripted, deferred, sending

from newsletter import ledger_editions
from newsletter.models import Delivery, Pick, Skip, State

DAY = NOW.date().isoformat()
LATER = NOW + timedelta(hours=30)
HOUR = timedelta(hours=1)


@pytest.fixture
def deliveries(session, three):
    return session.exec(select(Delivery).order_by(Delivery.id)).all()


def sent(session, transport):
    session.commit()
    sending(session.get_bind(), transport)
    session.expire_all()


def test_what_is_parked_is_not_claimed(session, deliveries):
    assert ledger_editions.park(session, DAY) == 3
    session.commit()

    assert claimed(session, LATER) is None


def test_another_date_is_not_parked(session, deliveries):
    assert ledger_editions.park(session, "2026-03-09") == 0


def test_what_is_unparked_is_due_at_once_and_for_as_long_as_is_wanted(session, deliveries):
    ledger_editions.park(session, DAY)

    assert ledger_editions.unpark(session, DAY, LATER, HOUR) == 3
    session.commit()

    session.expire_all()
    assert {(each.not_before, each.not_after) for each in deliveries} == {(LATER, LATER + HOUR)}
    assert claimed(session, LATER) is not None


def test_unparking_makes_nothing_good_for_a_shorter_time(session, deliveries):
    until = deliveries[0].not_after
    ledger_editions.park(session, DAY)

    ledger_editions.unpark(session, DAY, NOW, timedelta(0))

    session.expire_all()
    assert {each.not_after for each in deliveries} == {until}


def test_unparking_leaves_what_waits_for_its_next_try(session, deliveries):
    sent(session, Scripted(deferred()))
    waits = [each.not_before for each in session.exec(select(Delivery).where(Delivery.state == State.DEFERRED))]

    ledger_editions.unpark(session, DAY, NOW, HOUR)

    session.expire_all()
    found = session.exec(select(Delivery).where(Delivery.state == State.DEFERRED)).all()
    assert [each.not_before for each in found] == waits != []


def test_what_is_cancelled_is_skipped_and_its_papers_are_free(session, deliveries):
    assert ledger_editions.cancel(session, DAY, "the admin cancelled it") == 3
    session.commit()

    session.expire_all()
    assert {(each.state, each.skipped_for) for each in deliveries} == {(State.SKIPPED, Skip.CANCELLED)}
    assert {each.outcome for each in deliveries} == {"the admin cancelled it"}
    assert session.exec(select(Pick)).all() == []


def test_what_was_sent_cannot_be_cancelled(session, deliveries):
    sent(session, Scripted())
    picks = len(session.exec(select(Pick)).all())

    assert ledger_editions.cancel(session, DAY, "too late") == 0
    assert len(session.exec(select(Pick)).all()) == picks > 0


def test_what_may_have_arrived_cannot_be_cancelled(session, deliveries):
    deliveries[0].state, deliveries[0].doubtful = State.DEFERRED, True
    session.commit()

    assert ledger_editions.cancel(session, DAY, "the admin cancelled it") == 2
    assert session.exec(select(Pick).where(Pick.delivery_id == deliveries[0].id)).all()


def test_what_is_discarded_can_be_planned_anew(session, deliveries):
    due = {(each.subscriber_id, each.due_at or each.date, each.not_after) for each in deliveries}

    assert set(ledger_editions.discard(session, DAY)) == due

    assert session.exec(select(Delivery)).all() == []
    assert session.exec(select(Pick)).all() == []


def test_what_was_tried_is_not_discarded(session, deliveries):
    sent(session, Scripted(deferred()))
    tried = len(session.exec(select(Delivery).where(Delivery.state == State.DEFERRED)).all())
    waiting = len(session.exec(select(Delivery).where(Delivery.state == State.PENDING)).all())

    assert len(ledger_editions.discard(session, DAY)) == waiting
    assert len(session.exec(select(Delivery).where(Delivery.state == State.DEFERRED)).all()) == tried > 0
