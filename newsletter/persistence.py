"""Persistence: what has to be written down is tried until the database takes it."""

import threading
from collections.abc import Callable
from typing import TypeVar

import structlog
from sqlalchemy import Engine
from sqlalchemy import exc as broken
from sqlmodel import Session

from newsletter.errors import DatabaseError
from newsletter.mail.crew import Crew
from newsletter.statements import Line

log = structlog.get_logger(__name__)

FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0  # seconds between two tries

T = TypeVar("T")


class Persistence:
    """Transactions of one run, for several threads. While one waits for the database, nothing more is sent.

    What had become of a message is kept in memory meanwhile. `troubled` = some transaction failed: it may be
    committed all the same, and nobody knows what it gave.
    """

    def __init__(self, engine: Engine, crew: Crew) -> None:
        self.engine, self.crew = engine, crew
        self.troubled = False
        driver = engine.dialect.loaded_dbapi
        self._passing = (
            *(driver.OperationalError, driver.InterfaceError),
            *(broken.OperationalError, broken.InterfaceError, broken.TimeoutError),
        )
        self._own = threading.local()

    def write(self, work: Callable[[Line], T]) -> T:
        """What `work` returns, when its transaction is committed; it may be called several times.

        DatabaseError when the run is cut off before the database answers.
        """
        line = self._line

        def once() -> T:
            with line.writing():
                return work(line)

        return self._tried(once)

    def session(self, work: Callable[[Session], T], *, writes: bool = False) -> T:
        """The same with a session, which `work` commits itself if it changes anything.

        Where it reads before it changes something, it `writes`: on SQLite it takes the write lock first, for a
        read that turns into a write fails when another connection wrote in between.
        """
        engine = self.engine.execution_options(sqlite_begin="IMMEDIATE") if writes else self.engine

        def once() -> T:
            with Session(engine) as session:
                return work(session)

        return self._tried(once)

    def close(self) -> None:
        """Give this thread's connection back."""
        self._line.close()

    @property
    def _line(self) -> Line:
        if not hasattr(self._own, "line"):
            self._own.line = Line(self.engine)
        line: Line = self._own.line
        return line

    def _tried(self, once: Callable[[], T]) -> T:
        wait, told = FIRST_WAIT, False
        while True:
            try:
                return once()
            except self._passing as error:
                self.troubled = True
                reason = " ".join(str(getattr(error, "orig", error)).split())
                if self.crew.cut:
                    raise DatabaseError(f"the database does not answer: {reason}") from error
                if not told:
                    log.warning("the database does not answer: nothing is sent until it does", reason=reason)
                told = True
            self.crew.pause(wait)
            wait = min(wait * 2, LONGEST_WAIT)
