"""Mails in a real Chromium: barriers that axe-core finds, and elements past the right edge."""

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page, sync_playwright

from checks.letters import Mail
from checks.result import Result, judged, missing

CURE = "apt install chromium"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
WIDTHS, SCHEMES, NARROW = (320, 375, 600, 720, 1280), ("light", "dark"), (320, 375)
FEW = ("digest-10", "digest-30", "real-30")  # in a hurry: a few whole digests stand for all of them
AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RULES = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": LEVELS}}
RUN = """async rules => (await axe.run(document, rules)).violations
    .map(each => `${each.id}: ${each.nodes.slice(0, 2).map(node => node.html.slice(0, 120)).join(' | ')}`)"""
PAST_THE_EDGE = """width => [...document.querySelectorAll('body *')]
    .filter(e => { const r = e.getBoundingClientRect(); return r.width && r.right > width + 0.5 })
    .map(e => `${e.tagName}.${e.className}: ${e.textContent.trim().slice(0, 40)}`)"""
STYLE = re.compile(r"<style[\s\S]*?</style>")


def program() -> str:
    """The Chromium of this machine, or ""."""
    return next(filter(None, map(shutil.which, PROGRAMS)), "")


@contextmanager
def chromium() -> Iterator[Page]:
    """A page of that Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=list(QUIET))
        try:
            yield browser.new_page()
        finally:
            browser.close()


def dresses(mail: Mail) -> tuple[tuple[str, str], ...]:
    """The mail as it is, and as programs show it that drop <style>."""
    return ("styled", mail.html), ("bare", STYLE.sub("", mail.html))


def show(page: Page, html: str) -> None:
    """This mail and nothing of the one before."""
    page.goto("about:blank")
    page.set_content(html)


def hurried(mails: Sequence[Mail], *, quick: bool) -> list[Mail]:
    """All of them, or when time is short one digest of each kind and every other letter."""
    return [mail for mail in mails if not quick or mail.template != "digest" or mail.name in FEW]


def barriers(mails: Sequence[Mail], *, quick: bool = False) -> Result:
    """axe-core, WCAG 2.0 to 2.2 A and AA: no violation in any dress, colour scheme and width."""
    if not program():
        return missing(CURE)
    widths = (375,) if quick else WIDTHS
    faults, runs = [], 0
    with chromium() as page:
        for mail in hurried(mails, quick=quick):
            for dress, html in dresses(mail):
                show(page, html)
                faults += [f"{mail.name} {dress} {each}" for each in violations(page, widths)]
                runs += len(SCHEMES) * len(widths)
    return judged(f"{len(faults)} in {runs} views", faults)


def violations(page: Page, widths: Sequence[int]) -> list[str]:
    """What axe says of the page as it stands, in both colour schemes and each width."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = []
    for scheme, width in product(SCHEMES, widths):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type] # its Literal, spelled as a tuple
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"{scheme} {width}: {each}" for each in page.evaluate(RUN, RULES)]
    return found


def edges(mails: Sequence[Mail], *, quick: bool = False) -> Result:  # noqa: ARG001 - called as its neighbour is
    """The right edge of every element of every mail at 320 and 375 px."""
    if not program():
        return missing(CURE)
    faults, views = [], 0
    with chromium() as page:
        for mail in mails:
            for dress, html in dresses(mail):
                show(page, html)
                faults += [f"{mail.name} {dress} {each}" for each in past_the_edge(page)]
                views += len(NARROW)
    return judged(f"{len(faults)} past it in {views} views", faults)


def past_the_edge(page: Page, widths: Sequence[int] = NARROW) -> list[str]:
    """Elements that end right of the window."""
    found = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"{width}: {each}" for each in page.evaluate(PAST_THE_EDGE, width)]
    return found
