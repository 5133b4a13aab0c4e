"""Time and memory of importing readers from CSV, beside a bare DictReader and executemany of the same rows."""

import argparse
import contextlib
import csv
import io
import json
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, event

from newsletter.cli.imports import import_

HEADER = ("email", "name", "status", "topics", "keywords", "cadence", "hour", "timezone")
TOPICS = (
    "Graphs",
    "Robotics",
    "Language models",
    "Medical imaging",
    "Reasoning",
    "Code generation",
    "Interpretability",
)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC")
CADENCES = ("daily", "weekdays", "weekly")
LISTMONK = ("uuid", "email", "name", "attributes", "status", "created_at", "updated_at")
DAY = "2024-03-14 09:12:31.123456 +0000 UTC"


def ours(number: int) -> tuple[str, ...]:
    """One reader with two topics and a keyword, in our own columns."""
    topics = f"{TOPICS[number % 7]};{TOPICS[(number + 3) % 7]}=1.5"
    zone, cadence = ZONES[number % 4], CADENCES[number % 3]
    name = f"Reader {number}"
    return (
        f"reader{number}@example.org",
        name,
        "active",
        topics,
        "neural operator",
        cadence,
        str(number % 24),
        zone,
    )


def listmonk(number: int) -> tuple[str, ...]:
    """The same reader in an export of listmonk, with attributes that span lines."""
    attributes = json.dumps({"city": "Graz", "note": "two\nlines", "number": number}, indent=1)
    return (
        f"00000000-{number:012}",
        f"reader{number}@example.org",
        f"Reader {number}",
        attributes,
        "enabled",
        DAY,
        DAY,
    )


KINDS: dict[str, tuple[tuple[str, ...], Callable[[int], tuple[str, ...]]]] = {
    "newsletter": (HEADER, ours),
    "listmonk": (LISTMONK, listmonk),
}


def write(file: Path, kind: str, rows: int) -> None:
    """A file of so many readers."""
    header, row = KINDS[kind]
    with file.open("w", encoding="utf-8", newline="") as out:
        lines = csv.writer(out)
        lines.writerow(header)
        lines.writerows(map(row, range(rows)))


def bare(file: Path, database: Path) -> float:
    """Seconds that reading the rows and inserting them into one table takes when nothing is checked."""
    start = time.perf_counter()
    with (
        file.open(encoding="utf-8", newline="") as lines,
        contextlib.closing(sqlite3.connect(database)) as connection,
    ):
        rows = csv.DictReader(lines)
        names = [name for name in rows.fieldnames or () if name.isidentifier()]
        connection.execute(f"CREATE TABLE reader ({', '.join(names)})")
        marks = ", ".join(f":{name}" for name in names)
        connection.executemany(f"INSERT INTO reader VALUES ({marks})", rows)  # noqa: S608 - names of our own file
        connection.commit()
    return time.perf_counter() - start


def measure(kind: str, rows: int) -> dict[str, float | str]:
    """One import into an empty database: seconds, peak memory of the process, and the ratio to the bare way."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file, config = folder / "readers.csv", folder / "config.toml"
        write(file, kind, rows)
        config.write_text('[database]\nurl = "sqlite:///readers.db"\n', encoding="utf-8")
        before, start = _peak_mib(), time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()), _locked() as locked:
            import_(file, config=config, as_json=True)
        seconds, peak = time.perf_counter() - start, _peak_mib()
        plain = bare(file, folder / "bare.db")
    figures = {"rows": rows, "seconds": round(seconds, 2), "locked_seconds": round(sum(locked), 2)}
    memory = {"peak_mib": round(peak), "before_mib": round(before)}
    return (
        {"format": kind} | figures | memory | {"bare_seconds": round(plain, 2), "ratio": round(seconds / plain, 1)}
    )


@contextlib.contextmanager
def _locked() -> Iterator[list[float]]:
    """For how many seconds each transaction held the write lock."""
    began: list[float] = []
    held: list[float] = []

    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("sqlite_begin") == "IMMEDIATE":
            began.append(time.perf_counter())

    def commit(_: Connection) -> None:
        held.extend(time.perf_counter() - each for each in began)
        began.clear()

    event.listen(Engine, "begin", begin)
    event.listen(Engine, "commit", commit)
    try:
        yield held
    finally:
        event.remove(Engine, "begin", begin)
        event.remove(Engine, "commit", commit)


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print the figures of one kind of file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--kind", choices=KINDS, default="newsletter")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    figures = measure(options.kind, options.rows)
    if options.json:
        print(json.dumps(figures, indent=2))
        return
    for name, value in figures.items():
        print(f"{name:24}{value:>12}")


if __name__ == "__main__":
    main()
