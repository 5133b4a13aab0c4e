"""`newsletter lint`: judge templates and messages before readers do; writes nothing and sends nothing."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.findings import LEVELS, lines
from newsletter.cli.start import DEFAULT_CONFIG, FAILED, AsJson, At, ConfigPath, now, show, start

if TYPE_CHECKING:
    from newsletter.config import Config
    from newsletter.lint import Finding, Level
    from newsletter.mail.theme import Look


@dataclass(frozen=True)
class Wanted:
    """What is to be judged: templates come from `folders`, and `budget` is the most bytes of HTML."""

    config: "Config | None"
    folders: list[Path]
    budget: int
    look: "Look"


Linted = tuple[str, "tuple[Finding, ...]"]  # what was judged, and what was found


def lint(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", help="Messages (.eml) and templates (.mjml); without, all."),
    ] = None,
    reader: Annotated[
        str, typer.Option("--for", metavar="EMAIL", help="Judge the message that this reader would get.")
    ] = "",
    at: At = None,
    links: Annotated[
        bool, typer.Option("--links", help="Ask each web link of the messages whether it answers.")
    ] = False,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Judge every template with an example, or FILEs, or a reader's message, by the rules of docs/lint.md.

    Exit code 1 when an error is found; warnings and notes do not count.
    """
    _check(files or [], reader, at, links=links)
    linted = list(_judged(files or [], reader, at, config, links=links))
    counts = Counter(each.level for _, findings in linted for each in findings)
    document = {
        "messages": [{"name": name, "findings": [asdict(each) for each in found]} for name, found in linted],
        **{f"{level}s": counts[level] for level in LEVELS},
    }
    show(document, as_json, lambda: _print(linted, counts))
    if counts["error"]:
        raise typer.Exit(FAILED)


def _check(files: list[Path], reader: str, at: datetime | None, *, links: bool) -> None:
    if files and reader:
        raise typer.BadParameter("name files or a reader, not both", param_hint="--for")
    if at and not reader:
        raise typer.BadParameter("goes with --for EMAIL", param_hint="--at")
    if links and not (files or reader):
        raise typer.BadParameter("goes with FILE or --for: the examples' links lead nowhere", param_hint="--links")
    for file in files:
        if file.suffix not in {".eml", ".mjml"}:
            raise typer.BadParameter(
                f"{file} is neither a message (.eml) nor a template (.mjml)", param_hint="FILE"
            )
        if not file.is_file():
            raise typer.BadParameter(f"there is no file {file}", param_hint="FILE")


def _judged(files: list[Path], reader: str, at: datetime | None, path: Path, *, links: bool) -> Iterator[Linted]:
    if reader:
        yield _of_reader(reader, now(at), path, links=links)
        return
    wanted = _wanted(path, alone=bool(files))
    if not files:
        yield from _templates(wanted)
    for file in files:
        yield from _template(wanted, file) if file.suffix == ".mjml" else _message(wanted, file, links=links)


def _wanted(path: Path, *, alone: bool) -> Wanted:
    """The configuration's templates and budget; a file alone can be judged where there is no configuration."""
    from newsletter import wiring
    from newsletter.lint import BUDGET
    from newsletter.mail.theme import PLAIN
    from newsletter.shipped import shipped

    if alone and path == DEFAULT_CONFIG and not path.exists():
        return Wanted(None, [shipped("templates") / "email"], BUDGET, PLAIN)
    config = start(path).config
    return Wanted(config, wiring.letter_folders(config), config.digest.budget_bytes, wiring.look(config))


def _templates(wanted: Wanted) -> Iterator[Linted]:
    from newsletter.cli.console import progress
    from newsletter.lint.samples import NAMES

    with progress() as say:
        for number, name in enumerate(NAMES):
            say("lint", name, number / len(NAMES))
            yield name, _letter(name, wanted)


def _letter(name: str, wanted: Wanted, beside: tuple[Path, ...] = ()) -> "tuple[Finding, ...]":
    from newsletter import lint

    compiled, findings = lint.template(name, [*beside, *wanted.folders], wanted.look)
    if compiled is None:
        return findings
    return lint.message(lint.sample(name, compiled, wanted.budget, wanted.look.language), wanted.budget)


def _template(wanted: Wanted, file: Path) -> Iterator[Linted]:
    yield str(file), _letter(file.stem, wanted, (file.parent,))


def _message(wanted: Wanted, file: Path, *, links: bool) -> Iterator[Linted]:
    from newsletter import lint

    content = file.read_bytes()
    if b"\r\n" not in content:  # as mail programs save a message
        content = content.replace(b"\n", b"\r\n")
    home = wanted.config.newsletter.url if wanted.config else ""
    yield str(file), (*lint.message(content, wanted.budget), *(_dead(content, home) if links else ()))


def _of_reader(reader: str, at: datetime, path: Path, *, links: bool) -> Linted:
    from newsletter import lint
    from newsletter.cli.preview import parts
    from newsletter.preview import message

    started = start(path)
    shown = message(started.engine, parts(started), reader, at)
    if shown.envelope is None:
        raise typer.BadParameter(f"there is no mail to judge: {shown.reason}", param_hint="--for")
    content, config = shown.envelope.content, started.config
    dead = _dead(content, config.newsletter.url) if links else ()
    return reader, (*lint.message(content, config.digest.budget_bytes), *dead)


def _dead(content: bytes, home: str) -> "list[Finding]":
    import httpx

    from newsletter.cli.console import progress
    from newsletter.cli.lint_links import TIMEOUT, asked, dead

    urls = asked(content, home)
    headers = {"User-Agent": "paper-newsletter"}
    found: list[Finding] = []
    with progress() as say, httpx.Client(timeout=TIMEOUT, follow_redirects=True, headers=headers) as client:
        for number, url in enumerate(urls):
            say("links", url, number / len(urls))
            found += dead(client, url)
    return found


def _print(linted: list[Linted], counts: "Counter[Level]") -> None:
    from newsletter.cli.console import plural

    for name, findings in linted:
        if findings:
            typer.echo(name)
        for line in lines(findings):
            typer.echo(line)
    told = ", ".join(plural(counts[level], level) for level in LEVELS)
    typer.echo(f"{plural(len(linted), 'message')} judged: {told}.")
