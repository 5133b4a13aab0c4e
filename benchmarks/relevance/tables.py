"""Figures as tables for people: each set, then our methods as multiples of the others'."""

from collections.abc import Iterator, Sequence

from benchmarks.relevance.measures import Measure
from benchmarks.relevance.rows import Row
from benchmarks.relevance.targets import Verdict, quick, unmeasured, verdicts

NAME = 24


def shown(rows: Sequence[Row], measures: Sequence[Measure]) -> str:
    """All tables, as plain text."""
    compared = list(verdicts(measures, rows))
    return "\n".join(
        [*_sets(rows), *(_ratios(compared) if compared else ()), *unmeasured(measures, rows), *quick(rows)]
    )


def _sets(rows: Sequence[Row]) -> Iterator[str]:
    """A table for each set and metric: methods down, numbers of likes across."""
    for name, metric in dict.fromkeys((row.set, row.metric) for row in rows):
        here = [row for row in rows if (row.set, row.metric) == (name, metric)]
        likes = list(dict.fromkeys(row.k for row in here))
        readers = [next(row.readers for row in here if row.k == k) for k in likes]
        yield f"{name}, {metric}"
        yield " " * NAME + "".join(f"{_head(k, number):<24}" for k, number in zip(likes, readers, strict=True))
        for method in dict.fromkeys(row.method for row in here):
            cells = {row.k: row for row in here if row.method == method}
            yield f"{method:<{NAME}}" + "".join(f"{_cell(cells.get(k)):<24}" for k in likes)
        yield ""


def _head(k: int | None, readers: int) -> str:
    return f"n={readers}" if k is None else f"k={k}, n={readers}"


def _cell(row: Row | None) -> str:
    return f"{row.value:.3f} [{row.low:.3f}, {row.high:.3f}]" if row else "-"


def _ratios(compared: Sequence[Verdict]) -> Iterator[str]:
    yield "Our methods as multiples of others': mean over k, 95 % interval (paired bootstrap over readers)"
    last = ""
    for each in compared:
        if each.name != last:
            yield each.name
        last = each.name
        interval = f"[{each.found.low:.3f}, {each.found.high:.3f}]" if each.found.low < each.found.high else ""
        found = f"{each.found.value:.3f} {interval}"
        bounds = f"worst k {each.worst:.3f}, must {each.must:.2f}, aim {each.aim:.2f}"
        yield f"  {each.ours} / {each.theirs:<24}{found}, {bounds}: {each.reached}"
    yield ""
