"""The feed: one commit a message, and whatever happened meanwhile counts up to the last moment."""

from datetime import timedelta

import pytest
from ledgers import claims, kept, outcome, swept
from offices import Office, deliveries, ended, put, readers
from sqlalchemy import event
from world import NOW

from newsletter import admission, holds, ledger_plans
from newsletter import feed as feeding
from newsletter.errors import MessageError
from newsletter.ledger import FIRST_WAIT
from newsletter.mail import Blame, Done, Phase, Turn, Verdict
from newsletter.models import Skip, State
from subscribers import erasure, leaving, suppression
from subscribers.models import Status

TAKEN = outcome(Verdict.SENT, "250 ok")
POLICY = outcome(Verdict.DEFERRED, "550 5.7.1 go away", Blame.POLICY, Phase.BEFORE_DOT)
DOMAINS = ("one", "two", "three", "four")


@pytest.fixture
def office(engine):
    with Office(engine) as made:
        yield made


@pytest.fixture
def four(session):
    return put(session, *(f"ada@{name}.example" for name in DOMAINS))


def found(session):
    return [(each.state, each.handed_over) for each in deliveries(session)]


def test_each_message_is_recorded_before_the_body_of_the_next_one_may_leave(session, four, office):
    feed = office.feed()
    first = feed.turn([]).following
    assert found(session)[0] == (State.SENDING, False)

    turn = feed.turn([], first)
    assert found(session)[0] == (State.SENDING, True)

    feed.ahead()
    assert feed.turn([Done(first, TAKEN)], turn.following).may_go
    assert found(session)[:2] == [(State.SENT, False), (State.SENDING, True)]
    assert first.envelope.recipient == "ada@one.example"


def test_a_turn_is_one_transaction(engine, session, four, office):
    feed, commits = office.feed(), []
    first = feed.turn([]).following
    second = feed.turn([], first).following
    feed.ahead()
    before = deliveries(session)
    event.listen(engine, "before_cursor_execute", lambda *call: commits.append(call[2]))

    feed.turn([Done(first, TAKEN)], second)

    assert commits == []  # it needs the line alone
    assert before[0].state is State.SENDING


def test_everything_goes_out_once_and_the_rest_is_given_back(session, four, office):
    feed = office.feed()

    assert ended(feed) == [f"ada@{name}.example" for name in DOMAINS]
    feed.close()

    assert found(session) == [(State.SENT, False)] * 4
    assert [each[1] for each in office.told] == [State.SENT] * 4
    assert feed.held == []


def test_what_is_back_is_asked_about_again(session, four, office):
    feed = office.feed()
    first = feed.turn([]).following

    assert feed.turn([], None, first) == Turn(may_go=False, following=first)
    suppression.suppress(session, "ada@one.example", "it bounced", NOW)
    session.commit()

    assert feed.turn([], None, first).following.envelope.recipient == "ada@two.example"
    assert found(session)[0] == (State.SUPPRESSED, False)


CHANGES = {
    "leaves": lambda session, ada: setattr(ada, "status", Status.UNSUBSCRIBED),
    "is suppressed": lambda session, ada: suppression.suppress(session, ada.email, "a complaint", NOW),
    "is erased": lambda session, ada: erasure.erase(session, ada, NOW),
    "moves": lambda session, ada: setattr(ada, "email", "elsewhere@example.org"),
    "pauses": lambda session, ada: leaving.pause(session, ada, NOW + timedelta(days=9), NOW),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_a_reader_does_while_the_body_before_is_on_the_wire_counts(session, four, office, what):
    feed = office.feed()
    first = feed.turn([]).following
    second = feed.turn([], first).following
    feed.ahead()  # the third is claimed and rendered while the server thinks about the first
    CHANGES[what](session, readers(session)[2])
    session.commit()

    turn = feed.turn([Done(first, TAKEN)], second)

    assert (turn.may_go, turn.following) == (True, None)
    third = kept(session, four[2])
    expected = (State.SKIPPED, Skip.RESTING) if what == "pauses" else (State.SUPPRESSED, None)
    assert (third.state, third.skipped_for) == expected
    assert ended(feed, None, [Done(second, TAKEN)]) == ["ada@four.example"]


@pytest.mark.parametrize("decide", [holds.hold, holds.cancel])
def test_an_edition_that_is_stopped_meanwhile_goes_no_further(engine, session, office, decide):
    put(session, *(f"reader{number}@example.org" for number in range(9)), period="2026-03-10")
    feed = office.feed()
    first = feed.turn([]).following
    second = feed.turn([], first).following
    arguments = ("2026-03-10", holds.ADMIN, ["wait"], NOW) if decide is holds.hold else ("2026-03-10", NOW)
    decide(session, *arguments)
    session.commit()

    turn = feed.turn([Done(first, TAKEN)], second)
    assert ended(feed, turn.following, [Done(second, TAKEN)]) == []
    feed.close()
    office.dispatcher.close("over")
    holds.uphold(engine, NOW)

    states = [each.state for each in deliveries(session)]
    assert states[:2] == [State.SENT] * 2
    assert set(states[2:]) == {State.PENDING if decide is holds.hold else State.SKIPPED}
    assert {each.attempts for each in deliveries(session)[2:]} == {0}


def test_a_digest_of_a_stopped_edition_waits_for_a_while(session, office):
    (one,) = put(session, "ada@example.org", period="2026-03-10")
    holds.hold(session, "2026-03-10", holds.ADMIN, [], NOW)
    kept(session, one).not_before = NOW
    session.commit()

    assert office.feed().turn([]).following is None

    now = kept(session, one)
    assert (now.state, now.attempts, now.not_before) == (State.PENDING, 0, NOW + FIRST_WAIT)
    assert office.told == [(one, State.PENDING, "the edition of 2026-03-10 is held")]


def test_a_message_whose_claim_was_lost_does_not_leave_and_frees_its_place(engine, session):
    put(session, "ada@one.example")
    with Office(engine, most=1) as office:
        feed = office.feed()
        first = feed.turn([]).following
        swept(session, NOW + timedelta(hours=1))
        claims(session, now=NOW + timedelta(hours=1), owner="them")

        assert feed.turn([], first).may_go is False
        assert first not in feed.held
        assert office.dispatcher.destinations.enter("ada@one.example", 5)


def test_when_the_run_is_over_nothing_begins_and_what_is_known_is_recorded(session, four, office):
    feed = office.feed()
    first = feed.turn([]).following
    second = feed.turn([], first).following
    feed.ahead()
    office.crew.stop.ask()

    assert feed.turn([Done(first, TAKEN)], second) == Turn(may_go=False, following=None)
    feed.ahead()
    feed.close()
    office.dispatcher.close("over")

    assert found(session) == [(State.SENT, False), *[(State.PENDING, False)] * 3]
    assert {each.attempts for each in deliveries(session)[1:]} == {0}


def test_the_end_of_a_connection_leaves_what_may_have_left_to_its_lease(session, four, office):
    feed = office.feed()
    first = feed.turn([]).following
    feed.turn([], first)

    feed.close()

    assert found(session)[:2] == [(State.SENDING, True), (State.PENDING, False)]


def test_who_cannot_be_rendered_is_settled_and_the_next_one_comes(session, four, office):
    office.press.unprintable = {four[0]: MessageError("no papers"), four[1]: KeyError("name")}

    assert office.feed().turn([]).following.envelope.recipient == "ada@three.example"

    rows = deliveries(session)
    assert [(each.state, each.outcome) for each in rows[:2]] == [
        (State.FAILED, "the message cannot be built: no papers"),
        (State.DEFERRED, "unexpected KeyError: 'name'"),
    ]


def test_what_we_cannot_render_says_nothing_of_its_domain(session, office):
    (one,) = put(session, "ada@one.example")
    known = office.dispatcher.destinations
    known.leave("ada@one.example", 7, POLICY, NOW - timedelta(minutes=6))
    office.press.unprintable = {one: MessageError("no papers")}

    assert office.feed().turn([]).following is None

    assert [known.enter("x@one.example", 1), known.enter("y@one.example", 1)] == [True, False]


@pytest.mark.parametrize("where", ["ahead", "turn"])
def test_a_fault_of_ours_loses_nothing_that_is_known(session, four, office, monkeypatch, where):
    feed = office.feed()
    first = feed.turn([]).following
    second = feed.turn([], first).following

    def broken(_):
        raise RuntimeError("a bug")

    monkeypatch.setattr(office.dispatcher, "take", broken)
    if where == "ahead":
        feed.ahead()
    with pytest.raises(RuntimeError, match="a bug"):
        feed.turn([Done(first, TAKEN)], second)
    feed.close()

    assert found(session)[:2] == [(State.SENT, False), (State.PENDING, False)]


def test_a_bug_about_one_reader_is_that_readers_alone(session, four, office, monkeypatch):
    asked = admission.digest

    def broken(line, claimed, now):
        if claimed.delivery_id == four[1]:
            raise KeyError("about emmy")
        return asked(line, claimed, now)

    monkeypatch.setattr(admission, "digest", broken)

    assert ended(office.feed()) == ["ada@one.example", "ada@three.example", "ada@four.example"]
    assert [each.state for each in deliveries(session)].count(State.SENT) == 3
    assert kept(session, four[1]).outcome == "unexpected KeyError: 'about emmy'"


def test_a_bug_in_what_is_told_is_raised_and_the_record_stands(session, four, office):
    feed = office.feed()
    first = feed.turn([]).following
    feed.turn([], first)
    feed._ahead = None
    office.press.broken = set(four)

    def broken(*_):
        raise RuntimeError("nobody listens")

    office.dispatcher.told = broken
    with pytest.raises(RuntimeError, match="nobody listens"):
        feed.turn([Done(first, TAKEN)], None, None)

    assert found(session)[0] == (State.SENT, False)


def test_a_letter_is_asked_about_with_the_rules_of_letters(session, office):
    put(session, "ada@one.example", letter="welcome", period="7")
    readers(session)[0].status = Status.UNSUBSCRIBED
    session.commit()

    assert office.feed().turn([]).following is None

    assert [(each.state, each.outcome) for each in deliveries(session)] == [
        (State.SUPPRESSED, "the reader is unsubscribed")
    ]


def test_letters_leave_before_digests(session, four, office):
    ledger_plans.plan(session, _welcome(session))
    session.commit()

    assert ended(office.feed())[0] == "ada@one.example"
    assert deliveries(session)[-1].letter == "welcome"
    assert office.told[0][0] == deliveries(session)[-1].id


def _welcome(session):
    first = deliveries(session)[0].model_dump()
    names = ("subscriber_id", "address", "message_id", "date", "not_before", "not_after", "details", "state")
    return {name: first[name] for name in names} | {"letter": "welcome", "period": "7", "message_id": "<w@x>"}


def test_only_tickets_of_ours_are_taken():
    with pytest.raises(AssertionError):
        feeding.ConnectionFeed._ticket(None, object())
