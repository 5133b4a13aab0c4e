"""MIME assembly: subject, text and HTML become the bytes of one message, the same bytes every time.

Header and body are written here and not by EmailMessage, which decodes encoded-words in what it is given
(a paper's title could add header fields), encodes long URLs (which ends one-click unsubscribe), cannot put a
title into List-Id, and writes quoted-printable lines of 78 characters.
"""

import re
from binascii import b2a_qp
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import Header
from email.utils import format_datetime, quote
from urllib.parse import quote as percent_encode

from newsletter.errors import MessageError
from newsletter.mail.words import clean

LONGEST_LINE = 998  # RFC 5322 section 2.1.1
LINE = 78  # the same section: what a line should not pass
LONGEST_WORD = 68  # fits into a line behind the longest name of a field that holds words
BREAKING_OUT = re.compile("[\0\r\n\ud800-\udfff]")
UNSENDABLE = re.compile("[\0\ud800-\udfff]")
ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~ -]+", re.ASCII)
ADDRESS = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff()<>@,;:\\\"\[\]]+@[A-Za-z0-9.-]+")
MESSAGE_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>")
LONGEST_ENCODED_LINE = 76  # RFC 2045 section 6.7
URL_PUNCTUATION = "!#$%&'()*+,/:;=?@[]~"  # RFC 3986 section 2.2, and "%" of what is encoded already


@dataclass(frozen=True)
class Letterhead:
    """What the header says of the list; the same in every message of one newsletter.

    `title` is free text, `sender` an address, `home` and `archive` are URLs.
    """

    title: str
    sender: str
    home: str
    archive: str


@dataclass(frozen=True)
class Content:
    """What is in the envelope: one reader's letter. `date` is the planning instant, kept over resends.

    `message_id` has its angle brackets; `letter` names the kind of letter, `period` the issue. Where there is
    nothing to unsubscribe from, both ways to do so are empty.
    """

    to_name: str
    to: str
    subject: str
    text: str
    html: str
    message_id: str
    date: datetime
    letter: str
    period: str
    unsubscribe_url: str
    unsubscribe_mailto: str


def assemble(head: Letterhead, content: Content) -> bytes:
    """The finished message: CRLF lines, quoted-printable, text before HTML, every list header.

    RFC 5322, 2045-2047, 2369 (List-*), 2919 (List-Id), 8058 (one click), 3834 (Auto-Submitted); with a UTF-8
    local part the header is UTF-8 (RFC 6532). Hidden and reordering characters leave the subject and the
    names. Raises MessageError when a value cannot stand in a mail: it names the field, the value and the cure.
    """
    # "=" and "_" never follow each other in quoted-printable, so no part can hold the boundary.
    boundary = f"=_{re.sub(r'[^0-9A-Za-z]', '', content.message_id)[:40]}"
    fields = [_field(name, value) for name, value in _headers(head, content, boundary)]
    delimiter = f"--{boundary}".encode()
    text, html = _part("plain", content.text), _part("html", content.html)
    return b"\r\n".join([*fields, b"", delimiter, text, delimiter, html, delimiter + b"--", b""])


def readable(written: bytes) -> tuple[str, str]:
    """The text and the HTML part of a finished message, decoded, with newlines as line ends."""
    message = message_from_bytes(written, policy=policy.default)
    parts = [message.get_body((kind,)) for kind in ("plain", "html")]
    text, html = (_newlines(part.get_content()) if part else "" for part in parts)
    return text, html


def _newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _headers(head: Letterhead, content: Content, boundary: str) -> list[tuple[str, str]]:
    sender, to = _address("From", head.sender), _address("To", content.to)
    utf8 = not (sender + to).isascii()  # RFC 6531: only then raw UTF-8
    title, subject = _one_line("From", head.title), _one_line("Subject", content.subject)
    return [
        ("Date", _date(content.date)),
        ("From", _named("From", title, sender, utf8=utf8)),
        ("To", _named("To", _one_line("To", content.to_name), to, utf8=utf8)),
        ("Message-ID", _message_id(content.message_id)),
        ("Subject", subject if _as_it_is(subject, utf8=utf8) else _encoded("Subject", subject)),
        ("List-Id", _named("List-Id", title, _list_id(content.letter, sender), utf8=utf8)),
        *_leaving(content),
        ("List-Help", _url("List-Help", head.home)),
        ("List-Archive", _url("List-Archive", head.archive)),
        ("List-Owner", _url("List-Owner", f"mailto:{percent_encode(sender, safe='@+')}")),
        ("List-Post", "NO"),
        ("Auto-Submitted", "auto-generated"),
        ("Precedence", "bulk"),
        ("Feedback-ID", _feedback_id(content, sender)),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/alternative; boundary="{boundary}"'),
    ]


def _leaving(content: Content) -> list[tuple[str, str]]:
    if not content.unsubscribe_url:
        return []
    one_click = _url("List-Unsubscribe", content.unsubscribe_url)
    by_mail = _url("List-Unsubscribe", content.unsubscribe_mailto)
    return [
        ("List-Unsubscribe", f"{one_click}, {by_mail}"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ]


def _field(name: str, value: str) -> bytes:
    """One header field, folded at blanks alone; the first word stays beside the name, however long it is."""
    lines, line = [], f"{name}:".encode()
    for place, word in enumerate(value.encode().split(b" ")):
        if place and len(line) + 1 + len(word) > LINE:
            lines.append(line)
            line = b""
        line += b" " + word
    lines.append(line)
    if (longest := max(map(len, lines))) > LONGEST_LINE:
        raise MessageError(
            f"{name}: {value[:60]!r}… is a line of {longest} bytes; mail servers take {LONGEST_LINE}: shorten it"
        )
    return b"\r\n".join(lines)


def _one_line(name: str, value: str) -> str:
    """Free text for a header: refused when it could break out of its field, else one line of visible text."""
    if BREAKING_OUT.search(value):
        raise MessageError(f"{name}: {value[:60]!r} holds a line break, a NUL or half a character: take it out")
    return clean(value)


def _as_it_is(words: str, *, utf8: bool) -> bool:
    """Whether words can stand in a header unencoded: ASCII, no look of an encoded-word, no word too long."""
    fits = all(len(word.encode()) <= LONGEST_WORD for word in words.split(" "))
    return fits and (utf8 or words.isascii()) and "=?" not in words


def _encoded(name: str, words: str) -> str:
    """The same as encoded-words of at most 75 characters (RFC 2047 section 2), with blanks between them."""
    return Header(words, "utf-8", maxlinelen=76, header_name=name).encode(linesep="\n").replace("\n", "")


def _named(name: str, words: str, identifier: str, *, utf8: bool) -> str:
    """A phrase, if there is one, and what it names in angle brackets (RFC 5322 section 3.4)."""
    if not words:
        return f"<{identifier}>"
    phrase = words if ATOMS.fullmatch(words) else f'"{quote(words)}"'
    return f"{phrase if _as_it_is(phrase, utf8=utf8) else _encoded(name, words)} <{identifier}>"


def _address(name: str, address: str) -> str:
    if not ADDRESS.fullmatch(address):
        raise MessageError(
            f"{name}: {address!r} is not a plain address with an ASCII domain, such as ada@example.org: mend it"
        )
    return address


def _message_id(value: str) -> str:
    if not MESSAGE_ID.fullmatch(value):
        raise MessageError(f"Message-ID: {value!r} is none: write it as <id@domain> in ASCII without blanks")
    return value


def _url(name: str, url: str) -> str:
    """The URL in angle brackets, as it is; only what no URL may hold is percent-encoded (RFC 3986 section 2)."""
    if BREAKING_OUT.search(url):
        raise MessageError(f"{name}: {url[:60]!r} holds a line break, a NUL or half a character: take it out")
    return f"<{percent_encode(url, safe=URL_PUNCTUATION)}>"


def _date(date: datetime) -> str:
    if date.tzinfo is None:
        raise MessageError(f"Date: {date} has no time zone: give one, for the machine's own would be guessed")
    return format_datetime(date.astimezone(UTC))


def _list_id(letter: str, sender: str) -> str:
    """Letter, local part and domain as a dot-atom in lower case (RFC 2919 section 2); the title may change."""
    local, _, domain = sender.lower().rpartition("@")
    return ".".join([*map(_label, (letter, *local.split("."))), domain])


def _label(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-") or "list"


def _feedback_id(content: Content, sender: str) -> str:
    """Gmail: at most four fields, the last of 5 to 15 characters and stable, nothing personal."""
    issue, letter = (re.sub(r"[^\w.-]+", "-", value, flags=re.ASCII) for value in (content.period, content.letter))
    sender_id = re.sub(r"[^a-z0-9]", "", sender.rpartition("@")[2].lower())[:15].ljust(5, "0")
    return f"{issue}:{letter}:list:{sender_id}"


def _part(kind: str, text: str) -> bytes:
    """One body part in UTF-8 and quoted-printable, its own header before it."""
    if found := UNSENDABLE.search(text):
        raise MessageError(
            f"text/{kind}: character {found.start()} is {found[0]!r}, which no mail can carry: take it out"
        )
    lines = b2a_qp(_newlines(text).encode()).split(b"\n")
    # b2a_qp forgets that the last blank of a full line takes three characters.
    legal = [line if len(line) <= LONGEST_ENCODED_LINE else line[:-3] + b"=\r\n" + line[-3:] for line in lines]
    head = f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    return head.encode() + b"\r\n".join(legal)
