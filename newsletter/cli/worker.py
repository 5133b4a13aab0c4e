"""`newsletter worker`: the sender alone."""

import threading
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import running
from newsletter.cli.start import DEFAULT_CONFIG, FAILED, AsJson, ConfigPath, Started, show, start

if TYPE_CHECKING:
    from newsletter.balance import Waiting
    from newsletter.send import Report


def worker(
    once: Annotated[bool, typer.Option("--once", help="Send what is due now, print the balance, end.")] = False,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Send what was planned: letters first, then digests, until Ctrl-C or SIGTERM. It plans nothing.

    Any number of workers may run, on any number of machines with one PostgreSQL database. With --once it prints
    the balance of the periods it touched; exit code 1 unless every message is settled.
    """
    from newsletter import wiring
    from newsletter.cli.outgoing import EVERY, sender

    if as_json and not once:
        raise typer.BadParameter("--json prints the balance of one run: add --once")
    started = start(config)
    wiring.transport(started.config)  # what cannot send is to say so now
    if once:
        _once(started, as_json)
        return
    part = sender(started, threading.Event())
    _ = started.engine  # the tables are there before anything is said
    running.run(
        started, [part], lambda: typer.echo(f"Sending what is due, every {EVERY:.0f} s. Stop with Ctrl-C.")
    )


def _once(started: Started, as_json: bool) -> None:
    from sqlmodel import Session

    from newsletter import balance
    from newsletter.cli.console import progress
    from newsletter.cli.live import so_far
    from newsletter.cli.outgoing import drain
    from newsletter.cli.send import TROUBLE, stopping_politely

    with progress() as say, stopping_politely():
        report = drain(started, letters_only=False, progress=lambda done: say("send", so_far(done)))
    with Session(started.engine) as session:
        counted = balance.of(session, report.periods, letter=None)
        waiting = balance.waiting(session, report.periods)
    show(counted, as_json, lambda: _print(counted, report, waiting))
    if report.stopped or any(counted[state] for state in TROUBLE):
        raise typer.Exit(FAILED)


def _print(counted: dict[str, int], report: "Report", waiting: "list[Waiting]") -> None:
    from newsletter.cli.send import balance_line, print_sent

    print_sent(report, "the next run")
    if again := min((each.next_try for each in waiting if each.next_try), default=None):
        typer.echo(f"What waits is tried again from {again:%Y-%m-%d %H:%M} UTC on.")
    typer.echo(balance_line(counted) if counted["planned"] else "Nothing is due.")
