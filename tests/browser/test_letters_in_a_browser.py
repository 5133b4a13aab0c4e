"""The letters in a real Chromium: nothing past the edge and no barrier, in any width, light, dark and bare."""

import re
from dataclasses import replace

import pytest
from test_mail_in_a_browser import LONG, SHIPPED, browser, faults

from newsletter.mail.letter import example, load, render
from subscribers.letters import LetterKind

__all__ = ["browser"]  # the fixture
pytestmark = pytest.mark.browser

WIDTHS = (320, 375, 720)
BOX = """() => { const box = document.querySelector('a.letterbutton').getBoundingClientRect();
    return [box.height, box.width, box.bottom] }"""


@pytest.fixture(scope="module")
def letters():
    """Every letter as it is shipped."""
    return {kind: load(kind, [SHIPPED]) for kind in LetterKind}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", list(LetterKind))
def test_a_letter_fits_and_has_no_barrier(browser, letters, kind, scheme, width):
    html = render(letters[kind], example(kind)).html

    assert faults(browser, html, scheme, width) == []


@pytest.mark.parametrize("kind", list(LetterKind))
def test_a_letter_stripped_of_its_styles_still_fits(browser, letters, kind):
    html = re.sub(r"<style[\s\S]*?</style>", "", render(letters[kind], example(kind)).html)

    assert faults(browser, html, "light", 320) == []


@pytest.mark.parametrize("kind", list(LetterKind))
def test_words_and_links_without_a_break_do_not_push_the_edge(browser, letters, kind):
    content = example(kind)
    chosen = content.chosen and replace(content.chosen, name=LONG, follows=(LONG, LONG), mutes=(LONG,))
    long = replace(
        content,
        brand=LONG,
        sender=f"{LONG}@example.org",
        to_email=f"{LONG}@example.org",
        new_address=f"{LONG}@example.org" if content.new_address else "",
        postal_address=LONG,
        action_url=f"https://newsletter.example/{LONG}",
        chosen=chosen,
    )

    assert faults(browser, render(letters[kind], long).html, "light", 320) == []


@pytest.mark.parametrize("kind", list(LetterKind))
def test_the_button_is_large_and_seen_without_scrolling(browser, letters, kind):
    page = browser.new_page(viewport={"width": 375, "height": 812})
    page.set_content(render(letters[kind], example(kind)).html)
    height, width, bottom = page.evaluate(BOX)
    page.close()

    assert height >= 44
    assert width >= 80
    assert bottom < 812
