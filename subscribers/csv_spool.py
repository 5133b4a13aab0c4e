"""Checked rows put by in a temporary file, so that a long CSV is read whole before a database waits for it."""

import pickle
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO, Self

from subscribers.csv_rows import Row

_AT_ONCE = 500  # rows in one pickle: few enough to be nothing in memory, many enough to be quick
_IN_MEMORY = 4 * 1024 * 1024  # bytes; only a longer list touches the disk at all


class Spool:
    """Rows in the order in which they came: `keep` them all, then walk through them as often as you like.

    The file has no name that anybody else could open, and is gone when the `with` block ends, however it ends.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed by __exit__

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()

    def keep(self, rows: Iterable[Row]) -> None:
        """Take every one of these rows, a few at a time."""
        there = iter(rows)
        while some := list(islice(there, _AT_ONCE)):
            pickle.dump(some, self._file, pickle.HIGHEST_PROTOCOL)
            self.rows += len(some)

    def __iter__(self) -> Iterator[Row]:
        self._file.seek(0)
        left = self.rows
        while left > 0:
            some = pickle.load(self._file)  # noqa: S301 - written above, in a file that nobody else can reach
            left -= len(some)
            yield from some
