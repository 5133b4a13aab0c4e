"""Send: each due delivery once, whatever the readers, servers and threads do meanwhile."""

from datetime import timedelta

from mail_servers import Clock, mail_server, settings
from sqlmodel import select
from world import KEYS, NOW, Scripted, deferred, planned, policy, reader, sending, states, stored

from newsletter import ledger_plans, letters, send, wiring
from newsletter.mail import Outcome, Phase, Verdict
from newsletter.mail.smtp import Smtp
from newsletter.models import Delivery, Edition, EditionPaper, Pick, State
from subscribers.letters import LetterKind, LetterWanted
from subscribers.models import Status
from subscribers.suppression import suppress


def test_everything_that_is_due_goes_out_once(engine, session, three):
    transport = Scripted()

    first = sending(engine, transport)
    second = sending(engine, transport)

    assert (first.outcomes, first.periods) == ({State.SENT: 3}, {"2026-03-10"})
    assert (second.outcomes, len(transport.envelopes)) == ({}, 3)
    assert {envelope.recipient for envelope in transport.envelopes} == {each.email for each in three}


def test_one_refusal_never_ends_the_run(engine, session, three):
    refused = Outcome(Verdict.FAILED, Phase.REPLIED, "550 5.1.1 no such user")

    report = sending(engine, Scripted(refused))

    assert states(session) == [State.FAILED, State.SENT, State.SENT]
    assert report.troubles == {"failed: 550 5.1.1 no such user": 1}


def test_a_deferred_message_waits_and_comes_again_as_the_same_bytes(engine, session, three):
    transport = Scripted(deferred())
    sending(engine, transport)

    early, late = sending(engine, transport), sending(engine, transport, NOW + timedelta(minutes=8))

    assert (early.outcomes, late.outcomes) == ({}, {State.SENT: 1})
    assert transport.envelopes[0] == transport.envelopes[-1]


def test_leaving_counts_at_once_also_for_planned_mail(engine, session, three):
    three[0].status = Status.UNSUBSCRIBED
    suppress(session, three[1].email, "a bounce", NOW)
    session.delete(three[2])
    session.commit()
    transport = Scripted()

    sending(engine, transport)

    assert transport.envelopes == []
    assert states(session) == [State.SUPPRESSED] * 3
    assert session.exec(select(Delivery.outcome).order_by(Delivery.id)).all()[0::2] == [
        "the reader is unsubscribed",
        "the reader was erased",
    ]
    assert session.exec(select(Pick)).all() == []


def test_a_message_whose_papers_are_gone_fails_alone(engine, session, three):
    paper = session.exec(select(Pick.paper).where(Pick.subscriber_id == three[0].id)).first()
    session.delete(session.get_one(EditionPaper, (session.exec(select(Edition.id)).one(), paper)))
    for pick in session.exec(select(Pick).where(Pick.subscriber_id != three[0].id, Pick.paper == paper)):
        session.delete(pick)
    session.commit()

    sending(engine, Scripted())

    assert states(session) == [State.FAILED, State.SENT, State.SENT]
    assert "is gone from the database" in session.exec(select(Delivery.outcome).order_by(Delivery.id)).first()


def test_a_bug_that_one_reader_brings_out_does_not_stop_the_others(engine, session, three):
    broken = session.exec(select(Delivery).order_by(Delivery.id)).first()
    broken.details = {}
    session.commit()

    report = sending(engine, Scripted())

    assert states(session) == [State.DEFERRED, State.SENT, State.SENT]
    assert list(report.troubles) == ["deferred: unexpected KeyError: 'name'"]


def test_a_bad_imprint_is_a_failed_delivery_with_its_reason(engine, session, config):
    stored(session)
    reader(session, "ada@example.org", "Graphs")
    planned(
        session, config.model_copy(update={"newsletter": config.newsletter.model_copy(update={"url": "nonsense"})})
    )

    report = sending(engine, Scripted())

    assert report.outcomes == {State.FAILED: 1}
    assert "newsletter.url" in session.exec(select(Delivery.outcome)).one()


def test_an_unknown_message_is_sent_again_or_held(engine, session, three):
    unknown = Outcome(Verdict.UNKNOWN, Phase.AFTER_DOT, "no reply")
    transport = Scripted(unknown)
    sending(engine, transport, on_unknown="hold")

    sending(engine, transport, NOW + timedelta(days=2), on_unknown="hold")

    assert sorted(states(session)) == [State.SENT, State.SENT, State.UNKNOWN]
    assert len(transport.envelopes) == 3


def test_a_digest_that_became_too_late_is_skipped_with_the_reason(engine, session, three):
    transport = Scripted()

    report = sending(engine, transport, NOW + timedelta(hours=18, seconds=1))

    assert (report.outcomes, transport.envelopes) == ({State.SKIPPED: 3}, [])
    assert session.exec(select(Delivery.outcome)).first() == "too late: it was to go out by 2026-03-11 06:00 UTC"
    assert session.exec(select(Pick)).all() == []


def test_a_doubt_stays_a_doubt_when_it_is_too_late_to_try_again(engine, session, three):
    sending(engine, Scripted(Outcome(Verdict.UNKNOWN, Phase.AFTER_DOT, "no reply")))

    report = sending(engine, Scripted(), NOW + timedelta(days=2))
    later = sending(engine, Scripted(), NOW + timedelta(days=9))

    assert (report.outcomes, later.outcomes) == ({State.UNKNOWN: 1}, {})
    assert (
        "an earlier try may have arrived" in session.exec(select(Delivery.outcome).order_by(Delivery.id)).first()
    )


def test_a_pause_holds_back_what_was_planned(engine, session, three):
    three[0].paused_until = NOW + timedelta(days=9)
    session.commit()

    assert sending(engine, Scripted()).outcomes == {State.SKIPPED: 1, State.SENT: 2}


def test_a_run_can_be_limited_to_one_reader(engine, session, three):
    transport = Scripted()

    sending(engine, transport, only=three[1].id)

    assert [envelope.recipient for envelope in transport.envelopes] == ["reader1@example.org"]


def test_an_address_that_the_server_cannot_take_fails_alone(engine, session, config):
    stored(session)
    readers = [reader(session, f"{name}@example.org", "Graphs") for name in ("ada", "zoë", "lin")]
    planned(session, config)

    with mail_server(enable_SMTPUTF8=False) as server, Smtp(settings(server), Clock()) as transport:
        report = sending(engine, transport)

    assert states(session) == [State.SENT, State.FAILED, State.SENT]
    assert [taken.recipient for taken in server.taken] == [readers[0].email, readers[2].email]
    assert list(report.troubles) == ["failed: 553 5.6.7 the server takes no UTF-8 addresses (RFC 6531)"]


def test_a_run_of_letters_only_leaves_digests_alone(engine, session, three, config):
    welcome = LetterWanted(LetterKind.WELCOME, three[0].id, three[0].email, 7, NOW + timedelta(days=2))
    letters.put(session, wiring.letters(config), KEYS, welcome, NOW)
    session.commit()

    alone, rest = sending(engine, Scripted(), letters_only=True), sending(engine, Scripted())

    assert (alone.outcomes, alone.periods) == ({State.SENT: 1}, {"7"})
    assert rest.outcomes == {State.SENT: 3}


def test_progress_is_told_after_each_message(engine, session, three):
    told = []
    send.run(engine, Scripted, lambda: NOW, policy(), lambda report: told.append(sum(report.outcomes.values())))

    assert told == [1, 2, 3]


def test_a_digest_goes_to_the_address_that_is_the_readers_when_it_is_sent(engine, session, three):
    moved, stays, left_behind = three
    moved.email = "moved@example.org"
    ledger_plans.readdress(session, moved.id, moved.email)
    left_behind.email = "behind@example.org"
    session.commit()
    transport = Scripted()

    sending(engine, transport)

    assert {envelope.recipient for envelope in transport.envelopes} == {"moved@example.org", stays.email}
    assert states(session) == [State.SENT, State.SENT, State.SUPPRESSED]
