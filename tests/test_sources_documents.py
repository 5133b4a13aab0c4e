"""What is refused before any parser sees it, and how bytes become text."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import SourceRefused
from newsletter.sources.documents import DEEPEST, about, decoded, json_document, xml_text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"[NaN]", "NaN is no number of JSON"),
        (b"[-Infinity]", "-Infinity is no number"),
        (b"[" * 1_000_000, "nested too deeply"),
        (b"<html>", "XML or a web page"),
        ("<html>", "XML or a web page"),
        (b"", "Expecting value"),
        (b"\xff\xff\xff", "is not valid JSON"),
        (b"1" * 10_000, "is not valid JSON"),
    ],
)
def test_json_that_cannot_be_used_is_refused_in_words(body, words):
    with pytest.raises(SourceRefused, match=words):
        json_document(body)


def test_usable_json_is_read():
    assert json_document('\ufeff{"a": [1]}'.encode()) == {"a": [1]}


@pytest.mark.parametrize(
    ("body", "charset", "text"),
    [
        ("é".encode(), "iso-8859-1", "é"),
        ("é".encode("latin-1"), "ISO-8859-1", "é"),
        (b"\x93q\x94", "us-ascii", "“q”"),
        (
            '<?xml version="1.0" encoding="koi8-r"?>я'.encode("koi8-r"),
            "",
            '<?xml version="1.0" encoding="koi8-r"?>я',
        ),
        ("<a>日本</a>".encode("iso2022_jp"), "iso-2022-jp", "<a>日本</a>"),
        ("<a>é</a>".encode("utf-16"), "", "<a>é</a>"),
        ("<a>é</a>".encode("utf-16-be"), "", "<a>é</a>"),
        ("\ufeff<a/>".encode("utf-32-le"), "", "<a/>"),
        (b"\xef\xbb\xbf<a/>", "koi8-r", "<a/>"),
        (b"\xff\xfe\x00", "", "\ufffd\ufffd\x00"),
        (b"\xff", "punycode", "\ufffd"),
        (b"\xff", "no such\0charset", "\ufffd"),
        (b"\xff", "utf-8", "\ufffd"),
    ],
)
def test_text_is_decoded_by_what_it_is_before_what_is_said(body, charset, text):
    assert decoded(body, charset) == text


@given(st.binary(max_size=300), st.text(max_size=12))
def test_any_bytes_are_decoded(body, charset):
    assert isinstance(decoded(body, charset), str)


@pytest.mark.parametrize(
    "prolog",
    [
        '<!DOCTYPE rss [<!ENTITY a "b">]>',
        '<?xml version="1.0"?>\n<!-- words -->\n<!doctype rss SYSTEM "file:///etc/passwd">',
        "<!-- <rss> --><?x <rss> ?><!DOCTYPE rss>",
        '<!ENTITY a "b">',
        "garbage <![CDATA[<rss>]]> <!DOCTYPE rss>",
        '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "x" [<!ENTITY a "b">]>',
    ],
)
def test_a_document_type_in_the_prolog_is_refused(prolog):
    with pytest.raises(SourceRefused, match="document type declaration"):
        xml_text(f"{prolog}<rss/>".encode())


def test_a_web_page_in_place_of_a_feed_is_called_that():
    with pytest.raises(SourceRefused, match="is a web page, not a feed"):
        xml_text(b"<!DOCTYPE html><html></html>")


def test_the_words_doctype_in_a_text_are_no_document_type():
    written = b"<rss><item><description><![CDATA[ <!DOCTYPE ]]></description></item></rss>"
    assert xml_text(written) == written.decode()
    assert xml_text(b"<!-- never ends <!DOCTYPE rss>") == "<!-- never ends <!DOCTYPE rss>"


def test_the_document_type_of_1999_is_taken_off():
    written = '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.example/x.dtd"><rss/>'
    assert xml_text(written.encode()) == "<rss/>"


def test_what_xml_forbids_is_taken_out():
    assert xml_text(b'<?xml version="1.0"?><a>\x00b\x0c&#' + b"9" * 5000 + b";</a>") == "<a>b</a>"


@pytest.mark.parametrize("closed", [True, False])
def test_a_million_nested_elements_are_refused(closed):
    with pytest.raises(SourceRefused, match=f"more than {DEEPEST} elements"):
        xml_text(b"<a>" * 1_000_000 + (b"</a>" * 1_000_000 if closed else b""))


def test_broken_xml_is_left_to_the_tolerant_parser():
    assert xml_text(b"<a><b></a>") == "<a><b></a>"


@given(st.text(alphabet="<>!?/-[] \nabDOCTYPErssENTITY\"'&;", max_size=200))
def test_no_prolog_breaks_the_guard(written):
    with suppress(SourceRefused):
        assert isinstance(xml_text(written.encode()), str)


def test_refusals_are_told_with_the_name_of_the_thing():
    with pytest.raises(SourceRefused, match=r"^papers\.json is broken$"), about("papers.json"):
        raise SourceRefused("is broken")
