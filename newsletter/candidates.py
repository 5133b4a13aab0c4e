"""The papers a digest may choose from, loaded once for all readers: texts, facts, trend."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, select

from newsletter.models import Paper, Signal
from newsletter.ranking import trend
from newsletter.ranking.interests import author_keys, name_key
from newsletter.ranking.relevance import Facts

Floats = NDArray[np.float64]
LONGEST_LIFE = timedelta(days=60)  # after this a paper is no news for anybody


@dataclass(frozen=True)
class Candidates:
    """Papers in key order, with what ranking needs to know of each at the same position.

    `share` is each paper's place by heat among those with figures, NaN without; `trend` fills the gaps
    fairly; `votes` holds upvotes over time, oldest first; `samples` names papers whose figures are made up.
    """

    papers: tuple[Paper, ...]
    texts: tuple[tuple[str, str], ...]
    facts: tuple[Facts, ...]
    share: Floats
    trend: Floats
    fresh: Floats
    votes: tuple[list[int], ...]
    samples: frozenset[str]

    @property
    def keys(self) -> list[str]:
        """The papers' keys, in order."""
        return [paper.key for paper in self.papers]


def load(session: Session, at: datetime, window: timedelta) -> Candidates:
    """Everything announced within `window` before `at`, as the world stood at `at`."""
    since = at - min(window, LONGEST_LIFE)
    announced = (col(Paper.announced_at) > since, col(Paper.announced_at) <= at)
    # Sorted here: a database may have an order of its own for letters and signs.
    papers = tuple(sorted(session.exec(select(Paper).where(*announced)), key=lambda paper: paper.key))
    signals = _signals(session, since, at)
    ages = np.array([_hours(at - paper.announced_at) for paper in papers], dtype=np.float64)
    heat = _heat(papers, signals, ages, at)
    return Candidates(
        papers=papers,
        texts=tuple((paper.title, _body(paper)) for paper in papers),
        facts=tuple(_facts(paper) for paper in papers),
        share=trend.share_below(heat),
        trend=trend.trend(heat, ages),
        fresh=trend.freshness(ages),
        votes=tuple(_votes(signals.get(paper.key, [])) for paper in papers),
        samples=frozenset(key for key, rows in signals.items() if any(row.sample for row in rows)),
    )


def _signals(session: Session, since: datetime, at: datetime) -> dict[str, list[Signal]]:
    wanted = (col(Paper.announced_at) > since, col(Paper.announced_at) <= at, col(Signal.seen_at) <= at)
    rows = session.exec(
        select(Signal)
        .join(Paper, col(Paper.key) == col(Signal.paper))
        .where(*wanted)
        .order_by(col(Signal.paper), col(Signal.source), col(Signal.seen_at))
    )
    found: dict[str, list[Signal]] = defaultdict(list)
    for row in rows:
        found[row.paper].append(row)
    return found


def _heat(papers: Sequence[Paper], signals: dict[str, list[Signal]], ages: Floats, at: datetime) -> Floats:
    series: dict[tuple[int, str], int] = {}
    before: dict[int, int] = {}
    rows: list[tuple[int, float, float, float, float]] = []
    for position, paper in enumerate(papers):
        for signal in signals.get(paper.key, ()):
            number = series.setdefault((position, signal.source), len(series))
            # Only new stars count: a repository brings the old ones from a life before the paper.
            stars = None if signal.stars is None else signal.stars - before.setdefault(number, signal.stars)
            upvotes, comments, gained = map(_figure, (signal.upvotes, signal.comments, stars))
            rows.append((number, _hours(at - signal.seen_at), upvotes, comments, gained))
    table = np.array(rows, dtype=np.float64).reshape(-1, 5)
    owner = np.array([position for position, _ in series], dtype=np.int64)
    value = trend.engagement(table[:, 2], table[:, 3], table[:, 4])
    heat = trend.heat(table[:, 0].astype(np.int64), table[:, 1], value, ages[owner])
    return trend.hottest_source(owner, heat, len(papers))


def _votes(signals: Sequence[Signal]) -> list[int]:
    """Upvotes over time of the source that counts most: two sources' counts are never mixed or added."""
    by_source: dict[str, list[int]] = defaultdict(list)
    for signal in signals:
        if signal.upvotes is not None:
            by_source[signal.source].append(signal.upvotes)
    return max(by_source.values(), key=lambda votes: votes[-1], default=[])


def _body(paper: Paper) -> str:
    return "\n".join(part for part in (paper.abstract, paper.summary, " | ".join(paper.keywords)) if part)


def _facts(paper: Paper) -> Facts:
    names = [author_keys(name) for name in paper.authors]
    return Facts(
        # A topic may hint at a whole archive: "math" stands for math.AG and its sisters.
        categories=frozenset(paper.categories) | {name.partition(".")[0] for name in paper.categories},
        authors=frozenset().union(*names) if names else frozenset(),
        organization=name_key(paper.organization),
    )


def _figure(value: int | None) -> float:
    return float("nan") if value is None else float(value)


def _hours(span: timedelta) -> float:
    return span / timedelta(hours=1)
