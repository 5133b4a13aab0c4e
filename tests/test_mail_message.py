"""Messages as they travel: structure, list headers and bodies, asserted on the bytes."""

import quopri
import re
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from mail_wire import CONTENT, assert_bare, assert_legal, field, header_and_body, parsed, wire

from newsletter.errors import MessageError
from newsletter.mail.message import readable

ANY = st.text(st.characters(codec=None), max_size=120)


def test_the_message_is_legal():
    assert_legal(wire())
    assert_bare(wire())


def test_text_comes_first_and_html_last_in_quoted_printable():
    message = parsed(wire())
    assert message.get_content_type() == "multipart/alternative"
    parts = list(message.iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    for part in parts:
        assert part["Content-Transfer-Encoding"] == "quoted-printable"
        assert part.get_content_charset() == "utf-8"
        assert part.defects == []


def test_the_same_words_make_the_same_bytes():
    assert wire() == wire()


def test_the_boundary_is_stable_and_in_no_part():
    written = wire(text="--=_7abcdef0123456789exampleorg--\n", html="<p>=_7abcdef0123456789exampleorg</p>")
    boundary = parsed(written).get_boundary()
    assert boundary == "=_7abcdef0123456789exampleorg"
    assert header_and_body(written)[1].count(boundary.encode()) == 3
    assert readable(written)[0].startswith("--=_7")


@pytest.mark.parametrize("message_id", ["<!@!>", f"<{'a' * 200}@example.org>"])
def test_any_message_id_makes_a_legal_boundary(message_id):
    written = wire(message_id=message_id)
    assert len(parsed(written).get_boundary()) <= 70
    assert readable(written) == (CONTENT.text, CONTENT.html)


def test_the_list_headers_say_what_the_standards_want():
    written = wire()
    assert field(written, "List-Unsubscribe") == (
        b"<https://example.org/u/7.signed>, <mailto:papers@example.org?subject=unsubscribe%207.signed>"
    )
    assert field(written, "List-Unsubscribe-Post") == b"List-Unsubscribe=One-Click"
    assert field(written, "List-Id") == b"Trending Papers <digest.papers.example.org>"
    assert field(written, "List-Help") == b"<https://example.org/>"
    assert field(written, "List-Archive") == b"<https://example.org/archive>"
    assert field(written, "List-Owner") == b"<mailto:papers@example.org>"
    assert field(written, "List-Post") == b"NO"
    assert field(written, "Auto-Submitted") == b"auto-generated"
    assert field(written, "Precedence") == b"bulk"
    assert field(written, "Message-ID") == CONTENT.message_id.encode()


def test_the_date_is_the_planning_instant_in_utc():
    zone = timezone(timedelta(hours=5, minutes=30))
    written = wire(date=CONTENT.date.astimezone(zone))
    assert field(written, "Date") == b"Tue, 10 Mar 2026 12:30:00 +0000"
    assert parsedate_to_datetime(field(written, "Date").decode()) == CONTENT.date


def test_a_date_without_a_zone_is_refused():
    with pytest.raises(MessageError, match=r"Date: .* has no time zone"):
        wire(date=datetime(2026, 3, 10))  # noqa: DTZ001 - what the test is about


# Bodies


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "no end",
        "\n",
        "\n\n\n",
        ".\n..\n.x\n",
        "From here\n",
        "trailing blanks  \n tab\t\n",
        "=3D = == =\n",
        "x" * 10_000,
        "é" * 10_000,
        "--=_\n--\n",
        *(
            "y" * length + end
            for length in range(70, 80)
            for end in (" \n", "\t\n", " ", "=\n", "é\n", ".\n", "\n.\n")
        ),
    ],
)
def test_a_body_comes_back(text):
    written = wire(text=text, html=f"<p>{text}</p>")
    assert_legal(written)
    assert readable(written) == (text, f"<p>{text}</p>")


@given(ANY, ANY)
def test_any_body_comes_back_or_is_refused(text, html):
    try:
        written = wire(text=text, html=html)
    except MessageError:
        assert re.search("[\0\ud800-\udfff]", text + html)
        return
    assert_legal(written)
    normalised = [re.sub("\r\n|\r", "\n", body) for body in (text, html)]
    assert list(readable(written)) == normalised


@given(st.text("ab é.=\t\n", min_size=60, max_size=400))
def test_no_line_of_a_body_is_too_long(text):
    written = wire(text=text)
    assert_legal(written)
    assert readable(written)[0] == text


@given(ANY)
def test_a_body_reads_the_same_for_another_decoder(text):
    assume(not re.search("[\0\ud800-\udfff]", text))
    (part, _) = parsed(wire(text=text)).iter_parts()
    raw = part.get_payload().encode()
    assert re.sub("\r\n|\r", "\n", quopri.decodestring(raw).decode()) == re.sub("\r\n|\r", "\n", text)


@pytest.mark.parametrize(
    ("text", "words"), [("ab\0", "character 2 is '\\x00'"), ("\ud800", "character 0 is '\\ud800'")]
)
def test_a_character_that_no_mail_can_carry_is_named(text, words):
    with pytest.raises(MessageError, match=re.escape(f"text/plain: {words}")):
        wire(text=text)
    with pytest.raises(MessageError, match=re.escape(f"text/html: {words}")):
        wire(html=text)


def test_a_message_that_has_no_such_part_reads_as_nothing():
    assert readable(b"Subject: x\r\n\r\nonly text\r\n") == ("only text\n", "")
    assert readable(b"Subject: x\r\nContent-Type: text/html\r\n\r\n<p>\r\n") == ("", "<p>\n")
