"""The words of a mail: subject, preheader, what junk filters count, and what a template left behind."""

import re
from collections.abc import Iterator

from newsletter.lint.catalogue import found
from newsletter.lint.finding import Finding, Part
from newsletter.lint.page import Page
from newsletter.lint.selectors import Sheet
from newsletter.lint.stylesheet import Block, declarations
from newsletter.mail.words import UNSEEN, spammy

LONGEST_SUBJECT = 70
SHORTEST_PREHEADER, LONGEST_PREHEADER = 40, 150
LOUD = re.compile(r"[!?]{2,}")
REPLY = re.compile(r"\s*(?:re|fwd?|aw|wg|sv|antw)\s*:", re.IGNORECASE)
MARK = re.compile(
    r"\{\{\s*[a-z_][\w.]*\s*(?:\|[^{}]*)?\}\}|\{%-?\s*[a-z]+[^{}]*%\}|\[\[\s*[a-z_]+\.[a-z_.]+\s*\]\]"
    r"|\[%-?\s*[a-z]+[^\[\]]*%\]|jj\d{4}jj",
    re.IGNORECASE,
)
NOTHING = re.compile(r"\s*(?:None|null|NaN|undefined|\[object Object\])\s*")
TWICE = re.compile(r"&(?:amp|lt|gt|quot|nbsp|#\d{2,5}|#x[0-9a-f]{2,4});", re.IGNORECASE)
PHRASES = re.compile(
    r"\b(?:act now|100% free|risk[- ]free|no obligation|limited time offer|order now|buy now|click below"
    r"|double your|earn (?:extra )?(?:cash|money)|make money|winner|lowest price|this is not spam"
    r"|you have been selected)\b",
    re.IGNORECASE,
)
MOST_TOLD = 5
LOUD_FROM = 12  # letters; shorter ones may all be acronyms
INVISIBLE = re.compile("[\u034f\u2007\u00a0\u200c\u200d\\s]+")


def subject(text: str) -> Iterator[Finding]:
    """What is wrong with a decoded subject."""
    if not text.strip():
        yield found("subject-empty", "the subject is empty", "say what is in the mail")
        return
    if len(text) > LONGEST_SUBJECT:
        yield found("subject-long", f"the subject has {len(text)} characters", f"use at most {LONGEST_SUBJECT}")
    letters = [char for char in text if char.isalpha()]
    if LOUD.search(text) or (len(letters) > LOUD_FROM and text.isupper()):
        yield found("subject-shouting", f"the subject shouts: {text[:60]!r}", "write it as in a letter")
    if REPLY.match(text):
        yield found("subject-reply", f"the subject looks like an answer: {text[:60]!r}", "begin with its words")
    if spammy(text):
        yield found("spam-subject", f"a junk filter counts words of {text[:80]!r}", "use other words")
    yield from leftovers(text, "headers", 0)


def preheader(page: Page, blocks: list[Block]) -> Iterator[Finding]:
    """The hidden words at the beginning, which lists show beside the subject."""
    sheet = Sheet(blocks, dark=False)
    first = next((words for words in page.words if words.text.strip()), None)
    if first is None:
        return
    hider = next(
        (
            element
            for element in first.element.up()
            for each in (*sheet.declarations(element), *declarations(element.attributes.get("style", "")))
            if (each.name, each.value) in {("display", "none"), ("max-height", "0"), ("max-height", "0px")}
        ),
        None,
    )
    if hider is None:
        cure = "put a hidden div with a sentence about the content first"
        yield found("preheader-missing", "there is no preheader", cure, first.line)
        return
    said = "".join(words.text for words in page.words if hider in words.element.up())
    length = len(INVISIBLE.sub(" ", UNSEEN.sub("", said)).strip())
    if length < SHORTEST_PREHEADER:
        yield found("preheader-short", f"the preheader has {length} characters", "say a little more", first.line)
    if length > LONGEST_PREHEADER:
        yield found("preheader-long", f"the preheader has {length} characters", "shorten it", first.line)


def leftovers(text: str, part: Part, first: int) -> Iterator[Finding]:
    """Marks of templates, and text that was escaped twice; `first` is the line that the text begins in."""
    for mark in list(MARK.finditer(text))[:MOST_TOLD]:
        line = first + text.count("\n", 0, mark.start()) if first else 0
        yield found("placeholder", f"{mark[0]} is not filled in", "check the template's marks there", line, part)
    if twice := TWICE.search(text):
        line = first + text.count("\n", 0, twice.start()) if first else 0
        yield found("double-escape", f"readers see {twice[0]}", "escape the value once", line, part)


def page_words(page: Page) -> Iterator[Finding]:
    """The same in all words and attributes of the HTML, with empty values and phrases of junk mail."""
    told: dict[str, int] = {}
    runs = [(words.text, words.line) for words in page.words]
    values = [
        (value, element.line)
        for element in page.elements
        for name, value in element.attributes.items()
        if name in {"href", "src", "alt", "title", "aria-label", "lang", "dir"}
    ]
    for text, line in (*runs, *values):
        for each in (*leftovers(text, "html", line), *_empty(text, line, "html")):
            told[each.rule] = told.get(each.rule, 0) + 1
            if told[each.rule] <= MOST_TOLD:
                yield each
    yield from phrases("\n".join(text for text, _ in runs), "html")


def text_words(text: str) -> Iterator[Finding]:
    """The same in the text part."""
    yield from leftovers(text, "text", 1)
    for number, line in enumerate(text.split("\n"), 1):
        yield from _empty(line, number, "text")
    yield from phrases(text, "text")


def _empty(text: str, line: int, part: Part) -> Iterator[Finding]:
    if NOTHING.fullmatch(text):
        yield found("empty-value", f"{text.strip()} stands alone", "give the value, or leave it out", line, part)


def phrases(text: str, part: Part) -> Iterator[Finding]:
    """What junk filters count, each phrase once."""
    said = dict.fromkeys(match[0].lower() for match in PHRASES.finditer(text))
    for phrase in list(said)[:MOST_TOLD]:
        yield found("spam-words", f'"{phrase}" counts with junk filters', "use other words", 0, part)
