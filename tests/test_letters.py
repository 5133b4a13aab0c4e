"""Letters as deliveries: put once, asked about just before they go, made from stored values alone."""

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from sqlmodel import Session, select
from world import KEYS, NOW, Scripted, reader, sending

from newsletter import letters, render, wiring
from newsletter.links import Links
from newsletter.mail.message import readable
from newsletter.models import Delivery, State
from subscribers.letters import LetterKind, LetterWanted
from subscribers.models import Confirmation, ConfirmationKind, Status
from subscribers.suppression import suppress

LINKS = Links("https://papers.example.org", KEYS)
KINDS = list(LetterKind)
LATER = NOW + timedelta(days=2)
OF_CONFIRMATIONS = {
    LetterKind.CONFIRM: ConfirmationKind.JOIN,
    LetterKind.DATA: ConfirmationKind.DATA,
    LetterKind.CHANGE_OLD: ConfirmationKind.CHANGE,
    LetterKind.CHANGE_NEW: ConfirmationKind.CHANGE,
}
MAY_GET = {
    LetterKind.CONFIRM: {Status.PENDING, Status.UNSUBSCRIBED, Status.BOUNCED},
    LetterKind.GOODBYE: {Status.UNSUBSCRIBED},
    LetterKind.DATA: {Status.ACTIVE, Status.PAUSED, Status.UNSUBSCRIBED, Status.BOUNCED},
}
STATUS = {LetterKind.CONFIRM: Status.PENDING, LetterKind.GOODBYE: Status.UNSUBSCRIBED}


@pytest.fixture
def issues(config):
    return wiring.letters(config)


@pytest.fixture
def ada(session):
    return reader(session, "ada@example.org", "Graphs", name="Ada Lovelace", mutes=("Vision",))


def asked(session, ada, kind, **wishes):
    """An open question to this reader."""
    made = Confirmation(
        subscriber_id=ada.id, kind=kind, wishes=wishes, created_at=NOW, expires_at=NOW + timedelta(hours=48)
    )
    session.add(made)
    session.flush()
    return made


def wanted(session, ada, kind):
    """A letter of this kind as the life of a subscription asks for it, the reader standing as it should."""
    ada.status = STATUS.get(kind, Status.ACTIVE)
    number = 7
    if kind in OF_CONFIRMATIONS:
        number = asked(session, ada, OF_CONFIRMATIONS[kind], email="new@example.net", name="Typed").id
    address = "new@example.net" if kind is LetterKind.CHANGE_NEW else ada.email
    return LetterWanted(kind, ada.id, address, number, LATER)


def put(session, issues, ada, kind, now=NOW):
    details = letters.greeting(ada, NOW + timedelta(hours=19)) if kind is LetterKind.WELCOME else None
    delivery_id = letters.put(session, issues, KEYS, wanted(session, ada, kind), now, details)
    session.commit()
    return session.get_one(Delivery, delivery_id)


def test_a_letter_is_due_at_once_and_put_only_once(session, issues, ada):
    once = wanted(session, ada, LetterKind.GOODBYE)
    first = letters.put(session, issues, KEYS, once, NOW)
    second = letters.put(session, issues, KEYS, once, NOW + timedelta(minutes=1))
    other = letters.put(session, issues, KEYS, replace(once, number=8), NOW)

    kept = session.get_one(Delivery, first)
    assert second is None
    assert other not in {None, first}
    assert (kept.letter, kept.period, kept.address, kept.state) == ("goodbye", "7", ada.email, State.PENDING)
    assert (kept.not_before, kept.not_after) == (NOW, LATER)


def test_putting_a_letter_does_not_commit(session, engine, issues, ada):
    letters.put(session, issues, KEYS, wanted(session, ada, LetterKind.GOODBYE), NOW)
    session.rollback()

    with Session(engine) as other:
        assert other.exec(select(Delivery)).all() == []


@pytest.mark.parametrize("kind", KINDS)
def test_each_letter_goes_out_to_its_address_with_its_link(engine, session, issues, ada, kind):
    delivery = put(session, issues, ada, kind)
    number, transport = int(delivery.period), Scripted()

    report = sending(engine, transport)

    (envelope,) = transport.envelopes
    text, html = readable(envelope.content)
    action = {
        LetterKind.CONFIRM: LINKS.confirm(number),
        LetterKind.WELCOME: LINKS.preferences(ada.id),
        LetterKind.GOODBYE: LINKS.undo(number),
        LetterKind.LINK: LINKS.preferences(ada.id),
        LetterKind.DATA: LINKS.data(number),
        LetterKind.CHANGE_OLD: LINKS.change(number, old=True),
        LetterKind.CHANGE_NEW: LINKS.change(number, old=False),
    }[kind]
    assert report.outcomes == {State.SENT: 1}
    assert envelope.recipient == ("new@example.net" if kind is LetterKind.CHANGE_NEW else ada.email)
    assert action in text.splitlines()
    assert f'href="{action}"' in html


@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_has_the_same_bytes_whenever_it_is_asked_for(session, issues, ada, kind):
    delivery = put(session, issues, ada, kind)
    first = render.run(session, delivery.id, KEYS)
    ada.name, ada.email, ada.hour, ada.follows = "Other", "other@example.org", 3, []
    session.commit()

    assert render.run(session, delivery.id, KEYS) == first


@pytest.mark.parametrize("kind", KINDS)
def test_only_who_has_something_to_leave_may_unsubscribe_from_the_header(session, issues, ada, kind):
    delivery = put(session, issues, ada, kind)
    message = message_from_bytes(render.run(session, delivery.id, KEYS).content, policy=policy.default)

    if kind in {LetterKind.GOODBYE, LetterKind.CHANGE_NEW}:
        assert message["List-Unsubscribe"] is message["List-Unsubscribe-Post"] is None
    else:
        assert f"<{LINKS.unsubscribe(ada.id)}>" in message["List-Unsubscribe"]
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize("kind", KINDS)
def test_the_header_of_a_letter_holds_nothing_personal_but_the_address(session, issues, ada, kind):
    delivery = put(session, issues, ada, kind)
    message = message_from_bytes(render.run(session, delivery.id, KEYS).content, policy=policy.default)

    assert message["Feedback-ID"] == f"2026-03-10:{kind}:list:exampleorg"
    assert message["To"] == delivery.address
    assert message["Date"] == "Tue, 10 Mar 2026 12:00:00 +0000"


def test_the_welcome_says_what_was_chosen_and_no_other_letter_does(session, issues, ada):
    told = {
        kind: readable(render.run(session, put(session, issues, ada, kind).id, KEYS).content) for kind in KINDS
    }

    text = " ".join(told.pop(LetterKind.WELCOME)[0].split())
    assert "Welcome, Ada Lovelace." in text
    assert "Your first digest comes on Wednesday, 11 March 2026, at 7:00." in text
    assert (
        "Topics: Graphs Left out: Vision When: Every day at 7:00, UTC How many: Up to 10 papers a digest" in text
    )
    for parts in told.values():
        assert not any(word in part for part in parts for word in ("Lovelace", "Graphs", "Vision", "Typed"))


def test_the_old_mailbox_alone_is_told_of_the_new_one(session, issues, ada):
    old, new = (
        render.run(session, put(session, issues, ada, kind).id, KEYS)
        for kind in (LetterKind.CHANGE_OLD, LetterKind.CHANGE_NEW)
    )

    assert b"new@example.net" in old.content
    assert b"ada@example.org" not in new.content
    assert LINKS.unsubscribe(ada.id).rpartition("/")[2].encode() not in new.content


def test_a_change_whose_question_is_gone_names_no_address(session, issues, ada):
    gone = LetterWanted(LetterKind.CHANGE_OLD, ada.id, ada.email, 4711, LATER)

    delivery_id = letters.put(session, issues, KEYS, gone, NOW)

    assert session.get_one(Delivery, delivery_id).details == {"new_address": ""}


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("kind", KINDS)
def test_how_the_reader_stands_decides_who_gets_which_letter(session, issues, ada, kind, status):
    delivery = put(session, issues, ada, kind)
    ada.status = status

    verdict = letters.must_not(session, delivery, ada, NOW)

    if status in MAY_GET.get(kind, {Status.ACTIVE, Status.PAUSED}):
        assert verdict is None
    else:
        living = status in {Status.ACTIVE, Status.PAUSED}
        assert verdict == (State.SKIPPED if living else State.SUPPRESSED, f"the reader is {status}")


@pytest.mark.parametrize("kind", KINDS)
def test_suppression_of_the_letters_own_address_always_wins(session, issues, ada, kind):
    delivery = put(session, issues, ada, kind)
    suppress(session, delivery.address, "a complaint", NOW)

    assert letters.must_not(session, delivery, ada, NOW) == (State.SUPPRESSED, "a complaint")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not LetterKind.CHANGE_NEW])
def test_a_letter_does_not_go_to_an_address_that_is_the_readers_no_more(session, issues, ada, kind):
    delivery = put(session, issues, ada, kind)
    ada.email = "moved@example.org"

    assert letters.must_not(session, delivery, ada, NOW) == (State.SUPPRESSED, letters.MOVED)


def test_a_letter_of_another_version_fails_and_stops_nobody(engine, session, issues, ada):
    put(session, issues, ada, LetterKind.LINK).letter = "unheard of"
    put(session, issues, ada, LetterKind.DATA)
    session.commit()

    report = sending(engine, Scripted())

    assert report.outcomes == {State.FAILED: 1, State.SENT: 1}


def test_nobody_is_written_to_once_they_are_erased(engine, session, issues, ada):
    put(session, issues, ada, LetterKind.GOODBYE)
    session.delete(ada)
    session.commit()
    transport = Scripted()

    report = sending(engine, transport)

    assert (report.outcomes, transport.envelopes) == ({State.SUPPRESSED: 1}, [])
    assert session.exec(select(Delivery.outcome)).one() == "the reader was erased"


@pytest.mark.parametrize("kind", list(OF_CONFIRMATIONS))
def test_a_question_that_was_answered_or_is_gone_is_not_asked(session, issues, ada, kind):
    delivery = put(session, issues, ada, kind)
    question = session.get_one(Confirmation, int(delivery.period))
    question.used_at = NOW
    answered = letters.must_not(session, delivery, ada, NOW)
    session.delete(question)
    session.flush()

    assert answered == letters.must_not(session, delivery, ada, NOW)
    assert answered == (State.SKIPPED, "what it asks for is done or has expired")


@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_that_is_too_late_is_skipped_with_the_reason(engine, session, issues, ada, kind):
    put(session, issues, ada, kind)
    session.commit()
    transport = Scripted()

    report = sending(engine, transport, LATER + timedelta(seconds=1))

    said = session.exec(select(Delivery.outcome)).one()
    assert (report.outcomes, transport.envelopes) == ({State.SKIPPED: 1}, [])
    assert said in {
        "what it asks for is done or has expired",
        "too late: it was to go out by 2026-03-12 12:00 UTC",
    }


def test_every_letter_is_compiled_from_the_users_own_files_first(tmp_path, config):
    (tmp_path / "own" / "email").mkdir(parents=True)
    (tmp_path / "own" / "email" / "confirm.subject.txt").write_text("Is that you?")
    digest = config.digest.model_copy(update={"templates": "own"})

    found = wiring.letters(config.model_copy(update={"digest": digest}))

    assert found.keys() == set(LetterKind)
    assert found[LetterKind.CONFIRM].letter.subject == "Is that you?"
    assert found[LetterKind.WELCOME].imprint == wiring.issue(config).imprint
