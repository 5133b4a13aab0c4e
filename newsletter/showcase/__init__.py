"""What the public pages show: trending papers, topics and their counts, past editions, what a choice would bring.

board (papers of a month matched with the catalogue) <- stored (from the database) <- Showcase (kept for a while).
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session

from newsletter.chooser import Taste
from newsletter.showcase import stored
from newsletter.showcase.board import LENGTHS, Board, Period, Shown, Trending
from newsletter.showcase.kept import Kept
from newsletter.showcase.stored import MOST_SHOWN, paper, topic_counts, trending, would_bring
from subscribers.preferences import Choice
from subscribers.topics import Topic

__all__ = [
    "LENGTHS",
    "MOST_SHOWN",
    "Period",
    "Showcase",
    "Shown",
    "Trending",
    "paper",
    "topic_counts",
    "trending",
    "would_bring",
]

KEPT_FOR = timedelta(minutes=10)
MOST_EDITIONS, MOST_OLDER = 64, 256


class Showcase:
    """All that the public pages show, at most ten minutes old; one for all threads of a process.

    `clock` gives the present. A database is asked once for many visitors, and nothing is ever stored in it.
    """

    def __init__(self, engine: Engine, taste: Taste, clock: Callable[[], datetime]) -> None:
        """Nothing is loaded until somebody asks."""
        self._engine, self._taste, self._clock = engine, taste, clock
        self._board: Kept[Board] = Kept(clock, KEPT_FOR, 1)
        self._days: Kept[list[date]] = Kept(clock, KEPT_FOR, 1)
        self._editions: Kept[Trending] = Kept(clock, KEPT_FOR, MOST_EDITIONS)
        self._older: Kept[Shown | None] = Kept(clock, KEPT_FOR, MOST_OLDER)

    def trending(self, period: Period, topic: Topic | None = None, most: int = MOST_SHOWN) -> Trending:
        """The papers of a period that match the topic, a subtopic of it, or any; hottest first."""
        return self._now().trending(period, topic, most)

    def topic_counts(self) -> dict[str, int]:
        """For each topic of the catalogue how many papers of the last 30 days match it."""
        return self._now().counts()

    def would_bring(self, choices: Sequence[Choice], size: int) -> list[Shown]:
        """This week's papers for somebody with these choices, best first, each with its reasons."""
        return self._now().would_bring(choices, size)

    def paper(self, key: str) -> Shown | None:
        """One paper by its key, or by another that it is known under; None if there is none."""
        board = self._now()
        return board.paper(key) or self._older.get(key, lambda: self._found(key, board))

    def edition_days(self) -> list[date]:
        """The days of the editions that went out to somebody, newest first."""
        return self._days.get("", self._edition_days)

    def edition(self, day: date) -> Trending | None:
        """What was trending on that day; None when no edition went out."""
        return self._editions.get(day, lambda: self._edition(day)) if day in self.edition_days() else None

    def _now(self) -> Board:
        return self._board.get("", self._load)

    def _load(self) -> Board:
        with Session(self._engine) as session:
            return stored.board(session, self._clock(), self._taste)

    def _found(self, key: str, board: Board) -> Shown | None:
        with Session(self._engine) as session:
            return stored.find(session, key, self._clock(), board)

    def _edition_days(self) -> list[date]:
        with Session(self._engine) as session:
            return stored.edition_days(session, self._clock())

    def _edition(self, day: date) -> Trending:
        with Session(self._engine) as session:
            return stored.edition(session, day, self._clock(), self._taste)
