"""A program of its own: reads one RSS or Atom document from standard input, writes its entries as JSON.

feedparser takes time that grows with the square of some inputs (50 kB of letters in an <author> cost it ten
seconds), so it works in a process that can be stopped. Run it as `python -P`: beside this file lies an `http.py`
that must not hide Python's. It gets UTF-8 without a document type.
"""

import calendar
import contextlib
import io
import json
import sys
import time
from typing import Any

import feedparser

ENTRIES = 5000
CHARACTERS = 200_000
VALUES = 300  # authors or tags of one entry
HEADERS = {"content-type": "application/xml; charset=utf-8"}


def parse(body: bytes, url: str) -> dict[str, Any]:
    """{"version": "" for what is no feed, "entries": [...]}, each entry as `_entry` makes it.

    `url` is where the feed came from, for links that are relative.
    """
    # A stream, never the bytes themselves: feedparser takes bytes for the name of a file to open.
    feed = feedparser.parse(
        io.BytesIO(body),
        sanitize_html=False,
        resolve_relative_uris=False,
        response_headers={**HEADERS, "content-location": url},
    )
    return {"version": feed.get("version", ""), "entries": [_entry(entry) for entry in feed.entries[:ENTRIES]]}


def _entry(entry: Any) -> dict[str, Any]:  # noqa: ANN401 - feedparser has no types
    """Strings and lists of strings alone: what the feed says, still with its markup."""
    contents = [_text(content.get("value")) for content in entry.get("content", [])]
    # Past feedparser's own `get`, which answers for `updated` with `published` and warns that it does.
    written = [dict.get(entry, key) for key in ("published", "updated")]
    parsed = [dict.get(entry, f"{key}_parsed") for key in ("published", "updated")]
    return {
        "title": _text(entry.get("title")),
        "link": _text(entry.get("link")),
        "id": _text(entry.get("id")),
        "abstract": max([_text(entry.get("summary")), *contents], key=len),
        "authors": _names(entry),
        "tags": [_text(tag.get("term")) for tag in entry.get("tags", [])[:VALUES]],
        "identifiers": [_text(entry.get(key)) for key in ("prism_doi", "dc_identifier", "arxiv_doi")],
        "date": _iso(parsed[0] or parsed[1]) or _text(written[0] or written[1]),
    }


def _names(entry: Any) -> list[str]:  # noqa: ANN401 - as above
    people = [_text(author.get("name")) for author in entry.get("authors", [])[:VALUES]]
    return [name for name in people if name] or [_text(entry.get("author"))]


def _text(value: object) -> str:
    return value[:CHARACTERS] if isinstance(value, str) else ""


def _iso(moment: time.struct_time | None) -> str:
    """The UTC date of a parsed time; "" for those that no calendar has."""
    with contextlib.suppress(ValueError, OverflowError, OSError, TypeError):
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(calendar.timegm(moment)))  # type: ignore[arg-type]
    return ""


def main() -> None:
    """Read the document, write the entries; the address of the feed is the one argument."""
    json.dump(parse(sys.stdin.buffer.read(), sys.argv[1]), sys.stdout)


if __name__ == "__main__":  # pragma: no cover - in a process of its own
    main()
