"""The gate: what a scheduled run has planned is looked at before it goes out, and held if it looks wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Engine
from sqlmodel import Session

from newsletter import db, holds, journal, ledger_editions, logs, pick
from newsletter.gate import facts as gathered
from newsletter.gate.facts import Batch
from newsletter.gate.rules import Facts, Rules, SourceFacts, reasons, warnings
from newsletter.record_models import HoldState, RunKind

__all__ = ["Facts", "Report", "Rules", "SourceFacts", "reasons", "run", "warnings"]

log = structlog.get_logger(__name__)

NOT_JUDGED = "The admin released this edition: not looked at."


@dataclass
class Report:
    """What the gate did, by date: digests let go, reasons for holding, warnings."""

    let_go: dict[str, int] = field(default_factory=dict)
    held: dict[str, list[str]] = field(default_factory=dict)
    warned: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Judged:
    """What was found about one batch."""

    reasons: list[str]
    warnings: list[str]
    figures: dict[str, int]


def run(
    engine: Engine,
    keys: tuple[str, ...],
    rules: Rules,
    now: datetime,
    room: timedelta,
    expected: Mapping[str, bool] | None = None,
) -> Report:
    """Judge every date with digests that nobody has judged: they are due now, for at least `room`, or held.

    What the admin holds or cancelled is left alone, what the admin released goes out unlooked at. `expected` says
    of which sources there should be news by now: those with False, or not named, are no reason to hold. Commits
    after each date; a second run changes nothing. A date that cannot be judged keeps waiting and the others are
    judged all the same; then the first such error is raised.
    """
    report = Report()
    holds.uphold(engine, now)
    with Session(engine) as session:
        waiting = gathered.batches(session)
        decided = {each.date: _state(session, each.date) for each in waiting}
    errors = []
    for batch in waiting:
        if (state := decided[batch.date]) in {None, HoldState.RELEASED}:
            try:
                judged = _judge(engine, batch, state, keys, rules, now, expected or {})
                _decide(engine, batch, state, judged, now, room, report)
            except Exception as error:  # noqa: BLE001 - whatever it is, the other dates have to be judged
                errors.append(error)
                _tell_failed(batch, error)
    if errors:
        raise errors[0]
    return report


def _judge(
    engine: Engine,
    batch: Batch,
    state: HoldState | None,
    keys: tuple[str, ...],
    rules: Rules,
    now: datetime,
    expected: Mapping[str, bool],
) -> Judged:
    """Look at one batch without any lock: rendering takes its time."""
    if state is HoldState.RELEASED:
        return Judged([], [NOT_JUDGED], {})
    with Session(engine) as session:
        found = gathered.collect(session, batch, keys, rules, now, expected)
    names = ("skipped", "considered", "sampled", "largest_html", "interests", "alike")
    return Judged(reasons(found, rules), warnings(found, rules), {name: getattr(found, name) for name in names})


def _decide(
    engine: Engine,
    batch: Batch,
    state: HoldState | None,
    judged: Judged,
    now: datetime,
    room: timedelta,
    report: Report,
) -> None:
    """Let the batch go or hold the edition; one that changed while it was looked at is left to the next run."""
    with db.writing(engine) as session:
        db.alone(session, pick.PLANNING)
        if batch not in gathered.batches(session) or _state(session, batch.date) is not state:
            return
        if judged.reasons:
            holds.hold(session, batch.date, holds.GATE, judged.reasons, now)
        else:
            ledger_editions.unpark(session, batch.date, now, room)
        words = " ".join([*judged.reasons, *judged.warnings])
        counts = {"digests": batch.count, **judged.figures}
        journal.write(session, RunKind.GATE, batch.date, now, (now, now), words, counts, ok=not judged.reasons)
    _tell(batch, judged, report)


def _tell(batch: Batch, judged: Judged, report: Report) -> None:
    if judged.reasons:
        report.held[batch.date] = judged.reasons
        log.warning("edition held", edition=batch.date, digests=batch.count, reasons=judged.reasons)
    else:
        report.let_go[batch.date] = batch.count
    if told := [each for each in judged.warnings if each != NOT_JUDGED]:
        report.warned[batch.date] = told


def _tell_failed(batch: Batch, error: Exception) -> None:
    log.error("edition not judged", edition=batch.date, reason=f"{type(error).__name__}: {logs.reason(error)}")


def _state(session: Session, date: str) -> HoldState | None:
    found = holds.state_of(session, date)
    return found.state if found else None
