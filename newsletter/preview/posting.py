"""Posting one message past the ledger: a test mail by the configured way out."""

from collections.abc import Callable, Sequence

from newsletter.errors import MessageError
from newsletter.mail import Done, Envelope, Outcome, Ready, Transport, Turn, Verdict


class _Once:
    """A feed of one message that is told once what became of it."""

    def __init__(self, envelope: Envelope) -> None:
        self.envelope = envelope
        self.outcome: Outcome | None = None
        self._given = False

    def turn(self, done: Sequence[Done], going: Ready | None = None, back: Ready | None = None) -> Turn:
        if done:
            self.outcome = done[0].outcome
        following = back or (None if self._given else self)
        self._given = True
        return Turn(may_go=going is not None, following=following)

    def ahead(self) -> None:
        """There is no other."""


def post(transport: Callable[[], Transport], envelope: Envelope) -> str:
    """Hand it over at once: the server's reply. MessageError says why it was not taken, and the cure."""
    feed = _Once(envelope)
    with transport() as way:
        way.drain(feed)
    outcome = feed.outcome
    if outcome is None or outcome.verdict is not Verdict.SENT:
        said = outcome.reply if outcome else "no mail server was reached"
        raise MessageError(f"the test mail was not taken: {said}: see `newsletter doctor` for the mail server")
    return outcome.reply
