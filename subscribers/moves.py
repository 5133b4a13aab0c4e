"""The one table of a subscription's moves: where it stands, what happens, where it stands then."""

from enum import StrEnum

from subscribers.models import Status, Subscriber


class Event(StrEnum):
    """What can happen to a subscription. RETURNED and REOPENED take back LEFT: after a yes, and before any."""

    CONFIRMED = "confirmed"
    PAUSED = "paused"
    RESUMED = "resumed"
    LEFT = "left"
    RETURNED = "returned"
    REOPENED = "reopened"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


# Every move there is; whatever is not here changes nothing.
MOVES: dict[tuple[Status, Event], Status] = {
    (Status.PENDING, Event.CONFIRMED): Status.ACTIVE,
    (Status.PENDING, Event.LEFT): Status.UNSUBSCRIBED,
    (Status.PENDING, Event.BOUNCED): Status.BOUNCED,
    (Status.PENDING, Event.COMPLAINED): Status.COMPLAINED,
    (Status.ACTIVE, Event.PAUSED): Status.PAUSED,
    (Status.ACTIVE, Event.RESUMED): Status.ACTIVE,  # ends a pause until a day
    (Status.ACTIVE, Event.LEFT): Status.UNSUBSCRIBED,
    (Status.ACTIVE, Event.BOUNCED): Status.BOUNCED,
    (Status.ACTIVE, Event.COMPLAINED): Status.COMPLAINED,
    (Status.PAUSED, Event.PAUSED): Status.PAUSED,  # for longer, or shorter
    (Status.PAUSED, Event.RESUMED): Status.ACTIVE,
    (Status.PAUSED, Event.LEFT): Status.UNSUBSCRIBED,
    (Status.PAUSED, Event.BOUNCED): Status.BOUNCED,
    (Status.PAUSED, Event.COMPLAINED): Status.COMPLAINED,
    (Status.UNSUBSCRIBED, Event.CONFIRMED): Status.ACTIVE,
    (Status.UNSUBSCRIBED, Event.RETURNED): Status.ACTIVE,
    (Status.UNSUBSCRIBED, Event.REOPENED): Status.PENDING,
    (Status.UNSUBSCRIBED, Event.COMPLAINED): Status.COMPLAINED,
    (Status.BOUNCED, Event.CONFIRMED): Status.ACTIVE,
    (Status.BOUNCED, Event.LEFT): Status.UNSUBSCRIBED,
    (Status.BOUNCED, Event.COMPLAINED): Status.COMPLAINED,
}


def move(subscriber: Subscriber, event: Event) -> bool:
    """Let this happen to a locked reader; False, and nothing changes, when the table has no such move."""
    after = MOVES.get((subscriber.status, event))
    if after is None:
        return False
    subscriber.status = after
    return True
