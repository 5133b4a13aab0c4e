"""The letters that a subscription's life calls for: which one, to whom, because of what."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class LetterKind(StrEnum):
    """Every letter but the digest; a template in templates/email has each of these names.

    CONFIRM asks a mailbox whether it wants the newsletter; WELCOME greets, GOODBYE says how to come back;
    LINK brings a reader's own links; DATA the link to download or erase everything; the two CHANGE letters ask
    the old and the new mailbox whether a change of address is right.
    """

    CONFIRM = "confirm"
    WELCOME = "welcome"
    GOODBYE = "goodbye"
    LINK = "link"
    DATA = "data"
    CHANGE_OLD = "change-old"
    CHANGE_NEW = "change-new"


@dataclass(frozen=True, slots=True)
class LetterWanted:
    """One letter that is to be written: decided here, put into the delivery table by the newsletter.

    `number` is the id of the confirmation or consent row that caused it, and makes a second letter for the
    same cause impossible; `expires_at` is when it is of no use any more.
    """

    kind: LetterKind
    subscriber_id: int
    address: str
    number: int
    expires_at: datetime
