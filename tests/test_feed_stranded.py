"""A mail server that is out of reach: what waits is left as it is, and not put off message by message."""

from offices import Office, deliveries, put

from newsletter.mail import Blame, Done, Outcome, Phase, Verdict, one_by_one
from newsletter.models import State

DOWN = Outcome(Verdict.DEFERRED, Phase.UNREACHED, "relay.example:25: Connection refused", Blame.RELAY)


def test_only_the_message_that_met_it_is_put_off_and_that_costs_no_try(engine, session):
    put(session, *(f"ada@{number}.example" for number in range(4)))

    with Office(engine) as office:
        feed = office.feed()
        one_by_one(feed, lambda _: DOWN)
        feed.close()

    stands = [(each.state, each.attempts, each.owner) for each in deliveries(session)]
    # One more was in hand already when the first met nobody.
    assert stands == [*[(State.DEFERRED, 0, None)] * 2, *[(State.PENDING, 0, None)] * 2]


def test_a_connection_without_a_server_asks_for_nothing_more(engine, session):
    put(session, "ada@one.example", "ada@two.example")
    with Office(engine) as office:
        feed = office.feed()
        first = feed.turn([]).following
        feed.ahead()

        turn = feed.turn([Done(first, DOWN)])

        assert turn.following is None
        feed.close()
    assert [each.state for each in deliveries(session)] == [State.DEFERRED, State.PENDING]
