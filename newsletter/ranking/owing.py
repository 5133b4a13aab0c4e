"""To which interests the picks of a block of readers owe their place, as `ablation` has it of one reader."""

import numpy as np
from numpy.typing import NDArray

from newsletter.ranking.blend import DIGITS, WORDS_WEIGHT, Booleans
from newsletter.ranking.block import UNIT, Block, at, mixed

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

RIVALS = 48  # best papers of a reader, among which most others' places are decided
AT_ONCE = 256  # lines that are compared together: they stay in the processor's cache
ROW_BITS = 42  # of a strength in units of its last digit, beside the number of its row


def owed(block: Block, reader: Integers, column: Integers, paper: Integers) -> Booleans:
    """Whether each reader's paper is weaker and stands no higher without one of their interests."""
    lines, line = np.unique(reader * block.width + column, return_inverse=True)
    rest = _without(block, *np.divmod(lines, block.width))
    whole = block.strength[reader, paper]
    weaker = np.round(whole - rest[line, paper], DIGITS) > 0
    np.round(rest, DIGITS, out=rest)
    return np.asarray(weaker & _no_higher(block, rest, line, reader, paper))


def _no_higher(block: Block, rest: Floats, line: Integers, reader: Integers, paper: Integers) -> Booleans:
    """Whether papers stand no higher in these lines of strengths than they do: of equal ones half stand before."""
    before = _places(block, reader, paper)
    found = _surely(block, rest, line, reader, paper) >= before
    doubt = np.flatnonzero(~found)
    found[doubt] = _place(rest, line[doubt], paper[doubt]) >= before[doubt]
    return np.asarray(found)


def _places(block: Block, reader: Integers, paper: Integers) -> Integers:
    """Twice the place of each paper in its reader's order of strength.

    One sorted row after the other is one sorted row, as long as each begins above the one before.
    """
    whole = np.rint(block.strength * UNIT).astype(np.int64)
    whole += np.arange(block.readers)[:, np.newaxis] << ROW_BITS
    own = whole[reader, paper]
    whole.sort(axis=1)
    upto, below = (np.searchsorted(whole.ravel(), own, side) for side in ("right", "left"))
    return np.asarray(2 * block.papers * (reader + 1) - upto - below)


def _surely(block: Block, rest: Floats, line: Integers, reader: Integers, paper: Integers) -> Integers:
    """Twice the place that papers have at least, counted among each reader's best: they decide it mostly."""
    best, good = block.order
    of_line = np.zeros(len(rest), dtype=np.int64)
    of_line[line] = reader
    among = at(rest, np.arange(len(rest))[:, np.newaxis], best[of_line, :RIVALS])
    among[np.arange(among.shape[1]) >= good[of_line, np.newaxis]] = -np.inf
    stronger = among[line] > rest[line, paper][:, np.newaxis]
    return np.asarray(2 * np.count_nonzero(stronger, axis=1) + 1)


def _without(block: Block, reader: Integers, column: Integers) -> Floats:
    """Each of these readers' strength of all papers without one of their interests."""
    row, weight = block.row[reader], block.weight[reader].copy()
    weight[np.arange(len(reader)), column] = 0.0
    strength = block.relevant(row, weight)
    strength *= WORDS_WEIGHT
    summed = mixed(row, weight, block.followed.topics).astype(np.float32)
    near = block.standing_out(summed)
    near *= block.stage.confidence
    papers = block.stage.doubtful
    if papers.size:
        some = near[:, papers]
        near[:, papers] = np.where(some > 0, some * block.stage.honest[papers], some)
    strength += near
    strength -= block.stage.doubt
    return strength


def _place(strength: Floats, line: Integers, paper: Integers) -> Integers:
    """Twice the place of each paper in its line."""
    own = strength[line, paper]
    found = np.empty(len(line), dtype=np.int64)
    for start in range(0, len(line), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        others, mine = strength[line[some]], own[some, np.newaxis]
        found[some] = np.count_nonzero(others > mine, axis=1) + np.count_nonzero(others >= mine, axis=1)
    return found
