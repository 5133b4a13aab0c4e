"""The ledger's claims: blocks that each have one winner, leases, and what dead senders left."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from ledgers import (
    IN_DOUBT,
    LATER,
    LEASE,
    REFUSED,
    SENT,
    claimed,
    claims,
    handed_over,
    kept,
    recorded,
    released,
    row,
    state,
    wanted,
    written,
)
from sqlmodel import Session, select
from world import NOW, reader

from newsletter import ledger, ledger_claims, ledger_plans
from newsletter.models import Delivery, State

ON_POSTGRESQL = pytest.mark.parametrize(
    "engine", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
DEAD = NOW + LEASE * 2  # the moment when a lease of now has ended


@pytest.fixture
def ada(session):
    return reader(session)


def many(session, reader_id, count, **more):
    ids = [
        ledger_plans.plan(session, row(reader_id, f"2026-{number:05}", **more | {"not_before": NOW}))
        for number in range(count)
    ]
    session.commit()
    return ids


@pytest.fixture
def one(session, ada):
    return many(session, ada.id, 1)[0]


def doubtful(session, one):
    """It may have arrived once, was tried again, and put off."""
    recorded(session, claimed(session), IN_DOUBT)
    again = NOW + timedelta(hours=1)
    recorded(session, claimed(session, again), LATER, again)
    return kept(session, one).not_before


def test_a_claim_takes_what_is_due_once(session, one):
    assert claimed(session).delivery_id == one
    assert claimed(session) is None
    assert state(session, one) is State.SENDING


def test_a_claim_tells_all_that_the_sender_decides_by(session, ada, one):
    found = claimed(session)

    assert found == (one, 1, "2026-00000", "digest", "ada@example.org", ada.id, NOW + timedelta(hours=18), False)
    assert (kept(session, one).owner, kept(session, one).lease_until) == ("me", NOW + LEASE)


def test_a_claim_waits_for_its_time(session, ada):
    ledger_plans.plan(session, row(ada.id, not_before=NOW + timedelta(seconds=1)))
    session.commit()

    assert claimed(session) is None
    assert claimed(session, NOW + timedelta(seconds=1)) is not None


def test_a_claim_can_be_limited_to_one_reader(session, ada):
    emil = reader(session, "emil@example.org")
    many(session, emil.id, 3)
    many(session, ada.id, 3)

    assert {each.subscriber_id for each in claims(session, only=ada.id)} == {ada.id}
    assert claims(session, only=ada.id) == []
    assert len(claims(session, only=emil.id)) == 3


def test_a_block_is_no_larger_than_is_asked_and_begins_with_the_oldest(session, ada):
    first, *others = many(session, ada.id, 7)
    kept(session, others[-1]).not_before = NOW - timedelta(hours=1)
    session.commit()

    assert {each.delivery_id for each in claims(session, 2)} == {others[-1], first}
    assert [each.delivery_id for each in claims(session, 9)] == others[:-1]
    assert claims(session, 9) == []


def test_a_block_mixes_what_is_new_with_what_is_tried_again(session, ada):
    ids = many(session, ada.id, 4)
    recorded(session, claims(session, 1)[0], LATER)
    recorded(session, claims(session, 1)[0], IN_DOUBT)
    later = NOW + timedelta(hours=1)

    found = claims(session, now=later)

    assert {each.delivery_id for each in found} == set(ids)
    assert sorted((each.attempts, each.doubtful) for each in found) == [
        *[(1, False)] * 2,
        *[(2, False), (2, True)],
    ]


@pytest.mark.parametrize(("workers", "most"), [(2, 64), (8, 7)])
def test_of_many_workers_each_delivery_has_one_winner(engine, session, ada, workers, most):
    ids = many(session, ada.id, 200)

    def drain(number):
        won = []
        with Session(engine) as own:
            while found := claims(own, most, owner=f"worker {number}"):
                assert len(found) <= most
                won += [each.delivery_id for each in found]
        return won

    with ThreadPoolExecutor(workers) as pool:
        won = [delivery for each in pool.map(drain, range(workers)) for delivery in each]

    assert sorted(won) == ids
    session.expire_all()
    assert set(session.exec(select(Delivery.attempts))) == {1}


def test_what_is_given_back_is_as_if_it_had_never_been_taken(session, one):
    before = kept(session, one).model_dump()

    assert released(session, [claimed(session)]) == 1

    after = kept(session, one).model_dump()
    assert {name: after[name] for name in after if after[name] != before[name]} == {"outcome": "given back"}
    assert claimed(session).attempts == 1


def test_a_doubt_is_given_back_as_one(session, one):
    again = doubtful(session, one)

    released(session, [claimed(session, again)])

    now = kept(session, one)
    assert (now.state, now.doubtful, now.not_before, now.attempts) == (State.DEFERRED, True, again, 2)


def test_what_is_put_back_waits_and_that_was_no_try(session, one):
    until = NOW + timedelta(minutes=9)
    mine = claimed(session)

    found = written(session, lambda line: ledger.put_back(line, mine, wanted(), "held", until))

    now = kept(session, one)
    assert (found, now.state, now.attempts, now.not_before) == (State.PENDING, State.PENDING, 0, until)


def test_a_sender_gives_up_all_that_it_did_not_begin_and_nothing_else(session, ada):
    begun, other, sent, *unbegun = many(session, ada.id, 6)
    handed_over(session, claimed(session))
    claimed(session, owner="them")
    recorded(session, claimed(session), SENT)
    recorded(session, claimed(session), IN_DOUBT)
    again = NOW + timedelta(hours=1)
    claims(session, now=again)

    assert ledger_claims.give_up(session, wanted(), "told to stop") == 3

    assert [state(session, each) for each in (begun, other, sent)] == [State.SENDING, State.SENDING, State.SENT]
    assert [(state(session, each), kept(session, each).attempts) for each in unbegun] == [
        (State.DEFERRED, 1),
        (State.PENDING, 0),
        (State.PENDING, 0),
    ]
    assert {kept(session, each).outcome for each in unbegun} == {"told to stop"}
    assert {kept(session, each).owner for each in unbegun} == {None}


def test_a_refusal_after_claims_by_others_is_settled_once(session, one):
    mine = claimed(session)
    released(session, [mine])
    theirs = claimed(session, owner="them")

    assert recorded(session, mine, REFUSED) is None
    assert recorded(session, theirs, REFUSED, owner="them") is State.FAILED


def test_a_block_is_claimed_as_a_whole_or_not_at_all(engine, session, ada, monkeypatch):
    many(session, ada.id, 2)
    take, taken = ledger_claims._take, []

    def failing(*arguments, **more):
        if taken:
            raise ConnectionError("lost")
        taken.extend(take(*arguments, **more))
        return taken

    monkeypatch.setattr(ledger_claims, "_take", failing)
    with Session(engine) as other, pytest.raises(ConnectionError):
        claims(other)

    assert len(taken) == 2
    assert session.exec(select(Delivery.state)).all() == [State.PENDING] * 2
