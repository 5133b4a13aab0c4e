"""Finds arXiv ids, DOIs and arXiv categories among the values that upstreams give."""

import re
from collections.abc import Iterable

from subscribers.paper_keys import LONGEST, PARTED, WHOLE, arxiv_id, doi

CATEGORY = re.compile(rf"(?:{WHOLE})|(?:{PARTED}|{WHOLE})\.[A-Z]{{2}}|(?:physics|cond-mat)\.[a-z]+(?:-[a-z]+)*")
CATEGORIES = 50


def identifiers(values: Iterable[object]) -> tuple[str, int, str]:
    """The first arXiv id with its version, and the first DOI that is not arXiv's own, among the values."""
    given = list(values)
    papers = [found for found in map(arxiv_id, given) if found[0]]
    names = [name for name in map(doi, given) if name and not arxiv_id(name)[0]]
    paper, version = papers[0] if papers else ("", 0)
    return paper, version, names[0] if names else ""


def abstract_page(paper: str) -> str:
    """The page of an arXiv id: built from the id, never taken from a feed."""
    return f"https://arxiv.org/abs/{paper}" if paper else ""


def pdf(paper: str) -> str:
    """The PDF of an arXiv id's newest version."""
    return f"https://arxiv.org/pdf/{paper}" if paper else ""


def is_category(value: str) -> bool:
    """Whether this is an arXiv category such as "cs.LG", "cond-mat.str-el" or "hep-th"."""
    return CATEGORY.fullmatch(value) is not None


def categories(values: Iterable[object]) -> tuple[str, ...]:
    """The different arXiv categories among the values, in their order; ACM and MSC classes are left out.

    A value may hold several, parted by blanks or commas.
    """
    words = (word for value in values if isinstance(value, str) for word in re.split(r"[\s,;]+", value[:LONGEST]))
    return tuple(dict.fromkeys(filter(is_category, words)))[:CATEGORIES]
