"""A message to change at will, and what reads it as it travels: by hand, or by the standard library's parser."""

import email
import re
from datetime import UTC, datetime
from email import policy
from email.header import decode_header, make_header

from newsletter.mail.message import Content, Letterhead, assemble

HEAD = Letterhead("Trending Papers", "papers@example.org", "https://example.org/", "https://example.org/archive")
CONTENT = Content(
    to_name="Ada Lovelace",
    to="ada@example.net",
    subject="Ten papers for Tuesday",
    text="Hello Ada,\nten papers.\n",
    html="<p>Hello Ada,</p>\n<p>ten papers.</p>\n",
    message_id="<7.abcdef0123456789@example.org>",
    date=datetime(2026, 3, 10, 12, 30, tzinfo=UTC),
    letter="digest",
    period="2026-03-10",
    unsubscribe_url="https://example.org/u/7.signed",
    unsubscribe_mailto="mailto:papers@example.org?subject=unsubscribe%207.signed",
)
ONCE = (
    *("date", "from", "to", "message-id", "subject", "mime-version", "content-type", "list-id"),
    *("list-unsubscribe", "list-unsubscribe-post", "list-help", "list-archive", "list-owner", "list-post"),
    *("auto-submitted", "precedence", "feedback-id"),
)
ENCODED_WORD = re.compile(rb"=\?[^?\s]+\?[bqBQ]\?[^?\s]*\?=")


def wire(head=HEAD, **changes):
    return assemble(head, CONTENT._replace(**changes))


def header_and_body(written):
    header, _, body = written.partition(b"\r\n\r\n")
    return header, body


def fields(written):
    """Each header field, unfolded by hand: (name in lower case, value as bytes)."""
    unfolded = re.sub(rb"\r\n(?=[ \t])", b"", header_and_body(written)[0])
    return [
        (line.partition(b":")[0].decode().lower(), line.partition(b": ")[2]) for line in unfolded.split(b"\r\n")
    ]


def field(written, name):
    (value,) = [value for found, value in fields(written) if found == name.lower()]
    return value


def decoded(written, name):
    return str(make_header(decode_header(field(written, name).decode())))


def parsed(written):
    return email.message_from_bytes(written, policy=policy.default)


def phrase(written, name):
    """The words before the angle bracket, read by hand: an encoded-word, a quoted string or atoms."""
    words = field(written, name).decode().rpartition("<")[0].strip()
    if words.startswith('"'):
        return re.sub(r"\\(.)", r"\1", words[1:-1])
    return str(make_header(decode_header(words)))


def assert_legal(written):
    header, body = header_and_body(written)
    assert written.count(b"\r\n") == written.count(b"\r") == written.count(b"\n")
    for line in header.split(b"\r\n"):
        assert len(line) <= 998
        assert line.strip()
        if len(line) > 78:
            assert b" " not in re.sub(rb"^([\w-]+:)? ", b"", line)
    for line in body.split(b"\r\n"):
        assert len(line) <= 76
    assert body.isascii()
    assert sorted(name for name, _ in fields(written)) == sorted(ONCE)
    for word in ENCODED_WORD.findall(header):
        assert len(word) <= 75
    assert parsed(written).defects == []


def assert_bare(written):
    """No encoded-word where RFC 2047 section 5 forbids one."""
    for name in ("List-Unsubscribe", "Message-ID", "List-Help", "List-Archive", "List-Owner", "Feedback-ID"):
        assert b"=?" not in field(written, name)
    for name in ("From", "To", "List-Id"):
        assert b"=?" not in field(written, name).rpartition(b"<")[2]
