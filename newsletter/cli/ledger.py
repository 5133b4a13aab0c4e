"""`newsletter ledger`: what the admin can decide about messages in doubt and mail domains that refuse us."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.start import DEFAULT_CONFIG, AsJson, ConfigPath, Started, can_ask, now, show, start

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlmodel import Session

    from newsletter.models import Delivery

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="What the ledger cannot settle by itself: messages in doubt, and mail domains that refuse us.",
)
unknown = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help=(
        "Messages in doubt: they were handed over, and no reply came.\n\n"
        'With delivery.on_unknown = "resend" they go out again by themselves; with "hold" you decide.'
    ),
)
app.add_typer(unknown, name="unknown")

Numbers = Annotated[list[int] | None, typer.Argument(metavar="[NUMBER]...", help="As `unknown list` shows them.")]
All = Annotated[bool, typer.Option("--all", help="All that are in doubt.")]
MOST_SHOWN = 50


@unknown.command("list")
def list_(config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List the messages that may or may not have arrived, the oldest first."""
    from sqlmodel import Session

    from newsletter import ledger_unknown

    with Session(start(config).engine) as session:
        document = {"unknown": [_shown(each) for each in ledger_unknown.listed(session)]}
    show(document, as_json, lambda: _print_list(document["unknown"]))


@unknown.command("resend")
def resend(
    numbers: Numbers = None, every: All = False, config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False
) -> None:
    """Send messages in doubt once more: the same bytes under the same Message-ID.

    Who got the first copy gets a second, which most mail programs show as one. They are due at once:
    `newsletter up`, or the next `newsletter send`, delivers them.
    """
    from newsletter import ledger_unknown

    started = start(config)
    document = _decided(
        started,
        "resend",
        _chosen(numbers, every),
        lambda session, asked: ledger_unknown.resend(session, asked, now()),
    )
    show(document, as_json, lambda: typer.echo(_said(document, "will be sent once more")))


@unknown.command("drop")
def drop(
    numbers: Numbers = None,
    every: All = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Never send messages in doubt again. They count as failed, and their papers as given."""
    from newsletter import ledger_unknown

    asked, started = _chosen(numbers, every), start(config)
    if not yes:
        if not can_ask():
            raise typer.BadParameter("nobody can be asked here: add --yes")
        typer.confirm("They may not have arrived, and will not be sent again. Go on?", abort=True)
    document = _decided(started, "drop", asked, ledger_unknown.drop)
    show(document, as_json, lambda: typer.echo(_said(document, "will not be sent again")))


@app.command("destinations")
def destinations(config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List the mail domains that refused us lately, and until when they are left alone."""
    from sqlmodel import Session, select

    from newsletter.models import Destination

    with Session(start(config).engine) as session:
        rows = session.exec(select(Destination).order_by(Destination.domain)).all()
        document = {
            "destinations": [
                {
                    "domain": row.domain,
                    "refusals": row.refusals,
                    "paused_until": row.paused_until.isoformat() if row.paused_until else None,
                    "reason": row.reason,
                }
                for row in rows
            ]
        }
    show(document, as_json, lambda: _print_destinations(document["destinations"]))


@app.command("resume")
def resume(
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="As `ledger destinations` shows it.")],
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Try a mail domain again now, instead of when its pause ends: what waits for it is due at once."""
    from newsletter import db
    from newsletter import destinations as known

    started = start(config)
    with db.writing(started.engine) as session:
        count = known.resume(session, domain, now())
        if count is None:
            raise typer.BadParameter(
                f"{domain!r} is not left alone: `newsletter ledger destinations` lists who is"
            )
        _note(session, f"resume {domain}", {"deliveries": count})
    document = {"domain": domain.lower(), "deliveries": count}
    show(document, as_json, lambda: typer.echo(f"{domain} is tried again; {_plural(count)} due at once."))


def _chosen(numbers: list[int] | None, every: bool) -> list[int]:
    if bool(numbers) == every:
        raise typer.BadParameter("name the messages by their numbers, or all with --all")
    return numbers or []


def _decided(
    started: Started, action: str, asked: list[int], decide: "Callable[[Session, list[int]], int]"
) -> dict[str, Any]:
    """Do it, with a line in the journal; all of the named ones, or none."""
    from newsletter import db, ledger_unknown

    with db.writing(started.engine) as session:
        found = {each.id for each in ledger_unknown.listed(session, asked)}
        if lost := [number for number in asked if number not in found]:
            names = ", ".join(map(str, lost))
            raise typer.BadParameter(f"not in doubt: {names}: `newsletter ledger unknown list` shows what is")
        count = decide(session, asked)
        _note(session, f"{action} unknown", {"deliveries": count})
    return {"deliveries": count}


def _note(session: "Session", name: str, counts: dict[str, int]) -> None:
    from newsletter import journal
    from newsletter.record_models import RunKind

    moment = now()
    journal.write(session, RunKind.ADMIN, name, moment, (moment, moment), "", counts)


def _shown(delivery: "Delivery") -> dict[str, Any]:
    from newsletter.ledger import HELD

    return {
        "number": delivery.id,
        "email": delivery.address,
        "letter": delivery.letter,
        "period": delivery.period,
        "message_id": delivery.message_id,
        "attempts": delivery.attempts,
        "next_try": delivery.not_before.isoformat() if delivery.not_before < HELD else None,
        "outcome": delivery.outcome,
    }


def _print_list(rows: list[dict[str, Any]]) -> None:
    from newsletter.cli.console import console, table

    if not rows:
        typer.echo("Nothing is in doubt: every message was taken, refused, or waits.")
        return
    shown = table("number", "reader", "letter", "period", "tries", "next try", "why", numbers=("number", "tries"))
    for row in rows[:MOST_SHOWN]:
        again = f"{row['next_try'][:16].replace('T', ' ')} UTC" if row["next_try"] else "when you say so"
        columns = (row["email"], row["letter"], row["period"], str(row["attempts"]), again, row["outcome"])
        shown.add_row(str(row["number"]), *columns)
    console().print(shown)
    if len(rows) > MOST_SHOWN:
        typer.echo(f"and {len(rows) - MOST_SHOWN:,} more: --json lists all")


def _print_destinations(rows: list[dict[str, Any]]) -> None:
    from newsletter.cli.console import console, table

    if not rows:
        typer.echo("No mail domain refuses us.")
        return
    shown = table("domain", "refusals", "left alone until", "why", numbers=("refusals",))
    for row in rows:
        until = f"{row['paused_until'][:16].replace('T', ' ')} UTC" if row["paused_until"] else "now"
        shown.add_row(row["domain"], str(row["refusals"]), until, row["reason"])
    console().print(shown)


def _said(document: dict[str, Any], what: str) -> str:
    return f"{_plural(document['deliveries'])} {what}."


def _plural(count: int) -> str:
    from newsletter.cli.console import plural

    return plural(count, "message")
