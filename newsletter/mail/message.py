"""MIME assembly: subject, text and HTML become the bytes of one message, the same bytes every time.

Header and body are written here and not by EmailMessage, which decodes encoded-words in what it is given
(a paper's title could add header fields), encodes long URLs (which ends one-click unsubscribe), cannot put a
title into List-Id, and writes quoted-printable lines of 78 characters.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from functools import lru_cache
from typing import NamedTuple, Protocol
from urllib.parse import quote as percent_encode

from newsletter.mail import header
from newsletter.mail.header import Field
from newsletter.mail.quoted import ended, fragment, newlines

Body = str | list[bytes]  # a part in words, or encoded in pieces that are to be joined
LETTERS_AND_DIGITS = re.compile(r"[^0-9A-Za-z]")


@dataclass(frozen=True)
class Letterhead:
    """What the header says of the list; the same in every message of one newsletter.

    `title` is free text, `sender` an address, `home` and `archive` are URLs.
    """

    title: str
    sender: str
    home: str
    archive: str


class Content(NamedTuple):
    """What is in the envelope: one reader's letter. `date` is the planning instant, kept over resends.

    `message_id` has its angle brackets; `letter` names the kind of letter, `period` the issue. Where there is
    nothing to unsubscribe from, both ways to do so are empty.
    """

    to_name: str
    to: str
    subject: str
    text: Body
    html: Body
    message_id: str
    date: datetime
    letter: str
    period: str
    unsubscribe_url: str
    unsubscribe_mailto: str


class Signer(Protocol):
    """What signs a message: see newsletter.mail.dkim."""

    def sign(self, fields: Sequence[Field], body: bytes, at: datetime) -> bytes:
        """Finished signature fields, each ending in CRLF, for these names and values and this body."""


def assemble(head: Letterhead, content: Content, signer: Signer | None = None) -> bytes:
    """The finished message: CRLF lines, quoted-printable, text before HTML, every list header.

    RFC 5322, 2045-2047, 2369 (List-*), 2919 (List-Id), 8058 (one click), 3834 (Auto-Submitted); with a UTF-8
    local part the header is UTF-8 (RFC 6532). Hidden and reordering characters leave the subject and the
    names. Raises MessageError when a value cannot stand in a mail: it names the field, the value and the cure.
    """
    # "=" and "_" never follow each other in quoted-printable, so no part can hold the boundary.
    boundary = f"=_{LETTERS_AND_DIGITS.sub('', content.message_id)[:40]}"
    fields = _fields(head, content, boundary)
    delimiter = f"--{boundary}".encode()
    body = [delimiter, _PLAIN]
    body += _pieces(content.text, "plain")
    body += (b"\r\n", delimiter, _HTML)
    body += _pieces(content.html, "html")
    body += (b"\r\n", delimiter, b"--\r\n")
    lines = b"\r\n".join([*map(b": ".join, fields), b"\r\n"])
    if signer is None:
        return b"".join([lines, *body])
    written = b"".join(body)
    return b"".join([signer.sign(fields, written, content.date), lines, written])


def _part_head(kind: str) -> bytes:
    head = f'\r\nContent-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    return head.encode()


_PLAIN, _HTML = _part_head("plain"), _part_head("html")


def _pieces(body: Body, part: str) -> list[bytes]:
    return [ended(fragment(body, part))] if isinstance(body, str) else body


def readable(written: bytes) -> tuple[str, str]:
    """The text and the HTML part of a finished message, decoded, with newlines as line ends."""
    message = message_from_bytes(written, policy=policy.default)
    parts = [message.get_body((kind,)) for kind in ("plain", "html")]
    text, html = (newlines(part.get_content()) if part else "" for part in parts)
    return text, html


class _Standing(NamedTuple):
    """What the headers of an issue's messages share: fields before the reader's own, between, and after them."""

    first: tuple[Field, ...]
    list_id: Field
    last: tuple[Field, ...]


def _fields(head: Letterhead, content: Content, boundary: str) -> list[Field]:
    to = header.address("To", content.to)
    utf8 = not (head.sender + to).isascii()  # RFC 6531: only then raw UTF-8
    standing = _standing(head, content.date, content.letter, content.period, utf8)
    to_name, subject = header.one_line("To", content.to_name), header.one_line("Subject", content.subject)
    return [
        *standing.first,
        header.field("To", header.named("To", to_name, to, utf8)),
        header.field("Message-ID", header.message_id(content.message_id)),
        header.field("Subject", header.phrase("Subject", subject, utf8=utf8)),
        standing.list_id,
        *_leaving(content),
        *standing.last,
        header.field("Content-Type", f'multipart/alternative; boundary="{boundary}"'),
    ]


@lru_cache(maxsize=64)
def _standing(head: Letterhead, date: datetime, letter: str, period: str, utf8: bool) -> _Standing:  # noqa: FBT001 - kept by place
    title, sender = header.one_line("From", head.title), header.address("From", head.sender)
    identifier = header.list_id(letter, sender)
    return _Standing(
        first=(
            header.field("Date", header.date(date)),
            header.field("From", header.named("From", title, sender, utf8)),
        ),
        list_id=header.field("List-Id", header.named("List-Id", title, identifier, utf8)),
        last=(
            header.field("List-Help", header.url("List-Help", head.home)),
            header.field("List-Archive", header.url("List-Archive", head.archive)),
            header.field("List-Owner", header.url("List-Owner", f"mailto:{percent_encode(sender, safe='@+')}")),
            header.field("List-Post", "NO"),
            header.field("Auto-Submitted", "auto-generated"),
            header.field("Precedence", "bulk"),
            header.field("Feedback-ID", header.feedback_id(period, letter, sender)),
            header.field("MIME-Version", "1.0"),
        ),
    )


def _leaving(content: Content) -> list[Field]:
    if not content.unsubscribe_url:
        return []
    one_click = header.url("List-Unsubscribe", content.unsubscribe_url)
    by_mail = header.url("List-Unsubscribe", content.unsubscribe_mailto)
    return [header.field("List-Unsubscribe", f"{one_click}, {by_mail}"), ONE_CLICK]


ONE_CLICK = header.field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
