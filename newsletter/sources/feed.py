"""Any RSS, Atom or JSON feed: tolerant of how it is written, distrustful of what it holds."""

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from newsletter.errors import ConfigError, SourceRefused
from newsletter.sources import Entry, Progress, Reading, SourceSettings, clean
from newsletter.sources.arxiv_feed import NAMESPACE, Page, page_of
from newsletter.sources.documents import about, json_document, xml_text
from newsletter.sources.http import MEGABYTE, Fetcher, Validators
from newsletter.sources.identifiers import abstract_page, categories, identifiers, is_category, pdf
from newsletter.sources.json_feed import is_json_feed, json_entries
from newsletter.sources.redirects import shown
from newsletter.sources.upstream import Steady, paced

PARSER = Path(__file__).with_name("feed_parser.py")
SECONDS = 20.0
MINUTES = 60
BEGINNING = 2000  # characters in which a feed declares its namespaces


class Feed:
    """The feed at `settings.url`. Memory: its validators."""

    def __init__(self, settings: SourceSettings) -> None:
        if not settings.url:
            raise ConfigError(f"sources.{settings.name}.url: a feed needs the address where it is")
        self.name = settings.name
        self.calendar = paced(Steady(MINUTES), settings.every_minutes)
        self._settings = settings

    def read(self, fetcher: Fetcher, memory: Mapping[str, Any], now: datetime, progress: Progress) -> Reading:
        del now  # a feed holds what it holds
        url = self._settings.url
        progress(shown(url))
        answer = fetcher.get(
            url,
            validators=Validators.recall(memory, url),
            max_bytes=int(self._settings.max_megabytes * MEGABYTE),
            setting=f"sources.{self.name}.url",
        )
        if answer.not_modified:
            return Reading(memory=dict(memory), unchanged=1)
        with about(shown(answer.url)):
            entries, problems = feed_entries(answer.body, answer.charset, answer.url)
        return Reading(entries, problems, answer.validators.remember(url))


def feed_entries(body: bytes, charset: str, url: str, seconds: float = SECONDS) -> tuple[list[Entry], list[str]]:
    """The entries of a feed in any of the three formats, and a sentence for each that cannot be used.

    `url` is where it came from, "" for a file. Raises SourceRefused for what is no feed, has a document type
    or nests too deeply, and for one that takes longer than `seconds` to parse.
    """
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return entries_from(_json_plain(body), url)
    text = xml_text(body, charset)
    if NAMESPACE in text[:BEGINNING]:
        return _announced(page_of(text))
    return entries_from(_xml_plain(text, url, seconds), url)


def _announced(page: Page) -> tuple[list[Entry], list[str]]:
    """Entries of arXiv's own feeds, which say more than other feeds do."""
    if page.failed or page.errors:
        raise SourceRefused(f"holds no papers but arXiv's words {page.failed or page.errors[0]!r}")
    return page.entries, page.problems


def _json_plain(body: bytes) -> list[dict[str, Any]]:
    document = json_document(body)
    if not is_json_feed(document):
        raise SourceRefused("is JSON, but not a JSON Feed: it has no version of jsonfeed.org")
    return json_entries(document)


def _xml_plain(text: str, url: str, seconds: float) -> list[dict[str, Any]]:
    """What feedparser finds, in a process that is ended when its time is up."""
    try:
        done = subprocess.run(  # noqa: S603 - our own program, and the feed travels as its input
            [sys.executable, "-P", str(PARSER), shown(url) if url else ""],
            input=text.encode("utf-8", "replace"),
            capture_output=True,
            timeout=seconds,
            check=True,
        )
    except subprocess.TimeoutExpired as error:
        raise SourceRefused(f"takes longer than {seconds:g} seconds to parse: it is not read") from error
    except subprocess.CalledProcessError as error:
        last = (error.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"])[-1]
        raise SourceRefused(f"cannot be parsed: {last[:200]}") from error
    found: dict[str, Any] = json.loads(done.stdout)
    if not found["version"] and not found["entries"]:
        raise SourceRefused("is not a feed: neither RSS nor Atom nor JSON Feed")
    entries: list[dict[str, Any]] = found["entries"]
    return entries


def entries_from(plain: list[dict[str, Any]], url: str) -> tuple[list[Entry], list[str]]:
    """Clean entries out of what a feed says, and a sentence for each one without a title."""
    entries = [_entry(item, url) for item in plain]
    problems = [
        f"entry {number} ({clean.text(item.get('id') or item.get('link'), 80)}) has no title: left out"
        for number, (item, entry) in enumerate(zip(plain, entries, strict=True), 1)
        if not entry.title
    ]
    return [entry for entry in entries if entry.title], problems


def _entry(item: Mapping[str, Any], url: str) -> Entry:
    paper, version, doi = identifiers([item.get("id"), item.get("link"), *item.get("identifiers", ())])
    names, author_count = clean.authors(item.get("authors", ()))
    tags = [tag for tag in item.get("tags", ()) if isinstance(tag, str)]
    date = clean.moment(item.get("date"))
    return Entry(
        title=clean.text(item.get("title")),
        abstract=clean.text(item.get("abstract"), clean.ABSTRACT),
        authors=names,
        author_count=author_count,
        categories=categories(tags),
        keywords=clean.texts([tag for tag in tags if not is_category(tag)], clean.KEYWORDS),
        url=abstract_page(paper) or _link(item, url),
        pdf_url=pdf(paper),
        arxiv_id=paper,
        version=version,
        doi=doi,
        published_at=date,
        announced_at=date,
    )


def _link(item: Mapping[str, Any], url: str) -> str:
    """The entry's own page; its id where that is an address, as guids often are."""
    page, identifier = (written if isinstance(written, str) else "" for written in map(item.get, ("link", "id")))
    try:
        found = clean.link(urljoin(url, page.strip())) if page else ""
    except ValueError:  # a broken IPv6 address
        found = ""
    return found or clean.link(identifier)
