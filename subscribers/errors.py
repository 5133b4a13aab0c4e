"""Every error this package raises on purpose.

SubscriberError
  InvalidPreference      a value that nobody could mean: names the thing, the value and the cure
  UnknownSubscriber      no such reader
  AlreadySubscribed      the address has a place already
  Suppressed             the address must not be mailed again
  InvalidToken           a link that we did not sign, or signed for something else
"""

from reprlib import Repr

# A pasted page in place of an hour would fill the screen: long values lose their middle.
_shown = Repr()
_shown.maxstring = _shown.maxother = 120


class SubscriberError(Exception):
    """Base of the errors below; its text is meant for the person who typed the value."""


class InvalidPreference(SubscriberError):
    """A field holds a value that cannot be used."""

    def __init__(self, field: str, value: object, cure: str) -> None:
        """Name the field, what it held and what would be right."""
        self.field, self.value, self.cure = field, value, cure
        super().__init__(f"{field}: {_shown.repr(value)} cannot be used: {cure}")


class UnknownSubscriber(SubscriberError):
    """No reader has this address."""

    def __init__(self, email: str) -> None:
        """Name the address that was looked for."""
        super().__init__(f"no subscriber {email!r}: see `newsletter subscribers list`")


class AlreadySubscribed(SubscriberError):
    """A reader with this address exists, perhaps in another spelling of it."""

    def __init__(self, email: str, status: str) -> None:
        """Name the stored address and where that subscription stands."""
        super().__init__(
            f"{email!r} is there already ({status}): to change it, import a CSV line with this address"
        )


class Suppressed(SubscriberError):
    """The address is on the list of those that nothing is sent to."""

    def __init__(self, email: str, reason: str) -> None:
        """Name the address and why it was put on the list."""
        cure = "`newsletter subscribers suppress --lift` lifts that, if its owner asks"
        super().__init__(f"{email!r} must not be mailed ({reason}): {cure}")


class InvalidToken(SubscriberError):
    """The text never holds the token itself: whoever reads a log could act with it."""

    def __init__(self, purpose: str) -> None:
        """Name what the link was meant for."""
        super().__init__(f"this {purpose} link is incomplete or not ours: open it again from the newest mail")
