"""Send: claim what is due, render it, hand it to the transport, and record what happened."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Engine
from sqlmodel import Session

from newsletter import db, journal, ledger_claims, logs
from newsletter.beat import beating
from newsletter.destinations import Destinations
from newsletter.dispatch import Dispatcher
from newsletter.feed import UNUSED, ConnectionFeed
from newsletter.ledger import Claim, OnUnknown, Wanted
from newsletter.mail import Outcome, Transport
from newsletter.mail.crew import Crew, Stop
from newsletter.mail.message import Signer
from newsletter.models import State
from newsletter.pace import Limit
from newsletter.persistence import Persistence
from newsletter.record_models import RunKind
from newsletter.render import Press
from subscribers.addresses import redacted, redacted_in

log = structlog.get_logger(__name__)

MOST_WORDS = 3  # kinds of trouble that a line of the journal names


@dataclass(frozen=True)
class Policy:
    """How to send: `owner` names this process in the ledger; `only` limits the run to one reader.

    `letters_only` leaves digests alone: what somebody waits for at this moment. `per_domain` is the most
    connections at once to one mail domain; `signer` signs each message for its domain, `pace` limits how fast they
    leave.
    """

    owner: str
    keys: tuple[str, ...]
    lease: timedelta
    on_unknown: OnUnknown
    connections: int = 1
    only: int | None = None
    letters_only: bool = False
    per_domain: int = 20
    signer: Signer | None = None
    pace: Limit | None = None

    @property
    def wanted(self) -> Wanted:
        """What to ask the ledger for."""
        return Wanted(self.owner, self.lease, self.on_unknown, self.only, self.letters_only)


@dataclass
class Report:
    """What this run did: outcomes by state, the periods touched, and the first words of each kind of trouble.

    `swept` are messages that a dead sender may have sent, `returned` those that it surely had not.
    """

    outcomes: dict[State, int] = field(default_factory=dict)
    periods: set[str] = field(default_factory=set)
    troubles: dict[str, int] = field(default_factory=dict)
    swept: int = 0
    returned: int = 0
    stopped: bool = False

    def add(self, period: str, state: State | None, words: str) -> None:
        self.periods.add(period)
        if state is not None:
            self.outcomes[state] = self.outcomes.get(state, 0) + 1
        if state not in {None, State.SENT}:
            said = f"{state}: {redacted_in(words)}"
            self.troubles[said] = self.troubles.get(said, 0) + 1

    def add_swept(self, swept: ledger_claims.Swept) -> None:
        self.swept += swept.unknown
        self.returned += swept.returned


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

    `transport` opens one; each thread has its own. One recipient's trouble never ends the run, nor does a database
    that is away for a while; `stop` and Ctrl-C end it after the messages in hand.
    """
    report, began = Report(), clock()
    crew = Crew(policy.connections, stop or Stop())
    with Session(engine) as session:
        report.add_swept(ledger_claims.sweep(session, clock(), policy.on_unknown))
    team = _Team(_dispatcher(engine, crew, clock, policy, _telling(report, progress)), crew)
    with _heartbeat(engine, clock, policy, report, team.dispatcher.destinations):
        for number in range(policy.connections):
            crew.begin(lambda number: team.work(transport, number), number)
        if crew.ended():
            crew.give_up()  # a database that is away is asked once more, and not for ever
        else:
            team.cut_off()
        team.end()
    report.stopped = crew.stop.asked
    _write_down(engine, report, (began, clock()))
    if crew.broken:
        raise crew.broken[0]
    return report


def _dispatcher(
    engine: Engine, crew: Crew, clock: Clock, policy: Policy, told: Callable[[Claim, State | None, Outcome], None]
) -> Dispatcher:
    destinations = Destinations(policy.per_domain)
    with Session(engine) as session:
        destinations.load(session)
    return Dispatcher(
        engine=engine,
        press=Press(policy.keys, policy.signer),
        wanted=policy.wanted,
        destinations=destinations,
        clock=clock,
        told=told,
        database=Persistence(engine, crew),
        pace=policy.pace,
    )


def _telling(report: Report, progress: Callable[[Report], None]) -> Callable[[Claim, State | None, Outcome], None]:
    """What to do with the outcome of each delivery: count it, show it, log it."""
    lock = threading.Lock()

    def told(claimed: Claim, state: State | None, outcome: Outcome) -> None:
        with lock:
            report.add(claimed.period, state, outcome.reply)
            progress(report)
        if state is not State.SENT:
            with logs.occasion(step="send", edition=claimed.period, delivery=claimed.delivery_id):
                log.info(
                    "delivery",
                    to=redacted(claimed.address),
                    letter=claimed.letter,
                    state=state or "lease lost",
                    attempt=claimed.attempts,
                    reply=redacted_in(outcome.reply),
                )

    return told


def _write_down(engine: Engine, report: Report, times: tuple[datetime, datetime]) -> None:
    """A line in the journal for a run that sent or settled anything."""
    if report.outcomes or report.swept:
        counts = {str(state): count for state, count in sorted(report.outcomes.items())} | {"swept": report.swept}
        log.info("mail left", step="send", seconds=round((times[1] - times[0]).total_seconds(), 1), **counts)
        with db.writing(engine) as session:
            words = "; ".join(sorted(report.troubles)[:MOST_WORDS])
            journal.write(session, RunKind.SEND, "", times[0], times, words, counts)


@dataclass
class _Team:
    """The connections at work: a transport and its feed for each thread."""

    dispatcher: Dispatcher
    crew: Crew
    hands: list[tuple[Transport, ConnectionFeed]] = field(default_factory=list)

    def work(self, transport: Open, number: int) -> None:
        with transport() as opened:
            feed = ConnectionFeed(self.dispatcher, self.crew, number)
            self.hands.append((opened, feed))
            try:
                opened.drain(feed)
            finally:
                try:
                    feed.close()
                finally:
                    self.dispatcher.database.close()

    def cut_off(self) -> None:
        """Hang up. Who still reaches for a server hands over nothing any more: it waits for another run."""
        # All of them first: one may make room for another.
        reaching = [feed for transport, feed in self.hands if transport.refuse()]
        for transport, _ in self.hands:
            transport.abort()
        self.crew.give_up()
        for feed in reaching:
            feed.close()

    def end(self) -> None:
        """Leave nothing claimed that did not begin."""
        try:
            self.dispatcher.close(UNUSED)
        finally:
            self.dispatcher.database.close()


@contextmanager
def _heartbeat(
    engine: Engine, clock: Clock, policy: Policy, report: Report, destinations: Destinations
) -> Iterator[None]:
    """Three times as often as leases run out: renew this process's own, and take over what dead senders left.

    What was learned of destinations is shared, too, and once more at the end.
    """

    def beat(session: Session) -> None:
        ledger_claims.renew(session, policy.wanted, clock())
        report.add_swept(ledger_claims.sweep(session, clock(), policy.on_unknown))
        share(session)

    def share(session: Session) -> None:
        destinations.save(session, clock())
        destinations.load(session)

    with beating(engine, "heartbeat", policy.lease, beat):
        yield
    with Session(engine) as session:
        share(session)
