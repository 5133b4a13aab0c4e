"""Nodemailer beside us: installed once into a folder beside the sources, and given one body for all."""

import json
from pathlib import Path

from benchmarks.sending import children, folder
from benchmarks.sending.usage import Used
from benchmarks.sending.usual import LIST, letter
from benchmarks.sending.words import given
from newsletter.cli.start import Started

VERSION = "10.6.0"
SCRIPT = Path(__file__).parent / "pool.js"


def installed(place: Path) -> Path:
    """The package's folder, fetched by npm if need be; Trouble says what is missing."""
    package = place / "node_modules" / "nodemailer"
    known = package / "package.json"
    if known.exists() and json.loads(known.read_text(encoding="utf-8"))["version"] == VERSION:
        return package
    if not (children.tool("node") and children.tool("npm")):
        raise children.Trouble("there is no node with npm on this machine")
    place.mkdir(parents=True, exist_ok=True)
    (place / "package.json").write_text("{}", encoding="utf-8")
    quietly = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
    children.output([children.tool("npm"), "install", *quietly, f"nodemailer@{VERSION}"], place)
    return package


def body(started: Started) -> dict[str, object]:
    """The first reader's digest: what everybody gets."""
    compiled, (one,) = letter(started), given(started, 1)
    started.engine.dispose()
    return {
        "subject": compiled.subject.render(one.values).strip(),
        "text": compiled.text.render(one.values),
        "html": compiled.html.render(one.values),
        "headers": LIST | {"List-Unsubscribe": f"<{one.unsubscribe}>"},
    }


def send(package: Path, scratch: Path, shared: dict[str, object], key: Path, port: int, count: int) -> Used:
    """Send the body so many times, each to another address."""
    asked = scratch / "nodemailer.json"
    pem = key.read_text(encoding="ascii")
    rest = {"port": port, "count": count, "key": pem, "selector": folder.SELECTOR, "domain": folder.DOMAIN}
    asked.write_text(json.dumps(shared | rest), encoding="utf-8")
    return Used(**json.loads(children.output([children.tool("node"), str(SCRIPT), str(package), str(asked)])))
