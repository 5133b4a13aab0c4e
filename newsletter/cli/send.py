"""`newsletter send`: plan what is due and deliver it."""

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.start import (
    DEFAULT_CONFIG,
    FAILED,
    AsJson,
    At,
    ConfigPath,
    Started,
    monotonic,
    now,
    show,
    start,
)

if TYPE_CHECKING:
    from newsletter.balance import Waiting
    from newsletter.due import Due
    from newsletter.pick import Report as Planned
    from newsletter.send import Report as Sent

MOST_REASONS = 5
TROUBLE = ("deferred", "failed", "unknown", "pending", "sending")


def send(
    at: At = None,
    reader: Annotated[str, typer.Option("--for", metavar="EMAIL", help="Only this reader.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Plan and show; store and send nothing.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Plan nothing: deliver what was planned and waits.")
    ] = False,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Plan a digest for every reader whose hour has struck, and deliver all that is due.

    Safe to run at any time and any number of times: nobody gets a digest twice for one day, nor a paper
    twice ever. Prints the balance of the periods it touched; exit code 1 unless every message is settled.
    """
    if resume and dry_run:
        raise typer.BadParameter("--resume delivers, --dry-run does not: give one of them")
    started = start(config)
    if dry_run:
        document = _dry_run(started, reader, now(at))
        show(document, as_json, lambda: _print_dry_run(document))
        return
    began = now()
    planned, report, balance, waiting = plan_and_send(started, reader, now(at), plans=not resume)
    letters = letters_sent(started, began)
    show(balance, as_json, lambda: _print(balance, planned, report, waiting, letters))
    unsettled = {state for state in TROUBLE if balance[state]} | {*TROUBLE} & {
        str(each) for each in report.outcomes
    }
    if report.stopped or unsettled:
        raise typer.Exit(FAILED)


def plan_and_send(
    started: Started, email: str, at: datetime, *, plans: bool = True
) -> "tuple[Planned, Sent, dict[str, int], list[Waiting]]":
    """Both steps; what planning and sending did, the balance of the periods touched, and what waits there."""
    from sqlmodel import Session

    from newsletter import balance
    from newsletter import send as step
    from newsletter.cli.console import progress
    from newsletter.cli.live import GLANCE, OVER, Live
    from newsletter.wiring import policy, transport

    due, only = who_is_due(started, email, at)
    config = started.config
    planned = plan(started, due if plans else [], at)
    with progress(every=1) as say, stopping_politely():
        live = Live(say, waiting_now(started, only), monotonic, every=GLANCE if sys.stderr.isatty() else OVER)
        report = step.run(
            started.engine, transport(config), now, policy(started.config, started.keys, now(), only), live
        )
    periods = {each.period for each in due} | report.periods
    with Session(started.engine) as session:
        counted = balance.of(session, periods, only=only)
        return planned, report, counted, balance.waiting(session, periods)


def plan(started: Started, due: "Sequence[Due]", at: datetime) -> "Planned":
    """Plan for these readers, with a line in the journal; somebody watches, so no gate holds what is planned."""
    from newsletter import db, journal, pick
    from newsletter.record_models import RunKind
    from newsletter.wiring import issue, rules, taste

    config, began = started.config, now()
    planned = pick.run(started.engine, due, taste(config), issue(config), started.keys, at, began, rules(config))
    if planned.planned or planned.skipped or planned.left_out:
        counts = {
            "planned": planned.planned,
            "skipped": planned.skipped + planned.left_out,
            "waiting": planned.waiting,
        }
        with db.writing(started.engine) as session:
            journal.write(session, RunKind.PLAN, "send", at, (began, now()), "", counts)
    return planned


def waiting_now(started: Started, only: "int | None") -> int:
    """How many deliveries are due at this moment."""
    from sqlmodel import Session, col, func, select

    from newsletter.models import Delivery

    due = [col(Delivery.state).in_(["pending", "deferred", "unknown"]), col(Delivery.not_before) <= now()]
    due += [] if only is None else [col(Delivery.subscriber_id) == only]
    with Session(started.engine) as session:
        return session.exec(select(func.count()).select_from(Delivery).where(*due)).one()


def letters_sent(started: Started, began: datetime) -> int:
    """How many letters other than digests went out since then."""
    from sqlmodel import Session, col, func, select

    from newsletter.ledger import IS_LETTER
    from newsletter.models import Delivery

    with Session(started.engine) as session:
        since = (IS_LETTER, col(Delivery.state) == "sent", col(Delivery.sent_at) >= began)
        return session.exec(select(func.count()).select_from(Delivery).where(*since)).one()


@contextmanager
def stopping_politely() -> Iterator[None]:
    """SIGTERM (systemd, containers, `timeout`) stops like Ctrl-C: after the messages in hand."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def who_is_due(started: Started, email: str, at: datetime) -> "tuple[Sequence[Due], int | None]":
    """Readers whose hour has struck, and the id of the only one if there is but one."""
    from sqlmodel import Session

    from newsletter import schedule
    from newsletter.wiring import window
    from subscribers import people

    with Session(started.engine) as session:
        only = people.find(session, email).id if email else None
        first = started.config.schedule.first_digest
        return schedule.due(session, at, window(started.config), only, first=first), only


def _dry_run(started: Started, email: str, at: datetime) -> dict[str, Any]:
    from sqlmodel import Session

    from newsletter import pick
    from newsletter.chooser import chooser, sent_to
    from newsletter.cli.pick import as_documents
    from newsletter.wiring import issue, taste
    from subscribers.models import Subscriber
    from subscribers.suppression import reason_for

    issue(started.config)  # a broken template must show now, not when the mails are due
    due, _ = who_is_due(started, email, at)
    readers = []
    with Session(started.engine) as session:
        new = pick.not_planned(session, due)
        choose = chooser(session, (each.subscriber_id for each in new), at, taste(started.config))
        for each in new:
            reader = session.get_one(Subscriber, each.subscriber_id)
            why_not = reason_for(session, reader.email) or ""
            given, profile = sent_to(session, reader.id), choose.profile(reader)
            picked = [] if why_not else choose.choose(profile, given, reader.size)
            row = {"reader": reader.email, "period": each.period, "why_not": why_not}
            readers.append(row | {"picks": as_documents(picked, choose.found)})
    considered = len(choose.found.papers)
    already = len(due) - len(readers)
    return {"due": len(due), "already_planned": already, "considered": considered, "would_plan": readers}


def _print_dry_run(document: dict[str, Any]) -> None:
    from newsletter.cli.console import console, plural, table

    rows = table("reader", "period", "papers", "first", numbers=("papers",))
    for row in document["would_plan"]:
        first = row["picks"][0]["title"] if row["picks"] else row["why_not"] or "nothing worth sending"
        rows.add_row(row["reader"], row["period"], str(len(row["picks"])), first)
    if document["would_plan"] and document["considered"]:
        console().print(rows)
    elif document["would_plan"]:
        typer.echo("No paper was announced in the window: run `newsletter fetch` first.")
    readers = plural(document["due"], "reader is", "readers are")
    typer.echo(f"{readers} due, {document['already_planned']} planned already. Nothing was stored or sent.")


def _print(
    balance: dict[str, int], planned: "Planned", report: "Sent", waiting: "list[Waiting]", letters: int
) -> None:
    from newsletter.cli.console import plural

    if planned.waiting:
        readers = plural(planned.waiting, "reader is", "readers are")
        typer.echo(f"{readers} due, and no paper was announced in the window: run `newsletter fetch` first.")
    elif not balance["planned"] and not letters:
        typer.echo("Nobody is due. `newsletter subscribers list` shows who gets a digest and when.")
    _print_skipped(planned)
    if planned.already and not planned.planned and not report.outcomes:
        typer.echo("Nothing new: for everybody who is due the day's digest is settled, or waits.")
    print_sent(report, "the next `newsletter send`")
    if letters:
        typer.echo(f"{plural(letters, 'letter')} went out: confirmations, welcomes and the like.")
    _print_waiting(waiting)
    if balance["planned"]:
        typer.echo(balance_line(balance))


def print_sent(report: "Sent", rest: str) -> None:
    """What a run of sending met with; `rest` takes what it did not come to."""
    from newsletter.cli.console import plural

    if report.returned:
        typer.echo(
            f"{plural(report.returned, 'message')} taken over from a sender that stopped before it sent them."
        )
    if report.swept:
        typer.echo(f"{plural(report.swept, 'message')} left behind by a sender that stopped: now named unknown.")
    if report.stopped:
        typer.echo(f"Stopped after the messages in hand; the rest goes out with {rest}.")
    for words, count in sorted(report.troubles.items()):
        typer.echo(f"{count} x {words}", err=True)


def _print_skipped(planned: "Planned") -> None:
    from newsletter.cli.console import plural

    if planned.skipped:
        typer.echo(f"For {plural(planned.skipped, 'reader')} nothing was worth sending.")
    if planned.left_out:
        why = "a day off, a cancelled edition, or too soon after the last one (`newsletter why EMAIL` tells)"
        typer.echo(f"{plural(planned.left_out, 'reader')} left out: {why}.")


def _print_waiting(waiting: "list[Waiting]") -> None:
    from subscribers.addresses import redacted_in

    for each in waiting[:MOST_REASONS]:
        when = f"tried again from {each.next_try:%Y-%m-%d %H:%M} UTC" if each.next_try else "until you decide"
        typer.echo(f"{each.count} wait ({when}): {redacted_in(each.outcome)}")


def balance_line(balance: dict[str, int]) -> str:
    """The balance in one line: the parts add up to planned."""
    parts = [f"{count:,} {state}" for state, count in balance.items() if state != "planned" and count]
    return f"{balance['planned']:,} planned = {' + '.join(parts)}"
