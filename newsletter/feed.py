"""The feed of one connection: claimed, rendered and allowed messages for it, and a commit for each outcome."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import structlog
from sqlmodel import Session

from newsletter import admission, ledger, logs
from newsletter.dispatch import GLANCE, Dispatcher, Ticket, unexpected
from newsletter.errors import DatabaseError, MessageError
from newsletter.ledger import DIGEST, FIRST_WAIT, Claim
from newsletter.mail import Blame, Done, Outcome, Phase, Ready, Turn, Verdict
from newsletter.mail.crew import Crew
from newsletter.models import State
from newsletter.statements import Line
from subscribers import leaving, suppression
from subscribers.models import Subscriber

log = structlog.get_logger(__name__)

UNUSED = "the sender was told to stop before it came to this"


class _Known(NamedTuple):
    """What became of a message, and until when its destination is left alone."""

    ticket: Ticket
    outcome: Outcome
    until: datetime | None = None


class _Settled(NamedTuple):
    """What one commit said: whether the body may leave, why the next may not, and the states of what was done."""

    may_go: bool
    refusal: admission.Refusal | None
    states: list[State | None]


class ConnectionFeed:
    """Feeds one connection, which is the only one to use it; `number` tells it from the others."""

    def __init__(self, dispatcher: Dispatcher, crew: Crew, number: int) -> None:
        self.dispatcher, self.crew, self.number = dispatcher, crew, number
        self.held: list[Ticket] = []  # taken and not done with
        self._ahead: Ticket | None = None
        self._fault: BaseException | None = None
        self._stranded = False  # no server is to be reached: what waits must not be put off, one after another

    def turn(self, done: Sequence[Done], going: Ready | None = None, back: Ready | None = None) -> Turn:
        """As newsletter.mail.Feed says; the record of one message and the leave of the next are one commit."""
        known = [self._learned(self._ticket(each.ready), each.outcome) for each in done]
        self._stranded = self._stranded or any(unreached(each.outcome) for each in done)
        if self.crew.over:  # a body that has not left need not
            self._commit(known)
            return Turn(may_go=False, following=None)
        given = None if going is None else self._ticket(going)
        try:
            candidate = (self._open(self._ticket(back)) if back is not None else None) or self._ready()
        except BaseException:
            self._commit(known)
            raise
        may_go, following = self._together(known, given, candidate)
        while given is None and following is None and (candidate := self._awaited()) is not None:
            _, following = self._together([], None, candidate)
        return Turn(may_go, following)

    def ahead(self) -> None:
        """Take and render one more; what fails is raised when the message in hand is written down."""
        try:
            if self._ahead is None and not self.crew.over:
                self._ahead = self._taken()
        except BaseException as error:  # noqa: BLE001 - raised at the next turn
            self._fault = error

    def close(self) -> None:
        """Give back what was taken and did not begin."""
        self.dispatcher.give_back(self.held, UNUSED)
        for ticket in self.held:
            self._leave(ticket, None)
        self.held.clear()

    def _ticket(self, ready: Ready) -> Ticket:
        assert isinstance(ready, Ticket), ready
        return ready

    def _ready(self) -> Ticket | None:
        """The one that was made ready before, or another; none when the run is over."""
        fault, self._fault = self._fault, None
        if fault is not None:
            raise fault
        if self._stranded:
            return None
        ticket, self._ahead = self._ahead, None
        if ticket is not None and (ticket := self._open(ticket)) is not None:
            return ticket
        return None if self.crew.over else self._taken()

    def _open(self, ticket: Ticket) -> Ticket | None:
        """The same, unless its destination refused another one since it was taken: then it waits."""
        lane = self.dispatcher.destinations.paused(ticket.claim.address, self.dispatcher.clock())
        if lane is None:
            return ticket
        self._leave(ticket, None)
        self._drop(ticket)
        self.dispatcher.put_off(ticket, lane)
        return None

    def _awaited(self) -> Ticket | None:
        """One that may go, waited for while there is something to wait for."""
        while not self.crew.over:
            if (ticket := self._ready()) is not None:
                return ticket
            if self._stranded:
                self.crew.leave()
                return None
            if self.dispatcher.waits:
                self.crew.pause(GLANCE)
            elif not self.crew.rest():
                return None
        return None

    def _taken(self) -> Ticket | None:
        """The next one, rendered; whoever cannot be rendered is settled here."""
        while (ticket := self.dispatcher.take(self.number)) is not None:
            self.held.append(ticket)
            if (failed := self._render(ticket)) is None:
                return ticket
            self._failed(ticket, failed)
        return None

    def _render(self, ticket: Ticket) -> Outcome | None:
        try:
            ticket.content = self.dispatcher.press.envelope(ticket.draft)
        except MessageError as error:
            words = f"the message cannot be built: {error}"
            return Outcome(Verdict.FAILED, Phase.BEFORE_DOT, words, Blame.MESSAGE)
        except Exception as error:
            log.exception("render failed")
            return unexpected(error)
        return None

    def _failed(self, ticket: Ticket, outcome: Outcome) -> None:
        """Record what we found out ourselves: it says nothing of the destination."""
        self._leave(ticket, None)
        self._commit([_Known(ticket, outcome)])

    def _learned(self, ticket: Ticket, outcome: Outcome) -> _Known:
        return _Known(ticket, outcome, self._leave(ticket, outcome))

    def _together(
        self, known: Sequence[_Known], going: Ticket | None, candidate: Ticket | None
    ) -> tuple[bool, Ticket | None]:
        """One commit; when the candidate brings out a bug, one without it: what is known must not be lost."""
        try:
            return self._commit(known, going, candidate)
        except DatabaseError:
            raise
        except Exception as error:
            if candidate is None:
                raise
            log.exception("admission failed")
            may_go, _ = self._commit(known, going)
            self._failed(candidate, unexpected(error))
            return may_go, None

    def _commit(
        self, known: Sequence[_Known], going: Ticket | None = None, candidate: Ticket | None = None
    ) -> tuple[bool, Ticket | None]:
        """One transaction for all that is known now; whether `going` may go, and `candidate` if that may, too."""
        if not known and going is None and candidate is None:
            return False, None
        now = self.dispatcher.clock()
        refusal = self._refused_letter(candidate, now)

        def write(line: Line) -> _Settled:
            wanted = self.dispatcher.wanted
            states = [
                ledger.record(line, each.ticket.claim, wanted, each.outcome, now, each.until) for each in known
            ]
            # Asked at each try: what waited for the database need not leave once the run is told to end.
            may_go = going is not None and not self.crew.over and ledger.hand_over(line, going.claim, wanted)
            return _Settled(may_go, refusal or self._refused(line, candidate, now), states)

        settled = self.dispatcher.database.write(write)
        if going is not None:
            going.handed_over = settled.may_go
            if not settled.may_go and not self.crew.over:
                self._leave(going, None)
                self._drop(going)
        self._tell(known, settled.states, now)
        return settled.may_go, self._admitted(candidate, settled.refusal, now)

    def _refused_letter(self, candidate: Ticket | None, now: datetime) -> admission.Refusal | None:
        """Letters are asked about with a session of their own."""
        if candidate is None or candidate.claim.letter == DIGEST:
            return None
        claim = candidate.claim

        def ask(session: Session) -> admission.Refusal | None:
            return admission.letter(session, claim, now)

        return self.dispatcher.database.session(ask)

    def _refused(self, line: Line, candidate: Ticket | None, now: datetime) -> admission.Refusal | None:
        if candidate is None or candidate.claim.letter != DIGEST:
            return None
        return admission.digest(line, candidate.claim, now)

    def _admitted(
        self, candidate: Ticket | None, refusal: admission.Refusal | None, now: datetime
    ) -> Ticket | None:
        if candidate is None or refusal is None:
            return candidate
        claim, wanted, later = candidate.claim, self.dispatcher.wanted, now + FIRST_WAIT

        def write(line: Line) -> State | None:
            if refusal[0] is State.PENDING:
                return ledger.put_back(line, claim, wanted, refusal[1], later)
            return ledger.settle(line, claim, wanted, *refusal)

        state = self.dispatcher.database.write(write)
        self._leave(candidate, None)
        self._drop(candidate)
        self.dispatcher.told(claim, state, Outcome(Verdict.FAILED, Phase.UNREACHED, refusal[1]))
        return None

    def _leave(self, ticket: Ticket, outcome: Outcome | None) -> datetime | None:
        now = self.dispatcher.clock()
        return self.dispatcher.destinations.leave(ticket.claim.address, self.number, outcome, now)

    def _drop(self, ticket: Ticket) -> None:
        if ticket in self.held:
            self.held.remove(ticket)

    def _tell(self, known: Sequence[_Known], states: Sequence[State | None], now: datetime) -> None:
        for (ticket, outcome, _), state in zip(known, states, strict=True):
            self._drop(ticket)
            self.dispatcher.told(ticket.claim, state, outcome)
            if outcome.blame is Blame.READER and state is State.FAILED:
                self._suppress(ticket.claim, outcome.reply, now)

    def _suppress(self, claim: Claim, reply: str, now: datetime) -> None:
        """There is no such mailbox: asking again would only cost us our good name."""

        def write(session: Session) -> None:
            reader = session.get(Subscriber, claim.subscriber_id) if claim.subscriber_id else None
            if reader is not None and reader.email == claim.address:
                leaving.bounced(session, reader, reply, now)
            else:  # a new mailbox that is not the reader's yet
                suppression.suppress(session, claim.address, reply, now)
            session.commit()

        with logs.occasion(step="send", delivery=claim.delivery_id):
            self.dispatcher.database.session(write, writes=True)
            log.info("suppressed: there is no such mailbox")


def unreached(outcome: Outcome) -> bool:
    """Whether all servers are out of reach for a while."""
    return outcome.phase is Phase.UNREACHED and outcome.blame is Blame.RELAY
