"""One measured figure, and how it is printed."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Row:
    """The mean of a metric over readers (or days, or topics), with its 95 % bootstrap interval.

    `k` is the number of likes that a profile holds, None where the set has no such number; `low` and `high` are
    the bounds of the interval; `readers` is how many readers, days or topics the mean is taken over.
    """

    set: str
    k: int | None
    method: str
    metric: str
    value: float
    low: float
    high: float
    readers: int

    def as_json(self) -> dict[str, str | int | float | None]:
        return asdict(self)
