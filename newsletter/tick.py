"""One turn of the clock: fetch what is due, plan who is due, judge it, tell the admin, tidy. It sends nothing.

A turn may come late, twice, or from two processes at once: what is due is read from the tables each time, and a
digest that is planned already is not planned again. A part that fails costs that part of this turn alone.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Engine
from sqlmodel import Session

from newsletter import (
    archive,
    db,
    examples,
    fetch,
    gate,
    journal,
    logs,
    notices,
    pick,
    report,
    schedule,
    tidying,
    troubles,
)
from newsletter.chooser import Taste
from newsletter.due import Due, Dues, Rules
from newsletter.edition import Issue
from newsletter.models import SourceState
from newsletter.record_models import RunKind
from newsletter.schedule import EVER, FirstDigest
from newsletter.sources import Source
from newsletter.sources.http import Fetcher
from newsletter.sources.upstream import calendar_of, expects, late
from subscribers.signup import Terms

log = structlog.get_logger(__name__)

LOOK_AT_ALL = timedelta(minutes=5)  # between, only whose hour has just struck: at 100,000 readers that is quicker
MISSED_BACK = timedelta(days=7)  # further back a missed digest is not recorded any more
LEARNING_SECONDS = 60.0
FAULTS_EVERY = timedelta(hours=1)
AHEAD = timedelta(minutes=5)  # a calendar that is further ahead of the clock than this is a trial's
LOOKED = "looked at all"
PARTS = ("fetch", "learn", "plan", "judge", "report", "tidy")
TURN = "tick"

Clock = Callable[[], datetime]
Progress = Callable[[str, str], None]


@dataclass(frozen=True)
class Parts:
    """What a turn works with, made once. `owner` names the machine; `lease` is how long a turn may be silent.

    `window` is how late a digest may be, `wait` how long it waits for a late source, `keep` how long lines of the
    journal are kept. `seconds` count on a clock that never jumps.
    """

    engine: Engine
    keys: tuple[str, ...]
    owner: str
    lease: timedelta
    sources: Sequence[Source]
    fetcher: Callable[[], AbstractContextManager[Fetcher]]
    taste: Taste
    issue: Callable[[], Issue]
    window: timedelta
    wait: timedelta
    first: FirstDigest
    days_off: frozenset[str]
    gate: gate.Rules
    admin: notices.Admin
    terms: Terms
    keep: timedelta
    seconds: Callable[[], float]


@dataclass
class Report:
    """What a turn did: sources read, digests planned and skipped, what waits and for which late sources.

    `busy`: it was another process's turn and nothing was done. `held` are dates that the gate held; `faults` say
    which part of the turn failed and why.
    """

    busy: bool = False
    fetched: list[fetch.Report] = field(default_factory=list)
    planned: int = 0
    skipped: int = 0
    missed: int = 0
    waiting: int = 0
    waits_for: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)


def run(parts: Parts, at: datetime, clock: Clock, progress: Progress) -> Report:
    """Take one turn at the calendar's `at`; `clock` is the real time."""
    turn, began = Turn(parts, at, clock, progress), clock()
    with Session(parts.engine) as session:
        if not journal.take_turn(session, TURN, parts.owner, began, parts.lease):
            return Report(busy=True)
    with journal.kept_turn(parts.engine, TURN, parts.owner, clock, parts.lease):
        for name, part in turn.parts_in_order():
            turn.attempt(name, part)
    with db.writing(parts.engine) as session:
        journal.mark(session, journal.TICKED, clock())
        if not turn.ahead:
            journal.mark(session, journal.TURNED, at)
        _write_down_faults(session, turn, (began, clock()))
    return turn.report


def _write_down_faults(session: Session, turn: "Turn", times: tuple[datetime, datetime]) -> None:
    """A line for faults that are new; for those that stay, one an hour."""
    words = "; ".join(f"{name}: {fault}" for name, fault in turn.report.faults.items())
    before = journal.newest(session, RunKind.TICK)
    told = bool(before) and before[0].words == words and times[0] - before[0].started_at < FAULTS_EVERY
    if words and not told:
        journal.write(session, RunKind.TICK, "", turn.at, times, words, ok=False)


@dataclass
class Turn:
    """The parts of one turn, in their order; each may be repeated at any time."""

    parts: Parts
    at: datetime
    clock: Clock
    progress: Progress
    report: Report = field(default_factory=Report)
    looks_at_all: bool = False

    @property
    def ahead(self) -> bool:
        """Whether the calendar is ahead of the clock: a trial, which must not keep real ticks from their work."""
        return self.at > self.clock() + AHEAD

    def parts_in_order(self) -> Iterator[tuple[str, Callable[[], None]]]:
        doing = (self.fetch, self.learn, self.plan, self.judge, self.tell_daily, self.tidy, self.tell)
        return zip((*PARTS, "tell"), doing, strict=True)

    def attempt(self, name: str, part: Callable[[], None]) -> None:
        """Do one part; what it fails with is named, and the others go on."""
        try:
            with logs.occasion(step=name):
                part()
        except Exception as error:  # noqa: BLE001 - whatever it is, the other parts have to be done
            self.report.faults[name] = f"{type(error).__name__}: {logs.reason(error)}"
            log.error("a part of the tick failed", part=name, reason=self.report.faults[name])  # noqa: TRY400 - values

    def fetch(self) -> None:
        """Read the sources whose time has come."""
        with Session(self.parts.engine) as session:
            wanted = [source for source in self.parts.sources if self._wanted(session, source)]
        if not wanted:
            return
        with self.parts.fetcher() as opened, db.writing(self.parts.engine) as session:
            found = fetch.run(session, wanted, opened, self.at, self.clock(), self.progress, self.parts.seconds)
            self.report.fetched = found
            examples.run(session, self.parts.sources, opened, self.clock())

    def _wanted(self, session: Session, source: Source) -> bool:
        read = journal.newest(session, RunKind.FETCH, source.name, by=self.at)
        last_read = read[0].at if read else None
        return calendar_of(source).next_read(last_read, _last_news(session, source)) <= self.at

    def learn(self) -> None:
        """Get to know new papers, for a minute at most while digests wait; what is left is done in later turns."""
        until = self.parts.seconds() + LEARNING_SECONDS
        models, seconds = self.parts.taste.models, self.parts.seconds
        archive.learn(self.parts.engine, models, self.at, self.clock, self.progress, lambda: seconds() > until)

    def plan(self) -> None:
        """Plan a digest for everybody whose hour has struck; those of the last hour wait for a late source."""
        with Session(self.parts.engine) as session:
            self.report.waits_for = [
                source.name
                for source in self.parts.sources
                if late(calendar_of(source), _last_news(session, source), self.at)
            ]
            due = self._due(session)
        ready = Dues(filter(self._waited, due)) if self.report.waits_for else due
        self.report.waiting = len(due) - len(ready)
        began = self.clock()
        planned = self._planned(ready)
        self.report.planned, self.report.skipped = planned.planned, planned.skipped + planned.left_out
        self.report.waiting += planned.waiting
        self.report.missed = self._missed()
        self._write_down(began)

    def _due(self, session: Session) -> Sequence[Due]:
        """Whose hour struck since everything was planned last; every few minutes whose hour struck at all."""
        looked, planned = journal.marked(session, LOOKED), journal.marked(session, journal.PLANNED)
        self.looks_at_all = looked is None or not timedelta(0) <= self.at - looked < LOOK_AT_ALL
        since = EVER if self.looks_at_all or planned is None else planned - LOOK_AT_ALL
        return schedule.due(session, self.at, self.parts.window, since=since, first=self.parts.first)

    def _waited(self, due: Due) -> bool:
        return due.due_at is not None and due.due_at + self.parts.wait <= self.at

    def _planned(self, ready: Sequence[Due]) -> pick.Report:
        if not ready:
            return pick.Report()
        parts = self.parts
        rules = Rules(parts.days_off, judged=True)
        return pick.run(parts.engine, ready, parts.taste, parts.issue(), parts.keys, self.at, self.clock(), rules)

    def _missed(self) -> int:
        """Record what was due while nobody planned, longer ago than it may be caught up."""
        until = self.at - self.parts.window
        with Session(self.parts.engine) as session:
            planned = self._planned_until(session)
            if planned is None or planned >= until or self.ahead:
                return 0
            due = schedule.missed(session, self.at, max(planned, self.at - MISSED_BACK), until)
            why = self._why_missed(session, planned, until)
        words = f"missed: {why}, and {hours(self.parts.window)} after its hour it was too late"
        sender = self.parts.issue().imprint.sender
        return pick.miss(self.parts.engine, due, sender, self.parts.keys, self.clock(), words)

    def _planned_until(self, session: Session) -> datetime | None:
        """Up to when everything is planned; a mark from the future was set by a clock that was ahead."""
        planned = journal.marked(session, journal.PLANNED)
        return planned if planned is None or planned <= self.clock() + AHEAD else None

    def _why_missed(self, session: Session, planned: datetime, until: datetime) -> str:
        turned = journal.marked(session, journal.TURNED)
        if turned is None or turned < until:
            return f"the newsletter was not running from {turned or planned:%Y-%m-%d %H:%M} UTC on"
        faults = journal.newest(session, RunKind.TICK, by=self.at)
        if faults and faults[0].at > planned and "plan: " in faults[0].words:
            return f"planning failed ({faults[0].words})"
        return "there was no paper at all to choose from"

    def _write_down(self, began: datetime) -> None:
        done = self.report
        with db.writing(self.parts.engine) as session:
            if not self.ahead:
                self._move_marks(session)
            if done.planned or done.skipped or done.missed:
                counts = {name: getattr(done, name) for name in ("planned", "skipped", "missed", "waiting")}
                words = f"went without {', '.join(done.waits_for)}" if done.planned and done.waits_for else ""
                journal.write(session, RunKind.PLAN, "", self.at, (began, self.clock()), words, counts)

    def _move_marks(self, session: Session) -> None:
        if self.looks_at_all:
            journal.mark(session, LOOKED, self.at)
        planned = self._planned_until(session)
        if planned is None or not self.report.waiting:
            reached = self.at - self.parts.window if self.report.waiting else self.at
            journal.mark(session, journal.PLANNED, max(planned or reached, reached))

    def judge(self) -> None:
        """Let the gate look at what was planned."""
        late_ones = self.report.waits_for  # digests have waited for these: that is told by itself
        expected = {
            source.name: expects(calendar_of(source), self.at) and source.name not in late_ones
            for source in self.parts.sources
        }
        parts = self.parts
        judged = gate.run(parts.engine, parts.keys, parts.gate, self.clock(), timedelta(0), expected)
        self.report.held = list(judged.held)

    def tell(self) -> None:
        """Tell the admin of trouble, each once, and that it is over."""
        parts, done = self.parts, self.report
        bell = troubles.Bell(parts.engine, parts.admin, self.clock())
        troubles.of_sources(bell, [source.name for source in parts.sources])
        troubles.of_waiting(bell, f"{self.at:%Y-%m-%d}", hours(parts.wait))
        troubles.of_parts(bell, PARTS, done.faults)
        for each in (troubles.of_editions, troubles.of_sending, troubles.of_destinations):
            each(bell)

    def tell_daily(self) -> None:
        """Send the admin the daily report when its hour has struck."""
        report.run(self.parts.engine, self.parts.admin, self.clock(), self.at)

    def tidy(self) -> None:
        """Each hour: forget what is past."""
        parts = self.parts
        tidying.run(parts.engine, parts.terms, parts.keep, self.at, self.clock)


def _last_news(session: Session, source: Source) -> datetime | None:
    state = session.get(SourceState, source.name)
    return state.last_news_at if state else None


def hours(length: timedelta) -> str:
    """A length of time in words: "18 hours", "45 minutes"."""
    minutes = round(length.total_seconds() / 60)
    count, unit = (minutes // 60, "hour") if minutes % 60 == 0 and minutes else (minutes, "minute")
    return f"{count} {unit}{'' if count == 1 else 's'}"
