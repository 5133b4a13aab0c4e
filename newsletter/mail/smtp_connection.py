"""An SMTP connection: opened, secured and authenticated, or in plain words why it cannot be."""

import re
import smtplib
import socket
import ssl
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from newsletter.mail.words import clean

FINAL_SECONDS = 600  # RFC 5321 section 4.5.3.2.6: giving up earlier makes duplicates
LONGEST_REPLY = 500
HOST_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")


@dataclass(frozen=True)
class Settings:
    """Where and how to connect; `security` is "starttls", "tls" (implicit) or "none" (loopback only).

    `timeout` is the patience in seconds for each step, `final_timeout` for the reply to the final dot; `weight` is
    its share of the work beside other servers.
    """

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    timeout: float = 60
    final_timeout: float = FINAL_SECONDS
    weight: float = 1.0


class _Unusable(smtplib.SMTPException):
    """The server cannot be used; the text says why in plain words."""


def open_server(settings: Settings, sender: str) -> smtplib.SMTP:
    """Connect, secure, authenticate, for messages of `sender`; an OSError or ValueError says why that failed.

    Without TLS there is no login: the password never travels in clear.
    """
    where, timeout = (settings.host, settings.port, _own_name(sender)), settings.timeout
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


def hang_up(server: smtplib.SMTP) -> None:
    """End the connection from another thread: who reads from it finds it closed."""
    if (open_one := server.sock) is not None:
        with suppress(OSError):  # the other thread has just closed it itself
            # Not its own method: that of TLS takes the state apart under the other thread's feet.
            socket.socket.shutdown(open_one, socket.SHUT_RDWR)


def _own_name(sender: str) -> str:
    """What to call ourselves in EHLO: the sender's domain, else the literal that RFC 5321 section 4.1.4 allows.

    The machine's own name costs look-ups in the DNS, tells about the inside of a network, and is often no
    full name, for which Google's relay refuses service (https://support.google.com/a/answer/2956491).
    """
    domain = sender.rpartition("@")[2]
    return domain if HOST_NAME.fullmatch(domain) else "[127.0.0.1]"


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
        said = one_line(error.smtp_code, error.smtp_error)
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


def one_line(code: int, text: bytes | str) -> str:
    """A reply on one line, without whatever could play with a terminal or fill a log."""
    words = clean(text if isinstance(text, str) else text.decode("utf-8", "replace"))
    return f"{code} {words}".strip()[:LONGEST_REPLY]


def in_words(error: Exception) -> str:
    """What went wrong with a connection, in plain words."""
    match error:
        case _Unusable():
            words = str(error)
        case smtplib.SMTPNotSupportedError():
            words = 'the server offers no STARTTLS: use security = "tls", or its submission port'
        case smtplib.SMTPResponseException():
            words = one_line(error.smtp_code, error.smtp_error)
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
