"""`newsletter db backup`: a copy made while others write, sound, for its owner alone; and the way back."""

import shutil
import sqlite3
import stat
from contextlib import closing

import pytest
from command_line import AT, as_json, run
from sqlmodel import Session

from newsletter.cli import backup as step
from newsletter.cli.start import now, start
from newsletter.errors import DatabaseError
from subscribers import people


@pytest.fixture
def newsletter(workplace):
    """A newsletter with a reader and their digest."""
    run("fetch", "--at", AT)
    run("subscribers", "add", "ada@example.org", "--topic", "Graphs", "--confirmed")
    run("send", "--at", AT)
    return workplace


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_copy_is_sound_and_for_its_owner_alone(newsletter):
    told = as_json("db", "backup", "copy.db")

    with closing(sqlite3.connect(newsletter / "copy.db")) as copy:
        assert copy.execute("SELECT email FROM subscriber").fetchall() == [("ada@example.org",)]
        assert copy.execute("SELECT state FROM delivery").fetchall() == [("sent",)]
    assert told["bytes"] == (newsletter / "copy.db").stat().st_size
    assert (mode(newsletter / "copy.db"), mode(newsletter / "copy.db.key")) == (0o600, 0o600)
    assert (newsletter / "copy.db.key").read_text() == (newsletter / "data" / "secret.key").read_text()
    assert {path.name for path in newsletter.glob(".*")} | {path.name for path in newsletter.glob("copy*")} == {
        "copy.db",
        "copy.db.key",
    }


def test_a_copy_can_be_made_while_another_process_writes(newsletter):
    started = start(newsletter / "config.toml")
    with Session(started.engine.execution_options(sqlite_begin="IMMEDIATE")) as writer:
        people.add(writer, "emmy@example.org", now=now())
        writer.flush()

        as_json("db", "backup", "copy.db")

        writer.commit()
    started.engine.dispose()
    with closing(sqlite3.connect(newsletter / "copy.db")) as copy:
        assert copy.execute("SELECT email FROM subscriber").fetchall() == [("ada@example.org",)]


def test_a_copy_is_replaced_only_by_force(newsletter):
    run("db", "backup", "copy.db")
    (newsletter / "copy.db").write_text("older")

    refused = run("db", "backup", "copy.db", code=2)
    assert "copy.db: is there already: name another file, or replace it with --force" in refused.stderr
    assert (newsletter / "copy.db").read_text() == "older"

    assert "the copy is sound" in run("db", "backup", "copy.db", "--force").stdout
    assert (newsletter / "copy.db").stat().st_size > 10_000


def test_what_was_lost_comes_back_from_the_copy(newsletter):
    before = as_json("subscribers", "list")
    run("db", "backup", "copy.db")
    shutil.rmtree(newsletter / "data")

    (newsletter / "data").mkdir()
    shutil.copy(newsletter / "copy.db", newsletter / "data" / "newsletter.db")
    shutil.copy(newsletter / "copy.db.key", newsletter / "data" / "secret.key")

    assert as_json("db", "upgrade")["changed"] is False
    assert as_json("subscribers", "list") == before
    assert as_json("send", "--at", AT)["sent"] == 1
    assert len(list((newsletter / "outbox").glob("*.eml"))) == 1


def test_a_secret_in_the_configuration_is_named_and_not_copied(newsletter, monkeypatch):
    monkeypatch.setenv("NEWSLETTER_WEB__SECRET", "a secret of thirty-two characters")

    said = run("db", "backup", "copy.db").stdout

    assert "The secret stands in web.secret" in said
    assert not (newsletter / "copy.db.key").exists()


def test_the_database_itself_is_no_place_for_its_copy(newsletter):
    said = run("db", "backup", "data/newsletter.db", "--force", code=2).stderr

    assert "is the database itself: name another file" in said
    assert [each["email"] for each in as_json("subscribers", "list")] == ["ada@example.org"]


def test_a_folder_that_is_not_there_is_named(newsletter):
    assert "No such file or directory" in run("db", "backup", "no/such/copy.db", code=1).stderr


def test_where_there_is_nothing_nothing_is_copied(workplace):
    assert "nothing to copy" in run("db", "backup", "copy.db", code=2).stderr
    assert not (workplace / "copy.db").exists()


def test_postgresql_has_a_tool_of_its_own(workplace, monkeypatch):
    monkeypatch.setenv("NEWSLETTER_DATABASE__URL", "postgresql://nobody@127.0.0.1:1/none")

    assert "pg_dump" in run("db", "backup", "copy.db", code=2).stderr


def test_a_damaged_copy_is_no_copy(newsletter, monkeypatch):
    class Damaged(sqlite3.Connection):
        def execute(self, statement):
            return super().execute("SELECT 'row 7 missing'" if "integrity_check" in statement else statement)

    monkeypatch.setattr(sqlite3, "connect", Damaged)

    with pytest.raises(DatabaseError, match=r"the copy is damaged, .*: row 7 missing"):
        step.copied(start(newsletter / "config.toml"), newsletter / "copy.db")
    assert list(newsletter.glob("*copy*")) == []
