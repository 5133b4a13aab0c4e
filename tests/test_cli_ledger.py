"""The ledger's commands: messages in doubt are sent again or let be; domains that refuse us are tried again."""

import json
from datetime import timedelta

import pytest
from sqlmodel import Session, select
from typer.testing import CliRunner
from world import NOW, planned, reader, stored

from newsletter.cli import app
from newsletter.ledger import HELD
from newsletter.models import Delivery, Destination, State
from newsletter.record_models import Run

RUNNER = CliRunner()


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A newsletter with two planned digests, one of them in doubt and held."""
    from world import configured  # noqa: PLC0415 - the fixture alone needs it

    started = configured(tmp_path, '[delivery]\non_unknown = "hold"\n')
    monkeypatch.setenv("NEWSLETTER_CONFIG", str(tmp_path / "config.toml"))
    with Session(started.engine) as session:
        stored(session)
        for name in ("ada", "emmy"):
            reader(session, f"{name}@example.org", "Graphs")
        planned(session, started.config)
        first = session.exec(select(Delivery).order_by(Delivery.id)).first()
        first.state, first.doubtful, first.attempts = State.UNKNOWN, True, 8
        first.not_before, first.outcome = HELD, "no reply to the final dot: no answer in time"
        session.commit()
    yield started
    started.engine.dispose()


def asked(*words):
    return RUNNER.invoke(app, ["ledger", *words])


def document(*words):
    return json.loads(asked(*words, "--json").stdout)


def deliveries(started):
    with Session(started.engine) as session:
        return session.exec(select(Delivery).order_by(Delivery.id)).all()


def test_what_is_in_doubt_is_listed_with_its_reason(shop):
    (found,) = document("unknown", "list")["unknown"]

    assert (found["email"], found["attempts"], found["next_try"]) == ("ada@example.org", 8, None)
    assert found["message_id"] == deliveries(shop)[0].message_id
    assert "when you say so" in asked("unknown", "list").stdout


def test_a_message_that_is_sent_again_is_due_at_once_and_has_a_try_left(shop):
    number = deliveries(shop)[0].id

    result = asked("unknown", "resend", str(number))

    first, second = deliveries(shop)
    assert result.stdout == "1 message will be sent once more.\n"
    assert (first.state, first.attempts, first.doubtful) == (State.DEFERRED, 7, True)
    assert first.not_after >= first.not_before + timedelta(minutes=59)
    assert second.state is State.PENDING
    assert document("unknown", "list") == {"unknown": []}


def test_a_message_that_is_dropped_keeps_its_papers_and_is_written_down(shop):
    assert document("unknown", "drop", "--all", "--yes") == {"deliveries": 1}

    first, _ = deliveries(shop)
    assert first.state is State.FAILED
    assert "may or may not" in first.outcome
    with Session(shop.engine) as session:
        assert [run.name for run in session.exec(select(Run)) if run.kind == "admin"] == ["drop unknown"]


def test_a_message_that_is_not_in_doubt_stops_the_whole_request(shop):
    first, second = deliveries(shop)

    result = asked("unknown", "drop", str(first.id), str(second.id), "--yes")

    assert result.exit_code == 2
    assert f"not in doubt: {second.id}" in result.stderr
    assert deliveries(shop)[0].state is State.UNKNOWN


@pytest.mark.parametrize("words", [(), ("1", "--all")])
def test_numbers_or_all_have_to_be_given_and_not_both(shop, words):
    result = asked("unknown", "resend", *words)

    assert result.exit_code == 2
    assert "by their numbers, or all with --all" in " ".join(result.stderr.split())


def test_without_a_terminal_nothing_is_dropped_unasked(shop):
    assert asked("unknown", "drop", "--all").exit_code == 2
    assert deliveries(shop)[0].state is State.UNKNOWN


def test_a_domain_that_refuses_us_is_listed_and_tried_again(shop):
    with Session(shop.engine) as session:
        session.add(
            Destination(domain="example.org", refusals=3, paused_until=NOW, at=NOW, reason="550 5.7.1 not you")
        )
        waiting = session.get_one(Delivery, deliveries(shop)[1].id)
        waiting.state, waiting.not_before = State.DEFERRED, HELD - timedelta(days=300)
        session.commit()

    assert "550 5.7.1 not you" in asked("destinations").stdout
    assert document("resume", "Example.org") == {"domain": "example.org", "deliveries": 1}
    assert document("destinations") == {"destinations": []}
    assert asked("destinations").stdout == "No mail domain refuses us.\n"
    assert asked("resume", "example.org").exit_code == 2
