"""Relays: which server takes the next connection, by weight, and which are left alone for a while."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from newsletter.mail.smtp_connection import Settings

DOWN_SECONDS = 30.0  # a server that cannot be reached is not dialled for every message in the queue
LONGEST_DOWN_SECONDS = 600.0
MOST_DOUBLINGS = 8  # more make no difference


@dataclass
class _Relay:
    settings: Settings
    credit: float = 0.0
    failures: int = 0
    until: float = float("-inf")
    reason: str = ""


@dataclass
class Relays:
    """Several servers that share the work by weight; `clock` counts seconds and never jumps (time.monotonic).

    One that fails is left alone for 30 seconds, then for twice as long each time, up to ten minutes; the others
    take over.
    """

    servers: Sequence[Settings]
    clock: Callable[[], float]
    _relays: list[_Relay] = field(default_factory=list)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._relays = [_Relay(each) for each in dict.fromkeys(self.servers)]  # one that is named twice is one

    def choose(self) -> Settings | None:
        """The server for a new connection; None while all of them are left alone.

        Each gets its share evenly: what it weighs is added to its credit, and the highest pays for all.
        """
        with self._turn:
            up = [each for each in self._relays if each.until <= self.clock()]
            if not up:
                return None
            for each in up:
                each.credit += each.settings.weight
            chosen = max(up, key=lambda each: each.credit)
            chosen.credit -= sum(each.settings.weight for each in up)
            return chosen.settings

    def failed(self, settings: Settings, reason: str) -> None:
        """Leave it alone for a while. Connections that met with the same trouble at once are one failure."""
        with self._turn:
            relay = self._of(settings)
            if relay.until > self.clock():
                return
            seconds = min(DOWN_SECONDS * 2 ** min(relay.failures, MOST_DOUBLINGS), LONGEST_DOWN_SECONDS)
            relay.until, relay.reason = self.clock() + seconds, reason
            relay.failures += 1

    def worked(self, settings: Settings) -> None:
        """It took a message: what was before is forgotten."""
        relay = self._of(settings)
        if relay.failures:
            with self._turn:
                relay.failures, relay.until, relay.reason = 0, float("-inf"), ""

    @property
    def any_up(self) -> bool:
        """Whether there is one that may be asked now."""
        return any(each.until <= self.clock() for each in self._relays)

    @property
    def reason(self) -> str:
        """Why those that are left alone are."""
        return "; ".join(dict.fromkeys(each.reason for each in self._relays if each.reason))

    def _of(self, settings: Settings) -> _Relay:
        return next(each for each in self._relays if each.settings == settings)
