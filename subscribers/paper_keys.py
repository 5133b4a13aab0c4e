"""How papers are named: arXiv ids, DOIs and titles in the many ways they are written, and the keys they make."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

# https://arxiv.org/category_taxonomy, and the archives that were merged into these.
PARTED = "cs|econ|eess|math|nlin|q-bio|q-fin|stat"
WHOLE = (
    "astro-ph|cond-mat|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math-ph|nucl-ex|nucl-th|quant-ph|acc-phys|adap-org"
    "|alg-geom|ao-sci|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|dg-ga|funct-an|mtrl-th|patt-sol"
    "|plasm-ph|q-alg|solv-int|supr-con"
)
KINDS = ("arxiv:", "doi:", "title:")  # what a key begins with
LONGEST_KEY = 200
LONGEST = 300
LONGEST_DOI = 190
LONGEST_IN_KEY = 180  # longer DOIs exist only by mistake; such a paper is known by its title

# https://info.arxiv.org/help/arxiv_identifier.html: YYMM.NNNNN since April 2007, archive/YYMMNNN before.
_MONTH = "(?:0[1-9]|1[0-2])"
_ARCHIVE = f"(?:{PARTED}|{WHOLE}|physics)"
ARXIV_ID = re.compile(
    rf"(?:\d\d{_MONTH}\.\d{{4,5}}|({_ARCHIVE})(?:\.[A-Z]{{2}})?(/\d\d{_MONTH}\d{{3}}))(?:v(\d{{1,4}}))?"
)
# Pages that show arXiv's papers under arXiv's own ids count as arXiv's.
BEFORE_ARXIV_ID = re.compile(
    r"(?:https?://(?:(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html|format|src)/"
    r"|(?:www\.)?alphaxiv\.org/(?:abs|pdf|html|overview)/|(?:www\.)?huggingface\.co/papers/"
    r"|ar5iv\.(?:labs\.arxiv\.)?org/(?:abs|html)/)"
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
# Its pages say the version after the DOI, and perhaps which view: 10.1101/2026.01.02.123456v2.full
_PREPRINT_PAGE = re.compile(
    r"https?://(?:www\.)?(?:bio|med)rxiv\.org/content/(10\.\d{4,9}/[\d.]*\d)(?:v\d+)?(?:\.[a-z][a-z.-]*)?",
    re.IGNORECASE,
)
# What may be an identifier inside a text: a web address, a DOI, an arXiv id.
_CANDIDATE = re.compile(
    r"(https?://(?:(?!,?https?://)\S)+)"
    r"|(?<![\w.@/-])((?:[\w-]+\.)*(?:arxiv\.org|alphaxiv\.org|huggingface\.co|doi\.org)/\S+)"
    r"|(?<![\w./-])(10\.\d{4,9}/\S+"
    rf"|(?:arxiv:\s*)?(?:{_ARCHIVE}(?:\.[A-Z]{{2}})?/\d{{7}}|\d{{4}}\.\d{{4,5}})(?:v\d{{1,4}})?(?![\w/-]|\.\d))",
    re.IGNORECASE,
)
_CLOSING = ".,;:!?'\"\u00bb\u201d\u2019>]}"


class Quoted(NamedTuple):
    """One web address or identifier inside a text: where it stands, and the paper that it is ("" for none)."""

    start: int
    end: int
    key: str


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
    """The DOI in this DOI, `doi:` name or web address, in lower case (DOIs ignore case); "" if none."""
    if not isinstance(value, str) or len(value) > LONGEST:
        return ""
    written = value.strip()
    if written.lower().startswith("http"):
        written = unquote(written.partition("?")[0].partition("#")[0])
    found = _PREPRINT_PAGE.fullmatch(written) or DOI.fullmatch(written)
    name = found[1].rstrip(".,;/").lower() if found else ""
    return name if "/" in name and len(name) <= LONGEST_DOI and not set(name) & set('<>"\\^`{|}') else ""


def keys(arxiv: str, doi_name: str, title: str) -> list[str]:
    """Every key of a paper, the canonical one first: arXiv id without version, else DOI, else title."""
    found = [f"arxiv:{arxiv}"] if arxiv else []
    if doi_name and len(doi_name) <= LONGEST_IN_KEY:
        found.append(f"doi:{doi_name.lower()}")
    return [*found, title_key(title)]


def key(value: str) -> str:
    """The key of the paper that this id, DOI or web address names; "" where it names none."""
    *found, _ = keys(arxiv_id(value)[0], doi(value), "")
    return found[0] if found else ""


def quoted(text: str) -> Iterator[Quoted]:
    """Every web address and identifier in a text, with the closing signs around it left outside."""
    for found in _CANDIDATE.finditer(text):
        written = _trimmed(found[0])
        named = key(f"https://{written}" if found[2] else written)
        if named or not found[3]:
            yield Quoted(found.start(), found.start() + len(written), named)


def normal_title(title: str) -> str:
    """The title as letters and digits in lower case: punctuation, accents and spacing differ between sources."""
    return re.sub(r"[\W_]+", " ", folded(title)).strip()


def title_key(title: str) -> str:
    """The prefix "title:" and 32 hexadecimal digits of the normalised title's SHA-256."""
    return "title:" + hashlib.sha256(normal_title(title).encode()).hexdigest()[:32]


def folded(text: str) -> str:
    """The text without case and accents."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in parts if not unicodedata.combining(char))


def _trimmed(written: str) -> str:
    """Without what ends the sentence; a bracket goes where none was opened, for DOIs may hold them."""
    before = written if len(written) > LONGEST else ""  # too long for any name: not worth a look
    while before != written:
        before, written = written, written.rstrip(_CLOSING)
        if written.endswith(")") and written.count(")") > written.count("("):
            written = written[:-1]
    return written
