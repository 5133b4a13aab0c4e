"""Which entries are the same paper: the canonical key, and the other keys under which it is known. Pure."""

from collections.abc import Mapping

from newsletter.sources import Entry
from subscribers import paper_keys
from subscribers.paper_keys import normal_title, title_key

__all__ = ["TELLING_TITLE", "keys", "known_as", "normal_title", "title_key"]

TELLING_TITLE = 20  # "Editorial" or "Reply" says nothing: shorter titles never join two identified papers


def keys(entry: Entry) -> list[str]:
    """Every key of an entry, the canonical one first: arXiv id without version, else DOI, else title."""
    return paper_keys.keys(entry.arxiv_id, entry.doi, entry.title)


def known_as(entry: Entry, known: Mapping[str, str]) -> str | None:
    """The key of the stored paper that this entry is, if any.

    `known` maps every key and alias of the papers in question to the paper's own key. An identifier decides. A
    title joins only when it is telling and the stored paper has no other identifier of the same kind: two
    arXiv papers with one title are two papers, and so are two editorials.
    """
    *identifiers, title = keys(entry)
    for key in identifiers:
        if key in known:
            return known[key]
    found = known.get(title)
    if found is None:
        return None
    theirs = {_kind(key) for key, paper in known.items() if paper == found and _kind(key) != "title"}
    if not identifiers and not theirs:
        return found
    telling = len(normal_title(entry.title)) >= TELLING_TITLE
    return found if telling and not theirs & {_kind(key) for key in identifiers} else None


def _kind(key: str) -> str:
    return key.partition(":")[0]
