"""How the command line looks: tables, progress on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

WIDTH_WITHOUT_TERMINAL = 120


def console() -> Console:
    """Standard output; wide where nobody measures it, so that a log or a pipe keeps whole lines."""
    return Console(width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL, highlight=False, markup=False)


def table(*columns: str, numbers: tuple[str, ...] = ()) -> Table:
    """A quiet table: no box, the named columns right-aligned."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        made.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    return made


class Say(Protocol):
    """Tells how far a long work has come."""

    def __call__(self, step: str, text: str) -> None: ...


@contextmanager
def progress(every: int = 50) -> Iterator[Say]:
    """A moving line on a terminal; elsewhere a plain line for each new step and each `every` messages."""
    if sys.stderr.isatty():
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as moving:
            task = moving.add_task("")
            yield lambda step, text: moving.update(task, description=f"{step}: {text}")
        return
    counts: dict[str, int] = {}

    def plain(step: str, text: str) -> None:
        counts[step] = counts.get(step, 0) + 1
        if counts[step] % every == 1:
            print(f"{step}: {text}", file=sys.stderr)

    yield plain


def plural(count: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 paper", "3 papers"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
