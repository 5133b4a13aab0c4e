"""The letters in a real Chromium: nothing past the edge and no barrier, in any width, light, dark and bare."""

import re
from dataclasses import replace

import pytest
from test_mail_in_a_browser import LONG, SHIPPED, browser, faults, page, shown

from newsletter.mail import admin_letter
from newsletter.mail.admin_letter import AdminContent, AdminLetter
from newsletter.mail.letter import example, load, render
from subscribers.letters import LetterKind

__all__ = ["browser", "page"]  # the fixtures
pytestmark = [pytest.mark.browser, pytest.mark.uncounted]

WIDTHS = (320, 375, 720)
BOX = """() => { const box = document.querySelector('a.letterbutton').getBoundingClientRect();
    return [box.height, box.width, box.bottom] }"""


@pytest.fixture(scope="module")
def letters():
    """Every letter as it is shipped."""
    return {kind: load(kind, [SHIPPED]) for kind in LetterKind}


@pytest.fixture(scope="module")
def to_admin():
    """Every letter to the admin as it is shipped."""
    return {kind: admin_letter.load(kind, [SHIPPED]) for kind in AdminLetter}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", list(LetterKind))
def test_a_letter_fits_and_has_no_barrier(page, letters, kind, scheme, width):
    html = render(letters[kind], example(kind)).html

    assert faults(page, html, scheme, width) == []


@pytest.mark.parametrize("kind", list(LetterKind))
def test_a_letter_stripped_of_its_styles_still_fits(page, letters, kind):
    html = re.sub(r"<style[\s\S]*?</style>", "", render(letters[kind], example(kind)).html)

    assert faults(page, html, "light", 320) == []


@pytest.mark.parametrize("kind", list(LetterKind))
def test_words_and_links_without_a_break_do_not_push_the_edge(page, letters, kind):
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

    assert faults(page, render(letters[kind], long).html, "light", 320) == []


@pytest.mark.parametrize("kind", list(LetterKind))
def test_the_button_is_large_and_seen_without_scrolling(page, letters, kind):
    shown(page, render(letters[kind], example(kind)).html, "light", 375, 812)
    height, width, bottom = page.evaluate(BOX)

    assert height >= 44
    assert width >= 80
    assert bottom < 812


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", list(AdminLetter))
def test_a_letter_to_the_admin_fits_and_has_no_barrier(page, to_admin, kind, scheme, width):
    html = admin_letter.render(to_admin[kind], AdminContent.example(kind)).html

    assert faults(page, html, scheme, width) == []


@pytest.mark.parametrize("kind", list(AdminLetter))
def test_no_words_of_others_push_the_edge_of_a_letter_to_the_admin(page, to_admin, kind):
    content = AdminContent.example(kind)
    row = {"label": LONG, "value": "1,234,567,890", "note": LONG, "bad": True}
    words = dict.fromkeys(("headline", "happened", "meaning", "todo", "span"), LONG)
    lists = {
        "look": [LONG],
        "commands": [LONG],
        "tiles": [row] * 3,
        "sections": [{"heading": LONG, "rows": [row]}],
    }
    long = replace(content, brand=LONG, to_email=f"{LONG}@example.org", details=words | lists)
    html = admin_letter.render(to_admin[kind], long).html

    assert faults(page, html, "light", 320) == []
    assert faults(page, re.sub(r"<style[\s\S]*?</style>", "", html), "light", 320) == []
