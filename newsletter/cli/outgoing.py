"""Letters that somebody waits for, put among the deliveries and sent at once; and the thread beside the web pages.

The thread has three jobs, each on its own: it sends the letters that are due, forgets each hour what is past, and
makes ready what visitors would wait for. A fault of one is logged once and costs that job one turn.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

import structlog

from newsletter.cli.start import Started, now
from newsletter.errors import ConfigError

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
    """A thread that does its jobs when woken and every 15 seconds: send letters, tidy each hour, warm.

    `every` is how many seconds it sleeps at most; whoever sets `woken` has it look at once. `warm` is called at
    each look, to make ready what visitors would wait for. What one job fails with is logged once, and keeps
    neither the others nor the next look.
    """

    started: Started
    every: float = EVERY
    clock: "Clock" = now
    warm: Callable[[], object] = tuple
    woken: threading.Event = field(default_factory=threading.Event)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _tidy_at: datetime | None = None
    _faults: dict[str, str] = field(default_factory=dict)  # by job: what it failed with at the last look

    def __enter__(self) -> Self:
        """Start; the process waits for the message in hand when it ends."""
        self._thread = threading.Thread(target=self._run, name="letters", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stopping.set()
        self.woken.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.woken.clear()
            self.look()
            self.woken.wait(self.every)

    def look(self) -> None:
        """Do each job once."""
        for name, job in (("send letters", self._send), ("tidy", self._tidy), ("warm", self.warm)):
            try:
                job()
            except Exception as error:  # noqa: BLE001 - whatever it is, letters have to go out after it as well
                self._tell(name, error)
            else:
                self._faults.pop(name, None)

    def _tell(self, job: str, error: Exception) -> None:
        """Log a fault of a job, but the same one not again every 15 seconds."""
        from subscribers.addresses import redacted_in

        fault = type(error).__name__
        reason = redacted_in(str(error).partition("\n")[0])  # parameters of a statement stand on further lines
        if self._faults.get(job) != (said := f"{fault}: {reason}"):
            log.critical("a job of the web failed", job=job, fault=fault, reason=reason)
        self._faults[job] = said

    def _send(self) -> None:
        _drain(self.started, self.clock, stop=self._stopping)

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
