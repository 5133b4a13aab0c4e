"""`newsletter subscribers import`: readers from a CSV file, and what is to be said about its lines."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.start import DEFAULT_CONFIG, FAILED, AsJson, At, ConfigPath, now, show, start

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from subscribers.csv_rows import Rejected, Row
    from subscribers.preferences import Choice
    from subscribers.topics import Catalogue

# What stands in the consent record of readers that an administrator brings in.
WORDING = "Entered by the administrator, who states that this person asked for the newsletter."
MOST_PRINTED = 20


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file; docs/cli.md names the columns.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report only; store nothing.")] = False,
    at: At = None,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Import readers from CSV: good rows in one transaction, bad ones to FILE.rejected.csv with the reason.

    A reader who is there already is updated with the columns that the file has. Nobody who left is brought
    back. Exit code 1 when a row was rejected.
    """
    from newsletter import db
    from subscribers.csv_rows import read_csv, rejected_csv
    from subscribers.imports import import_rows
    from subscribers.preferences import Preferences

    started = start(config)
    rows, rejected = read_csv(_lines(file), Preferences(size=started.config.digest.size))
    beside = file.with_name(f"{file.name}.rejected.csv")
    with db.writing(started.engine) as session:
        report = import_rows(session, rows, now(at), WORDING)
        rejected = sorted(rejected + report.rejected, key=lambda each: each.line)
        if dry_run:
            session.rollback()
        elif rejected:  # before the commit: what cannot be reported is not stored either
            with beside.open("w", encoding="utf-8", newline="", errors="surrogateescape") as out:
                rejected_csv(rejected, out.write)
    left_out = {each.line for each in rejected}
    document = {
        "added": report.added,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "rejected": [{"line": each.line, "reason": each.reason} for each in rejected],
        "rejected_file": str(beside) if rejected and not dry_run else None,
        "notes": notes(started.config.catalogue(), (row for row in rows if row.line not in left_out)),
        "dry_run": dry_run,
    }
    show(document, as_json, lambda: _print_import(document, rejected))
    if rejected:
        raise typer.Exit(FAILED)


def _lines(file: Path) -> "Iterator[str]":
    from subscribers.errors import InvalidPreference

    try:
        with file.open(encoding="utf-8-sig", newline="", errors="surrogateescape") as lines:
            yield from lines
    except OSError as error:
        raise InvalidPreference("file", str(file), f"it cannot be read: {error.strerror}") from error


def _print_import(document: dict[str, Any], rejected: "list[Rejected]") -> None:
    from newsletter.cli.console import plural

    would = "would be " if document["dry_run"] else ""
    counts = ", ".join(f"{document[name]:,} {would}{name}" for name in ("added", "updated", "unchanged"))
    typer.echo(f"{counts}; {plural(len(rejected), 'row')} rejected.")
    _print_some([f"line {each.line}: {each.reason}" for each in rejected])
    _print_some([f"line {each['line']}: {each['note']}" for each in document["notes"]])
    if document["rejected_file"]:
        typer.echo(f"Rejected rows stand in {document['rejected_file']}: mend them and import that file.")


def _print_some(sentences: list[str]) -> None:
    for sentence in sentences[:MOST_PRINTED]:
        typer.echo(f"  {sentence}", err=True)
    if len(sentences) > MOST_PRINTED:
        typer.echo(f"  and {len(sentences) - MOST_PRINTED:,} more: --json tells of all.", err=True)


def notes(catalogue: "Catalogue", rows: "Iterable[Row]") -> list[dict[str, Any]]:
    """{"line", "note"} for each topic of a row that is not in the catalogue: allowed, yet perhaps a slip."""
    from functools import cache

    # A slip in a list of thousands is the same one on each line: near names are looked for once.
    note = cache(lambda choice: _import_note(catalogue, choice))
    return [{"line": row.line, "note": said} for row in rows for choice in row.choices if (said := note(choice))]


def _import_note(catalogue: "Catalogue", choice: "Choice") -> str:
    said = _free_topic(catalogue, choice)
    return f"{said}; topics are parted by ;" if said and "," in choice.value else said


def free_topics(catalogue: "Catalogue", follows: "Sequence[Choice]") -> list[str]:
    """A sentence for each topic that is not in the catalogue, with the names that come near."""
    return [said for follow in follows if (said := _free_topic(catalogue, follow))]


def _free_topic(catalogue: "Catalogue", choice: "Choice") -> str:
    from subscribers.models import FollowKind

    if choice.kind is not FollowKind.TOPIC or catalogue.find(choice.value) is not None:
        return ""
    said = f"{choice.value!r} is not in the catalogue: its own words are looked for"
    near = catalogue.suggest(choice.value)
    if near:
        said += f"; near names: {', '.join(near)}"
    prefix, colon, _ = choice.value.partition(":")
    if choice.weight < 0 and colon:
        said += f"; {prefix!r} is no kind of mute, the kinds are {', '.join(FollowKind)}"
    return said
