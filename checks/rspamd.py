"""rspamd, started here with a configuration of its own on loopback: its verdict and symbols for every message."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from email.utils import formatdate
from pathlib import Path
from typing import Any

from checks.letters import Mail
from checks.result import Result, absent, judged, missing

DATED = re.compile(rb"^Date: [^\r\n]*\r\n", re.MULTILINE)
PATIENCE = 120  # seconds until it answers: it compiles its rules first
# What asks the network, or keeps a memory, or judges the machine that asks and not the mail.
OFF = (
    *(
        "rbl",
        "surbl",
        "fuzzy_check",
        "dmarc",
        "spf",
        "dkim",
        "arc",
        "asn",
        "mx_check",
        "hfilter",
        "url_redirector",
    ),
    *("dkim_signing", "greylist", "ratelimit", "replies", "history_redis", "neural", "reputation", "redis"),
    *("phishing", "mid", "rspamd_update", "bimi", "once_received", "p0f"),
)
CONFIG = """\
.include "/etc/rspamd/common.conf"
options {{
    .include "/etc/rspamd/options.inc"
    filters = "chartable,regexp";
    pidfile = "{folder}/rspamd.pid";
    tempdir = "{folder}";
    control_socket = "{folder}/rspamd.sock mode=0600";
    rrd = "";
    dns {{ nameserver = ["127.0.0.1:9"]; timeout = 0.1s; retransmits = 0; }}
}}
logging {{ type = "file"; filename = "{folder}/rspamd.log"; level = "warning"; }}
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}
"""


def check(mails: Sequence[Mail]) -> Result:
    """It would do nothing about any letter: its own word is `no action`."""
    if absent("rspamd"):
        return missing("apt install rspamd")
    with started() as port:
        return verdict({mail.name: _asked(port, sent_now(mail.content)) for mail in mails})


@contextlib.contextmanager
def started() -> Iterator[int]:
    """A daemon of our own for the length of a `with` block; yields its port."""
    with tempfile.TemporaryDirectory() as place:
        folder, port = Path(place), _free_port()
        configure(folder, port)
        names = {"DBDIR": place, "RUNDIR": place, "LOGDIR": place, "LOCAL_CONFDIR": place}
        variables = [word for name, value in names.items() for word in ("--var", f"{name}={value}")]
        command = ("rspamd", "-f", "-i", "-c", str(folder / "rspamd.conf"), *variables)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait(process, port, folder / "rspamd.log")
            yield port
        finally:
            process.terminate()
            process.wait()


def configure(folder: Path, port: int) -> None:
    """The configuration, with all modules off that need the network."""
    folder.chmod(0o777)  # it changes its user where it is started by root
    (folder / "rspamd.conf").write_text(CONFIG.format(folder=folder, port=port), encoding="utf-8")
    for name in ("local.d", "override.d"):
        (folder / name).mkdir()
    for module in OFF:
        (folder / "override.d" / f"{module}.conf").write_text("enabled = false;\n", encoding="utf-8")
    for file in folder.rglob("*"):
        shutil.chown(file, os.getuid(), os.getgid())


def _free_port() -> int:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=2):
            return
        time.sleep(0.3)
    said = log.read_text(encoding="utf-8", errors="replace")[-1500:] if log.exists() else "nothing"
    raise RuntimeError(f"rspamd does not answer on 127.0.0.1:{port}; its log says: {said}")


def sent_now(content: bytes) -> bytes:
    """The message as if it left now: the sample's day is long gone, and an old date is a point against a mail."""
    return DATED.sub(f"Date: {formatdate()}\r\n".encode(), content, count=1)


def _asked(port: int, content: bytes) -> dict[str, Any]:
    origin = {"IP": "203.0.113.7", "Helo": "mail.example.org", "Hostname": "mail.example.org"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/checkv2", content, origin)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return dict(json.load(answer))


def verdict(told: Mapping[str, Mapping[str, Any]]) -> Result:
    """Its answers in words, with the symbols that gave points and those that took some off."""
    faults = [f"{name}: {each['action']}" for name, each in told.items() if each["action"] != "no action"]
    symbols: dict[str, float] = {}
    for each in told.values():
        symbols |= {name: found["score"] for name, found in each["symbols"].items()}
    worst = max(each["score"] for each in told.values())
    ordered = sorted(symbols.items(), key=lambda pair: (-pair[1], pair[0]))
    notes = [f"{name} {score:+.2f}" for name, score in ordered]
    return judged(f"no action, worst {worst:.2f} of {told[next(iter(told))]['required_score']:.0f}", faults, notes)
