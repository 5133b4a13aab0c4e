"""The ledger's claims: take what is due for a while, keep it, and take over what a dead sender left."""

from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Dialect,
    Executable,
    bindparam,
    case,
    literal_column,
    not_,
    or_,
)
from sqlmodel import Session, col, select, update

from newsletter.ledger import FIRST_WAIT, HELD, IS_LETTER, IS_WAITING, MOST_ATTEMPTS, Claim, OnUnknown, Wanted
from newsletter.models import Delivery, State
from newsletter.statements import Row, Statement

CRASHES = 2  # whose senders died more often than this waits before the next try: it may be the cause
DIED = "the sender stopped while it was at this message"
CLAIMED = (
    col(Delivery.id),
    col(Delivery.attempts),
    col(Delivery.period),
    col(Delivery.letter),
    col(Delivery.address),
    col(Delivery.subscriber_id),
    col(Delivery.not_after),
    col(Delivery.doubtful),
)


def claim(session: Session, wanted: Wanted, now: datetime, most: int = 1) -> list[Claim]:
    """Take up to `most` of the deliveries that are due, the oldest first; commits. Letters come before digests.

    Somebody waits for a letter, so it does not queue behind a hundred thousand digests; whether there is one is
    asked without the lock that an UPDATE takes on SQLite.
    """
    taken = _oldest(session, wanted, now, most, letters=True) if _any_letter(session, wanted, now) else []
    if not wanted.letters_only:
        taken += _oldest(session, wanted, now, most - len(taken), letters=False)
    session.commit()  # of the whole block at once: what a failure took back nobody holds
    return taken


def _states(wanted: Wanted) -> list[State]:
    return [State.PENDING, State.DEFERRED] + ([State.UNKNOWN] if wanted.on_unknown == "resend" else [])


def _any_letter(session: Session, wanted: Wanted, now: datetime) -> bool:
    states = {f"state_{number}": state for number, state in enumerate(_states(wanted))}
    found = _run(session, _look(len(states), wanted.only is not None), wanted, now, **states)
    session.commit()  # on SQLite a read that turns into a write may find the file locked
    return bool(found)


def _oldest(session: Session, wanted: Wanted, now: datetime, most: int, *, letters: bool) -> list[Claim]:
    """One statement for each state, not one OR over them, so that each can use the index.

    (25 times faster at 100,000 rows.) The conditional UPDATE lets exactly one of several senders win.
    """
    taken: list[Claim] = []
    for state in _states(wanted):
        if len(taken) < most:
            taken += _take(session, wanted, now, state, most - len(taken), letters=letters)
    return taken


def _take(
    session: Session, wanted: Wanted, now: datetime, state: State, most: int, *, letters: bool
) -> list[Claim]:
    statement = _taking(session.get_bind().dialect.name, letters, wanted.only is not None)
    values = {"new_owner": wanted.owner, "new_lease": now + wanted.lease, "its_state": state, "most": most}
    return sorted(Claim._make(row) for row in _run(session, statement, wanted, now, **values))


def _run(session: Session, core: Executable, wanted: Wanted, now: datetime, **values: object) -> list[Row]:
    """Its rows; past SQLAlchemy's own work on a call, which took a fifth of a sender's time (see statements)."""
    statement = _compiled(core, session.get_bind().dialect)
    parameters = statement.parameters({**values, "at": now, "its_reader": wanted.only})
    given = tuple(parameters) if isinstance(parameters, list) else parameters
    return [statement.read(tuple(row)) for row in session.connection().exec_driver_sql(statement.sql, given)]


@lru_cache(maxsize=64)
def _compiled(core: Executable, dialect: Dialect) -> Statement:
    return Statement(core, dialect)


def _due(only: bool, letters: bool) -> list[ColumnElement[bool]]:  # noqa: FBT001 - keys of a cache
    theirs = [col(Delivery.subscriber_id) == bindparam("its_reader")] if only else []
    return [IS_WAITING, col(Delivery.not_before) <= bindparam("at"), *theirs, *([IS_LETTER] if letters else [])]


@lru_cache
def _look(states: int, only: bool) -> Executable:  # noqa: FBT001 - a key of a cache
    any_of = col(Delivery.state).in_([bindparam(f"state_{number}") for number in range(states)])
    return select(Delivery.id).where(any_of, *_due(only, letters=True)).limit(literal_column("1"))


@lru_cache
def _taking(dialect: str, letters: bool, only: bool) -> Executable:  # noqa: FBT001 - keys of a cache
    oldest = (
        select(Delivery.id)
        .where(col(Delivery.state) == bindparam("its_state"), *_due(only, letters))
        .order_by(col(Delivery.not_before), col(Delivery.id))
        .limit(bindparam("most"))
    )
    return (
        update(Delivery)
        .where(col(Delivery.id).in_(_free(dialect, oldest)))
        .values(
            state=State.SENDING,
            owner=bindparam("new_owner"),
            lease_until=bindparam("new_lease"),
            attempts=col(Delivery.attempts) + 1,
            handed_over=False,
        )
        .returning(*CLAIMED)
    )


def _free(dialect: str, wanted: Any) -> Any:  # noqa: ANN401 - a SELECT of ids, of whichever type it is
    """Those of these rows that nobody else is changing; SQLite has one writer at a time anyway.

    Who waited for others here could wait in a circle, for they change two rows together. As a subquery of an
    UPDATE it might be run again for each row, and then it would find more than its limit.
    """
    if dialect != "postgresql":
        return wanted
    return select(wanted.with_for_update(skip_locked=True).cte("free").c.id)


def renew(session: Session, wanted: Wanted, now: datetime) -> int:
    """Keep every claim of this sender for longer; commits.

    A server may think for ten minutes after the final dot (RFC 5321 section 4.5.3.2.6), longer than any
    lease that lets another sender take over quickly from a dead one. What is being written down at this moment is
    kept the next time.
    """
    mine = (col(Delivery.state) == State.SENDING, col(Delivery.owner) == wanted.owner)
    rows = _free(session.get_bind().dialect.name, select(Delivery.id).where(*mine))
    kept = session.connection().execute(
        update(Delivery).where(col(Delivery.id).in_(rows)).values(lease_until=now + wanted.lease)
    )
    session.commit()
    return kept.rowcount


def give_up(session: Session, wanted: Wanted, reason: str) -> int:
    """Give back all that this sender holds and did not begin, as if it had never been taken; commits. How many."""
    unbegun = (
        col(Delivery.state) == State.SENDING,
        col(Delivery.owner) == wanted.owner,
        col(Delivery.handed_over).is_(False),
    )
    untaken = case((col(Delivery.doubtful), State.DEFERRED.value), else_=State.PENDING.value)
    fewer = col(Delivery.attempts) - 1
    given = _let_go(session, unbegun, state=untaken, attempts=fewer, outcome=reason)
    session.commit()
    return given


class Swept(NamedTuple):
    """What dead senders left: messages that may have arrived, and claims that surely were not sent."""

    unknown: int
    returned: int


def sweep(session: Session, now: datetime, on_unknown: OnUnknown) -> Swept:
    """Take over what a dead sender left; commits. What it may have sent is `unknown`, all else is due again.

    Under "resend" the unknown are due at once unless they are worn out, under "hold" never by themselves. What was
    claimed again and again by senders that died waits a while: it may be why they did, and nobody is to get a copy
    with each of their starts. More claims than these do not count as tries of what was not begun: it would be
    given up at the first refusal without ever having been sent.
    """
    left = (col(Delivery.state) == State.SENDING, col(Delivery.lease_until) < now)
    often, later = col(Delivery.attempts) > CRASHES, now + FIRST_WAIT
    tried = case((col(Delivery.attempts) >= MOST_ATTEMPTS, HELD), (often, later), else_=now)
    maybe = or_(col(Delivery.handed_over), col(Delivery.doubtful))
    doubtful = _let_go(
        session,
        (*left, maybe),
        state=State.UNKNOWN,
        handed_over=False,
        doubtful=True,
        not_before=tried if on_unknown == "resend" else HELD,
        outcome=f"{DIED}: it may or may not have arrived",
    )
    tries = col(Delivery.attempts)
    returned = _let_go(
        session,
        (*left, not_(maybe)),  # said again: its sender may be alive, and hand one over between the two statements
        state=State.PENDING,
        not_before=case((often, later), else_=now),
        attempts=case((tries > CRASHES + 1, tries - 1), else_=tries),
        outcome=f"{DIED}, before it was sent",
    )
    session.commit()
    return Swept(doubtful, returned)


def _let_go(session: Session, which: tuple[ColumnElement[bool], ...], **values: object) -> int:
    found = select(Delivery.id).where(*which)
    rows = col(Delivery.id).in_(_free(session.get_bind().dialect.name, found))
    changed = update(Delivery).where(rows).values(owner=None, lease_until=None, **values)
    done: CursorResult[Any] = session.connection().execute(changed)
    return done.rowcount
