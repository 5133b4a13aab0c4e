"""Leaving is at once, and taking it back brings the reader who left: no more, no less, no later."""

from datetime import timedelta

import pytest
from sqlmodel import select
from subscription import ASKER, DAY, EMAIL, HOUR, NOW, TERMS, WISHES, confirm, events, join, joined, readers

from subscribers import people, signup
from subscribers import preferences as preference
from subscribers.csv_rows import read_csv
from subscribers.erasure import erase
from subscribers.errors import InvalidPreference
from subscribers.imports import import_rows
from subscribers.letters import LetterKind
from subscribers.models import Consent, Status
from subscribers.signup import Asker, Step
from subscribers.suppression import lift, reason_for, suppress


def left(session, reader, now=NOW):
    return signup.leave(session, reader, Asker("Stop.", "192.0.2.7", "Mailer"), now)


def test_leaving_ends_it_and_is_put_on_record(session):
    reader = joined(session)

    number = left(session, reader, NOW + HOUR)

    row = session.get_one(Consent, number)
    assert reader.status is Status.UNSUBSCRIBED
    assert (row.event, row.at, row.wording, row.ip) == ("withdrawn", NOW + HOUR, "Stop.", "192.0.2.7")


def test_leaving_twice_is_leaving_once(session):
    reader = joined(session)
    left(session, reader)

    assert left(session, reader) is None
    assert events(session).count("withdrawn") == 1


@pytest.mark.parametrize("until", [None, NOW + 20 * DAY])
def test_who_takes_it_back_stands_as_before(session, until):
    reader = joined(session)
    signup.pause(session, reader, until, NOW)
    before = reader.model_dump(), people.choices_of(reader)
    number = left(session, reader)

    assert signup.undo(session, number, ASKER, NOW + 7 * DAY) is reader

    session.refresh(reader)
    assert (reader.model_dump(), people.choices_of(reader)) == before
    assert events(session)[-2:] == ["withdrawn while paused", "returned"]


def test_an_active_reader_comes_back_active(session):
    reader = joined(session)
    number = left(session, reader)

    assert signup.undo(session, number, ASKER, NOW).status is Status.ACTIVE


def test_a_pending_reader_comes_back_pending_and_may_still_confirm(session):
    letter = join(session)
    (reader,) = readers(session)
    number = left(session, reader, NOW + HOUR)

    assert signup.undo(session, number, ASKER, NOW + HOUR).status is Status.PENDING
    step, _ = confirm(session, letter, NOW + 2 * HOUR)

    assert (step, preference.of(reader)) == (Step.DONE, WISHES)


@pytest.mark.parametrize(("confirmed", "after"), [(False, Status.PENDING), (True, Status.ACTIVE)])
def test_an_imported_withdrawal_is_taken_back_to_where_a_yes_was_given_or_not(session, confirmed, after):
    people.add(session, EMAIL, now=NOW, confirmed=confirmed, wording="They agreed on paper.")
    rows, _ = read_csv(["email,status\n", f"{EMAIL},unsubscribed\n"])
    import_rows(session, rows, NOW, "")
    row = session.exec(select(Consent).where(Consent.event == "withdrawn")).one()

    assert signup.undo(session, row.id, ASKER, NOW).status is after


def test_a_bounced_reader_who_left_comes_back_bounced(session):
    reader = joined(session)
    signup.bounced(session, reader, "550 no such user", NOW)
    number = left(session, reader)
    lift(session, EMAIL)

    assert signup.undo(session, number, ASKER, NOW).status is Status.BOUNCED


def test_a_second_click_on_the_way_back_does_nothing(session):
    number = left(session, joined(session))
    signup.undo(session, number, ASKER, NOW)

    assert signup.undo(session, number, ASKER, NOW) is None
    assert events(session).count("returned") == 1


def test_a_withdrawal_is_taken_back_within_days(session):
    reader = joined(session)
    number = left(session, reader)

    assert signup.undo(session, number, ASKER, NOW + HOUR, within=timedelta(minutes=59)) is None
    assert signup.undo(session, number, ASKER, NOW + 7 * DAY + HOUR) is None
    assert reader.status is Status.UNSUBSCRIBED


def test_only_the_newest_withdrawal_is_taken_back(session):
    reader = joined(session)
    first = left(session, reader)
    signup.undo(session, first, ASKER, NOW)
    second = left(session, reader)

    assert signup.undo(session, first, ASKER, NOW) is None
    assert signup.undo(session, second, ASKER, NOW) is reader


def test_a_consent_of_another_kind_is_not_taken_back(session):
    reader = joined(session)
    agreed = session.exec(select(Consent).where(Consent.event == "confirmed")).one()
    reader.status = Status.UNSUBSCRIBED
    session.flush()

    assert signup.undo(session, agreed.id, ASKER, NOW) is None
    assert signup.undo(session, 4711, ASKER, NOW) is None


def test_a_stranger_who_asks_meanwhile_does_not_stand_in_the_way_back(session):
    reader = joined(session)
    number = left(session, reader)
    join(session, now=NOW + DAY)

    assert signup.undo(session, number, ASKER, NOW + DAY) is reader


def test_who_was_suppressed_or_complained_meanwhile_does_not_come_back(session):
    ada, emmy = joined(session), joined(session, "emmy@example.org")
    numbers = [left(session, reader) for reader in (ada, emmy)]
    suppress(session, EMAIL, "asked us by post", NOW)
    signup.complained(session, emmy, "", NOW)
    lift(session, "emmy@example.org")

    assert [signup.undo(session, number, ASKER, NOW) for number in numbers] == [None, None]


def test_leaving_again_cancels_a_new_question_to_one_who_left(session):
    reader = joined(session)
    left(session, reader)
    letter = join(session, now=NOW + DAY)

    assert left(session, reader, NOW + DAY) is None
    assert confirm(session, letter, NOW + DAY) == (Step.EXPIRED, reader)


def test_leaving_keeps_the_link_to_ones_own_data(session):
    reader = joined(session)
    data = signup.ask_data(session, reader, ASKER, TERMS, NOW)
    left(session, reader)

    assert signup.find_data(session, data.number, NOW) is reader


def test_the_goodbye_can_be_answered_for_a_week(session):
    reader = joined(session)
    number = left(session, reader)

    letter = signup.goodbye(reader, number, NOW)

    assert (letter.kind, letter.subscriber_id, letter.address) == (LetterKind.GOODBYE, reader.id, EMAIL)
    assert (letter.number, letter.expires_at) == (number, NOW + 7 * DAY)


def test_a_pause_has_an_end_or_none_and_can_be_changed(session):
    reader = joined(session)

    assert signup.pause(session, reader, NOW + DAY, NOW)
    assert (reader.status, reader.paused_until) == (Status.PAUSED, NOW + DAY)
    assert signup.pause(session, reader, None, NOW)
    assert (reader.status, reader.paused_until) == (Status.PAUSED, None)


def test_a_pause_that_has_ended_already_is_refused(session):
    reader = joined(session)

    with pytest.raises(InvalidPreference, match="paused_until: '2026-03-10' cannot be used: it has passed"):
        signup.pause(session, reader, NOW, NOW)

    assert reader.status is Status.ACTIVE


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.PAUSED])
def test_resuming_ends_every_pause(session, status):
    reader = joined(session)
    reader.status, reader.paused_until = status, NOW + DAY
    session.flush()

    assert signup.resume(session, reader, NOW)
    assert (reader.status, reader.paused_until) == (Status.ACTIVE, None)


def test_who_does_not_read_neither_pauses_nor_resumes(session):
    join(session)
    (reader,) = readers(session)

    assert not signup.pause(session, reader, None, NOW)
    assert not signup.resume(session, reader, NOW)
    assert (reader.status, reader.paused_until) == (Status.PENDING, None)


@pytest.mark.parametrize("happened", [signup.bounced, signup.complained])
def test_a_bounce_and_a_complaint_stop_everything(session, happened):
    letter = join(session)
    (reader,) = readers(session)
    name = happened.__name__

    assert happened(session, reader, "550 no such user", NOW)

    assert (reader.status, events(session)[-1]) == (Status(name), name)
    assert reason_for(session, EMAIL) == f"{name}: 550 no such user"
    lift(session, EMAIL)
    assert confirm(session, letter)[0] is not Step.DONE
    assert not happened(session, reader, "", NOW)


def test_who_left_stays_so_when_the_goodbye_bounces(session):
    reader = joined(session)
    left(session, reader)

    assert not signup.bounced(session, reader, "", NOW)
    assert (reader.status, reason_for(session, EMAIL)) == (Status.UNSUBSCRIBED, "bounced")


def test_nothing_happens_to_a_reader_who_is_gone(session):
    reader = joined(session)
    number = left(session, reader)
    gone = people.find(session, EMAIL).model_copy()
    erase(session, reader, NOW)

    assert signup.leave(session, gone, ASKER, NOW) is None
    assert signup.undo(session, number, ASKER, NOW) is None
    assert not signup.pause(session, gone, None, NOW)
    assert not signup.bounced(session, gone, "", NOW)
    assert signup.ask_data(session, gone, ASKER, TERMS, NOW) is None
    assert signup.ask_change(session, gone, "new@example.org", ASKER, TERMS, NOW) == ()
    erase(session, gone, NOW)
