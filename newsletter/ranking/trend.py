"""How hot a paper is now, for everyone: engagement gained lately beside its own list, fair to silent sources."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

HALF_LIFE_HOURS = 36.0  # a vote of a day and a half ago says half as much about now
COMMENT_WORTH = 0.25  # who comments has mostly voted too
STAR_WORTH = 0.1  # a repository's stars come from elsewhere too
FRESH_HALF_LIFE_HOURS = 72.0
UNKNOWN = 0.5  # where a paper without any figures stands among those with: in the middle, not at zero
EXPECTED_SPREAD = 0.5  # a prior moves it up or down by half of this: a guess is never the hottest of all
FEW = 2.0  # votes; beside a list that has gained no more, one vote is no wonder
ENOUGH = 10.0  # votes, of a paper and of the middle of its list together, that need no prior beside them
SMALL_STEP = 5.0  # votes; nobody is suspected for as many
BELIEVED = 10.0  # a step this many times the next best of its list is not believed; in 395 true lists: 8 at most
MOST_OF_A_STEP = 2.0  # times what a paper of its list usually gains: more, in one step, counts no more
LEAST_LIST = 5  # papers; a smaller list is measured against all lists of its source


@dataclass(frozen=True)
class Momentum:
    """What each series of snapshots shows; NaN in `heat` where it has no figure.

    `heat` is its gains in units of what a paper of its list usually gains, faded with time; `trust` (0 to 1) says
    how much there was to count, in this paper or its list; `moving`: a later snapshot has more than the first.
    """

    heat: Floats
    trust: Floats
    moving: Booleans


def engagement(upvotes: Floats, comments: Floats, stars: Floats) -> Floats:
    """One number for each snapshot; NaN where a source gives none of the three."""
    parts = np.stack([upvotes, COMMENT_WORTH * comments, STAR_WORTH * stars])
    silent = np.isnan(parts).all(axis=0)
    return np.where(silent, np.nan, np.nansum(parts, axis=0))


def lists(source: Integers, day: Integers) -> Integers:
    """A number for each series' list: its source's papers of one day, or all small lists of a source together."""
    pairs = np.stack([source, day], axis=1).reshape(-1, 2)
    _, number, size = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    number = number.reshape(-1)
    return np.asarray(np.where(size[number] < LEAST_LIST, len(size) + source, number), dtype=np.int64)


def momentum(series: Integers, hours_ago: Floats, value: Floats, age: Floats, of_list: Integers) -> Momentum:
    """How fast each series grows beside its own list, so neither the hour nor the size of a source counts.

    `series` numbers the (paper, source) each snapshot belongs to; `hours_ago` is when it was taken, `value` its
    engagement; `age`, in hours since the announcement, and `of_list`, from `lists`, are those of each series. The
    first snapshot's gain is spread from the announcement.

    A step, which is what a series gains from one snapshot to the next, is bounded twice. If it towers over every
    other step of its list it is taken for the list's middle, until more steps bear it out. And it never counts
    more than MOST_OF_A_STEP times the usual gain, so that growth which goes on beats a burst. The order within a
    list that was seen once is that of its figures.
    """
    owner, gain, middle, first = _steps(series, hours_ago, value, age)
    count = len(age)
    total = np.bincount(owner, gain, count).astype(np.float64)
    known = np.bincount(owner, minlength=count) > 0
    usual = _usual(total, known, of_list)
    towers = gain > BELIEVED * (_next_best(owner, gain, of_list) + SMALL_STEP)
    believed = np.where(towers, np.minimum(gain, usual[owner]), gain)
    part = believed / (usual[owner] + FEW)
    counted = part / (1 + part / MOST_OF_A_STEP) * 0.5 ** (middle / HALF_LIFE_HOURS)
    evidence = np.bincount(owner, believed, count) + usual
    return Momentum(
        heat=np.where(known, np.bincount(owner, counted, count), np.nan),
        trust=np.minimum(evidence / ENOUGH, 1.0),
        moving=np.bincount(owner[~first], gain[~first], count) > 0,
    )


def _steps(
    series: Integers, hours_ago: Floats, value: Floats, age: Floats
) -> tuple[Integers, Floats, Floats, Booleans]:
    """Every step: its series, what was gained, how many hours ago in the middle, whether it is the series' first.

    Measured against the most that there ever was: votes taken back and given again are no gain.
    """
    order = np.lexsort((-hours_ago, series))
    order = order[~np.isnan(value[order])]
    owner, hours, high = series[order].astype(np.int64), hours_ago[order], np.maximum(value[order], 0.0)
    first = np.diff(owner, prepend=-1) != 0
    apart = owner * (high.max(initial=0.0) + 1.0)  # each series begins above all that the one before it reached
    high = np.maximum.accumulate(high + apart) - apart
    before = np.where(first, 0.0, np.roll(high, 1))
    since = np.where(first, np.maximum(age[owner], hours), np.roll(hours, 1))
    return owner, np.maximum(high - before, 0.0), (since + hours) / 2, first


def _usual(total: Floats, known: Booleans, of_list: Integers) -> Floats:
    """For each series what the paper in the middle of its list has gained, 0 where nobody counts."""
    usual = np.zeros(len(total))
    order = np.flatnonzero(known)[np.argsort(of_list[known], kind="stable")]
    starts = np.flatnonzero(np.diff(of_list[order], prepend=-1))
    for members in np.split(order, starts[1:]) if len(order) else ():
        usual[of_list == of_list[members[0]]] = np.median(total[members])
    return usual


def _next_best(owner: Integers, gain: Floats, of_list: Integers) -> Floats:
    """For each step the greatest step of any other series of the same list, 0 where there is none."""
    best = np.zeros(len(of_list))
    np.maximum.at(best, owner, gain)
    highest, second = np.zeros((2, int(of_list.max(initial=0)) + 1))
    for series in np.argsort(best):
        number = of_list[series]
        highest[number], second[number] = best[series], highest[number]
    lists_of = of_list[owner]
    return np.where(best[owner] >= highest[lists_of], second[lists_of], highest[lists_of])


def share_below(values: Floats) -> Floats:
    """For each value the share (0 to 1) of the other known values that are smaller; NaN stays NaN.

    Ties count half, so the middle of any list is 0.5 and equal papers stand equal.
    """
    known = np.sort(values[~np.isnan(values)])
    if len(known) <= 1:
        return np.where(np.isnan(values), np.nan, 0.5)
    lower = np.searchsorted(known, values, side="left")
    upper = np.searchsorted(known, values, side="right")
    return np.where(np.isnan(values), np.nan, (lower + (upper - lower - 1) / 2) / (len(known) - 1))


def freshness(announced_hours_ago: Floats) -> Floats:
    """1 for a paper of this minute, halved every three days."""
    return np.asarray(0.5 ** (np.maximum(announced_hours_ago, 0.0) / FRESH_HALF_LIFE_HOURS))


def expected(worth: Floats, sources: Integers) -> Floats:
    """Where papers may be expected to stand, from what a prior says of them, each among those of its own source.

    So no source's subject pushes out another's. NaN, where the prior says nothing, is the middle.
    """
    place = np.full(len(worth), UNKNOWN)
    for source in np.unique(sources):
        of_source = sources == source
        place[of_source] += EXPECTED_SPREAD * (np.nan_to_num(share_below(worth[of_source]), nan=UNKNOWN) - UNKNOWN)
    return place


def trend(heat: Floats, fresh: Floats, guess: Floats | float = UNKNOWN, trust: Floats | float = 1.0) -> Floats:
    """Each paper's place among all, 0 to 1.

    A paper without figures has the place that is guessed for it, fading as it ages; one with few has something of
    both, as far as its figures are to be trusted.
    """
    unknown, share = guess * fresh, share_below(heat)
    return np.where(np.isnan(share), unknown, trust * np.nan_to_num(share) + (1 - trust) * unknown)


def highest(paper: Integers, of_series: Floats, papers: int) -> Floats:
    """For each paper the highest figure of its series, NaN without: two sources never count a vote twice."""
    best = np.full(papers, np.nan)
    np.fmax.at(best, paper, of_series)
    return best
