"""What became of a digest that was planned: one sentence for each state, from facts alone."""

from collections.abc import Callable

from newsletter.models import Skip, State
from newsletter.record_models import HoldState
from newsletter.why.facts import DigestFacts, Facts
from newsletter.why.verdict import Code, Verdict
from newsletter.why.words import day, moment, when


def verdict(facts: Facts, digest: DigestFacts) -> Verdict:
    """Where this delivery stands, or why it was skipped."""
    if digest.state == State.SKIPPED:
        return _skipped(facts, digest)
    return STATES[State(digest.state)](facts, digest)


def _sent(facts: Facts, digest: DigestFacts) -> Verdict:
    at = when(digest.sent_at or digest.planned_at, facts.reader.timezone, digest.date)
    return Verdict(Code.SENT, f"{facts.reader.email} got the digest of {day(digest.date)}: it was sent {at}.")


def _waiting(facts: Facts, digest: DigestFacts) -> Verdict:
    its = f"The digest of {day(digest.date)} is planned and not sent yet"
    if digest.not_before is None:
        return _held(facts, its)
    if digest.not_after < facts.now:
        late = f"it could go out until {moment(digest.not_after, facts.reader.timezone, digest.date)}"
        return Verdict(Code.WAITING, f"{its}: no sender has taken it, and {late}.")
    return Verdict(Code.WAITING, f"{its}: it goes out as soon as a sender takes it.")


def _held(facts: Facts, its: str) -> Verdict:
    if facts.hold is None or facts.hold.state != HoldState.HELD:
        return Verdict(Code.GATE, f"{its}: the quality gate has not looked at the edition.")
    since = moment(facts.hold.at, facts.reader.timezone, facts.day.date)
    return Verdict(Code.HELD, f"{its}: the edition is held since {since}, by the {facts.hold.by}.")


def _sending(facts: Facts, digest: DigestFacts) -> Verdict:
    its = f"The digest of {day(digest.date)}"
    if digest.lease_until is not None and digest.lease_until < facts.now:
        return Verdict(Code.SENDING, f"{its} was being sent when the sender stopped: it may have arrived.")
    return Verdict(Code.SENDING, f"{its} is being sent at this moment.")


def _deferred(facts: Facts, digest: DigestFacts) -> Verdict:
    its = f"The digest of {day(digest.date)} is not delivered yet"
    if digest.not_before is None:
        return _held(facts, its)
    again = moment(digest.not_before, facts.reader.timezone, digest.date)
    return Verdict(Code.DEFERRED, f"{its}: the last try failed for now, and it is tried again from {again} on.")


def _failed(_: Facts, digest: DigestFacts) -> Verdict:
    return Verdict(Code.FAILED, f"The digest of {day(digest.date)} could not be delivered, it is not tried again.")


def _suppressed(_: Facts, digest: DigestFacts) -> Verdict:
    its = f"The digest of {day(digest.date)} was planned, and then not sent"
    return Verdict(Code.SUPPRESSED, f"{its}: {digest.outcome}.")


def _unknown(_: Facts, digest: DigestFacts) -> Verdict:
    its = f"The digest of {day(digest.date)} was handed over, and the mail server never said that it took it"
    return Verdict(Code.UNKNOWN, f"{its}: it may have arrived.")


STATES: dict[State, Callable[[Facts, DigestFacts], Verdict]] = {
    State.PENDING: _waiting,
    State.SENDING: _sending,
    State.SENT: _sent,
    State.DEFERRED: _deferred,
    State.FAILED: _failed,
    State.SUPPRESSED: _suppressed,
    State.UNKNOWN: _unknown,
}
SKIPS: dict[Skip | None, tuple[Code, str]] = {
    Skip.NOTHING: (Code.NOTHING, "no paper was worth sending"),
    Skip.LATE: (Code.LATE, "it could not go out in time"),
    Skip.MISSED: (Code.MISSED, "the newsletter was not running when it was due"),
    Skip.SOON: (Code.SOON, "it would have come too soon after another one"),
    Skip.DAY_OFF: (Code.DAY_OFF, "it is a day off for everybody"),
    Skip.RESTING: (Code.PAUSED, "the reader had paused by then"),
    Skip.CANCELLED: (Code.CANCELLED, "the edition was cancelled"),
    None: (Code.SKIPPED, "it was skipped"),
}


def skipped_for(digest: DigestFacts) -> tuple[Code, str]:
    """Why it was skipped; of a missed one only its row knows what kept it from being planned."""
    code, why = SKIPS[Skip(digest.skipped_for) if digest.skipped_for else None]
    said = digest.outcome.removeprefix("missed: ").rstrip(".") if code is Code.MISSED else ""
    return code, said or why


def _skipped(facts: Facts, digest: DigestFacts) -> Verdict:
    code, why = skipped_for(digest)
    return Verdict(code, f"{facts.reader.email} got no digest for {day(digest.date)}: {why}.")
