"""One reader's order: relevance first, then what is trending and fresh; hard rules before any score."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from newsletter.ranking.relevance import CLEAR_MATCH

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

TREND_WEIGHT = 0.25
FRESH_WEIGHT = 0.10
PICKS_PER_TRENDING_SLOT = 10  # one pick in ten is the hottest paper of all, whatever its topic
LEAST_OWN_PICKS = 3  # beside fewer of the reader's own, a paper for everyone would take too much of the digest


@dataclass(frozen=True)
class Reader:
    """A reader as the arrays see them: rows of the evidence array with weights, and rows that are muted."""

    rows: tuple[int, ...] = ()
    weights: tuple[float, ...] = ()
    muted: tuple[int, ...] = ()


@dataclass(frozen=True)
class Choice:
    """One pick: the paper's position, the score 0 to 1, and whether it holds a trending slot."""

    paper: int
    score: float
    trending: bool = False


def relevance(reader: Reader, evidence: Floats) -> Floats:
    """1 - exp(-weighted evidence) for each paper; a reader without interests finds nothing relevant."""
    if not reader.rows:
        return np.zeros(evidence.shape[1])
    total = np.asarray(reader.weights) @ evidence[list(reader.rows)]
    return np.asarray(1.0 - np.exp(-total))


def allowed(reader: Reader, evidence: Floats, seen: Booleans) -> Booleans:
    """Papers that no hard rule removes: not sent before, and no muted interest clearly matches."""
    if not reader.muted:
        return ~seen
    return np.asarray(~seen & ~(evidence[list(reader.muted)] >= CLEAR_MATCH).any(axis=0))


def scores(fit: Floats, trend: Floats, fresh: Floats) -> Floats:
    """The blend, 0 to 1."""
    whole = 1.0 + TREND_WEIGHT + FRESH_WEIGHT
    return np.asarray((fit + TREND_WEIGHT * trend + FRESH_WEIGHT * fresh) / whole)


def choose(
    reader: Reader,
    evidence: Floats,
    trend: Floats,
    fresh: Floats,
    seen: Booleans,
    keys: Sequence[str],
    size: int,
    floor: float,
) -> list[Choice]:
    """The reader's picks, best first; equal scores are ordered by key. Empty when nothing passes the floor.

    The floor is on relevance; for a reader who follows nothing it is on trend. A trending slot is only
    given beside enough picks of the reader's own, so a quiet day stays quiet.
    """
    fit = relevance(reader, evidence) if reader.rows else trend
    open_papers = allowed(reader, evidence, seen)
    score = np.round(scores(fit, trend, fresh), 9)
    order = np.lexsort((np.asarray(keys), -score))
    own = [int(number) for number in order if open_papers[number] and fit[number] >= floor][:size]
    slots = size // PICKS_PER_TRENDING_SLOT if reader.rows and len(own) >= LEAST_OWN_PICKS else 0
    hot = _hottest(trend, open_papers, keys, set(own), slots)
    kept = own[: size - len(hot)]
    return [Choice(number, float(score[number])) for number in kept] + [
        Choice(number, float(score[number]), trending=True) for number in hot
    ]


def _hottest(trend: Floats, open_papers: Booleans, keys: Sequence[str], taken: set[int], slots: int) -> list[int]:
    order = np.lexsort((np.asarray(keys), -np.round(trend, 9)))
    return [int(number) for number in order if open_papers[number] and int(number) not in taken][:slots]
