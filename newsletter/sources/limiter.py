"""How often each upstream may be asked: one process-wide queue per family of hosts."""

import ipaddress
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock, RLock

from newsletter.errors import SourceUnavailable

ARXIV = "arxiv"
# arXiv counts its API, feeds and OAI together (https://info.arxiv.org/help/api/tou.html).
FAMILIES = {
    "rss.arxiv.org": ARXIV,
    "export.arxiv.org": ARXIV,
    "oaipmh.arxiv.org": ARXIV,
    "arxiv.org": ARXIV,
    "www.arxiv.org": ARXIV,
    "api.biorxiv.org": "biorxiv",
    "api.medrxiv.org": "biorxiv",
}
PAUSES = {ARXIV: 3.0, "biorxiv": 1.0}
PAUSE = 1.0
LOOPBACK = "loopback "
LONGEST_WAIT = 60.0


def is_loopback(host: str) -> bool:
    """Whether this name or address is the machine itself."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def family_of(host: str) -> str:
    """The queue that a host's requests stand in: hosts of one upstream share one."""
    host = host.lower().rstrip(".")
    return FAMILIES.get(host, LOOPBACK + host if is_loopback(host) else host)


def pause_of(family: str) -> float:
    """Least seconds between the starts of two requests of this family."""
    return 0.0 if family.startswith(LOOPBACK) else PAUSES.get(family, PAUSE)


@dataclass
class Queue:
    """One family's requests: at most one at a time, none before `not_before` (on the limiter's clock)."""

    lock: RLock = field(default_factory=RLock)
    not_before: float = 0.0


class Limiter:
    """Paces all requests of a process; share one object between all threads and fetchers.

    `clock` counts seconds (monotonic), `sleep` waits that many.
    """

    def __init__(self, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._clock = clock
        self._sleep = sleep
        self._queues: dict[str, Queue] = {}
        self._lock = Lock()

    @contextmanager
    def turn(self, family: str) -> Iterator[None]:
        """Wait for this family's turn and keep it for the block, so that it has one connection at a time.

        Raises SourceUnavailable at once where the upstream asked for a pause longer than LONGEST_WAIT.
        """
        queue = self._queue(family)
        with queue.lock:
            self._wait(family, queue.not_before - self._clock())
            queue.not_before = self._clock() + pause_of(family)
            yield

    def hold(self, family: str, seconds: float) -> None:
        """Let nobody of this family ask again within these seconds: the upstream's own wish."""
        queue = self._queue(family)
        with queue.lock:
            queue.not_before = max(queue.not_before, self._clock() + seconds)

    def _wait(self, family: str, seconds: float) -> None:
        if seconds > LONGEST_WAIT:
            raise SourceUnavailable(
                f"{family.removeprefix(LOOPBACK)} asked us to stay away for {seconds:.0f} more seconds",
                seconds,
            )
        if seconds > 0:
            self._sleep(seconds)

    def _queue(self, family: str) -> Queue:
        with self._lock:
            return self._queues.setdefault(family, Queue())
