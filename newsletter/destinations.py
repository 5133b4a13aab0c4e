"""Destinations: how many connections a mail domain gets at once, and when one that refuses us is asked again.

The feedback is Postfix's (https://www.postfix.org/SCHEDULER_README.html): a success widens, a failure narrows.
What a domain makes of us is kept in the database, so that a restart does not forget it.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import CursorResult, func
from sqlmodel import Session, col, delete, select, update

from newsletter.db import upsert
from newsletter.ledger import HELD
from newsletter.mail import Blame, Outcome, Verdict
from newsletter.models import Delivery, Destination, State

START = 5.0  # connections at once to a domain that we know nothing of
MOST_DOUBLED = 16  # times; a wait is at its longest well before
WAITS: Mapping[Blame, tuple[timedelta, timedelta]] = {  # the first one, doubled each time, and the longest
    Blame.BUSY: (timedelta(seconds=30), timedelta(minutes=30)),
    Blame.POLICY: (timedelta(minutes=5), timedelta(hours=4)),
}


class Lane(NamedTuple):
    """One domain: its room in connections, which of them are at it (one entry a message), how it received us."""

    room: float = START
    users: tuple[int, ...] = ()
    refusals: int = 0
    paused_until: datetime | None = None
    reason: str = ""

    def paused(self, now: datetime) -> bool:
        """Whether it is left alone at this moment."""
        return self.paused_until is not None and self.paused_until > now

    def free(self, user: int, most: int) -> bool:
        """Whether this connection may bring another message; after a refusal one message at a time finds out."""
        if self.refusals:
            return not self.users
        return user in self.users or len(set(self.users)) < min(most, max(1, int(self.room)))

    def after(self, outcome: Outcome, now: datetime, most: int) -> "Lane":
        """What an outcome makes of it.

        What was under way when it was paused says nothing new: twenty connections that are refused at once are one
        refusal, and one that is still served ends no pause. Only a graver reason makes the pause longer.
        """
        refused, at_rest = outcome.blame in WAITS, self.paused(now)
        if refused:
            first, longest = WAITS[outcome.blame]
            refusals = self.refusals + (not at_rest)
            until = now + min(first * 2 ** min(refusals - 1, MOST_DOUBLED), longest)
            if at_rest and self.paused_until is not None and until <= self.paused_until:
                return self
            room = self.room if at_rest else max(1.0, self.room / 2)
            return Lane(room, self.users, refusals, until, outcome.reply)
        answered = outcome.verdict is Verdict.SENT or outcome.blame is Blame.READER
        if not answered or at_rest or (self.room >= most and not self.refusals):
            return self
        return Lane(min(float(most), self.room + 1 / self.room), self.users)


@dataclass
class Destinations:
    """The lanes of all domains in one process; `most` connections at once to any of them. For several threads."""

    most: int
    _lanes: dict[str, Lane] = field(default_factory=dict)
    _changed: set[str] = field(default_factory=set)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def paused(self, address: str, now: datetime) -> Lane | None:
        """The lane of an address whose domain is left alone at this moment."""
        lane = self._lanes.get(domain_of(address))
        return lane if lane and lane.paused(now) else None

    def enter(self, address: str, user: int) -> bool:
        """Take room for a message of the connection `user` to this address; False while there is none."""
        domain = domain_of(address)
        with self._turn:
            lane = self._lanes.get(domain) or Lane()
            if not lane.free(user, self.most):
                return False
            self._lanes[domain] = lane._replace(users=(*lane.users, user))
            return True

    def leave(self, address: str, user: int, outcome: Outcome | None, now: datetime) -> datetime | None:
        """Give the room back, and learn from the outcome if there is one; until when the domain is left alone."""
        domain = domain_of(address)
        with self._turn:
            before = self._lanes.get(domain) or Lane()
            lane = before.after(outcome, now, self.most) if outcome else before
            users = list(lane.users)
            if user in users:
                users.remove(user)
            self._lanes[domain] = lane._replace(users=tuple(users))
            if lane.paused_until != before.paused_until:
                self._changed.add(domain)
            return lane.paused_until if lane.paused(now) else None

    def load(self, session: Session) -> None:
        """Learn what other processes met with, and what the admin let go."""
        rows = {row.domain: row for row in session.exec(select(Destination))}
        with self._turn:
            ended = {domain for domain, lane in self._lanes.items() if lane.refusals} - set(rows)
            for domain in (ended | set(rows)) - self._changed:
                lane, row = self._lanes.get(domain) or Lane(), rows.get(domain)
                said = (row.refusals, row.paused_until, row.reason) if row else ()
                self._lanes[domain] = Lane(lane.room, lane.users, *said)

    def save(self, session: Session, now: datetime) -> None:
        """Keep what changed since the last time; commits."""
        with self._turn:
            changed = {domain: self._lanes[domain] for domain in sorted(self._changed)}
            self._changed.clear()
        try:
            if changed:
                _kept(session, changed, now)
        except BaseException:
            with self._turn:  # the next time
                self._changed.update(changed)
            raise


def _kept(session: Session, changed: Mapping[str, Lane], now: datetime) -> None:
    mended = [domain for domain, lane in changed.items() if not lane.refusals]
    session.connection().execute(delete(Destination).where(col(Destination.domain).in_(mended)))
    rows = [
        {"domain": domain, "paused_until": lane.paused_until, "refusals": lane.refusals, "reason": lane.reason}
        | {"at": now}
        for domain, lane in changed.items()
        if lane.refusals
    ]
    upsert(session, Destination, rows, ["domain"])
    session.commit()


def resume(session: Session, domain: str, now: datetime) -> int | None:
    """Forget that a domain refused us; how many deliveries that waited for it are due now. Does not commit.

    None where it did not.
    """
    known = session.get(Destination, domain.lower())
    if known is None:
        return None
    session.delete(known)
    theirs = (
        col(Delivery.state) == State.DEFERRED,
        col(Delivery.not_before).between(now, HELD - timedelta(days=1)),
        func.lower(col(Delivery.address)).endswith(f"@{domain.lower()}", autoescape=True),
    )
    freed: CursorResult[Any] = session.connection().execute(update(Delivery).where(*theirs).values(not_before=now))
    return freed.rowcount


def domain_of(address: str) -> str:
    """The mail domain of an address, by which destinations are told apart."""
    return address.rpartition("@")[2].lower()
