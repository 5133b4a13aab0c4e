"""Papers that speak of everything at once: their words are believed less, so that stuffing them brings nothing."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from newsletter.ranking.relevance import CLEAR_MATCH, Interest, Matches

Floats = NDArray[np.float64]

USUAL_FIELDS = 3  # unlike fields that a paper may well be about: of 556 listed in three months one matched four
MOST_DOUBTFUL = 1.0  # evidence of one interest


def honesty(matches: Matches, fields: Sequence[Interest]) -> Floats:
    """How far each paper's words are believed, 0 to 1: less the more fields it clearly matches."""
    if not fields:
        return np.ones(matches.index.papers)
    about = np.sum([matches.words(field) >= CLEAR_MATCH for field in fields], axis=0)
    return np.asarray((USUAL_FIELDS / np.maximum(about, USUAL_FIELDS)) ** 2.0)


def believed(evidence: Floats, honest: Floats) -> Floats:
    """The evidence that is left of what papers' words say; of doubtful ones repetition adds none."""
    return np.asarray(np.where(honest < 1, honest * np.minimum(evidence, MOST_DOUBTFUL), evidence))
