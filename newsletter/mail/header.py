"""Header fields: words, addresses and URLs as they may stand there, folded, or refused by name."""

import re
from binascii import b2a_base64
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, quote
from functools import lru_cache
from urllib.parse import quote as percent_encode

from newsletter.errors import MessageError
from newsletter.mail.words import clean

LONGEST_LINE = 998  # RFC 5322 section 2.1.1
LINE = 78  # the same section: what a line should not pass
LONGEST_WORD = 68  # fits into a line behind the longest name of a field that holds words
LONGEST_ENCODED = 75  # RFC 2047 section 2
AROUND = len("=?utf-8?q??=")
BREAKING_OUT = re.compile("[\0\r\n\ud800-\udfff]")
ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~ -]+", re.ASCII)
ADDRESS = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff()<>@,;:\\\"\[\]]+@[A-Za-z0-9.-]+")
MESSAGE_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>")
URL_PUNCTUATION = "!#$%&'()*+,/:;=?@[]~"  # RFC 3986 section 2.2, and "%" of what is encoded already
URL = re.compile(rf"[A-Za-z0-9_.~{re.escape(URL_PUNCTUATION)}-]+")
# RFC 2047 section 5: what may stand for itself in an encoded-word of a phrase.
BARE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
QUOTED = tuple("_" if byte == ord(" ") else chr(byte) if byte in BARE else f"={byte:02X}" for byte in range(256))


class _Spelt(dict[str, str]):
    """Characters as they are spelt in an encoded-word, each kept once it was asked for."""

    def __missing__(self, char: str) -> str:
        spelt = self[char] = "".join([QUOTED[byte] for byte in char.encode()])
        return spelt


SPELT = _Spelt()
Field = tuple[bytes, bytes]


def field(name: str, value: str) -> Field:
    """A field's name and its value as it stands on the wire, folded at blanks alone.

    The first word stays beside the name, however long it is. MessageError where a line is too long for any server.
    """
    if len(name) + 2 + len(value) <= LINE and value.isascii():
        return name.encode(), value.encode()
    lines, line = [], b""
    used = len(name) + 1
    for place, word in enumerate(value.encode().split(b" ")):
        if place and used + 1 + len(word) > LINE:
            lines.append(line)
            line, used = b"", 0
        line += b" " + word
        used += 1 + len(word)
    lines.append(line)
    longest = max(len(name) + 1 + len(lines[0]), *map(len, lines))
    if longest > LONGEST_LINE:
        raise MessageError(
            f"{name}: {value[:60]!r}… is a line of {longest} bytes; mail servers take {LONGEST_LINE}: shorten it"
        )
    return name.encode(), b"\r\n".join(lines)[1:]


def one_line(name: str, value: str) -> str:
    """Free text for a header: refused when it could break out of its field, else one line of visible text."""
    if BREAKING_OUT.search(value):
        raise MessageError(f"{name}: {value[:60]!r} holds a line break, a NUL or half a character: take it out")
    return clean(value)


def phrase(name: str, words: str, *, utf8: bool) -> str:
    """Words alone in a field, like a subject."""
    return words if _as_it_is(words, utf8=utf8) else _encoded(name, words)


@lru_cache(maxsize=4_096)
def named(name: str, words: str, identifier: str, utf8: bool) -> str:  # noqa: FBT001 - kept by place
    """A phrase, if there is one, and what it names in angle brackets (RFC 5322 section 3.4)."""
    if not words:
        return f"<{identifier}>"
    atoms = words if ATOMS.fullmatch(words) else f'"{quote(words)}"'
    return f"{atoms if _as_it_is(atoms, utf8=utf8) else _encoded(name, words)} <{identifier}>"


def _as_it_is(words: str, *, utf8: bool) -> bool:
    """Whether words can stand in a header unencoded: ASCII, no look of an encoded-word, no word too long."""
    if not (utf8 or words.isascii()) or "=?" in words:
        return False
    if words.isascii() and len(words) <= LONGEST_WORD:
        return True
    return all(len(word.encode()) <= LONGEST_WORD for word in words.split(" "))


def _encoded(name: str, words: str) -> str:
    """The same as encoded-words of UTF-8 with blanks between them, in the shorter of the two ways (RFC 2047)."""
    spelt, room = [SPELT[char] for char in words], LINE - len(name) - 2 - AROUND
    if sum(map(len, spelt)) <= 4 * ((len(words.encode()) + 2) // 3):
        return " ".join([f"=?utf-8?q?{part}?=" for part in _q_parts(spelt, room)])
    return " ".join([f"=?utf-8?b?{_b(part)}?=" for part in _b_parts(words, room)])


def _q_parts(spelt: Sequence[str], room: int) -> Iterator[str]:
    """Whole characters that fit into one encoded-word each, the first into `room` characters."""
    part: list[str] = []
    used = 0
    for char in spelt:
        if part and used + len(char) > room:
            yield "".join(part)
            part, used, room = [], 0, LONGEST_ENCODED - AROUND
        part.append(char)
        used += len(char)
    yield "".join(part)


def _b_parts(words: str, room: int) -> Iterator[bytes]:
    part = b""
    for char in words:
        encoded = char.encode()
        if part and 4 * ((len(part) + len(encoded) + 2) // 3) > room:
            yield part
            part, room = b"", LONGEST_ENCODED - AROUND
        part += encoded
    yield part


def _b(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode()


def address(name: str, value: str) -> str:
    """An address without anything around it."""
    if not ADDRESS.fullmatch(value):
        raise MessageError(
            f"{name}: {value!r} is not a plain address with an ASCII domain, such as ada@example.org: mend it"
        )
    return value


def message_id(value: str) -> str:
    """A Message-ID with its angle brackets."""
    if not MESSAGE_ID.fullmatch(value):
        raise MessageError(f"Message-ID: {value!r} is none: write it as <id@domain> in ASCII without blanks")
    return value


def url(name: str, value: str) -> str:
    """The URL in angle brackets, as it is; only what no URL may hold is percent-encoded (RFC 3986 section 2)."""
    if URL.fullmatch(value):
        return f"<{value}>"
    if BREAKING_OUT.search(value):
        raise MessageError(f"{name}: {value[:60]!r} holds a line break, a NUL or half a character: take it out")
    return f"<{percent_encode(value, safe=URL_PUNCTUATION)}>"


def date(value: datetime) -> str:
    """An instant in UTC."""
    if value.tzinfo is None:
        raise MessageError(f"Date: {value} has no time zone: give one, for the machine's own would be guessed")
    return format_datetime(value.astimezone(UTC))


def list_id(letter: str, sender: str) -> str:
    """Letter, local part and domain as a dot-atom in lower case (RFC 2919 section 2); the title may change."""
    local, _, domain = sender.lower().rpartition("@")
    return ".".join([*map(_label, (letter, *local.split("."))), domain])


def _label(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-") or "list"


def feedback_id(period: str, letter: str, sender: str) -> str:
    """Gmail: at most four fields, the last of 5 to 15 characters and stable, nothing personal."""
    issue, kind = (re.sub(r"[^\w.-]+", "-", value, flags=re.ASCII) for value in (period, letter))
    sender_id = re.sub(r"[^a-z0-9]", "", sender.rpartition("@")[2].lower())[:15].ljust(5, "0")
    return f"{issue}:{kind}:list:{sender_id}"
