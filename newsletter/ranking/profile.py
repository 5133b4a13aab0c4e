"""One reader as said and judged: what they follow, and the papers they liked, turned down or named."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from newsletter.ranking.grams import Text
from subscribers.models import FollowKind

Floats = NDArray[np.float32]

FADING = 0.01  # a day: an opinion of three months ago counts four tenths of today's
DISLIKED = 0.25  # what was turned down tells less than what was liked: the paper may be good, and known
LEAST_TOPICS = 0.15  # what was said is never drowned by what was judged


@dataclass(frozen=True)
class Opinion:
    """One paper that a reader judged, or named as an example (then `thumb` is 1), `age_days` ago.

    `title` is how people read it, where that is not how it is written.
    """

    key: str
    text: Text
    thumb: int
    age_days: float = 0.0
    example: bool = False
    title: str = ""


@dataclass(frozen=True)
class Profile:
    """`follows` are (kind, value, weight), negative ones mute; `opinions` in the order of their keys."""

    follows: tuple[tuple[FollowKind, str, float], ...] = ()
    opinions: tuple[Opinion, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing says what this reader wants."""
        return not self.opinions and not any(weight > 0 for _, _, weight in self.follows)


def weights(opinions: Sequence[Opinion]) -> Floats:
    """How much each opinion counts: likes sum to 1, what was turned down to -DISLIKED; old ones count less."""
    fresh = np.array([np.exp(-FADING * max(0.0, each.age_days)) for each in opinions], dtype=np.float32)
    liked = np.array([each.thumb > 0 for each in opinions], dtype=bool)
    signed = np.where(liked, fresh, -DISLIKED * fresh)
    total = np.where(liked, (fresh * liked).sum(), (fresh * ~liked).sum())
    return np.asarray(signed / np.maximum(total, 1e-30), dtype=np.float32)


def topics_share(opinions: Sequence[Opinion]) -> float:
    """What stated topics weigh beside opinions: all of it without any, as much as one like, less with more."""
    liked = sum(each.thumb > 0 for each in opinions)
    return max(LEAST_TOPICS, 1 / max(1, liked))
