"""Signatures are judged by dkimpy: good for what was signed, bad for anything else."""

import re
from datetime import timedelta
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from signed import AT, DOMAIN, both, ed25519, joined, parted, rsa, signed, verdicts

from newsletter.mail.dkim import LINE, SEALED, Key, Signer, relaxed_body, relaxed_values

FIELDS = [
    (b"Date", b"Fri, 05 Dec 2025 07:00:00 +0000"),
    (b"From", b"Trending Papers <papers@example.org>"),
    (b"To", b"Ada <ada@example.com>"),
    (b"Message-ID", b"<one@example.org>"),
    (b"Subject", b"=?utf-8?q?Caf=C3=A9?=\r\n =?utf-8?q?_papers?="),
    (b"List-Id", b"Trending Papers <digest.papers.example.org>"),
    (b"List-Unsubscribe", b"<https://papers.example.org/u/token>,\r\n <mailto:papers@example.org>"),
    (b"List-Unsubscribe-Post", b"List-Unsubscribe=One-Click"),
    (b"List-Help", b"<https://papers.example.org/>"),
    (b"List-Archive", b"<https://papers.example.org/archive>"),
    (b"List-Owner", b"<mailto:papers@example.org>"),
    (b"List-Post", b"NO"),
    (b"Auto-Submitted", b"auto-generated"),
    (b"Feedback-ID", b"2025-12-05:digest:list:exampleorg"),
    (b"MIME-Version", b"1.0"),
    (b"Content-Type", b'multipart/alternative; boundary="=_x"'),
]
BODY = b"--=_x\r\nContent-Type: text/plain\r\n\r\nOne line=\r\nand another.\r\n--=_x--\r\n"
MESSAGE = joined(FIELDS, BODY)
GOOD, BAD = [True, True], [False, False]


def tags(message, number=0):
    """The tags of a signature, unfolded."""
    fields = [value for name, value in parted(message)[0] if name == b"DKIM-Signature"]
    text = re.sub(rb"\s", b"", fields[number]).decode()
    return dict(tag.split("=", 1) for tag in text.split(";"))


def test_both_signatures_are_good():
    assert verdicts(signed(MESSAGE)) == GOOD


def test_one_key_makes_one_signature():
    message = signed(MESSAGE, Signer(DOMAIN, [rsa()]))

    assert verdicts(message) == [True]
    assert tags(message)["a"] == "rsa-sha256"


def test_the_tags_say_what_was_done():
    first, second = tags(signed(MESSAGE)), tags(signed(MESSAGE), 1)

    assert list(first) == ["v", "a", "c", "d", "s", "t", "h", "bh", "b"]
    assert (first["v"], first["a"], first["c"]) == ("1", "rsa-sha256", "relaxed/relaxed")
    assert (first["d"], first["s"], first["t"]) == ("example.org", "one", str(int(AT.timestamp())))
    assert (second["a"], second["s"]) == ("ed25519-sha256", "two")
    assert second["bh"] == first["bh"]


def test_each_field_is_signed_and_those_that_matter_once_more_than_they_occur():
    listed = tags(signed(MESSAGE))["h"].split(":")

    for name, _ in FIELDS:
        assert listed.count(name.decode().lower()) == 1 + (name.lower() in SEALED)
    assert (listed.count("reply-to"), listed.count("cc"), listed.count("list-subscribe")) == (1, 1, 1)


def test_the_same_message_has_the_same_signatures_from_any_signer():
    assert signed(MESSAGE, both()) == signed(MESSAGE, both())
    assert signed(MESSAGE, at=AT + timedelta(seconds=1)) != signed(MESSAGE)


def test_a_signer_may_be_used_by_several_threads_at_once():
    signer, found = both(), []
    work = [Thread(target=lambda: found.append(signed(MESSAGE, signer))) for _ in range(8)]

    for thread in work:
        thread.start()
    for thread in work:
        thread.join()

    assert set(found) == {signed(MESSAGE)}
    assert len(found) == 8


@pytest.mark.parametrize("place", range(len(FIELDS)), ids=lambda place: FIELDS[place][0].decode())
def test_a_changed_or_missing_field_is_noticed(place):
    signatures = signed(MESSAGE).removesuffix(MESSAGE)
    name, value = FIELDS[place]
    changed = [*FIELDS[:place], (name, value[:-1] + b"~"), *FIELDS[place + 1 :]]

    assert verdicts(signatures + joined(changed, BODY)) == BAD
    assert verdicts(signatures + joined([*FIELDS[:place], *FIELDS[place + 1 :]], BODY)) == BAD


@pytest.mark.parametrize("name", SEALED, ids=bytes.decode)
@pytest.mark.parametrize("where", ["first", "last"])
def test_no_field_that_matters_can_be_added(name, where):
    signatures = signed(MESSAGE).removesuffix(MESSAGE)
    added = (name.title(), b"<mallory@example.net>")
    fields = [added, *FIELDS] if where == "first" else [*FIELDS, added]

    assert verdicts(signatures + joined(fields, BODY)) == BAD


def test_what_servers_add_on_the_way_does_no_harm():
    received = b"Return-Path: <b@example.org>\r\nReceived: by mx.example.com\r\nX-Spam: no\r\n"

    assert verdicts(received + signed(MESSAGE)) == GOOD


def test_trace_fields_are_not_signed():
    message = joined([(b"Received", b"by mx"), *FIELDS, (b"Bcc", b"x@example.org")], BODY)

    assert not {"received", "bcc"} & set(tags(signed(message))["h"].split(":"))
    assert verdicts(signed(message).replace(b"Received: by mx\r\n", b"")) == GOOD


@pytest.mark.parametrize("changed", [BODY + b"more\r\n", BODY.replace(b"One", b"Two"), b"", b"x" + BODY])
def test_a_changed_body_is_noticed(changed):
    signatures = signed(MESSAGE).removesuffix(MESSAGE)

    assert verdicts(signatures + joined(FIELDS, changed)) == BAD


def test_of_fields_with_one_name_the_last_is_signed_first():
    message = joined([*FIELDS, (b"X-Note", b"one"), (b"X-Note", b"two")], BODY)
    swapped = message.replace(b"X-Note: one\r\nX-Note: two", b"X-Note: two\r\nX-Note: one")
    signatures = signed(message).removesuffix(message)

    assert verdicts(signatures + message) == GOOD
    assert verdicts(signatures + swapped) == BAD


@pytest.mark.parametrize("domain", [DOMAIN, f"{'a' * 60}.example.org", ".".join(["b" * 60] * 4)])
@pytest.mark.parametrize("selector", ["s", "papers202611-ed25519", "c" * 63])
def test_the_lines_of_a_signature_are_short_and_fold_where_any_receiver_unfolds(domain, selector):
    keys = [Key(selector, rsa().private), Key(f"{selector}2", ed25519().private)]
    more = [(b"X-" + b"n" * 60 + b"%d" % number, b"x") for number in range(9)]
    message = joined([*FIELDS, *more], BODY)

    finished = signed(message, Signer(domain, keys))

    lines = finished.removesuffix(message).split(b"\r\n")
    assert all(len(line) <= LINE or domain.encode() in line for line in lines)
    assert all(line == line.rstrip() for line in lines)
    assert verdicts(finished, domain, keys) == GOOD


def test_a_per_cent_sign_in_a_name_does_no_harm():
    assert verdicts(signed(joined([*FIELDS, (b"X-100%d", b"x")], BODY))) == GOOD


def test_utf_8_in_a_header_is_signed_as_it_is():
    fields = [
        (b"To", "José <josé@example.com>".encode()) if name == b"To" else (name, value) for name, value in FIELDS
    ]

    assert verdicts(signed(joined(fields, BODY))) == GOOD


# What dkimpy takes for a blank or a line end and RFC 6376 does not stays out: control characters.
WORD = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FFF, exclude_categories=["Cc", "Cs", "Zs"]), min_size=1
)
BLANK = st.sampled_from([b" ", b"  ", b"\t", b" \t ", b"\r\n ", b" \r\n\t", b"\r\n  "])
VALUE = st.lists(st.tuples(WORD.map(str.encode), BLANK), min_size=1, max_size=6).map(
    lambda pairs: b"".join(word + blank for word, blank in pairs).rstrip(b"\r\n") + b"end"
)
NAME = st.sampled_from([b"From", b"SUBJECT", b"to", b"List-Id", b"X-Other", b"x-other", b"Cc", b"Content-Type"])
PIECE = st.sampled_from([b"\r\n", b"\r\n\r\n", b" ", b"  ", b"\t", b"a", b"bc", b".", b"=20", "ü".encode()])
WHOLE = st.lists(PIECE, max_size=12).map(b"".join)


@given(st.lists(st.tuples(NAME, VALUE), max_size=8), WHOLE, st.sampled_from([b"", b"\r\n", b"x", b" \r\n\r\n"]))
def test_any_header_and_any_body_verifies(fields, body, end):
    # A blank at the very end is no case: every mail ends with a line end, and dkimpy leaves such a blank there.
    message = joined([*fields, (b"From", b"a@example.org")], body.rstrip(b" \t") + end)

    assert verdicts(signed(message)) == GOOD


@given(VALUE)
def test_a_value_that_is_folded_or_spaced_otherwise_keeps_its_signature(value):
    once = b" ".join(re.split(rb"[ \t\r\n]+", value))
    signatures = signed(joined([*FIELDS, (b"X-Other", value)], BODY)).partition(b"Date:")[0]

    assert verdicts(signatures + joined([*FIELDS, (b"x-other", once)], BODY)) == GOOD


@pytest.mark.parametrize(
    ("body", "canonical"),
    [
        (b"", b""),
        (b"\r\n", b""),
        (b"\r\n\r\n \r\n", b""),
        (b"a", b"a\r\n"),
        (b"a ", b"a\r\n"),
        (b" a\r\n", b" a\r\n"),
        (b"\ta\r\n", b" a\r\n"),
        (b"a  b \t c\r\n", b"a b c\r\n"),
        (b"a \r\nb\t\r\n", b"a\r\nb\r\n"),
        (b"a\r\n\r\n\r\n", b"a\r\n"),
        (b"\r\na\r\n", b"\r\na\r\n"),
        (b" C \r\nD \t E\r\n\r\n\r\n", b" C\r\nD E\r\n"),  # RFC 6376 section 3.4.5
        (b"a\x0b\x0cb\r\n", b"a\x0b\x0cb\r\n"),
    ],
)
def test_the_canonical_form_of_a_body(body, canonical):
    assert relaxed_body(body) == canonical
    assert relaxed_body(canonical) == canonical


@given(WHOLE)
def test_the_quick_look_at_a_body_finds_what_the_rule_finds(body):
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()

    assert relaxed_body(body) == b"".join(line + b"\r\n" for line in lines)


def test_a_body_in_canonical_form_is_not_copied():
    assert relaxed_body(BODY) is BODY


@pytest.mark.parametrize(
    ("value", "canonical"),
    [
        (b"X", b"X"),
        (b" Y\t\r\n\tZ  ", b"Y Z"),  # RFC 6376 section 3.4.5
        (b"", b""),
        (b"a\x0bb\x0c  c", b"a\x0bb\x0c c"),
        (b"a\x0b\r\n\t", b"a\x0b"),
        (b"\xc2\x85\xc2\xa0", b"\xc2\x85\xc2\xa0"),
    ],
)
def test_the_canonical_form_of_a_value(value, canonical):
    assert relaxed_values([b"before", value]) == [b"before", canonical]
