"""Dispatch: blocks as large as leave in a second, room at destinations, pace, and what is given back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from ledgers import claims, kept, outcome, recorded
from offices import Moment, Office, Patient, deliveries, put
from sqlalchemy import event
from world import NOW

from newsletter import dispatch, ledger
from newsletter.mail import Blame, Verdict
from newsletter.models import State
from newsletter.pace import Limit
from newsletter.persistence import Persistence

BUSY = outcome(Verdict.DEFERRED, "421 4.7.0 slow down", Blame.BUSY)
TAKEN = outcome(Verdict.SENT, "250 ok")


@pytest.fixture
def office(engine):
    with Office(engine) as made:
        yield made


def crowd(count, domain="example.org"):
    return [f"reader{number}@{domain}" for number in range(count)]


def taken(office, user=0):
    """Everything that may go now; each leaves its room at once."""
    found = []
    while (ticket := office.dispatcher.take(user)) is not None:
        found.append(ticket.claim.delivery_id)
        office.dispatcher.destinations.leave(ticket.claim.address, user, TAKEN, office.clock())
    return found


def test_what_is_due_is_taken_once_in_its_order(session, office):
    ids = put(session, *crowd(9))

    assert taken(office) == ids
    assert office.dispatcher.take(0) is None
    assert {each.state for each in deliveries(session)} == {State.SENDING}


def test_blocks_grow_while_they_are_used_up_within_a_second(session, office):
    put(session, *crowd(150))

    taken(office)

    assert [len(each) for each in office.press.loaded] == [2, 4, 8, 16, 32, 64, 24]


def test_blocks_shrink_to_one_where_messages_leave_slowly(session, office):
    put(session, *crowd(60))
    while (ticket := office.dispatcher.take(0)) is not None:
        office.dispatcher.destinations.leave(ticket.claim.address, 0, TAKEN, office.clock())
        if ticket.claim.delivery_id > 14:
            office.clock.pass_by(seconds=1.5)

    sizes = [len(each) for each in office.press.loaded]
    assert sizes[:3] == [2, 4, 8]
    assert sizes[-1] == 1
    assert max(sizes) <= 16


def test_looking_in_vain_does_not_make_blocks_larger(session, office):
    for _ in range(9):
        assert office.dispatcher.take(0) is None
    put(session, *crowd(9))

    taken(office)

    assert len(office.press.loaded[0]) == 2


@pytest.mark.parametrize("threads", [2, 8])
def test_several_connections_take_each_delivery_once(engine, session, office, threads):
    ids = put(session, *crowd(60))

    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(lambda user: taken(office, user), range(threads)))
        list(pool.map(lambda _: office.dispatcher.database.close(), range(threads * 4)))

    assert sorted(number for each in found for number in each) == ids


def test_two_processes_take_each_delivery_once(engine, session):
    ids = put(session, *crowd(60))

    def work(name):
        with Office(engine, owner=name) as office:
            return taken(office)

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(work, ("one", "two")))

    assert sorted(number for each in found for number in each) == ids


def test_a_full_destination_holds_up_no_other(engine, session):
    first, _, third = put(session, "ada@one.example", "emmy@one.example", "zoe@two.example")
    with Office(engine, most=1) as office:
        tickets = [office.dispatcher.take(user) for user in (0, 1, 1)]

        assert [ticket and ticket.claim.delivery_id for ticket in tickets] == [first, third, None]
        assert office.dispatcher.waits
        office.dispatcher.destinations.leave("ada@one.example", 0, TAKEN, NOW)
        assert office.dispatcher.take(1).claim.address == "emmy@one.example"
        assert not office.dispatcher.waits


def test_what_waits_for_room_asks_the_database_once_a_second_and_not_at_each_glance(engine, session):
    put(session, "ada@one.example", "emmy@one.example")
    asked = []
    with Office(engine, most=1) as office:
        office.dispatcher.take(0)
        event.listen(engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
        for _ in range(200):
            assert office.dispatcher.take(1) is None
        quiet = len(asked)
        office.clock.pass_by(seconds=1)
        office.dispatcher.take(1)

    claims = [each for each in asked if each.startswith("UPDATE delivery")]
    assert quiet <= 8
    assert len(claims) <= 6


def test_no_more_are_set_aside_than_there_is_place_for(engine, session, monkeypatch):
    monkeypatch.setattr(dispatch, "MOST_ASIDE", 6)
    put(session, *crowd(40))
    with Office(engine, most=1) as office:
        office.dispatcher.take(0)
        for _ in range(20):
            assert office.dispatcher.take(1) is None
            office.clock.pass_by(seconds=2)

    states = [each.state for each in deliveries(session)]
    assert 6 < states.count(State.SENDING) <= 10


def test_what_goes_to_a_paused_destination_is_put_off_and_that_was_no_try(session, office):
    ids = put(session, "ada@one.example", "emmy@one.example", "zoe@two.example")
    known = office.dispatcher.destinations
    known.enter("ada@one.example", 9)
    known.leave("ada@one.example", 9, BUSY, NOW)

    assert taken(office) == ids[2:]  # though the first block has nothing else

    put_off = deliveries(session)[:2]
    assert {(each.state, each.attempts) for each in put_off} == {(State.DEFERRED, 0)}
    assert {each.outcome for each in put_off} == {"its destination is left alone for a while: 421 4.7.0 slow down"}
    assert all(NOW < each.not_before <= NOW + ledger.FIRST_WAIT * 1.1 for each in put_off)
    assert [each[:2] for each in office.told] == [(ids[0], State.DEFERRED), (ids[1], State.DEFERRED)]


def test_a_long_pause_is_waited_for(session, office):
    (one,) = put(session, "ada@one.example")
    known, now = office.dispatcher.destinations, NOW
    for _ in range(9):
        known.leave("ada@one.example", 9, outcome(Verdict.DEFERRED, "550 5.7.1 no", Blame.POLICY), now)
        now += timedelta(hours=4)
    office.clock.at = now - timedelta(hours=4)

    assert taken(office) == []
    assert kept(session, one).not_before == now


def test_after_a_pause_one_message_at_a_time_goes_out(session, office):
    put(session, *crowd(3))
    known = office.dispatcher.destinations
    known.leave("reader0@example.org", 9, BUSY, NOW - timedelta(seconds=31))

    first = office.dispatcher.take(0)

    assert first is not None
    assert [office.dispatcher.take(user) for user in (0, 1)] == [None, None]
    known.leave(first.claim.address, 0, TAKEN, NOW)
    assert len(taken(office)) == 2


def test_the_pace_holds_all_connections_back_together(engine, session):
    put(session, *crowd(8))
    clock = Moment()
    with Office(engine, pace=Limit(timedelta(seconds=10)), clock=clock) as office:
        found = []
        for _ in range(60):
            found += [(clock() - NOW).total_seconds() for user in (0, 1) if office.dispatcher.take(user)]
            clock.pass_by(seconds=1)

    assert found == [0, 10, 20, 30, 40, 50]
    assert [each.state for each in deliveries(session)].count(State.SENDING) <= 8


def test_whoever_waits_for_the_pace_takes_no_room_and_keeps_its_place(engine, session):
    ids = put(session, *crowd(3))
    with Office(engine, pace=Limit(timedelta(seconds=10)), most=1) as office:
        first = office.dispatcher.take(0)
        office.dispatcher.destinations.leave(first.claim.address, 0, TAKEN, NOW)
        assert office.dispatcher.take(0) is None
        assert office.dispatcher.waits

        office.clock.pass_by(seconds=10)
        assert office.dispatcher.take(1).claim.delivery_id == ids[1]


def test_a_delivery_that_cannot_be_read_is_put_off_alone(session, office):
    ids = put(session, *crowd(8))
    office.press.broken = {ids[3]}

    assert taken(office) == [*ids[:3], *ids[4:]]
    assert office.told == [(ids[3], State.DEFERRED, f"unexpected LookupError: lost: {{{ids[3]}}}")]


def test_the_digest_of_a_reader_who_was_erased_is_settled(session, office):
    first, second = put(session, *crowd(2))
    kept(session, first).subscriber_id = None
    session.commit()

    assert taken(office) == [second]
    assert kept(session, first).state is State.SUPPRESSED
    assert office.told == [(first, State.SUPPRESSED, "the reader was erased")]


def test_what_was_not_begun_is_given_back_at_the_end(session, office):
    ids = put(session, *crowd(9))
    going, unused = office.dispatcher.take(0), office.dispatcher.take(0)
    going.handed_over = True
    recorded(session, going.claim, TAKEN)
    office.dispatcher.give_back([going, unused], "unused")
    office.dispatcher.take(0)
    assert office.dispatcher.waits

    office.dispatcher.close("told to stop")

    found = deliveries(session)
    assert (found[0].state, found[0].attempts) == (State.SENT, 1)
    assert {(each.state, each.attempts, each.owner) for each in found[1:]} == {(State.PENDING, 0, None)}
    assert [each.id for each in found if each.outcome == "told to stop"] == ids[1:5]


def test_claims_that_nobody_knows_of_are_given_back_too(engine, session, office):
    """The database was lost while it committed them, or a bug came between."""
    put(session, *crowd(3))
    claims(session)

    office.dispatcher.close("told to stop")
    assert {each.state for each in deliveries(session)} == {State.SENDING}

    office.dispatcher.database.troubled = True
    office.dispatcher.close("told to stop")
    assert {(each.state, each.attempts) for each in deliveries(session)} == {(State.PENDING, 0)}


def test_nobody_waits_for_a_connection_that_hangs(engine, session, office, monkeypatch):
    monkeypatch.setattr(dispatch, "LAST_WORDS_SECONDS", 0.01)
    put(session, *crowd(3))
    office.dispatcher.take(0)

    with ThreadPoolExecutor(1) as pool, office.dispatcher._turn:
        pool.submit(office.dispatcher.close, "told to stop").result(60)

    assert State.SENDING in {each.state for each in deliveries(session)}


def test_the_end_needs_no_database_when_nothing_is_left(engine, session):
    asked = []
    with Office(engine, crew=Patient()) as office:
        assert isinstance(office.dispatcher.database, Persistence)
        event.listen(engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
        office.dispatcher.close("told to stop")

    assert asked == []
