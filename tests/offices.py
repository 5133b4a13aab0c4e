"""A post office for tests: deliveries to many domains, a press that prints next to nothing, what a run shares."""

from contextlib import contextmanager
from datetime import timedelta

from ledgers import outcome, row, wanted
from sqlalchemy import event
from sqlmodel import col, select
from world import NOW, reader

from newsletter import ledger_plans
from newsletter.destinations import Destinations
from newsletter.dispatch import Dispatcher
from newsletter.feed import ConnectionFeed
from newsletter.mail import Done, Envelope, Verdict
from newsletter.mail.crew import Crew, Stop
from newsletter.models import Delivery
from newsletter.persistence import Persistence
from subscribers.models import Subscriber

TAKEN = outcome(Verdict.SENT, "250 ok")


class PlainPress:
    """Prints the Message-ID alone; `broken` deliveries cannot be read, `unprintable` ones cannot be made."""

    def __init__(self):
        self.loaded, self.broken, self.unprintable = [], set(), {}

    def load(self, session, delivery_ids):
        self.loaded.append(list(delivery_ids))
        if lost := self.broken & set(delivery_ids):
            raise LookupError(f"lost: {lost}")
        wanted = select(Delivery.id, Delivery.address, Delivery.message_id)
        found = session.exec(
            wanted.where(col(Delivery.id).in_(delivery_ids), col(Delivery.subscriber_id).is_not(None))
        )
        return {number: (number, address, message_id) for number, address, message_id in found}

    def envelope(self, draft):
        number, address, message_id = draft
        if error := self.unprintable.get(number):
            raise error
        return Envelope("papers@example.org", address, message_id, message_id.encode())


class Moment:
    """A clock that stands still until it is moved."""

    def __init__(self, at=NOW):
        self.at = at

    def __call__(self):
        return self.at

    def pass_by(self, **passed):
        self.at += timedelta(**passed)


class Patient(Crew):
    """A crew of threads that never really wait: `meanwhile` is what happens in a pause."""

    def __init__(self, connections=1, meanwhile=None, stop=None):
        super().__init__(connections, stop or Stop())
        self.pauses, self.meanwhile = [], meanwhile or (lambda: None)

    def pause(self, seconds):
        self.pauses.append(seconds)
        self.meanwhile()


def put(session, *addresses, **more):
    """A delivery to each of these addresses; their ids."""
    ids = []
    for number, address in enumerate(addresses):
        known = session.exec(select(Subscriber).where(Subscriber.email == address)).first()
        reader_id = (known or reader(session, address)).id
        period = more.get("period", f"2026-{number:05}")
        ids.append(ledger_plans.plan(session, row(reader_id, address=address, **more | {"period": period})))
    session.commit()
    return ids


class Office:
    """A dispatcher with all that it needs; `told` is what was said of each delivery."""

    def __init__(self, engine, crew=None, clock=None, pace=None, most=20, **who):
        self.engine, self.clock, self.press = engine, clock or Moment(), PlainPress()
        self.crew, self.told = crew or Crew(1, Stop()), []
        self.dispatcher = Dispatcher(
            engine=engine,
            press=self.press,
            wanted=wanted(**who),
            destinations=Destinations(most),
            clock=self.clock,
            told=lambda claim, state, outcome: self.told.append((claim.delivery_id, state, outcome.reply)),
            database=Persistence(engine, self.crew),
            pace=pace,
        )

    def feed(self, number=0):
        return ConnectionFeed(self.dispatcher, self.crew, number)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.dispatcher.database.close()


def deliveries(session):
    session.expire_all()
    session.commit()
    return session.exec(select(Delivery).order_by(Delivery.id)).all()


@contextmanager
def each_connection(engine, *pragmas):
    """For as long as a `with` block SQLite's connections are made like this."""

    def prepare(connection, _):
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", prepare)
    engine.dispose()
    try:
        yield engine
    finally:
        event.remove(engine, "connect", prepare)
        engine.dispose()


class Locked:
    """Somebody else writes to SQLite's file, and takes their time."""

    def __init__(self, engine):
        self.connection = engine.connect().execution_options(sqlite_begin="IMMEDIATE")
        self.connection.connection.execute("PRAGMA busy_timeout=60000")
        self.connection.begin()

    def end(self):
        self.connection.invalidate()
        self.connection.close()


def readers(session):
    return session.exec(select(Subscriber).order_by(Subscriber.id)).all()


def ended(feed, going=None, done=()):
    """Send all that is left; the addresses."""
    sent, done = [], list(done)
    while True:
        turn = feed.turn(done, going)
        if going is None and turn.following is None:
            return sent
        done = []
        if going is not None and turn.may_go:
            sent.append(going.envelope.recipient)
            done = [Done(going, TAKEN)]
        going = turn.following
