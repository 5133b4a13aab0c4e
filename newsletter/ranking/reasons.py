"""Why this paper: reasons as codes with their terms, made from what moved the score, and put into words."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsletter.ranking.blend import DIGITS, Choice, Reader
from newsletter.ranking.relevance import Interest, Matches
from newsletter.ranking.text import term

Reason = dict[str, Any]

MOST_INTERESTS, MOST_TERMS = 3, 3
LEAST_SHARE = 0.15  # an interest that gave less of the evidence is not worth a word
WORTH_SAYING = 0.8  # a trend below this is nothing special


def reasons(
    choice: Choice,
    reader: Reader,
    interests: Sequence[Interest],
    matches: Matches,
    share: NDArray[np.float64],
) -> list[Reason]:
    """The codes for one pick, strongest first.

    `interests` are those of the reader's rows of evidence, in the same order; `share` is each paper's place by
    heat, NaN where unknown.
    """
    paper = choice.paper
    parts = np.round(reader.weights * reader.evidence[:, paper], DIGITS)
    least = max(LEAST_SHARE * float(parts.sum()), 10.0**-DIGITS)
    strong = [int(row) for row in np.argsort(-parts, kind="stable") if parts[row] >= least]
    found = _without_echoes([(interests[row], matches.terms(interests[row], paper)) for row in strong])
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
