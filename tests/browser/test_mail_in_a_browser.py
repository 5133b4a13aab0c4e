"""A digest in a real Chromium: nothing past the edge and no barrier, in any width, light, dark and bare."""

import re
import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import missing
from mail_papers import digest, paper
from playwright.sync_api import sync_playwright
from stage import RULES

from newsletter.mail.digest import render
from newsletter.mail.template import load_letter

pytestmark = [pytest.mark.browser, pytest.mark.uncounted]

SHIPPED = Path(__file__).parent.parent.parent / "templates" / "email"
WIDTHS = (320, 375, 600, 720, 1280)
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PAST_THE_EDGE = """width => [...document.querySelectorAll('body *')]
    .filter(e => { const r = e.getBoundingClientRect(); return r.width && r.right > width + 0.5 })
    .map(e => `${e.tagName}.${e.className}: ${e.textContent.slice(0, 40)}`)"""
LONG = "Pneumonoultramicroscopicsilicovolcanoconiosis" * 3


@pytest.fixture(scope="module")
def browser():
    """The Chromium of this machine."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        missing("no Chromium on this machine: install chromium or google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page(browser):
    """A page of that browser for one letter after another: a new one is a new process."""
    page = browser.new_page()
    yield page
    page.close()


@pytest.fixture(scope="module")
def letter():
    """The digest as it is shipped."""
    return load_letter("digest", [SHIPPED])


def shown(page, html: str, scheme: str, width: int, height: int = 900):
    """The page with this letter in it and nothing of the one before."""
    page.goto("about:blank")
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme)
    page.set_content(html)
    return page


def faults(page, html: str, scheme: str, width: int) -> list[str]:
    """Elements past the right edge, and what axe finds."""
    shown(page, html, scheme, width)
    past = page.evaluate(PAST_THE_EDGE, width)
    found = Axe().run(page, options=RULES).response["violations"]
    return past + [f"{one['id']}: {[node['html'][:160] for node in one['nodes'][:3]]}" for one in found]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("styled", [True, False], ids=["styled", "stripped"])
def test_a_digest_fits_and_has_no_barrier(page, letter, styled, scheme, width):
    html = render(letter, digest(10, sample=True)).html
    html = html if styled else re.sub(r"<style[\s\S]*?</style>", "", html)
    assert faults(page, html, scheme, width) == []


@pytest.mark.parametrize("styled", [True, False], ids=["styled", "stripped"])
def test_words_without_a_break_do_not_push_the_edge(page, letter, styled):
    long = tuple(
        paper(
            n, title=LONG, authors=(LONG,), topics=(LONG, LONG), organization=LONG, reasons=(LONG,), summary=LONG
        )
        for n in range(1, 11)
    )
    content = digest(papers=long, brand=LONG, reader_name=LONG, to_email=f"{LONG}@example.org", interests=(LONG,))
    html = render(letter, content).html
    html = html if styled else re.sub(r"<style[\s\S]*?</style>", "", html)
    assert faults(page, html, "light", 320) == []
