"""What the record holds about one reader and one moment: plain data, from which `verdict` and `story` tell."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from newsletter.chooser import Taste
from newsletter.schedule import FirstDigest
from newsletter.sources.upstream import Calendar


@dataclass(frozen=True)
class Rules:
    """What the newsletter goes by.

    `late` is how late a digest may be, `wait` how long it waits for a source that is late by its calendar, `first`
    when newcomers begin; `days_off` are local dates without any digest.
    """

    late: timedelta
    taste: Taste
    first: FirstDigest = "at once"
    wait: timedelta = timedelta(0)
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    days_off: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ReaderFacts:
    """The reader as they are now; `suppressed` is why their address gets nothing, "" for most."""

    email: str
    status: str
    cadence: str
    weekdays: str
    hour: int
    timezone: str
    size: int
    created_at: datetime
    confirmed_at: datetime | None
    paused_until: datetime | None
    suppressed: str
    suppressed_since: datetime | None


@dataclass(frozen=True)
class DayFacts:
    """The local date that was asked about; `due_at` is when the reader's hour strikes on it, None: not at all.

    `next_due` is the next one from now on, or from the moment asked about if that is still to come. `off`: nobody
    gets a digest that day.
    """

    date: str
    due_at: datetime | None
    next_due: datetime | None
    off: bool = False


@dataclass(frozen=True)
class DigestFacts:
    """A digest's delivery as it stands now. Held for the admin or the gate: `not_before` is None."""

    date: str
    state: str
    skipped_for: str | None
    due_at: datetime | None
    planned_at: datetime
    not_before: datetime | None
    not_after: datetime
    lease_until: datetime | None
    attempts: int
    doubtful: bool
    sent_at: datetime | None
    reply: str
    outcome: str
    considered: int | None


@dataclass(frozen=True)
class PickFacts:
    """One paper of the digest, with its reasons in words."""

    rank: int
    key: str
    title: str
    score: float
    trending: bool
    why: str


@dataclass(frozen=True)
class HoldFacts:
    """What the admin or the gate decided about the date's edition."""

    state: str
    by: str
    reasons: tuple[str, ...]
    at: datetime
    settled_at: datetime | None


@dataclass(frozen=True)
class SourceFacts:
    """How the reads of one source went that day; `error` is the last failure's words."""

    name: str
    reads: int
    failures: int
    new: int
    last_read_at: datetime
    error: str


@dataclass(frozen=True)
class RunFacts:
    """One line of the journal that says something: planning, the gate, the admin, a failure."""

    kind: str
    name: str
    at: datetime
    ok: bool
    words: str


@dataclass(frozen=True)
class LetterFacts:
    """A letter other than the digest, put within two days of the moment."""

    letter: str
    state: str
    date: datetime
    sent_at: datetime | None
    outcome: str


@dataclass(frozen=True)
class EventFacts:
    """Something the reader said, or that happened to their subscription."""

    event: str
    at: datetime


@dataclass(frozen=True)
class VoteFacts:
    """A thumb: +1 or -1."""

    key: str
    title: str
    thumb: int
    at: datetime


@dataclass(frozen=True)
class PaperFacts:
    """One paper before this reader: `known` is False where nothing stored fits what was asked.

    `date` is the digest that brought it (with `rank`, `score` and `why`), in `state`; else `fit` against `floor`,
    `place` in the reader's order and `last_score`, that of the last paper in the digest, say how near it came.
    `others` are keys of more papers with these words.
    """

    asked: str
    known: bool = False
    key: str = ""
    title: str = ""
    announced_at: datetime | None = None
    first_seen_at: datetime | None = None
    since: datetime | None = None
    until: datetime | None = None
    date: str = ""
    state: str = ""
    rank: int | None = None
    score: float | None = None
    why: str = ""
    fit: float | None = None
    floor: float | None = None
    place: int | None = None
    last_score: float | None = None
    judged: bool = False
    muted_by: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """Everything stored that bears on the question.

    `at` is the moment asked about, `now` the real one; `ticked` is when the clock last turned, `planned_until` up
    to when everything due is planned; `ran` says whether anything but reading was done between the digest's hour
    and the end of its window, `silent` that not even a source was read in the week after that hour. `plan_fault`
    is what kept the clock from planning it, "" for most; `waits_for` names sources that are late now; `papers`
    counts those that a digest of that moment could choose from. `before` is the last digest before the date's.
    """

    at: datetime
    now: datetime
    late: timedelta
    wait: timedelta
    first: FirstDigest
    reader: ReaderFacts
    day: DayFacts
    digest: DigestFacts | None
    picks: tuple[PickFacts, ...]
    before: DigestFacts | None
    hold: HoldFacts | None
    ticked: datetime | None
    planned_until: datetime | None
    ran: bool
    silent: bool
    plan_fault: str
    papers: int
    sources: tuple[SourceFacts, ...]
    waits_for: tuple[str, ...]
    runs: tuple[RunFacts, ...]
    letters: tuple[LetterFacts, ...]
    events: tuple[EventFacts, ...]
    votes: tuple[VoteFacts, ...]
    paper: PaperFacts | None = None
