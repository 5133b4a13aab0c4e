"""Figures of a span of time: each counts what it says, and digests are counted once."""

from datetime import UTC, datetime, timedelta

import pytest
from rich.text import Text
from sqlalchemy import text
from sqlmodel import Session

from newsletter import journal, stats
from newsletter.cli import stats as command
from newsletter.db import insert
from newsletter.ledger import HELD
from newsletter.models import Delivery, Skip, SourceState, State
from newsletter.record_models import Hold, HoldState, RunKind
from subscribers.models import Consent, Status, Subscriber, Suppression

SINCE = datetime(2026, 3, 10, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=1)
MORNING = SINCE + timedelta(hours=7)
HOUR = timedelta(hours=1)


def reader(session, number=1, status=Status.ACTIVE, *events):
    """A reader to whom these things happened in the morning."""
    session.add(Subscriber(id=number, email=f"r{number}@example.org", status=status, created_at=SINCE))
    session.flush()
    for event in events:
        session.add(Consent(subscriber_id=number, at=MORNING, event=event, wording="said"))
    session.flush()


def digest(number, **changes):
    """A delivery of the day, sent at seven."""
    row = {
        "subscriber_id": None,
        "address": f"r{number}@example.org",
        "letter": "digest",
        "period": "2026-03-10",
        "state": State.SENT,
        "message_id": f"<{number}>",
        "date": MORNING,
        "due_at": MORNING,
        "not_before": MORNING,
        "not_after": MORNING + 18 * HOUR,
        "sent_at": MORNING,
    }
    return Delivery(**row | changes)


def figures(session):
    session.commit()
    return stats.between(session, SINCE, UNTIL)


def test_planned_is_the_sum_of_what_became_of_the_digests(session):
    session.add_all([digest(1), digest(2), digest(3, state=State.DEFERRED), digest(4, state=State.FAILED)])
    session.add(digest(5, state=State.SKIPPED, skipped_for=Skip.NOTHING))
    session.add(digest(6, state=State.SKIPPED, skipped_for=Skip.RESTING))
    session.add(digest(7, state=State.SKIPPED, skipped_for=Skip.NOTHING))

    found = figures(session)

    assert found.planned == 7
    assert sum(found.by_state.values()) == 7
    assert {state: count for state, count in found.by_state.items() if count} == {
        "sent": 2,
        "deferred": 1,
        "failed": 1,
        "skipped": 3,
    }
    assert found.skipped == {"nothing": 2, "resting": 1}


def test_a_digest_counts_in_the_span_in_which_its_hour_struck_and_in_no_other(session):
    edges = (SINCE - timedelta(seconds=1), SINCE, UNTIL - timedelta(seconds=1), UNTIL)
    session.add_all([digest(number, due_at=due_at) for number, due_at in enumerate(edges)])

    assert figures(session).planned == 2
    assert stats.between(session, UNTIL, UNTIL + HOUR).planned == 1


def test_letters_are_counted_by_kind_when_they_were_sent(session):
    session.add_all([digest(number, letter="welcome", period=str(number), due_at=None) for number in (1, 2)])
    session.add(digest(3, letter="confirm", period="3", due_at=None, state=State.PENDING))
    session.add(digest(4, letter="goodbye", period="4", due_at=None, sent_at=UNTIL))

    found = figures(session)

    assert found.letters == {"welcome": 2}
    assert found.planned == 0


def test_readers_who_came_and_went_are_counted_once_each(session):
    reader(session, 1, Status.ACTIVE, "asked", "confirmed")
    reader(session, 2, Status.ACTIVE, "withdrawn", "returned")
    reader(session, 3, Status.UNSUBSCRIBED, "withdrawn while paused")
    reader(session, 4, Status.UNSUBSCRIBED, "withdrawn while pending")
    reader(session, 5, Status.BOUNCED, "bounced")
    reader(session, 6, Status.COMPLAINED, "complained", "withdrawn")
    reader(session, 7, Status.PENDING)
    session.add(Consent(subscriber_id=7, at=SINCE - HOUR, event="confirmed", wording="earlier"))
    session.add(Suppression(email="r5@example.org", reason="bounced", since=MORNING))
    session.add(Suppression(email="r9@example.org", reason="asked", since=UNTIL))

    found = figures(session)

    assert (found.confirmed, found.lost, found.bounced, found.suppressed) == (2, 4, 1, 1)
    assert found.readers == {
        "pending": 1,
        "active": 2,
        "paused": 0,
        "unsubscribed": 2,
        "bounced": 1,
        "complained": 1,
    }


def test_sources_are_told_with_their_reads_and_how_they_stand(session):
    for name, new, words in (("arxiv", 9, ""), ("arxiv", 3, ""), ("arxiv", 0, "503"), ("feed", 1, "")):
        times = (MORNING, MORNING + timedelta(seconds=new))
        journal.write(session, RunKind.FETCH, name, MORNING, times, words, {"new": new}, ok=not words)
    journal.write(session, RunKind.FETCH, "arxiv", UNTIL, (UNTIL, UNTIL + 9 * HOUR), "", {"new": 7})
    journal.write(session, RunKind.FETCH, "feed", MORNING, (MORNING, MORNING))
    session.add(SourceState(name="arxiv", last_success_at=MORNING, last_news_at=SINCE, last_error="503"))
    session.add(SourceState(name="silent", last_error_at=SINCE))

    arxiv, feed, silent = figures(session).sources

    assert arxiv == stats.SourceFigures("arxiv", 3, 1, 12, MORNING, MORNING, SINCE, "503")
    assert (feed.reads, feed.new, feed.last_read_at) == (2, 1, None)
    assert (silent.reads, silent.last_read_at) == (0, SINCE)


def test_the_slowest_step_is_named_and_a_whole_tick_is_none(session):
    assert figures(session).slowest is None
    journal.write(session, RunKind.TICK, "", MORNING, (MORNING, MORNING + HOUR))
    journal.write(session, RunKind.PLAN, "", MORNING, (MORNING, MORNING + timedelta(seconds=8)))
    journal.write(session, RunKind.FETCH, "arxiv", MORNING, (MORNING, MORNING + timedelta(seconds=2)))

    assert figures(session).slowest == ("plan", 8.0)


def test_what_waits_is_told_with_why_and_until_when(session):
    session.add(Hold(date="2026-03-10", state=HoldState.HELD, by="gate", reasons=["Only 2 papers."], at=MORNING))
    session.add_all([digest(number, state=State.PENDING, not_before=HELD) for number in (1, 2)])
    session.add(digest(4, state=State.DEFERRED, outcome="451 later", not_before=MORNING + HOUR))
    session.add(digest(5, state=State.UNKNOWN, outcome="no reply", not_before=HELD, period="2026-03-08"))
    session.add(digest(6, state=State.UNKNOWN, outcome="long ago", not_before=HELD, period="2026-02-01"))

    held, *others = figures(session).waiting

    assert (held.count, held.next_try) == (2, None)
    assert "the edition of 2026-03-10 is held" in held.outcome
    assert [(each.count, each.outcome, each.next_try) for each in others] == [
        (1, "451 later", MORNING + HOUR),
        (1, "no reply", None),
    ]


def test_decisions_about_editions_and_dead_senders_are_told(session):
    session.add(Hold(date="2026-03-09", state=HoldState.HELD, by="admin", reasons=[], at=SINCE - HOUR))
    session.add(Hold(date="2026-03-10", state=HoldState.RELEASED, by="gate", at=MORNING, settled_at=MORNING))
    session.add(Hold(date="2026-03-01", state=HoldState.CANCELLED, by="admin", at=SINCE, settled_at=SINCE - HOUR))
    session.add(digest(1, state=State.SENDING, lease_until=MORNING, owner="gone"))
    session.add(digest(2, state=State.SENDING, lease_until=UNTIL + HOUR, owner="here"))
    journal.mark(session, journal.TICKED, MORNING)

    found = figures(session)

    assert [(each.date, each.state) for each in found.holds] == [
        ("2026-03-09", "held"),
        ("2026-03-10", "released"),
    ]
    assert (found.dead, found.last_tick) == (1, MORNING)


def printed(found):
    """The lines of `newsletter stats`, without the table of sources."""
    return [" ".join(line) for line in command._lines(found, 1, command.ZoneInfo("UTC"))]


def test_the_command_says_each_figure_in_words(session):
    reader(session, 1, Status.ACTIVE, "confirmed")
    session.add(Hold(date="2026-03-10", state=HoldState.HELD, by="gate", reasons=["Only 2 papers."], at=MORNING))
    session.add(digest(1, state=State.DEFERRED, outcome="451 r1@example.org later", not_before=MORNING + HOUR))
    session.add(digest(2, state=State.SKIPPED, skipped_for=Skip.DAY_OFF))
    session.add(digest(3, state=State.SENDING, lease_until=MORNING, owner="gone"))
    journal.mark(session, journal.TICKED, MORNING)
    journal.write(session, RunKind.PLAN, "", MORNING, (MORNING, MORNING + timedelta(seconds=2)))

    assert printed(figures(session)) == [
        "today from 2026-03-10 00:00 to 2026-03-11 00:00 UTC",
        "digests 3 planned = 1 sending + 1 deferred + 1 skipped",
        " skipped: 1 day off",
        " 1 wait (tried again from 2026-03-10 08:00): 451 r…@example.org later",
        "letters none was sent",
        "readers 1 active",
        " 1 confirmed",
        "edition 2026-03-10 held, by the gate: Only 2 papers.",
        "clock last tick 2026-03-10 07:00",
        "slowest plan, 2.0 s",
        "dead 1 left behind by a sender that stopped; the next one takes them up",
    ]


@pytest.mark.parametrize("days", [1, 3])
def test_several_days_are_named_as_such(session, days):
    first, *_ = command._lines(figures(session), days, command.ZoneInfo("Europe/Berlin"))

    assert first[0] == ("today" if days == 1 else "3 days")
    assert first[1] == "from 2026-03-10 01:00 to 2026-03-11 01:00 Europe/Berlin"
    assert Text(first[1])


def test_no_figure_reads_all_deliveries(engine):
    """The plan of each count of digests names an index: with 100,000 of them a full read would be felt."""
    if engine.dialect.name != "sqlite":
        return  # its planner goes by statistics, and reads a small table whole
    seen = []
    with Session(engine) as session:
        connection = session.connection()
        session.execute(insert(session, Subscriber).values(email="a@example.org", created_at=SINCE))
        raw = connection.connection.driver_connection
        raw.set_trace_callback(seen.append)
        stats.between(session, SINCE, UNTIL)
        raw.set_trace_callback(None)
        counts = [each for each in seen if "FROM delivery" in each]
        plans = [
            str(session.execute(text(f"EXPLAIN QUERY PLAN {each}".replace(":", "\\:"))).all()) for each in counts
        ]

    assert len(plans) == 6
    assert all("USING" in plan and "INDEX" in plan and "SCAN delivery'" not in plan for plan in plans), plans
