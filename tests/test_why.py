"""`newsletter why`, whole stories: what people read in the situations that they ask about."""

from datetime import timedelta

from sqlmodel import select
from why_world import (
    DAY,
    DUE,
    FIRST,
    HOURS,
    JOINED,
    NOON,
    SECOND,
    ada,
    asked,
    fetched,
    planned,
    sent,
    story,
    ticked,
)
from world import KEYS, Scripted, deferred, stored

from newsletter import holds, journal, pick, schedule
from newsletter.due import Rules
from newsletter.models import Delivery, Feedback
from newsletter.record_models import RunKind
from subscribers import leaving
from subscribers.consent import Asker

MORNING = DUE - HOURS
READER = "The reader is active: daily at 7:00 Europe/Berlin, 10 papers at most."
CONFIRMED = "The subscription: confirmed on 1 March 2026 at 10:00 Europe/Berlin (09:00 UTC)."
NEXT = "The next digest is due on 11 March 2026 at 07:00 Europe/Berlin (06:00 UTC)."


def test_a_digest_that_was_sent(session, config):
    stored(session, now=MORNING)
    reader = ada(session)
    planned(session, config)
    sent(session, Scripted())

    assert (
        story(session, config, reader)
        == f"""\
ada@example.org got the digest of Tuesday, 10 March 2026: it was sent at 07:02 Europe/Berlin (06:02 UTC).
It was due and planned at 07:00 Europe/Berlin (06:00 UTC), from 6 papers.
It was tried once; the mail server's last words were: 250 ok
  1. Graph neural networks for catalysts ({FIRST}). Matches Graphs: graph neural network.
  2. Message passing on molecular graphs ({SECOND}). Matches Graphs: message passing.
{READER}
Sources read that day: told (6 new).
{CONFIRMED}
There was no digest before that.
{NEXT}"""
    )


def test_a_day_on_which_nothing_was_worth_sending(session, config):
    stored(session, now=MORNING)
    reader = ada(session, "Cooking")
    planned(session, config)

    assert (
        story(session, config, reader)
        == f"""\
ada@example.org got no digest for Tuesday, 10 March 2026: no paper was worth sending.
It was due and planned at 07:00 Europe/Berlin (06:00 UTC), from 6 papers.
Nothing worth sending: of 6 papers the best fits 0.00, the floor is 0.10.
{READER}
Sources read that day: told (6 new).
{CONFIRMED}
There was no digest before that.
{NEXT}"""
    )


def test_a_reader_who_paused(session, config):
    stored(session, now=MORNING)
    reader = ada(session)
    leaving.pause(session, reader, NOON + DAY, JOINED)

    assert (
        story(session, config, reader)
        == f"""\
ada@example.org got no digest for Tuesday, 10 March 2026: they paused until 11 March 2026 at 12:00 \
Europe/Berlin (11:00 UTC).
The reader is paused: daily at 7:00 Europe/Berlin, 10 papers at most; paused until 11 March 2026 at 12:00 \
Europe/Berlin (11:00 UTC).
Sources read that day: told (6 new).
{CONFIRMED}
There was no digest before that.
The next digest is due on 12 March 2026 at 07:00 Europe/Berlin (06:00 UTC)."""
    )


def test_an_edition_that_the_gate_holds(session, config):
    stored(session, now=MORNING)
    reader = ada(session)
    planned(session, config, rules=Rules(judged=True))
    reasons = ["Only 6 papers to choose from."]
    holds.hold(session, "2026-03-10", "gate", reasons, DUE)
    journal.write(session, RunKind.GATE, "2026-03-10", DUE, (DUE, DUE), reasons[0], ok=False)
    session.commit()

    assert (
        story(session, config, reader)
        == f"""\
The digest of Tuesday, 10 March 2026 is planned and not sent yet: the edition is held since 07:00 \
Europe/Berlin (06:00 UTC), by the gate.
It was due and planned at 07:00 Europe/Berlin (06:00 UTC), from 6 papers.
  1. Graph neural networks for catalysts ({FIRST}). Matches Graphs: graph neural network.
  2. Message passing on molecular graphs ({SECOND}). Matches Graphs: message passing.
The gate holds this edition since 07:00 Europe/Berlin (06:00 UTC): Only 6 papers to choose from.
{READER}
Sources read that day: told (6 new).
{CONFIRMED}
There was no digest before that.
{NEXT}"""
    )


def test_a_digest_that_the_mail_server_put_off(session, config):
    stored(session, now=MORNING)
    reader = ada(session)
    planned(session, config)
    sent(session, Scripted(deferred("451 4.7.1 <ada@example.org> is greylisted")))
    ticked(session, DUE, DUE)

    assert (
        story(session, config, reader, at=DUE + timedelta(minutes=5))
        == f"""\
The digest of Tuesday, 10 March 2026 is not delivered yet: the last try failed for now, and it is tried again \
from 07:09 Europe/Berlin (06:09 UTC) on.
It was due and planned at 07:00 Europe/Berlin (06:00 UTC), from 6 papers.
It was tried once; the mail server's last words were: 451 4.7.1 <a…@example.org> is greylisted
It goes out until 11 March 2026 at 01:00 Europe/Berlin (00:00 UTC); after that it is skipped as too late.
  1. Graph neural networks for catalysts ({FIRST}). Matches Graphs: graph neural network.
  2. Message passing on molecular graphs ({SECOND}). Matches Graphs: message passing.
{READER}
Sources read that day: told (6 new).
The clock of the newsletter last turned at 07:00 Europe/Berlin (06:00 UTC).
{CONFIRMED}
There was no digest before that.
{NEXT}"""
    )


def test_a_monthly_reader_on_another_day(session, config):
    stored(session, now=MORNING)
    reader = ada(session, cadence="monthly")
    ticked(session, DUE, DUE)

    assert (
        story(session, config, reader)
        == f"""\
ada@example.org got no digest for Tuesday, 10 March 2026: they get it on the first Monday of each month, and that \
day is not one of them.
The reader is active: on the first Monday of each month at 7:00 Europe/Berlin, 10 papers at most.
Sources read that day: told (6 new).
{CONFIRMED}
There was no digest before that.
The next digest is due on 6 April 2026 at 07:00 Europe/Berlin (05:00 UTC)."""
    )


def test_a_digest_missed_because_the_newsletter_was_down(session, config):
    stored(session, now=MORNING)
    reader = ada(session)
    due = schedule.missed(session, DUE + DAY, MORNING, DUE)
    session.commit()
    words = (
        "missed: the newsletter was not running from 2026-03-09 20:00 UTC on, and after 18 hours it was too late"
    )
    pick.miss(session.get_bind(), due, "papers@example.org", KEYS, DUE + DAY, words)
    session.expire_all()

    assert (
        story(session, config, reader, now=DUE + DAY)
        == f"""\
ada@example.org got no digest for Tuesday, 10 March 2026: the newsletter was not running from 2026-03-09 20:00 \
UTC on, and after 18 hours it was too late.
It was due at 07:00 Europe/Berlin (06:00 UTC) and planned on 11 March 2026 at 07:00 Europe/Berlin (06:00 UTC).
{READER}
Sources read that day: told (6 new).
{CONFIRMED}
There was no digest before that.
The next digest is due on 12 March 2026 at 07:00 Europe/Berlin (06:00 UTC)."""
    )


def test_a_newsletter_that_is_down_right_now(session, config):
    stored(session, now=MORNING)
    reader = ada(session)
    ticked(session, DUE - 9 * HOURS, DUE - 9 * HOURS)

    assert (
        story(session, config, reader)
        == f"""\
ada@example.org got no digest for Tuesday, 10 March 2026: the newsletter was not running when it was due, it has \
not been since 9 March 2026 at 22:00 Europe/Berlin (21:00 UTC). It still goes out if `newsletter up` runs before \
11 March 2026 at 01:00 Europe/Berlin (00:00 UTC).
{READER}
Sources read that day: told (6 new).
The clock of the newsletter last turned on 9 March 2026 at 22:00 Europe/Berlin (21:00 UTC).
{CONFIRMED}
There was no digest before that.
{NEXT}"""
    )


def test_everything_that_happened_around_then_is_told(session, config):
    stored(session, now=MORNING)
    reader = ada(session)
    planned(session, config)
    sent(session, Scripted(), at=DUE + 3 * HOURS)
    fetched(session, MORNING, words="told: 503 from upstream for ada@example.org", new=0)
    journal.write(session, RunKind.PLAN, "", DUE, (DUE, DUE), "went without told", {"planned": 1})
    session.add(Feedback(subscriber_id=reader.id, paper="arxiv:2603.00002", thumb=-1, at=NOON))
    leaving.leave(session, reader, Asker(), NOON)
    session.commit()

    lines = asked(session, config, reader, at=NOON + HOURS).lines

    assert "from 6 papers. It went out 3 hours after its hour." in lines[1]
    assert (
        "told failed in 1 of 2 reads that day, 6 new papers: Told: 503 from upstream for a…@example.org." in lines
    )
    assert "07:00 Europe/Berlin (06:00 UTC), plan: Went without told." in lines
    assert "They asked for less like “Graph neural networks for catalysts”." in lines
    assert "withdrawn on 10 March 2026 at 12:00 Europe/Berlin (11:00 UTC)." in "".join(lines)
    assert lines[-1] == "No further digest is due."


def test_the_digest_before_and_letters_around_are_told(session, config):
    stored(session, now=DUE - 7 * HOURS)
    reader = ada(session)
    planned(session, config)
    sent(session, Scripted())
    row = session.exec(select(Delivery)).one()
    old = row.model_dump(exclude={"id"}) | {"letter": "welcome", "period": "7", "message_id": "<m>"}
    session.add(Delivery(**old))
    planned(session, config, at=DUE + DAY)
    found = asked(session, config, reader, at=DUE + DAY)

    assert found.code == "nothing"
    welcome = "welcome, sent on 10 March 2026 at 07:02 Europe/Berlin (06:02 UTC)"
    assert f"Other letters around then: {welcome}." in found.lines
    assert "The digest before, of Tuesday, 10 March 2026, was sent." in found.lines
    later = asked(session, config, reader, at=DUE + 2 * DAY)
    skipped = "The digest before, of Wednesday, 11 March 2026, was skipped: no paper was worth sending."
    assert skipped in later.lines


def test_asking_stores_nothing(session, config):
    stored(session, now=MORNING)
    reader = ada(session)
    session.commit()

    asked(session, config, reader, paper="graph neural")

    assert not session.new
    assert not session.dirty
    assert session.exec(select(Delivery)).all() == []


def test_an_evening_reader_asks_in_the_morning_about_the_digest_that_is_still_open(session, config):
    stored(session, now=DUE - 12 * HOURS)
    reader = ada(session, hour=22)
    evening = DUE - 9 * HOURS  # 22:00 in Berlin, on Monday
    planned(session, config, at=evening)
    sent(session, Scripted(), at=evening)

    open_one = asked(session, config, reader, at=DUE)
    that_day = asked(session, config, reader, at=DUE, whole_day=True)

    assert (open_one.code, open_one.facts.day.date) == ("sent", "2026-03-09")
    assert (that_day.code, that_day.facts.day.date) == ("not yet", "2026-03-10")
    assert "it is due at 22:00 Europe/Berlin (21:00 UTC), in 15 hours." in that_day.lines[0]
