"""Render every letter, run the real tools on them, print one table: checker, bar, figure, met or not."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from checks import (
    browser,
    clients,
    hostile,
    letters,
    markup,
    programs,
    rspamd,
    site,
    size,
    spam,
    speed,
    titles,
    twins,
)
from checks.letters import Mail
from checks.result import Result

Check = Callable[[Sequence[Mail]], Result]


class Checker(NamedTuple):
    """One row of the table; `quick` is how CI runs it, or None where its tool comes from no registry."""

    bar: str
    check: Check
    quick: Check | None = None


def checkers(out: Path) -> dict[str, Checker]:
    """Every checker by its name, in the table's order."""
    return {
        "spamassassin": Checker("<= 0.1, every letter", spam.check),
        "rspamd": Checker("no action, every letter", rspamd.check),
        "axe": Checker("0 WCAG A/AA", browser.barriers, partial(browser.barriers, quick=True)),
        "pages": Checker("0 WCAG A/AA, nothing past the edge", site.check),
        "edge": Checker("inside at 320 and 375", browser.edges, browser.edges),
        "mjml": Checker("0 pixels off npm mjml", twins.check, partial(twins.check, quick=True)),
        "vnu": Checker("0 beyond 5 idioms", markup.check, markup.check),
        "caniemail": Checker("0 unexplained", clients.check, clients.check),
        "size": Checker("<= 60 KB for ten, <= 90 KB", size.check, size.check),
        "speed": Checker("compile <= 50 ms, render <= 0.5 ms", speed.check),
        "tex": Checker(">= 98 % readable", titles.check, titles.check),
        "hostile": Checker("inert and in bounds", hostile.check, hostile.check),
        "thunderbird": Checker("shows the mail; look at it", partial(programs.thunderbird, out=out)),
        "readers": Checker("shown in w3m, mutt; 72 columns", partial(programs.readers, out=out)),
    }


def main(words: Sequence[str] | None = None) -> int:
    """0 when every bar is met; 1 when one is missed; 3 when none is missed but a tool is not there."""
    asked = parser().parse_args(words)
    table = checkers(asked.out)
    if unknown := sorted(set(asked.names) - set(table)):
        print(f"no checker is called {unknown[0]!r}: use {', '.join(table)}", file=sys.stderr)
        return 2
    chosen = {name: each for name, each in table.items() if name in asked.names or not asked.names}
    runs = {name: each.quick if asked.ci else each.check for name, each in chosen.items()}
    mails = letters.every()
    letters.write(mails, asked.out / "mails")
    told = {name: timed(run, mails) for name, run in runs.items() if run is not None}
    (as_json if asked.json else as_table)(table, told)
    return outcome([result for result, _ in told.values()], ci=asked.ci)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m checks", description=__doc__)
    made.add_argument("names", nargs="*", metavar="NAME", help="only these checkers")
    made.add_argument("--json", action="store_true", help="print one JSON document")
    made.add_argument("--ci", action="store_true", help="what continuous integration can run, in short")
    made.add_argument("--out", type=Path, default=Path("checked"), metavar="DIR", help="for mails and pictures")
    return made


def timed(run: Check, mails: Sequence[Mail]) -> tuple[Result, float]:
    """What the checker says, and how many seconds it took; one that breaks down has not met its bar."""
    start = time.monotonic()
    try:
        result = run(mails)
    except Exception as error:  # noqa: BLE001 - one broken tool must not hide what the others say
        result = Result(f"broke down: {type(error).__name__}", met=False, details=(str(error),))
    return result, time.monotonic() - start


def outcome(results: Sequence[Result], *, ci: bool) -> int:
    """The exit code; CI does not fail for a tool that its registry did not give."""
    if any(result.met is False for result in results):
        return 1
    return 3 if any(result.met is None for result in results) and not ci else 0


def as_table(table: dict[str, Checker], told: dict[str, tuple[Result, float]]) -> None:
    """The table, and below it what each checker has to say."""
    console, shown = Console(soft_wrap=True), Table("checker", "bar", "figure", "met", "seconds")
    for name, (result, seconds) in told.items():
        met = {True: "yes", False: "NO", None: "not run"}[result.met]
        shown.add_row(name, table[name].bar, result.figure, met, f"{seconds:.0f}")
    for name, (result, _) in told.items():
        for line in result.details:
            console.print(f"{name}: {line}", markup=False, highlight=False)
    console.print(shown)


def as_json(table: dict[str, Checker], told: dict[str, tuple[Result, float]]) -> None:
    """One document: checkers by name."""
    rows = {
        name: {"bar": table[name].bar, **asdict(result), "seconds": round(seconds, 1)}
        for name, (result, seconds) in told.items()
    }
    print(json.dumps(rows, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    sys.exit(main())
