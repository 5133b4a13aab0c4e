"""The ledger: what may become of a delivery, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select
from world import NOW, reader

from newsletter import balance, ledger, ledger_plans
from newsletter.mail import Outcome, Phase, Verdict
from newsletter.models import MOVES, RELEASING, Delivery, Pick, State

LEASE = timedelta(seconds=60)


def row(subscriber_id, period="2026-03-10", **more):
    return {
        "subscriber_id": subscriber_id,
        "address": "ada@example.org",
        "letter": "digest",
        "period": period,
        "state": State.PENDING,
        "message_id": f"<{period}-{subscriber_id}@example.org>",
        "date": NOW,
        "not_before": NOW,
        "not_after": NOW + timedelta(hours=18),
        "doubtful": False,
        "details": {},
        "attempts": 0,
        "reply": "",
        "outcome": "",
    } | more


def outcome(verdict, reply="said so"):
    return Outcome(verdict, Phase.REPLIED, reply)


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


def state(session, delivery_id):
    session.expire_all()
    return session.get_one(Delivery, delivery_id).state


def claimed(session, now=NOW, owner="me", on_unknown="resend"):
    return ledger.claim(session, owner, now, LEASE, on_unknown)


def test_a_second_plan_for_the_same_reader_letter_and_period_is_nothing(session, ada, one):
    assert ledger_plans.plan(session, row(ada.id)) is None
    assert ledger_plans.plan(session, row(ada.id, "2026-03-11")) is not None


def test_a_claim_takes_what_is_due_once(session, one):
    assert claimed(session).delivery_id == one
    assert claimed(session) is None
    assert state(session, one) is State.SENDING


def test_a_claim_waits_for_its_time(session, ada):
    ledger_plans.plan(session, row(ada.id, not_before=NOW + timedelta(seconds=1)))
    session.commit()

    assert claimed(session) is None
    assert claimed(session, NOW + timedelta(seconds=1)) is not None


def test_a_claim_can_be_limited_to_one_reader(session, ada, one):
    assert ledger.claim(session, "me", NOW, LEASE, "resend", only=ada.id + 1) is None
    assert ledger.claim(session, "me", NOW, LEASE, "resend", only=ada.id) is not None


def test_of_many_workers_each_delivery_has_one_winner(engine, session, ada):
    for day in range(1, 29):
        ledger_plans.plan(session, row(ada.id, f"2026-02-{day:02}"))
    session.commit()

    def drain(number):
        won = []
        with Session(engine) as own:
            while (claim := ledger.claim(own, f"worker {number}", NOW, LEASE, "resend")) is not None:
                won.append(claim.delivery_id)
        return won

    with ThreadPoolExecutor(6) as pool:
        won = [delivery for each in pool.map(drain, range(6)) for delivery in each]

    assert len(won) == len(set(won)) == 28


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Verdict.SENT, State.SENT),
        (Verdict.DEFERRED, State.DEFERRED),
        (Verdict.FAILED, State.FAILED),
        (Verdict.UNKNOWN, State.UNKNOWN),
    ],
)
def test_an_outcome_is_recorded_with_the_reply(session, one, verdict, expected):
    found = ledger.record(session, claimed(session), "me", outcome(verdict), NOW, "resend")

    kept = session.get_one(Delivery, one)
    assert (found, kept.state, kept.reply) == (expected, expected, "said so")
    assert (kept.owner, kept.lease_until) == (None, None)
    assert kept.sent_at == (NOW if expected is State.SENT else None)


@pytest.mark.parametrize("verdict", [Verdict.SENT, Verdict.DEFERRED, Verdict.UNKNOWN])
def test_picks_stay_while_the_reader_may_still_get_them(session, one, verdict):
    ledger.record(session, claimed(session), "me", outcome(verdict), NOW, "resend")

    assert len(session.exec(select(Pick)).all()) == 1


def test_a_failed_delivery_releases_its_picks_for_another_day(session, one):
    ledger.record(session, claimed(session), "me", outcome(Verdict.FAILED), NOW, "resend")

    assert session.exec(select(Pick)).all() == []


def test_a_suppressed_delivery_keeps_its_reason_and_releases_its_picks(session, one):
    ledger.settle(session, claimed(session), "me", State.SUPPRESSED, "the reader left")

    assert session.exec(select(Pick)).all() == []
    assert session.get_one(Delivery, one).outcome == "the reader left"


def test_the_fence_stops_a_worker_that_lost_its_lease(session, one):
    mine = claimed(session)
    ledger.sweep(session, NOW + LEASE * 2, "resend")
    theirs = claimed(session, NOW + LEASE * 2, "them")

    assert ledger.record(session, mine, "me", outcome(Verdict.FAILED), NOW, "resend") is None
    assert ledger.record(session, theirs, "them", outcome(Verdict.SENT), NOW, "resend") is State.SENT
    assert len(session.exec(select(Pick)).all()) == 1


def test_a_deferred_delivery_waits_longer_each_time_and_gives_up_at_the_eighth(session, one):
    now, waits = NOW, []
    for _ in range(8):
        found = ledger.record(session, claimed(session, now), "me", outcome(Verdict.DEFERRED), now, "resend")
        waits.append(session.get_one(Delivery, one).not_before - now)
        now += waits[-1]

    assert [wait.total_seconds() / 60 for wait in waits[:7]] == [7.5, 15, 30, 60, 120, 240, 480]
    assert found is State.FAILED
    assert session.get_one(Delivery, one).outcome == "gave up after 8 tries; the last: said so"


def test_a_renewed_lease_keeps_the_claims_of_that_owner_alone(session, ada, one):
    ledger_plans.plan(session, row(ada.id, "2026-03-11"))
    session.commit()
    claimed(session, owner="me/0")
    claimed(session, owner="me_too/0")

    assert ledger.renew(session, "me", NOW + LEASE * 10) == 1
    assert ledger.sweep(session, NOW + LEASE * 2, "hold") == 1


def test_after_a_doubt_the_picks_stay_the_readers_whatever_comes(session, one):
    ledger.record(session, claimed(session), "me", outcome(Verdict.UNKNOWN), NOW, "resend")
    again = claimed(session, NOW + timedelta(days=1))
    ledger.record(session, again, "me", outcome(Verdict.FAILED), NOW, "resend")

    assert state(session, one) is State.FAILED
    assert len(session.exec(select(Pick)).all()) == 1


def test_what_is_unknown_is_not_taken_under_hold(session, one):
    ledger.record(session, claimed(session), "me", outcome(Verdict.UNKNOWN), NOW, "resend")

    assert claimed(session, NOW + timedelta(days=1), on_unknown="hold") is None


def test_a_worn_out_delivery_that_a_sender_dies_at_is_held(session, one):
    session.get_one(Delivery, one).attempts = 40
    session.commit()
    claimed(session)

    ledger.sweep(session, NOW + LEASE * 2, "resend")

    assert claimed(session, NOW + timedelta(days=300)) is None
    assert [each.next_try for each in balance.waiting(session, ["2026-03-10"])] == [None]


def test_the_outcome_of_the_hundredth_attempt_can_be_recorded(session, one):
    session.get_one(Delivery, one).attempts = 99
    session.commit()

    assert ledger.record(session, claimed(session), "me", outcome(Verdict.UNKNOWN), NOW, "resend") is State.UNKNOWN


def test_what_waits_is_told_with_its_reason_and_the_next_try(session, one):
    ledger.record(session, claimed(session), "me", outcome(Verdict.DEFERRED), NOW, "resend")

    (found,) = balance.waiting(session, ["2026-03-10"])

    assert (found.count, found.outcome, found.next_try) == (1, "said so", NOW + timedelta(minutes=7, seconds=30))
    assert balance.waiting(session, ["2026-03-11"]) == []


def test_a_server_that_is_down_costs_no_try(session, one):
    now = NOW
    for _ in range(20):
        down = Outcome(Verdict.DEFERRED, Phase.UNREACHED, "connection refused")
        assert ledger.record(session, claimed(session, now), "me", down, now, "resend") is State.DEFERRED
        now = session.get_one(Delivery, one).not_before

    kept = session.get_one(Delivery, one)
    assert (kept.attempts, now) == (0, NOW + 20 * timedelta(minutes=7, seconds=30))


@pytest.mark.parametrize(("on_unknown", "taken"), [("resend", True), ("hold", False)])
def test_an_unknown_delivery_is_sent_again_or_held(session, one, on_unknown, taken):
    ledger.record(session, claimed(session), "me", outcome(Verdict.UNKNOWN), NOW, on_unknown)

    assert (claimed(session, NOW + timedelta(days=300)) is not None) is taken


def test_an_unknown_delivery_is_not_tried_for_ever(session, one):
    now = NOW
    for _ in range(8):
        ledger.record(session, claimed(session, now), "me", outcome(Verdict.UNKNOWN), now, "resend")
        now = session.get_one(Delivery, one).not_before

    assert state(session, one) is State.UNKNOWN
    assert now == ledger.HELD


@pytest.mark.parametrize(("on_unknown", "taken"), [("resend", True), ("hold", False)])
def test_the_sweep_names_what_a_dead_worker_left(session, one, on_unknown, taken):
    claimed(session)

    assert ledger.sweep(session, NOW + timedelta(seconds=59), on_unknown) == 0
    assert ledger.sweep(session, NOW + timedelta(seconds=61), on_unknown) == 1
    assert state(session, one) is State.UNKNOWN
    assert (claimed(session, NOW + timedelta(seconds=61)) is not None) is taken


def test_the_balance_adds_up(session, ada, one):
    ledger_plans.plan(session, row(ada.id, "2026-03-11", state=State.SKIPPED))
    ledger_plans.plan(session, row(ada.id, "2026-03-12"))
    session.commit()
    ledger.record(session, claimed(session), "me", outcome(Verdict.SENT), NOW, "resend")

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

    assert session.exec(select(Delivery.subscriber_id)).all() == [None]
    assert session.exec(select(Pick).where(col(Pick.delivery_id) == one)).all() == []
