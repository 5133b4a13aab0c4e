"""`newsletter send`: plan what is due and deliver it."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.start import DEFAULT_CONFIG, FAILED, AsJson, At, ConfigPath, Started, now, show, start

if TYPE_CHECKING:
    from newsletter.pick import Due
    from newsletter.send import Report

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
    plan_new, report, balance = plan_and_send(started, reader, now(at))
    show(balance, as_json, lambda: _print(balance, plan_new, report))
    if any(balance[state] for state in TROUBLE):
        raise typer.Exit(FAILED)


def plan_and_send(started: Started, email: str, at: datetime) -> "tuple[int, Report, dict[str, int]]":
    """Both steps; returns how many deliveries are new, what sending did, and the balance."""
    from sqlmodel import Session

    from newsletter import db, ledger, pick
    from newsletter import send as step
    from newsletter.cli.console import progress
    from newsletter.cli.wiring import issue, policy, taste, transport

    with db.writing(started.engine) as session:
        due, only = who_is_due(started, session, email, at)
        planned = pick.run(session, due, taste(started.config), issue(started.config), started.keys, at, now())
    with progress() as say:
        report = step.run(
            started.engine,
            transport(started.config),
            now,
            policy(started, now(), only),
            lambda so_far: say("send", _so_far(so_far)),
        )
    periods = {each.period for each in due} | report.periods
    with Session(started.engine) as session:
        balance = ledger.balance(session, periods, only=only)
    return planned.planned + planned.skipped, report, balance


def who_is_due(started: Started, session: Any, email: str, at: datetime) -> "tuple[list[Due], int | None]":  # noqa: ANN401 - a Session, imported late
    """Readers whose hour has struck, and the id of the only one if there is but one."""
    from newsletter import schedule
    from subscribers import people

    only = people.find(session, email).id if email else None
    window = timedelta(hours=started.config.schedule.catch_up_hours)
    return schedule.due(session, at, window, only), only


def _so_far(report: "Report") -> str:
    return ", ".join(f"{count:,} {state}" for state, count in sorted(report.outcomes.items()))


def _dry_run(started: Started, email: str, at: datetime) -> dict[str, Any]:
    from sqlmodel import Session

    from newsletter import pick
    from newsletter.cli.pick import as_documents
    from newsletter.cli.wiring import taste
    from subscribers.models import Follow, Subscriber

    readers = []
    with Session(started.engine) as session:
        due, _ = who_is_due(started, session, email, at)
        open_now = pick.not_planned(session, due)
        from sqlmodel import select

        chooser = pick.chooser(session, session.exec(select(Follow)).all(), at, taste(started.config))
        for each in open_now:
            reader = session.get_one(Subscriber, each.subscriber_id)
            picked = chooser.choose(reader.follows, pick.sent_to(session, reader.id), reader.size)
            row = {"reader": reader.email, "period": each.period, "picks": as_documents(picked, chooser.found)}
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


def _print(balance: dict[str, int], plan_new: int, report: "Report") -> None:
    from newsletter.cli.console import plural

    if not balance["planned"]:
        typer.echo("Nobody is due. `newsletter subscribers list` shows who gets a digest and when.")
        return
    if not plan_new and not report.outcomes:
        typer.echo("Nothing new: every reader who is due has been served already.")
    if report.swept:
        typer.echo(f"{plural(report.swept, 'message')} left behind by a sender that stopped: now named unknown.")
    for words, count in sorted(report.troubles.items()):
        typer.echo(f"{count} x {words}", err=True)
    typer.echo(balance_line(balance))


def balance_line(balance: dict[str, int]) -> str:
    """The balance in one line: the parts add up to planned."""
    parts = [f"{count:,} {state}" for state, count in balance.items() if state != "planned" and count]
    return f"{balance['planned']:,} planned = {' + '.join(parts)}"
