"""Holds: what becomes of an edition that is held, released or cancelled, whoever comes first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from judged import DATE, LATER, ROOM, decide, digests, lines, scheduled, states, waits
from ledgers import claimed, claims, recorded
from sqlmodel import Session, select
from world import NOW, Scripted, deferred, entry, planned, reader, sending, stored

from newsletter import holds
from newsletter.errors import EditionError
from newsletter.mail import Outcome, Phase, Verdict
from newsletter.models import Pick, Skip, State
from newsletter.record_models import HoldState

TOMORROW = "2026-03-11"
UNKNOWN = Outcome(Verdict.UNKNOWN, Phase.AFTER_DOT, "no reply")


def hold(engine, date=DATE, by=holds.ADMIN, reasons=(), now=NOW):
    return decide(engine, holds.hold, date, by, reasons, now)


def release(engine, date=DATE, now=LATER, room=ROOM):
    return decide(engine, holds.release, date, now, room)


def cancel(engine, date=DATE, now=LATER, words=""):
    return decide(engine, holds.cancel, date, now, words)


def state(session, date=DATE):
    session.rollback()
    found = holds.state_of(session, date)
    return found and (found.state, found.by, found.reasons, found.at, found.settled_at)


def test_an_edition_is_named_by_its_date():
    assert holds.named(" 2026-11-24 ") == "2026-11-24"
    with pytest.raises(EditionError, match="'tomorrow' names no edition: write its date, like 2026-11-24"):
        holds.named("tomorrow")


def test_nothing_of_a_held_edition_is_sent(engine, session, three):
    hold(engine, reasons=["The figures look odd."])

    smtp = Scripted()
    sending(engine, smtp, NOW + timedelta(days=2))

    assert (smtp.envelopes, states(session)) == ([], [State.PENDING] * 3)
    assert state(session) == (HoldState.HELD, "admin", ["The figures look odd."], NOW, None)
    assert [line.name for line in lines(session, "admin")] == [f"edition hold {DATE}"]
    assert lines(session, "admin")[0].words == "by the admin (The figures look odd.)"


def test_other_dates_and_letters_go_on(engine, session, three, config):
    hold(engine)

    tomorrow = NOW + timedelta(days=1)
    stored(session, entry("Message passing on graphs", 50, announced_at=tomorrow), now=tomorrow)
    planned(session, config, tomorrow)
    smtp = Scripted()
    sending(engine, smtp, tomorrow)

    assert len(smtp.envelopes) == 3


def test_a_date_to_come_is_held_before_anything_is_planned(engine, session, config):
    stored(session)
    reader(session, "ada@example.org", "Graphs")
    hold(engine)

    planned(session, config)

    assert waits(session) == [True]
    assert release(engine) == 1


def test_a_released_edition_is_due_now_and_good_for_a_while(engine, session, three):
    hold(engine)
    late = NOW + timedelta(days=3)

    assert release(engine, now=late) == 3

    assert state(session)[0::4] == (HoldState.RELEASED, late)
    assert {each.not_before for each in digests(session)} == {late}
    assert {each.not_after for each in digests(session)} == {late + ROOM}
    sending(engine, Scripted(), late)
    assert states(session) == [State.SENT] * 3


def test_a_release_leaves_what_is_settled_or_in_doubt(engine, session, three):
    sending(engine, Scripted(Outcome(Verdict.SENT, Phase.REPLIED, "ok"), UNKNOWN, deferred()))
    before = [(each.not_before, each.state) for each in digests(session)]
    hold(engine)

    release(engine)

    after = [(each.not_before, each.state) for each in digests(session)]
    assert after[:2] == before[:2]
    assert after[2] == (LATER, State.DEFERRED)


def test_a_cancelled_edition_is_skipped_and_its_papers_are_free(engine, session, three, config):
    assert cancel(engine, words="wrong week") == 3

    assert {(each.state, each.skipped_for, each.outcome) for each in digests(session)} == {
        (State.SKIPPED, Skip.CANCELLED, f"the edition of {DATE} was cancelled: wrong week")
    }
    assert session.exec(select(Pick)).all() == []
    assert planned(session, config, NOW + timedelta(days=1)).planned == 3


def test_later_digests_of_a_cancelled_date_are_skipped_by_the_planner(engine, session, config):
    stored(session)
    reader(session, "ada@example.org", "Graphs")
    cancel(engine)

    report = scheduled(engine, config)

    assert (report.planned, report.left_out) == (0, 1)
    assert [each.skipped_for for each in digests(session)] == [Skip.CANCELLED]


def test_what_may_have_arrived_is_not_cancelled_and_does_not_wait_for_ever(engine, session, three):
    sending(engine, Scripted(UNKNOWN, UNKNOWN, UNKNOWN))
    later = NOW + timedelta(hours=1)
    sending(engine, Scripted(deferred(), deferred(), UNKNOWN), later)
    hold(engine)

    assert cancel(engine) == 0

    assert states(session) == [State.DEFERRED, State.DEFERRED, State.UNKNOWN]
    sending(engine, Scripted(), NOW + timedelta(days=2))
    assert set(states(session)) == {State.UNKNOWN}
    assert len(session.exec(select(Pick)).all()) > 0


def test_deciding_twice_is_harmless(engine, session, three):
    hold(engine, reasons=["Odd."])
    hold(engine, reasons=["Odd."], now=LATER)
    assert state(session) == (HoldState.HELD, "admin", ["Odd."], NOW, None)
    hold(engine, reasons=["And late."], now=LATER)
    assert state(session) == (HoldState.HELD, "admin", ["Odd.", "And late."], NOW, None)

    assert (release(engine), release(engine)) == (3, 0) or state(session)[0] is HoldState.RELEASED
    assert (cancel(engine), cancel(engine)) == (3, 0)

    names = [line.name.split()[1] for line in lines(session, "admin")]
    assert names == ["hold", "hold", "release", "cancel"]


def test_an_edition_that_was_never_held_cannot_be_released(engine, session):
    with pytest.raises(EditionError, match="2026-03-10 is not held: it goes out by itself"):
        release(engine)
    assert state(session) is None


def test_a_released_edition_can_be_held_again(engine, session, three):
    hold(engine, by=holds.GATE, reasons=["Too few papers."])
    release(engine)

    hold(engine, reasons=["I saw something."], now=LATER)

    assert state(session) == (HoldState.HELD, "admin", ["I saw something."], LATER, None)
    assert all(waits(session))


def test_a_cancelled_edition_is_final_once_a_digest_was_skipped_for_it(engine, session, three):
    cancel(engine)

    for again in (hold, release):
        with pytest.raises(EditionError, match="is cancelled, and its papers are free again: that is final"):
            again(engine)

    assert state(session)[0] is HoldState.CANCELLED


@pytest.mark.parametrize(("again", "expected"), [(hold, HoldState.HELD), (release, HoldState.RELEASED)])
def test_a_mistyped_date_can_be_taken_back(engine, session, again, expected):
    cancel(engine, TOMORROW)

    again(engine, TOMORROW)

    assert state(session, TOMORROW)[0] is expected


def test_every_state_has_its_moves():
    assert holds.MOVES.keys() == {None, *HoldState}
    assert all(state not in moves for state, moves in holds.MOVES.items())


def test_what_is_being_sent_meanwhile_is_held_or_skipped_when_it_comes_back(engine, session, three):
    taken = claims(session, 2)
    hold(engine)
    for claim in taken:
        recorded(session, claim, deferred())
    assert waits(session) == [False, False, True]

    assert holds.uphold(engine, NOW) == [DATE]

    assert waits(session) == [True] * 3
    assert holds.uphold(engine, NOW) == []


def test_what_is_being_sent_while_its_edition_is_cancelled_is_not_tried_again(engine, session, three):
    claim = claimed(session)
    cancel(engine)
    recorded(session, claim, deferred())

    assert holds.uphold(engine, NOW) == [DATE]

    assert [each.skipped_for for each in digests(session)] == [Skip.CANCELLED] * 3
    assert holds.uphold(engine, NOW) == []


def test_a_planner_and_an_admin_never_cross(engine, session, config):
    stored(session)
    for number in range(20):
        reader(session, f"reader{number}@example.org", "Graphs")
    together = Barrier(2)

    def plan():
        together.wait()
        return scheduled(engine, config)

    def stop():
        together.wait()
        return hold(engine)

    with ThreadPoolExecutor(2) as pool:
        report = pool.submit(plan)
        pool.submit(stop).result()

    assert report.result().planned == 20
    assert waits(session) == [True] * 20


def test_a_cancel_against_a_planner_leaves_nothing_to_send(engine, session, config):
    stored(session)
    for number in range(20):
        reader(session, f"reader{number}@example.org", "Graphs")
    together = Barrier(2)

    def plan():
        together.wait()
        return planned(Session(engine), config)

    def stop():
        together.wait()
        return cancel(engine)

    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(plan), pool.submit(stop)]
        for each in done:
            each.result()

    assert {each.skipped_for for each in digests(session)} == {Skip.CANCELLED}
    assert session.exec(select(Pick)).all() == []


def test_a_release_against_a_cancel_has_one_end(engine, session, three):
    hold(engine)
    together = Barrier(2)

    def attempt(what):
        together.wait()
        try:
            return what(engine)
        except EditionError:
            return None

    with ThreadPoolExecutor(2) as pool:
        released, cancelled = pool.map(attempt, (release, cancel))

    assert (released, cancelled) in {(3, 3), (None, 3)}
    assert state(session)[0] is HoldState.CANCELLED
    assert set(states(session)) == {State.SKIPPED}
