"""The ledger: what becomes of a claimed delivery. With its two neighbours the only door to a delivery's state.

Deliveries are claimed in blocks with a lease. Just before a message's body is written, one commit records what
became of the message before it and notes that this one's final dot may be out. So after a crash it is known which
message is in doubt, one for each connection, and that all others were not sent. Exactly-once over SMTP cannot be
had (RFC 1047); what is kept instead: nothing is lost, a doubt is named `unknown`, every copy has the same bytes
and Message-ID, and the balance adds up.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import Boolean, and_, bindparam, case, false, func, literal_column, null, or_, true
from sqlmodel import col, delete, select, update

from newsletter.mail import Outcome, Verdict
from newsletter.models import MOVES, RELEASING, Delivery, Pick, Skip, State
from newsletter.statements import Line
from subscribers.models import Utc

MOST_ATTEMPTS = 8  # with FIRST_WAIT doubled each time the last try comes 16 hours after the first
FIRST_WAIT = timedelta(minutes=7, seconds=30)
JITTER = 0.1  # a wait is up to a tenth longer: what was put off together does not come back together
SPREAD = 0x9E3779B1  # a large odd number: neighbouring ids get waits that are far from each other
HELD = datetime(9999, 1, 1, tzinfo=UTC)  # not due by itself: the admin decides
DIGEST = "digest"  # the letter with the papers; the others are those of subscribers.letters
OnUnknown = Literal["resend", "hold"]
# Spelled as in the partial indexes: with parameters no database would use them.
IS_WAITING = literal_column("delivery.state IN ('pending', 'deferred', 'unknown')", Boolean)
IS_LETTER = col(Delivery.letter) != literal_column(f"'{DIGEST}'")

VERDICTS = {
    Verdict.SENT: State.SENT,
    Verdict.DEFERRED: State.DEFERRED,
    Verdict.FAILED: State.FAILED,
    Verdict.UNKNOWN: State.UNKNOWN,
}


class Claim(NamedTuple):
    """One delivery that is ours until the lease ends; `doubtful` = an earlier try may have arrived."""

    delivery_id: int
    attempts: int
    period: str
    letter: str
    address: str
    subscriber_id: int | None
    not_after: datetime
    doubtful: bool


@dataclass(frozen=True)
class Wanted:
    """What a sender asks for: its name in the ledger, for how long, and what it may take.

    `only` limits it to one reader; `letters_only` leaves digests alone.
    """

    owner: str
    lease: timedelta
    on_unknown: OnUnknown
    only: int | None = None
    letters_only: bool = False


ITS_ROW = col(Delivery.id) == bindparam("its_id")
HELD_BY_US = and_(col(Delivery.owner) == bindparam("its_owner"), col(Delivery.state) == State.SENDING)
# The database was away for longer than the lease, another sender named it unknown, and we know the outcome after
# all.
NAMED_UNKNOWN = and_(
    col(Delivery.owner).is_(None),
    col(Delivery.state) == State.UNKNOWN,
    col(Delivery.attempts) == bindparam("its_attempt"),
)
# The database was lost while it committed: we do not know whether it did, and say it once more.
SAID_BEFORE = and_(
    col(Delivery.owner).is_(None),
    col(Delivery.state) == bindparam("new_state"),
    col(Delivery.attempts) == bindparam("new_attempts"),
    col(Delivery.outcome) == bindparam("new_outcome"),
)
OURS = and_(ITS_ROW, HELD_BY_US)
HAND_OVER = update(Delivery).where(OURS).values(handed_over=true())  # the heartbeat keeps the lease
MOVED = {
    "state": bindparam("new_state"),
    "owner": null(),
    "lease_until": null(),
    "handed_over": false(),
    "outcome": bindparam("new_outcome"),
    "attempts": bindparam("new_attempts"),
    "not_before": func.coalesce(bindparam("new_not_before", type_=Utc), col(Delivery.not_before)),
}
RECORD = (
    update(Delivery)
    .where(ITS_ROW, or_(HELD_BY_US, NAMED_UNKNOWN, SAID_BEFORE))  # by the row first: SQLite is 6 times faster so
    .values(
        MOVED
        | {
            "reply": bindparam("new_reply"),
            "sent_at": func.coalesce(bindparam("new_sent_at", type_=Utc), col(Delivery.sent_at)),
            "doubtful": case((bindparam("in_doubt") == 1, true()), else_=col(Delivery.doubtful)),
        }
    )
)
SETTLE = update(Delivery).where(OURS).values(MOVED | {"skipped_for": bindparam("new_skip")})
# The reader may have the papers of a doubtful one: those are not given out again.
FREE_PICKS = delete(Pick).where(
    col(Pick.delivery_id).in_(
        select(Delivery.id).where(col(Delivery.id) == bindparam("its_id"), col(Delivery.doubtful).is_(false()))
    )
)


def hand_over(line: Line, claimed: Claim, wanted: Wanted) -> bool:
    """Note that its body may be written from now on; False when the lease was lost: then it must not be."""
    return line.run(HAND_OVER, {"its_id": claimed.delivery_id, "its_owner": wanted.owner}) == 1


def record(
    line: Line, claimed: Claim, wanted: Wanted, outcome: Outcome, now: datetime, until: datetime | None = None
) -> State | None:
    """Write down what became of a claimed delivery. None when the lease was lost meanwhile and another has it.

    A deferred delivery waits 7.5 minutes, doubled each time, or until `until`; the eighth refusal is final, but
    what the message did not cause is tried again without counting: a server that was not reached, a destination
    that asks for patience. An unknown one is sent again after the same wait under "resend", and never by itself
    under "hold" or after eight tries.
    """
    state, text = VERDICTS[outcome.verdict], outcome.reply
    attempts = claimed.attempts if outcome.counts else claimed.attempts - 1
    worn_out = attempts >= MOST_ATTEMPTS
    if state is State.DEFERRED and worn_out and outcome.counts:
        state, text = State.FAILED, f"gave up after {attempts} tries; the last: {outcome.reply}"
    not_before = None
    if state in {State.DEFERRED, State.UNKNOWN}:
        held = state is State.UNKNOWN and (worn_out or wanted.on_unknown == "hold")
        not_before = HELD if held else max(until or now, now + wait(claimed.delivery_id, attempts))
    return _moved(
        line,
        claimed,
        wanted,
        state,
        RECORD,
        its_attempt=claimed.attempts,
        new_reply=outcome.reply,
        new_outcome=text,
        new_attempts=attempts,
        new_not_before=not_before,
        new_sent_at=now if state is State.SENT else None,
        in_doubt=int(state is State.UNKNOWN),
    )


def wait(delivery_id: int, attempts: int) -> timedelta:
    """How long to wait after so many tries: doubled each time, and a little different for each delivery."""
    share = (delivery_id * SPREAD % 2**32) / 2**32
    doubled: int = 2 ** min(max(attempts - 1, 0), MOST_ATTEMPTS)
    return FIRST_WAIT * doubled * (1 + JITTER * share)


def settle(
    line: Line, claimed: Claim, wanted: Wanted, state: State, reason: str, skip: Skip | None = None
) -> State | None:
    """Never send a claimed delivery: "suppressed" (must not be mailed), "skipped" (too late, paused).

    Or "unknown", when it is too late to try again what may have arrived: then it stays so.
    """
    held = HELD if state is State.UNKNOWN else None
    return _settled(line, claimed, wanted, state, reason, claimed.attempts, held, skip)


def put_back(line: Line, claimed: Claim, wanted: Wanted, reason: str, until: datetime) -> State | None:
    """Send a claimed delivery, which was not begun, no earlier than `until`; that was no try of it."""
    return _settled(line, claimed, wanted, _untaken(claimed), reason, claimed.attempts - 1, until)


def release(line: Line, claims: Iterable[Claim], wanted: Wanted, reason: str) -> int:
    """Give back what was claimed and not begun, as if it had never been taken; how many were still ours."""
    given = (
        _settled(line, each, wanted, _untaken(each), reason, each.attempts - 1)  # due again as it was before
        for each in claims
    )
    return sum(state is not None for state in given)


def _untaken(claimed: Claim) -> State:
    return State.DEFERRED if claimed.doubtful else State.PENDING


def _settled(
    line: Line,
    claimed: Claim,
    wanted: Wanted,
    state: State,
    reason: str,
    attempts: int,
    not_before: datetime | None = None,
    skip: Skip | None = None,
) -> State | None:
    told = {"new_outcome": reason, "new_attempts": attempts, "new_not_before": not_before, "new_skip": skip}
    return _moved(line, claimed, wanted, state, SETTLE, **told)


def _moved(
    line: Line,
    claimed: Claim,
    wanted: Wanted,
    state: State,
    statement: Any,  # noqa: ANN401 - SQLAlchemy's Update is generic in nothing
    **values: object,
) -> State | None:
    assert state in MOVES[State.SENDING], state
    named = {"its_id": claimed.delivery_id, "its_owner": wanted.owner, "new_state": state}
    # The fence: a sender that lost its lease changes nothing.
    if not line.run(statement, named | values):
        return None
    if state in RELEASING:
        line.run(FREE_PICKS, {"its_id": claimed.delivery_id})
    return state
