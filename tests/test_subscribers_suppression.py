"""An address on the list stays unmailed, whatever its spelling."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event
from sqlmodel import Session, select

from subscribers.models import Suppression
from subscribers.suppression import lift, reason_for, reasons_for, suppress, suppress_hashed

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize("spelling", ["ada@example.org", "ADA@example.org", "ada+papers@example.org"])
def test_a_suppressed_address_is_suppressed_in_every_spelling(session, spelling):
    assert suppress(session, "Ada+x@example.org", "complained", NOW)
    assert reason_for(session, spelling) == "complained"


def test_another_mailbox_is_not_suppressed(session):
    suppress(session, "ada@example.org", "complained", NOW)
    assert reason_for(session, "eda@example.org") is None


def test_the_first_reason_and_time_stay(session):
    assert suppress(session, "ada@example.org", "complained", NOW)
    assert not suppress(session, "ada+x@example.org", "bounced", NOW + timedelta(days=1))
    (kept,) = session.exec(select(Suppression)).all()
    assert (kept.email, kept.reason, kept.since) == ("ada@example.org", "complained", NOW)


def test_a_server_reply_becomes_a_reason_of_one_short_line(session):
    suppress(session, "ada@example.org", "550 5.1.1\r\nno\x00 such  user " + "x" * 300, NOW)
    reason = reason_for(session, "ada@example.org")
    assert reason.startswith("550 5.1.1 no such user xxx")
    assert len(reason) == 200


def test_a_missing_reason_is_said_so(session):
    suppress(session, "ada@example.org", " \n", NOW)
    assert reason_for(session, "ada@example.org") == "no reason given"


def test_a_lifted_suppression_is_gone(session):
    suppress(session, "ada@example.org", "complained", NOW)
    assert lift(session, "ADA+x@example.org")
    assert reason_for(session, "ada@example.org") is None
    assert not lift(session, "ada@example.org")


@pytest.mark.parametrize("spelling", ["ada@example.org", "ADA+papers@example.org"])
def test_an_address_kept_as_a_hash_is_found_and_lifted_in_every_spelling(session, spelling):
    suppress_hashed(session, "Ada+x@example.org", "erased", NOW)

    assert reason_for(session, spelling) == "erased"
    assert not suppress(session, spelling, "bounced", NOW)
    assert lift(session, spelling)
    assert session.exec(select(Suppression)).all() == []


def test_a_hash_takes_the_place_of_the_address(session):
    suppress(session, "ada@example.org", "complained", NOW)
    suppress_hashed(session, "ada@example.org", "erased", NOW)
    suppress_hashed(session, "ada@example.org", "erased", NOW)

    (kept,) = session.exec(select(Suppression)).all()
    digest = hashlib.sha256(b"ada@example.org").hexdigest()
    assert (kept.email, kept.reason) == (f"sha256:{digest}", "erased")


def test_many_addresses_are_asked_for_as_they_are_spelled(session):
    suppress(session, "ada@example.org", "complained", NOW)
    suppress(session, "emmy@example.org", "bounced", NOW)
    everybody = [f"reader{number}@example.org" for number in range(6000)]
    found = reasons_for(session, ["Ada+x@example.org", *everybody, "emmy@example.org"])
    assert found == {"Ada+x@example.org": "complained", "emmy@example.org": "bounced"}
    assert reasons_for(session, []) == {}


def test_a_suppression_by_another_process_is_seen_at_once(engine):
    with Session(engine) as mine, Session(engine) as other:
        assert reason_for(mine, "ada@example.org") is None
        mine.rollback()
        suppress(other, "ada@example.org", "complained", NOW)
        other.commit()
        assert reason_for(mine, "ada@example.org") == "complained"


@pytest.mark.postgresql
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)  # on SQLite the write lock is taken first
def test_two_processes_may_suppress_one_address_at_one_moment(engine, session):
    @event.listens_for(session, "before_flush", once=True)
    def _meanwhile(*_):
        with Session(engine) as other:
            suppress(other, "ada@example.org", "complained", NOW)
            other.commit()

    assert not suppress(session, "ada@example.org", "bounced", NOW)
    session.commit()
    assert reason_for(session, "ada@example.org") == "complained"
