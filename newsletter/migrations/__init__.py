"""Alembic, driven from Python: no alembic.ini, the connection is handed in."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine


def settings() -> Config:
    """Alembic's settings for the scripts beside this file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def migrate(engine: Engine, target: str, *, down: bool = False) -> None:
    """Move the database to `target` in one transaction."""
    config = settings()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, target)
