"""`newsletter send`: plan what is due and deliver it."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.start import DEFAULT_CONFIG, FAILED, AsJson, At, ConfigPath, Started, now, show, start

if TYPE_CHECKING:
    from newsletter.pick import Due
    from newsletter.pick import Report as Planned
    from newsletter.send import Report as Sent

TROUBLE = ("deferred", "failed", "unknown", "pending", "sending")


def send(
    at: At = None,
    reader: Annotated[str, typer.Option("--for", metavar="EMAIL", help="Only this reader.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Plan and show; store and send nothing.")] = False,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Plan a digest for every reader whose hour has struck, and deliver all that is due.

    Safe to run at any time and any number of times: nobody gets a digest twice for one day, nor a paper
    twice ever. Prints the balance of the periods it touched; exit code 1 unless every message is settled.
    """
    started = start(config)
    if dry_run:
        document = _dry_run(started, reader, now(at))
        show(document, as_json, lambda: _print_dry_run(document))
        return
    planned, report, balance = plan_and_send(started, reader, now(at))
    show(balance, as_json, lambda: _print(started, balance, planned, report))
    if report.stopped or any(balance[state] for state in TROUBLE):
        raise typer.Exit(FAILED)


def plan_and_send(started: Started, email: str, at: datetime) -> "tuple[Planned, Sent, dict[str, int]]":
    """Both steps; returns what planning and sending did, and the balance of the periods touched."""
    from sqlmodel import Session

    from newsletter import ledger, pick
    from newsletter import send as step
    from newsletter.cli.console import progress
    from newsletter.cli.wiring import issue, policy, taste, transport

    due, only = who_is_due(started, email, at)
    config = started.config
    planned = pick.run(started.engine, due, taste(config), issue(config), started.keys, at, now())
    with progress() as say:
        report = step.run(
            started.engine,
            transport(config),
            now,
            policy(started, now(), only),
            lambda so_far: say("send", _so_far(so_far)),
        )
    with Session(started.engine) as session:
        balance = ledger.balance(session, {each.period for each in due} | report.periods, only=only)
    return planned, report, balance


def who_is_due(started: Started, email: str, at: datetime) -> "tuple[list[Due], int | None]":
    """Readers whose hour has struck, and the id of the only one if there is but one."""
    from sqlmodel import Session

    from newsletter import schedule
    from newsletter.cli.wiring import window
    from subscribers import people

    with Session(started.engine) as session:
        only = people.find(session, email).id if email else None
        return schedule.due(session, at, window(started.config), only), only


def _so_far(report: "Sent") -> str:
    return ", ".join(f"{count:,} {state}" for state, count in sorted(report.outcomes.items()))


def _dry_run(started: Started, email: str, at: datetime) -> dict[str, Any]:
    from sqlmodel import Session

    from newsletter import pick
    from newsletter.chooser import chooser, sent_to
    from newsletter.cli.pick import as_documents
    from newsletter.cli.wiring import taste
    from subscribers.models import Subscriber

    due, _ = who_is_due(started, email, at)
    readers = []
    with Session(started.engine) as session:
        new = pick.not_planned(session, due)
        choose = chooser(session, (each.subscriber_id for each in new), at, taste(started.config))
        for each in new:
            reader = session.get_one(Subscriber, each.subscriber_id)
            picked = choose.choose(reader.follows, sent_to(session, reader.id), reader.size)
            row = {"reader": reader.email, "period": each.period, "picks": as_documents(picked, choose.found)}
            readers.append(row)
    return {"due": len(due), "already_planned": len(due) - len(readers), "would_plan": readers}


def _print_dry_run(document: dict[str, Any]) -> None:
    from newsletter.cli.console import console, plural, table

    rows = table("reader", "period", "papers", "first", numbers=("papers",))
    for row in document["would_plan"]:
        first = row["picks"][0]["title"] if row["picks"] else "nothing worth sending"
        rows.add_row(row["reader"], row["period"], str(len(row["picks"])), first)
    if document["would_plan"]:
        console().print(rows)
    readers = plural(document["due"], "reader is", "readers are")
    typer.echo(f"{readers} due, {document['already_planned']} planned already. Nothing was stored or sent.")


def _print(started: Started, balance: dict[str, int], planned: "Planned", report: "Sent") -> None:
    from newsletter.cli.console import plural

    if planned.waiting:
        readers = plural(planned.waiting, "reader is", "readers are")
        typer.echo(f"{readers} due, and no paper was announced in the window: run `newsletter fetch` first.")
    elif not balance["planned"]:
        typer.echo("Nobody is due. `newsletter subscribers list` shows who gets a digest and when.")
    if planned.skipped:
        typer.echo(f"For {plural(planned.skipped, 'reader')} nothing was worth sending.")
    if planned.already and not planned.planned and not report.outcomes:
        typer.echo("Nothing new: for everybody who is due the day's digest is settled, or waits for its next try.")
    if report.swept:
        typer.echo(f"{plural(report.swept, 'message')} left behind by a sender that stopped: now named unknown.")
    if report.stopped:
        typer.echo("Stopped after the messages in hand; the rest goes out with the next `newsletter send`.")
    for words, count in sorted(report.troubles.items()):
        typer.echo(f"{count} x {words}", err=True)
    _print_next_try(started, balance, report)
    if balance["planned"]:
        typer.echo(balance_line(balance))


def _print_next_try(started: Started, balance: dict[str, int], report: "Sent") -> None:
    from sqlmodel import Session

    from newsletter import ledger

    if balance["deferred"] or balance["unknown"]:
        with Session(started.engine) as session:
            moment = ledger.next_try(session, report.periods)
        if moment:
            typer.echo(f"The next try is due at {moment:%Y-%m-%d %H:%M} UTC: run `newsletter send` then.")


def balance_line(balance: dict[str, int]) -> str:
    """The balance in one line: the parts add up to planned."""
    parts = [f"{count:,} {state}" for state, count in balance.items() if state != "planned" and count]
    return f"{balance['planned']:,} planned = {' + '.join(parts)}"
