"""A reader sees all that is kept and can have it erased; who never answered is forgotten unasked."""

import json

import pytest
from sqlmodel import Session, select
from subscription import ASKER, CHOICES, DAY, EMAIL, HOUR, NOW, TERMS, WISHES, confirm, join, joined, readers

from subscribers import asking, erasure, people, signup
from subscribers.csv_rows import read_csv
from subscribers.erasure import dossier, erase, purge
from subscribers.imports import import_rows
from subscribers.letters import LetterKind
from subscribers.models import Confirmation, ConfirmationKind, Consent, CoolDown, Follow, Status, Suppression
from subscribers.suppression import lift, reason_for, suppress


def asked(session, reader, now=NOW):
    return signup.ask_data(session, reader, ASKER, TERMS, now)


def everything(session):
    return [row for table in (Follow, Consent, Confirmation) for row in session.exec(select(table))]


def test_the_link_to_ones_data_goes_to_ones_mailbox_and_opens_it_until_it_expires(session):
    reader = joined(session)

    letter = asked(session, reader)

    assert (letter.kind, letter.address, letter.subscriber_id) == (LetterKind.DATA, EMAIL, reader.id)
    assert letter.expires_at == NOW + 48 * HOUR
    for _ in range(2):
        assert signup.find_data(session, letter.number, NOW + 47 * HOUR) is reader
    assert signup.find_data(session, letter.number, NOW + 48 * HOUR) is None


def test_the_letter_has_a_cool_down_of_its_own(session):
    reader = joined(session)

    assert asked(session, reader) is not None
    assert asked(session, reader, NOW + HOUR) is None
    assert asked(session, reader, NOW + DAY) is not None
    assert signup.send_link(session, EMAIL, ASKER, TERMS, NOW + DAY) is not None


def test_no_data_letter_goes_to_a_suppressed_address(session):
    reader = joined(session)
    suppress(session, EMAIL, "asked us by post", NOW)

    assert asked(session, reader) is None


def test_no_other_link_opens_the_data(session):
    letter = join(session)

    assert signup.find_data(session, letter.number, NOW) is None
    assert signup.find_data(session, 4711, NOW) is None


def test_a_data_link_that_was_used_up_opens_nothing(session):
    letter = asked(session, joined(session))
    session.get_one(Confirmation, letter.number).used_at = NOW
    session.flush()

    assert signup.find_data(session, letter.number, NOW) is None


def test_a_dossier_holds_all_that_is_kept_as_json(session):
    reader = joined(session)
    signup.ask_change(session, reader, "new@example.net", ASKER, TERMS, NOW)

    found = json.loads(json.dumps(dossier(session, reader)))

    assert found.items() >= people.as_dict(reader).items()
    assert (found["created_at"], found["suppressed"]) == ("2026-03-10T12:00:00+00:00", None)
    assert [row["event"] for row in found["consents"]] == ["asked", "confirmed", "asked to change address"]
    assert found["consents"][1] == {
        "at": "2026-03-10T12:00:00Z",
        "event": "confirmed",
        "wording": ASKER.wording,
        "ip": ASKER.ip,
        "agent": ASKER.agent,
    }
    assert [row["kind"] for row in found["confirmations"]] == ["join", "change"]
    assert found["confirmations"][1]["wishes"] == {"email": "new@example.net"}


def test_a_dossier_is_of_one_reader_alone(session):
    reader = joined(session)
    joined(session, "emmy@example.org")

    found = dossier(session, reader)

    assert (len(found["consents"]), len(found["confirmations"])) == (2, 1)


def test_a_dossier_says_that_the_address_is_suppressed(session):
    reader = joined(session)
    suppress(session, EMAIL, "asked us by post", NOW)

    assert dossier(session, reader)["suppressed"] == "asked us by post"


def test_of_an_erased_reader_a_hash_is_left(session):
    reader = joined(session)
    asked(session, reader)

    erase(session, reader, NOW)
    session.commit()

    (kept,) = session.exec(select(Suppression)).all()
    assert (readers(session), everything(session)) == ([], [])
    assert kept.email.startswith("sha256:")
    assert (len(kept.email), kept.reason, kept.since) == (7 + 64, erasure.ERASED, NOW)
    assert all(len(row.mailbox) == 64 for row in session.exec(select(CoolDown)))


@pytest.mark.parametrize("spelling", [EMAIL, "ADA+papers@example.org"])
def test_an_erased_mailbox_is_not_written_to_until_its_owner_asks_the_operator(session, spelling):
    erase(session, joined(session), NOW)

    assert join(session, spelling, NOW + DAY) is None
    assert reason_for(session, spelling) == erasure.ERASED
    assert lift(session, spelling)
    assert join(session, spelling, NOW + DAY) is not None


def test_an_address_that_was_suppressed_in_clear_is_a_hash_after_erasure(session):
    reader = joined(session)
    signup.complained(session, reader, "", NOW)

    erase(session, reader, NOW + DAY)

    (kept,) = session.exec(select(Suppression)).all()
    assert (kept.email[:7], kept.reason) == ("sha256:", erasure.ERASED)


def test_others_stay_when_one_is_erased(session):
    reader, other = joined(session), joined(session, "emmy@example.org")

    erase(session, reader, NOW)

    assert readers(session) == [other]
    assert (people.choices_of(other), len(everything(session))) == (CHOICES, 2 + 2 + 1)


def test_an_erased_id_comes_back_for_nobody(session):
    reader = joined(session)
    number = reader.id
    erase(session, reader, NOW)
    session.commit()

    assert joined(session, "emmy@example.org").id > number


def test_who_never_answered_is_forgotten_after_a_month(session):
    join(session)
    joined(session, "emmy@example.org")

    assert purge(session, TERMS, NOW + 30 * DAY - HOUR) == 0
    assert purge(session, TERMS, NOW + 30 * DAY) == 1

    assert [reader.email for reader in readers(session)] == ["emmy@example.org"]


def test_who_was_asked_anew_is_kept_while_the_question_is_open(session):
    join(session)
    letter = join(session, now=NOW + 29 * DAY)

    assert purge(session, TERMS, NOW + 30 * DAY) == 0
    assert confirm(session, letter, NOW + 30 * DAY)[0] is signup.Step.DONE


def test_who_answered_with_a_no_is_forgotten_like_who_did_not_answer(session):
    join(session)
    signup.leave(session, readers(session)[0], ASKER, NOW)

    assert purge(session, TERMS, NOW + 30 * DAY - HOUR) == 0
    assert purge(session, TERMS, NOW + 30 * DAY) == 1
    assert readers(session) == []


def test_who_read_and_left_is_not_forgotten(session):
    signup.leave(session, joined(session), ASKER, NOW)

    assert purge(session, TERMS, NOW + 300 * DAY) == 0
    assert readers(session)[0].status is Status.UNSUBSCRIBED


def test_an_imported_withdrawal_is_not_forgotten(session):
    people.add(session, "emmy@example.org", now=NOW)
    text = ["email,status\n", "ada@example.org,unsubscribed\n", "emmy@example.org,unsubscribed\n"]
    import_rows(session, read_csv(text)[0], NOW, "They agreed on paper.")

    assert purge(session, TERMS, NOW + 300 * DAY) == 0
    assert {reader.status for reader in readers(session)} == {Status.UNSUBSCRIBED}


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.PAUSED])
def test_erasing_one_tag_of_a_mailbox_does_not_silence_another_that_reads(session, status):
    joined(session, "Ada@example.org").status = status
    tagged = people.add(session, "ada+work@example.org", now=NOW, confirmed=True, wording="yes")

    erase(session, tagged, NOW)

    assert [reader.email for reader in readers(session)] == ["Ada@example.org"]
    assert session.exec(select(Suppression)).all() == []


@pytest.mark.parametrize(
    ("other", "status"),
    [
        ("ada+papers@example.org", Status.UNSUBSCRIBED),
        ("ada+papers@example.org", Status.PENDING),
        ("ada@example.net", Status.ACTIVE),
        ("adam@example.org", Status.ACTIVE),
    ],
)
def test_who_does_not_read_or_has_another_mailbox_keeps_no_erased_one_mailable(session, other, status):
    people.add(session, other, now=NOW, confirmed=True, wording="yes").status = status
    reader = people.add(session, EMAIL, now=NOW, confirmed=True, wording="yes")

    erase(session, reader, NOW)

    assert reason_for(session, EMAIL) == erasure.ERASED


def test_spellings_that_gmail_takes_for_one_are_one_mailbox(session):
    people.add(session, "a.da@googlemail.com", now=NOW, confirmed=True, wording="yes")
    reader = people.add(session, "ada@gmail.com", now=NOW, confirmed=True, wording="yes")

    assert people.shares_mailbox(session, reader)


def test_old_questions_and_past_cool_downs_are_forgotten(session):
    reader = joined(session)
    asked(session, reader, NOW + DAY)

    purge(session, TERMS, NOW + 32 * DAY)

    assert [row.kind for row in session.exec(select(Confirmation))] == ["data"]
    assert session.exec(select(CoolDown)).all() == []
    purge(session, TERMS, NOW + 33 * DAY)
    assert session.exec(select(Confirmation)).all() == []


def test_many_are_forgotten_in_pieces(session, monkeypatch):
    monkeypatch.setattr(erasure, "_CHUNK", 2)
    for number in range(5):
        people.add(session, f"reader{number}@example.org", WISHES, CHOICES, now=NOW)

    assert purge(session, TERMS, NOW + 31 * DAY) == 5
    assert everything(session) == []


@pytest.mark.postgresql
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)  # on SQLite nobody writes meanwhile
def test_who_is_asked_at_this_very_moment_is_not_forgotten(engine, session):
    join(session)
    session.commit()

    with Session(engine) as other:
        reader = asking.lock(other, readers(other)[0].id)
        asked = asking.ask(other, reader, ConfirmationKind.JOIN, {}, TERMS, NOW + 31 * DAY)
        number = asked.id
        assert purge(session, TERMS, NOW + 31 * DAY) == 0
        session.commit()
        other.commit()

    assert signup.confirm(session, number, ASKER, NOW + 31 * DAY)[0] is signup.Step.DONE
