"""`newsletter preview --all`: every digest that is due, made and measured; nothing is stored or sent."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from newsletter.cli.start import Started, monotonic, show

if TYPE_CHECKING:
    from newsletter.preview import Parts


def all_due(started: Started, parts: "Parts", at: datetime, *, everyone: bool, as_json: bool) -> None:
    """A table of sizes, findings and times of all who are due at this moment, or of all active readers."""
    from newsletter.cli.console import progress

    emails = _readers(started, parts, at, everyone=everyone)
    rows = []
    with progress() as say:
        for number, email in enumerate(emails, 1):
            say("preview", f"{number:,} of {len(emails):,}", number / len(emails))
            rows.append(_row(started, parts, email, at))
    document = {"at": at.isoformat(), "readers": rows, "summary": _summary(rows)}
    show(document, as_json, lambda: _print(document))


def _readers(started: Started, parts: "Parts", at: datetime, *, everyone: bool) -> list[str]:
    from sqlmodel import Session, col, select

    from newsletter import schedule
    from subscribers import people
    from subscribers.models import Status, Subscriber

    with Session(started.engine) as session:
        if everyone:
            return [each.email for each in people.listing(session, Status.ACTIVE)]
        ids = [each.subscriber_id for each in schedule.due(session, at, parts.window)]
        asked = select(Subscriber.email).where(col(Subscriber.id).in_(ids)).order_by(col(Subscriber.id))
        return list(session.exec(asked))


def _row(started: Started, parts: "Parts", email: str, at: datetime) -> dict[str, Any]:
    from newsletter import lint
    from newsletter.cli.preview_files import described
    from newsletter.errors import MessageError
    from newsletter.preview import message
    from subscribers.addresses import redacted

    begun = monotonic()
    row = {"reader": redacted(email), "subject": "", "html_bytes": 0, "text_bytes": 0, "findings": 0, "reason": ""}
    try:
        shown = message(started.engine, parts, email, at)
    except MessageError as error:
        row["reason"] = str(error)
    else:
        row["reason"] = shown.reason
        if shown.envelope:
            told = described(shown.envelope)
            row |= {name: told[name] for name in ("subject", "html_bytes", "text_bytes")}
            row["findings"] = len(lint.message(shown.envelope.content, started.config.digest.budget_bytes))
    return row | {"milliseconds": round(1000 * (monotonic() - begun))}


def _summary(rows: Iterable[dict[str, Any]]) -> dict[str, int]:
    rows = list(rows)
    mails = [row for row in rows if row["subject"]]
    return {
        "due": len(rows),
        "mails": len(mails),
        "largest_html_bytes": max((row["html_bytes"] for row in mails), default=0),
        "findings": sum(row["findings"] for row in rows),
    }


def _print(document: dict[str, Any]) -> None:
    from newsletter.cli.console import console, plural, table

    shown = table(
        "reader", "subject", "HTML", "text", "findings", "ms", numbers=("HTML", "text", "findings", "ms")
    )
    for row in document["readers"]:
        figures = [f"{row[name]:,}" for name in ("html_bytes", "text_bytes", "findings", "milliseconds")]
        shown.add_row(row["reader"], row["subject"] or f"no mail: {row['reason']}", *figures)
    console().print(shown)
    told = document["summary"]
    typer.echo(
        f"{plural(told['due'], 'reader')}, {plural(told['mails'], 'mail')}, the largest HTML has "
        f"{told['largest_html_bytes']:,} bytes, {plural(told['findings'], 'finding')}."
    )
