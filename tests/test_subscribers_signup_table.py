"""Whatever happens in whatever order, the table of moves holds and the record only grows."""

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select
from subscription import ASKER, CHOICES, NOW, TERMS, WISHES

from subscribers import people, signup
from subscribers.csv_rows import read_csv
from subscribers.imports import import_rows
from subscribers.models import CONFIRMED, STOPPED, Confirmation, Consent, Status, Subscriber
from subscribers.moves import move
from subscribers.signup import MOVES, Event
from subscribers.suppression import lift

EMAILS = ("ada@example.org", "emmy@example.org")
NAMES = (
    *("join", "link", "confirm", "leave", "undo", "pause", "resume", "change", "agree", "bounce", "complain"),
    *("lift", "purge", "data"),
    *("join", "confirm", "leave", "undo"),  # more often than the others: they lead to each other
)
# One reads and one is asked before anything else happens.
BEGINNING = [("join", EMAILS[0], 0, 0), ("confirm", EMAILS[0], 0, 0), ("join", EMAILS[1], 0, 0)]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from(EMAILS),
        st.sampled_from([0, 0, 1, 3]),  # which of the letters so far, counted from the newest
        st.sampled_from([0, 1, 13, 49, 24 * 31]),  # hours that pass before
    ),
    min_size=5,
    max_size=25,
)
# Which events each step may cause.
ALLOWED = {
    "confirm": {Event.CONFIRMED},
    "leave": {Event.LEFT},
    "undo": {Event.RETURNED, Event.REOPENED},
    "pause": {Event.PAUSED},
    "resume": {Event.RESUMED},
    "bounce": {Event.BOUNCED},
    "complain": {Event.COMPLAINED},
}


def test_every_status_can_be_left_but_the_last_word_stands():
    assert {before for before, _ in MOVES} == set(Status) - {Status.COMPLAINED}
    assert {event for _, event in MOVES} == set(Event)
    assert CONFIRMED | STOPPED | {Status.PENDING} == set(Status)


def test_only_a_yes_or_taking_a_no_back_makes_anyone_a_reader():
    into = {event for (before, event), after in MOVES.items() if before not in CONFIRMED and after in CONFIRMED}

    assert into == {Event.CONFIRMED, Event.RETURNED}


@pytest.mark.parametrize(("status", "event"), list(product(Status, Event)))
def test_what_is_not_in_the_table_changes_nothing(status, event):
    reader = Subscriber(email="ada@example.org", status=status, created_at=NOW)

    assert move(reader, event) is ((status, event) in MOVES)

    assert reader.status is MOVES.get((status, event), status)


def _do(session, step, email, which, now):
    reader = people.known(session, email)
    last = _last(session, Confirmation, which)
    withdrawal = _last(session, Consent, which)
    acts = {
        "join": lambda: signup.join(session, email, WISHES, CHOICES, ASKER, TERMS, now),
        "link": lambda: signup.send_link(session, email, ASKER, TERMS, now),
        "confirm": lambda: signup.confirm(session, last, ASKER, now),
        "undo": lambda: signup.undo(session, withdrawal, ASKER, now),
        "agree": lambda: signup.agree_to_change(session, last, ASKER, now, old=bool(which % 2)),
        "lift": lambda: lift(session, email),
        "purge": lambda: signup.purge(session, TERMS, now),
    }
    if reader is not None:
        acts |= {
            "leave": lambda: signup.leave(session, reader, ASKER, now),
            "pause": lambda: signup.pause(session, reader, None, now),
            "resume": lambda: signup.resume(session, reader, now),
            "change": lambda: signup.ask_change(session, reader, "new@example.org", ASKER, TERMS, now),
            "data": lambda: signup.ask_data(session, reader, ASKER, TERMS, now),
            "bounce": lambda: signup.bounced(session, reader, "550", now),
            "complain": lambda: signup.complained(session, reader, "", now),
        }
    acts.get(step, lambda: None)()
    session.flush()
    session.expire_all()


def _last(session, table, which):
    numbers = session.exec(select(table.id).order_by(table.id.desc()).limit(5)).all()
    return numbers[which % len(numbers)] if numbers else 0


def _standings(session):
    return {reader.id: reader.status for reader in session.exec(select(Subscriber))}


def _rows(session):
    return {row.id: (row.subscriber_id, row.at, row.event, row.wording) for row in session.exec(select(Consent))}


def _explained(before, after, events):
    """Whether one or two of these events (an undone withdrawal may end in a pause) lead there."""
    first = {MOVES.get((before, event)) for event in events}
    second = {MOVES.get((status, event)) for status in first for event in (Event.PAUSED, Event.BOUNCED)}
    return after in (first | second if Event.RETURNED in events else first)


@pytest.mark.uncounted
@given(STEPS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # the decisions are the same on both
def test_any_life_keeps_to_the_table_and_to_the_record(session, steps):
    session.rollback()
    now = NOW
    for step, email, which, hours in BEGINNING + steps:
        now += timedelta(hours=hours)
        before, told = _standings(session), _rows(session)

        _do(session, step, email, which, now)

        after, tells = _standings(session), _rows(session)
        for number in before.keys() & after.keys():
            changed = before[number] is not after[number]
            assert not changed or _explained(before[number], after[number], ALLOWED.get(step, set()))
        assert all(after[number] is Status.PENDING for number in after.keys() - before.keys())
        forgotten = {before[number] for number in before.keys() - after.keys()}
        assert forgotten <= {Status.PENDING, Status.UNSUBSCRIBED}  # purged without ever a yes
        kept = {number: row for number, row in told.items() if row[0] in after}
        assert kept.items() <= tells.items()
        agreed = {row[0] for row in tells.values() if row[2] == "confirmed"}
        assert {number for number, status in after.items() if status in CONFIRMED} <= agreed


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_file_makes_no_reader_without_a_yes_on_record(session):
    rows, _ = read_csv(["email,status\n", *(f"{status}@example.org,{status}\n" for status in Status)])

    import_rows(session, rows, NOW, "They agreed on paper.")

    agreed = session.exec(select(Consent.subscriber_id).where(Consent.event == "confirmed")).all()
    assert sorted(agreed) == sorted(
        reader.id for reader in session.exec(select(Subscriber)) if reader.status in CONFIRMED
    )
