"""What a handful of papers is about: topics that their own words speak for, else words that they share.

Rarity is left aside here: among seven papers on one thing its word stands in all of them, and says most.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from newsletter.ranking import text
from newsletter.ranking.interests import COMMON
from newsletter.ranking.relevance import CLEAR_MATCH, Facts, Interest, Matches
from newsletter.ranking.text import ACRONYM, STOP_WORDS, Term, stem, words

Text = tuple[str, str]
Floats = NDArray[np.float64]

# A paper goes with a topic that speaks for it about as much as its best one does. A parent topic, whose
# subtopics' words count for less, does not come near the subtopic that they are from.
NEAR_BEST = 0.75
SHORTEST_WORD = 4  # letters of a word that may stand for a subject alone
PAIR_WEIGHT = 1.5  # "dark matter" says more than "matter"
MENTIONS = 2  # a text says it that often, where the title does not
# Words of titles that tell what kind of paper it is, not what about.
KINDS = frozenset(
    stem(word)
    for word in words(
        "accurate adaptive advanced agnostic algorithm analysis application automatic aware based benchmark "
        "better case comparison comprehensive design diverse driven dynamic early effective efficient end "
        "enhanced enhancing evaluating evaluation exploring fast framework free general guided high hour "
        "improved improving joint large level leveraging long low multi novel open performance problem real "
        "report rethinking review revisiting robust scalable scale self short simple small strong structure "
        "survey technical time training understanding unified universal world"
    )
)
UNTELLING = COMMON | KINDS | STOP_WORDS


def evidence(texts: Sequence[Text], interests: Sequence[Interest]) -> Floats:
    """How much of each interest is in each text, by words alone (interests x texts), whatever else there is."""
    found = text.index(texts, (term for each in interests for term in each.terms))
    matches = Matches(replace(found, rarity=np.ones(len(found.terms))), [Facts()] * len(texts))
    return np.array([matches.evidence(each) for each in interests]).reshape(len(interests), len(texts))


def clear(evidence: Floats) -> NDArray[np.bool_]:
    """Which interests a text is clearly about."""
    return np.asarray(evidence >= CLEAR_MATCH)


def main(evidence: Floats) -> set[int]:
    """The interests that are, for some text, what it is most about."""
    about = clear(evidence).any(axis=0)
    return {int(row) for row in evidence[:, about].argmax(axis=0)} if about.any() else set()


def covered(evidence: Floats, telling: Floats) -> Iterator[tuple[int, list[int]]]:
    """Few interests that account for many texts: (interest, texts), the largest group first, no text twice.

    `telling` is how much each interest says about a text that it fits, 0 to 1: a broad one says little.
    """
    worth = evidence * telling[:, None]
    speaks = clear(evidence) & (worth >= NEAR_BEST * worth.max(axis=0, initial=0.0))
    while speaks.any():
        weight = np.round(np.where(speaks, worth, 0.0).sum(axis=1), 9)  # the last bit must decide nothing
        interest = int(np.argmax(weight))
        texts = np.flatnonzero(speaks[interest])
        yield interest, [int(each) for each in texts]
        speaks[:, texts] = False


def shared(texts: Sequence[Text]) -> Iterator[tuple[str, list[int]]]:
    """Telling words of titles that at least two texts share: (words, texts), the largest group first."""
    said = [_said(each) for each in texts]
    shown = {term: written for title, _ in texts for term, written in reversed(_telling(title))}
    left = set(range(len(texts)))
    while True:
        counts = Counter(term for number in sorted(left) for term in said[number] if term in shown)
        scored = [(-count * _weight(term), term) for term, count in counts.items() if count > 1]
        if not scored:
            return
        _, term = min(scored)
        found = sorted(number for number in left if term in said[number])
        yield shown[term], found
        left -= set(found)


def _said(each: Text) -> frozenset[Term]:
    title, body = each
    often = Counter(term for term, _ in _telling(body))
    return frozenset(term for term, _ in _telling(title)) | {
        term for term, count in often.items() if count >= MENTIONS
    }


def _telling(content: str) -> list[tuple[Term, str]]:
    """Words and pairs of words that may name a subject, each with the way it is written."""
    found = words(content)
    single: list[tuple[Term, str]] = [((stem(word),), _written(word)) for word in found if _names(word)]
    pairs: list[tuple[Term, str]] = [
        ((stem(first), stem(second)), f"{_written(first)} {_written(second)}")
        for first, second in pairwise(found)
        if _names(first) and _names(second)
    ]
    return single + pairs


def _names(word: str) -> bool:
    plain = stem(word)
    if plain in UNTELLING or word.isdigit():
        return False
    return len(plain) >= SHORTEST_WORD or bool(ACRONYM.match(word))


def _written(word: str) -> str:
    return word if ACRONYM.match(word) else word.lower()


def _weight(term: Term) -> float:
    return PAIR_WEIGHT if len(term) > 1 else 1.0
