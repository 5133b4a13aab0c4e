"""The verdict on a crash campaign: the ledger's balance against what the mail server noted by itself."""

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from crash_witness import Copy

from newsletter.models import State

LEASE = timedelta(seconds=3)


@dataclass
class Kill:
    """What a killed sender had in hand, by the server's log and by the ledger's; its last sign of life."""

    in_hand: list[Copy]
    in_doubt: list[str]
    connections: int
    left: int
    ahead: float
    signs: datetime


@dataclass
class Verdict:
    """The figures of a campaign. `by_kills` and `unanswered` are the extra copies, by why there were any.

    `most` are the copies of one message, `once` of one that had one reason at most for another. `in_doubt` were on
    a connection at a kill, at most `bound`; `returned` were claimed and not begun. `recovery` is in seconds.
    """

    kills: int
    messages: int
    lost: int
    by_kills: int
    in_doubt: int
    bound: int
    unanswered: int
    most: int
    once: int
    returned: int
    recovery: float


def of(rows, witness, kills, sweeps):
    """The figures, once everything that must hold was seen to hold."""
    in_hand = {copy for kill in kills for copy in kill.in_hand}
    in_doubt = Counter(address for kill in kills for address in kill.in_doubt)
    by_kills = unanswered = once = 0
    for address, copies in witness.copies.items():
        assert {copy.message_id for copy in copies} == {rows[address].message_id}
        assert len({copy.digest for copy in copies}) == 1
        *extra, _ = copies
        answered = [copy for copy in extra if copy.answered]
        assert in_hand.issuperset(answered), (address, copies)
        assert len(answered) <= in_doubt[address], (address, copies)
        by_kills += len(answered)
        unanswered += len(extra) - len(answered)
        if in_doubt[address] + sum(not copy.answered for copy in copies) <= 1:
            once = max(once, len(copies))
    lost = [row for row in rows.values() if not settled(row, witness)]
    return Verdict(
        kills=len(kills),
        messages=len(rows),
        lost=len(lost),
        by_kills=by_kills,
        unanswered=unanswered,
        most=max(map(len, witness.copies.values()), default=0),
        in_doubt=in_doubt.total(),
        bound=sum(kill.connections for kill in kills),
        once=once,
        returned=sum(kill.left - len(kill.in_doubt) for kill in kills),
        recovery=round(max((recovered(kill, sweeps) for kill in kills if kill.left), default=0.0), 1),
    )


def settled(row, witness):
    """Whether the ledger says what the server says: it has the message, or would never take it."""
    if row.state is State.FAILED:
        return witness.refused[row.address] > 0
    return row.state is State.SENT and witness.answered(row.address)


def recovered(kill, sweeps):
    """Seconds by the ledger's clock from the last sign of life until the first sweep that found the lease over.

    Not where its time was skipped in between.
    """
    at, ahead = next(each for each in sweeps if each[0] > kill.signs + LEASE)
    return (at - kill.signs).total_seconds() if ahead == kill.ahead else 0.0


def table(found):
    """The figures of several campaigns, by name, as lines."""
    heads = ["", *(name.replace("_", " ") for name in Verdict.__annotations__)]
    lines = [[name, *map(str, asdict(verdict).values())] for name, verdict in found.items()]
    widths = [max(map(len, column)) for column in zip(heads, *lines, strict=True)]
    return "\n".join("  ".join(map(str.rjust, line, widths)) for line in [heads, *lines])
