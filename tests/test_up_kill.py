"""`newsletter up`, killed at random moments while mail flows: nothing lost, nothing doubled but what was in hand.

NEWSLETTER_KILLS, _KILL_READERS, _KILL_SEED and _KILL_DATABASE=postgresql make other runs of it.
"""

import asyncio
import os
import random
import signal
import time
from datetime import UTC, datetime

import pytest
from long_run import laid_out, nursery, states, until
from mail_servers import Listening, Server
from sqlmodel import Session, col, select, update
from world import TITLES

from newsletter.ledger import HELD
from newsletter.models import Delivery, Pick, State

pytestmark = pytest.mark.uncounted

KILLS = int(os.environ.get("NEWSLETTER_KILLS", "8"))
READERS = int(os.environ.get("NEWSLETTER_KILL_READERS", "40"))
SEED = int(os.environ.get("NEWSLETTER_KILL_SEED", str(random.randrange(10_000))))
CONNECTIONS = 4
AT_ANY_MOMENT = 0.2  # of the kills come whatever it does: while it starts, fetches, plans


class Sink(Server):
    """A mail server that takes 5 to 20 ms for a message, and keeps every copy it said yes to."""

    def __init__(self, dice):
        super().__init__()
        self.dice = dice

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        await asyncio.sleep(self.dice.uniform(0.005, 0.02))
        return await super().handle_DATA(server, session, envelope)


@pytest.fixture
def sink():
    made = Sink(random.Random(SEED))
    controller = Listening(made)
    controller.start()
    yield made
    controller.stop()


def killed_at_random(folder, started, sink, dice):
    """Start, let mail flow, kill -9; again and again; in the end let it finish. What the kills found in hand."""
    in_hand = set()
    with nursery(folder) as start:
        for _ in range(KILLS):
            process, end = start("up", "--port", "0")
            if dice.random() < AT_ANY_MOMENT:
                time.sleep(dice.uniform(0, 2))
            else:
                enough = len(sink.taken) + dice.randint(1, max(1, 2 * READERS // KILLS - CONNECTIONS))
                until(lambda enough=enough: len(sink.taken) >= enough or hurried(started))
                time.sleep(dice.uniform(0, 0.03))  # somewhere within a message
            os.kill(process, signal.SIGKILL)
            assert end() == -signal.SIGKILL
            found = claimed(started) - in_hand
            assert len(found) <= CONNECTIONS
            in_hand |= found
        began = starts(folder)
        process, end = start("up", "--port", "0")
        until(lambda: starts(folder) > began and hurried(started))
        os.kill(process, signal.SIGTERM)
        assert end() == 0
    return [recipient for recipient, _ in in_hand]


def claimed(started):
    """Whose bodies may have left when a process died, each with the sender that had it."""
    with Session(started.engine) as session:
        rows = select(Delivery.address, Delivery.owner).where(
            col(Delivery.state) == State.SENDING, col(Delivery.handed_over)
        )
        return set(session.exec(rows))


def starts(folder):
    """How often it had come as far as to listen."""
    return (folder / "up.log").read_text().count("Stop with Ctrl-C")


def hurried(started):
    """Whether all is settled; what senders died at three times would wait for minutes, and need not here."""
    now = datetime.now(UTC)
    with Session(started.engine) as session:
        waits = col(Delivery.not_before)
        session.exec(update(Delivery).where(waits > now, waits < HELD).values(not_before=now))
        session.commit()
    return settled(started)


def settled(started):
    return states(started) == {"sent": READERS}


def by_reader(sink):
    """Every copy that arrived, by reader."""
    arrived = {}
    for each in sink.taken:
        arrived.setdefault(each.recipient, []).append(each.content)
    return arrived


@pytest.fixture
def database(request):
    """SQLite as it is shipped, or PostgreSQL where NEWSLETTER_KILL_DATABASE says so."""
    if os.environ.get("NEWSLETTER_KILL_DATABASE") == "postgresql":
        return request.getfixturevalue("postgresql").format(name="postgres")
    return "sqlite:///data/newsletter.db"


def test_nothing_is_lost_and_no_more_doubled_than_was_in_flight(tmp_path, database, sink):
    print(f"seed {SEED}: NEWSLETTER_KILL_SEED={SEED} repeats it")  # noqa: T201 - to repeat it
    dice = random.Random(SEED)
    started = laid_out(tmp_path, sink.port, READERS, CONNECTIONS, database=database)

    in_hand = killed_at_random(tmp_path, started, sink, dice)

    arrived = by_reader(sink)
    copies = {recipient: len(each) for recipient, each in arrived.items()}
    most, extra = max(copies.values()), sum(copies.values()) - READERS
    print(f"{READERS} readers, {KILLS} kills, {len(in_hand)} in hand, {extra} extra copies, at most {most}")  # noqa: T201 - the figures
    with Session(started.engine) as session:
        rows = session.exec(select(Delivery).order_by(col(Delivery.id))).all()
        picks = session.exec(select(Pick.subscriber_id, Pick.paper)).all()
    assert sorted(arrived) == sorted(row.address for row in rows)
    assert [row.state for row in rows] == [State.SENT] * READERS
    assert not any(row.owner or row.lease_until for row in rows)
    assert extra <= len(in_hand) <= CONNECTIONS * KILLS
    assert all(count <= 1 + in_hand.count(recipient) for recipient, count in copies.items())
    assert all(len(set(each)) == 1 for each in arrived.values())
    for row in rows:
        assert row.message_id.encode() in arrived[row.address][0]
    assert 0 < len(picks) <= READERS * len(TITLES)
