"""What tests of the clock share: a turn, what became of it, sources that fail or announce."""

from sqlmodel import select
from world import NOW, Told

from newsletter import tick
from newsletter.errors import SourceUnavailable
from newsletter.models import Delivery
from newsletter.record_models import Notice
from newsletter.sources.upstream import ArxivCalendar


def turn(parts, at=NOW):
    return tick.run(parts, at, lambda: at, lambda *_: None)


def digests(session):
    session.rollback()  # SQLite shows what was there when a transaction began
    return session.exec(select(Delivery).order_by(Delivery.due_at)).all()


def notices(session):
    session.rollback()
    return {each.key: each for each in session.exec(select(Notice))}


def failing():
    return Told(name="told", error=SourceUnavailable("told did not answer"))


def announcing(*entries, name="told"):
    """A source with arXiv's calendar."""
    source = Told(*entries, name=name)
    source.calendar = ArxivCalendar(())
    return source
