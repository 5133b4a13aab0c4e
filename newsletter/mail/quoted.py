"""Quoted-printable in fragments: each is encoded on its own, and any of them joined are a legal body.

RFC 2045 section 6.7, and narrower: a fragment starts at the first column and ends in a line break, soft unless
it ends in a newline itself. No line starts with a dot, so SMTP need not stuff any (RFC 5321 section 4.5.2). Blanks
in runs and at ends are escaped, so DKIM's relaxed form of a body is the body itself (RFC 6376 section 3.4.4).
"""

from binascii import b2a_qp

from newsletter.errors import MessageError

SOFT = b"=\r\n"
LONGEST = 75  # and the "=" of a soft break: 76
EQUALS = ord("=")
NO_END = (b"", b" ")


def fragment(text: str, part: str = "plain") -> bytes:
    """This text in UTF-8 and quoted-printable. MessageError names the `part` and what no mail can carry."""
    if text.isascii() and "=" not in text and "  " not in text:
        if text.isprintable():
            data = text.encode()
            if len(data) <= LONGEST and data[:1] != b"." and data[-1:] not in NO_END:
                return data + SOFT
            return _wrapped(_ended(data)) if data else b""
        lines = text.split("\n")
        if lines[-1] and _fit(text, lines):
            return text.encode().replace(b"\n", b"\r\n") + SOFT
    return _escaped(text, part)


def _fit(text: str, lines: list[str]) -> bool:
    """Whether several lines of ASCII may stand as they are."""
    plain = all(map(str.isprintable, lines)) and " \n" not in text and "\n." not in text
    return plain and text[0] != "." and text[-1] != " " and max(map(len, lines)) <= LONGEST


def _escaped(text: str, part: str) -> bytes:
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        raise _unsendable(part, error.start, text) from None
    if b"\0" in data:
        raise _unsendable(part, text.index("\0"), text)
    if b"\r" in data:
        data = newlines(text).encode()
    data = b2a_qp(data).replace(b"=\n", b"").replace(b"\t", b"=09")  # its own soft breaks are for whole bodies
    if b"  " in data:
        data = data.replace(b"  ", b"=20 ").replace(b"  ", b"=20 ")
    if b"\n" not in data:
        return _wrapped(_ended(data)) if data else b""
    *whole, last = data.replace(b" \n", b"=20\n").split(b"\n")
    lines = [piece for line in whole for piece in (_folded(line), b"\r\n")]
    return b"".join(lines) + (_wrapped(_ended(last)) if last else b"")


def _unsendable(part: str, at: int, text: str) -> MessageError:
    return MessageError(f"text/{part}: character {at} is {text[at]!r}, which no mail can carry: take it out")


def newlines(text: str) -> str:
    """The text with a line feed alone as line end, as it is in memory everywhere but on the wire."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def ended(fragments: bytes) -> bytes:
    """The end of a body part: no soft break stands before a boundary, for nothing would be joined by it."""
    return fragments[:-3] if fragments.endswith(SOFT) else fragments


def _ended(data: bytes) -> bytes:
    """Without a blank at the end."""
    return data[:-1] + b"=20" if data[-1:] == b" " else data


def _wrapped(line: bytes) -> bytes:
    return _folded(line) + SOFT


def _folded(line: bytes) -> bytes:
    """One line with soft breaks in it; no escape is torn, and no line starts with a dot."""
    if len(line) <= LONGEST and line[:1] != b".":
        return line
    if len(line) < 2 * LONGEST and line[LONGEST - 2 : LONGEST + 1].isalnum() and line[:1] != b".":
        return line[:LONGEST] + SOFT + line[LONGEST:]
    lines: list[bytes] = []
    at, end = 0, len(line)
    while True:
        room = LONGEST
        if line[at : at + 1] == b".":
            lines.append(b"=2E")
            at, room = at + 1, LONGEST - 3
        if end - at <= room:
            lines.append(line[at:])
            return b"".join(lines)
        cut = at + room
        if line[cut - 1] == EQUALS:
            cut -= 1
        elif line[cut - 2] == EQUALS:
            cut -= 2
        lines += (line[at:cut], SOFT)
        at = cut
