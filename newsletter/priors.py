"""Learning a prior from the archive: which papers came to something, and which nobody picked up."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import numpy as np
import sqlalchemy
from sqlalchemy import func
from sqlmodel import Session, col, select

from newsletter.models import Paper, Signal
from newsletter.ranking import prior, trend
from newsletter.ranking.archive import Encoded
from newsletter.ranking.prior import About, Prior

MOST_READ = 20_000  # papers whose texts teach, the newest; older ones tell of their authors alone
SETTLED = timedelta(days=7)  # a paper that nobody picked up within a week was passed over
IN_TIME = (col(Paper.announced_at), col(Paper.key))
Encode = Callable[[Sequence[tuple[str, str]]], Encoded]


def learn(session: Session, encode: Encode, at: datetime) -> Prior | None:
    """A prior from all papers announced by `at` and their figures by then; None while too little is known.

    `encode` is `Archive.encode`. Titles and abstracts alone are read: what else a text may hold is written by the
    sources that count votes, and would tell which papers those are.
    """
    known = select(Paper.key, Paper.authors, Paper.categories, Paper.announced_at)
    rows = session.exec(known.where(col(Paper.announced_at) <= at).order_by(*IN_TIME)).all()
    told = [prior.about(authors, categories, announced) for _, authors, categories, announced in rows]
    value = _worth(session, [key for key, *_ in rows], told, at)
    split = max(0, len(rows) - MOST_READ)
    earlier = [
        (each, worth) for each, worth in zip(told[:split], value[:split].tolist(), strict=True) if worth > 0
    ]
    read = select(Paper.title, Paper.abstract).where(col(Paper.announced_at) <= at).order_by(*IN_TIME)
    texts = [(title, abstract) for title, abstract in session.exec(read.offset(split))]
    return prior.fit(encode(texts), told[split:], value[split:], earlier)


def _worth(session: Session, keys: Sequence[str], told: Sequence[About], at: datetime) -> prior.Floats:
    """What became of each paper, by the source where it did best; NaN where nobody knows yet."""
    days = np.array([each.day for each in told], dtype=np.float64)
    settled = days <= (at - SETTLED).timestamp() / 86_400
    best = np.full(len(keys), np.nan)
    for counts in _counts(session, at).values():
        engaged = np.array([counts.get(key, np.nan) for key in keys], dtype=np.float64)
        counted = np.flatnonzero(~np.isnan(engaged))
        lists = np.zeros(len(keys), dtype=np.int64)
        lists[counted] = trend.lists(np.zeros(len(counted), dtype=np.int64), days[counted].astype(np.int64))
        best = np.fmax(best, prior.worth(engaged, lists, settled, days))
    return best


def _counts(session: Session, at: datetime) -> dict[str, dict[str, float]]:
    """For each source the engagement that each paper had come to."""
    ends = [func.max(col(each)) for each in (Signal.upvotes, Signal.comments, Signal.stars)]
    highest = (
        sqlalchemy.select(col(Signal.source), col(Signal.paper), *ends, func.min(col(Signal.stars)))
        .where(col(Signal.seen_at) <= at)
        .group_by(col(Signal.source), col(Signal.paper))
    )
    rows = session.connection().execute(highest).all()
    figures = np.array([row[2:] for row in rows], dtype=np.float64).reshape(-1, 4)  # None becomes NaN
    engaged = trend.engagement(figures[:, 0], figures[:, 1], figures[:, 2] - figures[:, 3])
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for (source, paper, *_), value in zip(rows, engaged.tolist(), strict=True):
        found[source][paper] = value
    return found
