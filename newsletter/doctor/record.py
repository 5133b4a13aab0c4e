"""Checks of the record: the last tick, messages in hand, deliveries that wait, editions that are held."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from newsletter import journal, wiring
from newsletter.doctor.context import Context
from newsletter.doctor.finding import Finding, fail, note, ok, warn
from newsletter.ledger import HELD
from newsletter.mail.words import counted
from newsletter.models import Delivery, State
from newsletter.record_models import Hold, HoldState, Turn
from subscribers.addresses import redacted_in

TICKS, SLACK = 3, timedelta(minutes=5)  # a tick that reads slow sources takes its time
LONG = timedelta(hours=1)
QUEUED = (State.PENDING, State.DEFERRED)
TURN = "tick"
MOST_NAMED = 5

Check = Callable[[Context], list[Finding]]


def asked(name: str, question: Callable[[Session, Context], Finding]) -> Check:
    """A check that asks the database, where there is one to ask."""

    def check(context: Context) -> list[Finding]:
        if context.readable is None:
            return [note(name, "not looked at: the database is not ready")]
        with Session(context.readable) as session:
            return [question(session, context)]

    return check


def tick(session: Session, context: Context) -> Finding:
    """Whether the clock of scheduled sends goes."""
    now, seconds = context.now(), context.config.schedule.tick_seconds
    last = journal.marked(session, journal.TICKED)
    if last is None:
        return warn("tick", "there was none yet: nothing is sent by itself", "start newsletter up, and keep it up")
    words = f"{last:%Y-%m-%d %H:%M:%S} UTC, {span(now - last)} ago; one is due every {seconds} s"
    if overdue(session, now, seconds):
        cure = "start newsletter up again, and look at its log for why it stopped"
        return fail("tick", words, cure)
    return ok("tick", words)


def overdue(session: Session, now: datetime, tick_seconds: int) -> bool:
    """Whether a tick was seen in this database and none since for too long; one in progress counts.

    A turn that ends later than any that begins now was taken by a wrong clock, and shows nothing.
    """
    last = journal.marked(session, journal.TICKED)
    if last is None or now - last <= TICKS * timedelta(seconds=tick_seconds) + SLACK:
        return False
    busy_until = session.exec(select(Turn.until).where(col(Turn.name) == TURN)).first()
    longest = timedelta(seconds=max(2 * tick_seconds, wiring.LEAST_LEASE)) + SLACK
    return busy_until is None or not now < busy_until <= now + longest


def leases(session: Session, context: Context) -> Finding:
    """Whether messages are in the hands of a sender that is gone."""
    now, lease = context.now(), timedelta(seconds=context.config.delivery.lease_seconds)
    if not (stuck := abandoned(session, now, lease)):
        return ok("leases", "no message is in the hands of a sender that is gone")
    words = f"{counted(stuck, 'message')} in the hands of a sender that stopped"
    return fail("leases", words, "run newsletter up or newsletter send: it takes them over")


def abandoned(session: Session, now: datetime, lease: timedelta) -> int:
    """How many deliveries are `sending` past two leases: the one that they had, and another for a sweep."""
    late = (col(Delivery.state) == State.SENDING, col(Delivery.lease_until) < now - lease)
    return session.exec(select(func.count()).select_from(Delivery).where(*late)).one()


def waiting(session: Session, context: Context) -> Finding:
    """Whether something that should be out by now is not."""
    due = (col(Delivery.state).in_(QUEUED), col(Delivery.not_before) < context.now() - LONG)
    count, since = session.exec(select(func.count(), func.min(Delivery.not_before)).where(*due)).one()
    if count:
        words = f"{counted(count, 'message')} due since {since:%Y-%m-%d %H:%M} UTC or later"
        return warn("waiting", words, "start newsletter up, or run newsletter send")
    return _deferred(session) or ok("waiting", "no message waits for longer than an hour")


def _deferred(session: Session) -> Finding | None:
    """What keeps messages that were tried several times, if there are any."""
    tried = (col(Delivery.state) == State.DEFERRED, col(Delivery.attempts) > 2, col(Delivery.not_before) < HELD)  # noqa: PLR2004 - the third try is half an hour after the first
    why = select(Delivery.outcome, func.count()).where(*tried).group_by(col(Delivery.outcome))
    row = session.exec(why.order_by(func.count().desc(), col(Delivery.outcome))).first()
    if row is None:
        return None
    words = f"{counted(row[1], 'message')} tried again and again: {redacted_in(row[0])}"
    return warn("waiting", words, "look at the smtp line, and ask your mail provider")


def held(session: Session, context: Context) -> Finding:
    """Whether an edition waits for the admin."""
    del context
    rows = session.exec(
        select(Hold).where(col(Hold.state) == HoldState.HELD).order_by(col(Hold.date).desc())
    ).all()
    if not rows:
        return ok("held", "no edition waits for you")
    return warn("held", _named(rows), f"newsletter edition release {rows[0].date}, or newsletter edition cancel")


def _named(rows: Sequence[Hold]) -> str:
    more = f" and {len(rows) - MOST_NAMED} more" if len(rows) > MOST_NAMED else ""
    named = "; ".join(f"{row.date} by the {row.by}: {', '.join(row.reasons) or 'no reason given'}" for row in rows)
    if more:
        named = ", ".join(row.date for row in rows[:MOST_NAMED]) + more
    return named


def span(time: timedelta) -> str:
    """A length of time as people say it: "40 s", "12 min", "5 h", "3 days"."""
    seconds = max(0, round(time.total_seconds()))
    for size, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
