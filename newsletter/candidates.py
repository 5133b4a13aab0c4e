"""The papers a digest may choose from, loaded once for all readers: texts, facts, trend."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, select

from newsletter.models import Paper, PaperSource, Signal
from newsletter.profiles import text
from newsletter.ranking import prior, trend
from newsletter.ranking.archive import Encoded
from newsletter.ranking.interests import author_keys, name_key
from newsletter.ranking.prior import Prior
from newsletter.ranking.relevance import Facts
from newsletter.ranking.trend import Momentum

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
LONGEST_LIFE = timedelta(days=60)  # after this a paper is no news for anybody


@dataclass(frozen=True)
class Candidates:
    """Papers in key order, with what ranking needs to know of each at the same position.

    `share` is each paper's place by heat among those with figures, NaN without, and `trust` how far those figures
    go; `guess` is the place that stands in for figures, and `trend` blends both. Only a paper that is `moving` was
    seen to climb: of others no more is known than how many they are ahead of. `sources` numbers the source that
    told of a paper first; `votes` holds upvotes over time, oldest first; `samples` names papers whose figures are
    made up.
    """

    papers: tuple[Paper, ...]
    texts: tuple[tuple[str, str], ...]
    facts: tuple[Facts, ...]
    share: Floats
    trend: Floats
    fresh: Floats
    votes: tuple[list[int], ...]
    samples: frozenset[str]
    guess: Floats
    trust: Floats
    moving: Booleans
    sources: Integers

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
    seen, fresh = _momentum(papers, signals, ages, at), trend.freshness(ages)
    guess = np.full(len(papers), trend.UNKNOWN)
    return Candidates(
        papers=papers,
        texts=tuple(map(text, papers)),
        facts=tuple(_facts(paper) for paper in papers),
        share=trend.share_below(seen.heat),
        trend=trend.trend(seen.heat, fresh, guess, seen.trust),
        fresh=fresh,
        votes=tuple(_votes(signals.get(paper.key, [])) for paper in papers),
        samples=frozenset(key for key, rows in signals.items() if any(row.sample for row in rows)),
        guess=guess,
        trust=seen.trust,
        moving=seen.moving,
        sources=_sources(session, papers, since, at),
    )


def guessed(found: Candidates, model: Prior, encoded: Encoded) -> Candidates:
    """The same candidates, with what a prior makes of them where figures are missing or few.

    `encoded` are their texts as the archive model encodes them, row by row.
    """
    told = [prior.about(paper.authors, paper.categories, paper.announced_at) for paper in found.papers]
    worth = model.predict(encoded, told)
    guess = trend.expected(worth, found.sources)
    return replace(found, guess=guess, trend=trend.trend(found.share, found.fresh, guess, found.trust))


def only(found: Candidates, wanted: Booleans) -> Candidates:
    """These of the candidates, placed among each other as if no other had been loaded."""
    kept = [int(each) for each in np.flatnonzero(wanted)]
    share, fresh, guess, trust = (each[wanted] for each in (found.share, found.fresh, found.guess, found.trust))
    return Candidates(
        papers=tuple(found.papers[each] for each in kept),
        texts=tuple(found.texts[each] for each in kept),
        facts=tuple(found.facts[each] for each in kept),
        share=trend.share_below(share),
        trend=trend.trend(share, fresh, guess, trust),
        fresh=fresh,
        votes=tuple(found.votes[each] for each in kept),
        samples=found.samples,
        guess=guess,
        trust=trust,
        moving=found.moving[wanted],
        sources=found.sources[wanted],
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


def _momentum(papers: Sequence[Paper], signals: dict[str, list[Signal]], ages: Floats, at: datetime) -> Momentum:
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
    names = numbers([source for _, source in series])
    days = np.array([papers[position].announced_at.toordinal() for position in owner], dtype=np.int64)
    value = trend.engagement(table[:, 2], table[:, 3], table[:, 4])
    lists = trend.lists(names, days)
    each = trend.momentum(table[:, 0].astype(np.int64), table[:, 1], value, ages[owner], lists)
    heat, trust, moving = (
        trend.highest(owner, figures, len(papers))
        for figures in (each.heat, np.where(np.isnan(each.heat), 0.0, each.trust), each.moving.astype(np.float64))
    )
    return Momentum(heat, np.nan_to_num(trust), np.nan_to_num(moving) > 0)


def _sources(session: Session, papers: Sequence[Paper], since: datetime, at: datetime) -> Integers:
    """The number of the source that told of each paper first; equal ones by name."""
    told = (
        select(PaperSource.paper, PaperSource.source)
        .join(Paper, col(Paper.key) == col(PaperSource.paper))
        .where(col(Paper.announced_at) > since, col(Paper.announced_at) <= at)
        .order_by(col(PaperSource.announced_at).desc(), col(PaperSource.source).desc())
    )
    first = dict(session.exec(told).all())
    return numbers([first.get(paper.key, "") for paper in papers])


def numbers(names: Collection[str]) -> Integers:
    """A number for each name, the same for equal ones, in the order of the names."""
    known = {name: number for number, name in enumerate(sorted(set(names)))}
    return np.array([known[name] for name in names], dtype=np.int64)


def _votes(signals: Sequence[Signal]) -> list[int]:
    """Upvotes over time of the source that counts most: two sources' counts are never mixed or added."""
    by_source: dict[str, list[int]] = defaultdict(list)
    for signal in signals:
        if signal.upvotes is not None:
            by_source[signal.source].append(signal.upvotes)
    return max(by_source.values(), key=lambda votes: votes[-1], default=[])


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
