"""`newsletter subscribers`: add, list, show and export the readers; the rest of the group is put in here."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli import imports, learned, subscriptions
from newsletter.cli.start import DEFAULT_CONFIG, FAILED, AsJson, At, ConfigPath, Email, now, show, start

if TYPE_CHECKING:
    from sqlmodel import Session

    from subscribers.models import Subscriber

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Who receives the newsletter.")

Many = list[str]
WORDING = imports.WORDING
# What stands in the record of a reader whom a letter asks; their own yes is recorded when they give it.
ASKING = "Added by the administrator; a letter asks whether this person wants the newsletter."


@app.command()
def add(
    email: Email,
    topic: Annotated[
        Many, typer.Option(help="A topic of the catalogue or in own words; NAME=1.5 weighs it.")
    ] = [],  # noqa: B006 - typer copies it
    keyword: Annotated[Many, typer.Option(help="A word or phrase to look for.")] = [],  # noqa: B006
    author: Annotated[Many, typer.Option(help="An author to follow.")] = [],  # noqa: B006
    category: Annotated[Many, typer.Option(help="A category to follow, such as cs.CL.")] = [],  # noqa: B006
    org: Annotated[Many, typer.Option(help="An organization to follow.")] = [],  # noqa: B006
    mute: Annotated[
        Many, typer.Option(help="What must not come: a topic, or keyword:..., author:..., category:...")
    ] = [],  # noqa: B006
    example: Annotated[
        Many, typer.Option(help="A paper like those wanted: its title, link, arXiv id or DOI.")
    ] = [],  # noqa: B006
    examples: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file of such papers: BibTeX, or one a line.")
    ] = None,
    name: Annotated[str, typer.Option(help="The reader's name.")] = "",
    cadence: Annotated[
        str, typer.Option(help="daily, weekdays, weekly, monthly, or days such as mon,wed,fri.")
    ] = "daily",
    hour: Annotated[str, typer.Option(help="The local hour, 0 to 23.")] = "7",
    timezone: Annotated[str, typer.Option(help="A zone such as Europe/Berlin.")] = "UTC",
    size: Annotated[
        int | None, typer.Option(min=1, max=50, help="Papers in a digest; digest.size if left out.")
    ] = None,
    confirmed: Annotated[
        bool, typer.Option("--confirmed", help="They asked for it elsewhere: no letter asks them to confirm.")
    ] = False,
    at: At = None,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Add one reader. Without --confirmed a letter asks them to confirm, and nothing else is sent until they do.

    Exit code 1 when the reader is added and the letter has to wait.
    """
    from newsletter import db, wiring
    from newsletter import examples as step
    from newsletter.cli import outgoing
    from subscribers import people, preferences, signup
    from subscribers.models import FollowKind

    started = start(config)
    chosen = {"name": name, "cadence": cadence, "hour": hour, "timezone": timezone}
    wanted = preferences.parse(chosen | {"size": str(size or started.config.digest.size)})
    options = (topic, keyword, author, category, org)
    follows = [
        preferences.parse_follow(kind, text)
        for kind, texts in zip(FollowKind, options, strict=True)
        for text in texts
    ] + [preferences.parse_mute(text) for text in mute]
    named = imports.named(example, examples)
    with db.writing(started.engine) as session:
        reader = people.add(session, email, wanted, follows, now=now(at), confirmed=confirmed, wording=WORDING)
        step.keep(session, reader.id, named, now(at))
        letter = None
        if not confirmed:  # by the real clock: the link in the letter is good for real hours
            letter = signup.invite(session, reader, signup.Asker(ASKING), wiring.terms(started.config), now())
            outgoing.put(session, started, letter)
        document = with_prospects(session, reader)
    free = imports.free_topics(started.config.catalogue(), follows)
    show(document, as_json, lambda: _print_added(document, free))
    if letter and not subscriptions.told_of_letter(started, letter, as_json=as_json):
        raise typer.Exit(FAILED)


def _print_added(document: dict[str, Any], free: list[str]) -> None:
    typer.echo(f"{document['email']} is {document['status']}: {when(document)}.")
    for sentence in free:
        typer.echo(sentence)


def with_prospects(session: "Session", reader: "Subscriber") -> dict[str, Any]:
    """A reader as JSON, with the instant of the next digest, or the reason why there will be none."""
    from newsletter import schedule
    from subscribers import people
    from subscribers.receiving import why_not
    from subscribers.suppression import reason_for

    due = schedule.next_digest(reader, now())
    suppressed = reason_for(session, reader.email)
    next_due = due.isoformat() if due and not suppressed and not why_not(reader, due) else None
    return people.as_dict(reader) | {"next_due": next_due, "suppressed": suppressed}


def when(document: dict[str, Any]) -> str:
    """In words: "daily at 7:00 Europe/Berlin, 10 papers"."""
    days = document["weekdays"] if document["cadence"] == "chosen" else document["cadence"]
    return f"{days} at {document['hour']}:00 {document['timezone']}, {document['size']} papers"


@app.command("list")
def list_(
    status: Annotated[str, typer.Option(help="Only these: active, pending, paused, unsubscribed, ...")] = "",
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """List the readers, oldest first."""
    from sqlmodel import Session

    from subscribers import people

    wanted = parse_status(status)
    with Session(start(config).engine) as session:
        rows = [people.as_dict(reader) for reader in people.listing(session, wanted)]
    show(rows, as_json, lambda: _print_list(rows))


def parse_status(text: str) -> Any:  # noqa: ANN401 - a Status or None, imported late
    """A status by its name; "" is none."""
    from subscribers.errors import InvalidPreference
    from subscribers.models import Status

    if not text:
        return None
    try:
        return Status(text)
    except ValueError:
        raise InvalidPreference("status", text, f"use one of {', '.join(Status)}") from None


def _print_list(rows: list[dict[str, Any]]) -> None:
    from newsletter.cli.console import console, plural, table

    shown = table("reader", "status", "when", "topics")
    for row in rows:
        shown.add_row(row["email"], row["status"], when(row), ", ".join(each["name"] for each in row["topics"]))
    if rows:
        console().print(shown)
    typer.echo(plural(len(rows), "reader"))


@app.command("show")
def show_(email: Email, config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Show one reader: status, when, and everything followed and muted."""
    from sqlmodel import Session

    from subscribers import people

    with Session(start(config).engine) as session:
        document = with_prospects(session, people.find(session, email))
    show(document, as_json, lambda: _print_one(document))


def _print_one(document: dict[str, Any]) -> None:
    typer.echo(f"{document['email']} is {document['status']}: {when(document)}")
    for name in ("name", "suppressed", "next_due", "confirmed_at", "paused_until"):
        if document[name]:
            typer.echo(f"  {name.replace('_', ' ')}: {document[name]}")
    for name in ("topics", "keywords", "authors", "categories", "orgs", "mutes"):
        if document[name]:
            typer.echo(f"  {name}: {', '.join(map(_follow, document[name]))}")
    if document["examples"]:
        typer.echo(f"  examples: {'; '.join(map(_example, document['examples']))}")


def _follow(each: dict[str, Any]) -> str:
    weight = f" (weight {each['weight']:g})" if abs(each["weight"]) != 1 else ""
    return f"{each['kind']} {each['name']}{weight}" if "kind" in each else f"{each['name']}{weight}"


def _example(each: dict[str, Any]) -> str:
    name = "" if each["key"].startswith("title:") else each["key"]
    return (
        f"{each['title']} ({name})" if each["title"] and name else each["title"] or f"{name} (title not found yet)"
    )


app.command("import")(imports.import_)
app.command("learned")(learned.learned)
app.command("pause")(subscriptions.pause)
app.command("resume")(subscriptions.resume)
app.command("unsubscribe")(subscriptions.unsubscribe)
app.command("erase")(subscriptions.erase)
app.command("suppress")(subscriptions.suppress)


@app.command("export")
def export(
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Standard output if left out.")] = None,
    status: Annotated[str, typer.Option(help="Only these: active, pending, ...")] = "",
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Write all readers as CSV that `import` takes again, or as JSON."""
    from sqlmodel import Session

    from newsletter.cli.console import plural
    from subscribers import people

    wanted = parse_status(status)
    with Session(start(config).engine) as session:
        if as_json:
            rows = [people.as_dict(reader) for reader in people.listing(session, wanted)]
            text, count = json.dumps(rows, ensure_ascii=False, indent=2) + "\n", len(rows)
        else:
            lines: list[str] = []
            count = people.export_csv(session, lines.append, wanted)
            text = "".join(lines)
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8", newline="")
        typer.echo(f"{plural(count, 'reader')} written to {out}", err=True)
