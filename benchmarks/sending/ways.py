"""The ways to send that are measured, each in a child of its own, with its part of the messages."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from benchmarks.sending import children, folder, nodemailer
from benchmarks.sending.children import Sink, Trouble
from benchmarks.sending.usage import Used

SESSIONS = 8


@dataclass(frozen=True)
class Bench:
    """A scratch folder, the key, and the folder that keeps nodemailer; `size` is bytes a message."""

    scratch: Path
    key: Path
    packages: Path
    readers: int
    size: int = 67_000

    def planned(self, least: int = 0) -> Path:
        """A planned folder that is only read; it has at least so many readers."""
        return folder.planned(self.scratch, max(self.readers, least))

    @contextmanager
    def run(self, *, port: int, readers: int, connections: int = 1, signed: bool = True) -> Iterator[Path]:
        """A fresh copy of a planned folder, configured for one run and forgotten after it."""
        place = folder.copied(folder.planned(self.scratch, readers), self.scratch / "run")
        try:
            folder.configured(place, port=port, connections=connections, key=self.key if signed else None)
            yield place
        finally:
            shutil.rmtree(place)


@dataclass(frozen=True)
class Way:
    """One way to send; `share` is its part of the messages, so that slow ones do not take all the time."""

    label: str
    share: float
    send: Callable[[Bench, int, int], Used]
    personal: bool = True  # every reader's message has their own words
    signed: bool = True
    filler: bool = False  # no digests: as many bytes without a meaning


def made_key(scratch: Path) -> Path:
    """A new RSA key of 2048 bits, as every sender takes it."""
    made, path = rsa.generate_private_key(public_exponent=65537, key_size=2048), scratch / "dkim.pem"
    kept = (
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    path.touch(mode=0o600)
    path.write_bytes(made.private_bytes(*kept))
    return path


def _ours(connections: int, *, signed: bool) -> Callable[[Bench, int, int], Used]:
    def send(bench: Bench, port: int, count: int) -> Used:
        with bench.run(port=port, readers=count, connections=connections, signed=signed) as place:
            return children.sender("ours", place)

    return send


def _usual(bench: Bench, port: int, count: int) -> Used:
    return children.sender("usual", bench.planned(count), port, count, bench.key)


def _nodemailer(bench: Bench, port: int, count: int) -> Used:
    package = nodemailer.installed(bench.packages)
    shared = nodemailer.body(folder.configured(bench.planned()))
    return nodemailer.send(package, bench.scratch, shared, bench.key, port, count)


def _source(bench: Bench, port: int, count: int) -> Used:
    if not (program := children.tool("smtp-source")):
        raise Trouble("there is no smtp-source on this machine: it is Postfix's")
    kept = ("-d", "-s", str(SESSIONS), "-m", str(count), "-l", str(bench.size))
    return children.program([program, *kept, f"127.0.0.1:{port}"], count)


WAYS: Mapping[str, Way] = {
    "signed-1": Way("ours, signed, 1 connection", 1, _ours(1, signed=True)),
    "signed-4": Way("ours, signed, 4 connections", 1, _ours(4, signed=True)),
    "unsigned-1": Way("ours, unsigned, 1 connection", 1, _ours(1, signed=False), signed=False),
    "unsigned-4": Way("ours, unsigned, 4 connections", 1, _ours(4, signed=False), signed=False),
    "usual": Way("Jinja + EmailMessage + dkimpy + smtplib, kept", 1 / 40, _usual),
    "nodemailer": Way("nodemailer, pool of 8, DKIM, one body", 1 / 10, _nodemailer, personal=False),
    "smtp-source": Way("smtp-source, 8 sessions, same size, unsigned", 1, _source, filler=True),
}


def sink(bench: Bench) -> AbstractContextManager[Sink]:
    """Postfix's sink where it is installed, else our own."""
    return children.postfix_sink(bench.scratch) if children.tool("smtp-sink") else children.own_sink()


def sent(bench: Bench, way: Way, count: int) -> Used:
    """Send so many and make sure that all of them came."""
    with sink(bench) as there:
        used = way.send(bench, there.port, count)
    if not used.messages == there.received["messages"] == count:
        raise Trouble(f"{way.label}: {count} asked for, {used.messages} sent, {there.received} received")
    return used
