"""The message: template compiler, TeX to Unicode, what a digest shows, MIME assembly, and the ways out.

A transport takes finished bytes and says what became of them; it knows nothing of readers or papers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol, Self


class Phase(StrEnum):
    """How far the dialogue had come when the outcome was known (RFC 5321 section 3.3).

    UNREACHED = no session was opened, or we ourselves left it before the dot: nothing that the message or its
    reader could have caused.
    """

    UNREACHED = "unreached"
    BEFORE_DOT = "before dot"
    AFTER_DOT = "after dot"
    REPLIED = "replied"


class Verdict(StrEnum):
    """What a transport says of one message."""

    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Blame(StrEnum):
    """Who is to blame that a message was not taken: it decides who has to wait, and who is told."""

    NOBODY = "nobody"
    MESSAGE = "message"  # or its reader's mailbox, for a while
    READER = "reader"  # there is no such mailbox
    BUSY = "destination busy"  # it asks for patience
    POLICY = "destination's policy"  # it refuses us, whoever the reader is
    RELAY = "relay"  # our own server or our standing with it


@dataclass(frozen=True)
class Outcome:
    """What became of one message: the verdict, the phase it was reached in, the reply, who is to blame."""

    verdict: Verdict
    phase: Phase
    reply: str = ""
    blame: Blame = Blame.NOBODY

    @property
    def counts(self) -> bool:
        """Whether it was a try of this message: not when no server was reached, or one refused everybody."""
        return self.phase is not Phase.UNREACHED and self.blame not in {Blame.BUSY, Blame.POLICY, Blame.RELAY}


@dataclass(frozen=True)
class Envelope:
    """One finished message and where it goes; `sender` is the return path, `recipient` the one address."""

    sender: str
    recipient: str
    message_id: str
    content: bytes


class Ready(Protocol):
    """A message that is ready to go, as the feed that gave it knows it."""

    @property
    def envelope(self) -> Envelope: ...


class Done(NamedTuple):
    """A message and what became of it."""

    ready: Ready
    outcome: Outcome


class Turn(NamedTuple):
    """What a feed answers: whether the body of the message in hand may leave, and the message after it."""

    may_go: bool
    following: Ready | None


class Feed(Protocol):
    """Where a transport gets messages from, and to whom it tells what became of them."""

    def turn(self, done: Sequence[Done], going: Ready | None = None, back: Ready | None = None) -> Turn:
        """Commit what became of `done` and that the body of `going` leaves now; and the message to follow.

        `back` was given before and did not begin: it follows, if it still may. With nothing `going` this waits for
        something to send while there may be something; then no message to follow means that there is none.
        """

    def ahead(self) -> None:
        """A server is thinking: get the message after the next one ready meanwhile."""


class Transport(Protocol):
    """One way out. A context manager: leaving it closes connections. Only `refuse` and `abort` cross threads."""

    def drain(self, feed: Feed) -> None:
        """Hand over what the feed gives until it gives no more.

        Never raises for what a server or network does: the outcomes say it.
        """

    def refuse(self) -> bool:
        """Begin no message any more. True when a server is still being reached: nothing will be handed over."""

    def abort(self) -> None:
        """Cut off what `drain` waits for, so that it goes on at once with what is known."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


def one_by_one(feed: Feed, send: Callable[[Envelope], Outcome]) -> None:
    """Drain a feed by a way out that takes one message after another."""
    done: list[Done] = []
    going: Ready | None = None
    while True:
        turn = feed.turn(done, going)
        if going is None and turn.following is None:
            return
        done = [Done(going, send(going.envelope))] if going is not None and turn.may_go else []
        going = turn.following
