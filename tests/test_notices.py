"""Notices: each trouble is told once, and its mail leaves by the digests' door or not at all."""

import threading
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from mail_servers import mail_server, settings
from sqlmodel import Session, select
from structlog.testing import capture_logs
from world import KEYS, NOW, Scripted, configured, planned, reader, sending, stored

from newsletter import db, notices, records, render, send, wiring
from newsletter.mail.message import readable
from newsletter.mail.smtp import Smtp
from newsletter.models import Delivery, State
from newsletter.record_models import Hold, HoldState, Notice
from subscribers.suppression import suppress

KEY, WORDS = "edition held 2026-03-11", "Too few papers: 2 of at least 3."
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def admin(tmp_path):
    text = '[admin]\nemail = "boss@example.org"\ntimezone = "Europe/Berlin"\n'
    return wiring.admin(configured(tmp_path, text).config, KEYS)


@pytest.fixture
def nobody(admin):
    return replace(admin, email="", issues={})


def tell(engine, admin, key=KEY, words=WORDS, now=NOW):
    with db.writing(engine) as session:
        return notices.tell(session, admin, key, words, now)


def over(engine, key=KEY, now=NOW):
    with db.writing(engine) as session:
        return notices.over(session, key, now)


def deliveries(engine):
    with Session(engine) as session:
        return session.exec(select(Delivery).order_by(Delivery.id)).all()


def header(envelope):
    return message_from_bytes(envelope.content, policy=policy.default)


def test_a_trouble_is_told_once_and_its_mail_is_a_delivery_without_a_subscriber(engine, admin):
    told = [tell(engine, admin, now=NOW + minutes * MINUTE) for minutes in range(100)]

    (mail,) = deliveries(engine)
    assert told == [True] + [False] * 99
    assert (mail.subscriber_id, mail.letter, mail.period, mail.address) == (None, "alert", KEY, "boss@example.org")
    assert (mail.state, mail.not_before, mail.not_after) == (State.PENDING, NOW, NOW + timedelta(days=3))


def test_of_six_who_tell_at_once_one_is_first(engine, admin):
    barrier, told = threading.Barrier(6), []

    def one():
        barrier.wait()
        told.append(tell(engine, admin))

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(told) == [False] * 5 + [True]
    assert len(deliveries(engine)) == 1


def test_a_trouble_that_returns_is_told_again_by_another_message(engine, admin):
    tell(engine, admin)
    ended = [over(engine, now=NOW + MINUTE) for _ in range(2)]

    again = tell(engine, admin, words="Worse.", now=NOW + HOUR)

    first, second = deliveries(engine)
    with Session(engine) as session:
        notice = session.get_one(Notice, KEY)
    assert (ended, again) == ([True, False], True)
    assert first.message_id != second.message_id
    assert (notice.words, notice.at, notice.ended_at) == ("Worse.", NOW + HOUR, None)


def test_one_that_comes_and_goes_costs_one_mail_an_hour(engine, admin):
    told = 0
    for minutes in range(150):
        told += tell(engine, admin, now=NOW + minutes * MINUTE)
        over(engine, now=NOW + minutes * MINUTE)

    assert told == len(deliveries(engine)) == 3


def test_nothing_is_over_that_was_never_told(engine):
    assert not over(engine)


def test_when_the_transaction_fails_nothing_is_kept_and_it_is_told_later(engine, admin):
    with Session(engine) as session:
        notices.tell(session, admin, KEY, WORDS, NOW)
        session.rollback()

    assert deliveries(engine) == []
    assert tell(engine, admin)


def test_without_an_address_the_notice_and_the_log_are_all(engine, nobody):
    with capture_logs() as logs:
        told = [tell(engine, nobody, words="ada@example.org is\n refused") for _ in range(2)]

    with Session(engine) as session:
        notice = session.get_one(Notice, KEY)
    assert told == [True, False]
    assert deliveries(engine) == []
    assert "ada@" not in notice.words
    assert [(line["log_level"], line["words"], line["mail"]) for line in logs] == [
        ("warning", notice.words, "no admin.email")
    ]


def test_an_alert_goes_out_over_smtp_before_digests_with_nothing_to_leave(engine, session, config, admin):
    stored(session)
    reader(session, "ada@example.org", "Graphs")
    planned(session, config)
    tell(engine, admin)

    with mail_server() as server:
        wanted = settings(server)
        how = send.Policy("test", KEYS, timedelta(seconds=60), "resend")
        report = send.run(engine, lambda: Smtp(wanted, lambda: 0.0), lambda: NOW, how, lambda _: None)

    alert, digest = server.taken
    message = message_from_bytes(alert.content, policy=policy.default)
    assert report.outcomes == {State.SENT: 2}
    assert (alert.recipient, digest.recipient) == ("boss@example.org", "ada@example.org")
    assert message["Subject"] == "[Trending Papers] Edition 2026-03-11 is held: too few papers"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] is message["List-Unsubscribe-Post"] is None
    assert message["Feedback-ID"] == "2026-03-10:alert:list:exampleorg"


def test_a_round_for_letters_alone_sends_it_too(engine, admin):
    tell(engine, admin)

    assert sending(engine, Scripted(), letters_only=True).outcomes == {State.SENT: 1}


def test_the_mail_says_what_happened_since_when_and_what_to_do(engine, admin):
    tell(engine, admin)
    transport = Scripted()

    sending(engine, transport)

    text, html = readable(transport.envelopes[0].content)
    for part in (" ".join(text.split()), html):
        assert "Too few papers: 2 of at least 3." in part
        assert "10 March 2026, 12:00 UTC (13:00 Europe/Berlin)" in part
        assert "No reader gets a digest of this edition until you decide." in part
        assert "https://papers.example.org/admin/editions/2026-03-11" in part
    for action in ("release", "replan", "cancel"):
        assert f"    newsletter edition {action} 2026-03-11" in text.splitlines()


def test_the_bytes_come_from_stored_values_alone(engine, session, admin):
    tell(engine, admin)
    (mail,) = deliveries(engine)
    first = render.run(session, mail.id, KEYS)
    over(engine)
    tell(engine, replace(admin, timezone="UTC"), words="Other.", now=NOW + HOUR)

    assert render.run(session, mail.id, KEYS) == first


def test_the_log_says_that_a_suppressed_admin_is_not_told_by_mail(engine, session, admin):
    suppress(session, "boss@example.org", "550 no such user boss@example.org", NOW)
    session.commit()

    with capture_logs() as logs:
        tell(engine, admin)

    assert [line["mail"] for line in logs] == ["suppressed: 550 no such user b…@example.org"]


def test_a_suppressed_admin_gets_nothing_and_the_record_says_why(engine, session, admin):
    tell(engine, admin)
    suppress(session, "boss@example.org", "a complaint", NOW)
    session.commit()
    transport = Scripted()

    report = sending(engine, transport)

    (mail,) = deliveries(engine)
    assert transport.envelopes == []
    assert (mail.state, mail.outcome) == (State.SUPPRESSED, "a complaint")
    assert report.troubles == {"suppressed: a complaint": 1}


def test_an_alert_that_is_too_late_is_skipped(engine, admin):
    tell(engine, admin)

    report = sending(engine, Scripted(), NOW + timedelta(days=4))

    assert report.outcomes == {State.SKIPPED: 1}


def test_forgetting_readers_leaves_the_admins_mails_as_they_are(engine, session, admin):
    tell(engine, admin)

    blanked = records.forget(session)
    session.commit()

    assert blanked == 0
    assert sending(engine, Scripted()).outcomes == {State.SENT: 1}


def test_what_is_noted_once_is_over_at_once(engine):
    with db.writing(engine) as session:
        noted = [notices.once(session, "report 2026-03-10", "All well", NOW) for _ in range(2)]

        assert noted == [True, False]
        assert session.get_one(Notice, "report 2026-03-10").ended_at == NOW


def test_old_troubles_that_last_are_still_told_of_and_single_events_are_not(engine, nobody):
    told = ("smtp down", KEY, "edition held 2026-03-10", "source fails bioRxiv", "went without arXiv 2026-03-09")
    for key in told:
        tell(engine, nobody, key, now=NOW - timedelta(days=2))
    tell(engine, nobody, "went without arXiv 2026-03-10")
    over(engine, "smtp down")

    with Session(engine) as session:
        held = {"by": "gate", "reasons": [], "at": NOW}
        session.add(Hold(date="2026-03-11", state=HoldState.HELD, **held))
        session.add(Hold(date="2026-03-10", state=HoldState.RELEASED, **held))
        session.flush()
        found = [notice.key for notice in notices.since(session, NOW - timedelta(days=1))]

    assert found == [KEY, "source fails bioRxiv", "went without arXiv 2026-03-10"]


def test_old_notices_are_let_go(engine, nobody):
    tell(engine, nobody, "smtp down", now=NOW - timedelta(days=91))
    tell(engine, nobody)

    with db.writing(engine) as session:
        assert notices.prune(session, NOW - timedelta(days=90)) == 1
        assert session.exec(select(Notice.key)).all() == [KEY]
