"""The terms that a text is made of: its telling words, and pairs of neighbours among them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from newsletter.ranking.text import STOP_WORDS, stem, words

Text = tuple[str, str]

TITLE_WEIGHT = 3  # a title's word counts as three
LEAST_PAPERS = 2  # a term of one paper alone joins it with no other
MOST_SHARE = 0.3  # a term that more papers have is no subject
MOST_TERMS = 40_000


def counts(text: Text) -> Counter[str]:
    """Every telling word and pair of neighbours, by how often; the title's weigh more."""
    counts = Counter(grams(_stems(text[1])))
    for gram in grams(_stems(text[0])):
        counts[gram] += TITLE_WEIGHT
    return counts


def _stems(text: str) -> list[str]:
    return [stem(word) for word in words(text)]


def grams(stems: Sequence[str]) -> list[str]:
    told = [word for word in stems if len(word) > 1 and word not in STOP_WORDS]
    return told + [f"{first} {second}" for first, second in pairwise(told)]


def vocabulary(counted: Sequence[Mapping[str, float]]) -> tuple[str, ...]:
    """The terms worth counting, in the order of the alphabet; of too many those in the most papers."""
    frequency = Counter(term for each in counted for term in each)
    most = max(LEAST_PAPERS, MOST_SHARE * len(counted))
    telling = [(-many, term) for term, many in frequency.items() if LEAST_PAPERS <= many <= most]
    return tuple(sorted(term for _, term in sorted(telling)[:MOST_TERMS]))
