"""From topics and opinions to arrays: what each of them adds to each paper, and which belong together."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsletter.ranking.blend import WORDS_WEIGHT, Booleans, Liking, Reader, relevance
from newsletter.ranking.nearness import Nearness
from newsletter.ranking.profile import Opinion, topics_share, weights

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Nearnesses = NDArray[np.float32]

SAME_SUBJECT = 0.1  # a liked paper as like others as this on average, of 1 to itself, is of their interest
TOPICS_TRUST = 0.3  # words were chosen to tell; a paper without any of them has to be very near
LIKES_TRUST = 1.0  # n likes of one subject are trusted as far as n / (n + 1)
NEAR_ENOUGH, NEAR_SLOPE = 1.6, 0.6  # a paper that stands out so far is half as good as one can be


def liking(
    nearness: Nearness,
    reader: Reader,
    topics: Nearnesses,
    opinions: Sequence[Opinion],
    judged: Nearnesses,
    alike: Nearnesses,
    pinned: Booleans,
    honest: Floats,
) -> Liking:
    """What nearness makes of the papers for this reader.

    `topics` has a row of `Nearness.topics` for each followed interest, zeros where it has no subject; `judged` one
    of `Nearness.papers` for each opinion, and `alike` their nearness to each other, 1 to themselves. What
    speaks for a paper counts as far as it is `honest`.
    """
    signed = weights(opinions)
    found = nearness.parts(signed, judged, reader.weights, topics, topics_share(opinions))
    near: Floats = found[:, : nearness.count].astype(np.float64) * nearness.confidence
    near = np.asarray(np.where(near.sum(axis=0) > 0, near * honest, near), dtype=np.float64)
    followed = len(reader.weights)
    parts = near.copy()
    parts[:followed] += _by_words(reader)
    groups = grouped(alike, signed)
    counts = np.bincount(groups[signed > 0], minlength=int(groups.max(initial=-1)) + 1)
    shares = np.concatenate([reader.weights, np.log2(1 + counts)])
    spoken = [_carried(nearness, reader.weights @ topics, TOPICS_TRUST if topics.any() else 0.0)]
    for group, count in enumerate(counts):
        rows = signed * (groups == group)
        spoken.append(_carried(nearness, rows @ judged, count / (count + LIKES_TRUST)))
    return Liking(
        near=near.sum(axis=0),
        carried=honest * (1.0 - np.prod(1.0 - np.array(spoken), axis=0)),
        parts=parts,
        interest=np.concatenate([np.arange(followed), followed + groups]),
        shares=shares / max(float(shares.sum()), 1e-9),
        pinned=pinned,
        openness=0.0 if followed else 1 / (1 + int((signed > 0).sum())),
    )


def _carried(nearness: Nearness, row: NDArray[Any], trust: float) -> Floats:
    """How far nearness to one interest alone carries each paper, 0 to 1, however young the archive is."""
    near = nearness.standardised(row[np.newaxis].astype(np.float32))[0, : nearness.count].astype(np.float64)
    return carrying(near, trust)


def carrying(near: Floats, trust: Floats | float) -> Floats:
    """How far a nearness in standard deviations carries a paper, 0 to `trust`."""
    return np.asarray(trust / (1 + np.exp((NEAR_ENOUGH - near) / NEAR_SLOPE)))


def _by_words(reader: Reader) -> Floats:
    """What each interest's words add: its true share of what all of them together do."""
    each = reader.weights[:, np.newaxis] * reader.evidence
    whole = each.sum(axis=0)
    return np.asarray(WORDS_WEIGHT * relevance(reader) * each / np.where(whole > 0, whole, 1.0))


def grouped(alike: Nearnesses, signed: Nearnesses) -> Integers:
    """The number of the interest that each judged paper belongs to; what was turned down is a group of its own.

    The strongest opinion founds the first group; each next one joins those that it is nearest to on average, if
    that is near enough.
    """
    found = np.full(len(signed), -1, dtype=np.int64)
    for row in np.argsort(-signed, kind="stable"):
        likeness = [_likeness(alike[row], found == group, signed) for group in range(found.max(initial=-1) + 1)]
        best = int(np.argmax(likeness)) if likeness else 0
        joins = signed[row] > 0 and likeness and likeness[best] >= SAME_SUBJECT
        found[row] = best if joins else len(likeness)
    return _one_for_dislikes(found, signed)


def _likeness(to_all: Nearnesses, members: Booleans, signed: Nearnesses) -> float:
    liked = members & (signed > 0)
    return float(to_all[liked].mean()) if liked.any() else -1.0


def _one_for_dislikes(found: Integers, signed: Nearnesses) -> Integers:
    disliked = signed <= 0
    return np.where(disliked, found[disliked].min(initial=len(found)), found)
