"""One digest as the simulation's model and the record both tell of it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
WAITING, CLAIMABLE = ("pending", "deferred"), ("pending", "deferred", "unknown")
OPEN = (*CLAIMABLE, "sending")
GONE = ("failed", "suppressed", "skipped")


@dataclass(frozen=True)
class Row:
    """A digest as it stands in the record."""

    due_at: datetime
    state: str
    skip: str | None
    not_after: datetime
    not_before: datetime = NEVER
    attempts: int = 0
    doubtful: bool = False
    lease: datetime | None = None
    handed: bool = False
    spread: timedelta = timedelta(0)  # `not_before` may be so much later: what was put off does not come at once

    @property
    def stands(self) -> bool:
        """The reader has it or may have it."""
        return self.state not in GONE or self.doubtful

    def said(self, row: "Row") -> bool:
        """Whether the record's row is this one."""
        waits = self.state in CLAIMABLE
        return self._to_compare() == row._to_compare() and (
            not waits or self.not_before <= row.not_before <= self.not_before + self.spread
        )

    def _to_compare(self) -> tuple[object, ...]:
        until = self.not_after if self.state in OPEN else None
        handed = self.handed if self.state == "sending" else None
        return (self.due_at, self.state, self.skip, until, self.attempts, self.doubtful, handed)
