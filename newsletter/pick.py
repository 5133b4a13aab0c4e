"""Pick: choose each due reader's papers, and freeze the choice with its reasons in a delivery."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, select

from newsletter import candidates as pool
from newsletter import edition, ledger
from newsletter.candidates import Candidates
from newsletter.edition import Issue
from newsletter.models import Pick, State
from newsletter.ranking import MODEL_VERSION, blend, reasons, text
from newsletter.ranking.blend import Choice, Reader
from newsletter.ranking.interests import interest
from newsletter.ranking.reasons import Reason
from newsletter.ranking.relevance import Interest, evidence
from newsletter.ranking.text import Index
from subscribers import tokens
from subscribers.models import Follow, FollowKind, Subscriber
from subscribers.topics import Catalogue

BATCH = 200  # readers planned in one transaction


@dataclass(frozen=True)
class Due:
    """One reader and the period that is open for them."""

    subscriber_id: int
    period: str


@dataclass(frozen=True)
class Taste:
    """What all readers share when papers are chosen."""

    catalogue: Catalogue
    window: timedelta
    floor: float


@dataclass(frozen=True)
class Picked:
    """One paper chosen for one reader; `position` is its place among the candidates."""

    rank: int
    position: int
    key: str
    score: float
    trending: bool
    reasons: list[Reason]


@dataclass
class Report:
    """What a run of planning did: new deliveries with papers, and readers for whom nothing was worth it."""

    planned: int = 0
    skipped: int = 0
    already: int = 0


class Chooser:
    """Chooses for any number of readers from one set of candidates; the texts are indexed once."""

    def __init__(self, found: Candidates, follows: Iterable[Follow], taste: Taste) -> None:
        """`follows` are those of all readers to come: their words are what the index looks for."""
        self.found, self.taste = found, taste
        self.rows: dict[tuple[FollowKind, str], int] = {}
        self.interests: list[Interest] = []
        for follow in follows:
            self._row(follow)
        terms = (term for each in self.interests for term in each.terms)
        self.index: Index = text.index(found.texts, terms)
        self.evidence: NDArray[np.float64] = evidence(self.interests, self.index, found.facts)

    def _row(self, follow: Follow) -> int:
        key = (follow.kind, follow.value)
        if key not in self.rows:
            self.rows[key] = len(self.interests)
            self.interests.append(interest(follow.kind, follow.value, self.taste.catalogue))
        return self.rows[key]

    def reader(self, follows: Iterable[Follow]) -> Reader:
        """Rows and weights of what one reader follows and mutes."""
        rows = [(self.rows[follow.kind, follow.value], follow.weight) for follow in follows]
        followed = sorted((row, weight) for row, weight in rows if weight > 0)
        return Reader(
            rows=tuple(row for row, _ in followed),
            weights=tuple(weight for _, weight in followed),
            muted=tuple(sorted(row for row, weight in rows if weight < 0)),
        )

    def choose(self, follows: Sequence[Follow], sent: set[str], size: int) -> list[Picked]:
        """This reader's papers, best first, never one that was `sent`; empty when nothing is worth it."""
        if not self.found.papers:
            return []
        reader = self.reader(follows)
        keys = self.found.keys
        seen = np.array([key in sent for key in keys])
        chosen = blend.choose(
            reader, self.evidence, self.found.trend, self.found.fresh, seen, keys, size, self.taste.floor
        )
        return [self._picked(rank, choice, reader) for rank, choice in enumerate(chosen, 1)]

    def _picked(self, rank: int, choice: Choice, reader: Reader) -> Picked:
        why = reasons.reasons(choice, reader, self.interests, self.evidence, self.index, self.found.share)
        key = self.found.papers[choice.paper].key
        return Picked(rank, choice.paper, key, choice.score, choice.trending, why)

    def fitting(self, follows: Sequence[Follow]) -> tuple[int, float]:
        """How many candidates pass the floor, sent or not, and the best relevance: says why a day was quiet."""
        reader = self.reader(follows)
        fit = blend.relevance(reader, self.evidence) if reader.rows else self.found.trend
        return int((fit >= self.taste.floor).sum()), float(fit.max(initial=0.0))


def chooser(session: Session, follows: Iterable[Follow], at: datetime, taste: Taste) -> Chooser:
    """A chooser over everything announced in the window before `at`."""
    return Chooser(pool.load(session, at, taste.window), follows, taste)


def sent_to(session: Session, subscriber_id: int) -> set[str]:
    """Every paper this reader was ever given."""
    return set(session.exec(select(Pick.paper).where(col(Pick.subscriber_id) == subscriber_id)))


def run(
    session: Session,
    due: Sequence[Due],
    taste: Taste,
    issue: Issue,
    keys: tuple[str, ...],
    at: datetime,
    not_before: datetime,
) -> Report:
    """Plan a delivery for each due reader that has none for the period; commits after each batch.

    `at` is the planning instant on the calendar and becomes the Date header; `not_before` is a real clock's
    time, from which on it may be sent.
    """
    report = Report()
    planner: Planner | None = None
    for start in range(0, len(due), BATCH):
        batch = not_planned(session, due[start : start + BATCH])
        report.already += len(due[start : start + BATCH]) - len(batch)
        if batch and planner is None:
            follows = session.exec(select(Follow).order_by(col(Follow.id))).all()
            planner = Planner(session, chooser(session, follows, at, taste), issue, keys, at, not_before)
        for each in batch:
            assert planner is not None
            planner.plan(each, report)
        session.commit()
    return report


def not_planned(session: Session, due: Sequence[Due]) -> list[Due]:
    """Those of the due readers who have no delivery for the period yet."""
    have = ledger.planned(session, {each.subscriber_id for each in due}, {each.period for each in due})
    return [each for each in due if (each.subscriber_id, each.period) not in have]


class Planner:
    """Writes planned deliveries with their picks; never commits, so a preview can plan and roll back."""

    def __init__(
        self,
        session: Session,
        choose: Chooser,
        issue: Issue,
        keys: tuple[str, ...],
        at: datetime,
        not_before: datetime,
    ) -> None:
        """The editions it needs are made as they come."""
        self.session, self.choose, self.issue, self.keys = session, choose, issue, keys
        self.at, self.not_before = at, not_before
        self._editions: dict[str, int] = {}

    def plan(self, due: Due, report: Report) -> int | None:
        """One reader's delivery: its id, or None when another planner was first."""
        reader = self.session.get_one(Subscriber, due.subscriber_id)
        picked = self.choose.choose(reader.follows, sent_to(self.session, reader.id), reader.size)
        edition_id = self._edition(due.period)
        row = self._row(reader, due, edition_id, picked)
        delivery_id = ledger.plan(self.session, row)
        if delivery_id is None:
            report.already += 1
        elif picked:
            self._freeze(reader, delivery_id, edition_id, picked)
            report.planned += 1
        else:
            report.skipped += 1
        return delivery_id

    def _edition(self, period: str) -> int:
        if period not in self._editions:
            made = edition.freeze(self.session, period, self.issue, MODEL_VERSION, self.at)
            self._editions[period] = made
        return self._editions[period]

    def _row(self, reader: Subscriber, due: Due, edition_id: int, picked: Sequence[Picked]) -> dict[str, object]:
        domain = self.issue.imprint.sender.rpartition("@")[2]
        mark = tokens.digest(self.keys, "message", str(reader.id), "digest", due.period, length=32)
        considered = len(self.choose.found.papers)
        return {
            "subscriber_id": reader.id,
            "address": reader.email,
            "letter": "digest",
            "period": due.period,
            "edition_id": edition_id,
            "state": State.PENDING if picked else State.SKIPPED,
            "message_id": f"<{mark}@{domain}>",
            "date": self.at.replace(microsecond=0),
            "not_before": self.not_before,
            "details": {"considered": considered, "name": reader.name},
            "outcome": "" if picked else self._nothing(reader, considered),
            "attempts": 0,
            "reply": "",
        }

    def _nothing(self, reader: Subscriber, considered: int) -> str:
        if not considered:
            return "nothing worth sending: no paper was announced in the window"
        fitting, best = self.choose.fitting(reader.follows)
        if fitting:
            return f"nothing worth sending: of {considered} papers {fitting} fit, all sent before or muted"
        floor = self.choose.taste.floor
        return f"nothing worth sending: of {considered} papers the best fits {best:.2f}, the floor is {floor:.2f}"

    def _freeze(self, reader: Subscriber, delivery_id: int, edition_id: int, picked: Sequence[Picked]) -> None:
        found = self.choose.found
        contents = {
            each.key: edition.content(
                found.papers[each.position], found.votes[each.position], sample=each.key in found.samples
            )
            for each in picked
        }
        edition.freeze_papers(self.session, edition_id, contents)
        self.session.add_all(
            Pick(
                subscriber_id=reader.id,
                paper=each.key,
                delivery_id=delivery_id,
                rank=each.rank,
                score=each.score,
                trending=each.trending,
                reasons=each.reasons,
            )
            for each in picked
        )
        self.session.flush()
