"""Persistence: what has to be written down is tried until the database takes it; by faults of real databases."""

from contextlib import suppress

import pytest
from offices import Locked, Patient, each_connection
from sqlalchemy import literal_column, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, select, update
from structlog.testing import capture_logs
from world import reader

from newsletter.errors import DatabaseError
from newsletter.persistence import FIRST_WAIT, LONGEST_WAIT, Persistence
from subscribers.models import Subscriber

ONE = select(literal_column("1"))
RENAME = update(Subscriber).values(name="Ada")
POSTGRESQL = [pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture
def impatient(engine):
    """An engine that gives up at once when it finds SQLite's file locked."""
    with each_connection(engine, "busy_timeout=0"):
        yield engine


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("way", ["line", "session"])
def test_a_write_waits_for_a_locked_database(impatient, session, way):
    reader(session)
    engine, other = impatient, Locked(impatient)
    crew = Patient(meanwhile=lambda: len(crew.pauses) == 8 and other.end())
    database = Persistence(engine, crew)

    def with_session(own):
        changed = own.connection().execute(RENAME).rowcount
        own.commit()
        return changed

    with capture_logs() as said:
        if way == "line":
            changed = database.write(lambda line: line.run(RENAME, {}))
        else:
            changed = database.session(with_session)
    database.close()

    assert changed == 1
    assert crew.pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, LONGEST_WAIT, LONGEST_WAIT]
    assert [each["reason"] for each in said] == ["database is locked"]
    assert said[0]["event"] == "the database does not answer: nothing is sent until it does"
    assert database.troubled


@pytest.mark.parametrize("engine", POSTGRESQL, indirect=True)
def test_a_write_survives_the_end_of_its_connection(engine, session):
    reader(session)
    crew, tries = Patient(), []
    database = Persistence(engine, crew)

    def work(line):
        tries.append(line.run(RENAME, {}))
        if len(tries) < 3:
            line.rows(text("SELECT pg_terminate_backend(pg_backend_pid())"), {})
        return "written"

    assert database.write(work) == "written"
    database.close()
    assert (tries, crew.pauses) == ([1, 1, 1], [FIRST_WAIT, 2 * FIRST_WAIT])
    assert session.exec(select(Subscriber.name)).all() == ["Ada"]


def test_a_run_that_is_cut_off_waits_no_longer_and_says_why(engine):
    crew = Patient(meanwhile=lambda: setattr(crew, "cut", len(crew.pauses) == 3))
    database = Persistence(engine, crew)

    def work(line):
        line.rows(ONE, {})
        raise engine.dialect.loaded_dbapi.OperationalError("no  space\nleft")

    with pytest.raises(DatabaseError, match=r"^the database does not answer: no space left$"):
        database.write(work)
    assert len(crew.pauses) == 3
    assert engine.pool.checkedout() == 0


def test_an_error_that_waiting_does_not_mend_is_raised_at_once(engine):
    crew = Patient()
    database = Persistence(engine, crew)

    with pytest.raises(ZeroDivisionError):
        database.write(lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        database.session(lambda _: 1 / 0)

    assert (crew.pauses, database.troubled) == ([], False)
    assert engine.pool.checkedout() == 0


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("writes", "tries"), [(True, 1), (False, 2)])
def test_who_reads_before_writing_is_not_overtaken(impatient, session, writes, tries):
    reader(session)
    engine = impatient
    database, seen, overtaken = Persistence(engine, Patient()), [], []

    def work(own):
        seen.append(own.exec(select(Subscriber.name)).one())
        if len(seen) == 1:
            with Session(engine) as other, suppress(OperationalError):
                other.connection().execute(RENAME)
                other.commit()
                overtaken.append(True)
        own.connection().execute(update(Subscriber).values(name=col(Subscriber.name) + "!"))
        own.commit()

    database.session(work, writes=writes)

    assert len(seen) == tries
    assert bool(overtaken) is not writes
