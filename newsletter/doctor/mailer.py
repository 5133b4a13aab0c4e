"""Checks of the way out: the mail server's connection, TLS, certificate, login and extensions, or the folder."""

import os
import smtplib
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from newsletter import wiring
from newsletter.doctor.context import Context
from newsletter.doctor.finding import Finding, fail, note, ok, warn
from newsletter.doctor.machine import nearest
from newsletter.errors import ConfigError
from newsletter.mail.smtp import Settings
from newsletter.mail.smtp_connection import in_words, open_server

TELLING = ("PIPELINING", "8BITMIME", "SIZE", "SMTPUTF8", "DSN")
PORTS = "check smtp.port and smtp.security: 587 with starttls, 465 with tls"
SOON = timedelta(days=14)
CURES: tuple[tuple[type[Exception], str], ...] = (
    (socket.gaierror, "mend smtp.host: the name is not known"),
    (ConnectionRefusedError, PORTS),
    (ssl.SSLCertVerificationError, "use the name that it is for, or name your own authority in smtp.ca_file"),
    (ssl.SSLError, PORTS),
    (smtplib.SMTPNotSupportedError, PORTS),
    (Exception, "check smtp.host, smtp.port, smtp.username and smtp.password"),
)
ROOMY = 2_000_000  # bytes: no mail of ours is larger


def check(context: Context) -> list[Finding]:
    """The mail server, asked as far as the login; nothing is sent. Or the folder that takes its place."""
    if not context.mails:
        return [_folder(context)]
    try:
        relays = wiring.relay_settings(context.config)
    except ConfigError as error:
        return [fail("smtp", str(error), "set it where the program runs, then try again")]
    if context.offline:
        return [note("smtp", f"{each.host}:{each.port} not asked, for --offline") for each in relays]
    return [_server(context, replace(each, timeout=min(each.timeout, context.patience))) for each in relays]


def _folder(context: Context) -> Finding:
    folder = context.config.path(context.config.delivery.folder)
    if not os.access(nearest(folder), os.W_OK):
        return fail("outbox", f"{folder} cannot be written", "mend its rights, or set delivery.folder")
    words = f"mails become files in {folder}: none goes to a reader"
    return note("outbox", words, 'set delivery.transport = "smtp" to mail them')


def _server(context: Context, settings: Settings) -> Finding:
    where = f"{settings.host}:{settings.port}"
    try:
        server = open_server(settings, context.config.newsletter.sender)
    except (OSError, ValueError) as error:  # smtplib's own errors are OSErrors
        return fail("smtp", f"{where}: {in_words(error)}", cure_of(error))
    with suppress(OSError):
        offered, expires = dict(server.esmtp_features), _expires(server)
        server.quit()
    server.close()
    return understood(f"{where} {spoken(settings, offered)}", offered, expires, context.now())


def _expires(server: smtplib.SMTP) -> datetime | None:
    return expiry(server.sock.getpeercert()) if isinstance(server.sock, ssl.SSLSocket) else None


def expiry(certificate: Mapping[str, Any] | None) -> datetime | None:
    """When a verified certificate ends (`SSLSocket.getpeercert`)."""
    if not certificate:
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)


def spoken(settings: Settings, offered: Mapping[str, str]) -> str:
    """How we spoke to the server, and what it offers."""
    tls = {"starttls": "STARTTLS, verified", "tls": "TLS, verified", "none": "no TLS, on this machine"}
    login = f"logged in as {settings.username}" if settings.username else "no login"
    listed = ", ".join(f"{name} {offered[name.lower()]}".strip() for name in TELLING if name.lower() in offered)
    return f"({tls[settings.security]}; {login}) offers {listed or 'no extension'}"


def understood(words: str, offered: Mapping[str, str], expires: datetime | None, now: datetime) -> Finding:
    """What to say of a server that lets us in."""
    if expires:
        words += f"; certificate for {(expires - now).days} more days"
    if expires and expires - now < SOON:
        return warn("smtp", words, "its certificate ends soon: tell whoever runs the server")
    size = offered.get("size", "")
    if size.isdecimal() and 0 < int(size) < ROOMY:
        return warn("smtp", words, f"it takes mails of {int(size):,} bytes alone: ask for more")
    return ok("smtp", words)


def cure_of(error: Exception) -> str:
    """What mends a connection that failed so."""
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return "check smtp.host and smtp.port; some networks let no mail out: ask your provider"
    return next(cure for kind, cure in CURES if isinstance(error, kind))
