"""How a run of sending looks while it goes on: what went out, how fast, and when it will be done."""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from newsletter.cli.console import Say

if TYPE_CHECKING:
    from newsletter.send import Report

GLANCE = 0.2  # seconds between two changes of the line on a terminal
OVER = 10.0  # the rate is that of the last so many seconds


class Live:
    """Called after each message; `total` is how many were due at the start, `every` seconds pass between lines."""

    def __init__(self, say: Say, total: int, monotonic: Callable[[], float], every: float = GLANCE) -> None:
        self.say, self.total, self.monotonic, self.every = say, total, monotonic, every
        self._next = 0.0
        self._seen = deque([(monotonic(), 0)])

    def __call__(self, report: "Report") -> None:
        moment = self.monotonic()
        if moment < self._next:
            return
        self._next = moment + self.every
        done = sum(report.outcomes.values())
        self._seen.append((moment, done))
        while len(self._seen) > 2 and self._seen[1][0] < moment - OVER:  # noqa: PLR2004 - two make a rate
            self._seen.popleft()
        total = max(self.total, done)
        self.say(
            "send", f"{so_far(report)} of {total:,}{self._pace(total - done)}", done / total if total else 1.0
        )

    def _pace(self, left: int) -> str:
        """Like "; 1,850 a second, 12 s left"."""
        (since, before), (moment, done) = self._seen[0], self._seen[-1]
        rate = (done - before) / (moment - since) if moment > since else 0.0
        if not rate:
            return ""
        speed = f"{rate:,.0f} a second" if rate >= 1 else f"{rate * 60:,.0f} a minute"
        return f"; {speed}, {lasting(left / rate)} left" if left else f"; {speed}"


def so_far(report: "Report") -> str:
    """The outcomes until now in one line."""
    return ", ".join(f"{count:,} {state}" for state, count in sorted(report.outcomes.items()))


def lasting(seconds: float) -> str:
    """Like "40 s", "12 min", "3 h 5 min"."""
    whole = round(seconds)
    if whole < 90:  # noqa: PLR2004 - below that seconds are what people count
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"  # noqa: PLR2004 - as above
