"""Destinations: each domain gets the connections that it bears, and is left alone when it refuses us."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from ledgers import outcome
from sqlalchemy.exc import DatabaseError as DatabaseTrouble
from sqlmodel import Session, select
from world import NOW

from newsletter import destinations
from newsletter.destinations import START, WAITS, Destinations, Lane, domain_of
from newsletter.mail import Blame, Phase, Verdict
from newsletter.models import Destination

ADA, EMMY, ZOE = "ada@one.example", "emmy@one.example", "zoe@two.example"
TAKEN = outcome(Verdict.SENT, "250 ok")
BUSY = outcome(Verdict.DEFERRED, "421 4.7.0 slow down", Blame.BUSY)
POLICY = outcome(Verdict.DEFERRED, "550 5.7.1 go away", Blame.POLICY)
NOBODY_THERE = outcome(Verdict.FAILED, "550 5.1.1 who?", Blame.READER)
SAYS_NOTHING = [
    outcome(Verdict.DEFERRED, "451 later", Blame.MESSAGE),
    outcome(Verdict.FAILED, "552 too large", Blame.MESSAGE),
    outcome(Verdict.DEFERRED, "535 login", Blame.RELAY),
    outcome(Verdict.DEFERRED, "refused", phase=Phase.UNREACHED),
    outcome(Verdict.UNKNOWN, "silence", phase=Phase.AFTER_DOT),
]


def at(**passed):
    return NOW + timedelta(**passed)


def fed(lane, *outcomes, now=NOW, most=20):
    for each in outcomes:
        lane = lane.after(each, now, most)
    return lane


def test_a_success_widens_by_its_share_up_to_the_most():
    assert fed(Lane(), TAKEN).room == START + 1 / START
    assert fed(Lane(), *[TAKEN] * 500).room == 20
    assert fed(Lane(), *[TAKEN] * 500, most=7).room == 7


def test_a_mailbox_that_is_not_there_is_an_answer_like_any_other():
    assert fed(Lane(), NOBODY_THERE) == fed(Lane(), TAKEN)


@pytest.mark.parametrize("said", SAYS_NOTHING)
def test_what_a_message_or_our_own_server_met_with_says_nothing_of_the_domain(said):
    refused = fed(Lane(), BUSY)

    assert fed(Lane(), said) == Lane()
    assert fed(refused, said, now=at(hours=1)) == refused


def test_a_refusal_halves_the_room_and_never_below_one():
    lane, now, rooms = Lane(), NOW, []
    for _ in range(5):
        lane = fed(lane, BUSY, now=now)
        rooms.append(lane.room)
        now = lane.paused_until

    assert rooms == [2.5, 1.25, 1.0, 1.0, 1.0]


@pytest.mark.parametrize("said", [BUSY, POLICY])
def test_each_refusal_in_a_row_doubles_the_wait_up_to_the_longest(said):
    first, longest = WAITS[said.blame]
    lane, now, waits = Lane(), NOW, []
    for _ in range(2000):
        lane = fed(lane, said, now=now)
        waits.append(lane.paused_until - now)
        now = lane.paused_until

    assert waits[:4] == [first, first * 2, first * 4, first * 8]
    assert waits[-1] == max(waits) == longest
    assert (lane.refusals, lane.reason) == (2000, said.reply)


def test_many_connections_that_are_refused_at_once_are_one_refusal():
    lane = fed(Lane(), *[BUSY] * 20)

    assert lane == fed(Lane(), BUSY)


def test_a_graver_refusal_makes_a_pause_longer_and_a_lighter_one_does_not():
    assert fed(Lane(), BUSY, POLICY).paused_until == at(minutes=5)
    assert fed(Lane(), BUSY, POLICY).refusals == 1
    assert fed(Lane(), POLICY, BUSY) == fed(Lane(), POLICY)


def test_what_was_under_way_and_is_taken_ends_no_pause():
    assert fed(fed(Lane(), BUSY), TAKEN, now=at(seconds=29)) == fed(Lane(), BUSY)


def test_the_first_that_is_taken_after_a_pause_ends_it():
    lane = fed(fed(Lane(), BUSY, BUSY), TAKEN, now=at(seconds=30))

    assert (lane.refusals, lane.paused_until, lane.reason) == (0, None, "")
    assert lane.room == 2.5 + 1 / 2.5


@given(some.lists(some.sampled_from([TAKEN, BUSY, POLICY, NOBODY_THERE, *SAYS_NOTHING]), max_size=60))
def test_whatever_is_said_there_is_room_for_one_and_no_more_than_allowed(said):
    lane, now = Lane(), NOW
    for each in said:
        lane, now = fed(lane, each, now=now, most=6), now + timedelta(seconds=20)

        assert 1 <= lane.room <= 6
        assert bool(lane.refusals) == (lane.paused_until is not None)


def test_a_domain_gets_no_more_connections_than_it_has_room_for():
    known = Destinations(20)

    assert [known.enter(ADA, user) for user in range(6)] == [True] * 5 + [False]
    assert known.enter(EMMY, 4)  # one that is at it already
    assert known.enter(ZOE, 5)

    known.leave(ADA, 4, None, NOW)
    assert not known.enter(ADA, 5)  # it has another message for that domain
    known.leave(EMMY, 4, None, NOW)
    assert known.enter(ADA, 5)


def test_one_connection_to_a_domain_can_be_all_that_is_allowed():
    known = Destinations(1)

    assert [known.enter(ADA, user) for user in (0, 1, 0)] == [True, False, True]


def test_after_a_pause_one_message_at_a_time_finds_out():
    known = Destinations(20)
    known.enter(ADA, 0)
    assert known.leave(ADA, 0, BUSY, NOW) == at(seconds=30)

    assert known.paused(EMMY, at(seconds=29)).reason == BUSY.reply
    assert known.paused(EMMY, at(seconds=30)) is None
    assert known.paused(ZOE, NOW) is None
    assert [known.enter(ADA, user) for user in (0, 0, 1)] == [True, False, False]

    assert known.leave(ADA, 0, TAKEN, at(seconds=31)) is None
    assert [known.enter(ADA, user) for user in (0, 0, 1, 2)] == [True, True, True, False]


def test_who_leaves_twice_takes_nobody_elses_room():
    known = Destinations(2)
    known.enter(ADA, 0)
    known.enter(ADA, 1)

    for _ in range(3):
        known.leave(ADA, 0, None, NOW)

    assert [known.enter(ADA, user) for user in (2, 3)] == [True, False]


def saved(engine, known, now=NOW):
    with Session(engine) as session:
        known.save(session, now)


def loaded(engine, known=None):
    known = known or Destinations(20)
    with Session(engine) as session:
        known.load(session)
    return known


def refused(known, address, said=BUSY, now=NOW):
    known.enter(address, 0)
    known.leave(address, 0, said, now)


def rows(session):
    session.rollback()
    found = session.exec(select(Destination).order_by(Destination.domain))
    return [(each.domain, each.paused_until, each.refusals, each.reason, each.at) for each in found]


def test_what_one_process_met_with_the_others_learn_and_a_restart_does_not_forget(engine, session):
    first = Destinations(20)
    refused(first, ADA)
    refused(first, ZOE, POLICY)
    saved(engine, first)

    second = loaded(engine)

    assert rows(session) == [
        ("one.example", at(seconds=30), 1, BUSY.reply, NOW),
        ("two.example", at(minutes=5), 1, POLICY.reply, NOW),
    ]
    assert second.paused(EMMY, NOW).paused_until == at(seconds=30)

    refused(second, ADA, now=at(minutes=1))
    saved(engine, second, at(minutes=1))
    assert loaded(engine, first).paused(ADA, at(minutes=1)).paused_until == at(minutes=2)


def test_a_domain_that_takes_mail_again_is_forgotten_by_all(engine, session):
    first = Destinations(20)
    refused(first, ADA)
    saved(engine, first)
    second = loaded(engine)

    second.enter(ADA, 3)
    second.leave(ADA, 3, TAKEN, at(minutes=1))
    saved(engine, second)

    assert rows(session) == []
    assert [loaded(engine, first).enter(ADA, user) for user in (0, 0)] == [True, True]


def test_what_is_not_saved_yet_is_not_undone_by_what_is_stored(engine, session):
    known = Destinations(20)
    refused(known, ADA)
    saved(engine, known)
    refused(known, ADA, POLICY, at(seconds=10))

    loaded(engine, known)

    assert known.paused(ADA, at(minutes=4)).reason == POLICY.reply


def test_what_could_not_be_saved_is_saved_the_next_time(engine, session):
    known = Destinations(20)
    refused(known, ADA)
    session.connection().exec_driver_sql("ALTER TABLE destination RENAME TO elsewhere")
    session.commit()

    with pytest.raises(DatabaseTrouble):
        saved(engine, known)
    session.connection().exec_driver_sql("ALTER TABLE elsewhere RENAME TO destination")
    session.commit()
    saved(engine, known)

    assert [each[0] for each in rows(session)] == ["one.example"]


def test_saving_nothing_asks_the_database_nothing():
    Destinations(20).save(None, NOW)


def test_what_the_admin_resumes_is_let_go_by_a_sender_that_runs(engine, session):
    known = Destinations(20)
    refused(known, ADA, POLICY)
    saved(engine, known)

    destinations.resume(session, "One.example", NOW)
    session.commit()

    assert loaded(engine, known).paused(ADA, NOW) is None


@pytest.mark.parametrize(
    ("address", "domain"), [("ada@One.Example", "one.example"), ('"a@b"@c.org', "c.org"), ("zoë@ü.de", "ü.de")]
)
def test_domains_are_told_apart_by_what_stands_after_the_last_at_sign(address, domain):
    assert domain_of(address) == domain
