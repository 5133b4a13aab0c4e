"""Reads JSON Feed (https://www.jsonfeed.org/version/1.1/) into the same plain entries as the other feeds."""

from collections.abc import Mapping
from typing import Any

from newsletter.errors import SourceRefused


def is_json_feed(document: object) -> bool:
    """Whether a JSON value calls itself a JSON Feed of any version."""
    return isinstance(document, dict) and "jsonfeed.org/version/" in str(document.get("version", ""))


def json_entries(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The items in the shape that `feed_parser.parse` gives; SourceRefused where `items` is no list."""
    items = document.get("items")
    if not isinstance(items, list):
        raise SourceRefused("is a JSON Feed without a list of items")
    return [_entry(item) if isinstance(item, dict) else {} for item in items]


def _entry(item: Mapping[str, Any]) -> dict[str, Any]:
    people = item.get("authors") or [item.get("author")]
    people = people if isinstance(people, list) else []
    return {
        "title": item.get("title"),
        "link": item.get("url") or item.get("external_url"),
        "id": item.get("id"),
        "abstract": item.get("content_text") or item.get("content_html") or item.get("summary"),
        "authors": [person.get("name") for person in people if isinstance(person, dict)],
        "tags": item["tags"] if isinstance(item.get("tags"), list) else [],
        "identifiers": [item.get("external_url")],
        "date": item.get("date_published") or item.get("date_modified"),
    }
