"""What coverage counts: each line once is enough, and watching a test costs as much time as running it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from coverage import Coverage

# Whose lines differ from one database to the other; the other tests reach on PostgreSQL what they reach on SQLite.
DATABASES = ("test_db", "test_ledger", "test_doctor", "test_fetch", "test_cli_backup")
PROCESSES = "COVERAGE_PROCESS_CONFIG"  # tells each new process to count as well


def counted(item: pytest.Item) -> bool:
    """Whether the lines that this test reaches count: not when they are reached by another test anyway."""
    if item.get_closest_marker("uncounted"):
        return False
    return item.path.name.startswith(DATABASES) or not item.get_closest_marker("postgresql")


@contextmanager
def paused() -> Iterator[None]:
    """Coverage looks away, here and in the processes that are started."""
    stopped, processes = list(_stopped()), os.environ.pop(PROCESSES, None)
    try:
        yield
    finally:
        for counter in reversed(stopped):
            counter.start()
        if processes is not None:
            os.environ[PROCESSES] = processes


def _stopped() -> Iterator[Coverage]:
    # A worker has two: its own, and below it the one that every new process starts.
    while counter := Coverage.current():
        counter.stop()
        yield counter
