"""Many readers at once: the order of the papers for each of a block of readers who judged none, as `blend` has it.

What `Chooser.reader`, `liking` and `ablation` say of one reader is what is meant; here the same sums are made for
all of a block together, in the same order, so that a block of one and a block of a thousand give the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from newsletter.ranking.blend import (
    DIGITS,
    DOUBT_WEIGHT,
    FRESH_WEIGHT,
    HALFWAY,
    TREND_WEIGHT,
    WORDS_WEIGHT,
    Booleans,
    logistic,
)
from newsletter.ranking.liking import TOPICS_TRUST, carrying
from newsletter.ranking.nearness import STEADY, Nearness

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Nearnesses = NDArray[np.float32]

PLACE_BITS = 20  # of a paper's number in a sort key, above which stands its score
UNIT = 10**DIGITS


@dataclass(frozen=True)
class Stage:
    """What all readers share: the papers' trend and freshness, how honest they are, and who comes first.

    `nearness` is missing where nothing was learned. `fields` numbers each paper's field.
    """

    trend: Floats
    fresh: Floats
    honest: Floats
    hottest: Integers
    fields: Integers
    floor: float
    nearness: Nearness | None = None

    @cached_property
    def doubt(self) -> Floats:
        """What doubt takes from each paper's strength."""
        return DOUBT_WEIGHT * (1.0 - self.honest)

    @cached_property
    def doubtful(self) -> Integers:
        """The papers that are not believed in full."""
        return np.flatnonzero(self.honest < 1)

    @cached_property
    def confidence(self) -> float:
        """How far nearness is believed."""
        return self.nearness.confidence if self.nearness else 0.0


@dataclass(frozen=True)
class Followed:
    """What readers of a block follow: for each interest its evidence, and its nearness to all columns.

    The last row of both is that of nothing. `people` marks those whose papers come first.
    """

    evidence: Floats
    topics: Nearnesses
    people: Booleans


@dataclass(frozen=True)
class Wishes:
    """The readers of a block: rows of `Followed` with their weights, in the order of their keys, for each.

    `barred` (readers x papers) are those that a hard rule removes; `sizes` how many papers each wants.
    """

    rows: Sequence[Sequence[int]]
    weights: Sequence[Sequence[float]]
    barred: Booleans
    sizes: Sequence[int]


class Block:
    """The order of all papers for each reader of a block."""

    def __init__(self, stage: Stage, followed: Followed, wishes: Wishes) -> None:
        self.stage, self.followed, self.wishes = stage, followed, wishes
        self.readers, self.papers = wishes.barred.shape
        self.count = np.array([len(each) for each in wishes.rows], dtype=np.int64)
        self.width = max(1, int(self.count.max(initial=0)))
        self.row, self.weight = self._padded()
        self.wants = self.count > 0
        self.relevance = self.relevant(self.row, self.weight)
        self.learned = stage.nearness is not None
        self.near = self._near() if self.learned else 0.0
        self.strength = np.asarray(WORDS_WEIGHT * self.relevance + self.near - stage.doubt)

    def _padded(self) -> tuple[Integers, Floats]:
        """Each reader's rows and weights in as many columns as the longest needs; beyond stands nothing."""
        nothing = len(self.followed.evidence) - 1
        shape = (self.readers, self.width)
        row, weight = np.full(shape, nothing, dtype=np.int64), np.zeros(shape)
        filled = np.arange(self.width) < self.count[:, np.newaxis]
        row[filled] = [each for one in self.wishes.rows for each in one]
        weight[filled] = [each for one in self.wishes.weights for each in one]
        return row, weight

    def relevant(self, row: Integers, weight: Floats) -> Floats:
        """As `blend.relevance`, of each line of weights."""
        found = mixed(row, weight, self.followed.evidence)
        np.negative(found, out=found)
        np.exp(found, out=found)
        np.subtract(1.0, found, out=found)
        return np.round(found, DIGITS, out=found)

    # What is near, as `liking.liking` and `Nearness.parts` have it for a reader without opinions.

    @cached_property
    def _pairs(self) -> tuple[Integers, Nearnesses]:
        """The number of each (interest, weight) that occurs, for each reader's columns; and their rows."""
        code = self.row * (1 << 32)
        weights, number = np.unique(self.weight, return_inverse=True)
        codes, pair = np.unique(code + number.reshape(code.shape), return_inverse=True)
        rows, of = np.divmod(codes, 1 << 32)
        scaled = weights[of].astype(np.float32)[:, np.newaxis] * self.followed.topics[rows]
        return pair.reshape(code.shape), scaled

    @cached_property
    def _centred(self) -> Nearnesses:
        scaled = self._pairs[1]
        return np.asarray(scaled - scaled[:, self.papers :].mean(axis=1, keepdims=True))

    @cached_property
    def _steady(self) -> Nearnesses:
        """The spread of each reader's nearness over the archive's sample; infinite where there is none."""
        pair, scaled = self._pairs
        sample = np.ascontiguousarray(scaled[:, self.papers :])
        total = sample[pair[:, 0]]
        for column in range(1, self.width):
            total += sample[pair[:, column]]
        spread = total.std(axis=1, keepdims=True)
        return np.where(spread > STEADY, spread, np.float32(np.inf))

    def _near(self) -> Floats:
        found = np.zeros((self.readers, self.papers))
        for column in range(self.width):
            found += self._adds(column)
        self.speaks = found > 0
        self._discounted(found)
        return found

    def _discounted(self, found: Floats) -> None:
        """What speaks for a paper counts as far as it is honest."""
        papers = self.stage.doubtful
        if papers.size:
            less = np.zeros((self.readers, papers.size))
            for column in range(self.width):
                less += self._adds(column, papers) * self.stage.honest[papers]
            found[:, papers] = np.where(self.speaks[:, papers], less, found[:, papers])

    def _adds(self, column: int, papers: Integers | slice | None = None) -> Floats:
        """What one of each reader's interests adds to the nearness of all or some papers."""
        centred = self._centred[:, : self.papers] if papers is None else self._centred[:, papers]
        added: Nearnesses = centred[self._pairs[0][:, column]]
        added /= self._steady
        return np.asarray(added.astype(np.float64) * self.stage.confidence)

    def _carried(self) -> Floats:
        """As `Liking.carried`: how far nearness alone carries each paper."""
        summed = mixed(self.row, self.weight, self.followed.topics).astype(np.float32)
        near = self.standing_out(summed)
        # One interest alone here, where `liking` multiplies those of many.
        spoken = carrying(near, self._trust[:, np.newaxis])
        return np.asarray(self.stage.honest * (1.0 - (1.0 - spoken)))

    def standing_out(self, mixed: Nearnesses) -> Floats:
        """As `Nearness.standardised`, of the candidates alone."""
        sample, near = mixed[:, self.papers :], mixed[:, : self.papers]
        spread = sample.std(axis=1, keepdims=True)
        near -= sample.mean(axis=1, keepdims=True)
        near /= np.where(spread > STEADY, spread, np.float32(np.inf))
        return near.astype(np.float64)

    @cached_property
    def _subjects(self) -> Booleans:
        """Which of the interests have a subject of their own: people and keywords have none."""
        return np.asarray(self.followed.topics.any(axis=1))

    @cached_property
    def _trust(self) -> Floats:
        return np.where(self._subjects[self.row].any(axis=1), TOPICS_TRUST, 0.0)

    # The order, as `blend.choose` has it.

    @cached_property
    def fits(self) -> Floats:
        """As `blend.fit`."""
        openness = np.where(self.wants, 0.0, 1.0)[:, np.newaxis]
        against = 1.0 - self.relevance
        if self.learned:
            against *= 1.0 - self._carried() * self.wants[:, np.newaxis]
        against *= 1.0 - openness * self.stage.trend
        return np.round(1.0 - against, DIGITS)

    @cached_property
    def scores(self) -> Floats:
        """As `blend.scores`."""
        openness = np.where(self.wants, 0.0, 1.0)[:, np.newaxis]
        stage = self.stage
        own = self.strength + HALFWAY * openness * stage.trend
        own += TREND_WEIGHT * stage.trend
        own += FRESH_WEIGHT * stage.fresh
        own -= HALFWAY
        return np.round(logistic(own), DIGITS)

    @cached_property
    def keys(self) -> Integers:
        """For each paper worth sending a number that is larger for a better one, and -1 for others.

        Scores are rounded, so they are whole numbers of the last digit; of equal ones the first paper is better.
        """
        whole = np.rint(self.scores * UNIT).astype(np.int64)
        whole <<= PLACE_BITS
        whole += np.arange(self.papers - 1, -1, -1)
        return np.where(self.wishes.barred | (self.fits < self.stage.floor), np.int64(-1), whole)

    @cached_property
    def order(self) -> tuple[Integers, Integers]:
        """Each reader's papers, best first, and how many of them are worth sending; beyond these stands any."""
        order = np.sort(self.keys, axis=1)[:, ::-1]
        papers = self.papers - 1 - (order & ((1 << PLACE_BITS) - 1))
        return np.maximum(papers, 0), np.asarray((order >= 0).sum(axis=1))

    def main_interest(self, reader: Integers, paper: Integers) -> Integers:
        """As `blend.main_interest`, of these (reader, paper) pairs."""
        parts = np.round(self.parts(reader, paper), DIGITS)
        parts[np.arange(self.width) >= self.count[reader][:, np.newaxis]] = -np.inf
        return np.asarray(parts.argmax(axis=1))

    def parts(self, reader: Integers, paper: Integers) -> Floats:
        """What each of the reader's interests adds to the paper (pairs x columns), as `Liking.parts`."""
        each = self.weight[reader] * at(self.followed.evidence, self.row[reader], paper[:, np.newaxis])
        if not self.learned:
            return np.asarray(each)
        whole = np.zeros(len(each))
        for column in range(self.width):
            whole += each[:, column]
        each *= (WORDS_WEIGHT * self.relevance[reader, paper])[:, np.newaxis]
        each /= np.where(whole > 0, whole, 1.0)[:, np.newaxis]
        near = at(self._centred, self._pairs[0][reader], paper[:, np.newaxis]) / self._steady[reader]
        added = near.astype(np.float64) * self.stage.confidence
        honest = np.where(self.speaks[reader, paper], self.stage.honest[paper], 1.0)
        return np.asarray(added * honest[:, np.newaxis] + each)


def mixed(row: Integers, weight: Floats, table: NDArray[np.float64] | Nearnesses) -> Floats:
    """The weighted sums of the table's rows, line by line, each added up in the order of its columns."""
    lines, width = row.shape
    starts = np.arange(lines + 1) * width
    matrix = csr_matrix((weight.ravel(), row.ravel(), starts), shape=(lines, len(table)))
    return np.asarray(matrix @ table, dtype=np.float64)


def at(table: NDArray[np.float64] | Nearnesses, rows: Integers, column: Integers) -> NDArray[Any]:
    """Some elements of a table."""
    return np.asarray(table.ravel().take(rows * table.shape[1] + column))
