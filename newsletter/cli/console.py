"""How the command line looks: tables, progress on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, Task, TextColumn, TimeElapsedColumn
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

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
    """Tells how far a long work has come; `part` (0 to 1) makes a bar of it where the end is known."""

    def __call__(self, step: str, text: str, part: float | None = None) -> None: ...


@contextmanager
def progress(every: int = 50) -> Iterator[Say]:
    """A moving line on a terminal; elsewhere a plain line for each new step and each `every` messages."""
    if sys.stderr.isatty():
        with _moving() as say:
            yield say
        return
    counts: dict[str, int] = {}

    def plain(step: str, text: str, part: float | None = None) -> None:
        del part
        counts[step] = counts.get(step, 0) + 1
        if counts[step] % every == 1:
            print(f"{step}: {text}", file=sys.stderr)

    yield plain


@contextmanager
def _moving() -> Iterator[Say]:
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), _Bar(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as moving:
        task = moving.add_task("", total=None)

        def say(step: str, text: str, part: float | None = None) -> None:
            moving.update(task, description=f"{step}: {text}", total=None if part is None else 1, completed=part)

        yield say


class _Bar(BarColumn):
    """A bar where the end is known, nothing where it is not."""

    def render(self, task: Task) -> ProgressBar | Text:  # type: ignore[override]  # rich draws either
        return Text() if task.total is None else super().render(task)


def plural(count: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 paper", "3 papers"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
