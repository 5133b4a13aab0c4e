"""Draws the picks of a block of readers as `blend` does: the best for each, shared out, and what is trending."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from newsletter.ranking.blend import LEAST_OWN_PICKS, PICKS_PER_TRENDING_SLOT, SLACK, Lineup, drawn
from newsletter.ranking.block import Block

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

AT_HAND = 40  # papers of each reader that are shared out at first; who needs more is looked at again
SEVERAL = 2  # interests, or there is nothing to share out
FEW = 8  # numbers that NumPy adds up one after the other


class Drawn(NamedTuple):
    """The picks of all readers, those of one together and the best first."""

    reader: Integers
    paper: Integers
    trending: Booleans


def draw(block: Block) -> Drawn:
    """Each reader's picks."""
    if not block.papers:
        return _joined([])
    plain = block.wants & ~_follows_people(block)
    left, found = np.flatnonzero(plain), []
    for at_hand in (max(AT_HAND, 2 * max(block.wishes.sizes)), block.papers):
        some = _Some(block, left, min(at_hand, block.papers))
        settled = some.settled()
        found.append(some.drawn(settled))
        left = left[~settled]
    alone = np.concatenate([left, np.flatnonzero(~plain)]).tolist()
    return _joined([*found, *(_alone(block, number) for number in alone)])


def _joined(parts: Sequence[Drawn]) -> Drawn:
    nothing = Drawn(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.bool_))
    whole = [np.concatenate(each) for each in zip(nothing, *parts, strict=True)]
    order = np.argsort(whole[0] * 2 + whole[2], kind="stable")  # a reader's own picks come before what is trending
    return Drawn(*(each[order] for each in whole))


class _Some:
    """Some readers of a block, whose picks are found among the first papers of each."""

    def __init__(self, block: Block, readers: Integers, at_hand: int) -> None:
        self.block, self.readers = block, readers
        papers, good = block.order
        self.first, self.good, self.count = papers[readers, :at_hand], good[readers], block.count[readers]
        self.size = np.array(block.wishes.sizes, dtype=np.int64)[readers]
        there = np.arange(at_hand) < self.good[:, np.newaxis]
        self.group, self.shares = self._groups(there), self._shares()
        own, first_sure = self._own(there, self.size)
        self.hot = self._hottest(own)
        without = there & ~np.take_along_axis(self.hot, self.first, axis=1)
        self.own, sure = self._own(without, self.size - self.hot.sum(axis=1))
        self.sure = first_sure & sure

    def settled(self) -> Booleans:
        """Whose picks these are for certain, whatever papers come after the first ones."""
        return self.sure

    def drawn(self, settled: Booleans) -> Drawn:
        """The picks of those who are settled."""
        hottest = self.block.stage.hottest
        reader, place = np.nonzero(self.own & settled[:, np.newaxis])
        slot_of, slot = np.nonzero((self.hot & settled[:, np.newaxis])[:, hottest])
        return Drawn(
            self.readers[np.concatenate([reader, slot_of])],
            np.concatenate([self.first[reader, place], hottest[slot]]),
            np.repeat([False, True], [len(reader), len(slot)]),
        )

    def _own(self, there: Booleans, size: Integers) -> tuple[Booleans, Booleans]:
        room, told = self._room(there, size)
        own, enough = share_out(there, self.group, room, size)
        return own, told & (enough | (self.good <= there.shape[1]))

    def _groups(self, there: Booleans) -> Integers:
        group = np.zeros(self.first.shape, dtype=np.int64)
        if self.block.learned and self.block.width >= SEVERAL:
            reader, place = np.nonzero(there & (self.count >= SEVERAL)[:, np.newaxis])
            group[reader, place] = self.block.main_interest(self.readers[reader], self.first[reader, place])
        return group

    def _shares(self) -> Floats:
        """The part that each interest may take; all for the one of a reader whose papers are not shared out."""
        shares = np.ones((len(self.readers), self.block.width))
        if self.block.learned:
            for place in np.flatnonzero(self.count >= SEVERAL).tolist():
                number = self.readers[place]
                shares[place] = self.block.weight[number] / total(self.block.wishes.weights[number])
        return shares

    def _room(self, there: Booleans, size: Integers) -> tuple[Integers, Booleans]:
        """How many papers of each interest there may be, as `Lineup` has it; for whom these tell that."""
        several = (self.count >= SEVERAL) & self.block.learned  # else there is nobody to leave room for
        fair = np.asarray(np.ceil(size[:, np.newaxis] * self.shares * SLACK), dtype=np.int64)
        left = np.maximum(1, size - self.count + 1)  # one for each other interest that has papers, at most so many
        of_group = np.arange(self.block.width)[:, np.newaxis, np.newaxis]
        served = ((self.group == of_group) & there).any(axis=2).sum(axis=0)
        told = (served == self.count) | (fair.max(axis=1) <= left) | ~several
        least = np.where(several, left, self.block.papers)[:, np.newaxis]
        return np.where(several[:, np.newaxis], np.minimum(fair, least), least), told

    def _hottest(self, own: Booleans) -> Booleans:
        """The papers (readers x papers) that take a trending slot: the hottest beside the reader's own."""
        free, hottest = ~self.block.wishes.barred[self.readers], self.block.stage.hottest
        reader, place = np.nonzero(own)
        free[reader, self.first[reader, place]] = False
        slots = np.where(own.sum(axis=1) >= LEAST_OWN_PICKS, self.size // PICKS_PER_TRENDING_SLOT, 0)
        in_order = free[:, hottest]
        in_order &= np.cumsum(in_order, axis=1, dtype=np.int32) <= slots[:, np.newaxis]
        found = np.zeros_like(free)
        found[:, hottest] = in_order
        return found


def total(weights: Sequence[float]) -> float:
    """The sum as `Liking.shares` are made with, to the last bit."""
    return max(float(sum(weights) if len(weights) < FEW else np.sum(weights)), 1e-9)


def share_out(there: Booleans, group: Integers, room: Integers, size: Integers) -> tuple[Booleans, Booleans]:
    """As `Lineup` spreads papers, line by line: which of those that are `there`, best first, are picked.

    And in which lines that is certain, whatever papers come after these.
    """
    fits = np.zeros_like(there)
    for number in range(room.shape[1]):
        mine = there & (group == number)
        fits |= mine & (np.cumsum(mine, axis=1, dtype=np.int32) <= room[:, number, np.newaxis])
    taken = fits & (np.cumsum(fits, axis=1, dtype=np.int32) <= size[:, np.newaxis])
    missing = size - taken.sum(axis=1)
    over = there & ~fits
    taken |= over & (np.cumsum(over, axis=1, dtype=np.int32) <= missing[:, np.newaxis])
    return taken, np.asarray(missing == 0)


def _follows_people(block: Block) -> Booleans:
    """Whose papers are not only shared out: those of people come first, where anything was learned."""
    return np.asarray(block.followed.people[block.row].any(axis=1) & block.learned)


def _alone(block: Block, number: int) -> Drawn:
    papers, good = block.order
    ranked = papers[number, : good[number]].tolist()
    lineup, stage = _lineup(block, number, ranked), block.stage
    score, barred = block.scores[number], block.wishes.barred[number]
    wants = bool(block.wants[number])
    found = drawn(lineup, score, stage.hottest, barred, block.wishes.sizes[number], wants=wants)
    paper = np.array([each.paper for each in found], dtype=np.int64)
    return Drawn(np.full(len(found), number), paper, np.array([each.trending for each in found], dtype=np.bool_))


def _lineup(block: Block, number: int, ranked: list[int]) -> Lineup:
    weights = block.wishes.weights[number]
    if not weights:
        fields = block.stage.fields
        return Lineup(ranked, fields.tolist(), [1 / 3] * (int(fields.max(initial=0)) + 1))
    if not block.learned:
        return Lineup(ranked)
    paper = np.array(ranked, dtype=np.int64)
    main = block.main_interest(np.full(len(ranked), number), paper).tolist()
    shares = [each / total(weights) for each in weights]
    people = [row for row in block.wishes.rows[number] if block.followed.people[row]]
    pinned = np.asarray((block.followed.evidence[people] > 0).any(axis=0)) if people else None
    return Lineup(ranked, dict(zip(ranked, main, strict=True)), shares, pinned)
