"""The doctor reads the record: the last tick, messages in hand, what waits, what is held."""

from datetime import UTC, datetime, timedelta

import pytest
from doctor_patient import NOW, line, on, patient
from sqlmodel import Session, select

from newsletter import db, journal
from newsletter.doctor import CHECKS, record
from newsletter.ledger import HELD
from newsletter.models import Delivery, State
from newsletter.record_models import Hold, HoldState

LEASE = timedelta(seconds=60)


def asked(name, engine, folder, text=""):
    (check,) = [check for check in CHECKS if check.name == name]
    return line(check.examine(on(engine, folder, text)))


def ticked(engine, ago):
    with db.writing(engine) as session:
        journal.mark(session, journal.TICKED, NOW - ago)


def delivery(session, number=1, **more):
    plain = {
        "subscriber_id": None,
        "address": "ada@example.org",
        "letter": "digest",
        "period": f"2026-11-{number:02}",
        "message_id": f"<{number}@papers.test>",
        "date": NOW,
        "not_before": NOW,
        "not_after": NOW + timedelta(days=1),
    }
    session.add(Delivery(**plain | more))
    session.commit()


def test_a_clock_that_never_went_is_a_warning_with_the_cure(engine, tmp_path):
    said = asked("tick", engine, tmp_path)

    assert said.startswith("warn tick: there was none yet")
    assert "start newsletter up" in said


def test_a_clock_that_goes_passes_and_one_that_stopped_fails(engine, tmp_path):
    ticked(engine, timedelta(seconds=40))
    going = asked("tick", engine, tmp_path)
    ticked(engine, timedelta(hours=3))
    stopped = asked("tick", engine, tmp_path)

    assert going == "ok tick: 2026-11-23 11:59:20 UTC, 40 s ago; one is due every 30 s: "
    assert stopped.startswith("fail tick: 2026-11-23 09:00:00 UTC, 3 h ago; ")


def test_three_ticks_and_the_time_that_a_slow_one_takes_are_given(engine, session):
    given = 3 * timedelta(seconds=100) + record.SLACK
    ticked(engine, given)

    assert not record.overdue(session, NOW, 100)
    assert record.overdue(session, NOW + timedelta(seconds=1), 100)


def test_a_tick_in_progress_is_not_overdue(engine, session):
    ticked(engine, timedelta(hours=3))
    journal.take_turn(session, record.TURN, "somebody", NOW, timedelta(minutes=5))

    assert not record.overdue(session, NOW, 30)
    assert record.overdue(session, NOW + timedelta(minutes=5), 30)


@pytest.mark.parametrize(("seconds", "longest"), [(30, 60), (1, 10)])
def test_a_turn_that_a_wrong_clock_took_hides_no_clock_that_stopped(engine, session, seconds, longest):
    ticked(engine, timedelta(hours=3))
    most = timedelta(seconds=longest) + record.SLACK
    journal.take_turn(session, record.TURN, "somebody", NOW, most)
    longest_there_is = record.overdue(session, NOW, seconds)
    journal.take_turn(session, record.TURN, "somebody", NOW + timedelta(days=2), most)

    assert not longest_there_is
    assert record.overdue(session, NOW, seconds)
    assert record.overdue(session, NOW - timedelta(seconds=1) + timedelta(days=1), seconds)


def test_messages_in_the_hands_of_a_sender_that_is_gone_fail(engine, session, tmp_path):
    delivery(session, 1, state=State.SENDING, lease_until=NOW - LEASE)
    quiet = asked("leases", engine, tmp_path)
    delivery(session, 2, state=State.SENDING, lease_until=NOW - LEASE - timedelta(seconds=1))
    said = asked("leases", engine, tmp_path)

    assert quiet.startswith("ok leases: ")
    assert said.startswith("fail leases: 1 message in the hands of a sender that stopped: ")


def test_what_should_be_out_by_now_is_a_warning(engine, session, tmp_path):
    delivery(session, 1, not_before=NOW - timedelta(minutes=50))
    delivery(session, 2, not_before=HELD)
    quiet = asked("waiting", engine, tmp_path)
    delivery(session, 3, not_before=NOW - timedelta(hours=2), state=State.DEFERRED)
    said = asked("waiting", engine, tmp_path)

    assert quiet.startswith("ok waiting: ")
    assert said.startswith("warn waiting: 1 message due since 2026-11-23 10:00 UTC or later: ")


def test_what_was_tried_again_and_again_names_the_most_frequent_reason_without_an_address(
    engine, session, tmp_path
):
    later = NOW + timedelta(hours=1)
    for number, outcome in enumerate(
        ["451 try later", "450 ada@example.org is full", "450 ada@example.org is full"]
    ):
        delivery(session, number + 1, state=State.DEFERRED, attempts=4, not_before=later, outcome=outcome)

    said = asked("waiting", engine, tmp_path)

    assert said.startswith("warn waiting: 2 messages tried again and again: 450 a…@example.org is full: ")


def hold(session, date, state=HoldState.HELD, reasons=("it has 2 papers",)):
    session.add(Hold(date=date, state=state, by="gate", reasons=list(reasons), at=NOW))
    session.commit()


def test_an_edition_that_is_held_is_a_warning_with_its_reasons(engine, session, tmp_path):
    hold(session, "2026-11-22", HoldState.RELEASED)
    quiet = asked("held", engine, tmp_path)
    hold(session, "2026-11-23")
    hold(session, "2026-11-24", reasons=())

    said = asked("held", engine, tmp_path)

    assert quiet == "ok held: no edition waits for you: "
    assert said.startswith("warn held: 2026-11-24 by the gate: no reason given; 2026-11-23 by the gate: it has 2")
    assert "newsletter edition release 2026-11-24" in said


def test_many_held_editions_are_named_by_their_days(engine, session, tmp_path):
    for day in range(1, 8):
        hold(session, f"2026-11-{day:02}")

    assert "warn held: 2026-11-07, 2026-11-06, 2026-11-05, 2026-11-04, 2026-11-03 and 2 more" in asked(
        "held", engine, tmp_path
    )


def test_without_a_database_the_record_is_not_looked_at(tmp_path):
    said = {line(check.examine(patient(tmp_path))) for check in CHECKS if check.name in {"tick", "held"}}

    assert said == {f"note {name}: not looked at: the database is not ready: " for name in ("tick", "held")}


def test_nothing_of_the_record_is_changed_by_a_look(engine, session, tmp_path):
    delivery(session, 1, state=State.SENDING, lease_until=datetime(2020, 1, 1, tzinfo=UTC))

    for name in ("tick", "leases", "waiting", "held"):
        asked(name, engine, tmp_path)

    assert session.exec(select(Delivery.state)).all() == [State.SENDING]
    with Session(engine) as other:
        assert journal.marked(other, journal.TICKED) is None


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-3, "0 s"), (100, "100 s"), (120, "2 min"), (7300, "2 h"), (200_000, "2 days")],
)
def test_a_length_of_time_is_said_as_people_say_it(seconds, said):
    assert record.span(timedelta(seconds=seconds)) == said
