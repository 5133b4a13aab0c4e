"""SMTP servers that keep the state RFC 5321 asks for, and know what they took: the other side of the story."""

import socket
from contextlib import contextmanager

from mail_servers import REPLIES, Scripted, serving

PIPELINING = b"250-test\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
LOST = object()  # a scripted reply to the final dot: take the message, and go without a word
STUCK = object()  # a scripted reply to DATA: go ahead, and read nothing of it
GROUPED = {"RSET", "MAIL", "RCPT", "."}
NOBODY = b"554 5.5.1 no valid recipients\r\n"
OUT_OF_ORDER = b"503 5.5.1 out of order\r\n"


class Stateful(Scripted):
    """Follows its script where a command is in order. `accepted` holds (recipient, content) of what it took.

    A `careless` one lets DATA in though no recipient was taken. `way` is how it talks: "at once", or each reply
    "byte by byte", or "together": nothing before a group of commands is whole, or `total` messages are here.
    """

    def __init__(self, replies, *, careless=False, way="at once", total=0, context=None):
        super().__init__({"EHLO": PIPELINING} | replies)
        self.careless, self.way, self.total, self.context = careless, way, total, context
        self.accepted, self.greeted, self.taken, self.held = [], 0, 0, b""

    def _converse(self, connection, lines, heard):
        self.greeted += 1
        if self.context and "STARTTLS" not in self.replies:
            self._secured(connection, heard, "BANNER")
        else:
            self._talk(connection, lines, heard, self._reply(connection, "BANNER"))

    def _secured(self, connection, heard, greeting=""):
        with self.context.wrap_socket(connection, server_side=True) as secured, secured.makefile("rb") as lines:
            self._talk(secured, lines, heard, not greeting or self._reply(secured, greeting))

    def _talk(self, connection, lines, heard, go_on):
        self.held, self.sender, self.recipient = b"", None, None
        while go_on and (line := lines.readline()):
            heard += line
            verb = line[:4].decode("latin-1").upper().strip()
            verb = "STARTTLS" if verb == "STAR" else verb
            self.verbs.append(verb)
            go_on = self._heed(connection, lines, heard, verb, line)
            if verb == "STARTTLS":
                self._secured(connection, heard)
                return

    def _heed(self, connection, lines, heard, verb, line):
        if not self._in_order(verb):
            return self._answer(connection, verb, OUT_OF_ORDER)
        reply = self._next(verb)
        if reply is STUCK:
            connection.sendall(b"354 go ahead\r\n")
            self.listening.accept()  # until the test is over
        self._note(verb, reply, line)
        if not self._answer(connection, verb, reply) or verb == "QUIT":
            return False
        return verb != "DATA" or not self.last.startswith(b"354") or self._take(connection, lines, heard)

    def _in_order(self, verb):
        if verb == "RCPT":
            return self.sender is not None
        return verb != "DATA" or self.recipient is not None or self.careless

    def _note(self, verb, reply, line):
        address = line.partition(b"<")[2].partition(b">")[0].decode()
        if verb in {"RSET", "EHLO"}:
            self.sender = self.recipient = None
        if isinstance(reply, bytes) and reply.startswith(b"25"):
            if verb == "MAIL":
                self.sender = address
            if verb == "RCPT":
                self.recipient = address

    def _take(self, connection, lines, heard):
        start = len(heard)
        self._take_message(lines, heard)
        content = bytes(heard[start:])
        if not content.endswith(b".\r\n"):
            return False
        recipient, self.sender, self.recipient = self.recipient, None, None
        if recipient is None:
            return self._answer(connection, "NOTHING", self.replies.get("NOTHING", NOBODY))
        reply = self._next(".")
        self.taken += 1
        if reply is LOST or (isinstance(reply, bytes) and reply.startswith(b"2")):
            self.accepted.append((recipient, content.removesuffix(b".\r\n")))
        return reply is not LOST and self._answer(connection, ".", reply)

    def _answer(self, connection, verb, reply):
        more = self.way == "together" and verb in GROUPED and not (verb == "." and self.taken == self.total)
        if more and isinstance(reply, bytes) and not reply.startswith(b"421"):
            self.held, self.last = self.held + reply, reply
            return True
        connection.sendall(self.held)
        self.held = b""
        return self._say(connection, reply) and not self.last.startswith(b"421")

    def _say(self, connection, reply):
        if self.way != "byte by byte" or not isinstance(reply, bytes):
            return super()._say(connection, reply)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in reply:
            connection.sendall(bytes([byte]))
        self.last = reply
        return True


def bad(verb, reply, *, at=2):
    """A script in which the message with this number meets with `reply` at a verb, and no other does."""
    good = REPLIES[verb]
    return {verb: [*[good] * (at - 1), reply, good]}


@contextmanager
def stateful(replies=None, **options):
    """Run such a server."""
    with serving(Stateful(replies or {}, **options)) as server:
        yield server
