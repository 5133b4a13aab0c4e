"""Nobody is subscribed by a stranger: what is typed waits until the owner of the mailbox says yes, once."""

import pytest
from sqlalchemy import event
from sqlmodel import Session, select
from subscription import (
    ASKER,
    CHOICES,
    DAY,
    EMAIL,
    HOUR,
    NOW,
    TERMS,
    WISHES,
    confirm,
    events,
    join,
    joined,
    readers,
)

from subscribers import people, signup
from subscribers import preferences as preference
from subscribers.errors import InvalidPreference
from subscribers.letters import LetterKind
from subscribers.models import Confirmation, Consent, FollowKind, Status, Subscriber
from subscribers.preferences import DEFAULTS, Choice, Preferences
from subscribers.signup import Asker, Step
from subscribers.suppression import lift, suppress


def test_who_joins_is_pending_and_gets_the_letter_to_confirm(session):
    letter = join(session, " Ada@EXAMPLE.org")

    (reader,) = readers(session)
    (asked,) = session.exec(select(Confirmation)).all()
    assert (reader.email, reader.status, reader.confirmed_at) == ("Ada@example.org", Status.PENDING, None)
    assert (letter.kind, letter.subscriber_id, letter.address) == (LetterKind.CONFIRM, reader.id, reader.email)
    assert (letter.number, letter.expires_at) == (asked.id, NOW + 48 * HOUR)


def test_until_the_yes_nothing_but_the_address_is_known_of_the_reader(session):
    join(session)

    (reader,) = readers(session)
    assert (preference.of(reader), reader.follows) == (DEFAULTS, [])


def test_the_yes_brings_what_was_wished_for_and_is_put_on_record(session):
    letter = join(session)

    step, reader = confirm(session, letter, NOW + HOUR, Asker("I agree.", "192.0.2.7", "Phone/2"))

    assert (step, reader.status, reader.confirmed_at) == (Step.DONE, Status.ACTIVE, NOW + HOUR)
    assert (preference.of(reader), people.choices_of(reader)) == (WISHES, CHOICES)
    asked, agreed = session.exec(select(Consent).order_by(Consent.id)).all()
    assert (asked.event, asked.wording, asked.ip, asked.agent) == (
        *("asked", "Send me papers, weekly."),
        *("2001:db8::1", "Browser/1.0"),
    )
    assert (agreed.event, agreed.at, agreed.wording) == ("confirmed", NOW + HOUR, "I agree.")
    assert (agreed.ip, agreed.agent) == ("192.0.2.7", "Phone/2")


def test_the_welcome_follows_the_yes(session):
    letter = join(session)
    _, reader = confirm(session, letter)

    welcome = signup.welcome(reader, letter.number, NOW)

    assert (welcome.kind, welcome.subscriber_id, welcome.address) == (LetterKind.WELCOME, reader.id, EMAIL)
    assert (welcome.number, welcome.expires_at) == (letter.number, NOW + 2 * DAY)


def test_a_second_click_changes_nothing(session):
    letter = join(session)
    _, reader = confirm(session, letter)
    people.choose(reader, DEFAULTS, ())
    session.flush()

    assert confirm(session, letter, NOW + HOUR) == (Step.ALREADY, reader)

    assert (preference.of(reader), reader.follows, reader.confirmed_at) == (DEFAULTS, [], NOW)
    assert events(session) == ["asked", "confirmed"]


def test_a_yes_needs_words(session):
    letter = join(session)

    with pytest.raises(InvalidPreference, match="wording"):
        confirm(session, letter, asker=Asker(ip="192.0.2.7"))

    assert readers(session)[0].status is Status.PENDING


def test_a_yes_that_comes_too_late_is_none(session):
    letter = join(session)
    (reader,) = readers(session)

    assert confirm(session, letter, NOW + 48 * HOUR) == (Step.EXPIRED, reader)
    assert reader.status is Status.PENDING
    assert confirm(session, letter, NOW + 48 * HOUR - DAY / 86400)[0] is Step.DONE


def test_a_question_that_nobody_asked_is_expired(session):
    join(session)
    reader = joined(session, "emmy@example.org")
    data = signup.ask_data(session, reader, ASKER, TERMS, NOW)

    assert signup.confirm(session, 4711, ASKER, NOW) == (Step.EXPIRED, None)
    assert signup.confirm(session, data.number, ASKER, NOW) == (Step.EXPIRED, None)


def test_a_yes_after_leaving_is_expired(session):
    letter = join(session)
    (reader,) = readers(session)
    signup.leave(session, reader, ASKER, NOW + HOUR)

    assert confirm(session, letter, NOW + 2 * HOUR) == (Step.EXPIRED, reader)
    assert reader.status is Status.UNSUBSCRIBED


def test_who_is_suppressed_meanwhile_is_refused(session):
    letter = join(session)
    suppress(session, EMAIL, "asked us by post", NOW)

    assert confirm(session, letter) == (Step.REFUSED, readers(session)[0])
    assert readers(session)[0].status is Status.PENDING


def test_who_complained_meanwhile_is_refused_even_when_the_suppression_is_lifted(session):
    letter = join(session)
    signup.complained(session, readers(session)[0], "", NOW)
    lift(session, EMAIL)

    assert confirm(session, letter)[0] is Step.REFUSED


def test_of_two_letters_the_first_yes_counts_and_the_other_brings_nothing(session):
    mine = join(session)
    strangers = join(session, now=NOW + DAY, preferences=Preferences("Eve"), follows=())
    confirm(session, mine, NOW + DAY)

    step, reader = confirm(session, strangers, NOW + DAY)

    assert (step, reader.name) == (Step.ALREADY, "Ada")
    signup.leave(session, reader, ASKER, NOW + DAY)
    assert confirm(session, strangers, NOW + DAY)[0] is Step.EXPIRED


@pytest.mark.parametrize("status", [Status.UNSUBSCRIBED, Status.BOUNCED])
def test_who_left_or_bounced_comes_back_by_a_new_yes_alone(session, status):
    reader = joined(session)
    reader.status, reader.paused_until = status, NOW + 300 * DAY
    session.flush()

    letter = join(session, now=NOW + DAY, preferences=Preferences("Countess"), follows=())
    assert (letter.kind, reader.status, reader.name) == (LetterKind.CONFIRM, status, "Ada")

    step, _ = confirm(session, letter, NOW + DAY)
    assert (step, reader.status, reader.name, reader.follows) == (Step.DONE, Status.ACTIVE, "Countess", [])
    assert (reader.confirmed_at, reader.paused_until) == (NOW + DAY, None)


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.PAUSED])
def test_a_join_in_the_name_of_a_reader_brings_them_their_links_and_changes_nothing(session, status):
    reader = joined(session, "Ada@example.org")
    reader.status = status
    session.flush()
    before = reader.model_dump(), people.choices_of(reader)

    letter = join(session, "ADA@example.org", NOW + DAY, Preferences("Eve"), ())

    assert (letter.kind, letter.address) == (LetterKind.LINK, "Ada@example.org")
    assert letter.expires_at == NOW + DAY + 48 * HOUR
    session.refresh(reader)
    assert (reader.model_dump(), people.choices_of(reader)) == before
    assert len(session.exec(select(Confirmation)).all()) == 1


def test_nobody_writes_to_a_suppressed_address_or_to_one_who_complained(session):
    suppress(session, EMAIL, "asked us by post", NOW)
    reader = joined(session, "emmy@example.org")
    signup.complained(session, reader, "", NOW)
    lift(session, "emmy@example.org")
    before = events(session)

    assert join(session, "ada+papers@example.org") is None
    assert join(session, "emmy@example.org", NOW + DAY) is None
    assert (readers(session), events(session)) == ([reader], before)


@pytest.mark.parametrize("email", ["ada", "ada@", "Ada <ada@example.org>", ""])
def test_what_is_no_address_is_refused_with_the_reason(session, email):
    with pytest.raises(InvalidPreference, match="email"):
        join(session, email)


def test_choices_that_contradict_each_other_are_refused_whoever_is_known(session):
    joined(session)
    both = [Choice(FollowKind.TOPIC, "NLP"), Choice(FollowKind.TOPIC, "nlp", -1.0)]

    for email in (EMAIL, "emmy@example.org"):
        with pytest.raises(InvalidPreference, match="both followed and muted"):
            join(session, email, NOW + DAY, follows=both)


def test_what_a_browser_says_is_kept_short_and_clean(session):
    agent = "Br\x00ow\r\nser\x1b[31m/" + "é" * 500
    signup.join(session, EMAIL, WISHES, (), Asker("Yes.", "1" * 60 + "\n", agent), TERMS, NOW)

    (row,) = session.exec(select(Consent)).all()
    assert (row.ip, row.agent) == ("1" * 45, ("Browser[31m/" + "é" * 500)[:400])


@pytest.mark.postgresql
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)  # on SQLite the write lock is taken first
def test_a_reader_who_is_added_at_this_very_moment_is_asked_all_the_same(engine, session):
    @event.listens_for(session, "before_flush", once=True)
    def _meanwhile(*_):
        with Session(engine) as other:
            people.add(other, "ADA@example.org", now=NOW)
            other.commit()

    letter = join(session)

    assert (letter.kind, letter.address) == (LetterKind.CONFIRM, "ADA@example.org")
    assert len(readers(session)) == 1


@pytest.mark.postgresql
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)  # as above
def test_a_reader_who_is_erased_at_this_very_moment_gets_no_letter(engine, session):
    reader = people.add(session, EMAIL, now=NOW)
    session.commit()

    @event.listens_for(session, "do_orm_execute")
    def _meanwhile(state):
        if state.is_select and "FOR NO KEY UPDATE" in str(state.statement.compile(engine)):
            with Session(engine) as other:
                other.delete(other.get_one(Subscriber, reader.id))
                other.commit()

    assert join(session) is None
