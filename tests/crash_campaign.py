"""A campaign against the sender: start, kill, look at what is left, again and again; then let it finish."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import crash_ledger
import crash_verdict
import pytest
from crash_verdict import LEASE, Kill
from crash_witness import Witness
from mail_servers import PASSWORD, USERNAME

from newsletter.models import State

HERE = Path(__file__).parent
# No line may be read with the one before it and wait where `select` does not see it.
PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "bufsize": 0}
PATIENCE = 120  # seconds, for a machine that is busy with other tests
STUCK = 0.5  # seconds without an answer, where some do not come: time for the kill
CONNECTIONS = 4
LOGIN = {"username": USERNAME, "password": PASSWORD}
SECURED = {"tls", "auth"}  # modes in which the way in is refused
MOST_ROUNDS = 40  # until all is settled; each skips the wait after a refusal
KILLED = -signal.SIGKILL


def awaited(condition):
    """Wait for something that happens in another process, and miss little of it."""
    late = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < late, "it did not happen in time"
        time.sleep(0.002)


@contextmanager
def process(script, *arguments):
    # Who is killed cannot say which lines it ran, and counting them makes it slow.
    quiet = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    command = [sys.executable, "-u", str(HERE / script), *map(str, arguments)]
    with subprocess.Popen(command, env=quiet, **PIPES) as started:
        try:
            yield started
        finally:
            started.stdin.close()


def told(process, what):
    process.stdin.write(json.dumps(what).encode() + b"\n")


@contextmanager
def sink(folder, *certificates):
    """A mail server with a log in this folder: its ports, and what changes its mode."""
    with process("crash_sink.py", folder / "sink.log", *certificates) as server:
        ports = json.loads(server.stdout.readline())

        def change(**mode):
            told(server, mode)
            assert server.stdout.readline()

        yield ports, change


@contextmanager
def nursery():
    """What senders are forked from."""
    with process("crash_sender.py") as mother:
        yield mother


@dataclass
class Campaign:
    """One ledger, one mail server, and senders that are started one after the other.

    `ahead` is by how much the ledger's clock is ahead of ours, in seconds: nobody waits for what comes later.
    """

    engine: object
    folder: Path
    mother: object
    ports: list
    change: object
    authority: object = None  # who vouches for the mail server
    ahead: float = 0.0
    kills: list = field(default_factory=list)
    pid: int = 0

    def __post_init__(self):
        self.witness = Witness(self.folder / "sink.log")
        self.database = crash_ledger.database_of(self.engine)
        self.sweeps, self.log = self.folder / "sweeps.log", self.folder / "sender.log"
        self.mode = ""

    def now(self):
        """The ledger's time."""
        return datetime.now(UTC) + timedelta(seconds=self.ahead)

    def turn_to(self, mode, **how):
        """What the mail server does from now on."""
        self.mode = mode
        self.change(kind=mode, **how)

    def start(self, point="", passage=1, connections=CONNECTIONS):
        """Start a sender; the one before has ended."""
        how = {
            "database": self.database,
            "server": self.way_in(),
            "sweeps": str(self.sweeps),
            "log": str(self.log),
            "owner": f"crash {os.urandom(8).hex()}",
        }
        self.before = set(self.witness.read().gone)
        self.connections, self.owner = connections, how["owner"]
        self.moved = self.witness.answers, time.monotonic()
        how |= {"connections": connections, "lease": LEASE.total_seconds(), "ahead": self.ahead}
        told(self.mother, how | {"point": point, "passage": passage})
        self.pid = int(self.mother.stdout.readline())

    def way_in(self):
        """How the sender is to reach the mail server."""
        if self.mode not in SECURED:
            return {"port": self.ports[0], "security": "none"}
        return LOGIN | {"port": self.ports[1], "security": "tls", "ca_file": str(self.authority)}

    def over(self):
        """Whether the sender has ended, or waits for answers that do not come and for nothing else."""
        moved, now = self.witness.read().answers, time.monotonic()
        if moved != self.moved[0]:
            self.moved = moved, now
        return self.ended() or (bool(self.witness.silent) and now - self.moved[1] > STUCK)

    def ended(self):
        """Whether its end was told already."""
        return bool(select.select([self.mother.stdout], [], [], 0)[0])

    def signal(self, number):
        """Send it this signal, unless it has ended."""
        if not self.ended():
            os.kill(self.pid, number)

    def end(self):
        """Wait for the sender's end, and look at what it left; whether it was killed."""
        awaited(self.ended)
        code, at, self.pid = int(self.mother.stdout.readline()), self.now(), 0
        awaited(lambda: not self.witness.read().open and crash_ledger.left_alone(self.engine))
        assert code in {0, KILLED}, self.log.read_text()
        killed, found = code == KILLED, crash_ledger.rows(self.engine)
        self._look(found, at)
        if killed:
            self._count(found, at)
        else:
            assert not any(row.owner == self.owner for row in found.values())
        return killed

    def abandon(self):
        """The test is over, however it went: so is its sender."""
        if self.pid:
            self.signal(signal.SIGKILL)
            self.mother.stdout.readline()

    def _look(self, found, at):
        """What holds whenever a sender has ended, however it did."""
        for row in crash_ledger.dead(found):
            assert self.swept()[-1][0] <= row.lease_until <= at + LEASE, row
        for recipient in self.witness.copies:
            row = found[recipient]
            assert row.state is State.SENT or row.handed_over or row.doubtful, row
        assert all(self.witness.answered(row.address) for row in found.values() if row.state is State.SENT)

    def _count(self, found, at):
        left = [row for row in found.values() if row.owner == self.owner]
        kill = Kill(
            in_hand=self.witness.in_hand(self.witness.gone - self.before),
            in_doubt=[row.address for row in left if row.handed_over],
            connections=self.connections,
            left=len(left),
            ahead=self.ahead,
            signs=max((row.lease_until for row in left), default=at) - LEASE,
        )
        assert len(kill.in_doubt) <= kill.connections, kill
        self.kills.append(kill)

    def swept(self):
        """When there were sweeps, by the ledger's clock, and by how much it was ahead."""
        lines = self.sweeps.read_text().splitlines() if self.sweeps.exists() else []
        return [(datetime.fromisoformat(at), ahead) for at, ahead in map(json.loads, lines)]

    def skip(self):
        """Let the ledger's time pass until all that waits is due; False when nothing does."""
        at = crash_ledger.next_try(self.engine)
        if at is not None:
            self.ahead = max(self.ahead, (at - datetime.now(UTC)).total_seconds() + 1)
        return at is not None

    def settle(self):
        """The mail server takes everything now, and nobody is killed any more."""
        self.turn_to("ok")
        for _ in range(MOST_ROUNDS):
            if not self.skip():
                return
            self.start()
            assert not self.end()
        pytest.fail("it does not come to an end")

    def judged(self):
        """Hold the ledger against what the mail server noted; the figures."""
        return crash_verdict.of(crash_ledger.rows(self.engine), self.witness.read(), self.kills, self.swept())
