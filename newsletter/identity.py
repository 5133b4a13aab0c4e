"""Which entries are the same paper: the canonical key, and the other keys under which it is known. Pure."""

import hashlib
import re
from collections.abc import Mapping

from newsletter.ranking.text import folded
from newsletter.sources import Entry

LONGEST_DOI = 180  # longer ones exist only by mistake; such a paper is known by its title
TELLING_TITLE = 20  # "Editorial" or "Reply" says nothing: shorter titles never join two identified papers


def normal_title(title: str) -> str:
    """The title as letters and digits in lower case: punctuation, accents and spacing differ between sources."""
    return re.sub(r"[\W_]+", " ", folded(title)).strip()


def title_key(title: str) -> str:
    """The prefix "title:" and 32 hexadecimal digits of the normalised title's SHA-256."""
    return "title:" + hashlib.sha256(normal_title(title).encode()).hexdigest()[:32]


def keys(entry: Entry) -> list[str]:
    """Every key of an entry, the canonical one first: arXiv id without version, else DOI, else title."""
    found = [f"arxiv:{entry.arxiv_id}"] if entry.arxiv_id else []
    if entry.doi and len(entry.doi) <= LONGEST_DOI:
        found.append(f"doi:{entry.doi.lower()}")
    return [*found, title_key(entry.title)]


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
