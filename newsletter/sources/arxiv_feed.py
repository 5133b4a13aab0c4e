"""Reads what arXiv writes: announcement feeds (Atom or RSS) and answers of the query API (Atom)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from xml.etree.ElementTree import Element, ParseError, fromstring

from newsletter.errors import SourceRefused
from newsletter.sources import Entry, clean
from newsletter.sources.identifiers import abstract_page, categories, pdf
from subscribers.paper_keys import arxiv_id, doi

NAMESPACE = "http://arxiv.org/schemas/atom"
FEED_ERROR = "Feed error for query"
API_ERROR = "/api/errors"
KINDS = frozenset({"new", "cross", "replace", "replace-cross"})
# Announcements begin their abstract with its number, "Announce Type: cross" and "Abstract:".
PREFIX = re.compile(r"\s*arXiv:\S+\s+Announce Type:\s*([a-z-]+)\s*(?:Abstract:)?\s*", re.IGNORECASE)
IN_PARENTHESES = re.compile(r"\([^()]*\)")
BETWEEN_NAMES = re.compile(r",(?!\s*(?:Jr|Sr|II|III|IV)\b)")


@dataclass(frozen=True)
class Page:
    """One answer: `items` counts all it held, `total` what the whole query found (None if it does not say).

    `errors` are arXiv's own words; `failed` the feed's title where it says that a category is wrong.
    """

    entries: list[Entry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    items: int = 0
    total: int | None = None
    failed: str = ""


def page_of(text: str) -> Page:
    """Everything in one answer of arXiv, given as `documents.xml_text` made it; SourceRefused if broken."""
    try:
        root = fromstring(text)  # noqa: S314 - xml_text has refused document types: no entity can be declared
    except ParseError as error:
        raise SourceRefused(f"is not well-formed XML ({error})") from error
    items = [item for item in root.iter() if _name(item) in {"entry", "item"}]
    top = root if _name(root) == "feed" else next(iter(root), root)
    title = clean.text(_text(top, "title"))
    page = Page(items=len(items), total=_total(root), failed=title if FEED_ERROR in title else "")
    for number, item in enumerate(items, 1):
        if API_ERROR in _text(item, "id"):
            page.errors.append(clean.text(_text(item, "summary")))
        elif not page.failed:
            _take(page, item, number)
    return page


def _take(page: Page, item: Element, number: int) -> None:
    try:
        page.entries.append(_entry(item))
    except SourceRefused as error:
        page.problems.append(f"entry {number} {error}: left out")


def _entry(item: Element) -> Entry:
    """An announcement has an announce type and its date; the API gives the first version's date instead."""
    identifier, version = _identifier(item)
    title = clean.text(_text(item, "title"))
    if not title:
        raise SourceRefused(f"({identifier}) has no title")
    summary = _text(item, "summary", "description")
    prefix = PREFIX.match(summary)
    names, author_count = clean.authors(_authors(item))
    kind = _text(item, "announce_type").strip() or (prefix[1] if prefix else "")
    date = clean.moment(_text(item, "published", "pubdate"))
    entry = Entry(
        title=title,
        abstract=clean.text(summary[prefix.end() :] if prefix else summary, clean.ABSTRACT),
        authors=names,
        author_count=author_count,
        categories=categories(_categories(item)),
        url=abstract_page(identifier),
        pdf_url=pdf(identifier),
        arxiv_id=identifier,
        version=version,
        doi=doi(_text(item, "doi")),
    )
    if kind:
        return replace(entry, kind=kind if kind in KINDS else "new", announced_at=date)
    return replace(entry, published_at=date)


def _identifier(item: Element) -> tuple[str, int]:
    written = _text(item, "id", "guid")
    identifier, version = arxiv_id(written)
    if not identifier:
        identifier, version = arxiv_id(_text(item, "link"))
    if not identifier:
        raise SourceRefused(f"has no arXiv id ({clean.text(written, 60)!r})")
    return identifier, version


def _authors(item: Element) -> Iterator[str]:
    """Names of the API's `author` elements, or of the one comma-joined `dc:creator` of announcements."""
    for child in item:
        if _name(child) == "author":
            yield _text(child, "name")
        elif _name(child) == "creator":
            yield from BETWEEN_NAMES.split(IN_PARENTHESES.sub("", "".join(child.itertext())))


def _categories(item: Element) -> list[str]:
    """The primary category first, where one is named."""
    found = [child for child in item if _name(child) in {"primary_category", "category"}]
    found.sort(key=lambda child: _name(child) == "category")
    return [child.get("term") or child.text or "" for child in found]


def _total(root: Element) -> int | None:
    written = _text(root, "totalresults").strip()
    return int(written) if written.isdecimal() and len(written) < len("1000000000") else None


def _text(parent: Element, *names: str) -> str:
    """The text of the first child with one of these local names, in lower case; "" if there is none."""
    for child in parent:
        if _name(child) in names:
            return "".join(child.itertext()) or child.get("href", "")
    return ""


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2].lower()
