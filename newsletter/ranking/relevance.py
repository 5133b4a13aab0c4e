"""How well each paper fits each interest: evidence that adds up, so that a reason can name what moved it.

An interest collects evidence x >= 0 from the terms and facts of a paper; a reader's relevance of a paper is
1 - exp(-sum of weight * evidence) (noisy-or): two interests that both speak for a paper beat one, no amount
of repetition passes 1, and each term's share of the sum is its true share in the decision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from newsletter.ranking.text import Index, Term

TITLE_WEIGHT = 5.0  # a word in the title says what the paper is about, one in the abstract may be in passing
SATURATION = 3.5  # as BM25's k1: each mention adds less than the one before, and one alone is not much
CATEGORY_EVIDENCE = 0.3  # a matching category alone is a hint, not a match
CLEAR_MATCH = 0.35  # evidence from which on a muted topic removes a paper


@dataclass(frozen=True)
class Interest:
    """One thing that a reader may follow: terms with weights, categories as a hint, and exact names.

    `kind` and `name` say what the reader chose; `shown` maps each term to the way people write it.
    `authors` and `organizations` are normalised names that match exactly.
    """

    kind: str
    name: str
    terms: Mapping[Term, float] = field(default_factory=dict)
    shown: Mapping[Term, str] = field(default_factory=dict)
    categories: frozenset[str] = frozenset()
    category_evidence: float = CATEGORY_EVIDENCE
    authors: frozenset[str] = frozenset()
    organizations: frozenset[str] = frozenset()
    name_evidence: float = 1.5


@dataclass(frozen=True)
class Facts:
    """What is known of a paper beside its text; names are normalised."""

    categories: frozenset[str] = frozenset()
    authors: frozenset[str] = frozenset()
    organization: str = ""


def strength(index: Index) -> NDArray[np.float64]:
    """The evidence of each row of the index at weight 1: saturated count times rarity, 0 to 1."""
    count = TITLE_WEIGHT * index.title + index.body
    saturated = count / (count + SATURATION)
    return np.asarray(saturated * index.rarity[index.term])


def evidence(interests: Sequence[Interest], index: Index, facts: Sequence[Facts]) -> NDArray[np.float64]:
    """An array (interests x papers) of evidence."""
    weights = _weights(interests, index)
    rows = strength(index)
    found = [
        np.bincount(index.paper, weights=weight[index.term] * rows, minlength=index.papers) for weight in weights
    ]
    return np.array(found).reshape(len(interests), index.papers) + _from_facts(interests, facts)


def _weights(interests: Sequence[Interest], index: Index) -> NDArray[np.float64]:
    column = {term: number for number, term in enumerate(index.terms)}
    weights = np.zeros((len(interests), len(index.terms)))
    for number, interest in enumerate(interests):
        for term, weight in interest.terms.items():
            if term in column:
                weights[number, column[term]] = weight
    return weights


def _from_facts(interests: Sequence[Interest], facts: Sequence[Facts]) -> NDArray[np.float64]:
    frequency: dict[str, int] = {}
    for fact in facts:
        for category in fact.categories:
            frequency[category] = frequency.get(category, 0) + 1
    rare = {name: 1 - count / (len(facts) + 1) for name, count in frequency.items()}
    return np.array([[_fact(interest, fact, rare) for fact in facts] for interest in interests]).reshape(
        len(interests), len(facts)
    )


def _fact(interest: Interest, fact: Facts, rare: Mapping[str, float]) -> float:
    shared = interest.categories & fact.categories
    hint = interest.category_evidence * max((rare[name] for name in shared), default=0.0)
    named = bool(interest.authors & fact.authors) or fact.organization in interest.organizations
    return hint + (interest.name_evidence if named else 0.0)


def matched(interest: Interest, index: Index, paper: int) -> list[str]:
    """The terms of this interest that stand in this paper, strongest first, as people write them.

    A term inside a longer one that is named too ("graph" in "graph neural network") is left out.
    """
    rows = np.flatnonzero(index.paper == paper)
    power = strength(index)
    scored = [
        (float(interest.terms[index.terms[index.term[row]]] * power[row]), index.terms[index.term[row]])
        for row in rows
        if index.terms[index.term[row]] in interest.terms
    ]
    scored.sort(key=lambda pair: (-pair[0], pair[1]))
    named = [term for _, term in scored]
    return [interest.shown[term] for term in named if not any(_inside(term, other) for other in named)]


def _inside(term: Term, other: Term) -> bool:
    return len(term) < len(other) and f" {' '.join(term)} ".casefold() in f" {' '.join(other)} ".casefold()
