"""The links of a mail: where they lead, what they say, what they carry, and whether a reader can leave."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, urlsplit

from newsletter.lint.catalogue import found
from newsletter.lint.finding import Finding, Part
from newsletter.lint.page import Element, Page
from newsletter.lint.stylesheet import declarations

TRACKING = re.compile(
    r"(?:utm_\w+|fbclid|gclid|dclid|msclkid|mc_(?:cid|eid)|mkt_tok|_hs(?:enc|mi)|vero_id|yclid|igshid|ck_subscriber_id)",
    re.IGNORECASE,
)
BARE = frozenset(
    [
        "click here",
        "here",
        "click",
        "link",
        "this link",
        "this",
        "more",
        "read more",
        "learn more",
        "go",
        "see here",
    ]
)
ADDRESS = re.compile(r"(?:https?://)?(?:[a-z0-9-]+\.)+[a-z]{2,24}(?:[/?#]\S*)?", re.IGNORECASE)
URL = re.compile(r"https?://[^\s<>\"]+")
SETTINGS = frozenset({"p", "preferences"})


class Leaving(NamedTuple):
    """The web link of List-Unsubscribe, and whether this is a mail that a reader can leave."""

    url: str
    needed: bool


def split(url: str) -> SplitResult | None:
    """The parts of a URL; None for one that cannot be read."""
    try:
        parts = urlsplit(url.strip())
        _ = parts.hostname, parts.port
    except ValueError:
        return None
    return parts


def judge(page: Page) -> Iterator[Finding]:
    """Each link of the HTML."""
    for link in page.all("a", "area"):
        if "href" in link.attributes:
            yield from _link(link)


def _link(link: Element) -> Iterator[Finding]:
    href = link.attributes["href"].strip()
    words = link.text or link.attributes.get("aria-label", "") or link.attributes.get("alt", "")
    shown = f'"{words[:40]}"' if words else href[:60]
    if not href.strip("#"):
        yield found("link-empty", f"the link {shown} leads nowhere", "give it an address, or drop it", link.line)
        return
    parts = split(href)
    if parts is None or parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        what = f"the link {shown} has the address {href[:60]!r}"
        yield found("link-scheme", what, "write a whole address with http:// or https://", link.line)
        return
    yield from _words(link, words, parts)
    yield from tracking(href, "html", link.line)


def _words(link: Element, words: str, parts: SplitResult) -> Iterator[Finding]:
    plain = words.lower().strip(" .:!>»→…")
    if not plain and not any(map(str.isalnum, words)):
        what = f"the link to {parts.hostname} has no words"
        yield found("link-text", what, "say where it leads, in the text or an image's alt", link.line)
    elif plain in BARE:
        what = f'the link to {parts.hostname} says only "{words}"'
        yield found("link-text", what, "say where it leads: screen readers list links alone", link.line)
    elif ADDRESS.fullmatch(words):
        shown = split(words if "://" in words else f"https://{words}")
        if shown is not None and _site(shown.hostname) != _site(parts.hostname):
            what = f'the link "{words[:60]}" leads to {parts.hostname}'
            yield found(
                "link-other", what, "show the address that it leads to: filters take it for a fraud", link.line
            )


def _site(host: str | None) -> str:
    return (host or "").lower().removeprefix("www.")


def tracking(url: str, part: Part, line: int) -> Iterator[Finding]:
    """What a link carries that follows readers, and a goal hidden in its query."""
    parts = split(url)
    if parts is None:
        return
    try:
        query = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=200)
    except ValueError:
        query = []
    if carried := [name for name, _ in query if TRACKING.fullmatch(name)]:
        what = f"the link to {parts.hostname} carries {', '.join(carried[:3])}"
        yield found("link-tracking", what, "drop it: it follows the reader", line, part)
    elif any(URL.match(value) for _, value in query):
        what = f"the link to {parts.hostname} hides another address in its query"
        yield found("link-tracking", what, "link to the goal itself", line, part)


def text_links(text: str) -> Iterator[Finding]:
    """The links of the text part."""
    for number, line in enumerate(text.split("\n"), 1):
        for url in URL.findall(line):
            yield from tracking(url, "text", number)


def leaving(page: Page, text: str, way: Leaving) -> Iterator[Finding]:
    """Whether both parts show how to leave and where to change settings."""
    if not way.url:
        return
    shown = [link.attributes["href"] for link in page.all("a") if "href" in link.attributes and seen(link)]
    in_text = URL.findall(text)
    places: Mapping[Part, list[str]] = {"html": shown, "text": in_text}
    for part, urls in places.items():
        if not any(url.rstrip(".,)") == way.url for url in urls):
            cure = "show {{ unsubscribe_url }} in the footer"
            yield found("unsubscribe-shown", f"the {part} part shows no way to leave", cure, 0, part)
        if not any(settings(url) for url in urls):
            cure = "show {{ preferences_url }} in the footer"
            yield found("preferences-shown", f"the {part} part shows no link to the settings", cure, 0, part)


def settings(url: str) -> bool:
    """Whether a link leads to a reader's settings, by how newsletter.links writes it."""
    parts = split(url)
    return parts is not None and bool(SETTINGS & set(parts.path.split("/")))


def seen(element: Element) -> bool:
    """Whether an element is shown, as far as style attributes say."""
    for each in element.up():
        style = {declared.name: declared.value for declared in declarations(each.attributes.get("style", ""))}
        if style.get("display") == "none" or style.get("visibility") == "hidden" or "hidden" in each.attributes:
            return False
    return True
