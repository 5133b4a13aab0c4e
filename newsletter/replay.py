"""Replay: what readers would have been sent on past days, from what was known by then; writes nothing."""

import heapq
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from random import Random

from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from newsletter.candidates import LONGEST_LIFE
from newsletter.chooser import Chooser, Picked, Taste, chooser
from newsletter.db import LOOKED_UP, batches
from newsletter.errors import ReplayError
from newsletter.ledger import DIGEST
from newsletter.mail import tex
from newsletter.models import Delivery, Feedback, Paper, Pick
from newsletter.ranking import subjects
from newsletter.ranking.interests import from_topic, interest
from newsletter.ranking.reasons import Reason
from newsletter.schedule import Clock, clock_of
from subscribers import people
from subscribers.models import CONFIRMED, FollowKind, Subscriber

AROUND = timedelta(days=2)  # a local date's instants, wherever on earth
SEED = 5  # the same cohort every time


@dataclass(frozen=True)
class Asked:
    """What to replay: local dates, both included; readers by address, or all, or a sample of so many of them.

    `size` stands in for every reader's own, `days_off` are the dates without any digest.
    """

    first: date
    last: date
    emails: tuple[str, ...] = ()
    cohort: int | None = None
    size: int | None = None
    days_off: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Turn:
    """Readers who are due at one instant; `periods` has each reader's local date."""

    at: datetime
    periods: Mapping[int, str]


@dataclass(frozen=True)
class Shown:
    """One pick; `later` is the thumb that the reader gave the paper after this instant, 0 for none."""

    rank: int
    key: str
    title: str
    score: float
    trending: bool
    reasons: tuple[Reason, ...]
    later: int


@dataclass(frozen=True)
class Digest:
    """What one reader would have been sent: nothing, where there are no picks.

    `topics` are those they follow, and whether a pick is about it; `subjects` is how many topics of the catalogue
    are the main one of some pick; `liked` are papers that could have been picked and were liked later; `repeats`
    counts picks that this reader had been given before.
    """

    reader: str
    period: str
    at: datetime
    considered: int
    picks: tuple[Shown, ...]
    topics: Mapping[str, bool] = field(default_factory=dict)
    subjects: int = 0
    liked: frozenset[str] = frozenset()
    repeats: int = 0


class Replay:
    """Replays `turns` in their order, each with `digests`; keeps only what readers got and may get again."""

    def __init__(self, engine: Engine, taste: Taste, asked: Asked) -> None:
        """Find the readers and when they are due. ReplayError where there is nobody, or nothing to choose from."""
        self._engine, self._taste, self._asked = engine, taste, asked
        self._known = [from_topic(topic, taste.catalogue) for topic in taste.catalogue.topics]
        self._given: dict[int, set[str]] = {}
        with Session(engine) as session:
            self._clocks = _clocks(session, asked)
            self.readers = sum(len(readers) for readers in self._clocks.values())
            _check(session, self.readers, asked, taste)
        self.turns = len({at for at, _, _ in self._strikes()})

    def run(self) -> Iterator[tuple[Turn, Iterator[Digest]]]:
        """Each turn with its digests, one at a time, oldest first; all of them must be taken."""
        for at, struck in groupby(self._strikes(), key=lambda each: each[0]):
            periods = {reader: period for _, period, clock in struck for reader in self._clocks[clock]}
            turn = Turn(at, periods)
            yield turn, self._digests(turn)

    def _strikes(self) -> Iterator[tuple[datetime, str, Clock]]:
        """Every instant at which some clock strikes on one of the days, in order."""
        return heapq.merge(*(self._struck(clock) for clock in self._clocks), key=lambda each: each[0])

    def _struck(self, clock: Clock) -> list[tuple[datetime, str, Clock]]:
        first, last = self._asked.first, self._asked.last
        closed = clock.closed(_midnight(first) - AROUND, _midnight(last) + AROUND)
        wanted = first.isoformat(), last.isoformat()
        return [
            (at, period, clock)
            for period, at in closed
            if wanted[0] <= period <= wanted[1] and period not in self._asked.days_off
        ]

    def _digests(self, turn: Turn) -> Iterator[Digest]:
        ids = sorted(turn.periods)
        with Session(self._engine) as session:
            choose = chooser(session, ids, turn.at, self._taste, hindsight=False)
            open_papers = set(choose.found.keys)
            for some in batches(ids, LOOKED_UP // 10):
                later = _later(session, some, turn.at)
                self._remember(session, some)
                wanted = select(Subscriber).where(col(Subscriber.id).in_(some)).order_by(col(Subscriber.id))
                for reader in session.exec(wanted).all():
                    yield self._digest(choose, turn, reader, later.get(reader.id, {}), open_papers)
                session.expunge_all()

    def _digest(
        self, choose: Chooser, turn: Turn, reader: Subscriber, later: Mapping[str, int], open_papers: set[str]
    ) -> Digest:
        given = self._given[reader.id]
        profile = choose.profiles[reader.id]
        picked = choose.choose(profile, given, self._asked.size or reader.size)
        keys = {each.key for each in picked}
        followed = [name for kind, name, weight in profile.follows if kind is FollowKind.TOPIC and weight > 0]
        topics, count = self._about(choose, picked, followed)
        digest = Digest(
            reader=reader.email,
            period=turn.periods[reader.id],
            at=turn.at,
            considered=len(open_papers),
            picks=tuple(_shown(choose, each, later.get(each.key, 0)) for each in picked),
            topics=topics,
            subjects=count,
            liked=frozenset(key for key, thumb in later.items() if thumb > 0 and key in open_papers - given),
            repeats=len(keys & given),
        )
        # What is too old to be picked now is so for ever: it need not be remembered.
        self._given[reader.id] = (given & open_papers) | keys
        return digest

    def _about(
        self, choose: Chooser, picked: Sequence[Picked], followed: Sequence[str]
    ) -> tuple[dict[str, bool], int]:
        wanted = [interest(FollowKind.TOPIC, name, self._taste.catalogue) for name in followed]
        texts = [choose.found.texts[each.position] for each in picked]
        evidence = subjects.evidence(texts, wanted + self._known)
        there = subjects.clear(evidence[: len(wanted)])
        told = {reason.get("name") for each in picked for reason in each.reasons}
        topics = {name: name in told or bool(row.any()) for name, row in zip(followed, there, strict=True)}
        return topics, len(subjects.main(evidence[len(wanted) :]))

    def _remember(self, session: Session, readers: Sequence[int]) -> None:
        """Load what these readers were really sent before the days that are replayed, once."""
        new = [each for each in readers if each not in self._given]
        self._given.update((each, set()) for each in new)
        first = self._asked.first
        oldest = (first - LONGEST_LIFE - AROUND).isoformat()
        asked = (
            select(Pick.subscriber_id, Pick.paper)
            .join(Delivery, col(Delivery.id) == col(Pick.delivery_id))
            .where(col(Pick.subscriber_id).in_(new), Delivery.letter == DIGEST)
            .where(col(Delivery.period) < first.isoformat(), col(Delivery.period) >= oldest)
        )
        for reader, paper in session.exec(asked):
            self._given[reader].add(paper)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _clocks(session: Session, asked: Asked) -> dict[Clock, list[int]]:
    """The readers to replay by their clocks; a clock of an unknown zone is left out."""
    if asked.emails:
        found = [(each.id, clock_of(each)) for each in (people.find(session, email) for email in asked.emails)]
    else:
        found = _everybody(session)
    if asked.cohort is not None and asked.cohort < len(found):
        found = sorted(Random(SEED).sample(found, asked.cohort), key=lambda each: each[0])  # noqa: S311 - no secret
    clocks: dict[Clock, list[int]] = {}
    for reader, clock in dict(found).items():
        clocks.setdefault(clock, []).append(reader)
    return {clock: readers for clock, readers in clocks.items() if clock.known}


def _everybody(session: Session) -> list[tuple[int, Clock]]:
    """All confirmed readers, paused ones too: today's pause says nothing of the past."""
    columns = (Subscriber.id, Subscriber.cadence, Subscriber.weekdays, Subscriber.hour, Subscriber.timezone)
    asked = select(*columns).where(col(Subscriber.status).in_(CONFIRMED))  # type: ignore[call-overload]
    return [(number, Clock(*rest)) for number, *rest in session.exec(asked.order_by(col(Subscriber.id)))]


def _check(session: Session, readers: int, asked: Asked, taste: Taste) -> None:
    if not readers:
        raise ReplayError("replay: nobody reads yet: add a reader with `newsletter subscribers add`")
    since = _midnight(asked.first) - min(taste.window, LONGEST_LIFE) - AROUND
    until = _midnight(asked.last) + AROUND
    announced = col(Paper.announced_at)
    if session.exec(select(Paper.key).where(announced > since, announced < until).limit(1)).first():
        return
    none = f"replay: no paper was announced from {asked.first} to {asked.last}"
    if session.exec(select(Paper.key).limit(1)).first() is None:
        raise ReplayError(f"{none}, none is stored at all: run `newsletter fetch` first")
    oldest, newest = session.exec(select(func.min(announced), func.max(announced))).one()
    raise ReplayError(f"{none}: those stored are of {oldest:%Y-%m-%d} to {newest:%Y-%m-%d}: ask for such days")


def _later(session: Session, readers: Collection[int], at: datetime) -> dict[int, dict[str, int]]:
    """The thumbs that these readers gave after this instant."""
    rows = session.exec(
        select(Feedback.subscriber_id, Feedback.paper, Feedback.thumb).where(
            col(Feedback.subscriber_id).in_(readers), col(Feedback.at) > at
        )
    )
    found: dict[int, dict[str, int]] = {}
    for reader, paper, thumb in rows:
        found.setdefault(reader, {})[paper] = thumb
    return found


def _shown(choose: Chooser, picked: Picked, later: int) -> Shown:
    return Shown(
        rank=picked.rank,
        key=picked.key,
        title=tex.plain(choose.found.papers[picked.position].title),
        score=picked.score,
        trending=picked.trending,
        reasons=tuple(picked.reasons),
        later=later,
    )
