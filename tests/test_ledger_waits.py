"""The ledger's waits: how long a delivery waits after each outcome, when it is given up, what counts as a try."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from ledgers import IN_DOUBT, LATER, claimed, kept, outcome, recorded, row, state
from world import NOW, reader

from newsletter import balance, ledger, ledger_plans
from newsletter.mail import Blame, Phase, Verdict
from newsletter.models import State

DOWN = outcome(Verdict.DEFERRED, "connection refused", phase=Phase.UNREACHED)


@pytest.fixture
def one(session):
    """One planned delivery."""
    delivery_id = ledger_plans.plan(session, row(reader(session).id))
    session.commit()
    return delivery_id


def test_a_deferred_delivery_waits_longer_each_time_and_gives_up_at_the_eighth(session, one):
    now, waits = NOW, []
    for _ in range(8):
        found = recorded(session, claimed(session, now), LATER, now)
        waits.append(kept(session, one).not_before - now)
        now += waits[-1]

    planned = [7.5 * 2**number for number in range(7)]
    assert all(
        wanted <= wait.total_seconds() / 60 <= wanted * 1.1 for wanted, wait in zip(planned, waits, strict=False)
    )
    assert found is State.FAILED
    assert kept(session, one).outcome == "gave up after 8 tries; the last: 451 later"


@given(some.integers(1, 2**40), some.integers(-1, 40))
def test_a_wait_is_up_to_a_tenth_longer_and_the_same_whenever_it_is_asked(delivery_id, attempts):
    wait, least = ledger.wait(delivery_id, attempts), ledger.FIRST_WAIT * 2 ** min(max(attempts - 1, 0), 8)

    assert least <= wait <= least * 1.1
    assert wait == ledger.wait(delivery_id, attempts)


def test_what_was_put_off_together_does_not_come_back_together():
    waits = {ledger.wait(number, 1) for number in range(1000)}

    assert len(waits) == 1000
    assert max(waits) - min(waits) > timedelta(seconds=40)


def test_a_delivery_waits_for_its_destination_if_that_takes_longer(session, one):
    until = NOW + timedelta(hours=3)

    recorded(session, claimed(session), LATER, until=until)

    assert kept(session, one).not_before == until


@pytest.mark.parametrize(
    "said",
    [
        DOWN,
        outcome(Verdict.DEFERRED, "421 4.7.0 slow down", Blame.BUSY),
        outcome(Verdict.DEFERRED, "550 5.7.1 no", Blame.POLICY),
        outcome(Verdict.DEFERRED, "535 login", Blame.RELAY),
    ],
)
def test_what_the_message_did_not_cause_costs_no_try(session, one, said):
    now = NOW
    for _ in range(20):
        assert recorded(session, claimed(session, now), said, now) is State.DEFERRED
        now = kept(session, one).not_before

    assert kept(session, one).attempts == 0
    assert 20 * 7.5 <= (now - NOW).total_seconds() / 60 <= 20 * 7.5 * 1.1


@pytest.mark.parametrize(("on_unknown", "taken"), [("resend", True), ("hold", False)])
def test_an_unknown_delivery_is_sent_again_or_held(session, one, on_unknown, taken):
    recorded(session, claimed(session), IN_DOUBT, on_unknown=on_unknown)

    assert (claimed(session, NOW + timedelta(days=300)) is not None) is taken
    assert claimed(session, NOW + timedelta(days=300), on_unknown="hold") is None


def test_an_unknown_delivery_is_not_tried_for_ever(session, one):
    now = NOW
    for _ in range(8):
        recorded(session, claimed(session, now), IN_DOUBT, now)
        now = kept(session, one).not_before

    assert state(session, one) is State.UNKNOWN
    assert now == ledger.HELD


def test_the_outcome_of_the_hundredth_attempt_can_be_recorded(session, one):
    kept(session, one).attempts = 99
    session.commit()

    assert recorded(session, claimed(session), IN_DOUBT) is State.UNKNOWN


def test_what_waits_is_told_with_its_reason_and_the_next_try(session, one):
    recorded(session, claimed(session), LATER)

    (found,) = balance.waiting(session, ["2026-03-10"])

    assert (found.count, found.outcome) == (1, "451 later")
    assert found.next_try == NOW + ledger.wait(one, 1)
    assert balance.waiting(session, ["2026-03-11"]) == []


def test_a_worn_out_delivery_is_not_given_up_for_what_it_did_not_cause(session, one):
    kept(session, one).attempts = 20
    session.commit()

    assert recorded(session, claimed(session), DOWN) is State.DEFERRED
    assert kept(session, one).attempts == 20
