"""Reads what is stored about one reader and one moment; plans nothing, stores nothing."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from newsletter import edition, journal, ledger_plans, schedule
from newsletter.ledger import DIGEST, HELD, IS_LETTER
from newsletter.mail import tex
from newsletter.models import Delivery, Feedback, Paper, Pick, SourceState
from newsletter.ranking.reasons import sentence
from newsletter.record_models import Hold, Run, RunKind
from newsletter.sources.upstream import late
from newsletter.why import facts
from newsletter.why.facts import Facts, Rules
from subscribers.addresses import base, redacted_in
from subscribers.consent import ASKED
from subscribers.models import Consent, Subscriber, Suppression
from subscribers.receiving import why_not
from subscribers.suppression import reason_for

NEARBY = timedelta(days=2)
MOST_LETTERS, MOST_EVENTS, MOST_VOTES, MOST_RUNS = 6, 8, 5, 6
# The lines of the journal that show that the newsletter was at work: what the admin does needs no clock, and
# sources may be read by hand.
AT_WORK = [kind for kind in RunKind if kind not in {RunKind.ADMIN, RunKind.FETCH}]
TELLING = [RunKind.PLAN, RunKind.SEND, RunKind.GATE, RunKind.ADMIN, RunKind.TICK]
A_DAY = timedelta(days=1)
WEEK = timedelta(days=7)  # what was missed longer ago than this when the newsletter came back has no row
FAULT = "plan: "  # so the fault of this step begins in the line of a turn
FAULT_EVERY = timedelta(hours=1)  # a fault that stays has a line an hour


def load(
    session: Session, reader: Subscriber, at: datetime, now: datetime, rules: Rules, *, whole_day: bool = False
) -> Facts:
    """Everything stored that bears on what became of this reader's digest at `at`.

    With `whole_day` the local date of `at` is meant, whichever digest is still open at its hour.
    """
    asked = _date(session, reader, at, rules.late, whole_day=whole_day)
    day = _day(session, reader, asked, max(at, now), rules.days_off)
    row = ledger_plans.find(session, reader.id, asked)
    start, end = _bounds(asked, reader.timezone)
    until = max(end, day.due_at + rules.late) if day.due_at else end
    return Facts(
        at=at,
        now=now,
        late=rules.late,
        wait=rules.wait,
        first=rules.first,
        reader=_reader(session, reader),
        day=day,
        digest=_digest(row) if row else None,
        picks=_picks(session, row) if row else (),
        before=_before(session, reader.id, asked),
        hold=_hold(session, asked),
        ticked=journal.marked(session, journal.TICKED),
        planned_until=journal.marked(session, journal.PLANNED),
        ran=_ran(session, day.due_at or start, until),
        silent=day.due_at is not None and _silent(session, day.due_at, now),
        plan_fault=_plan_fault(session, day.due_at, until, now) if day.due_at else "",
        papers=_papers(session, planned_at(row, at), rules.taste.window),
        sources=_sources(session, start, until),
        waits_for=_late(session, rules, now),
        runs=_runs(session, asked, start, until),
        letters=_letters(session, reader.id, at),
        events=_events(session, reader.id),
        votes=_votes(session, reader.id),
    )


def planned_at(row: Delivery | None, at: datetime) -> datetime:
    """The calendar's moment at which papers were looked at, or would have been."""
    return row.date if row is not None and "considered" in row.details else at


def _date(session: Session, reader: Subscriber, at: datetime, late: timedelta, *, whole_day: bool) -> str:
    """The local date that is meant: today's if its digest is there or due, else the one still open."""
    today = at.astimezone(ZoneInfo(reader.timezone)).date().isoformat()
    found = schedule.clock_of(reader).open(at, late)
    if whole_day or found is None or ledger_plans.find(session, reader.id, today) is not None:
        return today
    return found[0]


def _day(
    session: Session, reader: Subscriber, day: str, after: datetime, days_off: frozenset[str]
) -> facts.DayFacts:
    zone = ZoneInfo(reader.timezone)
    noon = schedule.instant(date.fromisoformat(day), 12, zone)
    around = schedule.clock_of(reader).closed(noon - A_DAY, noon + A_DAY)
    due_at = next((when for local, when in around if local == day), None)
    coming = schedule.next_digest(reader, after)
    while coming and coming.astimezone(zone).date().isoformat() in days_off:
        coming = schedule.next_digest(reader, coming)
    stopped = reason_for(session, reader.email) is not None
    goes_on = coming is not None and not stopped and not why_not(reader, coming)
    return facts.DayFacts(day, due_at, coming if goes_on else None, off=day in days_off)


def _bounds(day: str, timezone: str) -> tuple[datetime, datetime]:
    local, zone = date.fromisoformat(day), ZoneInfo(timezone)
    return schedule.instant(local, 0, zone), schedule.instant(local + timedelta(days=1), 0, zone)


def _reader(session: Session, reader: Subscriber) -> facts.ReaderFacts:
    listed = session.get(Suppression, base(reader.email))  # one kept as a hash does not say since when
    return facts.ReaderFacts(
        email=reader.email,
        status=str(reader.status),
        cadence=str(reader.cadence),
        weekdays=reader.weekdays,
        hour=reader.hour,
        timezone=reader.timezone,
        size=reader.size,
        created_at=reader.created_at,
        confirmed_at=reader.confirmed_at,
        paused_until=reader.paused_until,
        suppressed=redacted_in(reason_for(session, reader.email) or ""),
        suppressed_since=listed.since if listed else None,
    )


def _digest(row: Delivery) -> facts.DigestFacts:
    return facts.DigestFacts(
        date=row.period,
        state=str(row.state),
        skipped_for=str(row.skipped_for) if row.skipped_for else None,
        due_at=row.due_at,
        planned_at=row.date,
        not_before=row.not_before if row.not_before < HELD else None,
        not_after=row.not_after,
        lease_until=row.lease_until,
        attempts=row.attempts,
        doubtful=row.doubtful,
        sent_at=row.sent_at,
        reply=redacted_in(row.reply),
        outcome=redacted_in(row.outcome),
        considered=row.details.get("considered"),
    )


def _picks(session: Session, row: Delivery) -> tuple[facts.PickFacts, ...]:
    ordered = select(Pick).where(col(Pick.delivery_id) == row.id).order_by(col(Pick.rank))
    picks = session.exec(ordered).all()
    frozen = edition.thaw_papers(session, row.edition_id or 0, [pick.paper for pick in picks])
    return tuple(
        facts.PickFacts(
            rank=pick.rank,
            key=pick.paper,
            title=frozen.get(pick.paper, {}).get("title", pick.paper),
            score=round(pick.score, 4),
            trending=pick.trending,
            why=sentence(pick.reasons),
        )
        for pick in picks
    )


def _before(session: Session, subscriber_id: int, day: str) -> facts.DigestFacts | None:
    mine = (
        col(Delivery.subscriber_id) == subscriber_id,
        col(Delivery.letter) == DIGEST,
        col(Delivery.period) < day,
    )
    row = session.exec(select(Delivery).where(*mine).order_by(col(Delivery.period).desc()).limit(1)).first()
    return _digest(row) if row else None


def _hold(session: Session, day: str) -> facts.HoldFacts | None:
    row = session.get(Hold, day)
    if row is None:
        return None
    return facts.HoldFacts(str(row.state), row.by, tuple(row.reasons), row.at, row.settled_at)


def _ran(session: Session, since: datetime, until: datetime) -> bool:
    return _any(session, col(Run.kind).in_(AT_WORK), col(Run.started_at) >= since, col(Run.started_at) <= until)


def _silent(session: Session, due_at: datetime, now: datetime) -> bool:
    """Whether nothing at all was done in the week after this hour, by a journal that reaches back further."""
    kinds, began = col(Run.kind).in_([*AT_WORK, RunKind.FETCH]), col(Run.started_at)
    if now < due_at + WEEK or _any(session, kinds, began >= due_at, began < due_at + WEEK):
        return False
    return _any(session, kinds, began < due_at)


def _plan_fault(session: Session, due_at: datetime, until: datetime, now: datetime) -> str:
    """What the plan step failed with around then, unless it worked again in time."""
    lines = (col(Run.kind) == RunKind.TICK, col(Run.at) >= due_at - FAULT_EVERY, col(Run.at) <= min(until, now))
    newest = session.exec(select(Run).where(*lines).order_by(col(Run.at).desc(), col(Run.id).desc()))
    said = ((run.at, part) for run in newest for part in run.words.split("; ") if part.startswith(FAULT))
    at, words = next(said, (due_at, ""))
    planned = journal.marked(session, journal.PLANNED)
    if planned is None or planned < min(at, due_at):
        return redacted_in(words.removeprefix(FAULT))
    week = (col(Run.kind) == RunKind.PLAN, col(Run.at) >= due_at, col(Run.at) < due_at + WEEK)
    stayed = now >= due_at + WEEK and at >= due_at and not _any(session, *week)
    return redacted_in(words.removeprefix(FAULT)) if stayed else ""


def _any(session: Session, *lines: ColumnElement[bool]) -> bool:
    return session.exec(select(Run.id).where(*lines).limit(1)).first() is not None


def _papers(session: Session, at: datetime, window: timedelta) -> int:
    announced = (col(Paper.announced_at) > at - window, col(Paper.announced_at) <= at)
    return session.exec(select(func.count()).select_from(Paper).where(*announced)).one()


def _sources(session: Session, since: datetime, until: datetime) -> tuple[facts.SourceFacts, ...]:
    lines = (col(Run.kind) == RunKind.FETCH, col(Run.at) >= since, col(Run.at) < until)
    found = session.exec(select(Run).where(*lines).order_by(col(Run.name), col(Run.started_at), col(Run.id)))
    return tuple(_source(name, list(runs)) for name, runs in groupby(found, lambda run: run.name))


def _late(session: Session, rules: Rules, now: datetime) -> tuple[str, ...]:
    """The sources that are late now, each with what is known of its hours."""
    last_news = {state.name: state.last_news_at for state in session.exec(select(SourceState))}
    return tuple(
        f"{name} ({calendar.told(now)})"
        for name, calendar in rules.calendars.items()
        if late(calendar, last_news.get(name), now)
    )


def _source(name: str, runs: Sequence[Run]) -> facts.SourceFacts:
    failures = [run for run in runs if not run.ok]
    return facts.SourceFacts(
        name=name,
        reads=len(runs),
        failures=len(failures),
        new=sum(int(run.counts.get("new", 0)) for run in runs),
        last_read_at=runs[-1].at,
        error=redacted_in(failures[-1].words) if failures else "",
    )


def _runs(session: Session, day: str, since: datetime, until: datetime) -> tuple[facts.RunFacts, ...]:
    """What was planned, sent and failed that day, judged and decided about that day; a repeated line once."""
    at_work = col(Run.kind).in_([RunKind.PLAN, RunKind.SEND, RunKind.TICK])
    that_day = at_work & (col(Run.at) >= since) & (col(Run.at) < until)
    about = col(Run.name).endswith(day, autoescape=True)
    said = (col(Run.words) != "") | col(Run.ok).is_(False)
    lines = select(Run).where(col(Run.kind).in_(TELLING), that_day | about, said)
    found = {
        (run.kind, run.name, run.words): facts.RunFacts(
            str(run.kind), run.name, run.started_at, run.ok, redacted_in(run.words)
        )
        for run in session.exec(lines.order_by(col(Run.started_at), col(Run.id)))
    }
    return tuple(found.values())[-MOST_RUNS:]


def _letters(session: Session, subscriber_id: int, at: datetime) -> tuple[facts.LetterFacts, ...]:
    mine = (
        col(Delivery.subscriber_id) == subscriber_id,
        IS_LETTER,
        col(Delivery.date).between(at - NEARBY, at + NEARBY),
    )
    rows = session.exec(select(Delivery).where(*mine).order_by(col(Delivery.date), col(Delivery.id)))
    found = [(row.letter, str(row.state), row.date, row.sent_at, redacted_in(row.outcome)) for row in rows]
    return tuple(facts.LetterFacts(*each) for each in found[-MOST_LETTERS:])


def _events(session: Session, subscriber_id: int) -> tuple[facts.EventFacts, ...]:
    """What the reader said themself: anybody may have asked in their name."""
    own = (col(Consent.subscriber_id) == subscriber_id, ~col(Consent.event).startswith(ASKED))
    newest = select(Consent).where(*own).order_by(col(Consent.id).desc()).limit(MOST_EVENTS)
    return tuple(facts.EventFacts(row.event, row.at) for row in reversed(session.exec(newest).all()))


def _votes(session: Session, subscriber_id: int) -> tuple[facts.VoteFacts, ...]:
    newest = (
        select(Feedback, Paper.title)
        .join(Paper, col(Paper.key) == col(Feedback.paper))
        .where(col(Feedback.subscriber_id) == subscriber_id)
        .order_by(col(Feedback.at).desc(), col(Feedback.paper))
        .limit(MOST_VOTES)
    )
    return tuple(
        facts.VoteFacts(vote.paper, tex.plain(title), vote.thumb, vote.at) for vote, title in session.exec(newest)
    )
