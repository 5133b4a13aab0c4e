"""What the public pages show, read from the database as it stood at a moment; nothing is kept, nothing stored."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from sqlmodel import Session, col, select

from newsletter import candidates
from newsletter import edition as editions
from newsletter.archive import Model
from newsletter.candidates import Candidates
from newsletter.chooser import Taste, taught
from newsletter.models import Alias, Delivery, Edition, Paper, Signal, State
from newsletter.ranking import text
from newsletter.ranking.relevance import Matches
from newsletter.showcase.board import LENGTHS, Board, Period, Shown, Trending
from subscribers.preferences import Choice
from subscribers.topics import Topic

MOST_SHOWN = 20
LONGEST_KEY = 200  # as the table has it


def board(session: Session, at: datetime, taste: Taste, window: timedelta = LENGTHS[Period.MONTH]) -> Board:
    """Everything announced within `window` before `at`, matched with the catalogue."""
    found, model = candidates.load(session, at, window), taste.models.newest(session)
    return Board(found, at, taste) if model is None else _learned(session, found, model, at, taste)


def _learned(session: Session, found: Candidates, model: Model, at: datetime, taste: Taste) -> Board:
    known, learn = taught(session, found, model)
    return Board(known, at, taste, learn)


def trending(
    session: Session, at: datetime, period: Period, topic: Topic | None, taste: Taste, most: int = MOST_SHOWN
) -> Trending:
    """The papers of a period up to `at` that match the topic, a subtopic of it, or any; hottest first."""
    return board(session, at, taste).trending(period, topic, most)


def topic_counts(session: Session, at: datetime, taste: Taste) -> dict[str, int]:
    """For each topic of the catalogue how many papers of the last 30 days match it."""
    return board(session, at, taste).counts()


def would_bring(session: Session, choices: Sequence[Choice], size: int, at: datetime, taste: Taste) -> list[Shown]:
    """This week's papers for somebody with these choices, best first, each with its reasons."""
    return board(session, at, taste).would_bring(choices, size)


def paper(session: Session, key: str, at: datetime, taste: Taste) -> Shown | None:
    """One paper by its key, or by another that it is known under; None for one not announced by `at`."""
    return find(session, key, at, board(session, at, taste))


def find(session: Session, key: str, at: datetime, known: Board) -> Shown | None:
    """As `paper`, with the board at hand."""
    if not key.isprintable() or len(key) > LONGEST_KEY:  # what no key is, and a database may choke on
        return None
    alias = session.exec(select(Alias.paper).where(col(Alias.key) == key)).first()
    return known.paper(alias or key) or _older(session, alias or key, at, known)


def _older(session: Session, key: str, at: datetime, known: Board) -> Shown | None:
    """A paper that the board has no more; how rare a word is, is taken from the papers that it has."""
    found = session.get(Paper, key)
    if found is None or found.announced_at > at:
        return None
    votes, sample = _votes(session, key, at)
    with_it = candidates.load(session, found.announced_at, timedelta(microseconds=1))
    position = with_it.keys.index(key)
    index = text.index([with_it.texts[position]], known.matches.index.terms)
    matches = Matches(replace(index, rarity=known.matches.index.rarity), [with_it.facts[position]])
    return Shown(key, editions.content(found, votes, sample=sample), known.topics(known.fits_of(matches)[:, 0]))


def _votes(session: Session, key: str, at: datetime) -> tuple[list[int], bool]:
    """Upvotes over time of the source that counts most, as for candidates; and whether any figure is made up."""
    ordered = (
        select(Signal).where(col(Signal.paper) == key, col(Signal.seen_at) <= at).order_by(col(Signal.seen_at))
    )
    rows = session.exec(ordered).all()
    by_source: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if row.upvotes is not None:
            by_source[row.source].append(row.upvotes)
    votes = max((by_source[name] for name in sorted(by_source)), key=lambda each: each[-1], default=[])
    return votes, any(row.sample for row in rows)


def edition_days(session: Session, at: datetime) -> list[date]:
    """The days of the editions that went out to somebody by `at`, newest first."""
    went_out = (
        select(Delivery.id)
        .where(col(Delivery.period) == col(Edition.date), col(Delivery.letter) == "digest")
        .where(col(Delivery.state) == State.SENT)
        .exists()
    )
    days = session.exec(select(Edition.date).where(col(Edition.created_at) <= at, went_out).distinct())
    return sorted((date.fromisoformat(day) for day in days), reverse=True)


def edition(session: Session, day: date, at: datetime, taste: Taste) -> Trending:
    """What was trending on the day of an edition, the same for everybody: what one reader got stays theirs.

    The papers are those announced before the day's midnight in UTC, their figures those that were known by then.
    """
    midnight = datetime.combine(day + timedelta(days=1), time(), UTC)
    moment = min(midnight, at)
    found = candidates.load(session, moment, LENGTHS[Period.WEEK])
    # Many sources date a day's list to its first moment: the next day's is not of this day.
    before = np.array([paper.announced_at < midnight for paper in found.papers], dtype=np.bool_)
    return Board(candidates.only(found, before), moment, taste).trending(Period.DAY, None, MOST_SHOWN)
