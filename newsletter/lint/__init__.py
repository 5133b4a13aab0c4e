"""Lint: judges a finished message, or a template, by a catalogue of rules; asks no network and reads no clock."""

from collections.abc import Iterator

from newsletter.lint import anchors, clients, contrast, headers, markup, page, stylesheet, wording
from newsletter.lint.allowed import ALLOWED
from newsletter.lint.catalogue import RULES, found
from newsletter.lint.envelope import Opened, opened
from newsletter.lint.finding import Finding, Level, Part, Rule
from newsletter.lint.samples import sample
from newsletter.lint.templates import template
from newsletter.mail.words import columns

__all__ = [
    "ALLOWED",
    "RULES",
    "Finding",
    "Level",
    "Part",
    "Rule",
    "found",
    "message",
    "message_links",
    "sample",
    "template",
]

BUDGET = 90_000
WIDEST = 72  # columns of the text part
MOST_WIDE = 5
PARTS: tuple[Part, ...] = ("template", "headers", "html", "text")


def message(content: bytes, budget: int = BUDGET) -> tuple[Finding, ...]:
    """What is wrong with one finished RFC 5322 message, by part and line; never raises, whatever the bytes.

    `budget` is how many bytes of HTML are meant to be enough (digest.budget_bytes).
    """
    taken = opened(content)
    findings = [*headers.judge(content, taken), *wording.subject(taken.text("subject")), *_bodies(taken, budget)]
    return tuple(sorted(dict.fromkeys(findings), key=lambda each: (PARTS.index(each.part), each.line)))


def message_links(content: bytes) -> tuple[list[str], str]:
    """Every link of a message's HTML and text, in their order, and the web link of List-Unsubscribe or nothing."""
    taken = opened(content)
    html = [link.attributes.get("href", "").strip() for link in page.read(taken.part("html")).all("a", "area")]
    return [*html, *anchors.URL.findall(taken.part("plain"))], headers.way_out(taken).url


def _bodies(taken: Opened, budget: int) -> Iterator[Finding]:
    html, text = taken.part("html"), taken.part("plain")
    if text:
        yield from _text(text)
    if html:
        read = page.read(html)
        blocks = [block for css, first in read.styles for block in stylesheet.blocks(css, first)]
        yield from markup.judge(read, html, budget)
        yield from anchors.judge(read)
        yield from wording.preheader(read, blocks)
        yield from wording.page_words(read)
        yield from contrast.judge(read, blocks)
        yield from clients.judge(read, blocks)
        yield from anchors.leaving(read, text, headers.way_out(taken))


def _text(text: str) -> Iterator[Finding]:
    wide = [(number, columns(line)) for number, line in enumerate(text.split("\n"), 1) if "://" not in line]
    for number, width in [each for each in wide if each[1] > WIDEST][:MOST_WIDE]:
        yield found("text-width", f"line {number} has {width} columns", f"break it before {WIDEST}", number)
    yield from wording.text_words(text)
    yield from anchors.text_links(text)
