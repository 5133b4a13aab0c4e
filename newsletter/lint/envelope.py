"""A message's bytes taken apart: header fields as they stand, and both parts as readers see them."""

import email
import re
from dataclasses import dataclass
from email import policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message

ENCODED = re.compile(r"=\?[^?\s]*\?[bq]\?[^?\s]*\?=", re.IGNORECASE)
FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)


@dataclass(frozen=True)
class Field:
    """One header field: its name in lower case, its value unfolded but not decoded, its line."""

    name: str
    raw: str
    line: int

    @property
    def text(self) -> str:
        """The value with its encoded words in plain characters."""
        if not ENCODED.search(self.raw):
            return self.raw
        try:
            return str(make_header(decode_header(self.raw)))
        except (LookupError, ValueError, MessageError):
            return self.raw


@dataclass(frozen=True)
class Body:
    """One part: "plain", "html" or another type, its transfer encoding, its words with newlines as line ends."""

    kind: str
    encoding: str
    text: str


@dataclass(frozen=True)
class Opened:
    """A whole message; `broken` says why it could not be read further."""

    fields: tuple[Field, ...]
    bodies: tuple[Body, ...]
    strange: int = 0  # the first line of the header that is no field, else 0
    broken: str = ""

    def all(self, name: str) -> list[Field]:
        return [field for field in self.fields if field.name == name]

    def text(self, name: str) -> str:
        """The first field of this name in plain characters, or nothing."""
        return next((field.text for field in self.fields if field.name == name), "")

    def part(self, kind: str) -> str:
        """The words of the first part of this kind, or nothing."""
        return next((body.text for body in self.bodies if body.kind == kind), "")


def opened(content: bytes) -> Opened:
    """Take any bytes apart; nothing is too strange to look at."""
    head = re.split(rb"\r?\n\r?\n", content, maxsplit=1)[0]
    fields, strange = _fields(head)
    try:
        bodies = tuple(_bodies(email.message_from_bytes(content, policy=policy.compat32)))
    except (LookupError, ValueError, TypeError, AttributeError, RecursionError, MessageError) as error:
        return Opened(fields, (), strange, f"{type(error).__name__}: {error}")
    return Opened(fields, bodies, strange)


def _fields(head: bytes) -> tuple[tuple[Field, ...], int]:
    found: list[tuple[bytes, bytes, int]] = []
    strange = 0
    for number, line in enumerate(re.split(rb"\r?\n", head), 1):
        if line[:1] in {b" ", b"\t"} and found:
            name, value, first = found[-1]
            found[-1] = name, value + line, first
        elif match := FIELD.fullmatch(line):
            found.append((match[1], match[2], number))
        elif line:
            strange = strange or number
    read = (Field(name.decode().lower(), _words(value).strip(" \t"), line) for name, value, line in found)
    return tuple(read), strange


def _words(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _bodies(message: Message) -> list[Body]:
    parts = [part for part in message.walk() if not part.is_multipart()]
    return [_body(part) for part in parts if part.get_content_maintype() == "text"]


def _body(part: Message) -> Body:
    payload = part.get_payload(decode=True)
    written = payload if isinstance(payload, bytes) else b""
    charset = part.get_content_charset("utf-8")
    try:
        text = written.decode(charset, "replace")
    except (LookupError, ValueError):
        text = written.decode("utf-8", "replace")
    encoding = str(part.get("Content-Transfer-Encoding", "7bit")).strip().lower()
    return Body(part.get_content_subtype(), encoding, text.replace("\r\n", "\n").replace("\r", "\n"))
