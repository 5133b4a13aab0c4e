"""Holds: an edition is stopped before it goes out, then released, planned anew or cancelled.

An edition is named by its local date, "2026-11-24", which may be still to come. Whatever changes a decision takes
the planners' lock, so that a planner and an admin never cross; open its session with `db.writing`.
"""

from collections.abc import Iterable, Sequence
from datetime import date as day
from datetime import datetime, timedelta

from sqlalchemy import Engine, and_, not_, or_
from sqlmodel import Session, col, select

from newsletter import db, journal, ledger_editions, pick
from newsletter.chooser import Chooser, Taste, chooser
from newsletter.due import NO_RULES, Due, Rules, sorted_out
from newsletter.edition import Issue, content
from newsletter.errors import EditionError
from newsletter.ledger import DIGEST
from newsletter.ledger import HELD as NEVER
from newsletter.ledger_editions import WAITING, untried
from newsletter.models import Delivery, Edition, EditionPaper, Pick, Skip
from newsletter.record_models import Hold, HoldState, RunKind

ADMIN, GATE = "admin", "gate"  # who decides
TRIES = 5

PlannerParts = tuple[Chooser, Issue, tuple[str, ...], datetime, datetime, Rules]

# What may be decided next. A cancelled edition may be held or released as long as no digest was skipped for it: a
# mistyped date can be taken back, papers that were given free cannot.
MOVES: dict[HoldState | None, frozenset[HoldState]] = {
    None: frozenset({HoldState.HELD, HoldState.CANCELLED}),
    HoldState.HELD: frozenset({HoldState.RELEASED, HoldState.CANCELLED}),
    HoldState.RELEASED: frozenset({HoldState.HELD, HoldState.CANCELLED}),
    HoldState.CANCELLED: frozenset({HoldState.HELD, HoldState.RELEASED}),
}


def named(text: str) -> str:
    """The date that names an edition; EditionError when the text is none."""
    try:
        found = day.fromisoformat(text.strip())
    except ValueError:
        raise EditionError(f"{text!r} names no edition: write its date, like 2026-11-24") from None
    return found.isoformat()


def state_of(session: Session, date: str) -> Hold | None:
    """What was decided about this edition; None for one that goes out by itself."""
    return session.get(Hold, date, populate_existing=True)


def standing(session: Session, by: str) -> list[Hold]:
    """The editions that this one holds at the moment, oldest date first."""
    wanted = (col(Hold.state) == HoldState.HELD, col(Hold.by) == by)
    return list(session.exec(select(Hold).where(*wanted).order_by(col(Hold.date))))


def hold(session: Session, date: str, by: str, reasons: Sequence[str], now: datetime) -> Hold:
    """Let nothing of this edition go out from now on. Held again, it keeps its reasons and gets the new ones.

    A message that is being sent at this moment arrives; one that may have arrived already is sent again if that is
    the policy. Raises EditionError for a cancelled edition. Does not commit.
    """
    found = _movable(session, date, HoldState.HELD)
    parked = ledger_editions.park(session, date)
    if found is not None and found.state is HoldState.HELD:
        more = [each for each in reasons if each not in found.reasons]
        if not more:
            return found
        found.reasons = [*found.reasons, *more]
    else:
        found = _decided(session, found or Hold(date=date, state=HoldState.HELD, by=by, at=now), HoldState.HELD)
        found.by, found.at, found.settled_at, found.reasons = by, now, None, list(reasons)
    if by == ADMIN:  # the gate writes its own line
        _write(session, "hold", date, reasons, now, parked)
    session.flush()
    return found


def release(session: Session, date: str, now: datetime, room: timedelta) -> int:
    """Let a held edition go: its digests are due now and good for at least `room`; how many.

    The gate leaves the date alone from then on. What was sent or is in doubt stays as it is. Raises EditionError
    for an edition that was never held, or is cancelled. Does not commit.
    """
    found = _movable(session, date, HoldState.RELEASED)
    assert found is not None, "MOVES has no such move"
    count = ledger_editions.unpark(session, date, now, room)
    if found.state is not HoldState.RELEASED:
        _decided(session, found, HoldState.RELEASED).settled_at = now
        _write(session, "release", date, (), now, count)
    session.flush()
    return count


def cancel(session: Session, date: str, now: datetime, words: str = "") -> int:
    """Skip what is not out yet and free its papers; how many digests. Later ones of this date are skipped, too.

    A message that is being sent at this moment, or that may have arrived, takes its course. Does not commit.
    """
    found = _movable(session, date, HoldState.CANCELLED)
    count = ledger_editions.cancel(
        session, date, f"the edition of {date} was cancelled" + (words and f": {words}")
    )
    ledger_editions.unpark(session, date, now, timedelta(0))  # what may have arrived must not wait for ever
    if found is None or found.state is not HoldState.CANCELLED:
        reasons = [words] if words else []
        found = _decided(
            session, found or Hold(date=date, state=HoldState.CANCELLED, by=ADMIN, at=now), HoldState.CANCELLED
        )
        found.reasons, found.settled_at = [*found.reasons, *reasons], now
        _write(session, "cancel", date, reasons, now, count)
    session.flush()
    return count


def uphold(engine: Engine, now: datetime) -> list[str]:
    """Apply decisions to what was being sent when they were made and is to be tried again; the dates. Commits.

    It was in nobody's hands but the sender's then, so it neither waited nor was skipped.
    """
    with Session(engine) as session:
        if not _slipped(session):
            return []
    with db.writing(engine) as session:
        db.alone(session, pick.PLANNING)
        slipped = _slipped(session)
        for date, state in slipped:
            if state is HoldState.HELD:
                ledger_editions.park(session, date)
            else:
                cancel(session, date, now)
    return [date for date, _ in slipped]


def replan(
    engine: Engine,
    date: str,
    taste: Taste,
    issue: Issue,
    keys: tuple[str, ...],
    now: datetime,
    rules: Rules = NO_RULES,
) -> pick.Report:
    """Choose a held edition's papers anew: from today's papers, template and preferences. It stays held.

    Only digests that were never tried: each is replaced in one transaction, with its period and due time; commits
    after each batch. Where there is no paper to choose from nothing changes, and the report says how many wait.
    Raises EditionError for an edition that is not held, or not any more.
    """
    report, left = pick.Report(), None
    for _ in range(TRIES):
        with Session(engine) as session:
            _only_held(session, date)
            readers = _untried(session, date) if left is None else left
            choose = chooser(session, readers, now, taste)
        if not choose.found.papers:
            report.waiting = len(readers)
            return report
        left = _planned_anew(engine, date, readers, (choose, issue, keys, now, now, rules), report)
        if not left:
            with db.writing(engine) as session:
                _write(session, "replan", date, (), now, report.planned)
            return report
    unchanged = len(left or ())
    raise EditionError(f"{unchanged} digests of {date} are as before: their readers keep changing them, try again")


def _planned_anew(
    engine: Engine, date: str, readers: Sequence[int], parts: PlannerParts, report: pick.Report
) -> list[int]:
    """Replace these readers' digests; returns those who changed what they follow since the texts were indexed."""
    left: list[int] = []
    with db.writing(engine) as session:
        db.alone(session, pick.PLANNING)
        _refresh(session, date, parts[0])
    for batch in db.batches(readers, pick.BATCH):
        with db.writing(engine) as session:
            planner = pick.Planner(session, *parts)
            _only_held(session, date)
            done = _batch(session, date, batch, planner)
            if done.waiting:
                session.rollback()
                left += batch
                continue
            report.planned += done.planned
            report.skipped += done.skipped
            report.left_out += done.left_out
    return left


def _batch(session: Session, date: str, readers: Sequence[int], planner: pick.Planner) -> pick.Report:
    discarded = ledger_editions.discard(session, date, readers)
    room = [max(each.not_after - planner.at, timedelta(0)) for each in discarded]
    due = [Due(each.subscriber_id, date, still, each.due_at) for each, still in zip(discarded, room, strict=True)]
    done = pick.Report()
    for each, left_out in sorted_out(session, due, planner.rules):
        planner.plan(each, done, left_out)
    return done


def _refresh(session: Session, date: str, choose: Chooser) -> None:
    """Freeze papers as they read now, unless a digest of this date that was tried already shows them."""
    tried = (
        select(Pick.delivery_id)
        .join(Delivery, col(Delivery.id) == col(Pick.delivery_id))
        .where(
            col(Delivery.edition_id) == col(EditionPaper.edition_id), col(Pick.paper) == col(EditionPaper.paper)
        )
        .where(not_(and_(*untried(date))))
    )
    same_date = select(Edition.id).where(col(Edition.date) == date)
    frozen = select(EditionPaper).where(col(EditionPaper.edition_id).in_(same_date), ~tried.exists())
    papers = {
        paper.key: (paper, votes) for paper, votes in zip(choose.found.papers, choose.found.votes, strict=True)
    }
    for row in session.exec(frozen):
        if row.paper in papers:
            row.content = content(*papers[row.paper], sample=row.paper in choose.found.samples)
            session.add(row)
    session.flush()


def _only_held(session: Session, date: str) -> None:
    found = state_of(session, date)
    if found is None or found.state is not HoldState.HELD:
        raise EditionError(f"the edition of {date} is not held: `newsletter edition hold {date}` first")


def _untried(session: Session, date: str) -> list[int]:
    wanted = (*untried(date), col(Delivery.subscriber_id).is_not(None))
    ordered = select(Delivery.subscriber_id).where(*wanted).order_by(col(Delivery.id))
    return [reader for reader in session.exec(ordered) if reader is not None]


def _movable(session: Session, date: str, to: HoldState) -> Hold | None:
    """What stands decided, under the planners' lock; EditionError where `to` cannot follow it."""
    db.alone(session, pick.PLANNING)
    found = state_of(session, date)
    state = found.state if found else None
    if state is to:
        return found
    if to not in MOVES[state]:
        raise EditionError(f"the edition of {date} is not held: it goes out by itself")
    if state is HoldState.CANCELLED and _settled(session, date):
        raise EditionError(f"the edition of {date} is cancelled, and its papers are free again: that is final")
    return found


def _settled(session: Session, date: str) -> bool:
    """Whether any digest was skipped because the edition was cancelled."""
    skipped = (
        col(Delivery.period) == date,
        col(Delivery.letter) == DIGEST,
        col(Delivery.skipped_for) == Skip.CANCELLED,
    )
    return session.exec(select(Delivery.id).where(*skipped).limit(1)).first() is not None


def _decided(session: Session, found: Hold, state: HoldState) -> Hold:
    found.state = state
    session.add(found)
    return found


def _slipped(session: Session) -> list[tuple[str, HoldState]]:
    """Held dates of which something is due, cancelled dates of which something waits."""
    due_while_held = and_(col(Hold.state) == HoldState.HELD, col(Delivery.not_before) < NEVER)
    left = and_(col(Hold.state) == HoldState.CANCELLED, col(Delivery.doubtful).is_(False))
    same_date = (col(Delivery.period) == col(Hold.date), col(Delivery.letter) == DIGEST)
    slipped = select(Hold.date, Hold.state).where(
        select(Delivery.id).where(*same_date, col(Delivery.state).in_(WAITING), or_(due_while_held, left)).exists()
    )
    return [(date, HoldState(state)) for date, state in session.exec(slipped.order_by(col(Hold.date)))]


def _write(session: Session, did: str, date: str, reasons: Iterable[str], now: datetime, digests: int) -> None:
    words = " ".join(["by the admin", *(f"({each})" for each in reasons)])
    journal.write(session, RunKind.ADMIN, f"edition {did} {date}", now, (now, now), words, {"digests": digests})
