"""Pick: choose each due reader's papers, and freeze the choice with its reasons in a delivery."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import datetime
from functools import partial

from sqlalchemy import Engine
from sqlmodel import Session

from newsletter import audience, db, ledger_plans
from newsletter.chooser import Taste, chooser
from newsletter.db import LOOKED_UP, batches
from newsletter.due import NO_RULES, Due, Dues, Rules, sorted_out
from newsletter.edition import Issue
from newsletter.models import Skip, State
from newsletter.planner import PLANNING, Planner, Prepared, Report, digest_row, prepare, whole_seconds
from subscribers.models import FollowKind

__all__ = ["BATCH", "PLANNING", "Due", "Planner", "Report", "miss", "not_planned", "run"]

BATCH = 1000  # readers planned in one transaction


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
    time, from which on it may be sent. Papers are chosen without any lock, while the batch before is stored;
    storing chooses anew for readers who changed meanwhile.
    """
    with Session(engine) as session:
        open_now, wishes = _open(session, due)
        report = Report(already=len(due) - len(open_now))
        if not open_now:
            return report
        choose = chooser(session, (), at, taste, wishes=wishes)
    if not choose.found.papers:
        report.waiting = len(open_now)
        return report
    made = partial(prepare, engine, choose=choose, at=at, rules=rules)
    with ThreadPoolExecutor(1) as ahead:
        for batch, prepared in _ahead(ahead, made, batches(open_now, BATCH)):
            with db.writing(engine) as session:
                planner = Planner(session, choose, issue, keys, at, not_before, rules)
                planner.plan_all(list(sorted_out(session, batch, rules)), report, prepared)
    return report


def _open(session: Session, due: Sequence[Due]) -> tuple[Dues, set[tuple[FollowKind, str]]]:
    """The due digests that are not settled yet, and all that their readers follow."""
    open_now, wishes = Dues(), set()
    for batch in batches(due, LOOKED_UP):
        some = not_planned(session, batch)
        open_now.extend(some)
        wishes |= audience.wishes(session, [each.subscriber_id for each in some])
    return open_now, wishes


def _ahead(
    executor: Executor, made: Callable[[Sequence[Due]], "Prepared"], some: Iterator[Sequence[Due]]
) -> Iterator[tuple[Sequence[Due], "Prepared"]]:
    """Each batch with what was prepared for it; the next one is being prepared meanwhile."""
    batch = next(some, None)
    coming = executor.submit(made, batch) if batch else None
    while batch and coming:
        prepared, after = coming.result(), next(some, None)
        coming = executor.submit(made, after) if after else None
        yield batch, prepared
        batch = after


def miss(engine: Engine, due: Sequence[Due], sender: str, keys: tuple[str, ...], at: datetime, words: str) -> int:
    """Record that nobody ran when these were due; how many were not planned before. Commits after each batch."""
    missed = {
        "not_before": at,
        "not_after": at,
        "state": State.SKIPPED,
        "skipped_for": Skip.MISSED,
        "outcome": words,
    }
    count = 0
    for batch in batches(due, BATCH):
        with db.writing(engine) as session:
            db.alone(session, PLANNING)
            left = not_planned(session, batch)
            members = audience.load(session, [each.subscriber_id for each in left], ()).members()
            rows = [
                digest_row(members[each.subscriber_id], each, sender, keys, whole_seconds(at)) | missed
                for each in left
                if each.subscriber_id in members
            ]
            count += sum(made is not None for made in ledger_plans.plan_many(session, rows))
    return count


def not_planned(session: Session, due: Sequence[Due]) -> list[Due]:
    """Those of the due readers whose period is not settled yet."""
    have = ledger_plans.planned(session, {each.subscriber_id for each in due}, {each.period for each in due})
    settled = ((each, have.get((each.subscriber_id, each.period))) for each in due)
    return [each for each, found in settled if found is None or not found.stands(each.due_at)]
