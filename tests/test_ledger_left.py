"""What dead senders left in the ledger: leases that run out, what is named unknown, what is due again."""

from datetime import timedelta

import pytest
from ledgers import (
    IN_DOUBT,
    LATER,
    LEASE,
    claimed,
    claims,
    handed_over,
    kept,
    recorded,
    row,
    state,
    swept,
    wanted,
)
from world import NOW, reader

from newsletter import balance, ledger, ledger_claims, ledger_plans
from newsletter.ledger_claims import Swept
from newsletter.models import State
from newsletter.statements import Line

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


def test_a_renewed_lease_keeps_the_claims_of_that_owner_alone(session, ada):
    many(session, ada.id, 2)
    claimed(session, owner="me/0")
    claimed(session, owner="me_too/0")

    assert ledger_claims.renew(session, wanted("me/0"), NOW + LEASE * 10) == 1
    assert ledger_claims.renew(session, wanted("me"), NOW + LEASE * 10) == 0
    assert swept(session, DEAD) == Swept(unknown=0, returned=1)
    assert swept(session, NOW + LEASE * 11 + timedelta(seconds=1)) == Swept(unknown=0, returned=1)


@pytest.mark.parametrize(("on_unknown", "taken"), [("resend", True), ("hold", False)])
def test_the_sweep_names_what_a_dead_sender_may_have_sent(session, one, on_unknown, taken):
    handed_over(session, claimed(session))

    assert swept(session, NOW + timedelta(seconds=59), on_unknown) == Swept(0, 0)
    assert swept(session, NOW + timedelta(seconds=61), on_unknown) == Swept(unknown=1, returned=0)
    now = kept(session, one)
    assert (now.state, now.doubtful, now.owner, now.handed_over) == (State.UNKNOWN, True, None, False)
    assert "may or may not have arrived" in now.outcome
    assert (claimed(session, NOW + timedelta(seconds=61)) is not None) is taken


@pytest.mark.parametrize("on_unknown", ["resend", "hold"])
def test_the_sweep_returns_what_a_dead_sender_surely_had_not_sent(session, one, on_unknown):
    claimed(session)

    assert swept(session, DEAD, on_unknown) == Swept(unknown=0, returned=1)

    now = kept(session, one)
    assert (now.state, now.doubtful, now.owner, now.lease_until) == (State.PENDING, False, None, None)
    assert claimed(session, DEAD, on_unknown=on_unknown) is not None


def test_a_doubt_outlives_a_dead_sender_that_had_not_begun_again(session, one):
    again = doubtful(session, one)
    claimed(session, again)

    assert swept(session, again + LEASE * 2) == Swept(unknown=1, returned=0)
    assert state(session, one) is State.UNKNOWN


def test_a_worn_out_delivery_that_a_sender_dies_at_is_held(session, one):
    kept(session, one).attempts = 40
    session.commit()
    handed_over(session, claimed(session))

    swept(session, DEAD)

    assert claimed(session, NOW + timedelta(days=300)) is None
    assert [each.next_try for each in balance.waiting(session, ["2026-00000"])] == [None]


def test_what_senders_die_at_again_and_again_waits_but_is_not_given_up_for_it(session, one):
    now, waits = NOW, []
    for _ in range(12):
        claimed(session, now)
        now += LEASE * 2
        swept(session, now)
        waits.append(kept(session, one).not_before - now)
        now += waits[-1]

    assert waits == [timedelta()] * 2 + [ledger.FIRST_WAIT] * 10
    assert recorded(session, claimed(session, now), LATER, now) is State.DEFERRED


def test_what_was_tried_often_keeps_its_tries_when_a_sender_dies(session, one):
    kept(session, one).attempts = 6
    session.commit()
    claimed(session)

    swept(session, DEAD)

    assert kept(session, one).attempts == 6


@pytest.fixture
def busy(engine, session, ada):
    """Two claims, of which the first is being written down by its sender at this moment; and who writes."""
    many(session, ada.id, 2)
    first, _ = claims(session)
    line = Line(engine)
    with line.writing():
        ledger.hand_over(line, first, wanted())
        yield session, line
        session.rollback()
    line.close()


@ON_POSTGRESQL
def test_leases_are_renewed_without_waiting_for_what_is_being_written_down(busy):
    session, _ = busy

    assert ledger_claims.renew(session, wanted(), NOW) == 1


@ON_POSTGRESQL
def test_the_sweep_waits_for_nobody_and_leaves_what_a_slow_sender_is_writing_down(busy):
    session, _ = busy

    assert swept(session, DEAD) == Swept(unknown=0, returned=1)


@ON_POSTGRESQL
def test_what_is_handed_over_in_the_midst_of_a_sweep_is_not_taken_for_unsent(busy, monkeypatch):
    session, line = busy
    step = ledger_claims._let_go

    def stepping(*arguments, **values):
        found = step(*arguments, **values)
        if values["state"] is State.UNKNOWN:
            line._connection.commit()
        return found

    monkeypatch.setattr(ledger_claims, "_let_go", stepping)

    assert swept(session, DEAD) == Swept(unknown=0, returned=1)
    assert swept(session, DEAD) == Swept(unknown=1, returned=0)
