"""The doctor looks at the machine: database, clock, zones, disks."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from doctor_patient import NOW, line, on, patient
from replay import Reply
from sqlalchemy import event
from sqlmodel import Session

from newsletter import db, journal
from newsletter.doctor import machine
from newsletter.doctor.upstreams import moment

BERLIN = ZoneInfo("Europe/Berlin")
HTTP_DATE = "Mon, 23 Nov 2026 12:00:00 GMT"


def test_a_good_database_passes(engine, tmp_path):
    said = line(machine.database(on(engine, tmp_path)))

    assert said.startswith(("ok database: SQLite ", "ok database: PostgreSQL "))
    assert f"revision {db.HEAD}" in said


def test_a_database_that_is_not_there_is_not_made(tmp_path):
    said = line(machine.database(patient(tmp_path)))

    assert said.startswith(f"fail database: there is no database at {tmp_path / 'data' / 'newsletter.db'} yet: ")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(("revision", "cure"), [("0001", "newsletter db upgrade"), ("9999", "update the program")])
def test_tables_of_another_version_fail_with_the_right_cure(engine, tmp_path, revision, cure):
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")

    said = line(machine.database(on(engine, tmp_path)))

    assert said.startswith(f"fail database: its tables are at revision {revision}, ")
    assert f": {cure}" in said


def test_a_look_at_the_database_leaves_nothing_behind(engine):
    assert machine.why_not_writable(engine) == ""
    assert db.revision(engine) == db.HEAD
    with db.writing(engine) as session:  # no lock is left, and the patience is what it was
        journal.mark(session, "a", NOW)
        if engine.dialect.name == "sqlite":
            assert session.connection().exec_driver_sql("PRAGMA busy_timeout").scalar() == db.BUSY_SECONDS * 1000


def test_a_database_that_somebody_writes_just_now_can_be_written(engine):
    with db.writing(engine) as session:
        journal.mark(session, "a", NOW)

        assert machine.why_not_writable(engine) == ""


def test_a_database_that_may_only_be_read_fails(engine, tmp_path):
    if engine.dialect.name == "sqlite":  # as root no file is closed to us: the connection is, instead
        with closing(engine.raw_connection()) as connection:  # the only one of the pool, so the one used next
            connection.driver_connection.execute("PRAGMA query_only=ON")
    else:
        event.listen(engine, "begin", lambda each: each.exec_driver_sql("SET TRANSACTION READ ONLY"))

    said = line(machine.database(on(engine, tmp_path)))

    assert said.startswith("fail database: it cannot be written: ")
    assert "read" in said


def test_a_damaged_file_fails(tmp_path, sqlite_template):
    path = tmp_path / "damaged.db"
    content = bytearray(Path(sqlite_template).read_bytes())
    with sqlite3.connect(sqlite_template) as connection:
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'ix_delivery_due'"
        ).fetchone()
    connection.close()
    content[4096 * (root - 1) : 4096 * (root - 1) + 64] = b"\xff" * 64
    path.write_bytes(content)
    damaged = db.connect(f"sqlite:///{path}")

    said = line(machine.database(on(damaged, tmp_path)))
    damaged.dispose()

    assert said.startswith("fail database: SQLite finds it damaged: ")


def test_a_file_without_a_log_of_changes_is_a_warning(tmp_path, sqlite_template):
    (tmp_path / "newsletter.db").write_bytes(Path(sqlite_template).read_bytes())
    engine = db.connect(f"sqlite:///{tmp_path / 'newsletter.db'}")
    with closing(engine.raw_connection()) as connection:
        connection.driver_connection.execute("PRAGMA journal_mode=DELETE")

    found = machine._sqlite(engine)
    engine.dispose()

    assert (found.level, "its journal is 'delete' instead of WAL" in found.words) == ("warn", True)


@pytest.mark.parametrize(
    ("seconds", "level", "words"),
    [
        (0, "ok", "0 s behind"),
        (-20, "ok", "20 s behind"),
        (90, "warn", "90 s ahead of"),
        (-900, "fail", "900 s behind"),
    ],
)
def test_a_clock_is_judged_by_its_skew(seconds, level, words):
    found = machine.skewed(NOW, timedelta(seconds=seconds))

    assert (found.level, words in found.words) == (level, True)


def test_the_clock_is_compared_with_a_sources_own(server, tmp_path):
    feed = server.script("/feed", Reply(b"", 304, {"Date": HTTP_DATE}))
    text = f'[[sources]]\nname = "A feed"\nkind = "feed"\nurl = "{feed}"\n'

    said = line(machine.clock(patient(tmp_path, text, now=NOW + timedelta(minutes=9))))

    assert said.startswith("fail clock: 2026-11-23 12:09:00 UTC, 540 s ahead of a source's own clock: ")


def test_a_clock_that_nobody_was_asked_about_is_a_note(tmp_path):
    assert line(machine.clock(patient(tmp_path, offline=True))).startswith("note clock: 2026-11-23 12:00:00 UTC; ")


def test_a_clock_behind_the_last_tick_fails_without_a_network(engine, tmp_path):
    with Session(engine) as session:
        journal.mark(session, journal.TICKED, NOW + timedelta(days=1))
        session.commit()

    said = line(machine.clock(on(engine, tmp_path, offline=True)))

    assert said.startswith(
        "fail clock: it is 2026-11-23 12:00 UTC here, yet the last tick was at 2026-11-24 12:00: "
    )


@pytest.mark.parametrize(
    ("text", "found"), [(HTTP_DATE, NOW), ("Mon, 23 Nov 2026 12:00:00 -0000", NOW), ("soon", None), ("", None)]
)
def test_a_date_header_is_read_or_left_alone(text, found):
    assert moment(text) == found


def test_the_zones_of_this_machine_pass(tmp_path):
    said = line(machine.zones(patient(tmp_path)))

    assert said.startswith("ok zones: ")


@pytest.mark.parametrize(
    ("facts", "level"),
    [
        ((599, "2026f", BERLIN, 2026), "ok"),
        ((599, "2023c", BERLIN, 2026), "warn"),
        ((3, "2026f", BERLIN, 2026), "fail"),
        ((599, "2026f", ZoneInfo("UTC"), 2026), "fail"),
    ],
)
def test_zones_are_judged_by_number_summer_time_and_age(facts, level):
    assert machine.known(*facts).level == level


def test_missing_zone_data_fails(tmp_path, monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(machine, "import_module", missing)

    assert line(machine.zones(patient(tmp_path))) == "fail zones: no zone data: tzdata: pip install tzdata"


@pytest.mark.parametrize(("megabytes", "level"), [(5000, "ok"), (300, "warn"), (20, "fail")])
def test_room_is_judged_by_free_megabytes(megabytes, level):
    found = machine.room(Path("/srv"), megabytes)

    assert (found.level, f"{megabytes:,} MB free for /srv" in found.words) == (level, True)


def test_the_disk_is_looked_at_where_the_program_writes(tmp_path):
    trying = machine.disk(patient(tmp_path))
    mailing = machine.disk(patient(tmp_path, '[delivery]\ntransport = "smtp"\n'))

    assert [each.words.rpartition("/")[2] for each in trying] == ["data", "outbox"]
    assert [each.words.rpartition("/")[2] for each in mailing] == ["data"]
