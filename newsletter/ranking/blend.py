"""One reader's order: relevance first, then what is trending and fresh; hard rules before any score."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import ceil

import numpy as np
from numpy.typing import NDArray

from newsletter.ranking.relevance import CLEAR_MATCH

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

# What each part adds to a paper's strength. Nearness is in standard deviations; the rest goes from 0 to 1.
WORDS_WEIGHT = 2.0
TREND_WEIGHT = 1.0
FRESH_WEIGHT = 0.3
DOUBT_WEIGHT = 2.5  # a paper that claims everything stands behind those that only have other subjects
HALFWAY = 2.0  # the strength that is a score of a half
PICKS_PER_TRENDING_SLOT = 10  # one pick in ten is the hottest paper of all, whatever its topic
LEAST_OWN_PICKS = 3  # beside fewer of the reader's own, a paper for everyone would take too much of the digest
SLACK = 1.2  # an interest may take a fifth more than its share while others have papers too
MOST_PINNED = 0.5  # of a digest: people who are followed do not crowd out what is
DIGITS = 9  # scores are rounded, so that the last bit of a sum never decides between two machines


@dataclass(frozen=True)
class Liking:
    """What a reader's opinions and topics make of the papers beside their words.

    `near` is each paper's nearness in standard deviations; `carried` (0 to 1) is how far nearness to any one
    interest alone carries it. `parts` (rows x papers) is what each followed interest, in the order of the reader's
    weights, and then each opinion adds to the strength; `interest` numbers the interest that each row belongs to,
    and `shares` is the part of a digest that each of these may fairly take. `pinned` papers come first. `owed`
    (interests x papers) says to which interests a paper owes its place, where that was looked at; `openness` is
    the reader's.
    """

    near: Floats
    carried: Floats
    parts: Floats
    interest: Integers
    shares: Floats
    pinned: Booleans
    owed: Booleans | None = None
    openness: float = 0.0


@dataclass(frozen=True)
class Reader:
    """A reader as arrays: a weight for each followed interest and its evidence (interests x papers).

    `muted` is the evidence of what is muted (mutes x papers); `liking` is missing where nothing was learned;
    `doubt` (0 to 1) is how little each paper's words are believed.
    """

    weights: Floats
    evidence: Floats
    muted: Floats
    liking: Liking | None = None
    doubt: Floats | float = 0.0

    @property
    def openness(self) -> float:
        """How far what is trending will do, 0 to 1: all the way for who said nothing, less with each like."""
        if self.weights.size:
            return 0.0
        return 1.0 if self.liking is None else self.liking.openness

    @property
    def wants(self) -> bool:
        """Whether anything says what this reader wants."""
        return self.openness < 1


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
    """What the floor is put to, 0 to 1: words, nearness, or trend as far as the reader is open speak for it."""
    carried = 0.0 if reader.liking is None or not reader.wants else reader.liking.carried
    against = (1.0 - relevance(reader)) * (1.0 - carried) * (1.0 - reader.openness * trend)
    return np.asarray(np.round(1.0 - against, DIGITS))


def strength(reader: Reader) -> Floats:
    """How strongly the reader's own wishes speak for each paper; the order without trend."""
    return spoken(reader, 0.0 if reader.liking is None else reader.liking.near)


def spoken(reader: Reader, near: Floats | float) -> Floats:
    """The strength that words and this nearness give."""
    return np.asarray(WORDS_WEIGHT * relevance(reader) + near - DOUBT_WEIGHT * reader.doubt)


def scores(reader: Reader, trend: Floats, fresh: Floats) -> Floats:
    """The blend, 0 to 1: a half where strength, trend and freshness together are HALFWAY."""
    own = strength(reader) + HALFWAY * reader.openness * trend
    return np.round(logistic(own + TREND_WEIGHT * trend + FRESH_WEIGHT * fresh - HALFWAY), DIGITS)


def logistic(values: Floats) -> Floats:
    """1 / (1 + exp(-value))."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -30.0, 30.0))))


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
    field: Integers | None = None,
) -> list[Choice]:
    """The reader's picks, best first. Empty when nothing passes the floor.

    Papers stand in the order of their keys, so equal scores are ordered by key. `hottest` is what
    `hottest_first` gave, `field` numbers each paper's field for a reader who follows nothing. A trending slot is
    only given beside enough picks of the reader's own, so a quiet day stays quiet.
    """
    fits, open_papers, score = fit(reader, trend), allowed(reader, seen), scores(reader, trend, fresh)
    good = np.flatnonzero(open_papers & (fits >= floor))
    ranked = [int(paper) for paper in good[np.argsort(-score[good], kind="stable")]]
    return drawn(_lineup(reader, ranked, field), score, hottest, ~open_papers, size, wants=reader.wants)


def _lineup(reader: Reader, ranked: Sequence[int], field: Integers | None) -> "Lineup":
    liking = reader.liking
    if liking is not None and reader.wants:
        return Lineup(ranked, main_interest(liking).tolist(), liking.shares.tolist(), liking.pinned)
    if reader.wants or field is None:
        return Lineup(ranked)
    return Lineup(ranked, field.tolist(), [1 / 3] * (int(field.max(initial=0)) + 1))


@dataclass(frozen=True)
class Lineup:
    """The papers worth sending to one reader, best first, and how a digest is to be shared out among them.

    `group` says which interest or field each paper belongs to, and `shares` what part each of these may take;
    `pinned` papers come first.
    """

    ranked: Iterable[int]
    group: Sequence[int] | Mapping[int, int] | None = None
    shares: Sequence[float] = ()
    pinned: Booleans | None = None

    def own(self, size: int, without: Collection[int] = ()) -> list[int]:
        """The best for this reader: who is followed first, and no interest at the cost of all others."""
        ranked = _Rest(self.ranked, without) if without else self.ranked
        if self.pinned is None:
            return self._spread(ranked, size)
        first = (paper for paper in ranked if self.pinned[paper])
        pinned = list(islice(first, ceil(size * MOST_PINNED)))
        return pinned + self._spread(_Rest(ranked, set(pinned)), size - len(pinned))

    def _spread(self, ranked: Iterable[int], size: int) -> list[int]:
        """The first of `ranked`, of no group more than its share while others have some, one of each at least."""
        group = self.group
        if group is None or len(self.shares) < 2:  # noqa: PLR2004 - one group has nobody to leave room for
            return list(islice(ranked, size))
        room = self._room(ranked, size, group)
        place: dict[int, int] = {}
        taken: list[int] = []
        over: list[int] = []
        for paper in ranked:
            if len(taken) >= size:
                break
            place[paper] = len(place)
            fits = room[group[paper]] > 0
            room[group[paper]] -= fits
            (taken if fits else over).append(paper)
        return sorted(taken + over[: size - len(taken)], key=place.__getitem__)

    def _room(self, ranked: Iterable[int], size: int, group: Sequence[int] | Mapping[int, int]) -> list[int]:
        """How many papers of each group there may be: one for each of the others is left at least."""
        fair = [ceil(size * share * SLACK) for share in self.shares]
        served = sum(share > 0 for share in self.shares)
        if max(fair) <= max(1, size - served + 1):  # so many or fewer have papers: it makes no difference
            return fair
        others = len({found for paper in ranked if self.shares[found := group[paper]] > 0}) - 1
        return [min(each, max(1, size - others)) for each in fair]


@dataclass(frozen=True)
class _Rest:
    """What is left of a line-up without some papers; nobody looks further down than they have to."""

    ranked: Iterable[int]
    without: Collection[int]

    def __iter__(self) -> Iterator[int]:
        return (paper for paper in self.ranked if paper not in self.without)


def drawn(
    lineup: Lineup, score: Floats, hottest: Integers, barred: Booleans, size: int, *, wants: bool
) -> list[Choice]:
    """The reader's picks out of the line-up, and beside enough of them the hottest that are not `barred`."""
    own = lineup.own(size)
    slots = size // PICKS_PER_TRENDING_SLOT if wants and len(own) >= LEAST_OWN_PICKS else 0
    free = (paper for paper in map(int, hottest) if not barred[paper] and paper not in own)
    hot = list(islice(free, slots))
    if hot:  # shared out anew: cutting from the end would take it from the smallest interest
        own = lineup.own(size - len(hot), set(hot))
    kept = [Choice(paper, float(score[paper])) for paper in own]
    return kept + [Choice(paper, float(score[paper]), trending=True) for paper in hot]


def main_interest(liking: Liking) -> Integers:
    """The number of the interest that adds most to each paper."""
    if not len(liking.parts):
        return np.zeros(len(liking.near), dtype=np.int64)
    summed = np.zeros((len(liking.shares), liking.parts.shape[1]))
    np.add.at(summed, liking.interest, liking.parts)
    return np.asarray(np.round(summed, DIGITS).argmax(axis=0))
