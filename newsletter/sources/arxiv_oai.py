"""arXiv's OAI-PMH: every record of a category that changed since a day, for announcements that nobody read."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from xml.etree.ElementTree import Element, ParseError, fromstring

from newsletter.errors import SourceRefused, SourceUnavailable
from newsletter.sources import Entry, clean
from newsletter.sources.documents import about
from newsletter.sources.identifiers import abstract_page, categories, pdf
from subscribers.paper_keys import PARTED, arxiv_id, doi

URL = "https://oaipmh.arxiv.org"
PATH = "/oai"
MOST_PAGES = 100  # of one category; arXiv puts thousands of records on each
MODERATION = timedelta(days=14)  # from submission to announcement, at most, with some room
AROUND = timedelta(days=3)  # the month in an id is that of the announcement, give or take a weekend
NOTHING_NEW = "noRecordsMatch"
TOKEN_EXPIRED = "badResumptionToken"  # noqa: S105 - a protocol's word
GROUPED_ALONE = frozenset(PARTED.split("|")) - {"nlin"}  # the other archives are in the group "physics"

Ask = Callable[[Mapping[str, str]], str]


@dataclass(frozen=True)
class Record:
    """One paper as its record says it; `changed` is the datestamp: when anything of it changed last (UTC)."""

    entry: Entry
    changed: date


@dataclass
class Page:
    """One answer: records, a sentence for each broken one, the token of the next page ("": none), any error.

    `error` is the protocol's code, `said` its words. Records of deleted papers are left out without a word.
    """

    records: list[Record] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    token: str = ""
    error: str = ""
    said: str = ""


def harvest(ask: Ask, category: str, since: date) -> Page:
    """All records of a category that changed on or after this day (UTC), as one page.

    `ask` sends the parameters of one request and gives the answer's text. A list whose token has expired is
    begun anew once. SourceRefused names what the protocol refused; SourceUnavailable a list that breaks off.
    """
    for _ in range(2):
        whole = Page()
        for page in _pages(ask, category, since):
            whole.records += page.records
            whole.problems += page.problems
            whole.error = page.error
        if not whole.error:
            return whole
    raise SourceUnavailable(
        f"the list of {category!r} broke off twice ({TOKEN_EXPIRED}): it is asked for again later"
    )


def _pages(ask: Ask, category: str, since: date) -> Iterator[Page]:
    """The pages in their order; the last one has `error` where the token of the list has expired."""
    params = {"metadataPrefix": "arXiv", "set": set_of(category), "from": since.isoformat()}
    tokens: set[str] = set()
    for _ in range(MOST_PAGES):
        text = ask({"verb": "ListRecords", **params})
        with about("arXiv's answer"):
            page = page_of(text)
        if page.error == NOTHING_NEW:
            return
        if page.error and not (page.error == TOKEN_EXPIRED and tokens):
            raise SourceRefused(
                f"arXiv refused to list {category!r} ({page.error}{page.said and ': ' + page.said})"
            )
        yield page
        if not page.token:
            return
        if page.token in tokens:
            break
        tokens.add(page.token)
        params = {"resumptionToken": page.token}
    raise SourceRefused(f"arXiv gives the list of {category!r} without an end: it is not read")


def set_of(category: str) -> str:
    """The OAI set of a category: "cs:cs:LG" of "cs.LG", "physics:hep-th" of "hep-th"."""
    archive = category.partition(".")[0]
    group = archive if archive in GROUPED_ALONE else "physics"
    return f"{group}:{category.replace('.', ':')}"


def is_news(record: Record, since: date) -> bool:
    """Whether the paper itself is new since this day, not only its record.

    A record changes with every correction and in bulk edits. The submission alone does not tell either: some
    answers give that of the newest version. The id does not change, and holds the month of the announcement.
    """
    month = f"{since - AROUND:%y%m}"
    number = record.entry.arxiv_id.partition(".")[0]
    of_now = number.isdecimal() and number >= month  # ids such as hep-th/0601001 ended in 2007
    submitted = record.entry.published_at
    return of_now and submitted is not None and submitted.date() >= since - MODERATION


def page_of(text: str) -> Page:
    """One answer to ListRecords, given as `documents.xml_text` made it; SourceRefused for anything else.

    https://www.openarchives.org/OAI/openarchivesprotocol.html and https://info.arxiv.org/help/oa/index.html
    """
    try:
        root = fromstring(text)  # noqa: S314 - xml_text has refused document types: no entity can be declared
    except ParseError as error:
        raise SourceRefused(f"is not well-formed XML ({error})") from error
    if _name(root) != "OAI-PMH":
        raise SourceRefused("is no answer of OAI-PMH")
    refusal = _child(root, "error")
    if refusal is not None:
        return Page(error=refusal.get("code") or "no code", said=clean.text(refusal.text, 200))
    found = _child(root, "ListRecords")
    if found is None:
        raise SourceRefused("is an answer of OAI-PMH, but no list of records")
    page = Page(token=_text(found, "resumptionToken").strip())
    for number, item in enumerate((child for child in found if _name(child) == "record"), 1):
        _take(page, item, number)
    return page


def _take(page: Page, item: Element, number: int) -> None:
    header = _child(item, "header")
    if header is not None and header.get("status") == "deleted":
        return
    try:
        page.records.append(_record(item, header))
    except SourceRefused as error:
        page.problems.append(f"record {number} {error}: left out")


def _record(item: Element, header: Element | None) -> Record:
    named = clean.text(_text(header, "identifier"), 80)
    paper = _child(_child(item, "metadata"), "arXiv")
    changed = clean.moment(_text(header, "datestamp").strip())
    if paper is None:
        raise SourceRefused(f"({named}) is not in arXiv's format")
    if changed is None:
        raise SourceRefused(f"({named}) does not say when it changed")
    created = clean.moment(_text(paper, "created").strip())
    return Record(_entry(paper, named, created), changed.date())


def _entry(paper: Element, named: str, created: datetime | None) -> Entry:
    identifier, _ = arxiv_id(_text(paper, "id"))
    title = clean.text(_text(paper, "title"))
    if not identifier:
        raise SourceRefused(f"({named}) has no arXiv id")
    if not title:
        raise SourceRefused(f"({identifier}) has no title")
    names, author_count = clean.authors(map(_author, _child(paper, "authors") or ()))
    return Entry(
        title=title,
        abstract=clean.text(_text(paper, "abstract"), clean.ABSTRACT),
        authors=names,
        author_count=author_count,
        categories=categories([_text(paper, "categories")]),
        url=abstract_page(identifier),
        pdf_url=pdf(identifier),
        arxiv_id=identifier,
        doi=doi(next(iter(_text(paper, "doi").split()), "")),
        kind="replace",
        published_at=created,
    )


def _author(author: Element) -> str:
    return " ".join(filter(None, (_text(author, part).strip() for part in ("forenames", "keyname", "suffix"))))


def _child(parent: Element | None, name: str) -> Element | None:
    return next((child for child in parent if _name(child) == name), None) if parent is not None else None


def _text(parent: Element | None, name: str) -> str:
    child = _child(parent, name)
    return "".join(child.itertext()) if child is not None else ""


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]
