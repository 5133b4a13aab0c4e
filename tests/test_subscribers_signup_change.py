"""An address changes when both mailboxes say yes, and nobody learns from it who else reads."""

import pytest
from sqlalchemy import event
from sqlmodel import Session, select
from subscription import ASKER, DAY, EMAIL, HOUR, NOW, TERMS, events, join, joined, readers

from subscribers import people, signup
from subscribers.errors import InvalidPreference
from subscribers.letters import LetterKind
from subscribers.models import Confirmation
from subscribers.signup import Step
from subscribers.suppression import suppress

NEW = "countess@example.net"


def asked(session, reader, new=NEW, now=NOW):
    return signup.ask_change(session, reader, new, ASKER, TERMS, now)


def agree(session, letter, old, now=NOW):
    return signup.agree_to_change(session, letter.number, ASKER, now, old=old)


def test_both_mailboxes_are_asked(session):
    reader = joined(session)

    old, new = asked(session, reader, " Countess@EXAMPLE.net")

    (change,) = session.exec(select(Confirmation).where(Confirmation.kind == "change")).all()
    assert (old.kind, old.address) == (LetterKind.CHANGE_OLD, EMAIL)
    assert (new.kind, new.address) == (LetterKind.CHANGE_NEW, "Countess@example.net")
    assert {(letter.number, letter.subscriber_id) for letter in (old, new)} == {(change.id, reader.id)}
    assert old.expires_at == new.expires_at == NOW + 48 * HOUR
    assert (reader.email, events(session)[-1]) == (EMAIL, "asked to change address")


@pytest.mark.parametrize("first_old", [True, False])
def test_the_second_yes_changes_the_address(session, first_old):
    reader = joined(session)
    letter, _ = asked(session, reader)

    assert agree(session, letter, first_old) == (Step.WAITING, reader)
    assert agree(session, letter, first_old, NOW + HOUR) == (Step.WAITING, reader)
    assert reader.email == EMAIL
    assert agree(session, letter, not first_old, NOW + HOUR) == (Step.DONE, reader)

    assert people.find(session, NEW) is reader
    assert events(session)[-1] == "address changed"


def test_a_third_click_changes_nothing(session):
    reader = joined(session)
    letter, _ = asked(session, reader)
    agree(session, letter, old=True)
    agree(session, letter, old=False)

    assert agree(session, letter, old=True) == (Step.ALREADY, reader)
    assert events(session).count("address changed") == 1


def test_a_yes_that_comes_too_late_is_none(session):
    reader = joined(session)
    letter, _ = asked(session, reader)
    agree(session, letter, old=True)

    assert agree(session, letter, old=False, now=NOW + 48 * HOUR) == (Step.EXPIRED, reader)
    assert reader.email == EMAIL


def test_a_link_of_another_kind_changes_no_address(session):
    reader = joined(session)
    data = signup.ask_data(session, reader, ASKER, TERMS, NOW)

    assert agree(session, data, old=True) == (Step.EXPIRED, None)


def test_a_reader_who_left_keeps_the_address(session):
    reader = joined(session)
    letter, _ = asked(session, reader)
    agree(session, letter, old=True)
    signup.leave(session, reader, ASKER, NOW)

    assert agree(session, letter, old=False) == (Step.EXPIRED, reader)
    assert reader.email == EMAIL


def test_a_newer_change_overtakes_an_older_one(session):
    reader = joined(session)
    first, _ = asked(session, reader)
    agree(session, first, old=True)
    second, _ = asked(session, reader, "third@example.net", NOW + DAY)

    assert agree(session, first, old=False, now=NOW + DAY) == (Step.EXPIRED, reader)
    agree(session, second, old=True, now=NOW + DAY)
    assert agree(session, second, old=False, now=NOW + DAY)[0] is Step.DONE


def test_a_change_works_right_after_joining_and_once_in_a_cool_down(session):
    reader = joined(session)

    assert len(asked(session, reader)) == 2
    assert asked(session, reader, "third@example.net", NOW + HOUR) == ()
    assert len(asked(session, reader, "third@example.net", NOW + DAY)) == 2


def test_a_taken_or_suppressed_or_bothered_address_is_not_written_to_and_the_asker_sees_no_difference(session):
    joined(session, "taken@example.net")
    suppress(session, "never@example.net", "asked us by post", NOW)
    join(session, "bothered@example.net")

    for number, new in enumerate(["Taken@example.net", "never+x@example.net", "Bothered+x@example.net"]):
        reader = joined(session, f"reader{number}@example.org")
        (letter,) = asked(session, reader, new)
        assert (letter.kind, letter.address) == (LetterKind.CHANGE_OLD, reader.email)
        assert agree(session, letter, old=True) == (Step.WAITING, reader)


def test_a_reader_cannot_make_us_write_to_many_strangers(session):
    one, two = joined(session), joined(session, "emmy@example.org")

    assert [letter.address for letter in asked(session, one)] == [EMAIL, NEW]
    assert [letter.address for letter in asked(session, two, "Countess+x@example.net")] == ["emmy@example.org"]
    assert join(session, NEW, NOW + HOUR) is None


@pytest.mark.parametrize("new", ["Ada@example.org", "ada+papers@example.org"])
def test_another_spelling_of_the_same_mailbox_can_be_had(session, new):
    reader = joined(session)

    letter, _ = asked(session, reader, new)
    agree(session, letter, old=True)

    assert (agree(session, letter, old=False)[0], reader.email) == (Step.DONE, new)


@pytest.mark.parametrize("new", [EMAIL, "ada@EXAMPLE.org", "ada"])
def test_the_own_address_and_what_is_none_are_refused(session, new):
    with pytest.raises(InvalidPreference, match="email"):
        asked(session, joined(session), new)


def test_who_does_not_read_changes_nothing(session):
    join(session)
    suppressed = joined(session, "emmy@example.org")
    suppress(session, suppressed.email, "asked us by post", NOW)

    assert [asked(session, reader) for reader in readers(session)] == [(), ()]


@pytest.mark.parametrize("what", ["joined", "suppressed"])
def test_an_address_that_is_taken_or_suppressed_meanwhile_stays_so(session, what):
    reader = joined(session)
    letter, _ = asked(session, reader)
    agree(session, letter, old=True)
    if what == "joined":
        people.add(session, NEW.upper(), now=NOW, confirmed=True, wording="asked")
    else:
        suppress(session, NEW, "asked us by post", NOW)

    assert agree(session, letter, old=False) == (Step.EXPIRED, reader)
    assert agree(session, letter, old=False) == (Step.EXPIRED, reader)
    assert reader.email == EMAIL


def test_who_never_confirmed_does_not_hold_an_address(session):
    people.add(session, NEW, now=NOW)
    reader = joined(session)
    letter, _ = asked(session, reader)
    agree(session, letter, old=True)

    assert agree(session, letter, old=False)[0] is Step.DONE
    assert [each.email for each in readers(session)] == [NEW]


@pytest.mark.postgresql
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)  # on SQLite the write lock is taken first
def test_an_address_that_is_taken_at_this_very_moment_stays_so(engine, session):
    reader = joined(session)
    letter, _ = asked(session, reader)
    agree(session, letter, old=True)
    session.commit()

    @event.listens_for(session, "before_flush")
    def _meanwhile(*_):
        if reader.email == NEW:
            with Session(engine) as other:
                people.add(other, NEW.upper(), now=NOW)
                other.commit()

    step, found = agree(session, letter, old=False)
    assert (step, found.email) == (Step.EXPIRED, EMAIL)
