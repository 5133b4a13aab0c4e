"""What a reply means for its reader, and for all others of the same domain."""

import pytest
from ledgers import kept, outcome
from offices import Office, deliveries, ended, put, readers
from sqlmodel import select
from world import NOW

from newsletter.ledger import FIRST_WAIT
from newsletter.mail import Blame, Done, Phase, Verdict
from newsletter.models import State
from subscribers.models import Status, Suppression

NOBODY_THERE = outcome(Verdict.FAILED, "550 5.1.1 who?", Blame.READER, Phase.BEFORE_DOT)
FULL = outcome(Verdict.DEFERRED, "552 5.2.2 full", Blame.MESSAGE)
POLICY = outcome(Verdict.DEFERRED, "550 5.7.1 go away", Blame.POLICY, Phase.BEFORE_DOT)


@pytest.fixture
def office(engine):
    with Office(engine) as made:
        yield made


@pytest.fixture
def four(session):
    return put(session, *(f"ada@{name}.example" for name in ("one", "two", "three", "four")))


def test_a_mailbox_that_is_not_there_bounces_its_reader_for_good(session, four, office):
    feed = office.feed()
    first = feed.turn([]).following

    feed.turn([Done(first, NOBODY_THERE)])

    ada = readers(session)[0]
    assert (kept(session, four[0]).state, ada.status) == (State.FAILED, Status.BOUNCED)
    assert session.exec(select(Suppression.email, Suppression.reason)).all() == [
        ("ada@one.example", "bounced: 550 5.1.1 who?")
    ]


def test_a_mailbox_that_is_not_the_readers_yet_is_suppressed_alone(session, office):
    put(session, "ada@one.example")
    readers(session)[0].email = "old@one.example"
    session.commit()
    feed = office.feed()
    ticket = office.dispatcher.take(0)

    feed.turn([Done(ticket, NOBODY_THERE)])

    assert readers(session)[0].status is Status.ACTIVE
    assert session.exec(select(Suppression.email)).all() == ["ada@one.example"]


def test_a_mailbox_of_nobody_we_know_is_suppressed(session, office):
    put(session, "ada@one.example")
    feed, ticket = office.feed(), office.dispatcher.take(0)
    ticket.claim = ticket.claim._replace(subscriber_id=None)

    feed.turn([Done(ticket, NOBODY_THERE)])

    assert session.exec(select(Suppression.email)).all() == ["ada@one.example"]


def test_a_full_mailbox_waits_and_its_reader_stays(session, four, office):
    feed = office.feed()

    feed.turn([Done(feed.turn([]).following, FULL)])

    first = kept(session, four[0])
    assert (first.state, first.attempts, first.outcome) == (State.DEFERRED, 1, "552 5.2.2 full")
    assert readers(session)[0].status is Status.ACTIVE
    assert session.exec(select(Suppression)).all() == []


def test_a_refusal_by_policy_pauses_the_domain_and_the_others_go_on(session, office):
    ids = put(session, "ada@one.example", "emmy@one.example", "lin@one.example", "zoe@two.example")
    feed = office.feed()
    first = feed.turn([]).following

    assert ended(feed, None, [Done(first, POLICY)]) == ["zoe@two.example"]

    rows = deliveries(session)
    assert [each.state for each in rows] == [State.DEFERRED] * 3 + [State.SENT]
    assert {each.attempts for each in rows[:3]} == {0}
    assert all(each.not_before >= NOW + FIRST_WAIT for each in rows[:3])
    assert {each.status for each in readers(session)} == {Status.ACTIVE}
    assert ids[0] == rows[0].id


def test_what_was_made_ready_for_a_domain_that_refuses_waits_too(session, office):
    ids = put(session, *(f"reader{number}@one.example" for number in range(3)), "zoe@two.example")
    feed = office.feed()
    first = feed.turn([]).following
    second = feed.turn([], first).following
    feed.ahead()

    turn = feed.turn([Done(first, POLICY)], second)
    assert turn.may_go  # its transaction is open already
    assert turn.following.envelope.recipient == "zoe@two.example"
    assert (kept(session, ids[2]).state, kept(session, ids[2]).attempts) == (State.DEFERRED, 0)


def test_what_comes_back_when_its_domain_refuses_waits_too(session, four, office):
    feed = office.feed()
    first = feed.turn([]).following
    office.dispatcher.destinations.leave("emmy@one.example", 9, POLICY, NOW)

    assert feed.turn([], None, first).following.envelope.recipient == "ada@two.example"
    assert (kept(session, four[0]).state, kept(session, four[0]).attempts) == (State.DEFERRED, 0)
    assert first not in feed.held
