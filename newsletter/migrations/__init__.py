"""Alembic, driven from Python: no alembic.ini, the connection is handed in."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

LOCK = 0x6E6577736C  # "newsl": any number that nobody else in this database uses


def settings() -> Config:
    """Alembic's settings for the scripts beside this file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def migrate(engine: Engine, target: str, *, down: bool = False) -> None:
    """Move the database to `target` in one transaction; of several processes the first one does it."""
    config = settings()
    with engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, target)
