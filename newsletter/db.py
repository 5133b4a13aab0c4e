"""The only module that knows which database is behind a session: engines, pragmas, migrations, upserts."""

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    SQLColumnExpression,
    any_,
    bindparam,
    cast,
    collate,
    event,
    func,
    inspect,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, create_engine

import newsletter.models
import newsletter.record_models  # noqa: F401 - these register their tables
from newsletter.errors import DatabaseError

HEAD = "0007"  # the newest revision in migrations/versions; a test keeps it true
BUSY_SECONDS = 60  # whoever waits behind a long import or erasure is better off waiting than failing
LOOKED_UP = 5000  # ids in one query: SQLite takes 32,766 variables

T = TypeVar("T")


def connect(url: str) -> Engine:
    """An engine for SQLite or PostgreSQL; DatabaseError when the URL or its driver cannot be used."""
    try:
        made = sqlalchemy.make_url(url)
        if made.drivername == "postgresql":  # the driver we ship, not the one of another age
            made = made.set(drivername="postgresql+psycopg")
        if made.drivername.startswith("sqlite") and made.database:
            Path(made.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(made, pool_size=20, max_overflow=20, hide_parameters=True)  # they hold addresses
    except ModuleNotFoundError as error:
        raise DatabaseError(
            f"database.url: the driver {error.name!r} is not installed: pip install 'paper-newsletter[postgresql]'"
        ) from error
    except (SQLAlchemyError, OSError) as error:
        raise DatabaseError(f"database.url: cannot be used: {error}") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, in `_begin_sqlite`
    for pragma in (
        f"busy_timeout={BUSY_SECONDS * 1000}",  # first: switching to WAL may have to wait, too
        "foreign_keys=ON",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "wal_autocheckpoint=4000",  # four times the usual: senders change the same pages often
        "secure_delete=ON",  # what is erased is overwritten, not only let go
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A session that reads before it writes, committed at the end.

    On SQLite it takes the write lock first: a read that turns into a write would fail when another process
    wrote in between.
    """
    with Session(engine.execution_options(sqlite_begin="IMMEDIATE")) as session:
        yield session
        session.commit()


def scrub(engine: Engine) -> None:
    """Let nothing that was deleted stay in SQLite's log of changes; PostgreSQL does that by itself in time."""
    if engine.dialect.name == "sqlite":
        with closing(engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")


def alone(session: Session, key: int) -> None:
    """Wait until no other transaction holds this lock, and hold it until this one ends.

    On SQLite there is one writer anyway. Transactions that touch many rows in an order of their own would
    otherwise wait for each other in a circle.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection().exec_driver_sql(f"SELECT pg_advisory_xact_lock({key:d})")


def revision(engine: Engine) -> str:
    """The revision the database is at; "" for an empty one."""
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return ""
            found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    except SQLAlchemyError as error:
        said = " ".join(str(getattr(error, "orig", error)).split())
        raise DatabaseError(f"database.url: cannot be opened: {said}") from error
    return str(found or "")


def upgrade(engine: Engine, target: str = "head") -> str:
    """Create or migrate the tables; returns the revision it came from. A current database is left alone."""
    before = revision(engine)
    if target == "head" and before == HEAD:
        return before
    if before > HEAD:
        raise DatabaseError(f"the database is at revision {before}, newer than this program ({HEAD}): update it")
    from newsletter.migrations import migrate  # noqa: PLC0415 - Alembic is slow to import and rarely needed

    migrate(engine, target)
    return before


def downgrade(engine: Engine, target: str) -> None:
    """Go back to an older revision ("base" removes every table)."""
    from newsletter.migrations import migrate  # noqa: PLC0415 - as above

    migrate(engine, target, down=True)


def insert(session: Session, table: type) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that may say what happens on a conflict: each database has its own."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def insert_once(session: Session, table: type, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows that are not there yet. Does not commit."""
    if rows:
        session.connection().execute(insert(session, table).on_conflict_do_nothing(), rows)


def upsert(session: Session, table: type, rows: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> None:
    """Insert the rows, or replace those with the same `keys`. Does not commit."""
    if not rows:
        return
    statement = insert(session, table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    session.connection().execute(statement.on_conflict_do_update(index_elements=list(keys), set_=changed), rows)


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in pieces of at most `size`, for one statement or one transaction each."""
    return (items[start : start + size] for start in range(0, len(items), size))


def by_code_point(session: Session, text: SQLColumnExpression[str]) -> ColumnElement[str]:
    """This text in the order in which Python has it, whatever order for letters and signs the database has."""
    return collate(text, "C" if session.get_bind().dialect.name == "postgresql" else "BINARY")


def among(session: Session, column: SQLColumnExpression[Any], numbers: Collection[int]) -> ColumnElement[bool]:
    """Whether the column is one of these numbers, given as one value: to pass a thousand takes long."""
    if session.get_bind().dialect.name == "postgresql":
        return column == any_(cast(bindparam(None, list(numbers)), postgresql.ARRAY(BigInteger)))
    listed = func.json_each(json.dumps(list(numbers))).table_valued("value")
    return column.in_(select(listed.c.value))
