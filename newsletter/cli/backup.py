"""`newsletter db backup`: a copy of the database and of the secret key, made while everything runs."""

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.start import DEFAULT_CONFIG, AsJson, ConfigPath, Started, show, start
from newsletter.errors import DatabaseError

if TYPE_CHECKING:
    from sqlalchemy import Engine


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes; the key goes beside it.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a copy of that name.")] = False,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Copy a SQLite database while it is in use, check the copy, and keep the secret key beside it.

    Both files can be read by their owner alone. PostgreSQL has pg_dump for this.
    """
    started = start(config)
    key, kept = Path(f"{file}.key"), started.config.data_folder / "secret.key"
    copies_key = not started.config.web.secret.get_secret_value() and kept.exists()
    for target in (file, *([key] if copies_key else [])):
        if target.exists() and not force:
            raise DatabaseError(f"{target}: is there already: name another file, or replace it with --force")
    size = copied(started, file)
    if copies_key:
        _put(kept, key)
    document = {"file": str(file), "bytes": size, "key": str(key) if copies_key else "", "checked": True}
    show(document, as_json, lambda: _print(file, size, key if copies_key else None))


def copied(started: Started, file: Path) -> int:
    """Copy the database to this file, whole and checked or not at all; its size. DatabaseError, OSError."""
    from newsletter import db

    engine = db.connect(started.config.database_url)
    if engine.dialect.name != "sqlite":
        raise DatabaseError("database.url: this copies SQLite alone: run pg_dump --format=custom for PostgreSQL")
    if not db.revision(engine):
        raise DatabaseError(f"database.url: there are no tables in {engine.url.database} yet: nothing to copy")
    if file.exists() and file.samefile(str(engine.url.database)):
        raise DatabaseError(f"{file}: is the database itself: name another file")
    draft = _draft(file)
    try:
        _copy(engine, draft)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    return file.stat().st_size


def _copy(engine: "Engine", draft: Path) -> None:
    """All pages in one step: writers go on meanwhile, and what they write later is not in the copy."""
    with closing(engine.raw_connection()) as source, closing(sqlite3.connect(draft)) as copy:
        opened = source.driver_connection
        assert isinstance(opened, sqlite3.Connection)
        opened.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
        (found,) = copy.execute("PRAGMA integrity_check").fetchone()
    engine.dispose()
    if found != "ok":
        raise DatabaseError(f"the copy is damaged, and so may be {engine.url.database}: {found}")
    with draft.open("rb") as file:
        os.fsync(file.fileno())


def _draft(target: Path) -> Path:
    """An empty file beside the target that only its owner can read."""
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    os.close(descriptor)
    return Path(name)


def _put(source: Path, target: Path) -> None:
    draft = _draft(target)
    try:
        shutil.copyfile(source, draft)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _print(file: Path, size: int, key: Path | None) -> None:
    typer.echo(f"The database is copied to {file} ({size:,} bytes), and the copy is sound.")
    if key is not None:
        typer.echo(f"The secret key is copied to {key}: without it no link in a mail that was sent works.")
    else:
        typer.echo("The secret stands in web.secret: keep a copy of that, too.")
