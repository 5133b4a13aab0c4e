"""Fetch: read every source, keep each paper once, and remember how its engagement grows."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog
from sqlmodel import Session, col, select

from newsletter import embeddings, identity, journal, logs, merging
from newsletter.db import batches, insert_once, upsert
from newsletter.errors import SourceError
from newsletter.merging import NEWS
from newsletter.models import Alias, Paper, PaperSource, Signal, SourceState
from newsletter.record_models import RunKind
from newsletter.sources import Entry, Reading, Source
from newsletter.sources.http import Fetcher

log = structlog.get_logger(__name__)

BATCH = 500  # entries stored with one look-up of what is known
USUAL_LAG = timedelta(days=1)  # from submission to announcement, where nobody tells the announcement
COUNTS = ("new", "updated", "unchanged", "not_modified", "later")
MOST_WORDS = 3  # problems that the journal names; all are in the log

Progress = Callable[[str, str], None]


@dataclass
class Report:
    """How one source went: papers by outcome, and a sentence for each thing that was left out.

    `not_modified` counts answers and files that are the same as last time and were not read; `later` counts
    entries that are announced after the moment asked for, and are left for then.
    """

    source: str
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    not_modified: int = 0
    later: int = 0
    problems: list[str] = field(default_factory=list)
    error: str = ""

    @property
    def failed(self) -> int:
        return len(self.problems) + bool(self.error)


@dataclass(frozen=True)
class Moment:
    """`now` is the calendar's moment, `clock` the real one: earlier than that, `now` is a replay's."""

    now: datetime
    clock: datetime
    first: bool = False  # the source is read for the first time

    @property
    def replay(self) -> bool:
        return self.now < self.clock


def run(
    session: Session,
    sources: Iterable[Source],
    fetcher: Fetcher,
    now: datetime,
    clock: datetime,
    progress: Progress,
    seconds: Callable[[], float] = lambda: 0.0,
) -> list[Report]:
    """Read the sources one by one and store what they tell; commits after each. A broken one costs itself.

    `now` is the calendar's moment: what is announced later is left for later. `clock` is the real time. Each
    read leaves a line in the journal, with how long it took by `seconds` (monotonic).
    """
    moment = Moment(now, clock)
    reports = []
    for source in sources:
        began = seconds()
        with logs.occasion(source=source.name):
            report = _fenced(session, source, fetcher, moment, progress)
        _write_down(session, report, moment, seconds() - began)
        reports.append(report)
    return reports


def _write_down(session: Session, report: Report, moment: Moment, took: float) -> None:
    times = (moment.clock, moment.clock + timedelta(seconds=took))
    counts = {name: getattr(report, name) for name in COUNTS} | {"problems": len(report.problems)}
    words = report.error or "; ".join(report.problems[:MOST_WORDS])
    journal.write(session, RunKind.FETCH, report.source, moment.now, times, words, counts, ok=not report.error)
    session.commit()


def _fenced(session: Session, source: Source, fetcher: Fetcher, moment: Moment, progress: Progress) -> Report:
    """A source that fails, in a way that was foreseen or not, costs itself and is told."""
    try:
        return _read(session, source, fetcher, moment, progress)
    except SourceError as error:
        said = str(error)
        log.warning("source failed", reason=said)
    except Exception as error:
        said = f"unexpected {type(error).__name__}: {error}"
        log.exception("source broke")
    session.rollback()
    state = session.get(SourceState, source.name) or SourceState(name=source.name)
    failed = state.model_dump() | {"last_error": said, "last_error_at": moment.clock}
    upsert(session, SourceState, [failed], ("name",))
    session.commit()
    return Report(source.name, error=said)


def _read(session: Session, source: Source, fetcher: Fetcher, moment: Moment, progress: Progress) -> Report:
    state = session.get(SourceState, source.name) or SourceState(name=source.name)
    memory, moment = dict(state.memory), replace(moment, first=state.last_success_at is None)
    changed = state.model_dump()
    session.commit()  # no transaction is open while we wait for a network
    reading = source.read(fetcher, memory, moment.now, lambda text: progress(source.name, text))
    report = Report(source.name)
    _store(session, source.name, reading, moment, report)
    changed |= {"last_success_at": moment.clock, "last_error": ""}
    changed["last_news_at"] = _last_news(state, reading, report, moment)
    if not report.later:  # else the same answer is wanted again
        changed["memory"] = reading.memory
    upsert(session, SourceState, [changed], ("name",))
    session.commit()
    return report


def _last_news(state: SourceState, reading: Reading, report: Report, moment: Moment) -> datetime | None:
    """How new the newest news is that this source ever told, whether or not another source told it before."""
    told = [
        min(entry.announced_at, moment.now)
        for entry in reading.entries
        if entry.announced_at and entry.kind in NEWS
    ]
    found = max(told, default=moment.now if report.new else None)
    return max(filter(None, (found, state.last_news_at)), default=None)


def _store(session: Session, source: str, reading: Reading, moment: Moment, report: Report) -> None:
    report.not_modified = reading.unchanged
    report.problems = list(reading.problems)
    for problem in reading.problems:
        log.warning("entry left out", reason=problem)
    entries = [entry for entry in reading.entries if not _is_later(entry, moment)]
    report.later = len(reading.entries) - len(entries)
    for batch in batches(entries, BATCH):
        _store_batch(session, source, batch, moment, report)
        session.commit()  # others write too; the source's memory moves last, so a crash repeats and skips nothing


def _is_later(entry: Entry, moment: Moment) -> bool:
    """Announced after a replay's moment. (A date in the real future is a mistake, and means now.)"""
    return moment.replay and entry.announced_at is not None and entry.announced_at > moment.now


def _store_batch(session: Session, source: str, entries: Sequence[Entry], moment: Moment, report: Report) -> None:
    known, papers = _known(session, entries)
    new: list[str] = []
    changed: set[str] = set()
    told: list[Told] = []
    for entry in entries:
        key = identity.known_as(entry, known)
        announced = _announced(entry, moment)
        if key is None and entry.kind not in NEWS:
            report.unchanged += 1  # a new version of a paper that was never news here
            continue
        if key is None:
            key = identity.keys(entry)[0]
            papers[key] = merging.paper(key, entry, announced, moment.clock)
            new.append(key)
        elif merging.update(papers[key], entry, announced, moment.clock):
            report.updated += 1
            changed.add(key)
        else:
            report.unchanged += 1
        told.append(Told(key, entry, announced))
        known |= {other: key for other in identity.keys(entry) if other not in known}
    session.flush()
    # Another process may store the same papers now: the first one's stand. In one order, so that none waits
    # for the other in a circle.
    insert_once(session, Paper, [papers[key].model_dump() for key in sorted(new)])
    report.new += len(new)
    embeddings.forget(session, changed)
    _remember(session, source, sorted(told, key=lambda each: each.key), moment)


class Told(NamedTuple):
    """An entry with the paper that it is of."""

    key: str
    entry: Entry
    announced: datetime


def _known(session: Session, entries: Sequence[Entry]) -> tuple[dict[str, str], dict[str, Paper]]:
    """Every key and alias of the papers that these entries may be, with the paper it stands for; the papers."""
    wanted = {key for entry in entries for key in identity.keys(entry)}
    aliases = dict(iter(session.exec(select(Alias.key, Alias.paper).where(col(Alias.key).in_(wanted)))))
    rows = session.exec(select(Paper).where(col(Paper.key).in_(wanted | set(aliases.values()))))
    papers = {paper.key: paper for paper in rows}
    siblings = session.exec(select(Alias.key, Alias.paper).where(col(Alias.paper).in_(papers)))
    return dict(iter(siblings)) | {key: key for key in papers}, papers


def _announced(entry: Entry, moment: Moment) -> datetime:
    """When the paper became news: as told, never later than now.

    Where nobody tells, a paper found by a regular read is news of now. The first read of a source also
    finds older papers: there the submission and the usual lag are the better guess.
    """
    if entry.announced_at:
        return min(entry.announced_at, moment.now)
    if moment.first and entry.published_at:
        return min(entry.published_at + USUAL_LAG, moment.now)
    return moment.now


def _remember(session: Session, source: str, told: Sequence[Told], moment: Moment) -> None:
    """The papers' other keys, this source's own views, and the engagement figures."""
    aliases = [
        {"key": other, "paper": each.key}
        for each in told
        for other in identity.keys(each.entry)
        if other != each.key
    ]
    insert_once(session, Alias, sorted(aliases, key=lambda row: row["key"]))
    views = {
        each.key: {
            "paper": each.key,
            "source": source,
            "announced_at": each.announced,
            "seen_at": moment.clock,
            "view": _view(each.entry),
        }
        for each in told
    }
    upsert(session, PaperSource, list(views.values()), ("paper", "source"))
    insert_once(session, Signal, [row for each in told for row in _signals(source, each, moment.clock)])


def _signals(source: str, told: Told, clock: datetime) -> list[dict[str, object]]:
    return [
        {
            "paper": told.key,
            "source": source,
            "seen_at": min(snapshot.seen_at or clock, clock),
            "upvotes": snapshot.upvotes,
            "comments": snapshot.comments,
            "stars": snapshot.stars,
            "sample": told.entry.sample,
        }
        for snapshot in told.entry.snapshots
        if (snapshot.upvotes, snapshot.comments, snapshot.stars) != (None, None, None)
    ]


def _view(entry: Entry) -> dict[str, object]:
    told = asdict(entry)
    del told["snapshots"]
    plain = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in told.items()}
    return {name: value for name, value in plain.items() if value}
