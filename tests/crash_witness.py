"""What the crash tests' mail server noted: the oracle that knows nothing of the ledger."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple


class Copy(NamedTuple):
    """One message that the server took; without an answer nobody was told so."""

    connection: str
    recipient: str
    message_id: str
    digest: str
    answered: bool


@dataclass
class Witness:
    """Everything up to now, by reader and by connection; `read` adds what came since."""

    path: object
    copies: dict = field(default_factory=dict)
    refused: Counter = field(default_factory=Counter)
    last: dict = field(default_factory=dict)  # by connection, the last that was taken over it
    open: set = field(default_factory=set)
    gone: set = field(default_factory=set)  # without a goodbye
    silent: set = field(default_factory=set)  # which wait for an answer that does not come
    _read: int = 0
    _rest: str = ""

    def read(self):
        """Read on; returns itself."""
        if not self.path.exists():
            return self
        with self.path.open() as log:
            log.seek(self._read)
            text = self._rest + log.read()
            self._read = log.tell()
        *lines, self._rest = text.split("\n")
        for line in lines:
            self._note(*line.split(" "))
        return self

    def _note(self, event, connection, *words):
        match event:
            case "open":
                self.open.add(connection)
            case "closed":
                self.open.discard(connection)
                self.silent.discard(connection)
                if words != ("quit",):
                    self.gone.add(connection)
            case "silent":
                self.silent.add(connection)
            case "refused":
                self.refused[words[0]] += 1
            case "accepted":
                copy = Copy(connection, *words[:3], words[3] == "1")
                self.copies.setdefault(copy.recipient, []).append(copy)
                self.last[connection] = copy

    @property
    def answers(self):
        """How many messages it said yes or no to, for good."""
        return self.refused.total() + sum(map(len, self.copies.values()))

    def answered(self, recipient):
        """Whether the server ever said that it took this reader's message."""
        return any(copy.answered for copy in self.copies.get(recipient, ()))

    def in_hand(self, connections):
        """The last message of each of these connections, unless nobody was told of it anyway."""
        found = [self.last[each] for each in connections if each in self.last]
        return [copy for copy in found if copy.answered]
