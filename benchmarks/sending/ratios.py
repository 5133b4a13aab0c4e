"""What is made of the times: ratios within each round, medians and ranges, and whether they are what was asked."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from benchmarks.sending.usage import Used

Round = Mapping[str, Used]  # by the name of the way to send


@dataclass(frozen=True)
class Target:
    """One ratio that is asked for: how many times better `ours` is than `other`, in rate or in CPU a message."""

    words: str
    of: Literal["rate", "each"]
    ours: str
    other: str
    must: float
    aim: float


@dataclass(frozen=True)
class Spread:
    """The median of some figures, and the range they were in."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Judged:
    """A figure beside what was asked for; `least` says that more is better."""

    words: str
    found: Spread
    must: float
    aim: float
    least: bool = True

    @property
    def verdict(self) -> str:
        """By the median."""
        if self._reaches(self.aim):
            return "aim met"
        return "met" if self._reaches(self.must) else "missed"

    def _reaches(self, wanted: float) -> bool:
        return self.found.median >= wanted if self.least else self.found.median <= wanted

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"verdict": self.verdict}


TARGETS = (
    Target("x the rate of the usual way, 1 connection", "rate", "signed-1", "usual", 15, 25),
    Target("x the rate of the usual way, 4 connections", "rate", "signed-4", "usual", 25, 40),
    Target("x the rate of nodemailer, 1 connection", "rate", "signed-1", "nodemailer", 4, 6),
    Target("x the rate of nodemailer, 4 connections", "rate", "signed-4", "nodemailer", 7, 12),
    Target("x smtp-source, unsigned, 1 connection", "rate", "unsigned-1", "smtp-source", 0.75, 0.95),
    Target("x smtp-source, unsigned, 4 connections", "rate", "unsigned-4", "smtp-source", 0.75, 0.95),
    Target("x smtp-source, signed, 4 connections", "rate", "signed-4", "smtp-source", 0.5, 0.75),
    Target("x less CPU a message than the usual way", "each", "signed-1", "usual", 20, 35),
)


def spread(figures: Iterable[float]) -> Spread:
    """Median and range of one figure or more."""
    known = sorted(figures)
    return Spread(statistics.median(known), known[0], known[-1])


def ratio(target: Target, once: Round) -> float | None:
    """How many times better within one round; None when one of the two did not run in it."""
    if target.ours not in once or target.other not in once:
        return None
    ours, other = (getattr(once[name], target.of) for name in (target.ours, target.other))
    return float(ours / other if target.of == "rate" else other / ours)


def judged(rounds: Sequence[Round], targets: Sequence[Target] = TARGETS) -> list[Judged]:
    """Each target that could be measured: ratios are of the same round, never of two medians."""
    found = [(each, [ratio(each, once) for once in rounds]) for each in targets]
    return [
        Judged(each.words, spread(known), each.must, each.aim)
        for each, ratios in found
        if (known := [figure for figure in ratios if figure is not None])
    ]


def summed(rounds: Sequence[Round]) -> dict[str, dict[str, Spread]]:
    """For each way to send: messages a second and microseconds of CPU a message."""
    names = dict.fromkeys(name for once in rounds for name in once)
    return {
        name: {of: spread(getattr(once[name], of) for once in rounds if name in once) for of in ("rate", "each")}
        for name in names
    }
