"""What will trend, foretold: `python -m benchmarks.trend [--data DIR]` measures late upvotes and selection."""

import argparse
import json
import os
import sys
from pathlib import Path

from benchmarks.relevance import late_votes, selection, tables

ROOT = Path(__file__).parent.parent


def report(line: str) -> None:
    """What is left out, and why."""
    print(line, file=sys.stderr)


def main() -> None:
    """Measure both sets that are there, and print them."""
    data = Path(os.environ.get("NEWSLETTER_DATA", ROOT.parent / "shared" / "data"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=data, help="folder that holds arxiv/ and huggingface/")
    parser.add_argument("--json", action="store_true", help="print one list of figures")
    chosen = parser.parse_args()
    measures = [each for benchmark in (late_votes, selection) for each in benchmark.found(chosen.data, report)]
    rows = [each.row() for each in measures]
    print(json.dumps([row.as_json() for row in rows], indent=1) if chosen.json else tables.shown(rows, measures))


if __name__ == "__main__":
    main()
