"""Two clicks at one moment are one click, on both databases."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import Session, func, select
from subscription import ASKER, CHOICES, EMAIL, HOUR, NOW, TERMS, WISHES, events, joined

from newsletter.db import writing
from subscribers import signup
from subscribers.models import Confirmation, Consent, Status, Subscriber
from subscribers.signup import Step

CLICKS = 6


def at_once(engine, *acts):
    """What each act returns when all begin at one moment, each in a transaction of its own."""
    together = threading.Barrier(len(acts))

    def run(act):
        together.wait()
        with writing(engine) as session:
            return act(session)

    with ThreadPoolExecutor(len(acts)) as pool:
        return [done.result() for done in [pool.submit(run, act) for act in acts]]


@pytest.fixture
def reader(engine):
    with writing(engine) as session:
        return joined(session).id


def asked(engine):
    with writing(engine) as session:
        return signup.join(session, EMAIL, WISHES, CHOICES, ASKER, TERMS, NOW)


def changing(engine, reader):
    with writing(engine) as session:
        return signup.ask_change(session, session.get_one(Subscriber, reader), "b@example.net", ASKER, TERMS, NOW)


def counted(engine, table):
    with Session(engine) as session:
        return session.exec(select(func.count()).select_from(table)).one()


def test_many_joins_at_one_moment_bring_one_letter(engine):
    spellings = [f"a.d.a+{number}@gmail.com" for number in range(CLICKS)]
    letters = at_once(
        engine,
        *(
            lambda session, email=email: signup.join(session, email, WISHES, CHOICES, ASKER, TERMS, NOW)
            for email in spellings
        ),
    )

    assert sum(letter is not None for letter in letters) == 1
    assert (counted(engine, Subscriber), counted(engine, Confirmation)) == (1, 1)


def test_many_yeses_at_one_moment_are_one(engine):
    letter = asked(engine)

    steps = at_once(engine, *[lambda session: signup.confirm(session, letter.number, ASKER, NOW)[0]] * CLICKS)

    assert Counter(steps) == {Step.DONE: 1, Step.ALREADY: CLICKS - 1}
    with Session(engine) as session:
        assert events(session) == ["asked", "confirmed"]


def test_a_yes_and_a_no_at_one_moment_end_in_a_no_or_were_a_no_first(engine):
    letter = asked(engine)

    (step, _), number = at_once(
        engine,
        lambda session: signup.confirm(session, letter.number, ASKER, NOW),
        lambda session: signup.leave(session, session.get_one(Subscriber, letter.subscriber_id), ASKER, NOW),
    )

    assert step in {Step.DONE, Step.EXPIRED}
    with Session(engine) as session:
        assert session.get_one(Subscriber, letter.subscriber_id).status is Status.UNSUBSCRIBED
        assert session.get_one(Consent, number).event.startswith("withdrawn")


def test_leaving_many_times_at_one_moment_is_leaving_once(engine, reader):
    numbers = at_once(
        engine,
        *[lambda session: signup.leave(session, session.get_one(Subscriber, reader), ASKER, NOW)] * CLICKS,
    )

    assert sum(number is not None for number in numbers) == 1


def test_coming_back_many_times_at_one_moment_is_coming_back_once(engine, reader):
    with writing(engine) as session:
        number = signup.leave(session, session.get_one(Subscriber, reader), ASKER, NOW)

    found = at_once(engine, *[lambda session: signup.undo(session, number, ASKER, NOW) is not None] * CLICKS)

    assert sum(found) == 1
    with Session(engine) as session:
        assert events(session).count("returned") == 1


def test_both_mailboxes_may_agree_at_one_moment(engine, reader):
    letter, _ = changing(engine, reader)

    steps = at_once(
        engine,
        *(
            lambda session, old=old: signup.agree_to_change(session, letter.number, ASKER, NOW, old=old)[0]
            for old in (True, False)
        ),
    )

    assert set(steps) == {Step.WAITING, Step.DONE}
    with Session(engine) as session:
        assert session.get_one(Subscriber, reader).email == "b@example.net"


def test_the_last_yes_given_many_times_changes_the_address_once(engine, reader):
    letter, _ = changing(engine, reader)
    at_once(engine, lambda session: signup.agree_to_change(session, letter.number, ASKER, NOW, old=True))

    steps = at_once(
        engine,
        *[lambda session: signup.agree_to_change(session, letter.number, ASKER, NOW + HOUR, old=False)[0]]
        * CLICKS,
    )

    assert Counter(steps) == {Step.DONE: 1, Step.ALREADY: CLICKS - 1}
