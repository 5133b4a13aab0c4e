"""The balance: how many deliveries stand in each state, and what keeps those that wait."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from newsletter.ledger import DIGEST, HELD
from newsletter.models import Delivery, State
from newsletter.record_models import Hold, HoldState


@dataclass(frozen=True)
class Waiting:
    """Deliveries that wait for the same reason: how many, why, and when the first is tried again (None: never)."""

    count: int
    outcome: str
    next_try: datetime | None


def waiting(session: Session, periods: Collection[str]) -> list[Waiting]:
    """What keeps the digests of these periods that are not settled, the most frequent reason first."""
    counted = (
        select(Delivery.outcome, func.count(), func.min(Delivery.not_before))
        .where(col(Delivery.state).in_([State.DEFERRED, State.UNKNOWN]), col(Delivery.period).in_(periods))
        .group_by(col(Delivery.outcome))
    )
    found = [Waiting(count, why, when if when < HELD else None) for why, count, when in session.exec(counted)]
    return sorted([*found, *_parked(session, periods)], key=lambda each: (-each.count, each.outcome))


def _parked(session: Session, periods: Collection[str]) -> list[Waiting]:
    """Digests that are planned and wait for the gate, or for the admin."""
    parked = (
        col(Delivery.state) == State.PENDING,
        col(Delivery.period).in_(periods),
        col(Delivery.not_before) == HELD,
    )
    counted = select(Delivery.period, func.count()).where(*parked).group_by(col(Delivery.period))
    held = set(session.exec(select(Hold.date).where(col(Hold.state) == HoldState.HELD)))
    release = "the edition of {0} is held: let it go with `newsletter edition release {0}`"
    return [
        Waiting(count, release.format(period) if period in held else "the gate looks at it in the next tick", None)
        for period, count in session.exec(counted)
    ]


def of(
    session: Session, periods: Collection[str], letter: str | None = DIGEST, only: int | None = None
) -> dict[str, int]:
    """How many deliveries of these periods stand in each state; "planned" is their sum. None: of every letter."""
    counted = (
        select(Delivery.state, func.count()).where(col(Delivery.period).in_(periods)).group_by(col(Delivery.state))
    )
    if letter is not None:
        counted = counted.where(col(Delivery.letter) == letter)
    if only is not None:
        counted = counted.where(col(Delivery.subscriber_id) == only)
    return summed({State(state): count for state, count in session.exec(counted)})


def summed(counts: Mapping[State, int]) -> dict[str, int]:
    """Counts by state as a balance: every state, and "planned", which is their sum."""
    states = {state.value: counts.get(state, 0) for state in State}
    return {"planned": sum(states.values())} | states
