"""What an answer is: a code for programs, and the sentence that says it."""

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """The answer in one word, for programs."""

    SENT = "sent"
    WAITING = "waiting"  # planned, and about to be sent
    GATE = "gate"  # planned, and not yet looked at by the quality gate
    HELD = "held"
    SENDING = "sending"
    DEFERRED = "deferred"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    UNKNOWN = "unknown"
    NOTHING = "nothing"
    LATE = "late"
    MISSED = "missed"
    SOON = "soon"
    DAY_OFF = "day off"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    UNCONFIRMED = "unconfirmed"
    LEFT = "left"
    OTHER_DAY = "other day"
    NOT_YET = "not yet"
    NEWCOMER = "newcomer"  # said yes after the day's hour
    NOT_RUNNING = "not running"
    NO_PAPERS = "no papers"
    PLAN_FAILED = "plan failed"
    SOURCE_LATE = "source late"
    PLANNING = "planning"  # due, and planned at the next turn of the clock
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True)
class Verdict:
    """The answer: a code, and one or two sentences that say it."""

    code: Code
    words: str
