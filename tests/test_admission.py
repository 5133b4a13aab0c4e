"""Admission: whatever a reader or the admin did since the claim counts, up to the moment before MAIL."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from ledgers import IN_DOUBT, claimed, recorded, written
from offices import put
from sqlmodel import select
from world import KEYS, NOW, reader

from newsletter import admission, holds, letters, wiring
from newsletter.models import Skip, State
from subscribers import erasure, suppression
from subscribers.letters import LetterKind, LetterWanted
from subscribers.models import Status, Subscriber

ADA = "ada@example.org"
DAY = "2026-03-10"


@pytest.fixture
def ada(session):
    put(session, ADA, period=DAY)
    return session.exec(select(Subscriber)).one()


def refusal(session, claim, now=NOW):
    return written(session, lambda line: admission.digest(line, claim, now))


def test_a_digest_may_go_to_a_reader_who_still_wants_it(session, ada):
    assert refusal(session, claimed(session)) is None


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.ACTIVE, Status.PAUSED}))
def test_who_left_gets_nothing(session, ada, status):
    claim = claimed(session)
    ada.status = status

    assert refusal(session, claim) == (State.SUPPRESSED, f"the reader is {status}")


@pytest.mark.parametrize(
    ("status", "until", "said"),
    [
        (Status.ACTIVE, NOW + timedelta(days=3), "the reader paused until 2026-03-13"),
        (Status.PAUSED, NOW + timedelta(days=3), "the reader paused until 2026-03-13"),
        (Status.PAUSED, None, "the reader paused"),
    ],
)
def test_who_rests_misses_it(session, ada, status, until, said):
    claim = claimed(session)
    ada.status, ada.paused_until = status, until

    assert refusal(session, claim) == (State.SKIPPED, said, Skip.RESTING)


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.PAUSED])
def test_a_pause_that_is_over_keeps_nobody(session, ada, status):
    claim = claimed(session)
    ada.status, ada.paused_until = status, NOW

    assert refusal(session, claim) is None


@pytest.mark.parametrize("address", [ADA, "ada+papers@example.org", "ADA@example.org"])
def test_a_suppressed_mailbox_gets_nothing_however_it_is_spelled(session, ada, address):
    claim = claimed(session)
    suppression.suppress(session, address, "it bounced", NOW)

    assert refusal(session, claim) == (State.SUPPRESSED, "it bounced")


def test_a_hash_is_enough_to_suppress(session, ada):
    claim = claimed(session)
    suppression.suppress_hashed(session, ADA, "erased before", NOW)

    assert refusal(session, claim) == (State.SUPPRESSED, "erased before")


def test_who_was_erased_gets_nothing(session, ada):
    claim = claimed(session)
    erasure.erase(session, ada, NOW)

    assert refusal(session, claim) == (State.SUPPRESSED, "the reader was erased")
    assert refusal(session, claim._replace(subscriber_id=None)) == (State.SUPPRESSED, "the reader was erased")


def test_who_moved_gets_nothing_at_the_old_address(session, ada):
    claim = claimed(session)
    ada.email = "lovelace@example.org"

    assert refusal(session, claim) == (State.SUPPRESSED, letters.MOVED)


@pytest.mark.parametrize(("decide", "said"), [("hold", "held"), ("cancel", "cancelled")])
def test_a_digest_whose_edition_is_stopped_is_put_back(session, ada, decide, said):
    claim = claimed(session)
    decided = {"hold": (DAY, holds.ADMIN, [], NOW), "cancel": (DAY, NOW)}
    getattr(holds, decide)(session, *decided[decide])

    assert refusal(session, claim) == (State.PENDING, f"the edition of {DAY} is {said}")
    assert refusal(session, claim._replace(period="2026-03-09")) is None
    assert refusal(session, claim._replace(doubtful=True)) is None


def test_a_digest_whose_edition_was_released_goes(session, ada):
    claim = claimed(session)
    holds.hold(session, DAY, holds.ADMIN, [], NOW)
    holds.release(session, DAY, NOW, timedelta(hours=6))

    assert refusal(session, claim) is None


def test_leaving_counts_more_than_a_held_edition(session, ada):
    claim = claimed(session)
    holds.hold(session, DAY, holds.ADMIN, [], NOW)
    ada.status = Status.UNSUBSCRIBED

    assert refusal(session, claim)[0] is State.SUPPRESSED


def test_what_is_too_late_is_skipped_and_what_may_have_arrived_stays_in_doubt(session, ada):
    claim = claimed(session)
    late = claim.not_after + timedelta(seconds=1)
    words = "too late: it was to go out by 2026-03-11 06:00 UTC"

    assert refusal(session, claim, claim.not_after) is None
    assert refusal(session, claim, late) == (State.SKIPPED, words, Skip.LATE)
    assert refusal(session, claim._replace(doubtful=True), late) == (
        State.UNKNOWN,
        f"{words}; an earlier try may have arrived",
    )


@pytest.fixture
def welcome(session, config):
    each = reader(session, ADA)
    about = LetterWanted(LetterKind.WELCOME, each.id, each.email, 7, NOW + timedelta(days=2))
    letters.put(session, wiring.letters(config), KEYS, about, NOW)
    session.commit()
    return each


def test_a_letter_is_asked_about_by_its_own_rules(session, welcome):
    claim = claimed(session)
    assert admission.letter(session, claim, NOW) is None

    welcome.status = Status.UNSUBSCRIBED
    assert admission.letter(session, claim, NOW) == (State.SUPPRESSED, "the reader is unsubscribed")


def test_a_letter_can_be_too_late(session, welcome):
    claim = claimed(session)

    assert admission.letter(session, claim, NOW + timedelta(days=3))[2] is Skip.LATE


def test_a_letter_without_its_reader_does_not_go(session, welcome):
    claim = claimed(session)
    session.delete(welcome)
    session.commit()
    session.expire_all()

    assert admission.letter(session, claim, NOW) == (State.SUPPRESSED, "the reader was erased")


@given(some.emails())
def test_any_address_can_be_asked_about(address):
    plain, hashed = suppression.keys_of(address)

    assert plain
    assert hashed.startswith("sha256:")


def test_a_digest_that_may_have_arrived_goes_again_though_its_edition_is_held(session, ada):
    recorded(session, claimed(session), IN_DOUBT)
    holds.hold(session, DAY, holds.ADMIN, [], NOW)
    session.commit()

    claim = claimed(session, NOW + timedelta(hours=1))

    assert claim.doubtful
    assert refusal(session, claim, NOW + timedelta(hours=1)) is None
