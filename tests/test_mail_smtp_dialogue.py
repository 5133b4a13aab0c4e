"""One SMTP dialogue by itself: what is checked before it is written, how replies are read, how much has left."""

import re
import socket
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mail_servers import envelope

from newsletter.mail import Envelope
from newsletter.mail.smtp_dialogue import Dialogue, Unsendable, checked, xtext

PIECES = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"a", b"\r\n.", b"word."]), max_size=12).map(
    b"".join
)


@pytest.fixture
def line():
    """A dialogue over a real connection, and the server's end of it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ours = socket.create_connection(listening.getsockname(), timeout=5)
        theirs, _ = listening.accept()
    server = SimpleNamespace(sock=ours, esmtp_features={}, has_extn=lambda _: True)
    with ours, theirs:
        yield Dialogue(server, 0.0), theirs


def letter(content):
    return Envelope("a@example.org", "b@example.org", "<1@example.org>", content)


def slowly_stuffed(content):
    """By the letter of RFC 5321 section 4.5.2, a line at a time; None where a line end is half."""
    lines = content.split(b"\r\n")
    if any(b"\r" in each or b"\n" in each for each in lines):
        return None
    return b"\r\n".join(b"." + each if each.startswith(b".") else each for each in lines)


@given(PIECES)
def test_every_body_is_checked_and_stuffed_by_the_letter(content):
    expected = slowly_stuffed(content)

    if expected is None:
        with pytest.raises(Unsendable, match="CR or LF alone"):
            checked(letter(content))
    else:
        assert checked(letter(content)) == expected


def test_a_body_without_leading_dots_is_not_even_copied():
    content = b"Subject: x\r\n\r\nNo dots in front. None.\r\n" * 100

    assert checked(letter(content)) is content


@given(st.text(max_size=40))
def test_xtext_is_plain_and_can_be_read_back(words):
    written = xtext(words)

    assert re.fullmatch(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*", written)
    assert re.sub(rb"\+(..)", lambda found: bytes.fromhex(found[1].decode()), written.encode()) == words.encode()


@given(st.binary(max_size=60), st.lists(st.integers(1, 7), max_size=8))
def test_replies_are_read_alike_however_they_are_cut(words, cuts):
    words = words.replace(b"\r", b"").replace(b"\n", b"")
    whole = b"250-" + words + b"\r\n250 end\r\n550 5.1.1 no\n354\r\n"

    class Cut:
        """A socket that gives what it holds in pieces."""

        rest, sizes = whole, list(cuts)

        def recv(self, _):
            size = self.sizes.pop() if self.sizes else len(self.rest)
            piece, self.rest = self.rest[:size], self.rest[size:]
            return piece

        def setsockopt(self, *_):
            pass

    dialogue = Dialogue(SimpleNamespace(sock=Cut(), has_extn=lambda _: False), 0.0)

    assert dialogue.reply() == (250, (words.strip() + b" end").decode("utf-8", "replace"))
    assert [dialogue.reply(), dialogue.reply()] == [(550, "5.1.1 no"), (354, "")]
    with pytest.raises(OSError, match="closed"):
        dialogue.reply()


@pytest.mark.parametrize("limit", ["9" * 5000, "0", "", "huge", "\N{SUPERSCRIPT ONE}"])
def test_a_size_that_no_message_reaches_limits_nothing(line, limit):
    dialogue, _ = line
    dialogue.server.esmtp_features["size"] = limit

    assert b" SIZE=" in dialogue.commands(envelope())[0]


@pytest.mark.parametrize("following", [[], [b"MAIL FROM:<x@y>\r\n", b"DATA\r\n"]])
def test_all_of_it_leaves_and_then_it_is_the_servers(line, following):
    dialogue, theirs = line

    dialogue.hand_over(b"body\r\n", following)

    assert dialogue.dot_left
    assert theirs.recv(1000) == b"body\r\n.\r\n" + b"".join(following)


class Short:
    """A socket that takes so many bytes, and breaks."""

    def __init__(self, room):
        self.room = room

    def setsockopt(self, *_):
        pass

    def gettimeout(self):
        return 1.0

    def settimeout(self, _):
        pass

    def recv(self, _):
        raise BlockingIOError

    def send(self, content):
        if not self.room:
            raise BrokenPipeError("gone")
        taken = min(self.room, len(content), 3)
        self.room -= taken
        return taken


@given(st.integers(0, 24))
def test_the_dot_has_left_only_with_its_last_byte(room):
    dialogue = Dialogue(SimpleNamespace(sock=Short(room), has_extn=lambda _: True), 0.0)
    dialogue.dot_left = True

    with pytest.raises(BrokenPipeError):
        dialogue.hand_over(b"body\r\n", [b"MAIL FROM:<x@y>\r\n"])

    assert dialogue.dot_left == (room >= len(b"body\r\n.\r\n"))
