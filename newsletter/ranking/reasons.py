"""Why this paper: reasons as codes with their terms, made from what moved the score, and put into words."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsletter.ranking.blend import Choice, Reader
from newsletter.ranking.relevance import Interest, matched
from newsletter.ranking.text import Index, term

Reason = dict[str, Any]

MOST_INTERESTS, MOST_TERMS = 3, 3
LEAST_SHARE = 0.15  # an interest that gave less of the evidence is not worth a word
WORTH_SAYING = 0.8  # a trend below this is nothing special


def reasons(
    choice: Choice,
    reader: Reader,
    interests: Sequence[Interest],
    evidence: NDArray[np.float64],
    index: Index,
    share: NDArray[np.float64],
) -> list[Reason]:
    """The codes for one pick, strongest first; `share` is each paper's place by heat, NaN where unknown."""
    paper = choice.paper
    parts = [
        (weight * float(evidence[row, paper]), row)
        for row, weight in zip(reader.rows, reader.weights, strict=True)
    ]
    total = sum(part for part, _ in parts) or 1.0
    strong = sorted((-part, row) for part, row in parts if part >= LEAST_SHARE * total and part > 0)
    found = _without_echoes([(interests[row], matched(interests[row], index, paper)) for _, row in strong])
    said = [_interest(interest, terms) for interest, terms in found[:MOST_INTERESTS]]
    place = float(share[paper])
    if choice.trending or place >= WORTH_SAYING:
        said.append(_trend(place, slot=choice.trending))
    return said or [{"code": "fresh"}]


def _interest(interest: Interest, terms: list[str]) -> Reason:
    code = "hint" if interest.kind == "topic" and not terms else interest.kind
    telling = [each for each in terms if term(each) != term(interest.name)]
    return {"code": code, "name": interest.name, "terms": telling[:MOST_TERMS]}


def _without_echoes(found: list[tuple[Interest, list[str]]]) -> list[tuple[Interest, list[str]]]:
    """A parent topic beside its child often says the same words: the second is left out."""
    kept: list[tuple[Interest, list[str]]] = []
    for interest, terms in found:
        told = {term for _, other in kept for term in other}
        if not terms or not told.issuperset(terms):
            kept.append((interest, terms))
    return kept


def _trend(place: float, *, slot: bool) -> Reason:
    # Never "100 %": the hottest paper does not climb faster than itself.
    percent = None if np.isnan(place) else min(99, int(place * 100))
    return {"code": "slot" if slot else "trend", "percent": percent}


WORDS = {
    "topic": "matches {name}: {terms}",
    "whole topic": "matches {name}",
    "hint": "is filed under a category of {name}",
    "keyword": "mentions your keyword “{name}”",
    "author": "by {name}, whom you follow",
    "org": "from {name}, which you follow",
    "category": "is in {name}, which you follow",
    "trend": "climbing faster than {percent} % of this week",
    "slot": "trending for everyone: ahead of {percent} % of this week",
    "quiet slot": "trending for everyone",
    "fresh": "new this week",
}


def in_words(reason: Mapping[str, Any]) -> str:
    """One reason as a reader understands it; starts in lower case so that several can be joined."""
    code = str(reason["code"])
    if code == "topic" and not reason["terms"]:
        code = "whole topic"
    if code == "slot" and not reason["percent"]:
        code = "quiet slot"
    terms = ", ".join(reason.get("terms", ()))
    return WORDS[code].format(name=reason.get("name"), terms=terms, percent=reason.get("percent"))


def sentence(said: Sequence[Mapping[str, Any]]) -> str:
    """All reasons as one line: "Matches A: x, y; climbing faster than 97 % of this week"."""
    text = "; ".join(in_words(reason) for reason in said)
    return text[:1].upper() + text[1:]
