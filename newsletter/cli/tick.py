"""`newsletter tick`: one turn of the clock, or the clock alone for as long as it is let."""

import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import fetch, running
from newsletter.cli.running import Recurring
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
    from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]  # it has none

    from newsletter.tick import Parts, Report

log = running.log
COUNTS = ("planned", "skipped", "missed", "waiting")


def tick(
    at: At = None,
    forever: Annotated[bool, typer.Option("--forever", help="Tick until told to end.")] = False,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Take one turn of the clock: fetch what is due, plan, judge, tell the admin, tidy. It sends nothing.

    Safe at any time and any number of times. `newsletter worker` sends what was planned. With --forever it turns
    every schedule.tick_seconds, until Ctrl-C or SIGTERM.
    """
    from newsletter import tick as step
    from newsletter import wiring
    from newsletter.cli.console import progress

    if forever and (at or as_json):
        raise typer.BadParameter("--forever goes with the real clock and the log: leave --at and --json away")
    started = start(config)
    parts = wiring.parts(started.config, started.engine, started.keys)
    if forever:
        seconds = started.config.schedule.tick_seconds
        said = f"Ticking every {seconds} s. Messages are sent by `newsletter worker`. Stop with Ctrl-C."
        running.run(started, [Ticker(started, parts)], lambda: typer.echo(said))
        return
    with progress() as say:
        report = step.run(parts, now(at), now, say)
    show(as_document(report), as_json, lambda: _print(report))
    if report.faults or any(each.failed for each in report.fetched):
        raise typer.Exit(FAILED)


def as_document(report: "Report") -> dict[str, object]:
    """The JSON of a turn: what was fetched as `newsletter fetch` prints it, and what the turn did."""
    return asdict(report) | {"fetched": fetch.as_document(report.fetched)["sources"]}


def _print(report: "Report") -> None:
    if report.busy:
        typer.echo("Another process has its turn just now: nothing to do.")
        return
    for line in told(report):
        typer.echo(line)
    for each in report.fetched:
        for problem in filter(None, [each.error, *each.problems]):
            typer.echo(f"{each.source}: {problem}", err=True)
    for part, fault in report.faults.items():
        typer.echo(f"{part} failed: {fault}", err=True)


def told(report: "Report") -> list[str]:
    """What a turn did, in plain lines."""
    from newsletter.cli.console import plural

    lines = [
        f"Fetched {each.source}: {plural(each.new, 'new paper')}." for each in report.fetched if not each.failed
    ]
    if report.planned:
        lines.append(f"Planned {plural(report.planned, 'digest')}: `newsletter worker` sends them.")
    if report.skipped:
        lines.append(f"Skipped {plural(report.skipped, 'digest')}: `newsletter why EMAIL` says the reason.")
    if report.missed:
        lines.append(f"Recorded {plural(report.missed, 'missed digest')}: too late to catch up.")
    if report.waiting:
        late = f" for {', '.join(report.waits_for)}" if report.waits_for else " for papers"
        lines.append(f"{plural(report.waiting, 'digest waits', 'digests wait')}{late}.")
    lines += [f"The edition of {date} is held: look at it, then release it." for date in report.held]
    return lines or ["Nothing was due."]


class Ticker(Recurring):
    """A part that takes a turn of the clock at once and every schedule.tick_seconds, then wakes the sender.

    APScheduler only says when, in UTC and in memory. Should the machine's clock be set back, the turns come by
    our own count, half as often.
    """

    def __init__(self, started: Started, parts: "Parts", wake: Callable[[], object] = lambda: None) -> None:
        seconds = started.config.schedule.tick_seconds
        stopping = threading.Event()
        turn = Turning(started, parts, wake, stopping)
        super().__init__("clock", {"tick": turn}, 2.0 * seconds, asked=[self._end], stopping=stopping)
        self._schedule = _schedule(self.woken.set, seconds)

    def start(self, ended: Callable[[], None] = lambda: None) -> None:
        super().start(ended)
        self._schedule.start()

    def _end(self) -> None:
        if self._schedule.running:
            self._schedule.shutdown(wait=False)


def _schedule(due: Callable[[], None], seconds: int) -> "BackgroundScheduler":
    from apscheduler.schedulers.background import BackgroundScheduler
    from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-untyped]  # it has none

    schedule = BackgroundScheduler(timezone=UTC)
    every = IntervalTrigger(seconds=seconds, timezone=UTC)
    schedule.add_job(due, every, coalesce=True, max_instances=1, misfire_grace_time=None)
    return schedule


class Turning:
    """The job of the ticker: one turn, a line in the log about what it did, a ping to the monitor."""

    def __init__(
        self, started: Started, parts: "Parts", wake: Callable[[], object], stopping: threading.Event
    ) -> None:
        import httpx

        from newsletter.ping import Monitor

        self.parts, self.wake, self.stopping = parts, wake, stopping
        self.monitor = Monitor(started.config.admin.ping_url, httpx.get)

    def __call__(self) -> None:
        from newsletter import tick as step

        report = step.run(self.parts, now(), now, self._go_on)
        self.wake()
        counts = {name: count for name in COUNTS if (count := getattr(report, name))}
        if report.fetched or counts or report.held:
            log.info("tick", fetched=[each.source for each in report.fetched], **counts, held=report.held)
        if not report.busy:  # whoever had the turn tells; a turn that nobody ends must fall silent
            self.monitor.tick(now(), well=not report.faults)

    def _go_on(self, step: str, text: str) -> None:
        log.debug("tick", step=step, text=text)
        if self.stopping.is_set():
            raise KeyboardInterrupt  # nothing of a turn is lost: the next one does it
