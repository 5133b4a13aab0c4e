"""Real mail servers for the tests: aiosmtpd for whole dialogues, and one that follows a script word by word."""

import asyncio
import socket
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from newsletter.mail import Envelope, Phase, Verdict
from newsletter.mail.smtp import Settings, Smtp

CLOSE = object()  # a scripted reply: close the connection
GOING_AWAY = b"354 go ahead, while I go away\r\n"  # and then the connection is closed
SILENCE = object()  # say nothing until the client goes away
MESSAGE = b"Subject: hello\r\n\r\nA body.\r\n"
DEFERRED = (Verdict.DEFERRED, Phase.BEFORE_DOT)
UNREACHED = (Verdict.DEFERRED, Phase.UNREACHED)
FAILED = (Verdict.FAILED, Phase.BEFORE_DOT)
UNKNOWN = (Verdict.UNKNOWN, Phase.AFTER_DOT)
USERNAME, PASSWORD = "ada", "correct horse"
REPLIES = {
    "BANNER": b"220 test ready\r\n",
    "EHLO": b"250-test\r\n250 8BITMIME\r\n",
    "MAIL": b"250 2.1.0 sender ok\r\n",
    "RCPT": b"250 2.1.5 recipient ok\r\n",
    "DATA": b"354 go ahead\r\n",
    ".": b"250 2.0.0 queued\r\n",
    "RSET": b"250 2.0.0 reset\r\n",
    "QUIT": b"221 2.0.0 bye\r\n",
}


class Scripted:
    """An SMTP server on 127.0.0.1 that answers each verb as told, one connection after the other.

    A reply is bytes, what makes them, one of the words above, or a list of these that is used up one by one,
    its last for good. `dialogues` holds what each connection received, byte for byte; `verbs` all commands.
    """

    def __init__(self, replies):
        self.replies = REPLIES | replies
        self.dialogues, self.verbs = [], []
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, name="scripted SMTP server")

    @property
    def received(self):
        """Everything that any client sent."""
        return b"".join(bytes(dialogue) for dialogue in self.dialogues)

    def _serve(self):
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            heard = bytearray()
            self.dialogues.append(heard)
            with connection, connection.makefile("rb") as lines:
                try:
                    self._converse(connection, lines, heard)
                except OSError:
                    continue

    def _converse(self, connection, lines, heard):
        go_on = self._reply(connection, "BANNER")
        while go_on and (line := lines.readline()):
            heard += line
            verb = line.split()[0].decode("latin-1").upper() if line.strip() else ""
            self.verbs.append(verb)
            go_on = self._reply(connection, verb)
            if go_on and verb == "DATA" and self.last.startswith(b"354"):
                self._take_message(lines, heard)
                go_on = self._reply(connection, ".")
            go_on = go_on and verb != "QUIT"

    def _take_message(self, lines, heard):
        for line in lines:
            heard += line
            if line == b".\r\n":
                return

    def _reply(self, connection, verb):
        return self._say(connection, self._next(verb))

    def _next(self, verb):
        reply = self.replies.get(verb, b"502 5.5.1 unknown\r\n")
        if isinstance(reply, list):
            reply = reply.pop(0) if len(reply) > 1 else reply[0]
        return reply

    def _say(self, connection, reply):
        if reply is SILENCE:
            while connection.recv(65_536):
                pass
        if reply is CLOSE or reply is SILENCE:
            return False
        self.last = reply() if callable(reply) else reply
        connection.sendall(self.last)
        return self.last != GOING_AWAY


@contextmanager
def scripted(**replies):
    """Run a scripted server; replies by verb, `dot` for what follows the final dot."""
    if "dot" in replies:
        replies["."] = replies.pop("dot")
    with serving(Scripted(replies)) as server:
        yield server


@contextmanager
def serving(server):
    """Let a scripted server answer for the length of a `with` block."""
    server.thread.start()
    try:
        yield server
    finally:
        server.listening.shutdown(socket.SHUT_RDWR)
        server.listening.close()
        server.thread.join(timeout=10)


@dataclass
class Taken:
    """One message as the server got it."""

    sender: str
    recipient: str
    content: bytes
    options: list
    tls: bool
    ehlo: str
    peer: tuple


@dataclass
class Server:
    """A whole mail server: where it listens, what it took, which logins it saw, and how it answers."""

    port: int = 0
    host: str = "127.0.0.1"
    taken: list = field(default_factory=list)
    logins: list = field(default_factory=list)
    final: str = "250 2.0.0 queued"
    login_reply: str = ""

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        self.taken += [
            Taken(
                envelope.mail_from,
                recipient,
                envelope.original_content,
                envelope.mail_options,
                session.ssl is not None,
                session.host_name,
                session.peer,
            )
            for recipient in envelope.rcpt_tos
        ]
        return self.final

    def authenticate(self, server, session, envelope, mechanism, login):
        self.logins.append((login.login, login.password))
        if self.login_reply:
            return AuthResult(success=False, handled=False, message=self.login_reply)
        return AuthResult(success=(login.login, login.password) == (USERNAME.encode(), PASSWORD.encode()))


class Listening(Controller):
    """A controller on a port that is ours from the start, so that no other test can take it."""

    def __init__(self, server, **options):
        self.socket = socket.create_server((server.host, 0))
        server.port = self.socket.getsockname()[1]
        loop = asyncio.new_event_loop()
        loop.set_exception_handler(lambda *_: None)  # a client that refuses our certificate is no news
        super().__init__(
            server,
            server.host,
            server.port,
            loop,
            ready_timeout=20,
            authenticator=server.authenticate,
            **options,
        )

    def _create_server(self):
        return self.loop.create_server(self._factory_invoker, sock=self.socket, ssl=self.ssl_context)


@contextmanager
def mail_server(**options):
    """Run an aiosmtpd server; options are those of its SMTP class, and `ssl_context` for implicit TLS."""
    server = Server()
    controller = Listening(server, **options)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


@dataclass
class Trust:
    """A certificate authority of our own: its PEM file, and server contexts that it vouches for."""

    authority: trustme.CA
    ca_file: object

    def context(self, *names):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(*names).configure_cert(context)
        return context


def trust(folder):
    """An authority whose certificate stands in a file in `folder`."""
    authority = trustme.CA()
    path = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return Trust(authority, path)


def free_port():
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


def envelope(recipient="ada@example.org", content=MESSAGE, sender="papers+token@news.example.org"):
    return Envelope(sender, recipient, "<one@example.org>", content)


def settings(server, **more):
    defaults = {"host": "127.0.0.1", "port": server.port, "security": "none", "timeout": 5, "final_timeout": 5}
    return Settings(**defaults | more)


def sent(server, *envelopes, clock=None, **more):
    """The outcomes of these messages, sent over one transport."""
    with Smtp(settings(server, **more), clock or Clock()) as transport:
        outcomes = [transport.send(one) for one in envelopes or (envelope(),)]
    return outcomes if len(envelopes) > 1 else outcomes[0]


def stage(outcome):
    return outcome.verdict, outcome.phase


def said(outcome):
    """All but who is to blame."""
    return outcome.verdict, outcome.phase, outcome.reply
