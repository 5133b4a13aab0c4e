"""Pick: choose each due reader's papers, and freeze the choice with its reasons in a delivery."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session

from newsletter import db, edition, ledger_plans
from newsletter.chooser import Chooser, Picked, Taste, chooser, sent_to
from newsletter.db import LOOKED_UP, batches
from newsletter.due import NO_RULES, Due, LeftOut, Rules, decided, silence, sorted_out
from newsletter.edition import Issue
from newsletter.ledger import DIGEST, HELD
from newsletter.models import Pick, Skip, State
from newsletter.record_models import HoldState
from subscribers.models import Subscriber

BATCH = 200  # readers planned in one transaction
PLANNING = 0x706C616E  # the lock that planners of one database take in turn: "plan"


@dataclass
class Report:
    """What a run of planning did, in readers: new digests, skipped ones, planned before, waiting.

    `skipped` counts those with nothing worth sending, `left_out` those skipped by a rule before any paper was
    looked at. A reader waits, and nothing is stored, where there is no paper at all to choose from: sources may be
    late.
    """

    planned: int = 0
    skipped: int = 0
    left_out: int = 0
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
    rules: Rules = NO_RULES,
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
            planner = Planner(session, choose, issue, keys, at, not_before, rules)
            for each, left_out in sorted_out(session, batch, rules):
                planner.plan(each, report, left_out)
    return report


def miss(engine: Engine, due: Sequence[Due], sender: str, keys: tuple[str, ...], at: datetime, words: str) -> int:
    """Record that nobody ran when these were due; how many were not planned before. Commits after each batch."""
    count = 0
    for batch in batches(due, BATCH):
        with db.writing(engine) as session:
            db.alone(session, PLANNING)
            for each in not_planned(session, batch):
                reader = session.get(Subscriber, each.subscriber_id)
                if reader is not None:
                    row = _row(reader, each, sender, keys, at) | {"not_before": at, "not_after": at}
                    row |= {"state": State.SKIPPED, "skipped_for": Skip.MISSED, "outcome": words}
                    count += ledger_plans.plan(session, row) is not None
    return count


def not_planned(session: Session, due: Sequence[Due]) -> list[Due]:
    """Those of the due readers whose period is not settled yet."""
    have = ledger_plans.planned(session, {each.subscriber_id for each in due}, {each.period for each in due})
    settled = ((each, have.get((each.subscriber_id, each.period))) for each in due)
    return [each for each, found in settled if found is None or not found.stands(each.due_at)]


def _row(reader: Subscriber, due: Due, sender: str, keys: tuple[str, ...], at: datetime) -> dict[str, object]:
    """What every digest's row has, whatever becomes of it."""
    return {
        "subscriber_id": reader.id,
        "address": reader.email,
        "letter": DIGEST,
        "period": due.period,
        "edition_id": None,
        "message_id": ledger_plans.message_id(keys, sender, reader.id, DIGEST, due.period),
        "date": at.replace(microsecond=0),
        "due_at": due.due_at,
        "details": {"name": reader.name},
    }


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
        rules: Rules = NO_RULES,
    ) -> None:
        """Takes the planners' lock for the rest of the transaction; editions are made as they are needed."""
        db.alone(session, PLANNING)
        self.session, self.choose, self.issue, self.keys = session, choose, issue, keys
        self.at, self.not_before, self.rules = at, not_before, rules
        self._editions: dict[str, int] = {}
        self._held: dict[str, bool] = {}
        self._frozen: set[tuple[int, str]] = set()  # readers share most papers: each is written once

    def plan(self, due: Due, report: Report, left_out: LeftOut | None = None) -> int | None:
        """One reader's delivery: its id, or None when another planner was first or the reader is gone or changed.

        Planners take turns, so each sees what the ones before it have picked. `left_out` is why a rule skips this
        one, whatever papers there are.
        """
        reader = self.session.get(Subscriber, due.subscriber_id)
        if reader is None:
            return None
        if left_out is None and not self.choose.knows(reader.follows):
            report.waiting += 1  # they changed what they follow meanwhile: the next run serves them
            return None
        picked = [] if left_out else self._choose(reader)
        row = self._planned(reader, due, picked, left_out)
        delivery_id = ledger_plans.plan(self.session, row)
        if delivery_id is None and ledger_plans.take_back(self.session, reader.id, due.period):
            delivery_id = ledger_plans.plan(self.session, row)
        if delivery_id is None:
            report.already += 1
        elif picked:
            self._freeze(reader, delivery_id, self._edition(due.period), picked)
            report.planned += 1
        elif left_out:
            report.left_out += 1
        else:
            report.skipped += 1
        return delivery_id

    def _choose(self, reader: Subscriber) -> list[Picked]:
        return self.choose.choose(self.choose.profile(reader), sent_to(self.session, reader.id), reader.size)

    def _edition(self, period: str) -> int:
        if period not in self._editions:
            made = edition.freeze(self.session, period, self.issue, self.choose.version, self.at)
            self._editions[period] = made
        return self._editions[period]

    def _planned(
        self, reader: Subscriber, due: Due, picked: Sequence[Picked], left_out: LeftOut | None
    ) -> dict[str, object]:
        considered = len(self.choose.found.papers)
        row = _row(reader, due, self.issue.imprint.sender, self.keys, self.at)
        times = {"not_before": self._from(due.period), "not_after": self.not_before + due.room}
        if left_out:
            return row | times | {"state": State.SKIPPED, "skipped_for": left_out.skip, "outcome": left_out.words}
        details = {"considered": considered, "name": reader.name, "model": self.choose.version}
        row |= times | {"edition_id": self._edition(due.period), "details": details}
        if picked:
            quiet = silence(self.session, reader.id, due.due_at)
            return row | {"state": State.PENDING, "details": details | dict(quiet)}
        words = self._nothing(reader, considered)
        return row | {"state": State.SKIPPED, "skipped_for": Skip.NOTHING, "outcome": words}

    def _from(self, period: str) -> datetime:
        """From when on it may be sent: while the gate has not judged it, or the edition is held, not at all."""
        if period not in self._held:
            self._held[period] = decided(self.session, {period}).get(period) is HoldState.HELD
        return HELD if self.rules.judged or self._held[period] else self.not_before

    def _nothing(self, reader: Subscriber, considered: int) -> str:
        fitting, best = self.choose.fitting(self.choose.profile(reader))
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
