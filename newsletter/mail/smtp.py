"""The SMTP transport: one kept connection, verified TLS, and an outcome that knows how far it came.

smtplib opens, secures and authenticates; the transaction itself is driven step by step, because its
exceptions do not say whether the final dot was written, and that decides what may be tried again.
"""

import re
import smtplib
import ssl
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self

from newsletter.mail import Envelope, Outcome, Phase, Verdict
from newsletter.mail.words import clean

KEEP_SECONDS = 300  # a connection is reused by time, not by count (Postfix: smtp_connection_reuse_time_limit)
DOWN_SECONDS = 30  # a server that cannot be reached is not dialled for every message in the queue
FINAL_SECONDS = 600  # RFC 5321 section 4.5.3.2.6: giving up earlier makes duplicates
QUIT_SECONDS = 5  # everything is settled by then: nobody waits long for a goodbye
LONGEST_REPLY = 500
OK, START_DATA, CLOSING = 250, 354, 421
ABOUT_LOGIN = {530, 534, 535, 538}  # RFC 4954 section 6: our set-up is at fault, not the message
LEADING_DOT = re.compile(rb"(?m)^\.")
ADDRESS = re.compile(r"[^\s<>\x00-\x1f\x7f-\x9f\ud800-\udfff]+@[^\s<>@\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
HOST_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")


@dataclass(frozen=True)
class Settings:
    """Where and how to connect; `security` is "starttls", "tls" (implicit) or "none" (loopback only).

    `timeout` is the patience in seconds for each step, `final_timeout` for the reply to the final dot.
    """

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    timeout: float = 60
    final_timeout: float = FINAL_SECONDS


class _Refused(Exception):
    """The server said no before the final dot."""

    def __init__(self, code: int, text: str) -> None:
        self.code, self.text = code, text
        super().__init__(text)


class _Unusable(smtplib.SMTPException):
    """The server cannot be used; the text says why in plain words."""


class Smtp:
    """One connection to one server, opened when the first message comes; not shared between threads."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        """`clock` counts seconds and never jumps (time.monotonic)."""
        self.settings, self.clock = settings, clock
        self._server: smtplib.SMTP | None = None
        self._opened = 0.0
        self._down_until, self._down_reason = float("-inf"), ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._close()

    def send(self, envelope: Envelope) -> Outcome:
        """One transaction (RFC 5321 section 3.3); the outcome says what the server said and how far it came."""
        if wrong := _unsendable(envelope):
            return Outcome(Verdict.FAILED, Phase.BEFORE_DOT, wrong)
        if self.clock() < self._down_until:
            return Outcome(Verdict.DEFERRED, Phase.BEFORE_DOT, self._down_reason)
        try:
            server = self._connected(envelope.sender)
        except (OSError, ValueError) as error:  # smtplib's own errors are OSErrors
            self._down_until = self.clock() + DOWN_SECONDS
            self._down_reason = f"{self.settings.host}:{self.settings.port}: {_words(error)}"
            return Outcome(Verdict.DEFERRED, Phase.BEFORE_DOT, self._down_reason)
        return self._transaction(server, envelope)

    def _transaction(self, server: smtplib.SMTP, envelope: Envelope) -> Outcome:
        try:
            _ask(server, envelope)
            server.send(_stuffed(envelope.content))
        except _Refused as refused:
            return self._refused(server, refused)
        except OSError as error:
            self._drop()
            return Outcome(Verdict.DEFERRED, Phase.BEFORE_DOT, f"connection lost: {_words(error)}")
        return self._final_reply(server)

    def _final_reply(self, server: smtplib.SMTP) -> Outcome:
        try:
            _patience(server, self.settings.final_timeout)
            code, text = server.getreply()
            _patience(server, self.settings.timeout)
        except OSError as error:
            self._drop()
            return Outcome(Verdict.UNKNOWN, Phase.AFTER_DOT, f"no reply to the final dot: {_words(error)}")
        if code // 100 not in {2, 4, 5}:
            self._drop()
            return Outcome(Verdict.UNKNOWN, Phase.AFTER_DOT, f"no sense in the final reply: {_said(code, text)}")
        if code == CLOSING:
            self._drop()
        verdict = Verdict.SENT if code // 100 == OK // 100 else _refusal(code)
        return Outcome(verdict, Phase.REPLIED, _said(code, text))

    def _refused(self, server: smtplib.SMTP, refused: _Refused) -> Outcome:
        in_step = refused.code // 100 in {4, 5} and refused.code != CLOSING
        try:
            if not in_step or server.rset()[0] != OK:
                self._drop()
        except OSError:
            self._drop()
        return Outcome(_refusal(refused.code), Phase.BEFORE_DOT, refused.text)

    def _connected(self, sender: str) -> smtplib.SMTP:
        if self._server and self.clock() - self._opened > KEEP_SECONDS:
            self._close()
        if not self._server:
            self._server = _open(self.settings, _own_name(sender))
            self._opened = self.clock()
        return self._server

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


def _own_name(sender: str) -> str:
    """What to call ourselves in EHLO: the sender's domain, else the literal that RFC 5321 section 4.1.4 allows.

    The machine's own name costs look-ups in the DNS, tells about the inside of a network, and is often no
    full name, for which Google's relay refuses service (https://support.google.com/a/answer/2956491).
    """
    domain = sender.rpartition("@")[2]
    return domain if HOST_NAME.fullmatch(domain) else "[127.0.0.1]"


def _open(settings: Settings, own_name: str) -> smtplib.SMTP:
    """Connect, secure, authenticate. Without TLS there is no login: the password never travels in clear."""
    where, timeout = (settings.host, settings.port, own_name), settings.timeout
    server: smtplib.SMTP
    if settings.security == "tls":
        server = smtplib.SMTP_SSL(*where, timeout=timeout, context=_trust(settings.ca_file))
    else:
        server = smtplib.SMTP(*where, timeout=timeout)
    try:
        if settings.security == "starttls":
            server.starttls(context=_trust(settings.ca_file))
        if settings.username and settings.security != "none":
            _login(server, settings)
        server.ehlo_or_helo_if_needed()
    except BaseException:
        server.close()
        raise
    return server


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise _Unusable(
            f"the certificates in {ca_file} cannot be read: {error.strerror}: name a PEM file"
        ) from error


def _login(server: smtplib.SMTP, settings: Settings) -> None:
    try:
        server.login(settings.username, settings.password)
    except smtplib.SMTPAuthenticationError as error:
        said = _said(error.smtp_code, error.smtp_error)
        raise _Unusable(f"the server refused the login: {_without_password(said, settings)}") from None
    except smtplib.SMTPNotSupportedError:
        raise _Unusable("the server offers no login here: use its submission port, or no user name") from None
    except UnicodeEncodeError:
        raise _Unusable("the user name or the password is not ASCII: set one that is") from None


def _without_password(said: str, settings: Settings) -> str:
    """Some servers repeat what they were given."""
    encoded = [b64encode(text.encode()).decode() for text in (_plain_login(settings), settings.password)]
    for secret in filter(None, [*encoded, settings.password]):
        said = said.replace(secret, "***")
    return said


def _plain_login(settings: Settings) -> str:
    """What AUTH PLAIN sends, before base64 (RFC 4616 section 2)."""
    return f"\0{settings.username}\0{settings.password}"


def _ask(server: smtplib.SMTP, envelope: Envelope) -> None:
    """MAIL, RCPT, DATA up to the server's go-ahead; raises _Refused with its reply."""
    limit = server.esmtp_features.get("size", "")
    if limit.isdecimal() and 0 < int(limit) < len(envelope.content):  # RFC 1870
        size = len(envelope.content)
        raise _Refused(552, f"552 5.3.4 the message has {size} bytes, and the server takes {limit}")
    # Not server.mail and server.rcpt: they change addresses that they cannot parse.
    _expect(server.docmd("MAIL", f"FROM:<{envelope.sender}>{_options(server, envelope)}"))
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
    said = _said(code, text)
    raise _Refused(code, said if code // 100 in {4, 5} else f"a reply out of place: {said}")


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


def _said(code: int, text: bytes | str) -> str:
    """A reply on one line, without whatever could play with a terminal or fill a log."""
    words = clean(text if isinstance(text, str) else text.decode("utf-8", "replace"))
    return f"{code} {words}".strip()[:LONGEST_REPLY]


def _words(error: Exception) -> str:
    """What went wrong with the connection, in plain words."""
    match error:
        case _Unusable():
            words = str(error)
        case smtplib.SMTPNotSupportedError():
            words = 'the server offers no STARTTLS: use security = "tls", or its submission port'
        case smtplib.SMTPResponseException():
            words = _said(error.smtp_code, error.smtp_error)
        case ssl.SSLCertVerificationError():
            words = f"its certificate cannot be trusted: {error.verify_message}: mend host or ca_file"
        case ssl.SSLError():
            words = f"no TLS with it ({error.reason}): check port and security"
        case TimeoutError() | OSError(__context__=TimeoutError()):
            words = "no answer in time"
        case smtplib.SMTPServerDisconnected():
            words = "the server closed the connection"
        case OSError(strerror=str(reason)):
            words = reason
        case _:
            words = str(error) or type(error).__name__
    return words
