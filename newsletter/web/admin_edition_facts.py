"""What stands in the database about one edition, as its admin page shows it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from newsletter import balance, holds, overview
from newsletter.balance import Waiting
from newsletter.ledger import DIGEST
from newsletter.models import Delivery, Paper, Pick, Skip, State
from newsletter.overview import Overview
from newsletter.record_models import HoldState, Run

MOST_PAPERS = 10
SAMPLED = 500  # digests that the most picked papers are counted in: a hundred thousand would take seconds
STILL_OPEN = timedelta(days=3)  # a date ends last twelve hours after UTC's, and digests may be late by 47


@dataclass(frozen=True)
class Whole:
    """All that the page of one edition shows.

    `first` and `last` are when readers' hours strike. `papers` are (title, key, digests with it) among the first
    `sampled` digests. `versions` counts the templates that its digests are made with. `scores`
    are what papers were ranked by in the same digests.
    """

    edition: Overview
    waiting: list[Waiting]
    skipped: dict[str, int]
    story: list[Run]
    first: datetime | None
    last: datetime | None
    planned_at: datetime | None
    papers: list[tuple[str, str, int]]
    sampled: int
    versions: int
    scores: tuple[float, ...] = ()


def state(edition: Overview) -> str:
    """A decision that stands, else how far its digests are: "held", "cancelled", "under way", "done" or "none"."""
    if edition.hold is not None and edition.hold.state is not HoldState.RELEASED:
        return edition.hold.state.value
    if edition.waiting:
        return "under way"
    return "done" if edition.balance["planned"] else "none"


def may(found: Whole, today: date) -> tuple[str, ...]:
    """What can be done with an edition on this day of the calendar."""
    stands = state(found.edition)
    if stands == "held":
        return ("release", "replan", "cancel")
    if not found.edition.waiting and date.fromisoformat(found.edition.date) < today - STILL_OPEN:
        return ()
    if stands == "cancelled":  # papers that were given free cannot be taken back
        return () if found.skipped.get(Skip.CANCELLED) else ("hold",)
    return ("hold", "cancel")


def held(session: Session) -> list[Overview]:
    """The editions that wait for the admin, oldest first."""
    dates = [each.date for by in (holds.GATE, holds.ADMIN) for each in holds.standing(session, by)]
    return [one(session, each) for each in sorted(dates)]


def one(session: Session, day: str) -> Overview:
    """An edition, planned or not."""
    return overview.of(session, day) or overview.nothing(day)


def whole(session: Session, day: str) -> Whole:
    """Everything about one day's edition."""
    first, last, planned_at, versions = session.exec(
        select(
            func.min(Delivery.due_at),
            func.max(Delivery.due_at),
            func.max(Delivery.date),
            func.count(func.distinct(Delivery.edition_id)),
        ).where(*_of(day))
    ).one()
    papers, sampled, scores = _papers(session, day)
    return Whole(
        edition=one(session, day),
        waiting=balance.waiting(session, [day]),
        skipped=overview.skipped_for(session, day),
        story=overview.story(session, day),
        first=first,
        last=last,
        planned_at=planned_at,
        papers=papers,
        sampled=sampled,
        versions=versions,
        scores=scores,
    )


def _of(day: str) -> tuple[ColumnElement[bool], ...]:
    return col(Delivery.period) == day, col(Delivery.letter) == DIGEST


def _papers(session: Session, day: str) -> tuple[list[tuple[str, str, int]], int, tuple[float, ...]]:
    """The papers that most of its first digests have, how many digests those are, and all their scores."""
    some = select(Delivery.id).where(*_of(day), col(Delivery.state) != State.SKIPPED).limit(SAMPLED)
    ids = list(session.exec(some))
    most = (
        select(Paper.title, Pick.paper, func.count())
        .join(Pick, col(Paper.key) == col(Pick.paper))
        .where(col(Pick.delivery_id).in_(ids))
        .group_by(col(Pick.paper), col(Paper.title))
        .order_by(func.count().desc(), col(Pick.paper))
        .limit(MOST_PAPERS)
    )
    scores = session.exec(select(Pick.score).where(col(Pick.delivery_id).in_(ids)))
    return list(session.exec(most)), len(ids), tuple(scores)
