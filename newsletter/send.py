"""Send: claim each delivery that is due, render it, hand it to the transport, record what happened."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from newsletter import ledger, letters, render
from newsletter.errors import MessageError
from newsletter.ledger import DIGEST, Claim, OnUnknown
from newsletter.mail import Outcome, Phase, Transport, Verdict
from newsletter.models import Delivery, State
from subscribers.addresses import redacted, redacted_in
from subscribers.models import Subscriber
from subscribers.receiving import resting, why_not
from subscribers.suppression import reason_for

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Policy:
    """How to send: `owner` names this process in the ledger; `only` limits the run to one reader.

    `letters_only` leaves digests alone: what somebody waits for at this moment.
    """

    owner: str
    keys: tuple[str, ...]
    lease: timedelta
    on_unknown: OnUnknown
    connections: int = 1
    only: int | None = None
    letters_only: bool = False


@dataclass
class Report:
    """What this run did: outcomes by state, the periods touched, and the first words of each kind of trouble."""

    outcomes: dict[State, int] = field(default_factory=dict)
    periods: set[str] = field(default_factory=set)
    troubles: dict[str, int] = field(default_factory=dict)
    swept: int = 0
    stopped: bool = False

    def add(self, period: str, state: State | None, words: str) -> None:
        self.periods.add(period)
        if state is not None:
            self.outcomes[state] = self.outcomes.get(state, 0) + 1
        if state not in {None, State.SENT}:
            said = f"{state}: {redacted_in(words)}"
            self.troubles[said] = self.troubles.get(said, 0) + 1


Open = Callable[[], Transport]
Clock = Callable[[], datetime]


def run(
    engine: Engine, transport: Open, clock: Clock, policy: Policy, progress: Callable[[Report], None]
) -> Report:
    """Send everything that is due by the real `clock`, over `connections` transports at once.

    `transport` opens one; each thread has its own. One recipient's trouble never ends the run; Ctrl-C ends it
    after the messages in hand.
    """
    report, lock, stop = Report(), threading.Lock(), threading.Event()
    with Session(engine) as session:
        report.swept = ledger.sweep(session, clock(), policy.on_unknown)

    def drain(number: int) -> None:
        with transport() as opened:
            while not stop.is_set():
                done = _one(engine, opened, clock, policy, f"{policy.owner}/{number}")
                if done is None:
                    return
                with lock:
                    report.add(*done)
                    progress(report)

    numbers = range(policy.connections)
    with _heartbeat(engine, clock, policy), ThreadPoolExecutor(policy.connections, "send") as pool:
        drains = [pool.submit(drain, number) for number in numbers]
        try:
            for finished in drains:
                finished.result()
        except KeyboardInterrupt:
            report.stopped = True
        finally:
            stop.set()  # each thread finishes the message in hand, then the pool ends
    return report


@contextmanager
def _heartbeat(engine: Engine, clock: Clock, policy: Policy) -> Iterator[None]:
    """Renew this process's leases while it lives, three times as often as they run out."""
    done = threading.Event()

    def beat() -> None:
        while not done.wait(policy.lease.total_seconds() / 3):
            try:
                with Session(engine) as session:
                    ledger.renew(session, policy.owner, clock() + policy.lease)
            except SQLAlchemyError as error:  # the next beat may get through before the lease ends
                log.warning("lease not renewed", reason=str(error))

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _one(
    engine: Engine, transport: Transport, clock: Clock, policy: Policy, owner: str
) -> tuple[str, State | None, str] | None:
    """Claim, render, send and record one delivery; None when nothing is due."""
    with Session(engine) as session:
        claimed = ledger.claim(
            session,
            owner,
            clock(),
            policy.lease,
            policy.on_unknown,
            policy.only,
            letters_only=policy.letters_only,
        )
        if claimed is None:
            return None
        if (verdict := _must_not(session, claimed, clock())) is not None:
            session.commit()  # on SQLite a read that turns into a write may find the file locked
            return claimed.period, ledger.settle(session, claimed, owner, *verdict), verdict[1]
        outcome = _hand_over(session, transport, claimed, policy)
        state = ledger.record(session, claimed, owner, outcome, clock(), policy.on_unknown)
        _tell(session, claimed, state, outcome)
        return claimed.period, state, outcome.reply


def _must_not(session: Session, claimed: Claim, now: datetime) -> tuple[State, str] | None:
    """Why this must not go out any more: asked just before sending, so that leaving counts at once."""
    delivery = session.get_one(Delivery, claimed.delivery_id)
    reader = session.get(Subscriber, delivery.subscriber_id) if delivery.subscriber_id else None
    asked = _no_digest if delivery.letter == DIGEST else letters.must_not
    return asked(session, delivery, reader, now) or _too_late(delivery, now)


def _no_digest(
    session: Session, delivery: Delivery, reader: Subscriber | None, now: datetime
) -> tuple[State, str] | None:
    if reader is None:
        return State.SUPPRESSED, "the reader was erased"
    if reason := reason_for(session, delivery.address):
        return State.SUPPRESSED, reason
    if delivery.address != reader.email:
        return State.SUPPRESSED, letters.MOVED
    if reason := why_not(reader, now):
        return (State.SKIPPED if resting(reader, now) else State.SUPPRESSED), reason
    return None


def _too_late(delivery: Delivery, now: datetime) -> tuple[State, str] | None:
    if now > delivery.not_after:
        late = f"too late: it was to go out by {delivery.not_after:%Y-%m-%d %H:%M} UTC"
        if delivery.doubtful:  # not skipped: the reader may have it
            return State.UNKNOWN, f"{late}; an earlier try may have arrived"
        return State.SKIPPED, late
    return None


def _hand_over(session: Session, transport: Transport, claimed: Claim, policy: Policy) -> Outcome:
    try:
        envelope = render.run(session, claimed.delivery_id, policy.keys)
    except MessageError as error:
        session.commit()
        return Outcome(Verdict.FAILED, Phase.BEFORE_DOT, f"the message cannot be built: {error}")
    except Exception as error:
        log.exception("render failed", id=claimed.delivery_id)
        session.rollback()
        return Outcome(Verdict.DEFERRED, Phase.BEFORE_DOT, f"unexpected {type(error).__name__}: {error}")
    session.commit()  # no transaction is open while the server thinks
    return transport.send(envelope)


def _tell(session: Session, claimed: Claim, state: State | None, outcome: Outcome) -> None:
    delivery = session.get_one(Delivery, claimed.delivery_id)
    log.info(
        "delivery",
        id=claimed.delivery_id,
        to=redacted(delivery.address),
        letter=delivery.letter,
        period=claimed.period,
        state=state or "lease lost",
        attempt=claimed.attempts,
        reply=redacted_in(outcome.reply),
    )
    session.commit()
