"""Editions that went out, for tests of the archive and of its feeds."""

from datetime import timedelta

from sqlmodel import Session
from world import NOW, Scripted, entry, planned, reader, sending, stored

LOW = "[digest]\nfloor = 0.1\n"


def went_out(guest, at=NOW):
    """A digest for one reader planned and sent at this time."""
    with Session(guest.site.engine) as session:
        ada = reader(session, f"ada{at:%m%d}@example.org", "Graphs", name="Ada")
        planned(session, guest.site.config, at, [ada])
    sending(guest.site.engine, Scripted(), at)


def two_editions(guest):
    """One edition on 10 March, one on 2 April with a paper of its own."""
    went_out(guest)
    one_more_edition(guest)


def one_more_edition(guest):
    """23 days later there is a new paper and a digest with it."""
    guest.clock.passes(days=23)
    with Session(guest.site.engine) as session:
        later = entry("Graph transformers again", 9, announced_at=guest.clock() - timedelta(hours=5))
        stored(session, later, now=guest.clock())
        session.commit()
    went_out(guest, guest.clock())
