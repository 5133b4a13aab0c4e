"""One letter a mailbox and cool-down, whoever asks for it and in whatever spelling."""

import pytest
from sqlmodel import select
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
from subscribers.letters import LetterKind
from subscribers.models import Confirmation, Consent, CoolDown
from subscribers.signup import Asker, Step
from subscribers.suppression import suppress


@pytest.mark.uncounted
def test_a_thousand_joins_of_one_mailbox_within_a_minute_bring_one_letter(session):
    spellings = ("adalovelace@gmail.com", "Ada.Lovelace@gmail.com", "ADA.lovelace+{}@googlemail.com")

    letters = [
        join(session, spellings[number % 3].format(number), NOW + number * DAY / 86400 / 20)
        for number in range(1000)
    ]

    assert [letter.kind for letter in letters if letter] == [LetterKind.CONFIRM]
    assert [reader.email for reader in readers(session)] == ["adalovelace@gmail.com"]
    assert (events(session), len(session.exec(select(Confirmation)).all())) == (["asked"], 1)


def test_after_the_cool_down_one_more_letter_goes_out(session):
    first = join(session)

    assert join(session, now=NOW + 12 * HOUR - DAY / 86400) is None
    second = join(session, now=NOW + 12 * HOUR)
    assert join(session, now=NOW + 13 * HOUR) is None

    assert (second.kind, second.subscriber_id) == (LetterKind.CONFIRM, first.subscriber_id)
    assert second.number != first.number


def test_no_cool_down_holds_an_address(session):
    join(session)

    (kept,) = session.exec(select(CoolDown)).all()
    assert (len(kept.mailbox), "ada" in kept.mailbox, kept.until) == (64, False, NOW + 12 * HOUR)


def test_one_cool_down_counts_for_joining_and_for_links(session):
    joined(session)

    assert signup.send_link(session, EMAIL, ASKER, TERMS, NOW + HOUR) is None
    assert signup.send_link(session, EMAIL, ASKER, TERMS, NOW + DAY).kind is LetterKind.LINK
    assert join(session, now=NOW + DAY + HOUR) is None


def test_links_go_to_the_address_on_record_and_leave_a_trace(session):
    reader = joined(session, "Ada@example.org")

    letter = signup.send_link(session, "ADA@example.org", ASKER, TERMS, NOW + DAY)

    row = session.get_one(Consent, letter.number)
    assert (letter.address, letter.subscriber_id) == ("Ada@example.org", reader.id)
    assert (row.event, row.ip) == ("asked for links", ASKER.ip)


def test_who_is_pending_and_asks_for_links_gets_the_question_again_as_it_was(session):
    join(session)

    letter = signup.send_link(session, EMAIL, ASKER, TERMS, NOW + DAY)
    _, reader = confirm(session, letter, NOW + DAY)

    assert letter.kind is LetterKind.CONFIRM
    assert (preference.of(reader), people.choices_of(reader)) == (WISHES, CHOICES)


def test_who_was_added_by_the_operator_and_asks_for_links_keeps_what_they_were_given(session):
    reader = people.add(session, EMAIL, WISHES, CHOICES, now=NOW)

    letter = signup.send_link(session, EMAIL, ASKER, TERMS, NOW)
    confirm(session, letter)

    assert (preference.of(reader), people.choices_of(reader)) == (WISHES, CHOICES)


def test_links_are_for_nobody_else(session):
    reader = joined(session)
    suppressed = joined(session, "emmy@example.org")
    signup.leave(session, reader, ASKER, NOW)
    suppress(session, suppressed.email, "asked us by post", NOW)

    for email in (EMAIL, "emmy@example.org", "nobody@example.org"):
        assert signup.send_link(session, email, ASKER, TERMS, NOW + DAY) is None


def test_a_reader_whom_the_operator_added_is_asked_at_once(session):
    join(session)
    reader = people.find(session, EMAIL)
    people.choose(reader, WISHES, CHOICES)

    letter = signup.invite(session, reader, Asker("Added by the operator."), TERMS, NOW)

    assert letter.kind is LetterKind.CONFIRM
    assert join(session, now=NOW + HOUR) is None
    step, _ = confirm(session, letter)
    assert (step, people.choices_of(reader)) == (Step.DONE, CHOICES)
