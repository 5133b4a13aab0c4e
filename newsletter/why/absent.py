"""Why nothing was planned for a reader: the first rule that explains it, from facts alone."""

from collections.abc import Callable
from datetime import datetime

from newsletter.record_models import HoldState
from newsletter.why.facts import EventFacts, Facts
from newsletter.why.verdict import Code, Verdict
from newsletter.why.words import cadence, day, moment, span, when
from subscribers.consent import AGREED, WITHDRAWN
from subscribers.models import CONFIRMED, STOPPED, Status
from subscribers.moves import Event

Rule = Callable[[Facts], Verdict | None]


def verdict(facts: Facts) -> Verdict:
    """The first rule that explains it; the last one always does."""
    found = (rule(facts) for rule in RULES)
    return next((each for each in found if each is not None), None) or _unexplained(facts)


def _none(facts: Facts, code: Code, why: str) -> Verdict:
    verb = "gets" if facts.at > facts.now else "got"
    return Verdict(code, f"{facts.reader.email} {verb} no digest for {day(facts.day.date)}: {why}")


def _blocked(facts: Facts) -> Verdict | None:
    reader = facts.reader
    since = reader.suppressed_since
    if not reader.suppressed or (since is not None and since > facts.at):
        return None
    told = f", since {moment(since, reader.timezone)}" if since else ""
    return _none(facts, Code.SUPPRESSED, f"the address must not be mailed{told} ({reader.suppressed}).")


def _unconfirmed(facts: Facts) -> Verdict | None:
    reader, confirmed = facts.reader, facts.reader.confirmed_at
    if reader.status in STOPPED or any(event.event == AGREED and event.at <= facts.at for event in facts.events):
        return None
    if confirmed is None:
        return _none(facts, Code.UNCONFIRMED, "they have not confirmed that they want it.")
    if confirmed <= facts.at:
        return None
    said = when(confirmed, reader.timezone)
    return _none(facts, Code.UNCONFIRMED, f"they were no reader yet, they confirmed {said}.")


def _left(facts: Facts) -> Verdict | None:
    ended = _ended(facts)
    if ended is None and (facts.reader.status in CONFIRMED or _was_reading(facts)):
        return None
    status, at = ended or (facts.reader.status, None)
    told = f" {when(at, facts.reader.timezone)}" if at else ""
    return _none(facts, Code.LEFT, f"{ENDINGS[Status(status)]}{told}.")


BEGINNINGS = frozenset({AGREED, str(Event.RETURNED)})
ENDINGS = {
    Status.UNSUBSCRIBED: "they had left",
    Status.BOUNCED: "mail to them had come back as undeliverable",
    Status.COMPLAINED: "they had reported the mail as unwanted",
}


def _ended(facts: Facts) -> tuple[str, datetime] | None:
    """How and when the subscription ended before the moment, as the consent rows tell it."""
    before = [event for event in facts.events if event.at <= facts.at]
    told = [event for event in before if _ends(event) or event.event in BEGINNINGS]
    if not told or not _ends(told[-1]):
        return None
    said = told[-1].event
    return (Status.UNSUBSCRIBED if said.startswith(WITHDRAWN) else said), told[-1].at


def _was_reading(facts: Facts) -> bool:
    """Whether someone who left had not yet at the moment asked about: they left by a later row."""
    return any(event.at > facts.at and _ends(event) for event in facts.events)


def _ends(event: EventFacts) -> bool:
    return event.event.startswith(WITHDRAWN) or event.event in STOPPED


def _paused(facts: Facts) -> Verdict | None:
    """A pause keeps no record of when it began: it is named wherever it may have lasted."""
    reader, until = facts.reader, facts.reader.paused_until
    if until is not None and until > facts.at:
        end = f"until {moment(until, reader.timezone)}"
    elif reader.status == Status.PAUSED and until is None:
        end = "until they resume"
    else:
        return None
    past = "" if facts.at >= facts.now else " (since when is not recorded)"
    return _none(facts, Code.PAUSED, f"they paused {end}{past}.")


def _other_day(facts: Facts) -> Verdict | None:
    if facts.day.due_at is not None:
        return None
    wanted = cadence(facts.reader.cadence, facts.reader.weekdays)
    return _none(facts, Code.OTHER_DAY, f"they get it {wanted}, and that day is not one of them.")


def _cancelled(facts: Facts) -> Verdict | None:
    if facts.hold is None or facts.hold.state != HoldState.CANCELLED:
        return None
    return _none(facts, Code.CANCELLED, "the edition was cancelled.")


def _day_off(facts: Facts) -> Verdict | None:
    if not facts.day.off:
        return None
    return _none(facts, Code.DAY_OFF, "it is a day off for everybody.")


def _not_yet(facts: Facts) -> Verdict | None:
    due_at = facts.day.due_at
    if due_at is None or (due_at <= facts.at and due_at <= facts.now):
        return None
    hour = when(due_at, facts.reader.timezone, facts.day.date)
    if due_at <= facts.now:
        return _none(facts, Code.NOT_YET, f"their hour had not struck, it was due {hour}.")
    held = f", and the edition is held by the {facts.hold.by}" if facts.hold and _is_held(facts) else ""
    return Verdict(Code.NOT_YET, f"{_not_there(facts)}: it is due {hour}, in {span(due_at - facts.now)}{held}.")


def _is_held(facts: Facts) -> bool:
    return facts.hold is not None and facts.hold.state == HoldState.HELD


def _newcomer(facts: Facts) -> Verdict | None:
    confirmed, due_at = facts.reader.confirmed_at, facts.day.due_at
    if facts.first == "at once" or confirmed is None or due_at is None or confirmed < due_at:
        return None
    said = when(confirmed, facts.reader.timezone, facts.day.date)
    return _none(facts, Code.NEWCOMER, f"they confirmed {said}, after that day's hour.")


def _under_work(facts: Facts) -> Verdict | None:
    if not _is_held(facts):
        return None
    return _none(facts, Code.HELD, "the edition is held, and its digests wait to be planned anew.")


def _not_running(facts: Facts) -> Verdict | None:
    due_at = facts.day.due_at
    if due_at is not None and facts.silent:
        why = "the newsletter was not running when it was due, nor in the week after that."
        return _none(facts, Code.NOT_RUNNING, why)
    if due_at is None or facts.ran or (facts.ticked is not None and due_at <= facts.ticked <= due_at + facts.late):
        return None
    if facts.planned_until is not None and facts.planned_until >= due_at:
        return None
    if facts.ticked is not None and facts.ticked < due_at:
        since = f"it has not been since {moment(facts.ticked, facts.reader.timezone)}"
    else:
        since = "the record holds nothing that it did then"
    hope = _hope(facts, "`newsletter up` runs")
    why = f"the newsletter was not running when it was due, {since}.{hope}"
    return _none(facts, Code.NOT_RUNNING, why)


def _hope(facts: Facts, cure: str) -> str:
    due_at = facts.day.due_at
    if due_at is None or facts.now >= due_at + facts.late:
        return ""
    last = moment(due_at + facts.late, facts.reader.timezone)
    return f" It still goes out if {cure} before {last}."


def _no_papers(facts: Facts) -> Verdict | None:
    if facts.papers:
        return None
    return _none(facts, Code.NO_PAPERS, "no paper was announced in the days that a digest looks back to.")


def _plan_failed(facts: Facts) -> Verdict | None:
    due_at = facts.day.due_at
    if due_at is None or not facts.plan_fault or (facts.waits_for and facts.now < due_at + facts.wait):
        return None
    fault = facts.plan_fault.rstrip(".")
    why = f"the clock's plan step failed: {fault}.{_hope(facts, 'that step works again')}"
    return _none(facts, Code.PLAN_FAILED, why)


def _planning(facts: Facts) -> Verdict | None:
    due_at = facts.day.due_at
    if due_at is None or facts.now >= due_at + facts.late:
        return None
    if facts.planned_until is not None and facts.planned_until >= due_at:
        return None
    if facts.waits_for and facts.now < due_at + facts.wait:
        until = moment(due_at + facts.wait, facts.reader.timezone, facts.day.date)
        why = f"it waits until {until} at most for {' and '.join(facts.waits_for)}."
        return Verdict(Code.SOURCE_LATE, f"{_not_there(facts)}: {why}")
    return Verdict(
        Code.PLANNING, f"{_not_there(facts)}: it is due, and is planned with the next tick or `newsletter send`."
    )


def _not_there(facts: Facts) -> str:
    return f"{facts.reader.email} has no digest for {day(facts.day.date)} yet"


def _unexplained(facts: Facts) -> Verdict:
    return _none(
        facts,
        Code.UNEXPLAINED,
        "nothing was planned for them, and the record does not say why. Their days, hour or zone may have been set"
        " to what they are after that hour had passed.",
    )


RULES: tuple[Rule, ...] = (
    _unconfirmed,
    _left,
    _blocked,
    _paused,
    _other_day,
    _cancelled,
    _day_off,
    _not_yet,
    _newcomer,
    _under_work,
    _not_running,
    _no_papers,
    _plan_failed,
    _planning,
)
