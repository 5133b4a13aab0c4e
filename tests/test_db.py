"""Engines and migrations, on both databases."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel
from world import NOW

from newsletter import db, migrations
from newsletter.errors import DatabaseError
from subscribers import erasure, people, signup


def test_head_is_the_newest_script():
    assert ScriptDirectory.from_config(migrations.settings()).get_current_head() == db.HEAD


def test_migrations_go_down_to_nothing_and_up_again(engine):
    db.downgrade(engine, "base")
    assert set(sa.inspect(engine).get_table_names()) == {"alembic_version"}

    db.upgrade(engine)

    assert set(sa.inspect(engine).get_table_names()) == {"alembic_version", *SQLModel.metadata.tables}


# SQLite cannot tell its index over lower(email); PostgreSQL compares it.
@pytest.mark.filterwarnings("ignore:autogenerate skipping", "ignore:Skipped unsupported reflection")
def test_the_tables_are_what_the_models_say(engine):
    config = migrations.settings()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.check(config)


def test_upgrading_twice_changes_nothing(engine):
    assert db.upgrade(engine) == db.HEAD


def test_an_empty_database_is_at_no_revision(tmp_path):
    engine = db.connect(f"sqlite:///{tmp_path}/deep/in/a/folder/new.db")

    assert db.revision(engine) == ""
    assert db.upgrade(engine) == ""
    assert db.revision(engine) == db.HEAD
    engine.dispose()


def test_a_newer_database_is_left_alone(engine):
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(DatabaseError, match="newer than this program"):
        db.upgrade(engine)


def test_a_file_that_is_no_database_is_named(tmp_path):
    path = tmp_path / "notes.db"
    path.write_text("these are notes, and quite a lot of them, so that SQLite looks at the header" * 20)
    engine = db.connect(f"sqlite:///{path}")

    with pytest.raises(DatabaseError, match="cannot be opened: file is not a database"):
        db.revision(engine)
    engine.dispose()


@pytest.mark.parametrize("url", ["sqlite+nonsense:///x", "no url at all"])
def test_a_url_that_cannot_be_used_is_named(url):
    with pytest.raises(DatabaseError, match=r"database\.url: cannot be used"):
        db.connect(url)


def test_a_missing_driver_is_named_with_the_cure(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)

    with pytest.raises(DatabaseError, match="pip install"):
        db.connect("postgresql://localhost/x")


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(DatabaseError, match=r"database\.url: cannot be used"):
        db.connect(f"sqlite:///{tmp_path}/file/x.db")


def test_several_upgrades_at_once_all_end_well(engine):
    db.downgrade(engine, "base")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: db.upgrade(engine), range(4)))

    assert db.revision(engine) == db.HEAD


def test_what_is_erased_is_nowhere_in_the_file_any_more(tmp_path):
    engine = db.connect(f"sqlite:///{tmp_path}/newsletter.db")
    db.upgrade(engine)
    with db.writing(engine) as session:
        people.add(session, "very-rare-name@example.org", now=NOW)
    with db.writing(engine) as session:
        erasure.erase(session, people.find(session, "very-rare-name@example.org"), NOW)

    db.scrub(engine)

    found = [file.name for file in tmp_path.iterdir() if b"very-rare-name" in file.read_bytes()]
    engine.dispose()
    assert found == []


def test_the_number_of_an_erased_withdrawal_never_means_another_one(session):
    def left(email):
        reader = people.add(session, email, now=NOW, confirmed=True, wording="I want it")
        return reader, signup.leave(session, reader, signup.Asker("I leave"), NOW)

    first, number = left("ada@example.org")
    erasure.erase(session, first, NOW)

    assert left("emmy@example.org")[1] > number


def test_scrubbing_is_for_every_database(engine):
    db.scrub(engine)

    assert db.revision(engine) == db.HEAD
