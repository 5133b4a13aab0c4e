"""What planning a day costs: very many readers, 500 papers; time by step, rows written, and peak memory.

    python -m benchmarks.planning [--readers 100000] [--words] [--likes] [--json]

It runs `schedule.due` and `pick.run` as the product does, in a process of its own, on a new SQLite database: the
first day, and the next day, when every reader has a history. CPU time is the sturdy figure beside the wall's.
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from benchmarks import planning_world as world
from newsletter import audience, db, pick, planner, profiles, schedule, wiring
from newsletter.chooser import Chooser
from newsletter.cli.start import Started
from newsletter.config import load
from newsletter.models import ArchiveModel, Delivery, Pick

KEYS = ("a key for measuring, and nothing else",)
DAY = timedelta(days=1)
WINDOW = timedelta(hours=18)
CONFIG = """\
[newsletter]
from = "papers@example.org"
url = "https://papers.example.org"
[ranking]
model = "light"
"""
MEGABYTE = 1024.0  # kilobytes
# What is timed, by step: each is called by `pick.run` itself.
STEPS: dict[str, list[tuple[Any, str]]] = {
    "load": [(audience, "load"), (audience, "wishes"), (profiles, "opinions"), (pick, "not_planned")],
    "choose": [(Chooser, "choose_all")],
    "write": [(planner.Planner, "plan_all")],
}


class Watch:
    """Adds up what the steps cost, each without the others that it calls."""

    def __init__(self) -> None:
        self.wall: dict[str, float] = defaultdict(float)
        self.cpu: dict[str, float] = defaultdict(float)
        self._own = threading.local()

    @contextmanager
    def over_all(self) -> Iterator[None]:
        """Time every step within this block."""
        before = [(owner, name, getattr(owner, name)) for works in STEPS.values() for owner, name in works]
        for step, works in STEPS.items():
            for owner, name in works:
                setattr(owner, name, self.over(step, getattr(owner, name)))
        try:
            yield
        finally:
            for owner, name, work in before:
                setattr(owner, name, work)

    def over(self, step: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same work, timed."""

        def timed(*arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - whatever the work takes
            outer = getattr(self._own, "inner", None)
            self._own.inner = inner = [0.0, 0.0]
            began = time.perf_counter(), time.thread_time()
            try:
                return work(*arguments, **more)
            finally:
                took = time.perf_counter() - began[0], time.thread_time() - began[1]
                self.wall[step] += took[0] - inner[0]
                self.cpu[step] += took[1] - inner[1]
                self._own.inner = outer
                if outer is not None:
                    outer[0] += took[0]
                    outer[1] += took[1]

        return timed


def prepare(folder: Path, arguments: argparse.Namespace) -> None:
    """A new database with papers and readers."""
    (folder / "config.toml").write_text(CONFIG, encoding="utf-8")
    started = Started(load(folder / "config.toml"))
    data = Path(os.environ.get("NEWSLETTER_DATA", Path(__file__).parents[2] / "shared" / "data"))
    words = world.store_papers(started.engine, world.papers(data if data.is_dir() else None, started.config))
    if arguments.words:
        with db.writing(started.engine) as session:
            session.connection().execute(ArchiveModel.__table__.delete())  # type: ignore[attr-defined]
    world.store_readers(started.engine, started.config, words, arguments.readers, judging=arguments.likes)


def run(folder: Path, at: datetime) -> dict[str, Any]:
    """Plan one day in this process; figures per reader in microseconds, memory in megabytes."""
    started = Started(load(folder / "config.toml"))
    taste, issue = wiring.taste(started.config), wiring.issue(started.config)
    with Session(started.engine) as session:
        taste.models.newest(session)  # the idle process of `newsletter up` has it read
    idle, watch = _memory("VmRSS"), Watch()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak counts from here
    with watch.over_all():
        began = time.perf_counter(), time.process_time()
        with Session(started.engine) as session:
            due = schedule.due(session, at, WINDOW)
        found_due = time.perf_counter(), time.process_time()
        report = pick.run(started.engine, due, taste, issue, KEYS, at, at)
        ended = time.perf_counter(), time.process_time()
    peak, readers = _memory("VmHWM"), max(1, len(due))
    each = 1e6 / readers
    with Session(started.engine) as session:
        rows = session.execute(select(func.count()).select_from(Pick)).scalar_one()
        digests = session.execute(select(func.count()).select_from(Delivery)).scalar_one()
    return {
        "readers": len(due),
        "planned": report.planned,
        "skipped": report.skipped,
        "rows": rows + digests,
        "wall_us": round((ended[0] - began[0]) * each, 1),
        "cpu_us": round((ended[1] - began[1]) * each, 1),
        "due_us": round((found_due[1] - began[1]) * each, 1),
        **{f"{step}_us": round(watch.cpu[step] * each, 1) for step in STEPS},
        "idle_mb": round(idle, 1),
        "above_idle_mb": round(peak - idle, 1),
    }


def _memory(name: str) -> float:
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(found[1]) / MEGABYTE if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE


def measure(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """The figures of two days, each planned by a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, arguments)
        return [_apart(folder, number) for number in range(arguments.days)]


def _apart(folder: Path, number: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.planning", "--in", str(folder), "--day", str(number)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - this very file
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {"day": number + 1} | figures


def main() -> None:
    """Print a table, or one JSON document."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.planning", description=__doc__.splitlines()[0])
    parser.add_argument("--readers", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=2)
    parser.add_argument("--words", action="store_true", help="no archive was read: words alone decide")
    parser.add_argument("--likes", action="store_true", help="one reader in ten has liked ten papers")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--in", dest="folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--day", type=int, default=0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.folder:
        print(json.dumps(run(arguments.folder, world.AT + arguments.day * DAY)))
        return
    found = measure(arguments)
    if arguments.json:
        print(json.dumps({"days": found}))
        return
    print("  ".join(f"{name:>13}" for name in found[0]))
    for figures in found:
        print("  ".join(f"{value:>13,}" for value in figures.values()))


if __name__ == "__main__":
    main()
