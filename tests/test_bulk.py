"""Many rows in one statement, as one row is stored by SQLAlchemy's own ways."""

from datetime import timedelta

import pytest
from sqlmodel import col, select
from world import NOW, reader

from newsletter import bulk, ledger_plans
from newsletter.ledger import DIGEST
from newsletter.models import Delivery, Skip, State


@pytest.fixture
def readers(session):
    return [reader(session, f"r{number}@example.org").id for number in range(5)]


def row(who, **more):
    told = {
        "subscriber_id": who,
        "address": "ä@example.org",
        "letter": DIGEST,
        "period": "2026-03-10",
        "edition_id": None,
        "state": State.PENDING,
        "message_id": f"<{who}@example.org>",
        "date": NOW,
        "due_at": None,
        "details": {"name": "Ä", "considered": 3},
        "not_before": NOW,
        "not_after": NOW + timedelta(hours=3),
    }
    return told | more


def kept(session):
    session.expire_all()
    rows = session.exec(select(Delivery).order_by(col(Delivery.subscriber_id))).all()
    return [each.model_dump(exclude={"id", "subscriber_id"}) for each in rows]


def test_many_are_stored_as_one_is(session, readers):
    skipped = {"state": State.SKIPPED, "skipped_for": Skip.NOTHING, "outcome": "nothing"}
    ledger_plans.plan(session, row(readers[0], message_id="x"))
    ledger_plans.plan(session, row(readers[1], message_id="x", **skipped))

    made = ledger_plans.plan_many(
        session, [row(readers[2], message_id="x"), row(readers[3], message_id="x", **skipped)]
    )

    rows = kept(session)
    assert rows[:2] == rows[2:]
    assert made == session.exec(select(Delivery.id).where(col(Delivery.subscriber_id).in_(readers[2:4]))).all()


def test_ids_come_in_order_and_what_was_there_has_none(session, readers, monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    ledger_plans.plan(session, row(readers[1]))

    made = ledger_plans.plan_many(session, [row(each) for each in reversed(readers)])

    ids = dict(session.exec(select(Delivery.subscriber_id, Delivery.id)).all())
    assert made == [None if each == readers[1] else ids[each] for each in reversed(readers)]
    assert ledger_plans.plan_many(session, []) == []


def test_the_same_letter_twice_in_one_statement_is_one(session, readers):
    made = ledger_plans.plan_many(session, [row(readers[0]), row(readers[0], message_id="another")])

    assert len(kept(session)) == 1
    assert (made[0] is None, made[1]) == (False, None)


def test_a_time_without_a_zone_is_refused_as_ever(session, readers):
    with pytest.raises(ValueError, match="without a zone"):
        ledger_plans.plan_many(session, [row(readers[0], date=NOW.replace(tzinfo=None))])
