"""`newsletter subscribers learned`: what a reader's thumbs and examples amount to, and forgetting it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.start import DEFAULT_CONFIG, AsJson, ConfigPath, Email, now, show, start

if TYPE_CHECKING:
    from newsletter.learned import Learned


def learned(
    email: Email,
    forget: Annotated[
        int | None,
        typer.Option("--forget", metavar="N", min=1, help="Forget the group of this number, as listed."),
    ] = None,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Show what was learned from a reader's thumbs and examples, or have a part of it forgotten.

    What is forgotten counts no more when the next digest is chosen. Readers have the same on their own page.
    """
    from sqlmodel import Session

    from newsletter import db
    from newsletter import learned as edge
    from subscribers import people

    started = start(config)
    catalogue, moment = started.config.catalogue(), now()
    with Session(started.engine) if forget is None else db.writing(started.engine) as session:
        reader = people.find(session, email)
        found = edge.of(session, reader.id, catalogue, moment)
        groups = _groups(found)
        document: dict[str, Any] = {"email": reader.email, "groups": groups, "forgotten": None}
        if forget is not None:
            edge.forget_group(session, reader.id, found.groups[_chosen(found, forget)])
            left = edge.of(session, reader.id, catalogue, moment)
            document |= {"forgotten": groups[forget - 1], "groups": _groups(left)}
    show(document, as_json, lambda: _print(document, found.older))


def _chosen(found: "Learned", number: int) -> int:
    from subscribers.errors import InvalidPreference

    if number <= len(found.groups):
        return number - 1
    there = f"use 1 to {len(found.groups)}" if found.groups else "nothing was learned of this reader yet"
    raise InvalidPreference("forget", number, there)


def _groups(found: "Learned") -> list[dict[str, Any]]:
    return [
        {
            "number": number,
            "kind": str(group.kind),
            "about": group.words,
            "told": found.told(group),
            "papers": [{"key": key, "title": title} for key, title in group.papers],
        }
        for number, group in enumerate(found.groups, 1)
    ]


def _print(document: dict[str, Any], older: int) -> None:
    if gone := document["forgotten"]:
        typer.echo(f"Forgotten: {document['email']} {gone['told']}. The next digest is chosen without it.")
        return
    if not document["groups"]:
        typer.echo(f"Nothing was learned of {document['email']} yet: thumbs and examples teach.")
        return
    typer.echo(document["email"])
    for group in document["groups"]:
        typer.echo(f"{group['number']:>3}  {group['told']}")
        for paper in group["papers"]:
            typer.echo(f"       {paper['title']} ({paper['key']})")
    if older:
        typer.echo(f"{older:,} older opinions are kept and not listed.")
