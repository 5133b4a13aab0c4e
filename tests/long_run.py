"""A newsletter that runs as a process of its own: a folder with readers who are due, what it says, how it ends."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, func, select
from world import TITLES

from newsletter import db
from newsletter.cli.start import Started
from newsletter.config import load
from newsletter.models import Delivery
from subscribers import people, preferences
from subscribers.models import FollowKind

PATIENCE = 120  # seconds, for a machine that is busy with other tests
CONFIG = """
[newsletter]
from = "papers@example.org"
url = "https://papers.example.org"
[database]
url = "{database}"
[[sources]]
name = "ours"
kind = "file"
path = "papers.jsonl"
[digest]
floor = 0.1
[schedule]
tick_seconds = 1
[gate]
least_papers = 0
usual_papers = 0
same_share = 0
[smtp]
host = "127.0.0.1"
port = {port}
security = "none"
[delivery]
transport = "{transport}"
lease_seconds = 5
connections = {connections}
"""


def now():
    return datetime.now(UTC)


def laid_out(folder, port=25, readers=1, connections=4, transport="smtp", database="sqlite:///data/newsletter.db"):
    """A folder with a configuration, six papers announced today, and readers whose hour has just struck."""
    lines = [
        f'{{"title": "{title}", "abstract": "We study {title.lower()}.", "arxiv_id": "2603.{number:05}", '
        f'"url": "https://arxiv.org/abs/2603.{number:05}", "announced_at": "{now() - timedelta(hours=1):%FT%TZ}"}}'
        for number, title in enumerate(TITLES, 1)
    ]
    (folder / "papers.jsonl").write_text("\n".join(lines) + "\n")
    text = CONFIG.format(port=port, connections=connections, transport=transport, database=database)
    (folder / "config.toml").write_text(text)
    started = Started(load(folder / "config.toml"))
    subscribe(started, readers)
    return started


def subscribe(started, count):
    chosen = preferences.parse({"hour": str((now() - timedelta(hours=1)).hour), "timezone": "UTC"})
    follow = preferences.parse_follow(FollowKind.TOPIC, "Graphs")
    with db.writing(started.engine) as session:
        for number in range(count):
            email = f"reader{number}@example.org"
            people.add(session, email, chosen, [follow], now=now(), confirmed=True, wording="asked")


@contextmanager
def running(folder, *words):
    """The program as a process of its own, once it has said all that it says at its start: (process, said).

    Its log goes to a file: a pipe that nobody reads fills up, and then the program waits.
    """
    command = [sys.executable, "-u", "-m", "newsletter", *words]
    with (
        (folder / "log.txt").open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=folder) as process,
    ):
        said = ""
        try:
            while "Stop with Ctrl-C" not in said:
                line = process.stdout.readline()
                assert line, f"{said}\n{(folder / 'log.txt').read_text()}"
                said += line
            yield process, said
        finally:
            process.kill()


# Imports once, then becomes the program as often as it is asked: a start takes a third of the time.
NURSERY = """
import os, sys
import uvicorn
import newsletter.tick, newsletter.web.app, newsletter.wiring
from newsletter.cli import app
for words in sys.stdin:
    child = os.fork()
    if not child:
        log = os.open("up.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        sys.argv = ["newsletter", *words.split()]
        app()
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@contextmanager
def nursery(folder):
    """What starts the program in this folder again and again: `start(*words)` gives its process id and its end."""
    command = [sys.executable, "-u", "-c", NURSERY]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1, "process_group": 0}
    with subprocess.Popen(command, cwd=folder, **pipes) as mother:

        def start(*words):
            mother.stdin.write(" ".join(words) + "\n")
            return int(mother.stdout.readline()), lambda: int(mother.stdout.readline())

        try:
            yield start
            mother.stdin.close()
        except BaseException:
            os.killpg(mother.pid, signal.SIGKILL)  # it waits for its child, which nobody ends any more
            raise


def address(said):
    return re.search(r" on (127\.0\.0\.1:\d+)\.", said)[1]


def ended(process, seconds=10):
    """Its exit code, at most that long after it was told to end; what it said then; how long it took."""
    began = time.monotonic()
    out, _ = process.communicate(timeout=seconds)
    return process.returncode, out, time.monotonic() - began


def until(condition, seconds=PATIENCE):
    """Wait for something that happens in another process."""
    late = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < late, "it did not happen in time"
        time.sleep(0.05)
    return found


def states(started):
    """How many deliveries stand in each state."""
    try:
        with Session(started.engine) as session:
            counted = select(Delivery.state, func.count()).group_by(col(Delivery.state))
            return {str(state): count for state, count in session.exec(counted)}
    except OperationalError:  # the tables are being made
        return {}


def answer(said, path):
    return httpx.get(f"http://{address(said)}{path}", timeout=PATIENCE)
