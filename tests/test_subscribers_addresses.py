"""One reader has one address, however it is typed, and nothing in it can break a header."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from subscribers.addresses import base, identity, lookup_keys, normalise, redacted, redacted_in
from subscribers.errors import InvalidPreference


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Ada.Lovelace@EXAMPLE.Org\n", "Ada.Lovelace@example.org"),
        ("ada@Bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ("用户@例子.广告", "用户@xn--fsqu00a.xn--4rr70v"),
        ("Jose\u0301@example.org", "José@example.org"),
        ("ada+papers@example.org", "ada+papers@example.org"),
        ("ada@b.test", "ada@b.test"),
        ("ada@LocalHost", "ada@localhost"),
        ("ada@mail.localhost", "ada@mail.localhost"),
        ("ada@lab.LOCAL", "ada@lab.local"),
        ("ada@bücher.invalid", "ada@xn--bcher-kva.invalid"),
        ("local@example.org", "local@example.org"),
    ],
)
def test_an_address_is_stored_in_one_form(typed, stored):
    assert normalise(typed) == stored
    assert normalise(stored) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ada",
        "ada@",
        "@example.org",
        "a b@example.org",
        "Ada <ada@example.org>",
        '"a b"@example.org',
        "ada@[127.0.0.1]",
        "ada@example.org\r\nBcc: all@example.org",
        "ada\n@example.org",
        "ada@exa\x00mple.org",
        "ada@localhost\n.local",
        "ada\u202e@example.org",
        "ada\udce9@example.org",
        "ada@example..org",
        f"{'a' * 65}@example.org",
        f"ada@{'a' * 64}.org",
        "one@example.org,two@example.org",
    ],
)
def test_what_is_no_plain_address_is_refused_with_the_cure(typed):
    with pytest.raises(InvalidPreference, match=r"(?s)^email: .* cannot be used: .*ada@example\.org"):
        normalise(typed)


def test_the_case_of_an_address_does_not_make_another_reader():
    assert identity("Ada@example.org") == identity("aDA@example.org")
    assert identity("ÉLISE@example.org") == identity("élise@example.org")


def test_tags_and_dots_make_another_reader():
    assert len({identity(f"{local}@gmail.com") for local in ("ada.l", "adal", "ada.l+papers")}) == 3


def test_letters_that_only_resemble_each_other_make_another_reader():
    assert identity("strasse@example.org") != identity("straße@example.org")
    assert identity("sam@example.org") != identity("\u017fam@example.org")


def test_tags_and_dots_do_not_make_another_mailbox():
    assert base("Ada+papers+2@example.org") == "ada@example.org"
    assert base("ada.l@example.org") == "ada.l@example.org"
    assert base("A.d.a+x@GoogleMail.com") == base("ada@gmail.com") == "ada@gmail.com"
    assert base("+papers@example.org") == "+papers@example.org"


def test_a_log_shows_no_whole_address():
    assert redacted("ada@example.org") == "a…@example.org"
    assert redacted("not an address") == "…"


@given(st.text(max_size=40))
@example("a@localhost")
@example("\x1ca@b.local\x85")
def test_whatever_is_accepted_is_one_line_and_stays_as_it_is(text):
    for typed in (text, f"{text}@example.org", f"ada@{text}"):
        try:
            stored = normalise(typed)
        except InvalidPreference:
            continue
        assert normalise(stored) == stored
        assert stored.rpartition("@")[2].isascii()
        assert not any(unicodedata.category(letter)[0] in "CZ" for letter in stored)
        assert identity(identity(stored)) == identity(stored)
        assert base(base(stored)) == base(stored)
        assert identity(stored) in lookup_keys(stored)


def test_every_address_in_a_text_is_redacted():
    said = "550 <ada@example.org>: unknown; ada.l+x@mail.example.com, /outbox/emmy@example.net-1f.eml"

    assert redacted_in(said) == "550 <a…@example.org>: unknown; a…@mail.example.com, /outbox/e…@example.net-1f.eml"
    assert redacted_in("no address @ all") == "no address @ all"
