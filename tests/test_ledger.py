"""The ledger: what may become of a claimed delivery, on both databases."""

from datetime import timedelta

import pytest
from ledgers import (
    IN_DOUBT,
    LATER,
    LEASE,
    REFUSED,
    SENT,
    claimed,
    handed_over,
    kept,
    outcome,
    recorded,
    released,
    row,
    settled,
    state,
    swept,
)
from sqlmodel import col, select
from world import NOW, reader

from newsletter import balance, ledger_plans
from newsletter.mail import Phase, Verdict
from newsletter.models import MOVES, RELEASING, Pick, Skip, State

DOWN = outcome(Verdict.DEFERRED, "connection refused", phase=Phase.UNREACHED)


@pytest.fixture
def ada(session):
    return reader(session)


@pytest.fixture
def one(session, ada):
    """One planned delivery with one pick."""
    delivery_id = ledger_plans.plan(session, row(ada.id))
    session.add(Pick(subscriber_id=ada.id, paper="arxiv:1", delivery_id=delivery_id, rank=1, score=0.5))
    session.commit()
    return delivery_id


def picks(session):
    return len(session.exec(select(Pick)).all())


def test_a_second_plan_for_the_same_reader_letter_and_period_is_nothing(session, ada, one):
    assert ledger_plans.plan(session, row(ada.id)) is None
    assert ledger_plans.plan(session, row(ada.id, "2026-03-11")) is not None


@pytest.mark.parametrize(
    ("said", "expected", "text"),
    [
        (SENT, State.SENT, "250 ok"),
        (LATER, State.DEFERRED, "451 later"),
        (REFUSED, State.FAILED, "550 no"),
        (IN_DOUBT, State.UNKNOWN, "no reply"),
    ],
)
def test_an_outcome_is_recorded_with_the_reply(session, one, said, expected, text):
    claim = claimed(session)
    handed_over(session, claim)

    found = recorded(session, claim, said)

    now = kept(session, one)
    assert (found, now.state, now.reply, now.outcome) == (expected, expected, text, text)
    assert (now.owner, now.lease_until, now.handed_over, now.attempts) == (None, None, False, 1)
    assert now.sent_at == (NOW if expected is State.SENT else None)
    assert now.doubtful is (expected is State.UNKNOWN)


@pytest.mark.parametrize(("said", "left"), [(SENT, 1), (LATER, 1), (IN_DOUBT, 1), (REFUSED, 0)])
def test_picks_stay_while_the_reader_may_still_get_them(session, one, said, left):
    recorded(session, claimed(session), said)

    assert picks(session) == left


@pytest.mark.parametrize("skip", [None, Skip.LATE])
@pytest.mark.parametrize("expected", [State.SUPPRESSED, State.SKIPPED])
def test_what_is_settled_keeps_its_reason_and_releases_its_picks(session, one, expected, skip):
    assert settled(session, claimed(session), expected, "the reader left", skip) is expected

    now = kept(session, one)
    assert (now.state, now.outcome, now.skipped_for, now.owner) == (expected, "the reader left", skip, None)
    assert picks(session) == 0
    assert claimed(session, NOW + timedelta(days=1)) is None


def test_a_doubt_that_is_settled_stays_one_and_is_not_tried_again(session, one):
    settled(session, claimed(session), State.UNKNOWN)

    assert state(session, one) is State.UNKNOWN
    assert claimed(session, NOW + timedelta(days=300)) is None


def test_no_other_move_can_be_made(session, one):
    with pytest.raises(AssertionError, match="sending"):
        settled(session, claimed(session), State.SENDING)


def test_a_body_may_leave_only_while_the_claim_is_ours(session, one):
    mine = claimed(session)

    assert handed_over(session, mine) is True
    assert kept(session, one).handed_over is True
    assert handed_over(session, mine, owner="them") is False

    swept(session, NOW + LEASE * 2)
    assert handed_over(session, mine) is False
    assert kept(session, one).handed_over is False


def test_the_fence_stops_a_worker_that_lost_its_lease(session, one):
    mine = claimed(session)
    swept(session, NOW + LEASE * 2)
    theirs = claimed(session, NOW + LEASE * 2, owner="them")

    assert recorded(session, mine, REFUSED) is None
    assert settled(session, mine, State.SUPPRESSED) is None
    assert released(session, [mine]) == 0
    assert recorded(session, theirs, SENT, owner="them") is State.SENT
    assert (picks(session), kept(session, one).attempts) == (1, 2)


@pytest.mark.parametrize(
    ("said", "expected"), [(SENT, State.SENT), (REFUSED, State.FAILED), (LATER, State.DEFERRED)]
)
def test_an_outcome_that_is_known_after_all_ends_the_doubt(session, one, said, expected):
    mine = claimed(session)
    handed_over(session, mine)
    swept(session, NOW + LEASE * 2, "hold")
    assert state(session, one) is State.UNKNOWN

    assert recorded(session, mine, said) is expected

    now = kept(session, one)
    assert (now.state, now.reply, now.doubtful) == (expected, said.reply, True)
    assert picks(session) == 1


def test_an_outcome_comes_too_late_for_a_doubt_that_another_sender_has_taken_on(session, one):
    mine = claimed(session)
    handed_over(session, mine)
    swept(session, NOW + LEASE * 2)
    theirs = claimed(session, NOW + LEASE * 2, owner="them")

    assert recorded(session, mine, SENT) is None
    assert recorded(session, theirs, IN_DOUBT, owner="them") is State.UNKNOWN
    assert recorded(session, mine, SENT) is None


@pytest.mark.parametrize("said", [SENT, LATER, REFUSED, IN_DOUBT, DOWN])
def test_what_is_written_twice_is_as_if_written_once(session, one, said):
    mine = claimed(session)
    first = recorded(session, mine, said)
    before = kept(session, one).model_dump()

    assert recorded(session, mine, said) is first
    assert kept(session, one).model_dump() == before


def test_after_a_doubt_the_picks_stay_the_readers_whatever_comes(session, one):
    recorded(session, claimed(session), IN_DOUBT)
    again = claimed(session, NOW + timedelta(days=1))
    recorded(session, again, REFUSED)

    assert state(session, one) is State.FAILED
    assert picks(session) == 1


def test_the_balance_adds_up(session, ada, one):
    ledger_plans.plan(session, row(ada.id, "2026-03-11", state=State.SKIPPED))
    ledger_plans.plan(session, row(ada.id, "2026-03-12"))
    session.commit()
    recorded(session, claimed(session), SENT)

    found = balance.of(session, {"2026-03-10", "2026-03-11"})

    assert found["planned"] == found["sent"] + found["skipped"] == 2
    assert list(found) == ["planned", *State]
    assert balance.of(session, {"2026-03-10"}, only=ada.id + 1)["planned"] == 0
    assert balance.of(session, set())["planned"] == 0


def test_planned_tells_which_readers_have_a_digest(session, ada, one):
    pairs = ledger_plans.planned(session, [ada.id], ["2026-03-10", "2026-03-11"])

    assert set(pairs) == {(ada.id, "2026-03-10")}


def test_no_state_leads_out_of_a_settled_one_and_every_state_can_be_left_or_is_settled():
    settled = {State.SENT, *RELEASING}

    assert all(not MOVES[each] for each in settled)
    assert all(MOVES[each] for each in set(State) - settled)
    assert set(MOVES) == set(State)


def test_erasing_a_reader_keeps_the_delivery_without_them(session, ada, one):
    session.delete(ada)
    session.commit()

    assert kept(session, one).subscriber_id is None
    assert session.exec(select(Pick).where(col(Pick.delivery_id) == one)).all() == []
