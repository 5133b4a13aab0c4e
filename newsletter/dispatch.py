"""Dispatch: what the connections of one run share, and the feed that each of them gets its messages from."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Engine

from newsletter import ledger, ledger_claims
from newsletter.destinations import Destinations, Lane, domain_of
from newsletter.drafts import Draft
from newsletter.errors import DatabaseError
from newsletter.ledger import Claim, Wanted
from newsletter.mail import Blame, Envelope, Outcome, Phase, Verdict
from newsletter.mail.crew import LAST_WORDS_SECONDS
from newsletter.models import State
from newsletter.pace import Limit
from newsletter.persistence import Persistence
from newsletter.render import Press
from newsletter.statements import Line

log = structlog.get_logger(__name__)

Clock = Callable[[], datetime]
Told = Callable[[Claim, State | None, Outcome], None]

LARGEST_BLOCK = 64
MOST_ASIDE = 256  # claimed messages that wait for room at their destinations
WORTH = timedelta(seconds=1)  # a block is to be about as many as leave in this time
GLANCE = 0.05  # seconds between two looks for room


@dataclass(eq=False)
class Ticket:
    """A claimed delivery on its way through this process; `handed_over` = its body may have left."""

    claim: Claim
    draft: Draft
    content: Envelope | None = None
    handed_over: bool = False

    @property
    def envelope(self) -> Envelope:
        """The finished message."""
        assert self.content is not None
        return self.content


@dataclass
class Dispatcher:
    """Claims blocks for all connections of a run, and gives each what may go where it goes."""

    engine: Engine
    press: Press
    wanted: Wanted
    destinations: Destinations
    clock: Clock
    told: Told
    database: Persistence
    pace: Limit | None = None
    _queue: deque[Ticket] = field(default_factory=deque)
    _turn: threading.RLock = field(default_factory=threading.RLock)
    _block: int = 2
    _claimed_at: datetime | None = None
    _nothing_at: datetime | None = None
    _held_until: datetime | None = None

    def take(self, user: int) -> Ticket | None:
        """The oldest that may go now; None while there is none."""
        with self._turn:
            if self._held_until is not None and self._held_until > self.clock():
                return None
            ticket = self._free(user)
            while ticket is None and not self.database.crew.over and self._refilled():
                ticket = self._free(user)  # a whole block may have been for where nothing goes now
            return self._paced(ticket, user) if ticket and self.pace else ticket

    @property
    def waits(self) -> bool:
        """Whether something is claimed and waits for room."""
        return bool(self._queue)

    def _free(self, user: int) -> Ticket | None:
        now = self.clock()
        full: set[str] = set()
        for _ in range(len(self._queue)):
            ticket = self._queue.popleft()
            address = ticket.claim.address
            if (domain := domain_of(address)) in full:
                self._queue.append(ticket)
            elif lane := self.destinations.paused(address, now):
                self.put_off(ticket, lane)
            elif self.destinations.enter(address, user):
                return ticket
            else:
                full.add(domain)
                self._queue.append(ticket)
        return None

    def _paced(self, ticket: Ticket, user: int) -> Ticket | None:
        """The same, when the pace lets another one go; else it stays where it was."""
        pace, now = self.pace, self.clock()
        assert pace is not None
        wait = self.database.write(lambda line: pace.taken(line, now))
        if not wait:
            return ticket
        self._held_until = now + wait
        self.destinations.leave(ticket.claim.address, user, None, now)
        self._queue.appendleft(ticket)
        return None

    def put_off(self, ticket: Ticket, lane: Lane) -> None:
        """It was not begun, and its destination is left alone."""
        words = f"its destination is left alone for a while: {lane.reason}"
        outcome = Outcome(Verdict.DEFERRED, Phase.UNREACHED, words, Blame.NOBODY)
        self._recorded(ticket.claim, outcome, lane.paused_until)

    def _recorded(self, claim: Claim, outcome: Outcome, until: datetime | None = None) -> None:
        now = self.clock()

        def write(line: Line) -> State | None:
            return ledger.record(line, claim, self.wanted, outcome, now, until)

        self.told(claim, self.database.write(write), outcome)

    def _refilled(self) -> bool:
        """Claim another block; False when nothing is due, or too much waits already."""
        now = self.clock()
        asked = self._nothing_at is not None and now - self._nothing_at < WORTH
        if len(self._queue) >= MOST_ASIDE or (self._queue and asked):
            return False
        self._sized(now)
        claims = self.database.session(lambda session: ledger_claims.claim(session, self.wanted, now, self._block))
        self._nothing_at = None if claims else now
        self._loaded(claims)
        return bool(claims)

    def _sized(self, now: datetime) -> None:
        """Twice as many where the last block was used up within WORTH, else half as many."""
        if self._claimed_at is not None and self._nothing_at is None and not self._queue:
            quick = now - self._claimed_at < WORTH
            self._block = min(LARGEST_BLOCK, self._block * 2) if quick else max(1, self._block // 2)
        self._claimed_at = now

    def _loaded(self, claims: Sequence[Claim]) -> None:
        """Put them into the queue; what one of them breaks does not stop the others."""
        try:
            drafts = self._drafts(claims)
        except DatabaseError:
            raise
        except Exception as error:
            if len(claims) > 1:
                for claim in claims:
                    self._loaded([claim])
                return
            log.exception("a delivery cannot be read")
            self._recorded(claims[0], unexpected(error))
            return
        for claim in claims:
            if claim.delivery_id in drafts:
                self._queue.append(Ticket(claim, drafts[claim.delivery_id]))
            else:
                self._gone(claim)

    def _drafts(self, claims: Sequence[Claim]) -> dict[int, Draft]:
        ids = [each.delivery_id for each in claims]
        return self.database.session(lambda session: self.press.load(session, ids)) if ids else {}

    def _gone(self, claim: Claim) -> None:
        reason = "the reader was erased"

        def write(line: Line) -> State | None:
            return ledger.settle(line, claim, self.wanted, State.SUPPRESSED, reason)

        self.told(claim, self.database.write(write), Outcome(Verdict.FAILED, Phase.UNREACHED, reason))

    def give_back(self, tickets: Sequence[Ticket], reason: str) -> None:
        """Let others send what did not begin here."""
        claims = [each.claim for each in tickets if not each.handed_over]
        if claims:
            self.database.write(lambda line: ledger.release(line, claims, self.wanted, reason))

    def close(self, reason: str) -> None:
        """Give back whatever was not begun, when all connections have ended or were cut off."""
        if not self._turn.acquire(timeout=LAST_WORDS_SECONDS):
            return  # one that was cut off still waits for the database: the leases end by themselves
        try:
            if self._queue or self.database.troubled or self.database.crew.over:
                self.database.session(lambda session: ledger_claims.give_up(session, self.wanted, reason))
            self._queue.clear()
        finally:
            self._turn.release()


def unexpected(error: Exception) -> Outcome:
    """What becomes of a message that a bug of ours keeps from going out: others are not affected."""
    words = f"unexpected {type(error).__name__}: {error}"
    return Outcome(Verdict.DEFERRED, Phase.BEFORE_DOT, words, Blame.MESSAGE)
