"""A feed for the tests: a list of messages, and every rule between a transport and its feed is looked after."""

from dataclasses import dataclass, field

from newsletter.mail import Envelope, Turn


@dataclass(frozen=True)
class Numbered:
    """A message that is ready to go, told from the others by its number."""

    number: int
    envelope: Envelope


def numbered(number, extra=b"", recipient=""):
    """One whose body tells its number."""
    content = b"Subject: %d\r\n\r\nbody of %d.\r\n%b" % (number, number, extra)
    to = recipient or f"reader{number}@example.org"
    return Numbered(number, Envelope("papers@example.org", to, f"<{number}.abc@example.org>", content))


def messages(count, extra=b""):
    return [numbered(number, extra) for number in range(1, count + 1)]


@dataclass
class Listed:
    """Gives messages in order; those whose number is in `withheld` may not leave when it comes to it.

    `seen` gives all bytes that any server received: no body may be among them before it was let go. `late` are
    messages that turn up once everything before them is done.
    """

    waiting: list
    seen: object = lambda: b""
    withheld: frozenset = frozenset()
    late: list = field(default_factory=list)
    given: list = field(default_factory=list)
    told: dict = field(default_factory=dict)
    let_go: list = field(default_factory=list)
    kept: list = field(default_factory=list)
    backs: list = field(default_factory=list)
    aheads: int = 0
    ended: bool = False

    def turn(self, done, going=None, back=None):
        assert not self.ended
        for ready, outcome in done:
            assert ready in self.given
            assert ready.number not in self.told
            assert ready.number not in self.kept
            self.told[ready.number] = outcome
        assert set(self.let_go) <= self.told.keys(), "a body would leave before the last one was recorded"
        if back is not None:
            assert going is None
            assert self.open(back)
            self.backs.append(back.number)
        return Turn(going is not None and self.leaves(going), back or self.following(going))

    def leaves(self, going):
        assert self.open(going)
        assert b"body of %d." % going.number not in self.seen()
        (self.kept if going.number in self.withheld else self.let_go).append(going.number)
        return going.number not in self.withheld

    def open(self, ready):
        """It was given, and nothing is known of it yet."""
        return ready in self.given and ready.number not in {*self.told, *self.kept}

    def following(self, going):
        if not self.waiting and going is None:
            self.waiting, self.late = self.late, []
        if self.waiting:
            self.given.append(self.waiting.pop(0))
            return self.given[-1]
        self.ended = going is None
        return None

    def ahead(self):
        self.aheads += 1

    @property
    def settled(self):
        """Whether each message was told of once, or kept back."""
        return self.ended and {*self.told, *self.kept} == {ready.number for ready in self.given}

    @property
    def verdicts(self):
        return [self.told[number].verdict.value for number in sorted(self.told)]


def drained(transport, count, server=None, **more):
    """Let a transport send so many messages; the feed that it had."""
    seen = (lambda: server.received) if server else (lambda: b"")
    feed = Listed(messages(count) if isinstance(count, int) else count, seen, **more)
    transport.drain(feed)
    assert feed.settled
    return feed
