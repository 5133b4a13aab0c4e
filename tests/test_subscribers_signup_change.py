"""An address changes when both mailboxes say yes, and nobody learns from it who else reads."""

import pytest
from sqlalchemy import event
from sqlmodel import Session, select
from subscription import ASKER, DAY, EMAIL, HOUR, NOW, TERMS, events, join, joined, readers

from subscribers import asking, change, people, signup
from subscribers.consent import Asker
from subscribers.errors import InvalidPreference
from subscribers.letters import LetterKind
from subscribers.models import Confirmation, ConfirmationKind, Consent
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


def test_an_address_whose_reader_has_left_can_be_had_and_one_that_is_paused_cannot(session):
    for number, end in enumerate(["leave", "pause"]):
        holder = joined(session, f"holder{number}@example.net")
        reader = joined(session, f"reader{number}@example.org")
        letter, *more = asked(session, reader, holder.email, NOW + DAY) if end == "pause" else (None,)
        if end == "leave":
            signup.leave(session, holder, ASKER, NOW)
            letter, *more = asked(session, reader, holder.email, NOW + DAY)
        else:
            signup.pause(session, holder, None, NOW)
        agree(session, letter, old=True, now=NOW + DAY)
        step, _ = agree(session, letter, old=False, now=NOW + DAY)

        assert (step, len(more)) == ((Step.DONE, 1) if end == "leave" else (Step.EXPIRED, 0))

    assert [each.email for each in readers(session)] == [
        *("holder0@example.net", "holder1@example.net", "reader1@example.org")
    ]


def test_each_yes_is_on_record_with_who_said_it(session):
    reader = joined(session)
    letter, _ = asked(session, reader)
    old, new = Asker("Yes, there.", "2001:db8::1", "Old/1"), Asker("Yes, here.", "2001:db8::2", "New/1")

    for asker, is_old in ((old, True), (old, True), (new, False), (new, False)):
        signup.agree_to_change(session, letter.number, asker, NOW, old=is_old)

    rows = session.exec(select(Consent).order_by(Consent.id)).all()[-2:]
    assert [(row.event, row.wording, row.ip, row.agent) for row in rows] == [
        ("agreed to change address", "Yes, there.", "2001:db8::1", "Old/1"),
        ("address changed", "Yes, here.", "2001:db8::2", "New/1"),
    ]


def test_after_the_change_no_open_link_of_the_old_mailbox_works(session):
    reader = joined(session)
    data = signup.ask_data(session, reader, ASKER, TERMS, NOW)
    asking.ask(session, reader, ConfirmationKind.JOIN, {}, TERMS, NOW)
    letter, _ = asked(session, reader)
    agree(session, letter, old=True)
    assert signup.find_data(session, data.number, NOW) is reader

    agree(session, letter, old=False)

    session.expire_all()
    assert signup.find_data(session, data.number, NOW) is None
    assert all(row.used_at for row in session.exec(select(Confirmation)))


def test_a_look_at_a_change_shows_the_new_address_while_it_is_open(session):
    reader = joined(session)
    data = signup.ask_data(session, reader, ASKER, TERMS, NOW)
    letter, _ = asked(session, reader)

    assert change.look(session, letter.number, NOW) == (Step.WAITING, NEW)
    for number, when in ((letter.number, NOW + 48 * HOUR), (data.number, NOW), (4711, NOW)):
        assert change.look(session, number, when) == (Step.EXPIRED, "")
    agree(session, letter, old=True)
    assert change.look(session, letter.number, NOW) == (Step.WAITING, NEW)
    agree(session, letter, old=False)
    assert change.look(session, letter.number, NOW) == (Step.ALREADY, "")


@pytest.mark.postgresql
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_holder_who_comes_back_at_this_very_moment_keeps_the_address(engine, session, monkeypatch):
    holder, reader = joined(session, NEW), joined(session)
    left = signup.leave(session, holder, ASKER, NOW)
    letter, _ = asked(session, reader, now=NOW + DAY)
    agree(session, letter, old=True, now=NOW + DAY)
    session.commit()
    use = asking.use

    def _meanwhile(*args):
        people.find(session, NEW)  # as it was before the other process
        with Session(engine) as other:
            signup.undo(other, left, ASKER, NOW + DAY)
            other.commit()
        return use(*args)

    monkeypatch.setattr(asking, "use", _meanwhile)

    assert agree(session, letter, old=False, now=NOW + DAY)[0] is Step.EXPIRED
    assert [each.email for each in readers(session)] == [NEW, EMAIL]


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
