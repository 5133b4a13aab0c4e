"""What is due, and the rules that settle it before any paper is looked at."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select
from test_schedule import ZONES
from world import KEYS, NOW, reader, stored

from newsletter import due, pick, schedule, wiring
from newsletter.due import Due, Rules
from newsletter.models import Delivery, Pick, Skip, State
from newsletter.record_models import Hold, HoldState
from newsletter.schedule import Clock
from subscribers.models import Cadence

WINDOW = timedelta(hours=18)


def planned(session, config, each, at, rules=due.NO_RULES):
    """Plan what is due for this reader at that moment; their digests by period."""
    found = schedule.due(session, at, WINDOW, each.id)
    session.commit()
    pick.run(session.get_bind(), found, wiring.taste(config), wiring.issue(config), KEYS, at, at, rules)
    session.expire_all()
    return {row.period: row for row in session.exec(select(Delivery))}


def move(session, each, **changes):
    for name, value in changes.items():
        setattr(each, name, value)
    session.add(each)
    session.commit()


def test_a_move_to_the_east_brings_no_second_digest_within_twenty_hours(session, config):
    stored(session)
    each = reader(session, "ada@example.org", "Graphs", timezone="America/Los_Angeles", hour="7")
    planned(session, config, each, datetime(2026, 3, 10, 15, tzinfo=UTC))

    move(session, each, timezone="Asia/Tokyo")  # whose 11 March strikes seven in the same night, at 22:00 UTC
    digests = planned(session, config, each, datetime(2026, 3, 10, 22, 1, tzinfo=UTC))

    assert digests["2026-03-10"].state is State.PENDING
    assert (digests["2026-03-11"].state, digests["2026-03-11"].skipped_for) == (State.SKIPPED, Skip.SOON)
    assert digests["2026-03-11"].outcome == (
        "too soon: with the reader's new settings it is less than 20 hours from the digest that was due"
        " 2026-03-10 14:00 UTC"
    )


def test_a_date_that_was_only_too_soon_is_planned_when_it_is_due_again(session, config):
    stored(session)
    each = reader(session, "ada@example.org", "Graphs", timezone="America/Los_Angeles", hour="7", size="1")
    planned(session, config, each, datetime(2026, 3, 10, 15, tzinfo=UTC))
    move(session, each, timezone="Asia/Tokyo")
    planned(session, config, each, datetime(2026, 3, 10, 22, 1, tzinfo=UTC))

    move(session, each, timezone="America/Los_Angeles")
    digests = planned(session, config, each, datetime(2026, 3, 11, 15, tzinfo=UTC))

    assert digests["2026-03-11"].state is State.PENDING
    assert digests["2026-03-11"].due_at == datetime(2026, 3, 11, 14, tzinfo=UTC)


def test_a_second_look_at_a_date_that_is_too_soon_changes_nothing(session, config):
    stored(session)
    each = reader(session, "ada@example.org", "Graphs", timezone="America/Los_Angeles", hour="7")
    planned(session, config, each, datetime(2026, 3, 10, 15, tzinfo=UTC))
    move(session, each, timezone="Asia/Tokyo")

    first = planned(session, config, each, datetime(2026, 3, 10, 22, 1, tzinfo=UTC))["2026-03-11"].id

    assert planned(session, config, each, datetime(2026, 3, 10, 23, 1, tzinfo=UTC))["2026-03-11"].id == first


def test_a_digest_that_was_skipped_does_not_keep_the_next_one_away(session, config):
    stored(session)
    each = reader(session, "ada@example.org", "Cooking", timezone="America/Los_Angeles", hour="7")
    config = config.model_copy(update={"digest": config.digest.model_copy(update={"floor": 1.0})})
    planned(session, config, each, datetime(2026, 3, 10, 15, tzinfo=UTC))

    move(session, each, timezone="Asia/Tokyo")
    digests = planned(session, config, each, datetime(2026, 3, 10, 22, 1, tzinfo=UTC))

    assert {row.skipped_for for row in digests.values()} == {Skip.NOTHING}


def test_on_a_day_off_nobody_gets_a_digest_and_the_row_says_so(session, config):
    stored(session)
    each = reader(session, "ada@example.org", "Graphs")

    digests = planned(session, config, each, NOW, Rules(days_off=frozenset({"2026-03-10"})))

    assert digests["2026-03-10"].skipped_for is Skip.DAY_OFF
    assert "schedule.days_off" in digests["2026-03-10"].outcome
    assert session.exec(select(Pick)).all() == []


def test_a_held_edition_is_planned_and_waits(session, config):
    stored(session)
    each = reader(session, "ada@example.org", "Graphs")
    session.add(Hold(date="2026-03-10", state=HoldState.HELD, by="admin", reasons=["look"], at=NOW))

    digests = planned(session, config, each, NOW)

    assert digests["2026-03-10"].state is State.PENDING
    assert digests["2026-03-10"].not_before.year == 9999


def test_a_cancelled_edition_is_skipped_for_whoever_is_due_later(session, config):
    stored(session)
    each = reader(session, "ada@example.org", "Graphs")
    session.add(Hold(date="2026-03-10", state=HoldState.CANCELLED, by="admin", reasons=[], at=NOW))

    digests = planned(session, config, each, NOW)

    assert digests["2026-03-10"].skipped_for is Skip.CANCELLED
    assert digests["2026-03-10"].outcome == "the edition of 2026-03-10 was cancelled"


def test_what_the_gate_has_to_judge_waits(session, config):
    stored(session)
    each = reader(session, "ada@example.org", "Graphs")

    digests = planned(session, config, each, NOW, Rules(judged=True))

    assert digests["2026-03-10"].not_before.year == 9999
    assert digests["2026-03-10"].not_after == NOW + timedelta(hours=13)


def test_the_digest_after_a_silence_says_that_we_are_still_here(session, config):
    stored(session)
    each = reader(session, "ada@example.org", "Graphs", size="1")
    strict = config.model_copy(update={"digest": config.digest.model_copy(update={"floor": 1.0})})
    for day in (10, 11, 12):
        planned(session, strict, each, datetime(2026, 3, day, 12, tzinfo=UTC))

    digests = planned(session, config, each, datetime(2026, 3, 13, 12, tzinfo=UTC))

    assert digests["2026-03-12"].skipped_for is Skip.NOTHING
    assert digests["2026-03-13"].details["quiet"] == 3
    assert digests["2026-03-13"].details["quiet_since"] == "2026-03-10"


def test_one_quiet_day_is_no_silence(session, config):
    stored(session)
    each = reader(session, "ada@example.org", "Graphs", size="1")
    strict = config.model_copy(update={"digest": config.digest.model_copy(update={"floor": 1.0})})
    planned(session, strict, each, NOW)

    digests = planned(session, config, each, NOW + timedelta(days=1))

    assert digests["2026-03-10"].skipped_for is Skip.NOTHING
    assert "quiet" not in digests["2026-03-11"].details


@pytest.mark.parametrize(("apart", "near"), [(0, True), (19.9, True), (20, False), (-19.9, True), (-20, False)])
def test_less_than_twenty_hours_to_either_side_is_too_near(apart, near):
    other = NOW + timedelta(hours=apart)

    found = due.too_near(Due(1, "2026-03-10", due_at=NOW), [("2026-03-11", other)])

    assert found == (other if near else None)


def test_in_a_trial_nothing_is_too_near():
    assert due.too_near(Due(1, "2026-03-10"), [("2026-03-11", NOW)]) is None


CLOCKS = st.builds(
    Clock,
    st.sampled_from([Cadence.DAILY, Cadence.WEEKDAYS]),
    st.just(""),
    st.integers(0, 23),
    st.sampled_from(ZONES),
)
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(CLOCKS, CLOCKS, MOMENTS, st.floats(0, 48))
def test_a_change_of_clock_never_doubles_and_skips_one_period_at_most(old, new, moment, hours):
    last = old.next(moment)
    period = last.astimezone(ZoneInfo(old.timezone)).date().isoformat()
    changed = last + timedelta(hours=hours)

    following = [each for each in new.closed(changed, changed + timedelta(days=8)) if each[0] != period]
    left_out = [due.too_near(Due(1, date, due_at=at), [(period, last)]) is not None for date, at in following]

    assert sum(left_out) <= 1
    assert all(abs(at - last) >= due.APART for (_, at), soon in zip(following, left_out, strict=True) if not soon)
