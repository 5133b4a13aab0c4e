"""How well each paper fits each interest: evidence that adds up, so that a reason can name what moved it.

An interest collects evidence x >= 0 from the terms and facts of a paper; a reader's relevance of a paper is
1 - exp(-sum of weight * evidence) (noisy-or): two interests that both speak for a paper beat one, no amount
of repetition passes 1, and each term's share of the sum is its true share in the decision.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from newsletter.ranking.text import Index, Term, term

Floats = NDArray[np.float64]

TITLE_WEIGHT = 5.0  # a word in the title says what the paper is about, one in the abstract may be in passing
SATURATION = 3.5  # as BM25's k1: each mention adds less than the one before, and one alone is not much
CATEGORY_EVIDENCE = 0.3  # a matching category alone is a hint, not a match
MOST_KEPT = 300  # interests whose terms in each paper are kept for the next question
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

    @property
    def told(self) -> tuple[str, str]:
        """Its name, and the words that tell as much as the name: what an embedding model is asked about."""
        name = term(self.name)
        return self.name, ", ".join(
            self.shown[each] for each, weight in self.terms.items() if weight >= 1 and each != name
        )


@dataclass(frozen=True)
class Facts:
    """What is known of a paper beside its text; names are normalised."""

    categories: frozenset[str] = frozenset()
    authors: frozenset[str] = frozenset()
    organization: str = ""


class Matches:
    """What is in the papers, ready to be asked for each interest: nothing is counted twice.

    `strength` is the evidence of each row of the index at weight 1: saturated count times rarity, 0 to 1.
    """

    def __init__(self, index: Index, facts: Sequence[Facts]) -> None:
        """`facts` in the order of the indexed papers."""
        self.index = index
        count = TITLE_WEIGHT * index.title + index.body
        self.strength = count / (count + SATURATION) * index.rarity[index.term]
        self._kept: dict[int, tuple[Interest, dict[int, list[tuple[float, Term]]]]] = {}
        self._categories = _positions(fact.categories for fact in facts)
        self._authors = _positions(fact.authors for fact in facts)
        self._organizations = _positions({fact.organization} - {""} for fact in facts)

    def evidence(self, interest: Interest) -> Floats:
        """What speaks for each paper, 0 and up: words, shared categories, names."""
        return self.words(interest) + self._hint(interest) + self._named(interest)

    def words(self, interest: Interest) -> Floats:
        """The part of the evidence that the papers' words give."""
        found = np.zeros(self.index.papers)
        for each, weight in interest.terms.items():
            rows = self.index.rows_of(each)  # a paper has one row for each term
            found[self.index.paper[rows]] += weight * self.strength[rows]
        return found

    def _hint(self, interest: Interest) -> Floats:
        """The best of the shared categories; one that most papers have hints little."""
        best = np.zeros(self.index.papers)
        for name in sorted(interest.categories):
            papers = self._categories.get(name, ())
            rare = 1 - len(papers) / (self.index.papers + 1)
            best[list(papers)] = np.maximum(best[list(papers)], rare)
        return best * interest.category_evidence

    def _named(self, interest: Interest) -> Floats:
        named = np.zeros(self.index.papers)
        for names, known in ((interest.authors, self._authors), (interest.organizations, self._organizations)):
            for name in names:
                named[list(known.get(name, ()))] = interest.name_evidence
        return named

    def terms(self, interest: Interest, paper: int) -> list[str]:
        """The terms of this interest that stand in this paper, strongest first, as people write them.

        A term inside a longer one that is named too ("graph" in "graph neural network") is left out.
        """
        scored = self._standing(interest).get(paper, ())
        named = [term for _, term in sorted(scored)]
        return [interest.shown[term] for term in named if not any(_inside(term, other) for other in named)]

    def _standing(self, interest: Interest) -> dict[int, list[tuple[float, Term]]]:
        """The interest's terms in each paper, with their strength, as a number that is less for a stronger one."""
        kept = self._kept.get(id(interest))
        if kept is None:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            kept = self._kept[id(interest)] = interest, self._found(interest)  # kept, so its id is its own
        return kept[1]

    def _found(self, interest: Interest) -> dict[int, list[tuple[float, Term]]]:
        found: dict[int, list[tuple[float, Term]]] = {}
        for each, weight in interest.terms.items():
            rows = self.index.rows_of(each)
            power = (-weight * self.strength[rows]).tolist()
            for paper, strength in zip(self.index.paper[rows].tolist(), power, strict=True):
                found.setdefault(paper, []).append((strength, each))
        return found


def _positions(named: Iterable[Iterable[str]]) -> dict[str, list[int]]:
    """The papers that have each name."""
    found: dict[str, list[int]] = {}
    for paper, names in enumerate(named):
        for name in names:
            found.setdefault(name, []).append(paper)
    return found


def _inside(term: Term, other: Term) -> bool:
    return len(term) < len(other) and f" {' '.join(term)} ".casefold() in f" {' '.join(other)} ".casefold()
