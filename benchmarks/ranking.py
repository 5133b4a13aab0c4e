"""How well papers fit readers, by our and others' methods in one run: `python -m benchmarks.ranking`."""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from benchmarks.relevance import embedding, tables
from benchmarks.relevance.measures import Measure
from benchmarks.relevance.run import SETS, Run

ROOT = Path(__file__).parent.parent


def options() -> argparse.Namespace:
    data = Path(os.environ.get("NEWSLETTER_DATA", ROOT.parent / "shared" / "data")) / "relevance"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=data, help="folder that holds cold-start/ and others")
    parser.add_argument("--json", action="store_true", help="print one list of figures")
    parser.add_argument(
        "--only", choices=SETS, nargs="+", default=list(SETS), metavar="SET", help="these sets alone"
    )
    parser.add_argument("--tuning", action="store_true", help="ask the readers that are never reported")
    parser.add_argument("--light", action="store_true", help="without sentence vectors, even where installed")
    parser.add_argument("--vectors", type=Path, help="a file that keeps sentence vectors for the next run")
    return parser.parse_args()


def main() -> None:
    """Measure every set that is there, and print it."""
    chosen, start = options(), time.perf_counter()

    def report(line: str) -> None:
        print(f"[{time.perf_counter() - start:5.0f} s] {line}", file=sys.stderr, flush=True)

    if not chosen.data.is_dir():
        sys.exit(f"there is no folder {chosen.data}: name one with --data")
    if chosen.light:
        report("semantic: left out, as --light asks")
    vectors = None if chosen.light else embedding.installed(report, chosen.vectors)
    run = Run(chosen.data, report, vectors, chosen.tuning)
    found = [each for name in chosen.only for each in SETS[name](run)]
    rows = [each.row() if isinstance(each, Measure) else each for each in found]
    if chosen.json:
        print(json.dumps([row.as_json() for row in rows], indent=1))
    else:
        print(tables.shown(rows, [each for each in found if isinstance(each, Measure)]))
    report("done")


if __name__ == "__main__":
    main()
