"""A ledger for the crash tests: real digests for many readers, and what stands in it after each kill."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, update
from sqlmodel import Session, col, select, text
from world import KEYS, planned, reader, stored

from newsletter import ledger_plans
from newsletter.ledger import DIGEST, HELD
from newsletter.models import Delivery, Destination, Pick, State
from subscribers.models import Subscriber

DOMAINS = 7
WAITING = {State.PENDING, State.DEFERRED, State.UNKNOWN}
LEFT = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'crash'")


def address(number):
    return f"reader{number}@d{number % DOMAINS}.example.org"


def laid_out(engine, config, messages):
    """One reader's digest is planned as ever, and those of all others are like it."""
    with Session(engine) as session:
        stored(session)
        reader(session, address(1), "Graphs", size=1)
        planned(session, config)
        now = datetime.now(UTC)
        session.exec(update(Delivery).values(not_before=now, not_after=now + timedelta(days=3650)))
        session.commit()
    if messages > 1:
        add(engine, range(2, messages + 1))


def add(engine, numbers):
    """Untried digests for readers of these numbers, otherwise like that of the first reader."""
    with Session(engine) as session:
        for table, key in ((Subscriber, "id"), (Delivery, "id"), (Pick, "delivery_id")):
            columns = table.__table__
            found = session.connection().execute(select(columns).where(columns.c[key] == 1)).mappings().all()
            assert found, table
            copies = [dict(row) | changes(table, row, each) for each in numbers for row in found]
            session.connection().execute(insert(table), copies)
        session.commit()


def changes(table, row, number):
    """In what this reader's row is not like the first reader's."""
    if table is Subscriber:
        return {"id": number, "email": address(number)}
    if table is Pick:
        return {"subscriber_id": number, "delivery_id": number}
    mark = ledger_plans.message_id(KEYS, "papers@example.org", number, DIGEST, row["period"])
    theirs = {"id": number, "subscriber_id": number, "address": address(number), "message_id": mark}
    return theirs | ledger_plans.UNTRIED | {"state": State.PENDING, "sent_at": None}


def database_of(engine):
    """The URL for another process, under a name by which PostgreSQL knows it."""
    url = engine.url
    if engine.dialect.name == "postgresql":
        url = url.update_query_dict({"application_name": "crash"})
    return url.render_as_string(hide_password=False)


def left_alone(engine):
    """Whether no dead sender has a transaction open on the server any more."""
    if engine.dialect.name != "postgresql":
        return True
    with Session(engine) as session:
        return session.scalar(LEFT) == 0


def rows(engine):
    """All deliveries by address."""
    with Session(engine) as session:
        return {row.address: row for row in session.exec(select(Delivery).order_by(col(Delivery.id)))}


def dead(found):
    """What was claimed by senders that are no more, for all of them are."""
    return [row for row in found.values() if row.state is State.SENDING]


def next_try(engine):
    """When all that is not settled is due, by the ledger's clock: leases first; None when all is settled."""
    found = rows(engine)
    if leases := [row.lease_until for row in dead(found)]:
        return max(leases)
    moments = [row.not_before for row in found.values() if row.state in WAITING and row.not_before < HELD]
    if not moments:
        return None
    with Session(engine) as session:
        pauses = session.exec(select(Destination.paused_until)).all()
    return max([*moments, *filter(None, pauses)])
