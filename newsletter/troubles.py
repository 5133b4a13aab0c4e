"""Troubles: after each turn of the clock, what the admin has to be told, and what is over."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import cached_property

from sqlalchemy import ColumnElement, Engine
from sqlmodel import Session, col, func, select

from newsletter import db, holds, journal, notices
from newsletter.ledger import DIGEST, HELD
from newsletter.models import Delivery, Destination, State
from newsletter.record_models import Notice, RunKind
from subscribers.addresses import redacted_in

FAILURES = 3  # reads in a row after which a source is said to fail
SEVERAL = 3  # fewer that a server puts off may be full mailboxes
SLOW, LATELY = timedelta(hours=1), timedelta(hours=12)
HELD_KEY, SMTP_KEY, WITHOUT, REFUSES = "edition held ", "smtp down", "went without ", "domain refuses "


class Bell:
    """Rings for a trouble that is new. What is open is looked up once: a turn seldom has anything to tell."""

    def __init__(self, engine: Engine, admin: notices.Admin, now: datetime) -> None:
        self.engine, self.admin, self.now = engine, admin, now

    @cached_property
    def open(self) -> frozenset[str]:
        """Troubles that were told and are not over."""
        with Session(self.engine) as session:
            return frozenset(session.exec(select(Notice.key).where(col(Notice.ended_at).is_(None))))

    def ring(self, key: str, words: str) -> None:
        if key not in self.open:
            with db.writing(self.engine) as session:
                notices.tell(session, self.admin, key, words, self.now)

    def over(self, key: str) -> None:
        if key in self.open:
            with db.writing(self.engine) as session:
                notices.over(session, key, self.now)


def of_editions(bell: Bell) -> None:
    """Editions that the gate holds, with its reasons; one that is decided about is no trouble any more."""
    with Session(bell.engine) as session:
        standing = {each.date: " ".join(each.reasons) for each in holds.standing(session, holds.GATE)}
    for date, reasons in standing.items():
        bell.ring(f"{HELD_KEY}{date}", reasons)
    for key in bell.open:
        if key.startswith(HELD_KEY) and key.removeprefix(HELD_KEY) not in standing:
            bell.over(key)


def of_sources(bell: Bell, names: Collection[str]) -> None:
    """Sources whose last reads all failed."""
    for name in names:
        with Session(bell.engine) as session:
            reads = journal.newest(session, RunKind.FETCH, name, FAILURES)
        if len(reads) == FAILURES and not any(read.ok for read in reads):
            bell.ring(f"source fails {name}", f"Not since {reads[-1].at:%Y-%m-%d %H:%M} UTC: {reads[0].words}")
        elif reads and reads[0].ok:
            bell.over(f"source fails {name}")


def of_waiting(bell: Bell, day: str, waited: str) -> None:
    """Digests that were planned today without news of some source; from the journal, so a crash loses none."""
    with Session(bell.engine) as session:
        lines = journal.newest(session, RunKind.PLAN, most=1)
    today = [line.words for line in lines if line.words.startswith(WITHOUT) and f"{line.at:%Y-%m-%d}" == day]
    names = [name for words in today for name in words.removeprefix(WITHOUT).split(", ")]
    for name in names:
        bell.ring(f"{WITHOUT}{name} {day}", f"It had no news by then: {waited} of waiting were in vain.")
    for key in bell.open:
        if key.startswith(WITHOUT) and not key.endswith(day):
            bell.over(key)


def of_parts(bell: Bell, names: Collection[str], faults: Mapping[str, str]) -> None:
    """Parts of the turn that failed."""
    for name in names:
        if name in faults:
            bell.ring(f"tick fails at {name}", faults[name])
        else:
            bell.over(f"tick fails at {name}")


def of_sending(bell: Bell) -> None:
    """More digests wait for an hour and more than went out lately: no server, or nobody who sends."""
    with Session(bell.engine) as session:
        waiting, outcome = _waiting(session, bell.now)
        sent = _count(session, bell.now, col(Delivery.state) == State.SENT)
    if waiting > sent:
        words = f"Digests that wait for an hour or more: {waiting:,}. Sent in these hours: {sent:,}."
        bell.ring(SMTP_KEY, f"{words} {redacted_in(outcome) or 'None was tried: does a sender run?'}")
    else:
        bell.over(SMTP_KEY)


def of_destinations(bell: Bell) -> None:
    """Mail domains that refuse us for good, not for a while: a matter of policy that somebody has to mend."""
    with Session(bell.engine) as session:
        refusing = {row.domain: row.reason for row in session.exec(select(Destination)) if row.reason[:1] == "5"}
    for domain, reason in refusing.items():
        bell.ring(f"{REFUSES}{domain}", f"It said: {redacted_in(reason)}")
    for key in bell.open:
        if key.startswith(REFUSES) and key.removeprefix(REFUSES) not in refusing:
            bell.over(key)


def _waiting(session: Session, now: datetime) -> tuple[int, str]:
    """How many could have gone out an hour ago, and what kept one of them."""
    untried = _count(session, now, col(Delivery.state) == State.PENDING, col(Delivery.not_before) <= now - SLOW)
    put_off = (
        col(Delivery.state) == State.DEFERRED,
        col(Delivery.date) <= now - SLOW,
        col(Delivery.not_before) < HELD,
    )
    outcome = session.exec(select(Delivery.outcome).where(*_lately(now), *put_off).limit(1)).first()
    count = _count(session, now, *put_off)
    return untried + (count if count >= SEVERAL else 0), outcome or ""


def _count(session: Session, now: datetime, *wanted: ColumnElement[bool]) -> int:
    return session.exec(select(func.count()).select_from(Delivery).where(*_lately(now), *wanted)).one()


def _lately(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (col(Delivery.letter) == DIGEST, col(Delivery.due_at).between(now - LATELY, now))
