"""The SMTP transport: one kept connection, verified TLS, and an outcome that knows how far it came.

smtplib opens, secures and authenticates; the transaction itself is driven step by step, because its
exceptions do not say whether the final dot was written, and that decides what may be tried again. Servers
close idle connections: a message that finds the kept one closed goes out over a new one at once.
"""

import errno
import re
import smtplib
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from newsletter.mail import Envelope, Outcome, Phase, Verdict
from newsletter.mail.smtp_connection import Settings, hang_up, in_words, one_line, open_server

__all__ = ["Settings", "Smtp"]  # a user of the transport needs both

KEEP_SECONDS = 300  # a connection is reused by time, not by count (Postfix: smtp_connection_reuse_time_limit)
DOWN_SECONDS = 30  # a server that cannot be reached is not dialled for every message in the queue
QUIT_SECONDS = 5  # everything is settled by then: nobody waits long for a goodbye
OK, START_DATA, CLOSING = 250, 354, 421
ABOUT_LOGIN = {530, 534, 535, 538}  # RFC 4954 section 6: our set-up is at fault, not the message
STOPPED = "the sender was told to stop"
LEADING_DOT = re.compile(rb"(?m)^\.")
ADDRESS = re.compile(r"[^\s<>\x00-\x1f\x7f-\x9f\ud800-\udfff]+@[^\s<>@\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


class _Refused(Exception):
    """The server said no before the final dot."""

    def __init__(self, code: int, text: str) -> None:
        self.code, self.text = code, text
        super().__init__(text)


class _Left(Exception):
    """The server had left, or leaves, a kept connection before it took anything of this message."""


class Smtp:
    """One connection to one server, opened for the first message. `refuse` and `abort` are for other threads."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        """`clock` counts seconds and never jumps (time.monotonic)."""
        self.settings, self.clock = settings, clock
        self._server: smtplib.SMTP | None = None
        self._opened = 0.0
        self._down_until, self._down_reason = float("-inf"), ""
        self._turn = threading.Lock()  # between `refuse` and a connection that is being opened
        self._reaching = self._refusing = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._close()

    def send(self, envelope: Envelope) -> Outcome:
        """One transaction (RFC 5321 section 3.3); the outcome says what the server said and how far it came."""
        if wrong := _unsendable(envelope):
            return Outcome(Verdict.FAILED, Phase.BEFORE_DOT, wrong)
        if self._server and self.clock() - self._opened > KEEP_SECONDS:
            self._close()
        with suppress(_Left):
            return self._attempt(envelope)
        self._drop()
        return self._attempt(envelope)

    def refuse(self) -> bool:
        """Begin no message any more; whether a server is still being reached."""
        with self._turn:
            self._refusing = True
            return self._reaching

    def abort(self) -> None:
        """Hang up, whatever is waited for: before the final dot nothing was sent, after it the fate is unknown."""
        self.refuse()
        if server := self._server:
            hang_up(server)

    def _attempt(self, envelope: Envelope) -> Outcome:
        """Over the kept connection if there is one, else over a new one; _Left is for the kept one alone."""
        kept = self._server is not None
        if self.clock() < self._down_until:
            return Outcome(Verdict.DEFERRED, Phase.UNREACHED, self._down_reason)
        try:
            server = self._connected(envelope.sender)
        except (OSError, ValueError) as error:  # smtplib's own errors are OSErrors
            self._down_until = self.clock() + DOWN_SECONDS
            self._down_reason = f"{self.settings.host}:{self.settings.port}: {in_words(error)}"
            return Outcome(Verdict.DEFERRED, Phase.UNREACHED, self._down_reason)
        return self._transaction(server, envelope, kept=kept)

    def _transaction(self, server: smtplib.SMTP, envelope: Envelope, *, kept: bool) -> Outcome:
        try:
            _begin(server, envelope, kept=kept)
            _go_on(server, envelope)
            server.send(_stuffed(envelope.content))
        except _Refused as refused:
            return self._refused(server, refused)
        except OSError as error:
            self._drop()
            if self._refusing:
                return Outcome(Verdict.DEFERRED, Phase.UNREACHED, STOPPED)
            return Outcome(Verdict.DEFERRED, Phase.BEFORE_DOT, f"connection lost: {in_words(error)}")
        return self._final_reply(server)

    def _final_reply(self, server: smtplib.SMTP) -> Outcome:
        try:
            _patience(server, self.settings.final_timeout)
            code, text = server.getreply()
            _patience(server, self.settings.timeout)
        except OSError as error:
            self._drop()
            why = STOPPED if self._refusing else in_words(error)
            return Outcome(Verdict.UNKNOWN, Phase.AFTER_DOT, f"no reply to the final dot: {why}")
        if code // 100 not in {2, 4, 5}:
            self._drop()
            return Outcome(
                Verdict.UNKNOWN, Phase.AFTER_DOT, f"no sense in the final reply: {one_line(code, text)}"
            )
        if code == CLOSING:
            self._drop()
        verdict = Verdict.SENT if code // 100 == OK // 100 else _refusal(code)
        return Outcome(verdict, Phase.REPLIED, one_line(code, text))

    def _refused(self, server: smtplib.SMTP, refused: _Refused) -> Outcome:
        in_step = refused.code // 100 in {4, 5} and refused.code != CLOSING
        try:
            if not in_step or server.rset()[0] != OK:
                self._drop()
        except OSError:
            self._drop()
        return Outcome(_refusal(refused.code), Phase.BEFORE_DOT, refused.text)

    def _connected(self, sender: str) -> smtplib.SMTP:
        server = self._server or self._reached(sender)
        if not server or self._refusing:
            self._drop()
            raise ConnectionAbortedError(errno.ECONNABORTED, STOPPED)
        return server

    def _reached(self, sender: str) -> smtplib.SMTP | None:
        """A new connection; None after `refuse`, which either sees that one is opened or is seen here."""
        opened = None
        with self._turn:
            self._reaching = not self._refusing
        try:
            if self._reaching:
                opened = open_server(self.settings, sender)
        finally:
            with self._turn:
                self._reaching, self._server = False, opened
        self._opened = self.clock()
        return opened

    def _close(self) -> None:
        if self._server:
            with suppress(OSError):
                _patience(self._server, min(QUIT_SECONDS, self.settings.timeout))
                self._server.quit()
        self._drop()

    def _drop(self) -> None:
        server, self._server = self._server, None
        if server:
            server.close()


def _unsendable(envelope: Envelope) -> str:
    """Why these bytes or addresses must not be written to any server; empty when they may."""
    returns = [envelope.sender] if envelope.sender else []  # an empty one is the null return path
    for address in [envelope.recipient, *returns]:
        if not ADDRESS.fullmatch(address):
            return f"the address {address!r} cannot be written in SMTP: it must be name@domain without blanks"
    content = envelope.content
    if not content.count(b"\r\n") == content.count(b"\r") == content.count(b"\n"):
        return "the message holds a CR or LF alone, which lets others smuggle mails in (RFC 5321 section 2.3.8)"
    return ""


def _begin(server: smtplib.SMTP, envelope: Envelope, *, kept: bool) -> None:
    """MAIL; _Refused has its reply, _Left is for a kept connection that is closed or ends with 421."""
    limit = server.esmtp_features.get("size", "")
    if limit.isdecimal() and 0 < int(limit) < len(envelope.content):  # RFC 1870
        size = len(envelope.content)
        raise _Refused(552, f"552 5.3.4 the message has {size} bytes, and the server takes {limit}")
    options = _options(server, envelope)
    try:
        # Not server.mail and server.rcpt: they change addresses that they cannot parse.
        reply = server.docmd("MAIL", f"FROM:<{envelope.sender}>{options}")
    except smtplib.SMTPServerDisconnected as error:
        # A server that is silent is not gone: another try would only wait as long again.
        if kept and not isinstance(error.__context__, TimeoutError):
            raise _Left from error
        raise
    if kept and reply[0] == CLOSING:
        raise _Left
    _expect(reply)


def _go_on(server: smtplib.SMTP, envelope: Envelope) -> None:
    """RCPT and DATA up to the server's go-ahead; raises _Refused with its reply."""
    _expect(server.docmd("RCPT", f"TO:<{envelope.recipient}>"))
    _expect(server.docmd("DATA"), START_DATA)


def _options(server: smtplib.SMTP, envelope: Envelope) -> str:
    options = f" SIZE={len(envelope.content)}" if server.has_extn("size") else ""
    if envelope.sender.isascii() and envelope.recipient.isascii() and envelope.content.isascii():
        return options
    if not server.has_extn("smtputf8"):
        raise _Refused(553, "553 5.6.7 the server takes no UTF-8 addresses (RFC 6531)")
    server.command_encoding = "utf-8"
    return f"{options} BODY=8BITMIME SMTPUTF8"


def _expect(reply: tuple[int, bytes], wanted: int = OK) -> None:
    code, text = reply
    if code == wanted or (wanted == OK and code in {251, 252}):
        return
    told = one_line(code, text)
    raise _Refused(code, told if code // 100 in {4, 5} else f"a reply out of place: {told}")


def _stuffed(content: bytes) -> bytes:
    """The message as it travels, with its final dot (RFC 5321 section 4.5.2)."""
    ending = b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n"
    return LEADING_DOT.sub(b"..", content) + ending


def _refusal(code: int) -> Verdict:
    final = code // 100 == 5 and code not in ABOUT_LOGIN  # noqa: PLR2004 - RFC 5321 section 4.2.1
    return Verdict.FAILED if final else Verdict.DEFERRED


def _patience(server: smtplib.SMTP, seconds: float) -> None:
    if server.sock:
        server.sock.settimeout(seconds)
