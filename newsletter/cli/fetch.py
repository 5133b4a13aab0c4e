"""`newsletter fetch`: read the sources and store what is new."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.start import (
    DEFAULT_CONFIG,
    FAILED,
    AsJson,
    At,
    ConfigPath,
    Started,
    monotonic,
    now,
    show,
    start,
)

if TYPE_CHECKING:
    from datetime import datetime

    from newsletter.fetch import Report


def fetch(
    source: Annotated[str, typer.Option(metavar="NAME", help="Read only this source.")] = "",
    at: At = None,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Read every source and keep each paper once.

    Prints, for each source, how many papers are new, updated and unchanged, and names everything that was
    left out and why. A broken source costs that source; the rest goes on, and the exit code is 1.
    """
    reports = read_sources(start(config), source, now(at))
    show(as_document(reports), as_json, lambda: _print(reports))
    if any(report.failed for report in reports):
        raise typer.Exit(FAILED)


def read_sources(started: Started, only: str, at: "datetime") -> "list[Report]":
    """Fetch from the configured sources, or from the one called `only`."""
    from newsletter import db
    from newsletter import fetch as step
    from newsletter.cli.console import progress
    from newsletter.wiring import fetcher, sources

    wanted = sources(started.config, only)
    with fetcher(started.config) as opened, db.writing(started.engine) as session, progress() as say:
        return step.run(session, wanted, opened, at, now(), say, monotonic)


def as_document(reports: "list[Report]") -> dict[str, object]:
    """The JSON of a fetch: one object for each source, and the sums."""
    rows = [asdict(report) | {"failed": report.failed} for report in reports]
    sums = {name: sum(getattr(report, name) for report in reports) for name in COUNTS}
    return {"sources": rows} | sums


COUNTS = ("new", "updated", "unchanged", "not_modified", "later", "failed")


def _print(reports: "list[Report]") -> None:
    from newsletter.cli.console import console, table

    if not reports:
        typer.echo("No sources: add a [[sources]] table to the configuration (docs/configuration.md).")
        return
    names = tuple(name.replace("_", " ") for name in COUNTS)
    rows = table("source", *names, numbers=names)
    for report in reports:
        rows.add_row(report.source, *(f"{getattr(report, name):,}" for name in COUNTS))
    console().print(rows)
    for report in reports:
        for problem in filter(None, [report.error, *report.problems]):
            typer.echo(f"{report.source}: {problem}", err=True)
