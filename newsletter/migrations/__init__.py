"""Alembic, driven from Python: no alembic.ini, the connection is handed in."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text

LOCK = 0x6E6577736C  # "newsl": any number that nobody else in this database uses


def settings() -> Config:
    """Alembic's settings for the scripts beside this file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def migrate(engine: Engine, target: str, *, down: bool = False) -> None:
    """Move the database to `target` in one transaction; of several processes the first one does it."""
    config = settings()
    with _without_foreign_keys(engine) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, target)


@contextmanager
def _without_foreign_keys(engine: Engine) -> Iterator[Connection]:
    """A connection on which SQLite lets a table be dropped and made anew without its rows' dependents going too.

    The first step of https://sqlite.org/lang_altertable.html#otheralter; it can only be taken outside a
    transaction. PostgreSQL alters tables in place.
    """
    with engine.execution_options(sqlite_begin="IMMEDIATE").connect() as connection:
        if engine.dialect.name != "sqlite":
            yield connection
            return
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            yield connection
        finally:
            driver.execute("PRAGMA foreign_keys=ON")
