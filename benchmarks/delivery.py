"""How fast digests leave, beside what people use and the limit, in one run: `python -m benchmarks.delivery`."""

import argparse
import json
import random
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.sending import children, machine, run, tables
from benchmarks.sending.ratios import summed
from benchmarks.sending.run import Found
from benchmarks.sending.ways import WAYS, Bench, made_key

ROOT = Path(__file__).parent.parent
FAR = "distance"
POSTFIX, OWN = "Postfix's smtp-sink", "our own sink, for there is no smtp-sink here: rates are higher than with it"


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--messages", type=int, default=10_000, help="of the quick ways; slow ones get a part of it"
    )
    parser.add_argument(
        "--only",
        choices=[*WAYS, FAR],
        nargs="+",
        default=[*WAYS, FAR],
        metavar="WAY",
        help=f"of {', '.join(WAYS)}, {FAR}",
    )
    parser.add_argument(
        "--memory",
        type=int,
        nargs="+",
        default=[],
        metavar="READERS",
        help="the peak of a run for so many readers",
    )
    parser.add_argument(
        "--quick", action="store_true", help="two rounds of 800 messages: whether it runs, no figures"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the order within the rounds")
    parser.add_argument("--json", action="store_true", help="print one document with every figure")
    kept = ROOT / ".venv" / "benchmarks"
    parser.add_argument("--packages", type=Path, default=kept, help="the folder that nodemailer is installed into")
    return parser.parse_args()


def measured(chosen: argparse.Namespace, report: run.Report) -> Found:
    """Everything that was asked for."""
    found = Found(POSTFIX if children.tool("smtp-sink") else OWN)
    report(f"load {machine.load():.1f}; sink: {found.sink}")
    with tempfile.TemporaryDirectory(prefix="newsletter-delivery-") as name:
        scratch = Path(name)
        many, messages = (2, 800) if chosen.quick else (chosen.rounds, chosen.messages)
        bench = Bench(scratch, made_key(scratch), chosen.packages, messages)
        known = run.prove(bench, [name for name in WAYS if name in chosen.only], found, report)
        if known:
            bench = replace(bench, size=found.sizes[known[0]])
            run.rounds(bench, known, many, found, random.Random(chosen.seed), report)  # noqa: S311 - an order
        if FAR in chosen.only:
            with run.noted(FAR, found, report):
                run.distance(bench, 30 if chosen.quick else 150, found, report)
        for readers in chosen.memory:
            with run.noted(f"memory of {readers:,} readers", found, report):
                run.memory(bench, readers, found, report)
    return found


def shown(found: Found) -> str:
    """The tables, with what to know about them."""
    known = ", ".join(f"{name} {value}" for name, value in machine.described().items())
    sizes = ", ".join(f"{name} {size:,}" for name, size in found.sizes.items())
    loads = f"{min(found.loads):.1f} to {max(found.loads):.1f}" if found.loads else f"{machine.load():.1f}"
    parts = [
        f"machine: {known}; load {loads}",
        f"sink: {found.sink}; bytes a message: {sizes or 'as above'}",
        f"medians of {len(found.rounds)} rounds, with ranges; ratios are of the same round",
    ]
    if found.rounds:
        parts.append(tables.ways(summed(found.rounds), {name: way.label for name, way in WAYS.items()}))
    if targets := found.judged():
        parts.append(tables.targets(targets))
    if found.kept is not None:
        parts.append(f"smtplib on a kept connection, 20 ms away: {found.kept:.2f} round trips a message")
    return "\n\n".join([*parts, *found.notes])


def main() -> None:
    """Measure, and print it."""
    chosen, start = options(), time.perf_counter()

    def report(line: str) -> None:
        print(f"[{time.perf_counter() - start:5.0f} s] {line}", file=sys.stderr, flush=True)

    found = measured(chosen, report)
    print(json.dumps(found.as_json(), indent=1) if chosen.json else shown(found))
    report("done")


if __name__ == "__main__":
    main()
