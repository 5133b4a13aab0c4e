"""The ledger: plan, claim, record. The only file that creates a delivery or changes its state.

A delivery is claimed with a lease, sent outside any transaction, and recorded at once behind a fence: the
row must still be ours. Exactly-once over SMTP cannot be had (RFC 1047); what is kept instead: nothing is
lost, a doubt is named `unknown`, every copy has the same bytes and Message-ID, and the balance adds up.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, CursorResult, case, literal_column
from sqlmodel import Session, col, delete, select, update

from newsletter.mail import Outcome, Phase, Verdict
from newsletter.models import MOVES, RELEASING, Delivery, Pick, Skip, State

MOST_ATTEMPTS = 8  # with FIRST_WAIT doubled each time the last try comes 16 hours after the first
FIRST_WAIT = timedelta(minutes=7, seconds=30)
HELD = datetime(9999, 1, 1, tzinfo=UTC)  # not due by itself: the admin decides
DIGEST = "digest"  # the letter with the papers; the others are those of subscribers.letters
OnUnknown = Literal["resend", "hold"]
# Spelled as in the partial index ix_delivery_letter: with a parameter no database would use it.
IS_LETTER = col(Delivery.letter) != literal_column(f"'{DIGEST}'")

VERDICTS = {
    Verdict.SENT: State.SENT,
    Verdict.DEFERRED: State.DEFERRED,
    Verdict.FAILED: State.FAILED,
    Verdict.UNKNOWN: State.UNKNOWN,
}


@dataclass(frozen=True)
class Claim:
    """One delivery that is ours until the lease ends."""

    delivery_id: int
    attempts: int
    period: str


def claim(
    session: Session,
    owner: str,
    now: datetime,
    lease: timedelta,
    on_unknown: OnUnknown,
    only: int | None = None,
    *,
    letters_only: bool = False,
) -> Claim | None:
    """Take the oldest delivery that is due, for `lease`; commits. Letters come before all digests.

    `only` limits it to one reader. Somebody waits for a letter, so it does not queue behind a hundred thousand
    digests; whether there is one is asked without the lock that an UPDATE takes on SQLite.
    """
    states = [State.PENDING, State.DEFERRED] + ([State.UNKNOWN] if on_unknown == "resend" else [])
    due = [col(Delivery.not_before) <= now]
    if only is not None:
        due.append(col(Delivery.subscriber_id) == only)
    if _any(session, [*due, IS_LETTER], states):
        taken = _oldest(session, [*due, IS_LETTER], states, owner, now + lease)
        if taken is not None:
            return taken
    return None if letters_only else _oldest(session, due, states, owner, now + lease)


def _any(session: Session, due: list[ColumnElement[bool]], states: list[State]) -> bool:
    found = session.exec(select(Delivery.id).where(col(Delivery.state).in_(states), *due).limit(1)).first()
    session.commit()  # on SQLite a read that turns into a write may find the file locked
    return found is not None


def _oldest(
    session: Session, due: list[ColumnElement[bool]], states: list[State], owner: str, lease_until: datetime
) -> Claim | None:
    """One statement for each state, not one OR over them, so that each can use the index.

    (25 times faster at 100,000 rows.) The conditional UPDATE lets exactly one of several workers win.
    """
    tries = (_take(session, [col(Delivery.state) == state, *due], owner, lease_until) for state in states)
    return next((taken for taken in tries if taken is not None), None)


def _take(session: Session, due: list[ColumnElement[bool]], owner: str, lease_until: datetime) -> Claim | None:
    oldest = select(Delivery.id).where(*due).order_by(col(Delivery.not_before), col(Delivery.id)).limit(1)
    if session.get_bind().dialect.name == "postgresql":
        oldest = oldest.with_for_update(skip_locked=True)
    taken = session.connection().execute(
        update(Delivery)
        .where(col(Delivery.id).in_(oldest))
        .values(
            state=State.SENDING,
            owner=owner,
            lease_until=lease_until,
            attempts=col(Delivery.attempts) + 1,
        )
        .returning(col(Delivery.id), col(Delivery.attempts), col(Delivery.period))
    )
    row = taken.first()
    session.commit()
    return Claim(row[0], row[1], row[2]) if row else None


def record(
    session: Session, claimed: Claim, owner: str, outcome: Outcome, now: datetime, on_unknown: OnUnknown
) -> State | None:
    """Write down what became of a claimed delivery; commits. None when the lease was lost meanwhile.

    A deferred delivery waits 7.5 minutes, doubled each time; the eighth refusal is final, but a server that was
    not reached is tried again after the same wait without counting. An unknown one is sent again after the
    same wait under "resend", and never by itself under "hold" or after eight tries.
    """
    state, text = VERDICTS[outcome.verdict], outcome.reply
    reached = outcome.phase is not Phase.UNREACHED  # a server that is down is no try of this message
    attempts = claimed.attempts if reached else claimed.attempts - 1
    worn_out = attempts >= MOST_ATTEMPTS
    if state is State.DEFERRED and worn_out:
        state, text = State.FAILED, f"gave up after {attempts} tries; the last: {outcome.reply}"
    values: dict[str, object] = {"reply": outcome.reply, "outcome": text, "attempts": attempts}
    if state is State.SENT:
        values["sent_at"] = now
    elif state in {State.DEFERRED, State.UNKNOWN}:
        held = state is State.UNKNOWN and (worn_out or on_unknown == "hold")
        values["not_before"] = HELD if held else now + FIRST_WAIT * 2 ** max(attempts - 1, 0)
    if state is State.UNKNOWN:
        values["doubtful"] = True
    return _move(session, claimed, owner, state, **values)


def renew(session: Session, owner: str, lease_until: datetime) -> int:
    """Keep every claim of this owner's connections ("owner/1", ...) for longer; commits.

    A server may think for ten minutes after the final dot (RFC 5321 section 4.5.3.2.6), longer than any
    lease that lets another sender take over quickly from a dead one.
    """
    mine = (col(Delivery.state) == State.SENDING, col(Delivery.owner).startswith(f"{owner}/", autoescape=True))
    kept = session.connection().execute(update(Delivery).where(*mine).values(lease_until=lease_until))
    session.commit()
    return kept.rowcount


def settle(
    session: Session, claimed: Claim, owner: str, state: State, reason: str, skip: Skip | None = None
) -> State | None:
    """Never send a claimed delivery: "suppressed" (must not be mailed), "skipped" (too late, paused); commits.

    Or "unknown", when it is too late to try again what may have arrived: then it stays so.
    """
    held = {"not_before": HELD} if state is State.UNKNOWN else {}
    return _move(session, claimed, owner, state, outcome=reason, skipped_for=skip, **held)


def _move(session: Session, claimed: Claim, owner: str, state: State, **values: object) -> State | None:
    assert state in MOVES[State.SENDING], state
    # The fence: a worker that lost its lease changes nothing.
    still_ours = (
        col(Delivery.id) == claimed.delivery_id,
        col(Delivery.owner) == owner,
        col(Delivery.state) == State.SENDING,
    )
    changed = session.connection().execute(
        update(Delivery).where(*still_ours).values(state=state, owner=None, lease_until=None, **values)
    )
    if changed.rowcount and state in RELEASING:
        # The reader may have the papers of a doubtful one: those are not given out again.
        surely_not = select(Delivery.id).where(
            col(Delivery.id) == claimed.delivery_id, col(Delivery.doubtful).is_(False)
        )
        session.connection().execute(delete(Pick).where(col(Pick.delivery_id).in_(surely_not)))
    session.commit()
    return state if changed.rowcount else None


def sweep(session: Session, now: datetime, on_unknown: OnUnknown) -> int:
    """Name what a dead worker left: its claims become `unknown`, for the final dot may be out; commits.

    Under "resend" they are due at once unless they are worn out, under "hold" never by themselves.
    """
    tried = case((col(Delivery.attempts) >= MOST_ATTEMPTS, HELD), else_=now)
    found: CursorResult[Any] = session.connection().execute(
        update(Delivery)
        .where(col(Delivery.state) == State.SENDING, col(Delivery.lease_until) < now)
        .values(
            state=State.UNKNOWN,
            owner=None,
            lease_until=None,
            doubtful=True,
            not_before=tried if on_unknown == "resend" else HELD,
            outcome="the sender stopped while it was at this message: it may or may not have arrived",
        )
    )
    session.commit()
    return found.rowcount
