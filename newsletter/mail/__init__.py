"""The message: template compiler, TeX to Unicode, what a digest shows, MIME assembly, and the ways out.

A transport takes finished bytes and says what became of them; it knows nothing of readers or papers.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, Self


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


@dataclass(frozen=True)
class Outcome:
    """What became of one message: the verdict, the phase it was reached in, and the server's reply."""

    verdict: Verdict
    phase: Phase
    reply: str = ""


@dataclass(frozen=True)
class Envelope:
    """One finished message and where it goes; `sender` is the return path, `recipient` the one address."""

    sender: str
    recipient: str
    message_id: str
    content: bytes


class Transport(Protocol):
    """One way out. A context manager: leaving it closes connections. Only `refuse` and `abort` cross threads."""

    def send(self, envelope: Envelope) -> Outcome:
        """Hand over one message. Never raises for what a server or network does: the outcome says it."""

    def refuse(self) -> bool:
        """Begin no message any more. True when a server is still being reached: `send` will hand over nothing."""

    def abort(self) -> None:
        """Cut off what `send` waits for, so that it returns at once with what is known."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...
