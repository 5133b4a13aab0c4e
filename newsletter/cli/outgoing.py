"""Letters that somebody waits for, put among the deliveries and sent at once; and the sender that runs beside."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from newsletter.cli.running import Recurring
from newsletter.cli.start import Started, now
from newsletter.errors import ConfigError

if TYPE_CHECKING:
    from sqlmodel import Session

    from newsletter.mail.crew import Stop
    from newsletter.send import Clock, Report
    from subscribers.letters import LetterWanted

log = structlog.get_logger(__name__)

EVERY = 15.0  # seconds between two looks when nobody wakes the sender: another process may have put a letter
TIDY_EVERY = timedelta(hours=1)


def put(session: "Session", started: Started, wanted: "LetterWanted") -> None:
    """One delivery of this letter, due at once by the real clock. Does not commit."""
    from newsletter import letters, wiring

    letters.put(session, wiring.letters(started.config), started.keys, wanted, now())


def send_now(started: Started, wanted: "LetterWanted") -> tuple[str, str]:
    """Send what is due to this one reader; the state of the wanted letter, and why it waits ("" if it is sent)."""
    from sqlmodel import Session

    from newsletter import ledger_plans
    from subscribers.addresses import redacted_in

    try:
        drain(started, only=wanted.subscriber_id)
    except ConfigError as error:  # a password that only cron knows: what runs there sends the letter
        return "pending", str(error)
    with Session(started.engine) as session:
        kept = ledger_plans.find(session, wanted.subscriber_id, str(wanted.number), str(wanted.kind))
        if kept is None or kept.state == "sent":
            return "sent", ""
        return str(kept.state), redacted_in(kept.outcome)


def drain(
    started: Started,
    clock: "Clock" = now,
    only: int | None = None,
    stop: "Stop | None" = None,
    *,
    letters_only: bool = True,
    progress: "Callable[[Report], None] | None" = None,
) -> "Report":
    """Send everything that is due, or the letters alone; over one connection where it is for one reader."""
    from newsletter import send, wiring

    policy = wiring.policy(started.config, started.keys, clock(), only, letters_only=letters_only)
    if only is not None:
        policy = replace(policy, connections=1)
    transport = wiring.transport(started.config)
    return send.run(started.engine, transport, clock, policy, progress or (lambda _: None), stop)


def sender(
    started: Started,
    woken: threading.Event,
    clock: "Clock" = now,
    more: Mapping[str, Callable[[], object]] | None = None,
    *,
    letters_only: bool = False,
    every: float = EVERY,
) -> Recurring:
    """A part that sends what is due when it is woken and every 15 seconds, and does `more` jobs beside.

    Letters come before all digests, so a long run of digests keeps nobody waiting for theirs.
    """
    from newsletter.mail.crew import Stop

    stop = Stop()
    send = "send letters" if letters_only else "send"

    def once() -> None:
        drain(started, clock, stop=stop, letters_only=letters_only)

    return Recurring("sender", {send: once, **(more or {})}, every, woken, asked=[stop.ask])


class Tidy:
    """Each hour, forget what is past: for pages that run where no clock ticks."""

    def __init__(self, started: Started, clock: "Clock" = now) -> None:
        self.started, self.clock = started, clock
        self._next: datetime | None = None

    def __call__(self) -> None:
        from newsletter import db, records, wiring
        from subscribers import signup

        moment = self.clock()
        if self._next is not None and moment < self._next:
            return
        with db.writing(self.started.engine) as session:
            forgotten = signup.purge(session, wiring.terms(self.started.config), moment)
            blanked = records.forget(session)
        self._next = moment + TIDY_EVERY
        log.info("tidied", readers=forgotten, deliveries=blanked)
