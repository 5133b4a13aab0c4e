"""What a server's reply means: its class, its enhanced code and where it was said decide; its words never do.

RFC 5321 section 4.2 (reply codes), RFC 3463 and its registry of enhanced status codes, RFC 4954 section 6 (login).
"""

import re
from enum import StrEnum

from newsletter.mail import Blame, Verdict

OK, START_DATA, CLOSING = 250, 354, 421
FINAL = 5  # the first digit of a code that is final
ACCEPTED = {250, 251, 252}
ABOUT_LOGIN = frozenset({530, 534, 535, 538})  # our set-up is at fault, not the message
ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?=\s|$)")
# The mailbox or its domain is not there, or cannot be. 5.1.7 and 5.1.8 speak of the sender.
NO_SUCH_READER = frozenset({(5, 1, 1), (5, 1, 2), (5, 1, 3), (5, 1, 6), (5, 1, 10)})
MAILBOX_FULL = (5, 2, 2)


class Stage(StrEnum):
    """Which of our commands a reply answers."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DOT = "final dot"


def enhanced(text: str) -> tuple[int, int, int] | None:
    """The enhanced status code that a reply begins with, like (5, 1, 1)."""
    found = ENHANCED.match(text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def judged(stage: Stage, code: int, text: str) -> tuple[Verdict, Blame]:
    """What a reply makes of the message, and who is to blame that it was not taken.

    An enhanced code of another class than the reply's own is no help and is ignored.
    """
    kind = code // 100
    if kind == 2:  # noqa: PLR2004 - RFC 5321 section 4.2.1
        return Verdict.SENT, Blame.NOBODY
    told = enhanced(text)
    told = told if told and told[0] == kind else None
    if kind == FINAL:
        return _refused(stage, code, told)
    return Verdict.DEFERRED, _put_off(stage, code, told)


def _put_off(stage: Stage, code: int, told: tuple[int, int, int] | None) -> Blame:
    if code in {CLOSING, 454} or (told and told[1] == 7):  # noqa: PLR2004 - RFC 3463 section 3.8: policy
        return _beyond(stage, Blame.BUSY)
    if stage is Stage.MAIL and told and told[1] == 3 and told[2] != 4:  # noqa: PLR2004 - RFC 3463 section 3.4
        return Blame.RELAY  # its disk is full, or it is being mended; 4.3.4 alone is about this message's size
    return Blame.MESSAGE


def _refused(stage: Stage, code: int, told: tuple[int, int, int] | None) -> tuple[Verdict, Blame]:
    if code in ABOUT_LOGIN:
        return Verdict.DEFERRED, Blame.RELAY
    if told == MAILBOX_FULL:
        return Verdict.DEFERRED, Blame.MESSAGE
    if told and told[1] == 7:  # noqa: PLR2004 - RFC 3463 section 3.8: policy
        return Verdict.DEFERRED, _beyond(stage, Blame.POLICY)
    if told in NO_SUCH_READER and stage is not Stage.MAIL:
        return Verdict.FAILED, Blame.READER
    return Verdict.FAILED, Blame.MESSAGE


def _beyond(stage: Stage, blame: Blame) -> Blame:
    """Before a recipient was named it is the relay that speaks, and not for any destination."""
    return Blame.RELAY if stage is Stage.MAIL else blame
