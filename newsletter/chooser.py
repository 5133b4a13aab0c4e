"""Chooses papers for one reader after another from one set of candidates, with scores and reasons."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, select

from newsletter import candidates as pool
from newsletter.candidates import Candidates
from newsletter.db import LOOKED_UP, batches
from newsletter.models import Pick
from newsletter.ranking import blend, reasons, text
from newsletter.ranking.blend import Reader
from newsletter.ranking.interests import interest
from newsletter.ranking.reasons import Reason
from newsletter.ranking.relevance import Interest, Matches
from subscribers.models import Follow, FollowKind
from subscribers.topics import Catalogue

EVIDENCE_BYTES = 256 * 2**20  # evidence of interests is kept for the next reader up to this much

Key = tuple[FollowKind, str]


@dataclass(frozen=True)
class Taste:
    """What all readers share when papers are chosen."""

    catalogue: Catalogue
    window: timedelta
    floor: float


@dataclass(frozen=True)
class Picked:
    """One paper chosen for one reader; `position` is its place among the candidates."""

    rank: int
    position: int
    key: str
    score: float
    trending: bool
    reasons: list[Reason]


class Chooser:
    """Chooses for any number of readers from one set of candidates; the texts are indexed once."""

    def __init__(self, found: Candidates, follows: Iterable[Follow], taste: Taste) -> None:
        """`follows` are those of all readers to come: their words are what the index looks for."""
        self.found, self.taste = found, taste
        self.interests = {key: interest(*key, taste.catalogue) for key in {_key(each) for each in follows}}
        terms = (term for each in self.interests.values() for term in each.terms)
        self.matches = Matches(text.index(found.texts, terms), found.facts)
        self.hottest = blend.hottest_first(found.trend)
        self._position = {key: number for number, key in enumerate(found.keys)}
        room = max(64, EVIDENCE_BYTES // (8 * max(1, len(found.papers))))
        self._evidence = lru_cache(maxsize=room)(self._evidence_of)

    def knows(self, follows: Iterable[Follow]) -> bool:
        """Whether all of this was known when the texts were indexed."""
        return all(_key(each) in self.interests for each in follows)

    def _evidence_of(self, key: Key) -> NDArray[np.float64]:
        return self.matches.evidence(self.interests[key])

    def _stack(self, keys: Sequence[Key]) -> NDArray[np.float64]:
        rows = [self._evidence(key) for key in keys]
        return np.array(rows).reshape(len(rows), len(self.found.papers))

    def reader(self, follows: Iterable[Follow]) -> tuple[Reader, list[Interest]]:
        """One reader as arrays, and the interests behind the rows of evidence, in an order of their own.

        The order must not depend on who else reads: ties in reasons are broken by it.
        """
        weights = {_key(each): each.weight for each in follows}
        followed = sorted(key for key, weight in weights.items() if weight > 0)
        muted = sorted(key for key, weight in weights.items() if weight < 0)
        reader = Reader(
            weights=np.array([weights[key] for key in followed], dtype=np.float64),
            evidence=self._stack(followed),
            muted=self._stack(muted),
        )
        return reader, [self.interests[key] for key in followed]

    def choose(self, follows: Sequence[Follow], sent: Iterable[str], size: int) -> list[Picked]:
        """This reader's papers, best first, never one that was `sent`; empty when nothing is worth it."""
        found = self.found
        reader, interests = self.reader(follows)
        seen = np.zeros(len(found.papers), dtype=np.bool_)
        seen[[self._position[key] for key in sent if key in self._position]] = True
        chosen = blend.choose(reader, found.trend, found.fresh, self.hottest, seen, size, self.taste.floor)
        return [
            Picked(
                rank=rank,
                position=choice.paper,
                key=found.papers[choice.paper].key,
                score=choice.score,
                trending=choice.trending,
                reasons=reasons.reasons(choice, reader, interests, self.matches, found.share),
            )
            for rank, choice in enumerate(chosen, 1)
        ]

    def fitting(self, follows: Sequence[Follow]) -> tuple[int, float]:
        """How many candidates pass the floor, sent or not, and the best relevance: says why a day was quiet."""
        reader, _ = self.reader(follows)
        fit = blend.fit(reader, self.found.trend)
        return int((fit >= self.taste.floor).sum()), float(fit.max(initial=0.0))


def _key(follow: Follow) -> Key:
    return follow.kind, follow.value


def chooser(session: Session, readers: Iterable[int], at: datetime, taste: Taste) -> Chooser:
    """A chooser for these readers over everything announced in the window before `at`."""
    follows: list[Follow] = []
    for some in batches(list(readers), LOOKED_UP):
        follows += session.exec(select(Follow).where(col(Follow.subscriber_id).in_(some)))
    return Chooser(pool.load(session, at, taste.window), follows, taste)


def sent_to(session: Session, subscriber_id: int) -> set[str]:
    """Every paper this reader was ever given."""
    return set(session.exec(select(Pick.paper).where(col(Pick.subscriber_id) == subscriber_id)))
