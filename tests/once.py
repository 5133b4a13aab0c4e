"""What takes long to make and is the same for every test, made once: letters, topics, tables, what is trusted."""

import sqlite3
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

import certifi
import pytest
import typer.testing
from sqlalchemy import Engine

from newsletter import config, migrations, wiring
from newsletter.mail.theme import PLAIN
from newsletter.shipped import shipped

SHIPPED = shipped("templates") / "email"


@contextmanager
def kept() -> Iterator[None]:
    """Our own letters and topics, the command line's options and the machine's certificates do not change."""
    with pytest.MonkeyPatch.context() as patch:
        for place, name in ((wiring, "load_letter"), (wiring.letter, "load"), (wiring.admin_letter, "load")):
            patch.setattr(place, name, _letter(getattr(place, name)))
        patch.setattr(config, "_shipped_topics", cache(config._shipped_topics))
        patch.setattr(typer.testing, "_get_command", cache(typer.testing._get_command))
        patch.setattr(ssl, "create_default_context", _trust(ssl.create_default_context))
        yield


def _letter(load):
    """A loader that keeps what it made of the shipped folder alone."""
    made = cache(lambda name: load(name, [SHIPPED]))

    def loaded(name, folders, look=PLAIN):
        plain = list(folders) == [SHIPPED] and look == PLAIN
        return made(name) if plain else load(name, folders, look=look)

    return loaded


def _trust(make):
    """What an HTTP client trusts: reading all certificates takes longer than most tests."""
    usual = {"cafile": certifi.where()}
    made = cache(lambda: make(**usual))
    return lambda *args, **options: made() if not args and options == usual else make(*args, **options)


def migrate(template: Path) -> Callable[..., None]:
    """Migrations that fill a SQLite file without tables from a copy of what they would make of it."""
    step_by_step = migrations.migrate

    def quick(engine: Engine, target: str, *, down: bool = False) -> None:
        if engine.dialect.name != "sqlite" or (target, down) != ("head", False) or not _copied(template, engine):
            step_by_step(engine, target, down=down)

    return quick


def _copied(template: Path, engine: Engine) -> bool:
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        empty = not driver.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if empty:
            with closing(sqlite3.connect(template)) as made:
                made.backup(driver)
    return empty
