"""How an entry of a source makes a paper, and what it changes about one that is known. Pure."""

from datetime import datetime

from newsletter.models import Paper
from newsletter.sources import Entry

NEWS = frozenset({"new", "cross"})  # of arXiv's announce types; the others only update what is known
TEXT = frozenset({"title", "abstract", "authors", "author_count", "categories"})
FILLED = TEXT | {
    "summary",
    "keywords",
    "organization",
    "url",
    "pdf_url",
    "code_url",
    "discussion_url",
    "published_at",
}


def paper(key: str, entry: Entry, announced: datetime, seen: datetime) -> Paper:
    """The paper that an entry tells of, as it is first kept."""
    return Paper(
        key=key,
        title=entry.title,
        abstract=entry.abstract,
        summary=entry.summary,
        authors=list(entry.authors),
        author_count=max(entry.author_count, len(entry.authors)),
        categories=list(entry.categories),
        keywords=list(entry.keywords),
        organization=entry.organization,
        url=entry.url,
        pdf_url=entry.pdf_url,
        code_url=entry.code_url,
        discussion_url=entry.discussion_url,
        version=entry.version,
        published_at=min(entry.published_at, seen) if entry.published_at else None,
        announced_at=announced,
        first_seen_at=seen,
    )


def update(known: Paper, entry: Entry, announced: datetime, seen: datetime) -> bool:
    """Fill gaps, take the newest version's text and the earliest announcement; True if anything changed."""
    fresh = paper(known.key, entry, announced, seen)
    newer = entry.version > known.version
    changes: dict[str, object] = {
        name: getattr(fresh, name)
        for name in FILLED
        if getattr(fresh, name) and (not getattr(known, name) or (newer and name in TEXT))
    }
    if newer:
        changes["version"] = entry.version
    if announced < known.announced_at and entry.kind in NEWS:
        changes["announced_at"] = announced
    changes = {name: value for name, value in changes.items() if getattr(known, name) != value}
    for name, value in changes.items():
        setattr(known, name, value)
    return bool(changes)
