"""Pick: choose each due reader's papers, and freeze the choice with its reasons in a delivery."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session

from newsletter import db, edition, ledger
from newsletter.chooser import Chooser, Picked, Taste, chooser, sent_to
from newsletter.db import LOOKED_UP, batches
from newsletter.edition import Issue
from newsletter.ledger import DIGEST
from newsletter.models import Pick, State
from newsletter.ranking import MODEL_VERSION
from subscribers.models import Subscriber

BATCH = 200  # readers planned in one transaction
PLANNING = 0x706C616E  # the lock that planners of one database take in turn: "plan"


@dataclass(frozen=True)
class Due:
    """One reader, the period that is open for them, and how long it stays open from the planning instant on."""

    subscriber_id: int
    period: str
    room: timedelta = timedelta(0)


@dataclass
class Report:
    """What a run of planning did, in readers: new digests, nothing worth sending, planned before, waiting.

    A reader waits, and nothing is stored, where there is no paper at all to choose from: sources may be late.
    """

    planned: int = 0
    skipped: int = 0
    already: int = 0
    waiting: int = 0


def run(
    engine: Engine,
    due: Sequence[Due],
    taste: Taste,
    issue: Issue,
    keys: tuple[str, ...],
    at: datetime,
    not_before: datetime,
) -> Report:
    """Plan a delivery for each due reader that has none for the period; commits after each batch.

    `at` is the planning instant on the calendar and becomes the Date header; `not_before` is a real clock's
    time, from which on it may be sent. Choosing is prepared without any lock; only storing takes one.
    """
    report = Report()
    with Session(engine) as session:
        open_now = [each for batch in batches(due, LOOKED_UP) for each in not_planned(session, batch)]
        report.already = len(due) - len(open_now)
        if not open_now:
            return report
        choose = chooser(session, (each.subscriber_id for each in open_now), at, taste)
    if not choose.found.papers:
        report.waiting = len(open_now)
        return report
    for batch in batches(open_now, BATCH):
        with db.writing(engine) as session:
            planner = Planner(session, choose, issue, keys, at, not_before)
            for each in batch:
                planner.plan(each, report)
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
        """Takes the planners' lock for the rest of the transaction; editions are made as they are needed."""
        db.alone(session, PLANNING)
        self.session, self.choose, self.issue, self.keys = session, choose, issue, keys
        self.at, self.not_before = at, not_before
        self._editions: dict[str, int] = {}
        self._frozen: set[tuple[int, str]] = set()  # readers share most papers: each is written once

    def plan(self, due: Due, report: Report) -> int | None:
        """One reader's delivery: its id, or None when another planner was first or the reader is gone or changed.

        Planners take turns, so each sees what the ones before it have picked.
        """
        reader = self.session.get(Subscriber, due.subscriber_id)
        if reader is None:
            return None
        if not self.choose.knows(reader.follows):
            report.waiting += 1  # they changed what they follow meanwhile: the next run serves them
            return None
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
        sender = self.issue.imprint.sender
        considered = len(self.choose.found.papers)
        return {
            "subscriber_id": reader.id,
            "address": reader.email,
            "letter": DIGEST,
            "period": due.period,
            "edition_id": edition_id,
            "state": State.PENDING if picked else State.SKIPPED,
            "message_id": ledger.message_id(self.keys, sender, reader.id, DIGEST, due.period),
            "date": self.at.replace(microsecond=0),
            "not_before": self.not_before,
            "not_after": self.not_before + due.room,
            "doubtful": False,
            "details": {"considered": considered, "name": reader.name},
            "outcome": "" if picked else self._nothing(reader, considered),
            "attempts": 0,
            "reply": "",
        }

    def _nothing(self, reader: Subscriber, considered: int) -> str:
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
            if (edition_id, each.key) not in self._frozen
        }
        edition.freeze_papers(self.session, edition_id, contents)
        self._frozen.update((edition_id, key) for key in contents)
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
