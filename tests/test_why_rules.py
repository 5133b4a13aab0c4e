"""Each rule that explains a digest or its absence, alone: facts in, a code and a sentence out."""

from dataclasses import replace

import pytest
from why_facts import DIGEST, FACTS, SOON, held, told
from why_world import DAY, DUE, HOURS, JOINED, NOON

from newsletter.models import Skip, State
from newsletter.why import planned
from newsletter.why.facts import DayFacts, EventFacts, LetterFacts, PickFacts

LEFT = EventFacts("withdrawn", DUE - HOURS)
WITHDRAWN = (*FACTS.events, LEFT)


@pytest.mark.parametrize(
    ("digest", "code", "words"),
    [
        ({"state": "pending"}, "waiting", "it goes out as soon as a sender takes it"),
        (
            {"state": "pending", "not_after": DUE},
            "waiting",
            "no sender has taken it, and it could go out until 07:00",
        ),
        ({"state": "pending", "not_before": None}, "gate", "the quality gate has not looked at the edition"),
        ({"state": "deferred", "not_before": SOON}, "deferred", "it is tried again from 12:20 Europe/Berlin"),
        ({"state": "sending", "lease_until": SOON}, "sending", "is being sent at this moment"),
        ({"state": "sending", "lease_until": DUE}, "sending", "when the sender stopped: it may have arrived"),
        ({"state": "failed"}, "failed", "could not be delivered"),
        ({"state": "unknown"}, "unknown", "the mail server never said that it took it"),
        (
            {"state": "suppressed", "outcome": "the reader is bounced"},
            "suppressed",
            "not sent: the reader is bounced.",
        ),
        ({"state": "sent"}, "sent", "it was sent at 07:00 Europe/Berlin (06:00 UTC)"),
        ({"state": "sent", "sent_at": None}, "sent", "it was sent at 07:00"),
        ({"state": "skipped", "skipped_for": "nothing"}, "nothing", "no paper was worth sending"),
        ({"state": "skipped", "skipped_for": "late"}, "late", "it could not go out in time"),
        ({"state": "skipped", "skipped_for": "soon"}, "soon", "too soon after another one"),
        ({"state": "skipped", "skipped_for": "day off"}, "day off", "a day off for everybody"),
        ({"state": "skipped", "skipped_for": "resting"}, "paused", "the reader had paused by then"),
        ({"state": "skipped", "skipped_for": "cancelled"}, "cancelled", "the edition was cancelled"),
        ({"state": "skipped", "skipped_for": None}, "skipped", "it was skipped"),
    ],
)
def test_each_state_of_a_digest_has_its_sentence(digest, code, words):
    found = told(digest=digest)

    assert found.code == code
    assert words in found.lines[0]


@pytest.mark.parametrize("state", ["pending", "deferred"])
def test_a_digest_of_a_held_edition_says_who_holds_it(state):
    found = told(digest={"state": state, "not_before": None}, hold=held())

    assert found.code == "held"
    assert "the edition is held since 07:00 Europe/Berlin (06:00 UTC), by the admin." in found.lines[0]
    assert "The admin holds this edition since 07:00 Europe/Berlin (06:00 UTC)." in found.lines


@pytest.mark.parametrize(
    ("reader", "changes", "code", "words"),
    [
        ({"status": "pending", "confirmed_at": None}, {"events": ()}, "unconfirmed", "they have not confirmed"),
        ({"confirmed_at": SOON}, {"events": ()}, "unconfirmed", "no reader yet, they confirmed on"),
        ({"status": "unsubscribed"}, {"events": WITHDRAWN}, "left", "they had left on 10 March 2026 at 06:00"),
        ({"status": "unsubscribed", "confirmed_at": None}, {"events": ()}, "left", "they had left."),
        (
            {"status": "bounced"},
            {"events": (EventFacts("bounced", DUE),)},
            "left",
            "come back as undeliverable on",
        ),
        ({"status": "complained"}, {"events": (EventFacts("complained", DUE),)}, "left", "reported the mail"),
        ({"suppressed": "asked by phone"}, {}, "suppressed", "must not be mailed (asked by phone)"),
        (
            {"suppressed": "asked", "suppressed_since": JOINED},
            {},
            "suppressed",
            "must not be mailed, since 1 March 2026 at 10:00",
        ),
        ({"paused_until": SOON}, {}, "paused", "they paused until 10 March 2026 at 12:20"),
        ({"status": "paused"}, {}, "paused", "they paused until they resume."),
        (
            {"cadence": "weekly", "weekdays": "fri"},
            {"day": DayFacts("2026-03-10", None, None)},
            "other day",
            "Fridays",
        ),
        ({}, {"hold": held("cancelled", settled_at=NOON)}, "cancelled", "the edition was cancelled."),
        ({}, {"at": DUE - HOURS}, "not yet", "their hour had not struck, it was due at 07:00"),
        ({}, {"hold": held()}, "held", "its digests wait to be planned anew"),
        ({}, {"ticked": DUE - DAY}, "not running", "it has not been since 9 March 2026 at 07:00"),
        ({}, {"ticked": None}, "not running", "the record holds nothing that it did then. It still goes out if"),
        (
            {},
            {"silent": True, "planned_until": NOON, "papers": 0},
            "not running",
            "was not running when it was due, nor in the week after that.",
        ),
        (
            {},
            {"plan_fault": "RuntimeError: disk full"},
            "plan failed",
            "clock's plan step failed: RuntimeError: disk full. It still goes out if that step works again",
        ),
        ({}, {"plan_fault": "KeyError", "now": DUE + DAY}, "plan failed", "plan step failed: KeyError."),
        ({}, {"day": DayFacts("2026-03-10", DUE, None, off=True)}, "day off", "it is a day off for everybody."),
        ({}, {"papers": 0}, "no papers", "no paper was announced in the days"),
        ({}, {}, "planning", "is planned with the next tick"),
        ({}, {"planned_until": NOON}, "unexplained", "the record does not say why"),
    ],
)
def test_each_reason_for_no_digest_has_its_sentence(reader, changes, code, words):
    found = told(reader=reader, **changes)

    assert found.code == code
    assert words in found.lines[0]


def test_an_hour_that_is_still_to_come_is_told_with_its_distance():
    day = DayFacts("2026-03-10", NOON + 3 * HOURS, NOON + 3 * HOURS)

    found = told(day=day, hold=held())

    assert found.code == "not yet"
    assert (
        "it is due at 15:00 Europe/Berlin (14:00 UTC), in 3 hours, and the edition is held by the admin."
        in (found.lines[0])
    )


def test_a_day_that_is_still_to_come_is_told_in_the_present():
    found = told(reader={"paused_until": NOON + 9 * DAY}, at=NOON + DAY)

    assert found.lines[0].startswith("ada@example.org gets no digest for")


def test_a_pause_that_lasts_may_explain_a_day_that_is_over():
    found = told(reader={"paused_until": NOON + DAY}, at=DUE, now=NOON)

    assert "(since when is not recorded)" in found.lines[0]


def test_whoever_left_later_was_still_a_reader():
    found = told(reader={"status": "unsubscribed"}, events=(*FACTS.events, EventFacts("withdrawn", NOON)), at=DUE)

    assert found.code == "planning"


def test_whoever_came_back_is_a_reader_again():
    came_back = EventFacts("returned", DUE - HOURS / 2)

    assert told(events=(*WITHDRAWN, came_back)).code == "planning"
    assert told(events=(*WITHDRAWN, came_back), at=DUE - 0.9 * HOURS).code == "left"
    assert told(reader={"confirmed_at": NOON + DAY}, events=(*WITHDRAWN, came_back)).code == "planning"


def test_a_suppression_of_later_does_not_explain_an_earlier_day():
    found = told(reader={"suppressed": "asked", "suppressed_since": NOON + HOURS})

    assert found.code == "planning"
    assert "; not to be mailed: asked." in "".join(found.lines)


def test_a_newcomer_begins_with_the_next_digest_where_it_is_set_so():
    late = {"confirmed_at": DUE + HOURS}
    events = (EventFacts("confirmed", DUE + HOURS),)

    assert told(reader=late, events=events).code == "planning"
    assert told(reader=late, events=events, first="next").code == "newcomer"
    assert told(first="next").code == "planning"


def test_a_digest_waits_for_a_late_source_and_no_longer_than_is_set():
    late = {"waits_for": ("arxiv (expected since 02:00)",)}

    waiting = told(**late, at=DUE + HOURS / 2, now=DUE + HOURS / 2, ticked=DUE)

    assert waiting.code == "source late"
    assert (
        "it waits until 08:00 Europe/Berlin (07:00 UTC) at most for arxiv (expected since 02:00)."
        in waiting.lines[0]
    )
    assert told(**late).code == "planning"
    assert told(**late, plan_fault="x", at=DUE + HOURS / 2, now=DUE + HOURS / 2).code == "source late"
    assert told(**late, plan_fault="x").code == "plan failed"


def test_what_ran_then_shows_that_the_newsletter_was_there():
    assert told(ran=True, ticked=None).code == "planning"
    assert told(ran=True, ticked=None, now=DUE + DAY, at=DUE).code == "unexplained"
    assert told(ticked=DUE + DAY, now=DUE + DAY, at=DUE).code == "not running"
    assert told(ticked=DUE + DAY, planned_until=DUE + DAY, now=DUE + DAY, at=DUE).code == "unexplained"


def test_a_catch_up_window_that_is_over_promises_nothing():
    assert told(ticked=None, now=DUE + DAY, at=DUE).lines[0].endswith("the record holds nothing that it did then.")


def test_a_replay_is_named_as_one():
    found = told(digest={"sent_at": DUE + 60 * DAY})

    assert "That was a replay: the moment had been given by `--at`." in found.lines[1]


def test_a_digest_planned_before_due_times_were_kept_tells_what_there_is():
    found = told(digest={"due_at": None, "considered": None, "doubtful": True, "attempts": 3})

    assert found.lines[1] == "It was planned at 07:00 Europe/Berlin (06:00 UTC)."
    assert found.lines[2] == "It was tried 3 times; the mail server's last words were: 250 ok"
    assert "a copy may have arrived before" in found.lines[3]


def test_a_long_digest_is_cut_short():
    picks = tuple(PickFacts(rank, "k", f"Paper {rank}", 0.5, False, "New this week") for rank in range(1, 14))

    lines = told(digest={}, picks=picks).lines

    assert "  10. Paper 10 (0.50). New this week." in lines
    assert "  … and 3 more papers." in lines
    assert len(lines) <= 25


def test_a_released_edition_and_a_letter_that_failed_are_told():
    hold = held("released", "gate", settled_at=NOON, reasons=("Only 2 papers.",))
    letter = LetterFacts("welcome", "failed", DUE, None, "550 no such user")

    lines = told(digest={}, hold=hold, letters=(letter,)).lines

    begun, ended = "07:00 Europe/Berlin (06:00 UTC)", "12:00 Europe/Berlin (11:00 UTC)"
    assert f"The gate held this edition at {begun}, and it was released at {ended}: Only 2 papers." in lines
    assert f"Other letters around then: welcome, failed at {begun} (550 no such user)." in lines


def test_the_digest_before_is_told_with_its_state_where_it_never_went_out():
    before = replace(DIGEST, date="2026-03-09", state="failed")

    assert "The digest before, of Monday, 9 March 2026, is failed." in told(digest={}, before=before).lines


def test_a_reader_without_a_record_of_their_yes_still_shows_its_time():
    assert "; confirmed on 1 March 2026 at 10:00 Europe/Berlin (09:00 UTC)." in "".join(told(events=()).lines)


def test_a_missed_digest_is_told_with_the_words_of_its_row():
    missed = {"state": "skipped", "skipped_for": "missed", "outcome": "missed: planning failed (disk full)"}
    before = replace(DIGEST, **missed)

    found = told(digest=missed, before=before)

    assert (found.code, found.lines[0].partition(": ")[2]) == ("missed", "planning failed (disk full).")
    assert [line for line in found.lines[1:] if "planning failed" in line] == [
        "The digest before, of Tuesday, 10 March 2026, was skipped: planning failed (disk full)."
    ]
    assert (
        told(digest=missed | {"outcome": ""}).lines[0].endswith("the newsletter was not running when it was due.")
    )


def test_every_state_and_every_reason_to_skip_is_answered():
    assert {*planned.STATES, State.SKIPPED} == {*State}
    assert {*planned.SKIPS} == {*Skip, None}
