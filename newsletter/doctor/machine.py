"""Checks of the machine: its database, its clock, its time zones, the room on its disks."""

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from newsletter import db, journal
from newsletter.doctor.context import Context
from newsletter.doctor.finding import Finding, fail, note, ok, warn
from newsletter.doctor.upstreams import reads

BUSY_MILLISECONDS = 200  # whoever else writes just now proves that it can be written
FREE_AT_LEAST, FREE_BETTER = 100, 1000  # megabytes
MEGABYTE = 1_000_000
SKEW_WARNED, SKEW_WRONG = timedelta(seconds=30), timedelta(minutes=5)
LEAST_ZONES = 400
OLD_YEARS = 1  # zone data of an earlier year misses laws that were made since
ZONE, SUMMER = "Europe/Berlin", timedelta(hours=1)


def database(context: Context) -> list[Finding]:
    """Whether the database opens, is whole, can be written, and has this program's tables."""
    if context.engine is None:
        words = f"there is no database at {context.database_file} yet"
        return [fail("database", words, "newsletter db upgrade makes it, and so does newsletter up")]
    at = db.revision(context.engine)
    if at != db.HEAD:
        newer = at > db.HEAD
        cure = "update the program" if newer else "newsletter db upgrade, after a copy of the database"
        return [fail("database", f"its tables are at revision {at or 'none'}, the program's at {db.HEAD}", cure)]
    if why := why_not_writable(context.engine):
        return [fail("database", f"it cannot be written: {why}", "mend its rights or its disk, then try again")]
    return [_sqlite(context.engine) if context.database_file else _postgresql(context.engine)]


def why_not_writable(engine: Engine) -> str:
    """Why nothing can be written; "" when it can. A change is made and taken back: nothing stays of it."""
    touch = "UPDATE alembic_version SET version_num = version_num"
    try:
        if engine.dialect.name == "sqlite":
            with closing(engine.raw_connection()) as connection:
                return _why_not_sqlite(connection.driver_connection, touch)  # type: ignore[arg-type]
        with engine.connect() as opened:
            opened.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
            opened.exec_driver_sql(touch)
            opened.rollback()
    except SQLAlchemyError as error:
        return " ".join(str(getattr(error, "orig", None) or error).split())
    return ""


def _why_not_sqlite(connection: sqlite3.Connection, touch: str) -> str:
    try:
        connection.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(touch)
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        return "" if error.sqlite_errorcode == sqlite3.SQLITE_BUSY else str(error)
    finally:
        connection.execute(f"PRAGMA busy_timeout={db.BUSY_SECONDS * 1000}")
    return ""


def _sqlite(engine: Engine) -> Finding:
    with engine.connect() as connection:
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
        said = [row[0] for row in connection.exec_driver_sql("PRAGMA quick_check(3)")]
    if said != ["ok"]:
        cure = "stop everything that uses it and put a backup back (docs/operations.md)"
        return fail("database", f"SQLite finds it damaged: {' '.join('; '.join(said).split())}", cure)
    about = f"SQLite {sqlite3.sqlite_version}, revision {db.HEAD}, whole, writable"
    if mode != "wal":
        cure = "keep it on a disk of this machine, not on a network drive"
        return warn("database", f"{about}, but its journal is {mode!r} instead of WAL", cure)
    return ok("database", f"{about}, WAL")


def _postgresql(engine: Engine) -> Finding:
    with engine.connect() as connection:
        version = connection.exec_driver_sql("SHOW server_version").scalar()
    return ok("database", f"PostgreSQL {version}, revision {db.HEAD}, writable")


def clock(context: Context) -> list[Finding]:
    """Whether this machine's time is right, by its own record and by what web servers say."""
    now, behind = context.now(), _newest_mark(context)
    if behind and behind > now + SKEW_WRONG:
        words = f"it is {now:%Y-%m-%d %H:%M} UTC here, yet the last tick was at {behind:%Y-%m-%d %H:%M}"
        return [fail("clock", words, "set the clock right: digests wait until it gets there")]
    dates = [] if context.offline else [each.skew for each in reads(context) if each.skew is not None]
    return [skewed(now, min(dates, key=abs) if dates else None)]


def skewed(now: datetime, skew: timedelta | None) -> Finding:
    """What to say of a clock that is ahead of a web server's by `skew`; None where nobody was asked."""
    here = f"{now.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if skew is None:
        return note("clock", f"{here}; no source said its time to compare with")
    seconds = round(skew.total_seconds())
    words = f"{here}, {abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'} a source's own clock"
    if abs(skew) <= SKEW_WARNED:
        return ok("clock", words)
    cure = "let the machine keep its time by NTP: timedatectl set-ntp true"
    return (fail if abs(skew) > SKEW_WRONG else warn)("clock", words, cure)


def _newest_mark(context: Context) -> datetime | None:
    if context.readable is None:
        return None
    with Session(context.readable) as session:
        return journal.marked(session, journal.TICKED)


def zones(context: Context) -> list[Finding]:
    """Whether the time zones of readers are known, and by which year's laws."""
    try:
        version = str(import_module("tzdata").IANA_VERSION)
        berlin = ZoneInfo(ZONE)
    except (ImportError, ZoneInfoNotFoundError) as error:
        return [fail("zones", f"no zone data: {error}", "pip install tzdata")]
    return [known(len(available_timezones()), version, berlin, context.now().year)]


def known(count: int, version: str, berlin: ZoneInfo, year: int) -> Finding:
    """What to say of zone data of this version ("2026f") with so many zones."""
    summer, winter = (datetime(year, month, 1, tzinfo=berlin).utcoffset() for month in (7, 1))
    if count < LEAST_ZONES or summer is None or winter is None or summer - winter != SUMMER:
        words = f"only {count} zones, and {ZONE} has {'a' if summer != winter else 'no'} summer time"
        return fail("zones", words, "pip install --force-reinstall tzdata")
    if int(version[:4]) < year - OLD_YEARS:
        return warn("zones", f"{count} zones by the laws of {version}", "pip install --upgrade tzdata")
    return ok("zones", f"{count} zones, data of {version}")


def disk(context: Context) -> list[Finding]:
    """Whether there is room where the program writes."""
    places = {context.config.data_folder}
    if not context.mails:
        places.add(context.config.path(context.config.delivery.folder))
    return [room(place, shutil.disk_usage(nearest(place)).free // MEGABYTE) for place in sorted(places)]


def room(place: Path, megabytes: int) -> Finding:
    """What to say of so many free megabytes."""
    words = f"{megabytes:,} MB free for {place}"
    if megabytes >= FREE_BETTER:
        return ok("disk", words)
    return (warn if megabytes >= FREE_AT_LEAST else fail)("disk", words, "make room, or move it to a larger disk")


def nearest(place: Path) -> Path:
    """The folder itself, or the nearest one above it that is there."""
    return next(each for each in (place, *place.parents) if each.exists())
