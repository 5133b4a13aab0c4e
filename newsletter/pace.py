"""Pace: a limit on how many messages leave in a time, kept in the database for all senders together."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, text
from sqlmodel import col, select, update

from newsletter.models import Pace
from newsletter.statements import Line
from subscribers.models import Utc

CATCH_UP = timedelta(seconds=1)  # who came late may make up for so much
ASTRAY = timedelta(minutes=1)  # the clocks of several machines may differ by so much
STANDS = select(Pace.next_at).where(col(Pace.name) == bindparam("its_name"))
# As text, for both databases say it alike and Core has no word for it.
FIRST = text(
    "INSERT INTO pace (name, next_at) VALUES (:new_name, :new_next_at) ON CONFLICT DO NOTHING"
).bindparams(bindparam("new_next_at", type_=Utc))
CHANGE = (
    update(Pace)
    .where(col(Pace.name) == bindparam("its_name"), col(Pace.next_at) == bindparam("seen"))
    .values(next_at=bindparam("new_next_at"))
)


@dataclass(frozen=True)
class Limit:
    """One message in each `interval`, evenly; limits with one `name` are one limit."""

    interval: timedelta
    name: str = ""

    def taken(self, line: Line, now: datetime) -> timedelta:
        """Take leave for one message: nothing left to wait, or for how long to wait and ask again."""
        found = line.rows(STANDS, {"its_name": self.name})
        if not found:
            first = {"new_name": self.name, "new_next_at": now + self.interval}
            return self._won(line.run(FIRST, first))
        seen: datetime = found[0][0]
        wait = seen - now
        if timedelta() < wait <= self.interval + ASTRAY:
            return min(wait, self.interval)
        # A clock that was ahead once must not stop everything for so long.
        start = now if wait > timedelta() else max(seen, now - CATCH_UP)
        values = {"its_name": self.name, "seen": seen, "new_next_at": start + self.interval}
        return self._won(line.run(CHANGE, values))

    def _won(self, changed: int) -> timedelta:
        """Of several that ask at the same moment one gets leave."""
        return timedelta() if changed else self.interval / 10
