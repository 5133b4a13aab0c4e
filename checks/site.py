"""The pages of a running demo, public and admin, found by their links: barriers and edges in a real Chromium."""

import contextlib
import json
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page

from checks import browser
from checks.letters import Mail
from checks.result import Result, judged, missing

COMMAND = (sys.executable, "-m", "newsletter")
PATIENCE = 30  # seconds until it serves
MOST = 60  # pages
CLOCK = ("--at", "2026-04-23T14:00Z")  # the sample's day: at any other one the lists are empty
TOKEN = re.compile(r"1\.[\w-]{20,}|\d{4}-\d\d-\d\d|\d+|[\w-]+:[^/]+")
LINKS = "() => [...document.querySelectorAll('a[href]')].map(each => each.href)"
NO_PAGES = (
    ".xml",
    ".json",
    ".css",
    ".js",
    ".svg",
    ".bib",
    ".ics",
    ".csv",
    ".png",
    "/openapi",
    "/health",
    "/metrics",
)


def check(mails: Sequence[Mail]) -> Result:  # noqa: ARG001 - a checker gets the mails; this one looks at pages
    """Every kind of page once, light and dark, in five widths."""
    if not browser.program():
        return missing(browser.CURE)
    with tempfile.TemporaryDirectory() as place, demo(Path(place)) as home, browser.chromium() as page:
        return _walked(page, home, Path(place))


def _walked(page: Page, home: str, folder: Path) -> Result:
    faults: list[str] = []
    seen: dict[str, str] = {}
    starts = [f"{home}/", *_in_mails(folder, home)]
    _enter(page, folder)
    waiting = [*starts, page.url]
    while waiting and len(seen) < MOST:
        url = waiting.pop(0)
        if kind(url) in seen:
            continue
        seen[kind(url)] = url
        answer = page.goto(url)
        if answer is None or "html" not in answer.headers.get("content-type", ""):
            continue
        said = [] if answer.ok else [f"answers {answer.status}"]
        waiting += new_ones(page.evaluate(LINKS), home)
        said += browser.violations(page, browser.WIDTHS) + browser.past_the_edge(page)
        faults += [f"{kind(url)} {each}" for each in said]
    views = len(seen) * len(browser.SCHEMES) * len(browser.WIDTHS)
    return judged(f"{len(faults)} on {len(seen)} pages, {views} views", faults, [f"page {each}" for each in seen])


def kind(url: str) -> str:
    """The path of a URL without what tells one reader, day or paper from another, and without its query."""
    return TOKEN.sub("*", urlsplit(url).path) or "/"


def new_ones(links: Iterable[str], home: str) -> list[str]:
    """The links that stay on the site and lead to pages."""
    inside = (link.partition("#")[0] for link in links if link.startswith(f"{home}/"))
    return [link for link in inside if not any(each in urlsplit(link).path for each in NO_PAGES)]


def _in_mails(folder: Path, home: str) -> list[str]:
    text = (folder / "demo" / "mails" / "ada.txt").read_text(encoding="utf-8")
    return sorted(set(re.findall(rf"{re.escape(home)}/[^\s<>]+", text)))


def _enter(page: Page, folder: Path) -> None:
    """Into the admin pages, as the admin would."""
    told = _run(folder, "admin", "link", "--config", "demo/config.toml", "--json")
    page.goto(json.loads(told)["url"])
    page.get_by_role("button", name="Log in").click()


def _run(folder: Path, *words: str) -> str:
    done = subprocess.run((*COMMAND, *words), cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


@contextlib.contextmanager
def demo(folder: Path) -> Iterator[str]:
    """The demo as `make serve` serves it, on a port of its own; yields its address."""
    _run(folder, "demo", "--dir", "demo")
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port = place.getsockname()[1]
    home = f"http://127.0.0.1:{port}"
    for file in (folder / "demo" / "config.toml", folder / "demo" / "mails" / "ada.txt"):
        file.write_text(file.read_text(encoding="utf-8").replace("http://localhost:8080", home), encoding="utf-8")
    command = (*COMMAND, "web", "--config", "demo/config.toml", "--host", "127.0.0.1", "--port", str(port), *CLOCK)
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(process, home)
        yield home
    finally:
        process.terminate()
        process.wait()


def _wait(process: "subprocess.Popen[bytes]", home: str) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{home}/", timeout=5):
            return
        time.sleep(0.3)
    raise RuntimeError(
        f"the demo does not answer on {home}: run `newsletter web --config demo/config.toml` to see why"
    )
