"""Who gets digests at a given moment: one rule, as a condition for queries and as a reason for one reader."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col

from subscribers.models import CONFIRMED, Status, Subscriber


class Standing(NamedTuple):
    """What decides about a reader's digests: the status, and until when a pause lasts (None: no end, or none)."""

    status: Status
    paused_until: datetime | None


def receiving(at: datetime) -> ColumnElement[bool]:
    """The condition on Subscriber: active or paused, and no pause is running at `at`.

    A status of "paused" without an end lasts until somebody ends it.
    """
    ended = col(Subscriber.paused_until) <= at
    active = and_(col(Subscriber.status) == Status.ACTIVE, or_(col(Subscriber.paused_until).is_(None), ended))
    return or_(active, and_(col(Subscriber.status) == Status.PAUSED, ended))


def resting(subscriber: Subscriber | Standing, at: datetime) -> bool:
    """Whether a pause is all that keeps this reader from digests."""
    return subscriber.status in CONFIRMED and why_not(subscriber, at) is not None


def why_not(subscriber: Subscriber | Standing, at: datetime) -> str | None:
    """Why this reader gets nothing at `at`, in words; None for one who does."""
    if subscriber.status not in CONFIRMED:
        return f"the reader is {subscriber.status}"
    until = subscriber.paused_until
    if until is not None and until > at:
        return f"the reader paused until {until:%Y-%m-%d}"
    if subscriber.status is Status.PAUSED and until is None:
        return "the reader paused"
    return None
