"""The documentation of the clock and the record: each JSON key that their commands print, and no other."""

import pytest
from command_line import AT, as_json, run
from sqlmodel import Session, select
from test_docs import keys, named, sections
from why_facts import full

from newsletter.cli.start import start
from newsletter.cli.why import document
from newsletter.models import Delivery, State

DATE = AT[:10]


def documented(command):
    return set(named(sections("cli.md")[f"newsletter {command}"], "Key"))


def a_digest_in_doubt(workplace):
    run("subscribers", "add", "ada@example.org", "--topic", "Graphs", "--confirmed", "--at", AT)
    as_json("fetch", "--at", AT)
    as_json("tick", "--at", AT)
    with Session(start(workplace / "config.toml").engine) as session:
        digest = session.exec(select(Delivery)).one()
        digest.state, digest.doubtful, digest.outcome = State.UNKNOWN, True, "no reply"
        session.add(digest)
        session.commit()


@pytest.mark.uncounted
def test_every_key_of_the_commands_on_editions_is_documented(workplace):
    a_digest_in_doubt(workplace)
    held = keys(as_json("edition", "hold", DATE, "--because", "to look at it"))

    assert documented("edition hold") == held
    assert documented("edition show") == keys(as_json("edition", "show", DATE))
    assert documented("edition list") == keys(as_json("edition", "list"))
    assert documented("edition replan") == keys(as_json("edition", "replan", DATE))
    assert documented("edition release") == keys(as_json("edition", "release", DATE))
    assert documented("edition cancel") == keys(as_json("edition", "cancel", DATE, "--yes"))


@pytest.mark.uncounted
@pytest.mark.parametrize("command", ["admin link", "doctor", "tick"])
def test_every_key_that_the_command_prints_is_documented(command, workplace):
    run("db", "upgrade")
    asked = {"doctor": ("doctor", "--offline")}.get(command, tuple(command.split()))

    assert documented(command) == keys(as_json(*asked))


def test_every_key_of_why_is_documented():
    assert documented("why") == keys(document(full()))


def test_every_key_of_the_figures_is_documented(workplace):
    a_digest_in_doubt(workplace)
    as_json("edition", "hold", DATE)

    assert documented("stats") == keys(as_json("stats", "--at", f"{DATE}T23:00Z"))
