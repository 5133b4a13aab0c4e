"""How hot a paper is now, for everyone: engagement gained lately, decayed by age, fair to silent sources."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

HALF_LIFE_HOURS = 36.0  # a vote of a day and a half ago says half as much about now
COMMENT_WORTH = 2.0  # a comment takes more than a click
STAR_WORTH = 0.1  # a repository's stars come from elsewhere too
FRESH_HALF_LIFE_HOURS = 72.0
UNKNOWN_TREND = 0.5  # where a paper without any figures stands among those with: in the middle, not at zero


def engagement(upvotes: Floats, comments: Floats, stars: Floats) -> Floats:
    """One number for each snapshot; NaN where a source gives none of the three."""
    parts = np.stack([upvotes, COMMENT_WORTH * comments, STAR_WORTH * stars])
    silent = np.isnan(parts).all(axis=0)
    return np.where(silent, np.nan, np.nansum(parts, axis=0))


def heat(series: Integers, hours_ago: Floats, value: Floats, announced_hours_ago: Floats) -> Floats:
    """Engagement gained by each series, each gain halved for every 36 hours that it lies back.

    `series` numbers the (paper, source) each snapshot belongs to; `hours_ago` is when it was taken, `value`
    its engagement, `announced_hours_ago` the age of each series' paper. The first snapshot's gain is spread
    from the announcement. A series without any figure is NaN.
    """
    total = np.full(len(announced_hours_ago), np.nan)
    order = np.lexsort((-hours_ago, series))
    last: int | None = None
    before_value, before_hours = 0.0, 0.0
    for row in order:
        if np.isnan(value[row]):
            continue
        number = int(series[row])
        if number != last:
            last, before_value = number, 0.0
            before_hours = max(float(announced_hours_ago[number]), float(hours_ago[row]))
            total[number] = 0.0
        middle = (before_hours + float(hours_ago[row])) / 2
        gained = max(float(value[row]) - before_value, 0.0)  # a vote taken back is not negative heat
        total[number] += gained * 0.5 ** (middle / HALF_LIFE_HOURS)
        before_value, before_hours = float(value[row]), float(hours_ago[row])
    return total


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


def trend(paper_heat: Floats, announced_hours_ago: Floats) -> Floats:
    """Each paper's place among all, 0 to 1. A paper without figures gets the middle, fading with its age."""
    unknown = UNKNOWN_TREND * freshness(announced_hours_ago)
    share = share_below(paper_heat)
    return np.where(np.isnan(share), unknown, share)


def hottest_source(paper: Integers, series_heat: Floats, papers: int) -> Floats:
    """Each paper's heat: that of the source where it is hottest, so two sources never count a vote twice."""
    best = np.full(papers, np.nan)
    for number, value in zip(paper, series_heat, strict=True):
        best[number] = np.fmax(best[number], value)
    return best
