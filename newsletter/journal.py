"""The journal: one line for everything that was done, the marks that move on, and whose turn it is."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, Engine, or_
from sqlmodel import Session, col, delete, select, update

from newsletter.beat import beating
from newsletter.db import insert, upsert
from newsletter.record_models import Mark, Run, RunKind, Turn

# The last tick by the real clock and by the calendar; up to when everything that was due is planned.
TICKED, TURNED, PLANNED = "ticked", "turned", "planned"


def write(
    session: Session,
    kind: RunKind,
    name: str,
    at: datetime,
    times: tuple[datetime, datetime],
    words: str = "",
    counts: Mapping[str, Any] | None = None,
    *,
    ok: bool = True,
) -> None:
    """One line: what was done about `name` at the calendar's `at`, from when to when by the real clock.

    `words` say in plain words what should be known beyond the figures in `counts`. Does not commit.
    """
    began, ended = times
    line = Run(
        kind=kind,
        name=name[:200],
        at=at,
        started_at=began,
        seconds=max(0.0, (ended - began).total_seconds()),
        ok=ok,
        words=words,
        counts=dict(counts or {}),
    )
    session.add(line)


def newest(
    session: Session, kind: RunKind, name: str | None = None, most: int = 1, by: datetime | None = None
) -> list[Run]:
    """The newest lines of this kind, newest first; `by`: of that moment on the calendar or before it."""
    wanted = [col(Run.kind) == kind] + ([] if name is None else [col(Run.name) == name])
    wanted += [] if by is None else [col(Run.at) <= by]
    newest_first = (col(Run.started_at).desc(), col(Run.id).desc())
    return list(session.exec(select(Run).where(*wanted).order_by(*newest_first).limit(most)))


def between(session: Session, kind: RunKind, since: datetime, until: datetime) -> list[Run]:
    """The lines of this kind that began at or after `since` and before `until`, oldest first."""
    wanted = (col(Run.kind) == kind, col(Run.started_at) >= since, col(Run.started_at) < until)
    return list(session.exec(select(Run).where(*wanted).order_by(col(Run.started_at), col(Run.id))))


def prune(session: Session, before: datetime) -> int:
    """Let go of lines that are older; how many. Does not commit."""
    gone: CursorResult[Any] = session.connection().execute(delete(Run).where(col(Run.started_at) < before))
    return gone.rowcount


def mark(session: Session, name: str, at: datetime) -> None:
    """Move the mark of this name to `at`. Does not commit."""
    upsert(session, Mark, [{"name": name, "at": at}], ("name",))


def marked(session: Session, name: str) -> datetime | None:
    """Where the mark of this name stands; None before it was set."""
    return session.exec(select(Mark.at).where(col(Mark.name) == name)).first()


def take_turn(session: Session, name: str, owner: str, now: datetime, lease: timedelta) -> bool:
    """Whether it is this owner's turn until the lease ends; commits.

    It only saves work: whatever is done in turn must be harmless when two do it at once.
    """
    until = now + lease
    made = insert(session, Turn).on_conflict_do_nothing().values(name=name, owner=owner, until=until)
    # A lease that lasts much longer than any was taken by a clock that was ahead.
    ahead = col(Turn.until) > now + 10 * lease
    free = or_(col(Turn.owner) == owner, col(Turn.until) <= now, ahead)
    taken = session.connection().execute(made).rowcount == 1
    if not taken:
        mine = update(Turn).where(col(Turn.name) == name, free).values(owner=owner, until=until)
        taken = session.connection().execute(mine).rowcount == 1
    session.commit()
    return taken


@contextmanager
def kept_turn(
    engine: Engine, name: str, owner: str, clock: Callable[[], datetime], lease: timedelta
) -> Iterator[None]:
    """Keep a turn that was taken, however long the block lasts: it is renewed three times in a lease."""
    with beating(engine, f"turn {name}", lease, lambda session: take_turn(session, name, owner, clock(), lease)):
        yield


def end_turn(session: Session, name: str, owner: str) -> None:
    """Let others have their turn at once; commits."""
    session.connection().execute(delete(Turn).where(col(Turn.name) == name, col(Turn.owner) == owner))
    session.commit()
