"""`newsletter subscribers import`: readers from a CSV file, ours or another service's, and what is said of it."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.start import DEFAULT_CONFIG, FAILED, AsJson, At, ConfigPath, Started, now, show, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from sqlalchemy import Engine
    from sqlmodel import Session

    from subscribers.csv_rows import Rejected, Row, Table
    from subscribers.imports import ImportReport
    from subscribers.pasted import Named
    from subscribers.preferences import Choice
    from subscribers.topics import Catalogue

# What stands in the consent record of readers that an administrator brings in.
WORDING = "Entered by the administrator, who states that this person asked for the newsletter."
MOST_PRINTED = 20
LONG = 5_000  # rows; a shorter file is done before anybody looks


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file; docs/cli.md names the columns.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report only; store nothing.")] = False,
    wanted: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="NAME",
            help="newsletter (ours), listmonk, mailchimp, substack or buttondown; the columns tell if left out.",
        ),
    ] = "",
    at: At = None,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Import readers from CSV: good rows in one transaction, bad ones to FILE.rejected.csv with the reason.

    Exports of listmonk, Mailchimp, Substack and Buttondown are known by their columns; try --dry-run first. A
    reader who is there already is updated with the columns that the file has. Nobody who left is brought back.
    Exit code 1 when a row was rejected.
    """
    started = start(config)
    beside = file.with_name(f"{file.name}.rejected.csv")
    found = _import(started, file, wanted, now(at), None if dry_run else beside)
    document = _document(found, dry_run=dry_run)
    document["rejected_file"] = str(beside) if found.rejected and not dry_run else None
    show(document, as_json, lambda: _print_import(document, found))
    if found.rejected:
        raise typer.Exit(FAILED)


@dataclass
class _Found:
    """What is learned of a file while its rows pass: rejects, notes, labels that are no topics."""

    table: "Table"
    report: "ImportReport | None" = None
    rejected: "list[Rejected]" = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    labels: Counter[str] = field(default_factory=Counter)
    first_seen: dict[str, int] = field(default_factory=dict)

    def pass_on(self, catalogue: "Catalogue") -> "Iterator[Row]":
        """The good rows, one after the other: none is kept."""
        from subscribers.csv_rows import Rejected

        note = noter(catalogue)
        for each in self.table.rows:
            if isinstance(each, Rejected):
                self.rejected.append(each)
                continue
            self.notes += note(each)
            for label in each.meaning.others if each.meaning else ():
                self.first_seen.setdefault(label, each.line)
                self.labels[label] += 1
            yield each


def _import(started: Started, file: Path, wanted: str, at: "datetime", beside: Path | None) -> _Found:
    """Store the good rows, and write the rejected ones to `beside`; None for a dry run, which stores nothing."""
    from newsletter import examples
    from newsletter.cli.console import progress
    from subscribers.csv_rows import open_csv
    from subscribers.csv_spool import Spool
    from subscribers.imports import import_rows
    from subscribers.preferences import Preferences

    catalogue = started.config.catalogue()
    lines = _Lines(file)
    found = _Found(open_csv(lines.read(), Preferences(size=started.config.digest.size), wanted, catalogue))
    with Spool() as spool, progress(every=4) as say:
        # The whole file before the lock: whoever leaves by one click meanwhile must not wait for our parser.
        spool.keep(_told(found.pass_on(catalogue), lambda done: say("read", f"{done:,} rows", lines.part())))

        def stored(done: int) -> None:
            if done >= LONG:
                say("import", f"{done:,} rows", done / spool.rows)

        with _session(started.engine, store=beside is not None) as session:
            found.report = import_rows(session, spool, at, WORDING, stored, store=beside is not None)
            if beside is not None:
                examples.fill(session)
            found.rejected = sorted(found.rejected + found.report.rejected, key=lambda each: each.line)
            if beside is not None and found.rejected:  # before the commit: what cannot be reported is not stored
                _write_rejected(beside, found.rejected)
    return found


def _told(rows: "Iterator[Row]", say: "Callable[[int], object]") -> "Iterator[Row]":
    for done, row in enumerate(rows, start=1):
        if done % LONG == 0:
            say(done)
        yield row


def _session(engine: "Engine", *, store: bool) -> "AbstractContextManager[Session]":
    """One that takes the write lock and commits, or one that only reads."""
    from sqlmodel import Session

    from newsletter import db

    return db.writing(engine) if store else Session(engine)


def _write_rejected(beside: Path, rejected: "list[Rejected]") -> None:
    from subscribers.csv_rows import rejected_csv

    with beside.open("w", encoding="utf-8", newline="", errors="surrogateescape") as out:
        rejected_csv(rejected, out.write)


class _Lines:
    """A file line by line, and which part of it has been read."""

    def __init__(self, file: Path) -> None:
        self.file, self.characters, self.size = file, 0, 1

    def read(self) -> "Iterator[str]":
        from subscribers.errors import InvalidPreference

        try:
            self.size = max(self.file.stat().st_size, 1)
            with self.file.open(encoding="utf-8-sig", newline="", errors="surrogateescape") as lines:
                for line in lines:
                    self.characters += len(line)
                    yield line
        except OSError as error:
            raise InvalidPreference("file", str(self.file), f"it cannot be read: {error.strerror}") from error

    def part(self) -> float:
        """Nearly: characters outside ASCII are longer in the file."""
        return min(self.characters / self.size, 1.0)


def _document(found: _Found, *, dry_run: bool) -> dict[str, Any]:
    from subscribers.csv_columns import OURS
    from subscribers.models import Status

    assert found.report is not None
    left_out = {each.line for each in found.rejected}
    notes = _file_notes(found) + [note for note in found.notes if note["line"] not in left_out]
    return {
        "format": found.table.service.name if found.table.service else OURS,
        "added": found.report.added,
        "updated": found.report.updated,
        "unchanged": found.report.unchanged,
        "statuses": {status.value: found.report.statuses[status] for status in Status},
        "suppressed": found.report.suppressed,
        "rejected": [{"line": each.line, "reason": each.reason} for each in found.rejected],
        "rejected_file": None,
        "notes": notes,
        "dry_run": dry_run,
    }


def _file_notes(found: _Found) -> list[dict[str, Any]]:
    """What is to be said of another service's file as a whole: its gaps, and its labels that are no topics."""
    from newsletter.cli.console import plural

    service = found.table.service
    if service is None:
        return []
    told = {name.lower() for name in found.table.columns}
    cautions = [service.caution] if service.caution and "subscription_status" not in told else []
    return [{"line": 1, "note": said} for said in cautions] + [
        {
            "line": found.first_seen[label],
            "note": f"the label {label!r} is no topic of the catalogue: left out in {plural(count, 'row')}",
        }
        for label, count in found.labels.most_common()
    ]


def _print_import(document: dict[str, Any], found: _Found) -> None:
    from newsletter.cli.console import plural

    would = "would be " if document["dry_run"] else ""
    if found.table.service:
        typer.echo(f"This is an export of {found.table.service.title}.")
    counts = ", ".join(f"{document[name]:,} {would}{name}" for name in ("added", "updated", "unchanged"))
    typer.echo(f"{counts}; {plural(len(found.rejected), 'row')} rejected.")
    if stand := ", ".join(f"{count:,} {status}" for status, count in document["statuses"].items() if count):
        typer.echo(f"They {'would ' if document['dry_run'] else ''}stand as: {stand}.")
    if document["statuses"]["pending"]:
        typer.echo("Who is pending gets nothing, no letter either: they can join on the web themselves.")
    if document["suppressed"]:
        addresses = plural(document["suppressed"], "address", "addresses")
        typer.echo(f"{addresses} {would or ''}put on the list of those that are never mailed.")
    _print_some([f"line {each.line}: {each.reason}" for each in found.rejected])
    _print_some([f"line {each['line']}: {each['note']}" for each in document["notes"]])
    if document["rejected_file"]:
        typer.echo(f"Rejected rows stand in {document['rejected_file']}: mend them and import that file.")


def _print_some(sentences: list[str]) -> None:
    for sentence in sentences[:MOST_PRINTED]:
        typer.echo(f"  {sentence}", err=True)
    if len(sentences) > MOST_PRINTED:
        typer.echo(f"  and {len(sentences) - MOST_PRINTED:,} more: --json tells of all.", err=True)


def named(texts: "Sequence[str]", file: Path | None) -> "tuple[Named, ...]":
    """The papers of these texts, each a line, and of a file of BibTeX or lines."""
    from subscribers import pasted
    from subscribers.errors import InvalidPreference

    found = pasted.read_items(texts)
    if file is None:
        return found
    try:
        return found + pasted.read(file.read_text(encoding="utf-8-sig", errors="replace"))
    except OSError as error:
        raise InvalidPreference("examples", str(file), f"it cannot be read: {error.strerror}") from error


def noter(catalogue: "Catalogue") -> "Callable[[Row], list[dict[str, Any]]]":
    """What says {"line", "note"} for each topic of a row that is not in the catalogue: allowed, perhaps a slip."""
    from functools import cache

    # A slip in a list of thousands is the same one on each line: near names are looked for once.
    note = cache(lambda choice: _import_note(catalogue, choice))
    return lambda row: [{"line": row.line, "note": said} for choice in row.choices if (said := note(choice))]


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
