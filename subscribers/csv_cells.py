"""Text of a CSV file (RFC 4180) to numbered records of cells, one bad record costing itself alone, and back."""

import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from subscribers.errors import SubscriberError

# A note or a piece of JSON in a cell may span lines; a quote that is never closed must not eat the file.
LONGEST_RECORD = 500
# What `errors="surrogateescape"` makes of bytes that are not UTF-8.
_FOREIGN = re.compile("[\ud800-\udfff]")
# A spreadsheet would run such a cell as a formula, and strangers choose their own names.
_FORMULA = re.compile(r"'*[=+\-@\t]")


class Record(NamedTuple):
    """One record: the line it begins on, counted from 1, its cells, and what is wrong with its quotes or ""."""

    line: int
    cells: list[str]
    trouble: str


Numbered = Iterator[tuple[int, str]]


def first_line(lines: Iterable[str]) -> tuple[str, Numbered]:
    """The first line that is not blank, "" if there is none, and all lines after it with their numbers."""
    numbered = enumerate(lines, 1)
    text = next((line for _, line in numbered if line.strip()), "")
    return text.removeprefix("\ufeff"), numbered


def delimiter_of(line: str) -> str:
    """A spreadsheet of a country with decimal commas writes semicolons; with both there is no telling."""
    return ";" if ";" in line and "," not in line else ","


def records(numbered: Numbered, delimiter: str, most_lines: int = 1) -> Iterator[Record]:
    """Every record that is not blank; `most_lines` is how many lines a quoted cell may make of it.

    A record whose quotes do not pair up costs its first line alone: the lines after it are read again.
    """
    waiting: deque[tuple[int, str]] = deque()
    while True:
        taken: list[tuple[int, str]] = []
        reader = csv.reader(_take(waiting, numbered, taken, most_lines), delimiter=delimiter, strict=True)
        try:
            cells, trouble = next(reader, None), ""
        except csv.Error as error:
            waiting.extendleft(reversed(taken[1:]))
            cells, trouble = taken[0][1].rstrip("\r\n").split(delimiter), str(error)
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield Record(taken[0][0], cells, trouble)


def _take(
    waiting: deque[tuple[int, str]], numbered: Numbered, taken: list[tuple[int, str]], most: int
) -> Iterator[str]:
    """At most so many lines, those that wait first; each is kept in `taken`."""
    while len(taken) < most and (line := waiting.popleft() if waiting else next(numbered, None)) is not None:
        taken.append(line)
        yield line[1]


def cells_of(line: str, delimiter: str) -> list[str]:
    """The cells of one line, split at the delimiter where its quotes do not pair up."""
    return next((record.cells for record in records(iter([(1, line)]), delimiter)), [])


def check_encoding(cells: Iterable[str], name: str = "the line") -> None:
    """Refuse bytes that were not UTF-8, with the cure."""
    if any(map(_FOREIGN.search, cells)):
        raise SubscriberError(f'{name} is not UTF-8: in Excel save as "CSV UTF-8"')


def guarded(cell: str) -> str:
    """A cell that a spreadsheet would run, with an apostrophe before it."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """The meaning of a cell: without the apostrophe that keeps a spreadsheet from running it."""
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell


def as_line(cells: Sequence[str]) -> str:
    """One record as text that ends in a newline; cells with line breaks of any kind are quoted."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)  # both characters, so that either is quoted in a cell
    return text.getvalue().removesuffix("\r\n") + "\n"
