"""A digest in a real Chromium: nothing past the edge and no barrier, in any width, light, dark and bare."""

import re
import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import missing
from mail_papers import digest, paper
from playwright.sync_api import sync_playwright

from newsletter.mail.digest import render
from newsletter.mail.template import load_letter

pytestmark = pytest.mark.browser

SHIPPED = Path(__file__).parent.parent.parent / "templates" / "email"
WIDTHS = (320, 375, 600, 720, 1280)
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PAST_THE_EDGE = """width => [...document.querySelectorAll('body *')]
    .filter(e => { const r = e.getBoundingClientRect(); return r.width && r.right > width + 0.5 })
    .map(e => `${e.tagName}.${e.className}: ${e.textContent.slice(0, 40)}`)"""
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
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
def letter():
    """The digest as it is shipped."""
    return load_letter("digest", [SHIPPED])


def faults(browser, html: str, scheme: str, width: int) -> list[str]:
    """Elements past the right edge, and what axe finds."""
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=True
    )
    try:
        page.set_content(html)
        past = page.evaluate(PAST_THE_EDGE, width)
        found = Axe().run(page, options=RULES).response["violations"]
    finally:
        page.close()
    return past + [f"{one['id']}: {[node['html'][:160] for node in one['nodes'][:3]]}" for one in found]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("styled", [True, False], ids=["styled", "stripped"])
def test_a_digest_fits_and_has_no_barrier(browser, letter, styled, scheme, width):
    html = render(letter, digest(10, sample=True)).html
    html = html if styled else re.sub(r"<style[\s\S]*?</style>", "", html)
    assert faults(browser, html, scheme, width) == []


@pytest.mark.parametrize("styled", [True, False], ids=["styled", "stripped"])
def test_words_without_a_break_do_not_push_the_edge(browser, letter, styled):
    long = tuple(
        paper(
            n, title=LONG, authors=(LONG,), topics=(LONG, LONG), organization=LONG, reasons=(LONG,), summary=LONG
        )
        for n in range(1, 11)
    )
    content = digest(papers=long, brand=LONG, reader_name=LONG, to_email=f"{LONG}@example.org", interests=(LONG,))
    html = render(letter, content).html
    html = html if styled else re.sub(r"<style[\s\S]*?</style>", "", html)
    assert faults(browser, html, "light", 320) == []
