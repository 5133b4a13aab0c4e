"""Send: claim each delivery that is due, render it, hand it to the transport, record what happened."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Engine
from sqlmodel import Session

from newsletter import db, journal, ledger, letters, logs, notices, render
from newsletter.beat import beating
from newsletter.errors import MessageError
from newsletter.ledger import DIGEST, Claim, OnUnknown
from newsletter.mail import Outcome, Phase, Transport, Verdict
from newsletter.mail.admin_letter import AdminLetter
from newsletter.mail.crew import Crew, Stop
from newsletter.models import Delivery, Skip, State
from newsletter.record_models import RunKind
from subscribers.addresses import redacted, redacted_in
from subscribers.models import Subscriber
from subscribers.receiving import resting, why_not
from subscribers.suppression import reason_for

log = structlog.get_logger(__name__)

STOPPED = "the sender was told to stop"
MOST_WORDS = 3  # kinds of trouble that a line of the journal names


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
    engine: Engine,
    transport: Open,
    clock: Clock,
    policy: Policy,
    progress: Callable[[Report], None],
    stop: Stop | None = None,
) -> Report:
    """Send everything that is due by the real `clock`, over `connections` transports at once.

    `transport` opens one; each thread has its own. One recipient's trouble never ends the run; `stop` and Ctrl-C
    end it after the messages in hand.
    """
    report, lock, began = Report(), threading.Lock(), clock()
    crew = Crew(policy.connections, stop or Stop())
    hands: list[_Hand] = []
    with Session(engine) as session:
        report.swept = ledger.sweep(session, clock(), policy.on_unknown)

    def drain(number: int) -> None:
        with transport() as opened:
            hand = _Hand(opened, f"{policy.owner}/{number}")
            hands.append(hand)
            while not crew.over:
                done = _one(engine, hand, clock, policy)
                if done is not None:
                    with lock:
                        report.add(*done)
                        progress(report)
                elif not crew.rest():
                    return

    with _heartbeat(engine, clock, policy, report):
        for number in range(policy.connections):
            crew.begin(drain, number)
        if not crew.ended():
            _cut_off(engine, crew, hands, clock, policy)
    report.stopped = crew.stop.asked
    _write_down(engine, report, (began, clock()))
    if crew.broken:
        raise crew.broken[0]
    return report


def _write_down(engine: Engine, report: Report, times: tuple[datetime, datetime]) -> None:
    """A line in the journal for a run that sent or settled anything."""
    if report.outcomes or report.swept:
        counts = {str(state): count for state, count in sorted(report.outcomes.items())} | {"swept": report.swept}
        with db.writing(engine) as session:
            words = "; ".join(sorted(report.troubles)[:MOST_WORDS])
            journal.write(session, RunKind.SEND, "", times[0], times, words, counts)


@dataclass
class _Hand:
    """One connection at work: its way out, who it is in the ledger, and what it has claimed."""

    transport: Transport
    owner: str
    claimed: Claim | None = None


def _cut_off(engine: Engine, crew: Crew, hands: Sequence[_Hand], clock: Clock, policy: Policy) -> None:
    """Hang up. Who still reaches for a server hands over nothing any more: its delivery waits for another run."""
    # All of them first: one may make room for another.
    reaching = [hand for hand in hands if hand.transport.refuse()]
    for hand in hands:
        hand.transport.abort()
    crew.give_up()
    nothing_sent = Outcome(Verdict.DEFERRED, Phase.UNREACHED, STOPPED)
    for hand in reaching:
        if hand.claimed is not None:
            with Session(engine) as session:
                ledger.record(session, hand.claimed, hand.owner, nothing_sent, clock(), policy.on_unknown)


@contextmanager
def _heartbeat(engine: Engine, clock: Clock, policy: Policy, report: Report) -> Iterator[None]:
    """Three times as often as leases run out: renew this process's own, and name what dead senders left."""

    def renew(session: Session) -> None:
        ledger.renew(session, policy.owner, clock() + policy.lease)
        report.swept += ledger.sweep(session, clock(), policy.on_unknown)

    with beating(engine, "heartbeat", policy.lease, renew):
        yield


def _one(engine: Engine, hand: _Hand, clock: Clock, policy: Policy) -> tuple[str, State | None, str] | None:
    """Claim, render, send and record one delivery; None when nothing is due."""
    with Session(engine) as session:
        hand.claimed = claimed = ledger.claim(
            session,
            hand.owner,
            clock(),
            policy.lease,
            policy.on_unknown,
            policy.only,
            letters_only=policy.letters_only,
        )
        if claimed is None:
            return None
        with logs.occasion(step="send", edition=claimed.period, delivery=claimed.delivery_id):
            return claimed.period, *_sent(session, hand, claimed, clock, policy)


def _sent(session: Session, hand: _Hand, claimed: Claim, clock: Clock, policy: Policy) -> tuple[State | None, str]:
    """What became of a claimed delivery, and why."""
    if (verdict := _must_not(session, claimed, clock())) is not None:
        session.commit()  # on SQLite a read that turns into a write may find the file locked
        return ledger.settle(session, claimed, hand.owner, *verdict), verdict[1]
    outcome = _hand_over(session, hand.transport, claimed, policy)
    state = ledger.record(session, claimed, hand.owner, outcome, clock(), policy.on_unknown)
    _tell(session, claimed, state, outcome)
    return state, outcome.reply


Refusal = tuple[State, str] | tuple[State, str, Skip]


def _must_not(session: Session, claimed: Claim, now: datetime) -> Refusal | None:
    """Why this must not go out any more: asked just before sending, so that leaving counts at once."""
    delivery = session.get_one(Delivery, claimed.delivery_id)
    reader = session.get(Subscriber, delivery.subscriber_id) if delivery.subscriber_id else None
    asked = ASKED.get(delivery.letter, letters.must_not)
    return asked(session, delivery, reader, now) or _too_late(delivery, now)


def _no_digest(session: Session, delivery: Delivery, reader: Subscriber | None, now: datetime) -> Refusal | None:
    if reader is None:
        return State.SUPPRESSED, "the reader was erased"
    if reason := reason_for(session, delivery.address):
        return State.SUPPRESSED, reason
    if delivery.address != reader.email:
        return State.SUPPRESSED, letters.MOVED
    if reason := why_not(reader, now):
        return (State.SKIPPED, reason, Skip.RESTING) if resting(reader, now) else (State.SUPPRESSED, reason)
    return None


# Who says whether it may still go; letters to readers have one answer for all.
ASKED: Mapping[str, Callable[[Session, Delivery, Subscriber | None, datetime], Refusal | None]] = {
    DIGEST: _no_digest,
    **dict.fromkeys(AdminLetter, notices.must_not),
}


def _too_late(delivery: Delivery, now: datetime) -> Refusal | None:
    if now > delivery.not_after:
        late = f"too late: it was to go out by {delivery.not_after:%Y-%m-%d %H:%M} UTC"
        if delivery.doubtful:  # not skipped: the reader may have it
            return State.UNKNOWN, f"{late}; an earlier try may have arrived"
        return State.SKIPPED, late, Skip.LATE
    return None


def _hand_over(session: Session, transport: Transport, claimed: Claim, policy: Policy) -> Outcome:
    try:
        envelope = render.run(session, claimed.delivery_id, policy.keys)
    except MessageError as error:
        session.commit()
        return Outcome(Verdict.FAILED, Phase.BEFORE_DOT, f"the message cannot be built: {error}")
    except Exception as error:
        log.exception("render failed")
        session.rollback()
        return Outcome(Verdict.DEFERRED, Phase.BEFORE_DOT, f"unexpected {type(error).__name__}: {error}")
    session.commit()  # no transaction is open while the server thinks
    return transport.send(envelope)


def _tell(session: Session, claimed: Claim, state: State | None, outcome: Outcome) -> None:
    delivery = session.get_one(Delivery, claimed.delivery_id)
    log.info(
        "delivery",
        to=redacted(delivery.address),
        letter=delivery.letter,
        state=state or "lease lost",
        attempt=claimed.attempts,
        reply=redacted_in(outcome.reply),
    )
    session.commit()
