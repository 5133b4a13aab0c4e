"""Finds arXiv ids, DOIs and arXiv categories in the many ways in which they are written."""

import re
from collections.abc import Iterable
from urllib.parse import unquote

# https://arxiv.org/category_taxonomy, and the archives that were merged into these.
PARTED = "cs|econ|eess|math|nlin|q-bio|q-fin|stat"
WHOLE = (
    "astro-ph|cond-mat|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math-ph|nucl-ex|nucl-th|quant-ph|acc-phys|adap-org"
    "|alg-geom|ao-sci|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|dg-ga|funct-an|mtrl-th|patt-sol"
    "|plasm-ph|q-alg|solv-int|supr-con"
)
CATEGORY = re.compile(rf"(?:{WHOLE})|(?:{PARTED}|{WHOLE})\.[A-Z]{{2}}|(?:physics|cond-mat)\.[a-z]+(?:-[a-z]+)*")
CATEGORIES = 50
LONGEST = 300
LONGEST_DOI = 190

# https://info.arxiv.org/help/arxiv_identifier.html: YYMM.NNNNN since April 2007, archive/YYMMNNN before.
MONTH = "(?:0[1-9]|1[0-2])"
ARXIV_ID = re.compile(
    rf"(?:\d\d{MONTH}\.\d{{4,5}}|({PARTED}|{WHOLE}|physics)(?:\.[A-Z]{{2}})?(/\d\d{MONTH}\d{{3}}))(?:v(\d{{1,4}}))?"
)
BEFORE_ARXIV_ID = re.compile(
    r"(?:https?://(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html|format|src)/"
    r"|oai:arxiv\.org:|arxiv:\s*|(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?10\.48550/arxiv\.)",
    re.IGNORECASE,
)
AFTER_ARXIV_ID = re.compile(r"(?:\.pdf)?/?(?:[?#].*)?", re.IGNORECASE)
# Crossref's recommendation for DOIs of today, anchored: a text that merely quotes one is not that paper.
DOI = re.compile(
    r"(?:(?:https?://(?:dx\.)?doi\.org/|doi:\s*|info:doi/)|https?://[^/?#\s]+/doi/(?:abs/|full/|pdf/|epdf/)?)?"
    r"(10\.\d{4,9}/[!-~]+)",
    re.IGNORECASE,
)


def arxiv_id(value: object) -> tuple[str, int]:
    """The arXiv id in this id, URL or DOI without its version, and the version (0 if it says none).

    ("", 0) where there is none. `math.GT/0309136` and `math/0309136` are one paper: the latter is the name.
    """
    if not isinstance(value, str) or len(value) > LONGEST:
        return "", 0
    written = value.strip()
    before = BEFORE_ARXIV_ID.match(written)
    written = written[before.end() :] if before else written
    found = ARXIV_ID.match(written)
    if not found or not AFTER_ARXIV_ID.fullmatch(written, found.end()):
        return "", 0
    archive, number, version = found[1], found[2], int(found[3] or 0)
    return (archive + number if archive else found[0].partition("v")[0]), version


def doi(value: object) -> str:
    """The DOI in this DOI, `doi:` name or resolver URL, in lower case (DOIs ignore case); "" if none."""
    if not isinstance(value, str) or len(value) > LONGEST:
        return ""
    written = value.strip()
    if written.lower().startswith("http"):
        written = unquote(written.partition("?")[0].partition("#")[0])
    found = DOI.fullmatch(written)
    name = found[1].rstrip(".,;/").lower() if found else ""
    return name if "/" in name and len(name) <= LONGEST_DOI and not set(name) & set('<>"\\^`{|}') else ""


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
