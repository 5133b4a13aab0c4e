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

    from newsletter import examples
    from newsletter.chooser import Taste
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
    Then new papers are learned from: they get vectors where a model for that is installed, and the archive is
    read again when it has grown.
    """
    from newsletter.wiring import taste

    started, moment = start(config), now(at)
    wanted = taste(started.config)
    reports, found = read_sources(started, source, moment)
    document = as_document(reports) | {"examples": asdict(found)}
    show(document, as_json, lambda: _print(reports, found))
    learn(started, wanted, moment)
    if any(report.failed for report in reports):
        raise typer.Exit(FAILED)


def read_sources(started: Started, only: str, at: "datetime") -> "tuple[list[Report], examples.Report]":
    """Fetch from the configured sources, or from the one called `only`, and look up what readers named."""
    from newsletter import db, examples
    from newsletter import fetch as step
    from newsletter.cli.console import progress
    from newsletter.wiring import fetcher, sources

    wanted = sources(started.config, only)
    with fetcher(started.config) as opened, db.writing(started.engine) as session, progress() as say:
        reports = step.run(session, wanted, opened, at, now(), say, monotonic)
        return reports, examples.run(session, wanted, opened, now())


def learn(started: Started, wanted: "Taste", at: "datetime") -> None:
    """Get to know what was fetched: vectors of new papers, and the archive read again when it has grown."""
    from newsletter import archive
    from newsletter.cli.console import progress

    with progress() as say:
        archive.learn(started.engine, wanted.models, at, now, say)


def as_document(reports: "list[Report]") -> dict[str, object]:
    """The JSON of a fetch: one object for each source, and the sums."""
    rows = [asdict(report) | {"failed": report.failed} for report in reports]
    sums = {name: sum(getattr(report, name) for report in reports) for name in COUNTS}
    return {"sources": rows} | sums


MOST_NAMED = 10
COUNTS = ("new", "updated", "unchanged", "not_modified", "later", "failed")


def _print(reports: "list[Report]", found: "examples.Report") -> None:
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
    _print_examples(found)


def _print_examples(found: "examples.Report") -> None:
    from newsletter.cli.console import plural

    if found.known or found.found:
        told = f"{plural(found.known, 'example')} of readers known from the archive, {found.found:,} from arXiv"
        typer.echo(f"{told}.")
    if found.unknown:
        listed = ", ".join(found.unknown[:MOST_NAMED]) + (" and more" if len(found.unknown) > MOST_NAMED else "")
        typer.echo(f"arXiv does not know {listed}: readers named {'it' if len(found.unknown) == 1 else 'them'}.")
    if found.error:
        typer.echo(f"Papers that readers named could not be looked up: {found.error}", err=True)
