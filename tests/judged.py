"""Digests as scheduled runs plan them, for tests of holds and the gate: they wait until somebody lets them go."""

from datetime import timedelta

from sqlmodel import Session, select
from world import KEYS, NOW

from newsletter import db, gate, pick, wiring
from newsletter.due import Due, Rules
from newsletter.ledger import HELD
from newsletter.models import Delivery
from newsletter.record_models import Run
from subscribers import people

DATE = "2026-03-10"
ROOM = timedelta(hours=18)
LATER = NOW + timedelta(minutes=5)
JUDGED = Rules(judged=True)
RULES = gate.Rules(least_papers=3, usual_papers=5, same_share=0.9, from_readers=50, budget_bytes=90_000)


def scheduled(engine, config, date=DATE, at=NOW, readers=None, issue=None):
    """Plan this date's digests for everybody (or these readers), to be judged."""
    with Session(engine) as session:
        ids = readers or [each.id for each in people.listing(session)]
    due = [Due(reader, date, ROOM, at) for reader in ids]
    made = issue or wiring.issue(config)
    return pick.run(engine, due, wiring.taste(config), made, KEYS, at, at, JUDGED)


def judge(engine, now=LATER, rules=RULES, expected=None):
    return gate.run(engine, KEYS, rules, now, ROOM, expected)


def decide(engine, what, *arguments, **more):
    """One decision in a transaction of its own."""
    with db.writing(engine) as session:
        return what(session, *arguments, **more)


def digests(session, date=DATE):
    session.rollback()  # on SQLite a session sees what was there when it began to read
    return session.exec(select(Delivery).where(Delivery.period == date).order_by(Delivery.id)).all()


def states(session, date=DATE):
    return [each.state for each in digests(session, date)]


def waits(session, date=DATE):
    """Whether each digest of the date waits for somebody to let it go."""
    return [each.not_before == HELD for each in digests(session, date)]


def lines(session, kind):
    session.rollback()
    return session.exec(select(Run).where(Run.kind == kind).order_by(Run.id)).all()
