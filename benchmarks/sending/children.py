"""Child processes: sinks that are asked what they received, and senders that tell what they used."""

import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from benchmarks.sending.usage import Used

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 20.0  # seconds until a child must answer
BACKLOG = 200


class Trouble(Exception):
    """A child could not do its work; the text says which and why."""


@dataclass
class Sink:
    """Where to send to; `received` is filled when the sink has ended: messages, and what else it counts."""

    port: int
    received: dict[str, float] = field(default_factory=dict)


def tool(name: str) -> str:
    """Where a program lies, "" where there is none; Postfix's stand in sbin, which not everybody searches."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin") or ""


@contextmanager
def own_sink(folder: Path | None = None, most: int = 0) -> Iterator[Sink]:
    """Our own sink; it keeps the first messages in this folder."""
    arguments = [str(folder), str(most)] if folder else []
    with _serving("benchmarks.sending.sink", arguments) as (child, port):
        sink = Sink(port)
        yield sink
        sink.received = json.loads(child.communicate(timeout=PATIENCE)[0])


@contextmanager
def distant(port: int, seconds: float) -> Iterator[int]:
    """The port of a proxy that lets this port look so far away."""
    with _serving("benchmarks.sending.distance", [str(port), str(seconds)]) as (child, near):
        yield near
        child.communicate(timeout=PATIENCE)


@contextmanager
def postfix_sink(scratch: Path) -> Iterator[Sink]:
    """Postfix's sink, which reads line by line as mail servers do; its count goes into the scratch folder."""
    port, counted = free_port(), scratch / "sink.txt"
    as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []  # it refuses to run as root
    command = [tool("smtp-sink"), "-c", *as_nobody, f"127.0.0.1:{port}", str(BACKLOG)]
    with counted.open("w", encoding="ascii") as out:
        child = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)  # noqa: S603 - a program of the machine's
        try:
            _wait_for(port)
            sink = Sink(port)
            yield sink
        finally:
            child.terminate()
            child.wait(PATIENCE)
    sink.received = {"messages": last_count(counted.read_text(encoding="ascii"))}


def last_count(told: str) -> int:
    """The messages in the last line of smtp-sink -c: "sess=1 quit=1 mesg=20"."""
    return int(told.rstrip("\r\n").rpartition("mesg=")[2].split()[0]) if "mesg=" in told else 0


def sender(module: str, *arguments: object) -> Used:
    """Run one of our senders as a child; it prints what it used as JSON."""
    command = [sys.executable, "-m", f"benchmarks.sending.{module}", *map(str, arguments)]
    return Used(**json.loads(output(command)))


def program(command: Sequence[str], count: int) -> Used:
    """Run somebody else's sender: its time and CPU are those of the whole process, which starts in no time."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    output(command)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Used(count, seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 0.0)


def output(command: Sequence[str], folder: Path = ROOT) -> str:
    """What a program prints; Trouble has its last words when it fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - see above
    if done.returncode:
        words = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
        raise Trouble(f"{' '.join(command[:3])} ended with {done.returncode}: {words}")
    return done.stdout


def free_port() -> int:
    """A port of loopback that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        return int(made.getsockname()[1])


@contextmanager
def _serving(module: str, arguments: Sequence[str]) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """A server of ours that prints its port, and ends when its standard input does."""
    command = [sys.executable, "-m", module, *arguments]
    pipe = subprocess.PIPE
    child = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)  # noqa: S603 - our own module
    try:
        yield child, int(_first_line(child.stdout, module))
    finally:
        if child.poll() is None:
            child.terminate()
        child.wait(PATIENCE)
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                stream.close()


def _first_line(stream: IO[str] | None, module: str) -> str:
    line = stream.readline() if stream else ""
    if not line:
        raise Trouble(f"{module} did not start")
    return line


def _wait_for(port: int) -> None:
    """Until somebody listens there."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.01)
    raise Trouble(f"nobody listens on port {port}")
