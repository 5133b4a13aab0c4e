"""Letters that somebody waits for: put among the deliveries, sent at once, and drained by a thread of the web."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

import structlog

from newsletter.cli.start import Started, now
from newsletter.errors import ConfigError, NewsletterError

if TYPE_CHECKING:
    from sqlmodel import Session

    from newsletter.send import Clock, Report
    from subscribers.letters import LetterWanted

log = structlog.get_logger(__name__)

EVERY = 15.0  # seconds between two looks when nobody wakes the thread: another process may have put a letter
TIDY_EVERY = timedelta(hours=1)


def put(session: "Session", started: Started, wanted: "LetterWanted") -> None:
    """One delivery of this letter, due at once by the real clock. Does not commit."""
    from newsletter import letters, wiring

    letters.put(session, wiring.letters(started.config), started.keys, wanted, now())


def send_now(started: Started, wanted: "LetterWanted") -> tuple[str, str]:
    """Send what is due to this one reader; the state of the wanted letter, and why it waits ("" if it is sent)."""
    from sqlmodel import Session

    from newsletter import ledger
    from subscribers.addresses import redacted_in

    try:
        _drain(started, only=wanted.subscriber_id)
    except ConfigError as error:  # a password that only cron knows: what runs there sends the letter
        return "pending", str(error)
    with Session(started.engine) as session:
        kept = ledger.find(session, wanted.subscriber_id, str(wanted.number), str(wanted.kind))
        if kept is None or kept.state == "sent":
            return "sent", ""
        return str(kept.state), redacted_in(kept.outcome)


def _drain(
    started: Started, clock: "Clock" = now, only: int | None = None, stop: "threading.Event | None" = None
) -> "Report":
    """Send every letter that is due, over one connection where it is for one reader."""
    from newsletter import send, wiring

    policy = wiring.policy(started.config, started.keys, clock(), only, letters_only=True)
    if only is not None:
        policy = replace(policy, connections=1)

    def go_on(_: "Report") -> None:
        if stop is not None and stop.is_set():
            raise KeyboardInterrupt  # what ends a run of `send` after the messages in hand

    return send.run(started.engine, wiring.transport(started.config), clock, policy, go_on)


@dataclass
class Outgoing:
    """A thread that sends letters when woken and every 15 seconds, and forgets what is past every hour.

    `every` is how many seconds it sleeps at most; `warm` is called at each look, to make ready what visitors
    would wait for. A fault of the database is logged and costs this look only.
    """

    started: Started
    every: float = EVERY
    clock: "Clock" = now
    warm: Callable[[], object] = tuple
    _woken: threading.Event = field(default_factory=threading.Event)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _tidy_at: datetime | None = None
    _last_fault: str = ""

    def __enter__(self) -> Self:
        """Start; the process waits for the message in hand when it ends."""
        self._thread = threading.Thread(target=self._run, name="letters", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stopping.set()
        self._woken.set()
        self._thread.join()

    def wake(self) -> None:
        """There is a letter to send."""
        self._woken.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            self.look()
            self._woken.wait(self.every)

    def look(self) -> None:
        """Send what is due, and tidy up when an hour has passed."""
        from sqlalchemy.exc import SQLAlchemyError

        from subscribers.addresses import redacted_in

        try:
            _drain(self.started, self.clock, stop=self._stopping)
            self._tidy()
            self.warm()
        except (SQLAlchemyError, OSError, NewsletterError) as error:
            reason = redacted_in(str(error).partition("\n")[0])
            if reason != self._last_fault:  # once, not every 15 seconds
                log.critical("letters not sent", fault=type(error).__name__, reason=reason)
            self._last_fault = reason
        else:
            self._last_fault = ""

    def _tidy(self) -> None:
        from newsletter import db, records, wiring
        from subscribers import signup

        moment = self.clock()
        if self._tidy_at is not None and moment < self._tidy_at:
            return
        with db.writing(self.started.engine) as session:
            forgotten = signup.purge(session, wiring.terms(self.started.config), moment)
            blanked = records.forget(session)
        self._tidy_at = moment + TIDY_EVERY
        log.info("tidied", readers=forgotten, deliveries=blanked)
