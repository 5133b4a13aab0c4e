"""Fragments of quoted-printable: joined in any order they decode to their texts, and need no further pass."""

import quopri
import re
from binascii import a2b_qp

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.errors import MessageError
from newsletter.mail.quoted import ended, fragment

TEXTS = st.text(
    st.one_of(
        st.sampled_from(" .=\n\taé😀x\u0301\u202e"),
        st.characters(exclude_categories=("Cs",), exclude_characters="\0\r"),
    ),
    max_size=200,
)


def assert_bare(written):
    """Legal lines that neither SMTP nor DKIM's relaxed form would change."""
    assert written.count(b"\r\n") == written.count(b"\r") == written.count(b"\n")
    for line in written.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith(b".")
        assert not re.search(rb"[ \t]{2}|\t|[ \t]$|[^ -~]", line)


@given(st.lists(TEXTS, max_size=6))
@example(["y" * 73 + "é", ".", "x" * 75, ".x"])
@example(["a ", " b", "  ", " \n", "\n."])
@example([f"{'.' * 400}", "=" * 200])
def test_joined_fragments_decode_to_their_texts(texts):
    written = ended(b"".join(fragment(text) for text in texts))

    assert_bare(written)
    for decoded in (quopri.decodestring(written), a2b_qp(written)):
        assert decoded.replace(b"\r\n", b"\n").decode() == "".join(texts)


@pytest.mark.parametrize("length", range(70, 80))
@pytest.mark.parametrize("end", ["", " ", ".", "=", "é", "\n", " \n", "\n.", "\n  x"])
def test_a_text_of_any_length_fits(length, end):
    for start in ("y" * length, "." * length, "é" * length, "y y " * (length // 4)):
        written = ended(fragment(start + end))

        assert_bare(written)
        assert quopri.decodestring(written).replace(b"\r\n", b"\n").decode() == start + end


def test_line_ends_of_every_kind_become_those_of_mail():
    assert fragment("a\rb\r\nc\nd") == b"a\r\nb\r\nc\r\nd=\r\n"


def test_plain_words_stand_as_they_are():
    assert fragment("Ten papers for Ada") == b"Ten papers for Ada=\r\n"
    assert fragment("one line\nanother") == b"one line\r\nanother=\r\n"
    assert fragment("") == b""


@pytest.mark.parametrize(
    ("text", "said"), [("ab\0", "character 2 is '\\x00'"), ("é\ud800", "character 1 is '\\ud800'")]
)
def test_what_no_mail_can_carry_is_named(text, said):
    with pytest.raises(MessageError, match=re.escape(f"text/html: {said}")):
        fragment(text, "html")
