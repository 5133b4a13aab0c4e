"""Figures by day, counted by the database: who joined and left, what was sent, what each source told."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, literal_column
from sqlmodel import Session, col, func, select

from newsletter.ledger import DIGEST
from newsletter.models import Delivery, State
from newsletter.record_models import Run, RunKind
from newsletter.stats import JOINS, LEAVES
from subscribers.models import CONFIRMED, Consent, Subscriber

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Growth:
    """One UTC day: readers who joined and who left, and how many had said yes at its end."""

    day: str
    joined: int
    left: int
    reading: int


def days(last: date, count: int) -> list[str]:
    """The last so many days, oldest first."""
    return [(last - DAY * back).isoformat() for back in reversed(range(count))]


def growth(session: Session, wanted: list[str]) -> list[Growth]:
    """Each of these days, which follow one another and end today. Whoever was erased is in no figure."""
    joined, left = (_changes(session, wanted, which) for which in (JOINS, LEAVES))
    reading = session.exec(
        select(func.count()).select_from(Subscriber).where(col(Subscriber.status).in_(CONFIRMED))
    ).one()
    found = []
    for day in reversed(wanted):
        found.append(Growth(day, joined.get(day, 0), left.get(day, 0), reading))
        reading = max(0, reading - joined.get(day, 0) + left.get(day, 0))
    return found[::-1]


def by_state(session: Session, wanted: list[str], states: Collection[State]) -> dict[State, dict[str, int]]:
    """How many digests of each of these days' editions stand in each of these states."""
    asked = (
        select(Delivery.state, Delivery.period, func.count())
        .where(col(Delivery.period).in_(wanted), col(Delivery.letter) == DIGEST, col(Delivery.state).in_(states))
        .group_by(col(Delivery.state), col(Delivery.period))
    )
    found: dict[State, dict[str, int]] = {state: {} for state in states}
    for state, day, count in session.exec(asked):
        found[State(state)][day] = count
    return found


def by_source(session: Session, wanted: list[str]) -> dict[str, dict[str, int]]:
    """How many papers each source told that were new, by day, as the journal has them."""
    day = _day(session, col(Run.started_at))
    new = func.coalesce(func.sum(col(Run.counts)["new"].as_integer()), 0)
    asked = select(Run.name, day, new).where(
        col(Run.kind) == RunKind.FETCH,
        col(Run.started_at) >= _start(wanted[0]),
        col(Run.started_at) < _start(wanted[-1]) + DAY,
    )
    found: dict[str, dict[str, int]] = {}
    for name, on, count in session.exec(asked.group_by(col(Run.name), day)):
        found.setdefault(name, {})[str(on)] = count
    return found


def _changes(session: Session, wanted: list[str], which: ColumnElement[bool]) -> dict[str, int]:
    day = _day(session, col(Consent.at))
    span = (col(Consent.at) >= _start(wanted[0]), col(Consent.at) < _start(wanted[-1]) + DAY)
    asked = select(day, func.count(func.distinct(Consent.subscriber_id))).where(*span, which).group_by(day)
    return {str(on): count for on, count in session.exec(asked)}


def _day(session: Session, at: Any) -> ColumnElement[Any]:  # noqa: ANN401 - a column, mapped or made
    """The UTC day of a column. PostgreSQL would take the session's own zone."""
    if session.get_bind().dialect.name == "postgresql":
        return func.date(func.timezone(literal_column("'UTC'"), at))
    return func.date(at)


def _start(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(), UTC)
