"""Papers as a reader names them, in lines of text or in BibTeX, become keys and titles. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple
from urllib.parse import quote

from subscribers import bibtex
from subscribers.bibtex import BibEntry
from subscribers.errors import InvalidPreference
from subscribers.paper_keys import keys, normal_title, quoted, title_key

MOST_EXAMPLES = 100
LONGEST_TEXT = 200_000  # bytes of UTF-8
LONGEST_TITLE = 1000
LONGEST_ABSTRACT = 2000
LEAST_WORDS = 3
LEAST_LETTERS = 6  # of a script that has no blanks between words
TITLE = "title:"  # before a title that must not be read as anything else
MOST_TOLD = 3
FIELD = "examples"

_WANTED = "give an arXiv id, a DOI or a link with one, or a title of three words or more"
_ITEM = re.compile(r"^\s*(?:[-*+•–—]|[(\[]?\d{1,3}[.)\]])\s+")  # noqa: RUF001 - lists are typed with any dash
_LABEL = re.compile(r"\b(?:arxiv|doi|url|pdf|html|link)\s*:?(?=\W*$)|\[[a-z-]+(?:\.[A-Za-z-]+)?\]", re.IGNORECASE)
_EDGES = " \t,.;:|-–—\"'“”„«»()[]<>*_"  # noqa: RUF001 - as above
# Where BibTeX tells an arXiv id or a DOI; in the second row it may stand among other words.
_NAMED = ("eprint", "arxivid", "arxiv", "doi", "url", "ee", "howpublished")
_QUOTED = ("journal", "journaltitle", "volume", "number", "note", "annote", "archiveprefix")
_DBLP = re.compile(r"abs/(\S+)")
_BREAKS = frozenset({"Cc", "Zl", "Zp", "Zs"})
_HIDDEN = frozenset({"Cf", "Cs", "Co", "Cn"})


class Named(NamedTuple):
    """One paper that somebody named: its key as `paper_keys` makes it, and what the text tells of it beside."""

    key: str
    title: str = ""
    abstract: str = ""


class _Nothing(NamedTuple):
    """An entry that names no paper: where it stands, and what it says."""

    place: str
    said: str


def read(text: str) -> tuple[Named, ...]:
    """Every paper in a pasted text: one a line or several, BibTeX, or both.

    A line with an arXiv id, a DOI or a link to either names that paper; any other of three words or more is a
    title, and what follows "title:" always is. InvalidPreference names the first entry that names no paper, by
    its line and its words; nothing is taken then.
    """
    size = len(text.encode(errors="replace"))
    if size > LONGEST_TEXT:
        cure = f"it is {size // 1000:,} kB long: give at most {LONGEST_TEXT // 1000} kB at a time"
        raise InvalidPreference(FIELD, text, cure)
    entries, lines = bibtex.parted(text)
    _check_number(len(entries))
    return _usable(
        chain(
            (each for entry in entries for each in _in_entry(entry)),
            (each for number, line in lines if _says_something(line) for each in _in_line(line, f"line {number}")),
        )
    )


def read_items(items: Sequence[str]) -> tuple[Named, ...]:
    """Every paper in a list of texts, each read as one line; errors as of `read`."""
    places = [f"number {number}" if len(items) > 1 else "" for number in range(1, len(items) + 1)]
    return _usable(each for item, place in zip(items, places, strict=True) for each in _in_line(item, place))


def written(key: str, title: str) -> str:
    """One line without a semicolon that `read_items` takes for the paper of this key."""
    kind, _, name = key.partition(":")
    if kind == "arxiv":
        return f"arXiv:{name}"
    lines = [f"doi:{name}", f"https://doi.org/{quote(name)}"] if kind == "doi" else [title.replace(";", ",")]
    means_it = (line for line in lines if ";" not in line and _meant(line) == [key])
    return next(means_it, lines[-1] if kind == "doi" else TITLE + lines[-1])


def clean(text: str, limit: int = LONGEST_TITLE) -> str:
    """One line of a text, without hidden characters and at most `limit` long."""
    kinds = ((letter, unicodedata.category(letter)) for letter in text[: 4 * limit])
    shown = "".join(" " if kind in _BREAKS else letter for letter, kind in kinds if kind not in _HIDDEN)
    return unicodedata.normalize("NFC", " ".join(shown.split()))[:limit].rstrip()


def _usable(found: Iterable[Named | _Nothing]) -> tuple[Named, ...]:
    """Each paper once, with the most that is told of it; InvalidPreference for too many, or for what is none."""
    papers: dict[str, Named] = {}
    nothing: list[_Nothing] = []
    for each in found:
        if isinstance(each, Named):
            _, title, abstract = papers.get(each.key, each)
            papers[each.key] = Named(each.key, title or each.title, abstract or each.abstract)
            _check_number(len(papers))
        elif len(nothing) <= MOST_TOLD:
            nothing.append(each)
        else:
            break
    if nothing:
        raise _mistake(nothing)
    return tuple(papers.values())


def _mistake(nothing: Sequence[_Nothing]) -> InvalidPreference:
    first, *others = (each.place for each in nothing)
    alike = [*others[: MOST_TOLD - 1], *(["more"] if len(others) >= MOST_TOLD else [])]
    also = f" (also {', '.join(alike)})" if alike else ""
    place = f"{first}{also}: " if first else ""
    return InvalidPreference(FIELD, nothing[0].said, f"{place}no arXiv id, DOI or title found; {_WANTED}")


def _says_something(line: str) -> bool:
    return not line.lstrip().startswith("%") and any(letter.isalnum() for letter in line)


def _check_number(count: int) -> None:
    if count > MOST_EXAMPLES:
        cure = f"one reader can have {MOST_EXAMPLES}: keep those that say most"
        raise InvalidPreference(FIELD, count, cure)


def _in_line(line: str, place: str) -> Iterator[Named | _Nothing]:
    line = clean(line, LONGEST_TEXT)
    if line.lower().startswith(TITLE):
        title = clean(line[len(TITLE) :])
        yield Named(title_key(title), title) if normal_title(title) else _Nothing(place, line)
        return
    quotes = list(quoted(line))
    papers = dict.fromkeys(each.key for each in quotes if each.key)
    title = _rest(line, [(each.start, each.end) for each in quotes])
    if papers:
        yield from (Named(key, title if len(papers) == 1 else "") for key in papers)
    elif title:
        yield Named(title_key(title), title)
    else:
        yield _Nothing(place, line)


def _meant(line: str) -> list[str]:
    return [each.key for each in _in_line(line, "") if isinstance(each, Named)]


def _rest(line: str, gone: Iterable[tuple[int, int]]) -> str:
    """The title in what is left of a line; "" where it does not look like one."""
    left, place = [], 0
    for start, end in gone:
        left.append(line[place:start])
        place = end
    words = _ITEM.sub("", " ".join([*left, line[place:]]))
    title = clean(_LABEL.sub(" ", words).strip(_EDGES))
    return title if _looks_like_a_title(title) else ""


def _looks_like_a_title(text: str) -> bool:
    words = sum(any(letter.isalpha() for letter in word) for word in text.split())
    return words >= LEAST_WORDS or sum(unicodedata.category(letter) == "Lo" for letter in text) >= LEAST_LETTERS


def _in_entry(entry: BibEntry) -> Iterator[Named | _Nothing]:
    title = clean(bibtex.plain(entry.fields.get("title", "")[:LONGEST_TITLE]))
    told = entry.fields.get("abstract", "")[: 2 * LONGEST_ABSTRACT]  # TeX stays, as in what sources give
    abstract = clean(told.replace("{", "").replace("}", ""), LONGEST_ABSTRACT)
    paper, name = _identifiers(entry.fields)
    if paper or name or normal_title(title):
        yield Named(keys(paper, name, title)[0], title, abstract)
    else:
        said = f"the entry {entry.name}" if entry.name else "an entry"
        yield _Nothing(f"line {entry.line}", clean(said))


def _identifiers(fields: dict[str, str]) -> tuple[str, str]:
    """The first arXiv id and the first DOI that an entry tells, wherever it does; "" for none."""
    values = [
        fields[name].replace("\\_", "_").replace("{", "").replace("}", "") for name in _NAMED if name in fields
    ]
    values += [text for name in _QUOTED for text in _DBLP.sub(r"\1", fields.get(name, "")).split() if text]
    found = [each.key for value in values for each in quoted(clean(value, LONGEST_TITLE))]
    papers = [key.removeprefix("arxiv:") for key in found if key.startswith("arxiv:")]
    names = [key.removeprefix("doi:") for key in found if key.startswith("doi:")]
    return papers[0] if papers else "", names[0] if names else ""
