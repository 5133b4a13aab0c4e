"""Reads the content of one local file: a saved answer of an upstream, JSON lines, a feed, a pasted page."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from newsletter.errors import SourceRefused
from newsletter.sources import Entry, Snapshot, clean
from newsletter.sources.arxiv_feed import KINDS
from newsletter.sources.documents import decoded, json_document
from newsletter.sources.feed import entries_from, feed_entries
from newsletter.sources.huggingface import entries_of
from newsletter.sources.identifiers import CATEGORIES, abstract_page, categories, identifiers, pdf
from newsletter.sources.json_feed import is_json_feed, json_entries
from newsletter.sources.trending_page import page_entries

SNAPSHOTS = 1000
DAY_IN_NAME = re.compile(r"\d{4}-\d\d-\d\d(?!\d)")


@dataclass
class Content:
    """What a file holds by now; `later` when some of it is dated after `now` and was left for another time."""

    entries: list[Entry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    later: bool = False


def list_day(name: str) -> date | None:
    """The day that a file's name begins with ("2025-12-03.json.gz"); None if it begins with none."""
    found = DAY_IN_NAME.match(name)
    try:
        return date.fromisoformat(found[0]) if found else None
    except ValueError:
        return None


def content_of(name: str, body: bytes, now: datetime) -> Content:
    """What a file of this name holds; its ending says how to read it. SourceRefused if nothing can be read."""
    reader = READERS.get(format_of(name))
    if not reader:
        raise SourceRefused(f"is of no known kind: name it {', '.join(READERS)}, or one of these and .gz")
    entries, problems = reader(body, list_day(name), now)
    by_now = [entry for entry in entries if (entry.announced_at or entry.published_at or now) <= now]
    content = Content([_until(entry, now) for entry in by_now], problems)
    content.later = content.entries != entries
    return content


def format_of(name: str) -> str:
    """The ending that says what is inside: ".json" of "2025-12-03.json.gz"."""
    return "." + name.lower().removesuffix(".gz").rpartition(".")[2]


def _until(entry: Entry, now: datetime) -> Entry:
    known = tuple(one for one in entry.snapshots if one.seen_at is None or one.seen_at <= now)
    return entry if known == entry.snapshots else replace(entry, snapshots=known)


def _json(body: bytes, day: date | None, now: datetime) -> tuple[list[Entry], list[str]]:
    """A saved Hugging Face answer, or a JSON Feed."""
    document = json_document(body)
    if is_json_feed(document):
        return entries_from(json_entries(document), "")
    entries, problems = entries_of(document, day)
    return [_seen(entry, now) for entry in entries], problems


def _seen(entry: Entry, now: datetime) -> Entry:
    """The answer does not say when it was saved: at the latest, votes are those of the end of its day."""
    seen_at = min(now, entry.announced_at + timedelta(days=1)) if entry.announced_at else now
    return replace(entry, snapshots=tuple(replace(one, seen_at=seen_at) for one in entry.snapshots))


def _json_lines(body: bytes, _day: date | None, _now: datetime) -> tuple[list[Entry], list[str]]:
    entries: list[Entry] = []
    problems: list[str] = []
    for number, line in enumerate(body.splitlines(), 1):
        if not line.strip():
            continue
        try:
            entries.append(entry_of(json_document(line)))
        except SourceRefused as error:
            problems.append(f"line {number} {error}: left out")
    return entries, problems


def entry_of(record: object) -> Entry:
    """An Entry out of one JSON object whose keys are Entry's field names, or those of arXiv's metadata.

    Those are id, title, abstract, authors, categories, published. Unknown keys are ignored, lists may be
    left out; SourceRefused for what is no object or has no title.
    """
    if not isinstance(record, dict):
        raise SourceRefused("is not a JSON object")
    title = clean.text(record.get("title"))
    if not title:
        raise SourceRefused("has no title")
    given = [record.get(key) for key in ("arxiv_id", "id", "url", "doi")]
    paper, version, doi = identifiers(given)
    names, author_count = clean.authors(_names(record.get("authors")))
    kind = record.get("kind")
    words = _values(record.get("categories"))
    return Entry(
        title=title,
        abstract=clean.text(record.get("abstract"), clean.ABSTRACT),
        summary=clean.text(record.get("summary"), clean.ABSTRACT),
        authors=names,
        author_count=max(author_count, clean.count(record.get("author_count")) or 0),
        categories=categories(words) if paper else clean.texts(words, CATEGORIES),
        keywords=clean.texts(_values(record.get("keywords")), clean.KEYWORDS),
        organization=clean.text(record.get("organization"), clean.NAME),
        url=clean.link(record.get("url")) or abstract_page(paper),
        pdf_url=clean.link(record.get("pdf_url")) or pdf(paper),
        code_url=clean.link(record.get("code_url")),
        discussion_url=clean.link(record.get("discussion_url")),
        arxiv_id=paper,
        version=version or clean.count(record.get("version")) or 0,
        doi=doi,
        kind=kind if isinstance(kind, str) and kind in KINDS else "new",
        published_at=clean.moment(record.get("published_at") or record.get("published")),
        announced_at=clean.moment(record.get("announced_at")),
        snapshots=_snapshots(record.get("snapshots")),
        sample=record.get("sample") is True,
    )


def _names(value: object) -> Iterable[object]:
    """Names out of a list of texts or of objects with a `name`, or of one comma-joined text."""
    if isinstance(value, str):
        return value.split(",")
    return [person.get("name") if isinstance(person, dict) else person for person in _values(value)]


def _values(value: object) -> list[Any]:
    if isinstance(value, str):
        return value.split()
    return value if isinstance(value, list) else []


def _snapshots(value: object) -> tuple[Snapshot, ...]:
    given = [one for one in _values(value) if isinstance(one, dict)][:SNAPSHOTS]
    return tuple(found for one in given if (found := _snapshot(one)).seen_at)


def _snapshot(one: Mapping[str, Any]) -> Snapshot:
    seen_at = clean.moment(one.get("seen_at"))
    return Snapshot(seen_at, *(clean.count(one.get(key)) for key in ("upvotes", "comments", "stars")))


def _xml(body: bytes, _day: date | None, _now: datetime) -> tuple[list[Entry], list[str]]:
    return feed_entries(body, "", "")


def _page(body: bytes, day: date | None, now: datetime) -> tuple[list[Entry], list[str]]:
    entries = page_entries(decoded(body), day, now)
    if not entries:
        raise SourceRefused("holds no paper: each needs its title, a blank line and its abstract")
    return entries, []


READERS = {
    ".json": _json,
    ".jsonl": _json_lines,
    ".xml": _xml,
    ".atom": _xml,
    ".rss": _xml,
    ".txt": _page,
}
