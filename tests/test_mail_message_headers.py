"""Words, addresses and URLs in the header of a message as it travels: whole, legal, or refused."""

import email
import re
from dataclasses import replace
from email import policy

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mail_wire import (
    CONTENT,
    HEAD,
    assert_bare,
    assert_legal,
    decoded,
    field,
    header_and_body,
    parsed,
    phrase,
    wire,
)

from newsletter.errors import MessageError
from newsletter.mail.message import assemble
from newsletter.mail.words import clean

ANY = st.text(st.characters(codec=None), max_size=120)
WORDS = st.one_of(ANY, st.text('aé =?_"\\,()<>@.\u202e', max_size=200))
SCRIPTS = (
    "Графовые нейронные сети для катализаторов и предсказания свойств молекул: подробное сравнение",
    "图神经网络在材料科学中的应用与展望一项综合研究附带大量实验结果和详细分析以及对未来的展望和讨论",
    "الشبكات العصبية البيانية",
    "グラフニューラルネットワーク",
    "ग्राफ न्यूरल नेटवर्क",
    "Ünïcödé with 👩‍🔬 and ∑xᵢ²",
    'Quotes "here", commas, (brackets) \\ and a <tag>',
    "=?utf-8?q?not_for_decoding?=",
    "a" * 300,
    "word " * 60,
)


# Words in headers


@pytest.mark.parametrize("words", SCRIPTS)
def test_a_subject_of_any_script_comes_back(words):
    written = wire(subject=words)
    assert_legal(written)
    assert decoded(written, "Subject") == words.strip()
    assert parsed(written)["Subject"] == words.strip()


@pytest.mark.parametrize("words", SCRIPTS)
def test_a_name_of_any_script_comes_back_beside_an_untouched_address(words):
    written = wire(replace(HEAD, title=words), to_name=words)
    assert_legal(written)
    assert_bare(written)
    message = parsed(written)
    for name, address in (("From", HEAD.sender), ("To", CONTENT.to)):
        assert phrase(written, name) == words.strip()
        assert [found.addr_spec for found in message[name].addresses] == [address]
    assert phrase(written, "List-Id") == words.strip()
    assert field(written, "List-Id").endswith(b" <digest.papers.example.org>")


def test_plain_words_are_not_encoded():
    assert field(wire(to_name="Ada O'Neil-Smith 3"), "To") == b"Ada O'Neil-Smith 3 <ada@example.net>"
    assert field(wire(to_name='J. "Jo" Doe, \\'), "To") == b'"J. \\"Jo\\" Doe, \\\\" <ada@example.net>'


def test_without_a_name_the_address_stands_alone():
    assert field(wire(to_name=" "), "To") == b"<ada@example.net>"
    assert field(wire(replace(HEAD, title="")), "List-Id") == b"<digest.papers.example.org>"


@pytest.mark.parametrize("broken", ["a\rb", "a\nb", "a\r\nBcc: eve@example.org", "a\0b", "a\ud800b"])
@pytest.mark.parametrize(
    "name",
    [
        "to_name",
        "to",
        "subject",
        "message_id",
        "unsubscribe_url",
        "unsubscribe_mailto",
        "title",
        "sender",
        "home",
        "archive",
    ],
)
def test_nothing_breaks_out_of_its_field(name, broken):
    head, content = HEAD, CONTENT
    if hasattr(HEAD, name):
        head = replace(HEAD, **{name: broken})
    else:
        content = CONTENT._replace(**{name: broken})
    with pytest.raises(MessageError, match=r"\w: '"):
        assemble(head, content)


@pytest.mark.parametrize("name", ["subject", "to_name"])
def test_an_encoded_word_in_a_title_adds_no_header(name):
    hidden = "=?utf-8?q?a=0D=0ABcc:_eve=40example.org?="
    written = wire(**{name: hidden})
    assert_legal(written)
    assert parsed(written)["Bcc"] is None
    assert parsed(written)["Subject" if name == "subject" else "To"].startswith((hidden, f'"{hidden}'))


def test_hidden_and_reordering_characters_leave_the_subject():
    assert decoded(wire(subject="\u202eevil\u202c\u2066 a\u2028b\tc\u200b\x85d "), "Subject") == "evil a b c d"


@given(WORDS)
@example("é" + " " * 80 + "é")
@example("\u0301" * 80)
def test_any_subject_comes_back_clean_or_is_refused(words):
    try:
        written = wire(subject=words)
    except MessageError:
        assert re.search("[\0\r\n\ud800-\udfff]", words)
        return
    assert_legal(written)
    assert decoded(written, "Subject") == clean(words)


@given(WORDS)
@example('"' * 60)
@example("\\" * 70)
def test_any_name_comes_back_clean_or_is_refused(words):
    try:
        written = wire(replace(HEAD, title=words), to_name=words)
    except MessageError:
        assert re.search("[\0\r\n\ud800-\udfff]", words)
        return
    assert_legal(written)
    assert_bare(written)
    for name in ("From", "To", "List-Id"):
        assert phrase(written, name) == clean(words)


# URLs and identifiers in headers


@pytest.mark.parametrize("length", [200, 600, 950])
def test_a_long_unsubscribe_url_stays_in_one_piece(length):
    url = "https://example.org/u/" + "a-_.~%2F?&=+0" * 80
    written = wire(unsubscribe_url=url[:length])
    assert_legal(written)
    assert f"<{url[:length]}>".encode() in written
    assert f"List-Unsubscribe: <{url[:20]}".encode() in written


def test_a_url_longer_than_a_line_may_be_is_refused():
    with pytest.raises(MessageError, match=r"List-Unsubscribe: .* is a line of 1031 bytes; .* 998: shorten"):
        wire(unsubscribe_url="https://example.org/" + "a" * 990)


def test_a_url_is_percent_encoded_only_where_no_url_may_be_raw():
    head = replace(HEAD, home="https://example.org/ü b>?q=<x>&y=%20#z", archive="https://[::1]:8080/a(b)~c'd*e")
    written = assemble(head, CONTENT)
    assert field(written, "List-Help") == b"<https://example.org/%C3%BC%20b%3E?q=%3Cx%3E&y=%20#z>"
    assert field(written, "List-Archive") == b"<https://[::1]:8080/a(b)~c'd*e>"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "@example.org",
        "ada@",
        "a b@x.org",
        "ada@exämple.org",
        "a@b@c",
        "a,b@x.org",
        "<a@x.org>",
        "a@x.org>",
        '"a"@x.org',
    ],
)
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(MessageError, match=r"To: .* is not a plain address"):
        wire(to=address)
    with pytest.raises(MessageError, match=r"From: .* is not a plain address"):
        wire(replace(HEAD, sender=address))


@pytest.mark.parametrize(
    "address", ["o'neil+tag@example.org", "a.b=c/d!e@xn--exmple-cua.org", "papers@localhost", "x" * 64 + "@x.org"]
)
def test_a_plain_address_stands_as_it_is(address):
    written = wire(to=address)
    assert_legal(written)
    assert [found.addr_spec for found in parsed(written)["To"].addresses] == [address]
    assert field(written, "To").endswith(f"<{address}>".encode())


@pytest.mark.parametrize("message_id", ["", "a@b", "<a>", "<a b@c>", "<é@c>", "<a@b>, <c@d>", "<<a@b>>"])
def test_a_message_id_that_is_none_is_refused(message_id):
    with pytest.raises(MessageError, match=r"Message-ID: .* is none"):
        wire(message_id=message_id)


def test_a_utf8_local_part_makes_a_utf8_header():
    head = replace(HEAD, title="Ünïcödé")
    written = wire(head, to="josé@xn--exmple-cua.org", to_name="José, der Große", subject="Größe")
    assert_legal(written)
    assert field(written, "To") == '"José, der Große" <josé@xn--exmple-cua.org>'.encode()
    assert field(written, "From") == '"Ünïcödé" <papers@example.org>'.encode()
    assert field(written, "Subject") == "Größe".encode()
    text = header_and_body(written)[0].decode()
    assert email.message_from_string(text, policy=policy.default)["To"].addresses[0].username == "josé"


def test_with_a_utf8_sender_every_uri_is_still_ascii():
    written = wire(
        replace(HEAD, sender="новости@example.org"), unsubscribe_mailto="mailto:новости@example.org?subject=x"
    )
    assert field(wire(replace(HEAD, sender="новости@example.org"), subject="Größe"), "Subject") == "Größe".encode()
    assert_legal(written)
    percent = b"%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8@example.org"
    assert field(written, "List-Owner") == b"<mailto:" + percent + b">"
    assert field(written, "List-Unsubscribe").endswith(b"<mailto:" + percent + b"?subject=x>")
    assert field(written, "List-Id").endswith(b"<digest.list.example.org>")


def test_a_word_longer_than_a_line_is_encoded():
    assert max(map(len, wire(subject="a" * 300).split(b"\r\n"))) <= 78
    assert field(wire(subject="a" * 60), "Subject") == b"a" * 60


def test_a_long_subject_without_blanks_beside_a_utf8_address_is_encoded():
    written = wire(to="josé@example.org", subject="图" * 100)
    assert_legal(written)
    assert decoded(written, "Subject") == "图" * 100


@pytest.mark.parametrize(
    ("sender", "identifier"),
    [
        ("Papers@Example.ORG", b"digest.papers.example.org"),
        ("news+papers@example.org", b"digest.news-papers.example.org"),
        ("news.daily_x@example.org", b"digest.news.daily-x.example.org"),
        ("+@example.org", b"digest.list.example.org"),
    ],
)
def test_the_list_id_is_stable_and_plain(sender, identifier):
    written = wire(replace(HEAD, sender=sender, title="Any, title"))
    assert field(written, "List-Id") == b'"Any, title" <' + identifier + b">"


@pytest.mark.parametrize("domain", ["a.b", "example.org", "a-very-long-name-of-a-domain.example.org"])
def test_the_feedback_id_has_four_fields_and_a_sender_of_five_to_fifteen(domain):
    written = wire(replace(HEAD, sender=f"papers@{domain}"), period="event:7", letter="confirm:é")
    issue, letter, kind, sender = field(written, "Feedback-ID").decode().split(":")
    assert (issue, letter, kind) == ("event-7", "confirm-", "list")
    assert 5 <= len(sender) <= 15
    assert CONTENT.to not in field(written, "Feedback-ID").decode()
