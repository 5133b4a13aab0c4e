"""One reader's order: relevance first, then what is trending and fresh; hard rules before any score."""

from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from newsletter.ranking.relevance import CLEAR_MATCH

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

TREND_WEIGHT = 0.25
FRESH_WEIGHT = 0.10
PICKS_PER_TRENDING_SLOT = 10  # one pick in ten is the hottest paper of all, whatever its topic
LEAST_OWN_PICKS = 3  # beside fewer of the reader's own, a paper for everyone would take too much of the digest
DIGITS = 9  # scores are rounded, so that the last bit of a sum never decides between two machines


@dataclass(frozen=True)
class Reader:
    """A reader as arrays: a weight for each followed interest and its evidence (interests x papers).

    `muted` is the evidence of what is muted (mutes x papers).
    """

    weights: Floats
    evidence: Floats
    muted: Floats


@dataclass(frozen=True)
class Choice:
    """One pick: the paper's position, the score 0 to 1, and whether it holds a trending slot."""

    paper: int
    score: float
    trending: bool = False


def relevance(reader: Reader) -> Floats:
    """1 - exp(-weighted evidence) for each paper; a reader without interests finds nothing relevant."""
    return np.round(1.0 - np.exp(-(reader.weights @ reader.evidence)), DIGITS)


def allowed(reader: Reader, seen: Booleans) -> Booleans:
    """Papers that no hard rule removes: not sent before, and no muted interest clearly matches."""
    return np.asarray(~seen & ~(reader.muted >= CLEAR_MATCH).any(axis=0))


def fit(reader: Reader, trend: Floats) -> Floats:
    """What the floor is put to: relevance, or trend for a reader who follows nothing."""
    return relevance(reader) if reader.weights.size else trend


def scores(fit: Floats, trend: Floats, fresh: Floats) -> Floats:
    """The blend, 0 to 1."""
    whole = 1.0 + TREND_WEIGHT + FRESH_WEIGHT
    return np.round((fit + TREND_WEIGHT * trend + FRESH_WEIGHT * fresh) / whole, DIGITS)


def hottest_first(trend: Floats) -> Integers:
    """All papers by trend; equal ones in the order of their keys."""
    return np.argsort(-np.round(trend, DIGITS), kind="stable")


def choose(
    reader: Reader,
    trend: Floats,
    fresh: Floats,
    hottest: Integers,
    seen: Booleans,
    size: int,
    floor: float,
) -> list[Choice]:
    """The reader's picks, best first. Empty when nothing passes the floor.

    Papers stand in the order of their keys, so equal scores are ordered by key. `hottest` is what
    `hottest_first` gave. A trending slot is only given beside enough picks of the reader's own, so a quiet day
    stays quiet.
    """
    fits, open_papers = fit(reader, trend), allowed(reader, seen)
    score = scores(fits, trend, fresh)
    good = np.flatnonzero(open_papers & (fits >= floor))
    own = [int(paper) for paper in good[np.argsort(-score[good], kind="stable")][:size]]
    slots = size // PICKS_PER_TRENDING_SLOT if reader.weights.size and len(own) >= LEAST_OWN_PICKS else 0
    free = (int(paper) for paper in hottest if open_papers[paper] and int(paper) not in set(own))
    hot = list(islice(free, slots))
    kept = [Choice(paper, float(score[paper])) for paper in own[: size - len(hot)]]
    return kept + [Choice(paper, float(score[paper]), trending=True) for paper in hot]
