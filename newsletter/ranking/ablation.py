"""To which interests a paper owes its place: those without which it is weaker and stands no higher.

What an interest adds is no answer alone: without it all others weigh more, and some papers gain.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from newsletter.ranking.blend import DIGITS, Booleans, Liking, Reader, spoken
from newsletter.ranking.nearness import Nearness
from newsletter.ranking.profile import Opinion, topics_share, weights

Floats = NDArray[np.float64]
Nearnesses = NDArray[np.float32]


def owed(
    nearness: Nearness,
    reader: Reader,
    liking: Liking,
    topics: Nearnesses,
    opinions: Sequence[Opinion],
    judged: Nearnesses,
    honest: Floats,
) -> Booleans:
    """For each interest of `liking` and each paper (interests x papers) whether the paper owes its place to it."""
    whole = spoken(reader, liking.near)
    kept = liking.interest != np.arange(len(liking.shares))[:, np.newaxis]
    named, judging = np.split(kept, [len(reader.weights)], axis=1)
    without = _near(nearness, reader.weights * named, topics, opinions, judging, judged)
    without = np.where(without > 0, without * honest, without)
    place, found = _place(whole), np.zeros(without.shape, dtype=np.bool_)
    for interest, near in enumerate(without):
        rest = spoken(replace(reader, weights=reader.weights * named[interest]), near)
        found[interest] = (np.round(whole - rest, DIGITS) > 0) & (_place(rest) >= place)
    return found


def _near(
    nearness: Nearness,
    naming: Floats,
    topics: Nearnesses,
    opinions: Sequence[Opinion],
    judging: Booleans,
    judged: Nearnesses,
) -> Floats:
    """The nearness of each paper to what is kept, interest by interest, as `liking` has it of all."""
    left = [[each for each, keep in zip(opinions, row, strict=True) if keep] for row in judging]
    signed = np.zeros(judging.shape, dtype=np.float32)
    for row, some in enumerate(left):
        signed[row, judging[row]] = weights(some)
    subjects = csr_matrix(naming * topics.any(axis=1))  # people and keywords have none
    shares = np.array([topics_share(some) for some in left], dtype=np.float32)
    near = nearness.blended(csr_matrix(signed), judged, subjects, topics, shares)
    return np.asarray(near[:, : nearness.count].astype(np.float64) * nearness.confidence)


def _place(strength: Floats) -> Floats:
    """How many papers stand before each, of equal ones half."""
    order = np.sort(-np.round(strength, DIGITS))
    first, last = (np.searchsorted(order, -np.round(strength, DIGITS), side) for side in ("left", "right"))
    return np.asarray((first + last) / 2)
