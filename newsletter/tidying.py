"""Forgets what is past: readers who never confirmed, old deliveries, old lines of the journal."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Engine

from newsletter import db, journal, notices, records
from newsletter.record_models import RunKind
from subscribers import signup
from subscribers.signup import Terms

TIDY_EVERY = timedelta(hours=1)
TIDIED = "tidied"


def run(engine: Engine, terms: Terms, keep: timedelta, at: datetime, clock: Callable[[], datetime]) -> None:
    """Once an hour, whoever asks; lines of the journal are kept for `keep`."""
    now = clock()
    with db.writing(engine) as session:
        tidied = journal.marked(session, TIDIED)
        if tidied is not None and timedelta(0) <= now - tidied < TIDY_EVERY:
            return
        readers = signup.purge(session, terms, now)
        deliveries, lines = records.forget(session), journal.prune(session, now - keep)
        lines += notices.prune(session, now - keep)
        journal.mark(session, TIDIED, now)
        counts: Mapping[str, int] = {"readers": readers, "deliveries": deliveries, "lines": lines}
        if any(counts.values()):
            journal.write(session, RunKind.TIDY, "", at, (now, clock()), "", counts)
