"""The facts as a short story for people: the answer first, then what stands behind it, a line each."""

from collections.abc import Iterator
from datetime import datetime

from newsletter.mail.words import counted, cut, listed
from newsletter.models import Skip, State
from newsletter.record_models import HoldState, RunKind
from newsletter.why.facts import DigestFacts, Facts, LetterFacts, PickFacts
from newsletter.why.planned import skipped_for
from newsletter.why.verdict import Code
from newsletter.why.words import HOUR, REPLAYED, cadence, day, moment, sentence, span, when
from subscribers.consent import AGREED

MOST_PICKS = 10
TIMES = {1: "once", 2: "twice"}
LONGEST_TITLE = 70
# What is still to come, or never came: then it counts whether the newsletter is at work at all.
UNDER_WAY = frozenset(
    {
        *(Code.WAITING, Code.GATE, Code.SENDING, Code.DEFERRED, Code.NOT_RUNNING, Code.NO_PAPERS),
        *(Code.SOURCE_LATE, Code.PLAN_FAILED, Code.PLANNING, Code.UNEXPLAINED),
    }
)


def tell(facts: Facts, code: Code) -> Iterator[str]:
    """What stands behind an answer of this code, a line for each thing."""
    if facts.digest is not None:
        yield from _digest(facts, facts.digest)
    yield from _picks(facts.picks)
    yield from _hold(facts)
    yield _reader(facts)
    yield from _sources(facts)
    yield from _journal(facts)
    if code in UNDER_WAY:
        yield _clock(facts)
    yield from _letters(facts)
    yield from _events(facts)
    yield from _votes(facts)
    yield from _before(facts)
    yield _next(facts)


def _moment(facts: Facts, at: datetime) -> str:
    return moment(at, facts.reader.timezone, facts.day.date)


def _when(facts: Facts, at: datetime) -> str:
    return when(at, facts.reader.timezone, facts.day.date)


def _digest(facts: Facts, digest: DigestFacts) -> Iterator[str]:
    looked = f", from {counted(digest.considered, 'paper')}" if digest.considered is not None else ""
    yield f"{_planned(facts, digest)}{looked}.{_lateness(digest)}"
    told = digest.skipped_for == Skip.MISSED  # the answer says it
    if digest.outcome not in {"", digest.reply} and digest.state != State.SENT and not told:
        yield sentence(digest.outcome)
    if digest.reply:
        times = TIMES.get(digest.attempts, f"{digest.attempts} times")
        yield f"It was tried {times}; the mail server's last words were: {digest.reply}"
    if digest.doubtful and digest.state != State.UNKNOWN:
        yield "In one try no reply came after the whole message was out, so a copy may have arrived before."
    if digest.state in {State.PENDING, State.DEFERRED} and digest.not_before is not None:
        yield f"It goes out until {_moment(facts, digest.not_after)}; after that it is skipped as too late."


def _planned(facts: Facts, digest: DigestFacts) -> str:
    planned = _when(facts, digest.planned_at)
    if digest.due_at is None:
        return f"It was planned {planned}"
    due = _when(facts, digest.due_at)
    return f"It was due and planned {due}" if due == planned else f"It was due {due} and planned {planned}"


def _lateness(digest: DigestFacts) -> str:
    if digest.sent_at is not None and digest.sent_at - digest.planned_at > REPLAYED:
        return " That was a replay: the moment had been given by `--at`."
    if digest.due_at is None or digest.sent_at is None or digest.sent_at - digest.due_at < HOUR:
        return ""
    return f" It went out {span(digest.sent_at - digest.due_at)} after its hour."


def _picks(picks: tuple[PickFacts, ...]) -> Iterator[str]:
    for pick in picks[:MOST_PICKS]:
        yield f"  {pick.rank}. {cut(pick.title, LONGEST_TITLE)} ({pick.score:.2f}). {sentence(pick.why)}"
    if len(picks) > MOST_PICKS:
        yield f"  … and {counted(len(picks) - MOST_PICKS, 'more paper')}."


HELD = {
    HoldState.HELD: "The {by} holds this edition since {since}",
    HoldState.RELEASED: "The {by} held this edition {at}, and it was released {settled}",
    HoldState.CANCELLED: "The edition was cancelled {settled}",
}


def _hold(facts: Facts) -> Iterator[str]:
    hold = facts.hold
    if hold is None:
        return
    settled = _when(facts, hold.settled_at or hold.at)
    at, since = _when(facts, hold.at), _moment(facts, hold.at)
    said = HELD[HoldState(hold.state)].format(by=hold.by, at=at, since=since, settled=settled)
    reasons = " ".join(sentence(reason) for reason in hold.reasons)
    yield f"{said}: {reasons}" if reasons else f"{said}."


def _reader(facts: Facts) -> str:
    reader = facts.reader
    wants = f"{cadence(reader.cadence, reader.weekdays)} at {reader.hour}:00 {reader.timezone}"
    said = f"The reader is {reader.status}: {wants}, {counted(reader.size, 'paper')} at most"
    if reader.confirmed_at and not any(event.event == AGREED for event in facts.events):
        said += f"; confirmed {when(reader.confirmed_at, reader.timezone)}"
    if reader.paused_until and reader.paused_until > facts.now:
        said += f"; paused until {moment(reader.paused_until, reader.timezone)}"
    return f"{said}; not to be mailed: {reader.suppressed}." if reader.suppressed else f"{said}."


def _sources(facts: Facts) -> Iterator[str]:
    good = [f"{each.name} ({each.new} new)" for each in facts.sources if not each.failures]
    if good:
        yield f"Sources read that day: {listed(good, 6)}."
    for each in facts.sources:
        if each.failures:
            reads = f"{each.name} failed in {each.failures} of {counted(each.reads, 'read')} that day"
            yield f"{reads}, {each.new} new papers: {sentence(each.error)}"


def _journal(facts: Facts) -> Iterator[str]:
    told = facts.hold is not None and facts.hold.by == RunKind.GATE  # its reasons stand with the hold
    reply = facts.digest.reply if facts.digest else ""  # stands with the digest
    for run in facts.runs:
        if (told and run.kind == RunKind.GATE) or (reply and run.kind == RunKind.SEND and reply in run.words):
            continue
        failed = "" if run.ok else " (failed)"
        what = f"{run.kind} {run.name}".rstrip() + failed
        yield f"{_moment(facts, run.at)}, {what}: {sentence(run.words)}"


def _clock(facts: Facts) -> str:
    if facts.ticked is None:
        return "The clock of the newsletter has never turned: `newsletter up` or `newsletter tick` turns it."
    return f"The clock of the newsletter last turned {_when(facts, facts.ticked)}."


def _letters(facts: Facts) -> Iterator[str]:
    if facts.letters:
        yield f"Other letters around then: {'; '.join(_letter(facts, each) for each in facts.letters)}."


def _letter(facts: Facts, letter: LetterFacts) -> str:
    why = f" ({letter.outcome})" if letter.outcome and letter.state != State.SENT else ""
    return f"{letter.letter}, {letter.state} {_when(facts, letter.sent_at or letter.date)}{why}"


def _events(facts: Facts) -> Iterator[str]:
    said = [f"{each.event} {when(each.at, facts.reader.timezone)}" for each in facts.events]
    if said:
        yield f"The subscription: {'; '.join(said)}."


def _votes(facts: Facts) -> Iterator[str]:
    said = [f"{'more' if each.thumb > 0 else 'less'} like “{cut(each.title, 50)}”" for each in facts.votes]
    if said:
        yield f"They asked for {'; '.join(said)}."


def _before(facts: Facts) -> Iterator[str]:
    before = facts.before
    if before is None:
        yield "There was no digest before that."
    elif before.state == State.SENT:
        yield f"The digest before, of {day(before.date)}, was sent."
    elif before.skipped_for is not None:
        yield f"The digest before, of {day(before.date)}, was skipped: {skipped_for(before)[1]}."
    else:
        yield f"The digest before, of {day(before.date)}, is {before.state}."


def _next(facts: Facts) -> str:
    coming = facts.day.next_due
    return (
        f"The next digest is due {when(coming, facts.reader.timezone)}." if coming else "No further digest is due."
    )
