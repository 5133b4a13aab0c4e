"""The bytes and header of a message, by what a correct sender must do (RFC 5322, 2047, 2369, 2919, 8058)."""

import re
from collections.abc import Iterator
from email.utils import getaddresses, parsedate_to_datetime

from newsletter.lint.anchors import Leaving, split
from newsletter.lint.catalogue import found
from newsletter.lint.envelope import ENCODED, Field, Opened
from newsletter.lint.finding import Finding
from newsletter.mail.admin_letter import AdminLetter
from newsletter.mail.letter import REQUIRED
from newsletter.mail.words import UNSEEN
from subscribers.addresses import redacted_in

NEEDED = ("From", "To", "Date", "Message-ID", "Subject", "MIME-Version")
ONCE = (
    *NEEDED,
    "Sender",
    "Reply-To",
    "Cc",
    "Content-Type",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
)
LONGEST, WIDEST, LONGEST_WORD = 998, 78, 75
MESSAGE_ID = re.compile(r"<[^\s<>@]+@[^\s<>@]+>")
ANGLED = re.compile(r"<([^<>]*)>")
STRUCTURED = ("from", "to", "reply-to", "sender", "list-unsubscribe", "list-unsubscribe-post", "message-id")
HIDING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# Letters that are an answer to what somebody just did: there is nothing to leave.
ANSWERS = {str(kind) for kind, needed in REQUIRED.items() if "unsubscribe_url" not in needed} | set(
    map(str, AdminLetter)
)


def judge(content: bytes, message: Opened) -> Iterator[Finding]:
    """Everything about the bytes and the header."""
    yield from _lines(content)
    if message.strange or message.broken or not message.fields:
        what = message.broken or (f"line {message.strange} is no header field" if message.fields else "no header")
        yield found(
            "unreadable",
            f"the message cannot be read: {what}",
            "write fields like Subject: words",
            message.strange,
        )
    yield from _once(message)
    for field in message.fields:
        yield from _field(field)
    yield from _read(message)
    yield from _list(message)
    for body in message.bodies:
        if body.encoding not in {"7bit", "quoted-printable"}:
            what = f"the {body.kind} part is sent as {body.encoding[:20]}"
            yield found("transfer-encoding", what, "send it as quoted-printable")
    yield from _parts(message)


def _lines(content: bytes) -> Iterator[Finding]:
    if alone := re.search(rb"\r(?!\n)|(?<!\r)\n", content):
        line = content.count(b"\n", 0, alone.start()) + 1
        kind = "CR" if alone[0] == b"\r" else "LF"
        yield found("line-ends", f"line {line} has {kind} alone", "end each line with CR and LF", line)
    long, wide = 0, 0
    for number, written in enumerate(content.split(b"\n"), 1):
        size = len(written.rstrip(b"\r"))
        if size > LONGEST and not long:
            long = number
            yield found("line-length", f"line {number} has {size:,} bytes", f"break it before {LONGEST}", number)
        elif WIDEST < size <= LONGEST and not wide and b" " in written.strip():
            wide = number
            yield found("line-width", f"line {number} has {size} bytes", f"fold it at {WIDEST}", number)


def _once(message: Opened) -> Iterator[Finding]:
    for name in NEEDED:
        fields = message.all(name.lower())
        if not fields or (name != "Subject" and not fields[0].raw):
            yield found("header-missing", f"{name} is missing", f"add the field {name}")
    for name in ONCE:
        if len(fields := message.all(name.lower())) > 1:
            yield found("header-repeated", f"{name} stands {len(fields)} times", "keep one", fields[1].line)


def _field(field: Field) -> Iterator[Finding]:
    if hidden := (UNSEEN.search(field.text) or HIDING.search(field.text)):
        what = f"{field.name} holds U+{ord(hidden[0]):04X}, which hides or reorders words"
        yield found("header-hidden", what, "drop the character", field.line)
    words = ENCODED.findall(field.raw)
    if any(len(word) > LONGEST_WORD for word in words):
        yield found("encoded-word", f"an encoded word of {field.name} is over 75 long", "part it", field.line)
    bare = ANGLED.findall(field.raw) or ([field.raw] if field.name in STRUCTURED[-3:] else [])
    if field.name in STRUCTURED and any("=?" in each for each in bare):
        yield found(
            "encoded-word", f"an encoded word stands in an address of {field.name}", "write it plain", field.line
        )


def _read(message: Opened) -> Iterator[Finding]:
    for field in message.all("date")[:1]:
        try:
            parsedate_to_datetime(field.raw)
        except (ValueError, TypeError, IndexError, OverflowError):
            yield found(
                "header-syntax", f"Date is {field.raw[:60]!r}", "write Thu, 23 Apr 2026 05:00:00 +0000", field.line
            )
    for field in message.all("message-id")[:1]:
        if field.raw and not MESSAGE_ID.fullmatch(field.raw):
            yield found(
                "header-syntax", f"Message-ID is {redacted_in(field.raw[:80])!r}", "write <id@domain>", field.line
            )
    for name in ("from", "to"):
        for field in message.all(name)[:1]:
            addresses = [address for _, address in getaddresses([field.raw])]
            if field.raw and not all("@" in each.strip("@") for each in addresses or [""]):
                yield found(
                    "header-syntax", f"{name.title()} is no address", "write Name <name@domain>", field.line
                )


def _parts(message: Opened) -> Iterator[Finding]:
    kinds = [body.kind for body in message.bodies]
    for kind, rule, name in (("plain", "text-part", "text"), ("html", "html-part", "HTML")):
        if not message.part(kind).strip():
            state = "is empty" if kind in kinds else "is missing"
            yield found(rule, f"the {name} part {state}", "send both parts as multipart/alternative")
    if "plain" in kinds and "html" in kinds and kinds.index("html") < kinds.index("plain"):
        yield found(
            "part-order", "the HTML part stands first", "put it last: programs show the last one they know"
        )


def way_out(message: Opened) -> Leaving:
    """How this message can be left; a mail of a list needs a way, an answer to somebody does not."""
    uris = ANGLED.findall(" ".join(field.raw for field in message.all("list-unsubscribe")[:1]))
    web = next((uri for uri in uris if uri.lower().startswith(("https://", "http://"))), "")
    label = next(iter(reversed(ANGLED.findall(message.text("list-id")))), "").partition(".")[0]
    return Leaving(web, label not in ANSWERS)


def _list(message: Opened) -> Iterator[Finding]:
    for name, cure in (("List-Id", "Name <list.domain>"), ("Auto-Submitted", "auto-generated")):
        if not message.all(name.lower()):
            yield found("list-header", f"{name} is missing", f"add {name}: {cure}")
    way, written = way_out(message), message.all("list-unsubscribe")
    line = written[0].line if written else 0
    if not way.url and (written or way.needed):
        what = "List-Unsubscribe has no web link" if written else "List-Unsubscribe is missing"
        yield found("unsubscribe-header", what, "add List-Unsubscribe: <https://...>, <mailto:...>", line)
    if written and message.text("list-unsubscribe-post") != "List-Unsubscribe=One-Click":
        cure = "write List-Unsubscribe-Post: List-Unsubscribe=One-Click"
        yield found("one-click", "List-Unsubscribe-Post does not say One-Click", cure, line)
    parts = split(way.url)
    if way.url and parts is not None and parts.scheme.lower() != "https" and parts.hostname not in LOOPBACK:
        yield found(
            "unsubscribe-https", "the link of List-Unsubscribe is not https", "serve the pages by https", line
        )
