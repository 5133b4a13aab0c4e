"""`newsletter preview`: exactly the message that would go out, written to files; nothing is stored or sent."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.start import DEFAULT_CONFIG, FAILED, AsJson, At, ConfigPath, Reader, Started, now, show, start

if TYPE_CHECKING:
    from newsletter.mail import Envelope


def preview(
    reader: Reader,
    at: At = None,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Where to write digest.eml, .html and .txt.")
    ] = Path("preview"),
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Write what would be sent, byte for byte: digest.eml, digest.html and digest.txt.

    If the delivery is planned or sent already, that very message is shown. Exit code 1 when there is
    nothing worth sending.
    """
    envelope, reason = message(start(config), reader, now(at))
    if envelope is None:
        show(
            {"reader": reader, "message": None, "reason": reason},
            as_json,
            lambda: typer.echo(f"No mail: {reason}."),
        )
        raise typer.Exit(FAILED)
    document = write(envelope, out)
    show(document, as_json, lambda: _print(document))


def message(started: Started, email: str, at: datetime) -> "tuple[Envelope | None, str]":
    """The message for this reader and moment, planned and rolled back; or why there is none."""
    from sqlmodel import Session

    from newsletter import pick, render, schedule
    from newsletter.chooser import chooser
    from newsletter.ledger_plans import find
    from newsletter.models import RELEASING
    from newsletter.wiring import issue, signer, taste, window
    from subscribers import people
    from subscribers.receiving import why_not
    from subscribers.suppression import reason_for

    with Session(started.engine) as session:
        reader = people.find(session, email)
        if reason := reason_for(session, reader.email) or why_not(reader, at):
            return None, reason
        due = schedule.open_period(reader, at, window(started.config))
        planned = find(session, due.subscriber_id, due.period) is not None
        choose = None if planned else chooser(session, [reader.id], at, taste(started.config))
        if choose is not None and not choose.found.papers:
            return None, "no paper was announced in the window: run `newsletter fetch` first"
    with Session(started.engine.execution_options(sqlite_begin="IMMEDIATE")) as session:
        if choose is not None:
            planner = pick.Planner(session, choose, issue(started.config), started.keys, at, at)
            planner.plan(due, pick.Report())
        delivery = find(session, due.subscriber_id, due.period)
        assert delivery is not None
        if delivery.state in RELEASING:
            return None, delivery.outcome
        return render.run(session, delivery.id, started.keys, signer(started.config)), ""


def write(envelope: "Envelope", folder: Path, name: str = "digest") -> dict[str, Any]:
    """Write NAME.eml, .html and .txt; returns what is worth knowing of them."""
    from email import message_from_bytes, policy

    from newsletter.mail.message import readable

    text, html = readable(envelope.content)
    folder.mkdir(parents=True, exist_ok=True)
    files = {".eml": envelope.content, ".html": html.encode(), ".txt": text.encode()}
    for suffix, content in files.items():
        (folder / f"{name}{suffix}").write_bytes(content)
    subject = str(message_from_bytes(envelope.content, policy=policy.default)["Subject"])
    return {
        "reader": envelope.recipient,
        "subject": subject,
        "message_id": envelope.message_id,
        "bytes": len(envelope.content),
        "html_bytes": len(html.encode()),
        "files": [str(folder / f"{name}{suffix}") for suffix in files],
    }


def _print(document: dict[str, Any]) -> None:
    typer.echo(f"{document['subject']}\n  to {document['reader']}, {document['bytes']:,} bytes")
    for file in document["files"]:
        typer.echo(f"  {file}")
    typer.echo("Open the .html in a browser, or the .eml in a mail program.")
