"""`newsletter preview`: the message that would go out, in the studio or in files; nothing is stored."""

import secrets
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from newsletter.cli.findings import lines
from newsletter.cli.preview_files import described, write
from newsletter.cli.start import (
    DEFAULT_CONFIG,
    FAILED,
    AsJson,
    At,
    ConfigPath,
    Started,
    now,
    show,
    start,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from newsletter.lint import Finding
    from newsletter.mail import Envelope
    from newsletter.preview import Asked, Parts, Shown

SHIPPED = "shipped"  # the name of our own templates for --compare

Words = Annotated[
    list[str] | None,
    typer.Option("--keyword", metavar="WORDS", help="Words that a made-up reader follows; may be repeated."),
]
Topics = Annotated[
    list[str] | None,
    typer.Option("--topic", metavar="NAME", help="Make a reader up who follows this topic; may be repeated."),
]


def preview(
    reader: Annotated[str, typer.Argument(metavar="[READER]", help="The reader's address.")] = "",
    for_reader: Annotated[str, typer.Option("--for", metavar="EMAIL", help="The same as READER.")] = "",
    at: At = None,
    topic: Topics = None,
    keyword: Words = None,
    size: Annotated[
        int | None, typer.Option("--size", min=1, max=50, help="How many papers a made-up reader gets.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write digest.eml, .html and .txt there.")
    ] = None,
    to: Annotated[
        str, typer.Option("--to", metavar="ADDRESS", help="Send it there now, marked as a test mail.")
    ] = "",
    png: Annotated[
        bool, typer.Option("--png", help="With --out: draw digest.png and digest-375.png, too.")
    ] = False,
    compare: Annotated[
        str,
        typer.Option(
            "--compare", metavar="DIR", help="With --out: before, after and what differs with these templates."
        ),
    ] = "",
    all_due: Annotated[
        bool, typer.Option("--all", help="Make the mails of all who are due, and tell their sizes.")
    ] = False,
    everyone: Annotated[bool, typer.Option("--everyone", help="With --all: of all active readers.")] = False,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, metavar="PORT", help="Of the studio; 0 takes a free one.")
    ] = 0,
    no_open: Annotated[
        bool, typer.Option("--no-open", help="Print the studio's URL, but open no browser.")
    ] = False,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Open the studio: the message byte for byte, on all screens, with its reasons. Stop with Ctrl-C.

    With --out it is written to files instead, with --to it is sent as a test mail, with --json it is told on
    standard output. Nothing is stored. A digest that is planned or sent already is shown as it is. Exit code 1
    when there is nothing worth sending.
    """
    email = reader or for_reader
    if reader and for_reader:
        raise typer.BadParameter("name the reader once: as READER or with --for")
    started = start(config)
    if all_due:
        from newsletter.cli import preview_all

        preview_all.all_due(started, parts(started), now(at), everyone=everyone, as_json=as_json)
        return
    if (png or compare) and out is None:
        raise typer.BadParameter("--png and --compare write pictures: say where with --out DIR")
    asked = _asked(email, topic or (), keyword or (), size)
    if out is None and not to and not as_json:
        from newsletter.cli import preview_studio

        preview_studio.serve(started, asked, at, port, opens=not no_open)
        return
    if asked is None:
        raise typer.BadParameter("name a reader with READER or --for, or make one up with --topic")
    _told(started, asked, now(at), Output(out, to, compare, png=png), as_json=as_json)


def _asked(
    email: str, topics: "list[str] | tuple[()]", words: "list[str] | tuple[()]", size: int | None
) -> "Asked | None":
    from newsletter.preview import MadeUp

    made_up = topics or words
    if email and made_up:
        raise typer.BadParameter("--topic and --keyword make a reader up: leave READER out, or them")
    if email and size:
        raise typer.BadParameter("--size is for a made-up reader: a stored one has a size of their own")
    if made_up or size:
        return MadeUp(tuple(topics), tuple(words), size or MadeUp().size)
    return email or None


class Output(NamedTuple):
    """Where a message goes: a folder or none, an address or none, the templates to compare with or none."""

    out: Path | None
    to: str
    compare: str
    png: bool


def parts(started: Started) -> "Parts":
    """What previews are made with, as this configuration has it."""
    from newsletter import wiring
    from newsletter.preview import Parts

    config = started.config
    return Parts(
        wiring.taste(config), wiring.issue(config), wiring.window(config), started.keys, wiring.signer(config)
    )


def _told(started: Started, asked: "Asked", at: "datetime", wanted: Output, *, as_json: bool) -> None:
    from newsletter import lint
    from newsletter.preview import message

    made, out, to = parts(started), wanted.out, wanted.to
    shown = message(started.engine, made, asked, at)
    if shown.envelope is None:
        document = {"reader": shown.reader, "message": None, "reason": shown.reason}
        show(document, as_json, lambda: typer.echo(f"No mail: {shown.reason}."))
        raise typer.Exit(FAILED)
    document = described(shown.envelope) | {"files": write(shown.envelope, out) if out else []}
    findings = lint.message(shown.envelope.content, started.config.digest.budget_bytes)
    document |= _weighed(shown) | {"findings": [asdict(each) for each in findings], "compared": []}
    if out and (wanted.png or wanted.compare):
        document |= _drawn(started, made, asked, shown, at, wanted)
    document["sent_to"], document["reply"] = to, _sent(started, made, asked, at, to) if to else ""
    show(document, as_json, lambda: _print(document, findings))


def _drawn(
    started: Started, made: "Parts", asked: "Asked", shown: "Shown", at: "datetime", wanted: Output
) -> dict[str, Any]:
    """The pictures that are wanted, as JSON."""
    from newsletter.cli import preview_pictures

    assert shown.envelope is not None
    assert wanted.out is not None
    told: dict[str, Any] = {}
    html = _html(shown.envelope)
    if wanted.png:
        told["files"] = [*write(shown.envelope, wanted.out), *preview_pictures.pictures(html, wanted.out)]
    if wanted.compare:
        other = _other(started, made, asked, shown, at, wanted.compare)
        told["compared"] = preview_pictures.compared(html, other, wanted.out)
    return told


def _other(started: Started, made: "Parts", asked: "Asked", shown: "Shown", at: "datetime", folder: str) -> str:
    """The HTML of the same message with the templates of another folder, or with the shipped ones."""
    from newsletter import wiring
    from newsletter.preview import message

    assert shown.envelope is not None
    if shown.frozen:
        raise typer.BadParameter("this digest keeps the template it was planned with: choose a later --at")
    config = started.config
    named = "" if folder == SHIPPED else str(Path(folder).absolute())
    other = config.model_copy(update={"digest": config.digest.model_copy(update={"templates": named})})
    again = message(started.engine, replace(made, issue=wiring.issue(other)), asked, at)
    assert again.envelope is not None
    return _html(again.envelope)


def _html(envelope: "Envelope") -> str:
    from newsletter.mail.message import readable

    return readable(envelope.content)[1]


def _sent(started: Started, made: "Parts", asked: "Asked", at: "datetime", to: str) -> str:
    """Send a test mail; the server's reply."""
    from newsletter import wiring
    from newsletter.preview import Trial, message
    from newsletter.preview.posting import post
    from subscribers.addresses import normalise

    test = message(started.engine, made, asked, at, Trial(normalise(to), secrets.token_hex(8)))
    assert test.envelope is not None
    return post(wiring.transport(started.config), test.envelope)


def _weighed(shown: "Shown") -> dict[str, Any]:
    """The picks and what just missed, as JSON."""
    missed = shown.considered.missed if shown.considered else ()
    return {
        "picks": [
            {
                "rank": each.rank,
                "key": each.key,
                "title": each.title,
                "score": round(each.score, 4),
                "trending": each.trending,
                "reasons": list(each.reasons),
                "parts": [{"part": part, "adds": round(value, 4)} for part, value in each.parts],
            }
            for each in shown.picks
        ],
        "missed": [
            {"key": each.key, "title": each.title, "score": round(each.score, 4), "why": each.why}
            for each in missed
        ],
    }


def _print(document: dict[str, Any], findings: "Sequence[Finding]") -> None:
    typer.echo(f"{document['subject']}\n  to {document['reader']}, {document['bytes']:,} bytes")
    for file in document["files"]:
        typer.echo(f"  {file}")
    if document["files"]:
        typer.echo("Open the .html in a browser, or the .eml in a mail program.")
    for line in lines(findings):
        typer.echo(line)
    for each in document["compared"]:
        typer.echo(f"{each['width']} wide: {each['pixels']:,} pixels differ, see {each['files'][-1]}")
    if document["sent_to"]:
        typer.echo(f"Sent to {document['sent_to']} as a test mail: {document['reply']}")
