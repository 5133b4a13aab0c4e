"""What the admin is told after a turn of the clock, once, and when it is over."""

from dataclasses import replace
from datetime import timedelta

from sqlmodel import select
from ticking import failing, notices, turn
from world import NOW, Scripted, deferred, reader, sending

from newsletter import holds, tick
from newsletter.record_models import Hold

HOUR = timedelta(hours=1)


def test_the_gate_holds_and_the_admin_is_told(session, parts):
    reader(session, "ada@example.org", "Graphs")
    parts = replace(parts, gate=replace(parts.gate, least_papers=100))

    report = turn(parts)

    assert report.held == ["2026-03-10"]
    assert session.exec(select(Hold.by)).all() == ["gate"]
    assert list(notices(session)) == ["edition held 2026-03-10"]
    assert "6" in notices(session)["edition held 2026-03-10"].words


def test_a_source_that_fails_three_times_is_told_once_and_when_it_is_over(session, parts):
    broken = replace(parts, sources=[failing()])
    for hours in range(5):
        turn(broken, NOW + hours * HOUR)

    assert list(notices(session)) == ["source fails told"]
    assert notices(session)["source fails told"].at == NOW + 2 * HOUR

    turn(parts, NOW + 6 * HOUR)
    assert notices(session)["source fails told"].ended_at == NOW + 6 * HOUR


def test_when_mails_wait_and_none_goes_out_the_admin_is_told_and_when_it_is_over(session, parts):
    reader(session, "ada@example.org", "Graphs")
    turn(parts)
    turn(parts, NOW + timedelta(minutes=59))
    assert notices(session) == {}

    turn(parts, NOW + HOUR)
    assert "does a sender run?" in notices(session)["smtp down"].words

    sending(session.get_bind(), Scripted(), NOW + HOUR)
    turn(parts, NOW + 2 * HOUR)
    assert notices(session)["smtp down"].ended_at == NOW + 2 * HOUR


def test_when_the_server_puts_everything_off_the_admin_hears_its_words(session, parts):
    for name in ("ada", "emmy", "mary"):
        reader(session, f"{name}@example.org", "Graphs")
    turn(parts)
    sending(session.get_bind(), Scripted(*3 * [deferred("451 4.3.0 no room")]))

    turn(parts, NOW + HOUR)

    assert "451 4.3.0 no room" in notices(session)["smtp down"].words


def test_an_edition_that_was_decided_about_is_no_trouble_any_more(session, parts):
    reader(session, "ada@example.org", "Graphs")
    turn(replace(parts, gate=replace(parts.gate, least_papers=100)))
    holds.release(session, "2026-03-10", NOW, HOUR)
    session.commit()

    turn(parts, NOW + timedelta(minutes=1))

    assert notices(session)["edition held 2026-03-10"].ended_at == NOW + timedelta(minutes=1)


def test_one_full_mailbox_is_no_trouble_with_the_server(session, parts):
    reader(session, "ada@example.org", "Graphs")
    turn(parts)
    sending(session.get_bind(), Scripted(deferred("452 mailbox full")))

    turn(parts, NOW + HOUR)

    assert notices(session) == {}


def test_a_gate_that_fails_ends_no_trouble(session, parts, monkeypatch):
    reader(session, "ada@example.org", "Graphs")
    turn(replace(parts, gate=replace(parts.gate, least_papers=100)))
    monkeypatch.setattr(tick.gate, "run", lambda *_: 1 / 0)

    turn(parts, NOW + timedelta(minutes=1))

    assert notices(session)["edition held 2026-03-10"].ended_at is None
