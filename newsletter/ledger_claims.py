"""The ledger's claims: take what is due for a while, keep it, and take over what a dead sender left."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, CursorResult, case, not_, or_
from sqlmodel import Session, col, select, update

from newsletter.ledger import FIRST_WAIT, HELD, IS_LETTER, IS_WAITING, MOST_ATTEMPTS, Claim, OnUnknown, Wanted
from newsletter.models import Delivery, State

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
    states = [State.PENDING, State.DEFERRED] + ([State.UNKNOWN] if wanted.on_unknown == "resend" else [])
    due: list[ColumnElement[bool]] = [IS_WAITING, col(Delivery.not_before) <= now]
    if wanted.only is not None:
        due.append(col(Delivery.subscriber_id) == wanted.only)
    letters = [*due, IS_LETTER]
    taken = _oldest(session, letters, states, wanted, now, most) if _any(session, letters, states) else []
    if not wanted.letters_only:
        taken += _oldest(session, due, states, wanted, now, most - len(taken))
    session.commit()  # of the whole block at once: what a failure took back nobody holds
    return taken


def _any(session: Session, due: list[ColumnElement[bool]], states: list[State]) -> bool:
    found = session.exec(select(Delivery.id).where(col(Delivery.state).in_(states), *due).limit(1)).first()
    session.commit()  # on SQLite a read that turns into a write may find the file locked
    return found is not None


def _oldest(
    session: Session, due: list[ColumnElement[bool]], states: list[State], wanted: Wanted, now: datetime, most: int
) -> list[Claim]:
    """One statement for each state, not one OR over them, so that each can use the index.

    (25 times faster at 100,000 rows.) The conditional UPDATE lets exactly one of several senders win.
    """
    taken: list[Claim] = []
    for state in states:
        if len(taken) < most:
            taken += _take(session, [col(Delivery.state) == state, *due], wanted, now, most - len(taken))
    return taken


def _take(
    session: Session, due: list[ColumnElement[bool]], wanted: Wanted, now: datetime, most: int
) -> list[Claim]:
    oldest = select(Delivery.id).where(*due).order_by(col(Delivery.not_before), col(Delivery.id)).limit(most)
    taken = session.connection().execute(
        update(Delivery)
        .where(col(Delivery.id).in_(_free(session, oldest)))
        .values(
            state=State.SENDING,
            owner=wanted.owner,
            lease_until=now + wanted.lease,
            attempts=col(Delivery.attempts) + 1,
            handed_over=False,
        )
        .returning(*CLAIMED)
    )
    return sorted(Claim._make(row) for row in taken)


def _free(session: Session, wanted: Any) -> Any:  # noqa: ANN401 - a SELECT of ids, of whichever type it is
    """Those of these rows that nobody else is changing; SQLite has one writer at a time anyway.

    Who waited for others here could wait in a circle, for they change two rows together. As a subquery of an
    UPDATE it might be run again for each row, and then it would find more than its limit.
    """
    if session.get_bind().dialect.name != "postgresql":
        return wanted
    return select(wanted.with_for_update(skip_locked=True).cte("free").c.id)


def renew(session: Session, wanted: Wanted, now: datetime) -> int:
    """Keep every claim of this sender for longer; commits.

    A server may think for ten minutes after the final dot (RFC 5321 section 4.5.3.2.6), longer than any
    lease that lets another sender take over quickly from a dead one. What is being written down at this moment is
    kept the next time.
    """
    mine = select(Delivery.id).where(col(Delivery.state) == State.SENDING, col(Delivery.owner) == wanted.owner)
    kept = session.connection().execute(
        update(Delivery).where(col(Delivery.id).in_(_free(session, mine))).values(lease_until=now + wanted.lease)
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
    rows = col(Delivery.id).in_(_free(session, select(Delivery.id).where(*which)))
    changed = update(Delivery).where(rows).values(owner=None, lease_until=None, **values)
    done: CursorResult[Any] = session.connection().execute(changed)
    return done.rowcount
