"""The HTML's make: size, forbidden elements, images, headings, language."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from newsletter.lint.catalogue import found
from newsletter.lint.finding import Finding
from newsletter.lint.page import Element, Page
from newsletter.lint.stylesheet import declarations
from newsletter.mail.words import direction

CLIPPED = 102_000  # Gmail shows a link to the rest near here: 102 to 105 KB, by how it was encoded
FORBIDDEN = frozenset(
    ["script", "form", "iframe", "frame", "object", "embed", "applet", "link", "base", "audio", "video", "canvas"]
)
EVENT = re.compile(r"on[a-z]+")
HEADING = re.compile(r"h[1-6]")
HIDDEN_FORBIDDEN = re.compile(r"<(script|form|iframe|object|embed)\b", re.IGNORECASE)


def judge(page: Page, html: str, budget: int) -> Iterator[Finding]:
    """Everything about the make of one HTML part."""
    yield from _size(len(html.encode(errors="replace")), budget)
    if page.broken:
        yield found("html-syntax", f"the HTML cannot be read: {page.broken}", "mend the tag there")
    yield from _forbidden(page)
    for image in page.all("img"):
        yield from _image(image)
    yield from _headings(page)
    yield from _language(page)


def _size(size: int, budget: int) -> Iterator[Finding]:
    if size > CLIPPED:
        cure = "shorten it: Gmail hides the end of the mail, and the way to leave with it"
        yield found("html-size", f"the HTML has {size:,} bytes, and Gmail clips near {CLIPPED:,}", cure)
    elif size > budget:
        what = f"the HTML has {size:,} bytes, and digest.budget_bytes is {budget:,}"
        yield found("html-budget", what, "show fewer or shorter things, or raise the budget")


def _forbidden(page: Page) -> Iterator[Finding]:
    for element in page.elements:
        if element.tag in FORBIDDEN:
            cure = "drop it: mail programs remove it, and filters count it against the sender"
            yield found("forbidden-element", f"<{element.tag}> stands in the mail", cure, element.line)
        for name in element.attributes:
            if EVENT.fullmatch(name):
                yield found("event-handler", f"{name}= of <{element.tag}>", "drop it", element.line)
    for text, line in page.comments:
        if hidden := HIDDEN_FORBIDDEN.search(text):
            what = f"<{hidden[1].lower()}> stands in a comment, which Outlook reads"
            yield found("forbidden-element", what, "drop it", line + text.count("\n", 0, hidden.start()))


def _image(image: Element) -> Iterator[Finding]:
    given, source = image.attributes, image.attributes.get("src", "").strip()
    style = {each.name: each.value for each in declarations(given.get("style", ""))}
    shown = source[:60] or "without src"
    sizes = [given.get(side) or style.get(side, "") for side in ("width", "height")]
    if "alt" not in given:
        yield found("image-alt", f"the image {shown} has no alt text", 'add alt="" or a few words', image.line)
    if all(re.fullmatch(r"[01](?:px)?", size) for size in sizes):
        yield found("tracking-pixel", f"the image {shown} cannot be seen", "drop it", image.line)
    elif not all(sizes):
        yield found("image-size", f"the image {shown} has no width or height", "add both", image.line)
    if urlsplit_or_none(source) in {"http", "https"} or source.startswith("//"):
        what = f"the image {shown} is loaded from a server"
        yield found("image-remote", what, "check that the mail reads well without it", image.line)


def urlsplit_or_none(url: str) -> str:
    """The scheme of a URL in lower case; nothing for one that cannot be read."""
    try:
        return urlsplit(url).scheme.lower()
    except ValueError:
        return ""


def _headings(page: Page) -> Iterator[Finding]:
    headings = [each for each in page.elements if HEADING.fullmatch(each.tag)]
    if not headings:
        yield found("heading-order", "there is no heading", "make the headline an h1")
        return
    last = 0
    for heading in headings:
        level = int(heading.tag[1])
        shown = f'<{heading.tag}> "{heading.text[:40]}"'
        if level == 1 and last:
            yield found(
                "heading-order", f"{shown} is a second h1, or not the first heading", "make it an h2", heading.line
            )
        elif level > last + 1:
            before = f"<h{last}>" if last else "no heading"
            yield found("heading-order", f"{shown} follows {before}", f"make it an h{last + 1}", heading.line)
        last = level


def _language(page: Page) -> Iterator[Finding]:
    root = next(page.all("html"), None)
    language = root.attributes.get("lang", "").strip() if root else ""
    line = root.line if root else 0
    if not language:
        cure = 'write <html lang="en" dir="ltr">: screen readers choose their voice by it'
        yield found("language", "no language is named", cure, line)
        return
    written, wanted = (root.attributes.get("dir", "") if root else "").strip().lower(), direction(language)
    if written not in {wanted, "auto"} and (written or wanted == "rtl"):
        what = f"lang={language} is written {wanted}, and dir is {written or 'missing'}"
        yield found("direction", what, f'write dir="{wanted}"', line)
