"""The overview of editions: each date with its balance and what was decided about it, and one of them in full."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date as day
from datetime import timedelta

from sqlmodel import Session, col, func, or_, select

from newsletter.balance import summed
from newsletter.ledger import DIGEST
from newsletter.models import Delivery, Edition, Skip, State
from newsletter.record_models import Hold, Run, RunKind

MOST_DATES = 14
AHEAD = timedelta(days=2)  # a digest may be planned for a date that is tomorrow in UTC
UNSETTLED = (State.PENDING, State.SENDING, State.DEFERRED)


@dataclass(frozen=True)
class Overview:
    """One edition: how many digests stand in each state ("planned" is their sum), and what was decided."""

    date: str
    balance: dict[str, int]
    hold: Hold | None

    @property
    def waiting(self) -> int:
        """Digests that are not settled yet."""
        return sum(self.balance[state] for state in UNSETTLED)


def listing(session: Session, today: day) -> list[Overview]:
    """The last editions up to today and all that are still to come, newest date first."""
    near = {(today + AHEAD - timedelta(days=back)).isoformat() for back in range(MOST_DATES + AHEAD.days)}
    older = select(Edition.date).distinct().order_by(col(Edition.date).desc()).limit(MOST_DATES)
    decided = {each.date: each for each in session.exec(select(Hold))}
    balances = _balances(session, near | set(session.exec(older)) | decided.keys())
    dates = sorted(balances.keys() | decided.keys(), reverse=True)
    past = [date for date in dates if date <= today.isoformat()][:MOST_DATES]
    shown = [date for date in dates if date > today.isoformat()] + past
    return [Overview(date, balances.get(date) or summed({}), decided.get(date)) for date in shown]


def of(session: Session, date: str) -> Overview | None:
    """One edition; None where nothing was ever planned or decided."""
    balance, hold = _balances(session, {date}).get(date), session.get(Hold, date)
    return Overview(date, balance or summed({}), hold) if balance or hold else None


def nothing(date: str) -> Overview:
    """An edition that is still to come, and about which nothing was decided."""
    return Overview(date, summed({}), None)


def skipped_for(session: Session, date: str) -> dict[str, int]:
    """How many of its digests were skipped, by reason, the most frequent first."""
    counted = (
        select(Delivery.skipped_for, func.count())
        .where(col(Delivery.period) == date, col(Delivery.letter) == DIGEST, col(Delivery.state) == State.SKIPPED)
        .group_by(col(Delivery.skipped_for))
    )
    found = {Skip(reason).value if reason else "": count for reason, count in session.exec(counted)}
    return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))


def story(session: Session, date: str) -> list[Run]:
    """What the gate found about this edition and what the admin did with it, oldest first."""
    by_gate = (col(Run.kind) == RunKind.GATE) & (col(Run.name) == date)
    by_admin = (col(Run.kind) == RunKind.ADMIN) & col(Run.name).like(f"edition % {date}")
    lines = select(Run).where(or_(by_gate, by_admin)).order_by(col(Run.started_at), col(Run.id))
    return list(session.exec(lines))


def _balances(session: Session, dates: Collection[str]) -> dict[str, dict[str, int]]:
    counted = (
        select(Delivery.period, Delivery.state, func.count())
        .where(col(Delivery.period).in_(dates), col(Delivery.letter) == DIGEST)
        .group_by(col(Delivery.period), col(Delivery.state))
    )
    found: dict[str, dict[State, int]] = {}
    for date, state, count in session.exec(counted):
        found.setdefault(date, {})[State(state)] = count
    return {date: summed(counts) for date, counts in found.items()}
