"""What one row of a CSV file makes of a reader. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from subscribers.csv_rows import LISTS, Row, choices, values
from subscribers.errors import InvalidPreference, Suppressed
from subscribers.models import CONFIRMED, STOPPED, Status
from subscribers.preferences import Choice, Preferences, combine, parse, parse_paused_until

_COLUMN_OF = {kind: column for column, kind in LISTS.items()}


class Standing(NamedTuple):
    """All of a reader that a row may change."""

    status: Status
    preferences: Preferences
    paused_until: datetime | None
    choices: tuple[Choice, ...]


def after(row: Row, before: Standing | None, suppressed: str | None = None) -> Standing:
    """How a reader stands after this row, from how they stood (None: not there yet); pure.

    Only the columns that the file has are changed. An empty cell is its column's default, but an empty
    status keeps the status, and so does `pending` for a reader who has confirmed. Nobody who left, bounced,
    complained or is suppressed is mailed again by a file: InvalidPreference or Suppressed, unless the row
    itself says that they left, bounced or complained.
    """
    status = _status_after(row.status, before.status if before else None)
    if suppressed is not None and status not in STOPPED:
        raise Suppressed(row.email, suppressed)
    if before is None:
        return Standing(status, row.preferences, row.paused_until, row.choices)
    meant = values(row.fields)
    preferences = parse(meant, before.preferences)
    kept = [choice for choice in before.choices if _column(choice) not in meant]
    return Standing(
        status,
        preferences,
        _paused_until(meant, preferences.timezone, before, status),
        combine([*kept, *choices(meant)]),
    )


def same(one: Standing, other: Standing) -> bool:
    """Whether two standings are one, in whatever order things are followed."""
    return one[:3] == other[:3] and set(one.choices) == set(other.choices)


def names_others(row: Row, before: frozenset[str]) -> bool:
    """Whether the row names other papers as examples than those of the keys `before`."""
    return row.examples is not None and {each.key for each in row.examples} != before


def _status_after(wanted: Status | None, before: Status | None) -> Status:
    if before is None:
        return wanted or Status.PENDING
    if before in STOPPED and wanted not in STOPPED:
        cure = f"this reader stands as {before}, and only they can come back: leave the row out"
        raise InvalidPreference("status", wanted or "", cure)
    if wanted is None or (wanted == Status.PENDING and before in CONFIRMED):
        return before
    return wanted


def _paused_until(meant: Mapping[str, str], timezone: str, before: Standing, status: Status) -> datetime | None:
    if "paused_until" in meant:
        return parse_paused_until(meant["paused_until"], timezone)
    resumed = before.status == Status.PAUSED and status != Status.PAUSED
    return None if resumed else before.paused_until


def _column(choice: Choice) -> str:
    return "mutes" if choice.weight < 0 else _COLUMN_OF[choice.kind]
