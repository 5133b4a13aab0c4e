"""Why this paper: reasons as codes with their terms, made from what moved the score, and put into words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from newsletter.ranking.blend import DIGITS, Choice, Reader
from newsletter.ranking.profile import Opinion
from newsletter.ranking.relevance import Interest, Matches
from newsletter.ranking.text import term

T = TypeVar("T")
Reason = dict[str, Any]
Behind = Interest | Opinion
Say = Callable[..., str]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST_INTERESTS, MOST_TERMS = 3, 3
LEAST_SHARE = 0.15  # an interest that gave less of the evidence is not worth a word
WORTH_SAYING = 0.8  # a trend below this is nothing special
LONGEST_TITLE = 60
FRESH: Reason = {"code": "fresh"}
PAPERS = frozenset({"liked", "example"})  # reasons whose name is a paper's title, not of anything followed


def reasons(
    choice: Choice,
    reader: Reader,
    behind: Sequence[Behind],
    matches: Matches,
    share: Floats,
    moving: NDArray[np.bool_],
) -> list[Reason]:
    """The codes for one pick, strongest first.

    `behind` is what stands behind the reader's rows: followed interests and then opinions, in the same order;
    `share` is each paper's place by heat, NaN where unknown, and only what is `moving` was seen to climb.
    """
    paper = choice.paper
    speaking = (_speaking(rows, behind, reader, paper) for rows in _strongest(reader, paper))
    found = [_because(rows, behind, reader, matches, paper) for rows in speaking if rows]
    return said(found, trend(paper, share, moving, slot=choice.trending), FRESH)


def said(found: Sequence[tuple[T, Sequence[str]]], trend: Sequence[T], fresh: T) -> list[T]:
    """What is told of a pick, in whatever form: interests with their words, strongest first, and the trend.

    `fresh` is for one of which nothing else is known.
    """
    return [*(reason for reason, _ in _without_echoes(found)[:MOST_INTERESTS]), *trend] or [fresh]


def trend(paper: int, share: Floats, moving: NDArray[np.bool_], *, slot: bool) -> list[Reason]:
    """What is told of a paper's place by heat, if anything."""
    place = float(share[paper])
    if not slot and not place >= WORTH_SAYING:
        return []
    return [_trend(place, slot=slot, climbing=bool(moving[paper]))]


def strongest(parts: Floats, owed: NDArray[np.bool_] | None) -> tuple[Integers, Integers]:
    """For each pick (what each interest adds to it) its interests, strongest first, and how many are named."""
    summed = np.round(parts, DIGITS)
    if owed is not None:
        summed[~owed] = 0.0
    least = np.maximum(LEAST_SHARE * np.where(summed > 0, summed, 0.0).sum(axis=1), 10.0**-DIGITS)
    return np.argsort(-summed, axis=1, kind="stable"), (summed >= least[:, np.newaxis]).sum(axis=1)


def _strongest(reader: Reader, paper: int) -> list[list[int]]:
    """The reader's rows, those of one interest together, that add enough to be named, strongest first."""
    if reader.liking is None:
        parts, groups = reader.weights * reader.evidence[:, paper], np.arange(len(reader.weights))
    else:
        parts, groups = reader.liking.parts[:, paper], reader.liking.interest
    summed = np.round(np.bincount(groups, weights=parts, minlength=1), DIGITS)
    if reader.liking is not None and reader.liking.owed is not None:
        summed[~reader.liking.owed[:, paper]] = 0.0
        if not (summed > 0).any():
            return _together(parts, len(reader.weights))
    least = max(LEAST_SHARE * float(summed[summed > 0].sum()), 10.0**-DIGITS)
    strong = [int(group) for group in np.argsort(-summed, kind="stable") if summed[group] >= least]
    rows = [np.flatnonzero(groups == group) for group in strong]
    return [[int(row) for row in each[np.argsort(-parts[each], kind="stable")]] for each in rows]


def _together(parts: Floats, followed: int) -> list[list[int]]:
    """All opinions that speak for a paper as one: of several interests, each of which it could spare."""
    said = np.round(parts[followed:], DIGITS)
    rows = [followed + int(row) for row in np.argsort(-said, kind="stable") if said[row] > 0]
    return [rows] if rows and said.sum() > 0 else []


def _speaking(rows: Sequence[int], behind: Sequence[Behind], reader: Reader, paper: int) -> list[int]:
    """Of the rows of one interest those to be named together: all liked or all named, and each speaks for it.

    To be far from what was turned down is no reason that anybody wants to read.
    """
    if reader.liking is None:
        return list(rows)
    said = [row for row in rows if reader.liking.parts[row, paper] > 0 and not _disliked(behind[row])]
    return [row for row in said if _way(behind[row]) == _way(behind[said[0]])]


def _disliked(each: Behind) -> bool:
    return isinstance(each, Opinion) and each.thumb < 0


def _way(each: Behind) -> bool:
    return isinstance(each, Opinion) and each.example


def _because(
    rows: Sequence[int], behind: Sequence[Behind], reader: Reader, matches: Matches, paper: int
) -> tuple[Reason, list[str]]:
    """The reason that these rows of one interest are, and the words in it."""
    first = behind[rows[0]]
    if isinstance(first, Opinion):
        title = first.title or first.text[0]
        short = title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1].rstrip() + "…"
        return {"code": "example" if first.example else "liked", "name": short, "count": len(rows)}, []
    return of_interest(first, matches, paper, evident=bool(reader.evidence[rows[0], paper] > 0))


def of_interest(first: Interest, matches: Matches, paper: int, *, evident: bool) -> tuple[Reason, list[str]]:
    """The reason that one interest is, and the words in it; `evident` is whether there is any evidence of it."""
    terms = matches.terms(first, paper)
    telling = [each for each in terms if term(each) != term(first.name)]
    code = first.kind
    if first.kind == "topic" and not terms:
        code = "hint" if evident else "near"
    return {"code": code, "name": first.name, "terms": telling[:MOST_TERMS]}, terms


def _without_echoes(found: Sequence[tuple[T, Sequence[str]]]) -> list[tuple[T, Sequence[str]]]:
    """A parent topic beside its child often says the same words: the second is left out."""
    kept: list[tuple[T, Sequence[str]]] = []
    for reason, terms in found:
        told = {term for _, other in kept for term in other}
        if not terms or not told.issuperset(terms):
            kept.append((reason, terms))
    return kept


def _trend(place: float, *, slot: bool, climbing: bool) -> Reason:
    # Never "100 %": the hottest paper does not climb faster than itself.
    percent = None if np.isnan(place) or place < WORTH_SAYING else min(99, int(place * 100))
    return {"code": "slot" if slot else "trend" if climbing else "ahead", "percent": percent}


WORDS = {
    "topic": "matches {name}: {terms}",
    "whole topic": "matches {name}",
    "hint": "is filed under a category of {name}",
    "keyword": "mentions your keyword “{name}”",
    "author": "by {name}, whom you follow",
    "org": "from {name}, which you follow",
    "category": "is in {name}, which you follow",
    "near": "is close to {name}",
    "liked": "is close to “{name}”, which you liked",
    "example": "is close to “{name}”, which you named",
    "several liked": "is close to {count} papers you liked, such as “{name}”",
    "several example": "is close to {count} papers you named, such as “{name}”",
    "ahead": "ahead of {percent} % of this week",
    "trend": "climbing faster than {percent} % of this week",
    "slot": "trending for everyone: ahead of {percent} % of this week",
    "quiet slot": "trending for everyone",
    "fresh": "new this week",
}


def in_words(reason: Mapping[str, Any], say: Say = str.format) -> str:
    """One reason as a reader understands it; starts in lower case so that several can be joined.

    `say` fills in one of WORDS; a translation is given the English one.
    """
    code = str(reason["code"])
    if code == "topic" and not reason["terms"]:
        code = "whole topic"
    if code == "slot" and not reason["percent"]:
        code = "quiet slot"
    if reason.get("count", 1) > 1:
        code = f"several {code}"
    figures = {name: reason.get(name) for name in ("name", "count", "percent")}
    return say(WORDS[code], terms=", ".join(reason.get("terms", ())), **figures)


def sentence(said: Sequence[Mapping[str, Any]], say: Say = str.format) -> str:
    """All reasons as one line: "Matches A: x, y; climbing faster than 97 % of this week"."""
    text = "; ".join(in_words(reason, say) for reason in said)
    return text[:1].upper() + text[1:]
