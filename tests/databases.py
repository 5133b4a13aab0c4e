"""Databases of both kinds that serve one test after another, each of which finds its own as if it were new."""

import itertools
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from newsletter import db

MADE = itertools.count()
# Each test has its rows for itself and for a moment: they need not outlive a power cut, and nobody need tidy up.
SETTINGS = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum")
# Notes every change of a table: what DROP and ALTER leave behind is not mended by emptying.
WATCH = """
    CREATE SCHEMA watch;
    CREATE TABLE watch.change (tag text);
    CREATE FUNCTION watch.note() RETURNS event_trigger LANGUAGE plpgsql
        AS 'BEGIN INSERT INTO watch.change VALUES (tg_tag); END';
    CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION watch.note()
"""
CHANGED = """
    SELECT EXISTS (SELECT FROM watch.change)
        OR (SELECT string_agg(version_num, ' ') FROM alembic_version) IS DISTINCT FROM '{head}'
"""
OURS = "relnamespace = 'public'::regnamespace"
TABLES = f"SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND {OURS} AND relname <> 'alembic_version'"
# Up to ten pages PostgreSQL plans as for a table that was never filled; what is larger is cut off.
LARGE = f"{TABLES} AND pg_relation_size(oid) > 10 * 8192"
FIRST_NUMBERS = f"SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S' AND {OURS}"
OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


def started(pgserver, folder: Path):
    """The server, ready: the wheel waits but 10 s for a start, and a busy machine may need longer."""
    for _ in range(60):
        try:
            server = pgserver.get_server(folder, cleanup_mode="stop")
            changes = (f"ALTER SYSTEM SET {setting} = off;" for setting in SETTINGS)
            server.psql("\n".join([*changes, "SELECT pg_reload_conf();"]))
        except subprocess.SubprocessError:
            time.sleep(1)
        else:
            return server
    raise TimeoutError("PostgreSQL did not start within a minute")


def command(server: str, statement: str) -> None:
    admin = db.connect(server.format(name="postgres"))
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(statement)
    admin.dispose()


def _template(server: str) -> str:
    """The name of a new database with all tables and no rows, watched for changes."""
    name = "template_newsletter"
    command(server, f"CREATE DATABASE {name}")
    engine = db.connect(server.format(name=name))
    db.upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(WATCH)
    engine.dispose()
    return name


class Sqlite:
    """A file that is put back before each test."""

    def __init__(self, template: Path, file: Path) -> None:
        self._template, self._file = template, file
        self._shared = db.connect(f"sqlite:///{self._file}")
        event.listen(self._shared, "connect", _hasty)

    def engine(self) -> Engine:
        """An engine of its own for one test; all of them share the statements that SQLAlchemy has compiled."""
        self._shared.dispose()
        for ending in ("-wal", "-shm", "-journal"):
            Path(f"{self._file}{ending}").unlink(missing_ok=True)
        self._file.unlink(missing_ok=True)  # whoever still has it open keeps the old one
        shutil.copy(self._template, self._file)
        return self._shared.execution_options()

    def after(self, engine: Engine) -> None:
        """The test is over."""
        _end(engine)


class Postgresql:
    """A database that is emptied after each test, and made anew when its tables were changed."""

    def __init__(self, server: str) -> None:
        self._server, self._template = server, _template(server)
        self._make()

    def _make(self) -> None:
        self._name = f"test_{os.getpid()}_{next(MADE)}"
        command(self._server, f"CREATE DATABASE {self._name} TEMPLATE {self._template}")
        url = self._server.format(name=self._name)
        self._shared, self._admin = db.connect(url), db.connect(url)
        self._connection = self._admin.connect().execution_options(isolation_level="AUTOCOMMIT")
        self._run("SET session_replication_role = replica")  # every table is emptied: no reference can be left
        self._tables = self._found(TABLES)

    def engine(self) -> Engine:
        """As `Sqlite.engine`."""
        return self._shared.execution_options()

    def after(self, engine: Engine) -> None:
        """The test is over; it fails when it left a connection open."""
        _end(engine)
        alone = self._alone()
        if alone and not self._found(CHANGED.format(head=db.HEAD))[0]:
            self._empty()
            return
        self.drop()
        self._make()
        if not alone:
            pytest.fail("the test left a connection to its database open")

    def drop(self) -> None:
        self._connection.close()
        self._admin.dispose()
        command(self._server, f"DROP DATABASE {self._name} WITH (FORCE)")

    def _alone(self) -> bool:
        """Whether nobody else is connected: a connection that was closed takes a moment to go."""
        for _ in range(1000):
            if self._found(OTHERS) == [0]:
                return True
            self._run("SELECT pg_sleep(0.005)")
        return False

    def _empty(self) -> None:
        if large := self._found(LARGE):
            self._run(f"TRUNCATE {', '.join(large)} CASCADE")
        self._run(";".join([*(f"DELETE FROM {table}" for table in self._tables), FIRST_NUMBERS]))

    def _run(self, statements: str) -> None:
        self._connection.exec_driver_sql(statements)

    def _found(self, query: str) -> list:
        return list(self._connection.exec_driver_sql(query).scalars())


def _hasty(connection, _record) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # nobody cuts the power between two tests


def _end(engine: Engine) -> None:
    """Close its connections, and let none be opened in the next test's database by whoever still has it."""
    engine.dispose()
    event.listen(engine, "engine_connect", _over)


def _over(_connection) -> None:
    raise RuntimeError("the test that this engine was made for is over")
