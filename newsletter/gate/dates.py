"""Which dates an edition may have: a slip of the keyboard is told, not kept for thousands of years."""

from datetime import date as day
from datetime import datetime, timedelta

from sqlmodel import Session

from newsletter import overview
from newsletter.errors import EditionError
from newsletter.overview import Overview

FARTHEST = timedelta(days=3653)


def sought(session: Session, date: str, now: datetime) -> Overview | None:
    """The edition of this date; None for one about which nothing is known yet.

    Raises EditionError where nothing is known and the date is more than ten years from now, either way. An edition
    that exists is found however old it is: the calendar may have been set back years to send it.
    """
    found = overview.of(session, date)
    if found is None and abs(day.fromisoformat(date) - now.date()) > FARTHEST:
        raise EditionError(f"{date} is too far away for an edition: choose a date within 10 years from now")
    return found
