"""Figures of a span of time, counted by the database: digests by state, what waits and why, sources, readers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, literal_column
from sqlmodel import Session, col, func, or_, select

from newsletter import balance, journal
from newsletter.balance import Waiting
from newsletter.ledger import DIGEST, IS_LETTER
from newsletter.models import Delivery, SourceState, State
from newsletter.record_models import Hold, HoldState, Run, RunKind
from subscribers.consent import AGREED, WITHDRAWN
from subscribers.leaving import DECLINED
from subscribers.models import STOPPED, Consent, Status, Subscriber, Suppression
from subscribers.moves import Event

DAY = timedelta(days=1)
LONGEST_LIFE = 2 * DAY  # after its hour no digest waits longer than schedule.catch_up_hours, 47 at most
# Spelled as in the partial index ix_delivery_lease: with a parameter no database would use it.
BEING_SENT = col(Delivery.state) == literal_column("'sending'")
# What counts as joining and as leaving: rows of the consent record.
JOINS = col(Consent.event).in_([AGREED, Event.RETURNED])
LEAVES = or_(
    col(Consent.event).startswith(WITHDRAWN) & (col(Consent.event) != DECLINED), col(Consent.event).in_(STOPPED)
)
# As the command line and pages list them: those who get digests first.
STATUSES = (Status.ACTIVE, Status.PAUSED, Status.PENDING, Status.UNSUBSCRIBED, Status.BOUNCED, Status.COMPLAINED)


@dataclass(frozen=True)
class SourceFigures:
    """One source: its reads in the span, failed ones among them, new papers; and how it stands now."""

    name: str
    reads: int
    failures: int
    new: int
    last_read_at: datetime | None
    last_success_at: datetime | None
    last_news_at: datetime | None
    last_error: str


@dataclass(frozen=True)
class HoldFigures:
    """An edition that is held, or that somebody decided about in the span."""

    date: str
    state: str
    by: str
    reasons: list[str]
    at: datetime


@dataclass(frozen=True)
class Figures:
    """Everything that is counted from `since` up to `until`; what can be JSON once times are written out.

    `planned` are the digests whose hour struck in the span, the sum of `by_state`; `skipped` says why some were
    skipped. `letters` are other mails sent. `confirmed`, `lost` and `bounced` count readers, `suppressed`
    addresses; `readers` are all there are now, by status. `dead` are deliveries whose sender stopped.
    """

    since: datetime
    until: datetime
    planned: int
    by_state: dict[str, int]
    skipped: dict[str, int]
    letters: dict[str, int]
    confirmed: int
    lost: int
    bounced: int
    suppressed: int
    sources: list[SourceFigures]
    slowest: tuple[str, float] | None
    waiting: list[Waiting]
    last_tick: datetime | None
    readers: dict[str, int] = field(default_factory=dict)
    holds: list[HoldFigures] = field(default_factory=list)
    dead: int = 0


def between(session: Session, since: datetime, until: datetime) -> Figures:
    """The figures of everything from `since` on and before `until`."""
    by_state = _by_state(session, since, until)
    happened = _happened(session, since, until)
    return Figures(
        since=since,
        until=until,
        planned=sum(by_state.values()),
        by_state=by_state,
        skipped=_skipped(session, since, until),
        letters=_letters(session, since, until),
        confirmed=happened[AGREED],
        lost=happened[WITHDRAWN],
        bounced=happened[Event.BOUNCED],
        suppressed=_suppressed(session, since, until),
        sources=_sources(session, since, until),
        slowest=_slowest(session, since, until),
        waiting=_waiting(session, since, until),
        last_tick=journal.marked(session, journal.TICKED),
        readers=readers(session),
        holds=_holds(session, since, until),
        dead=_dead(session, until),
    )


def _due(since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    """The digests whose hour struck in the span: each is in exactly one span of a row of them."""
    return col(Delivery.letter) == DIGEST, col(Delivery.due_at) >= since, col(Delivery.due_at) < until


def _by_state(session: Session, since: datetime, until: datetime) -> dict[str, int]:
    counted = select(Delivery.state, func.count()).where(*_due(since, until)).group_by(col(Delivery.state))
    found = dict(iter(session.exec(counted)))
    return {state.value: found.get(state, 0) for state in State}


def _skipped(session: Session, since: datetime, until: datetime) -> dict[str, int]:
    why = col(Delivery.skipped_for)
    skipped = (*_due(since, until), col(Delivery.state) == State.SKIPPED, why.is_not(None))
    counted = select(Delivery.skipped_for, func.count()).where(*skipped).group_by(why)
    return {str(skip): count for skip, count in sorted(session.exec(counted))}


def _letters(session: Session, since: datetime, until: datetime) -> dict[str, int]:
    sent = (
        IS_LETTER,
        col(Delivery.state) == State.SENT,
        col(Delivery.sent_at) >= since,
        col(Delivery.sent_at) < until,
    )
    counted = select(Delivery.letter, func.count()).where(*sent).group_by(col(Delivery.letter))
    return dict(sorted(session.exec(counted)))


def _happened(session: Session, since: datetime, until: datetime) -> dict[str, int]:
    """Readers who said yes, who are lost, and among those the ones whose mailbox takes nothing any more."""
    conditions: dict[str, ColumnElement[bool]] = {
        AGREED: JOINS,
        WITHDRAWN: LEAVES,
        Event.BOUNCED: col(Consent.event) == Event.BOUNCED,
    }
    counted = func.count(func.distinct(Consent.subscriber_id))
    at = (col(Consent.at) >= since, col(Consent.at) < until)
    return {name: session.exec(select(counted).where(*at, each)).one() for name, each in conditions.items()}


def _suppressed(session: Session, since: datetime, until: datetime) -> int:
    added = (col(Suppression.since) >= since, col(Suppression.since) < until)
    return session.exec(select(func.count()).select_from(Suppression).where(*added)).one()


def _sources(session: Session, since: datetime, until: datetime) -> list[SourceFigures]:
    new = func.coalesce(func.sum(col(Run.counts)["new"].as_integer()), 0)
    failed = func.count().filter(col(Run.ok).is_(False))
    lines = select(Run.name, func.count(), failed, new).where(
        *_lines(since, until), col(Run.kind) == RunKind.FETCH
    )
    read: dict[str, Sequence[Any]] = {name: found for name, *found in session.exec(lines.group_by(col(Run.name)))}
    known = {state.name: state for state in session.exec(select(SourceState))}
    return [_source(name, known.get(name), *read.get(name, (0, 0, 0))) for name in sorted({*read, *known})]


def _source(name: str, state: SourceState | None, reads: int, failures: int, new: int) -> SourceFigures:
    times = [state.last_success_at, state.last_error_at] if state else []
    return SourceFigures(
        name=name,
        reads=reads,
        failures=failures,
        new=new,
        last_read_at=max((each for each in times if each), default=None),
        last_success_at=state.last_success_at if state else None,
        last_news_at=state.last_news_at if state else None,
        last_error=state.last_error if state else "",
    )


def _lines(since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    return col(Run.started_at) >= since, col(Run.started_at) < until


def _slowest(session: Session, since: datetime, until: datetime) -> tuple[str, float] | None:
    """The step that took longest, as "fetch arxiv", and its seconds; a whole tick is no step."""
    steps = col(Run.kind).in_([kind for kind in RunKind if kind is not RunKind.TICK])
    slow = select(Run.kind, Run.name, Run.seconds).where(*_lines(since, until), steps, col(Run.seconds) > 0)
    found = session.exec(slow.order_by(col(Run.seconds).desc(), col(Run.id)).limit(1)).first()
    return (f"{found[0]} {found[1]}".strip(), found[2]) if found else None


def _waiting(session: Session, since: datetime, until: datetime) -> list[Waiting]:
    """What keeps digests from going out that were due in the span, or shortly before it."""
    first, last = (since - LONGEST_LIFE).date() - DAY, until.date() + DAY
    dates = [(first + number * DAY).isoformat() for number in range((last - first).days + 1)]
    return balance.waiting(session, dates)


def readers(session: Session) -> dict[str, int]:
    """How many readers there are now, by status."""
    counted = select(Subscriber.status, func.count()).group_by(col(Subscriber.status))
    found = dict(iter(session.exec(counted)))
    return {status.value: found.get(status, 0) for status in STATUSES}


def _holds(session: Session, since: datetime, until: datetime) -> list[HoldFigures]:
    settled = (col(Hold.settled_at) >= since) & (col(Hold.settled_at) < until)
    wanted = select(Hold).where(or_(col(Hold.state) == HoldState.HELD, settled)).order_by(col(Hold.date))
    return [
        HoldFigures(row.date, str(row.state), row.by, list(row.reasons), row.at) for row in session.exec(wanted)
    ]


def _dead(session: Session, until: datetime) -> int:
    left = (BEING_SENT, col(Delivery.lease_until) < until)
    return session.exec(select(func.count()).select_from(Delivery).where(*left)).one()
