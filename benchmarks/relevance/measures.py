"""Figures of one run, kept reader by reader, so that methods are compared on the same readers."""

from dataclasses import dataclass, field

import numpy as np

from benchmarks.relevance.library import Floats
from benchmarks.relevance.rows import Row

RESAMPLES = 2_000
SEED = 20_260_501
MIDDLE = (2.5, 97.5)


@dataclass(frozen=True)
class Measure:
    """One metric of one method for each reader; a reader counts as much as its weight."""

    set: str
    k: int | None
    method: str
    metric: str
    values: Floats
    weights: Floats = field(default_factory=lambda: np.ones(1))

    @property
    def value(self) -> float:
        return float(_mean(self, np.ones((1, len(self.values))))[0])

    def row(self) -> Row:
        low, high = np.percentile(_mean(self, _resampled(len(self.values))), MIDDLE)
        return Row(
            self.set, self.k, self.method, self.metric, self.value, float(low), float(high), len(self.values)
        )


@dataclass(frozen=True)
class Ratio:
    """One method as a multiple of another, with its 95 % interval."""

    value: float
    low: float
    high: float


def ratio(ours: list[Measure], theirs: list[Measure]) -> Ratio:
    """The mean ratio over several sets of readers, each pair measured on the same readers (paired bootstrap).

    Readers of different sets are drawn independently of each other.
    """
    pairs = list(zip(ours, theirs, strict=True))
    drawn = []
    for number, (one, other) in enumerate(pairs):
        counts = _resampled(len(one.values), number)
        with np.errstate(divide="ignore", invalid="ignore"):
            drawn.append(_mean(one, counts) / _mean(other, counts))
    low, high = np.nanpercentile(np.mean(drawn, axis=0), MIDDLE)
    value = np.mean([one.value / other.value if other.value else np.nan for one, other in pairs])
    return Ratio(float(value), float(low), float(high))


def _resampled(readers: int, salt: int = 0) -> Floats:
    """How often each reader is drawn, one row for each time that as many readers are drawn with replacement."""
    generator = np.random.default_rng([SEED, salt])
    return generator.multinomial(readers, np.full(readers, 1 / readers), size=RESAMPLES).astype(np.float64)


def _mean(measure: Measure, counts: Floats) -> Floats:
    weights = np.broadcast_to(measure.weights, measure.values.shape)
    total = counts @ weights
    return np.asarray((counts @ (weights * measure.values)) / np.where(total > 0, total, np.nan))
