"""What becomes of the texts, links, dates and numbers that upstreams write."""

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sources import clean
from newsletter.sources.clean import TAG, TRICKS


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("Large Multimodal\n  Models", "Large Multimodal Models"),
        ("<p>First.</p><p>Second &amp; last.</p>", "First. Second & last."),
        ("H<sub>2</sub>O and <jats:italic>E. coli</jats:italic>", "H2O and E. coli"),
        ("<jats:title>Abstract</jats:title><jats:p>We</jats:p>", "Abstract We"),
        ("<script>steal()</script>safe<style>p{}</style><!-- hidden --> text", "safe text"),
        ("<script>never closed", ""),
        ("AT&amp;T &lt; 3", "AT&T < 3"),
        ("x<y and z>w, $p<0.05$", "x<y and z>w, $p<0.05$"),
        ('<x-card onclick="f()">card</x-card>', "card</x-card>"),
        ("<s<b>cript>alert(1)</s<b>cript>", "script>alert(1) /script>"),
        ("a\u202egnp\u200b.exe\ufeff", "agnp.exe"),
        ("in\u200dvisible", "invisible"),
        (
            "\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
        ("\U0001f469\u200d\U0001f52c works", "\U0001f469\u200d\U0001f52c works"),
        ("Schro\u0308dinger", "Schr\u00f6dinger"),
        ("z" + "\u0316" * 50, "z" + "\u0316" * 4),
        ("bell\x07 and nul\x00", "bell and nul"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("&#" + "9" * 6000 + ";end", "end"),
        (None, ""),
        (17, ""),
    ],
)
def test_text_is_one_plain_line(written, plain):
    assert clean.text(written) == plain


def test_longer_texts_are_cut_with_an_ellipsis():
    assert clean.text("word " * 1000, 12) == "word word w…"
    assert len(clean.text("x" * 2_000_000, clean.ABSTRACT)) == clean.ABSTRACT


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("<>/&;! \n-bpscript\u202e\u200d\u0301"))))
def test_any_text_becomes_one_clean_line(written):
    plain = clean.text(written)
    assert plain == " ".join(plain.split())
    assert not TRICKS.search(plain)
    assert not TAG.search(plain)
    assert unicodedata.is_normalized("NFC", plain)
    assert len(plain) <= clean.TITLE
    plain.encode("utf-8")


@pytest.mark.parametrize(
    "unit", ["<!--", "<script>", "<a ", "<", "&", "<b>", "e\u0301", "\u0316\u0301", "<!x", "a:", "<a:"]
)
def test_hostile_repetition_is_read_to_its_end(unit):
    assert len(clean.text(unit * 50_000, clean.ABSTRACT)) <= clean.ABSTRACT


@pytest.mark.parametrize(
    ("written", "url"),
    [
        (" https://a.example/x?y=1#z ", "https://a.example/x?y=1#z"),
        ("HTTP://a.example", "http://a.example"),
        ("https://münchen.example/ü", "https://münchen.example/ü"),
        ("javascript:alert(1)", ""),
        ("https://arxiv.org@evil.example/", ""),
        ("https://good.example\\@evil.example/", ""),
        ("https://a.example/\u202efdp", ""),
        ("https://a.example/a b", ""),
        ('https://a.example/"onclick=', ""),
        ("https:///path", ""),
        ("https://[::1", ""),
        ("//a.example/", ""),
        ("https://a.example/" + "x" * 3000, ""),
        (None, ""),
    ],
)
def test_links_lead_to_the_web_or_nowhere(written, url):
    assert clean.link(written) == url


@given(st.text(), st.sampled_from(["", "http://", "https://a.example/", "HTTPS://"]))
def test_no_text_makes_a_link_of_another_scheme(written, start):
    assert not (url := clean.link(start + written)) or url.startswith(("http://", "https://"))


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-03-02T01:18:40.635Z", datetime(2026, 3, 2, 1, 18, 40, 635000, UTC)),
        ("2025-08-20T00:00:00-04:00", datetime(2025, 8, 20, 4, tzinfo=UTC)),
        ("2026-6-3", datetime(2026, 6, 3, tzinfo=UTC)),
        ("2026-6-30T10:00:00", datetime(2026, 6, 30, 10, tzinfo=UTC)),
        ("Tue, 03 Mar 2026 09:00:00 +0100", datetime(2026, 3, 3, 8, tzinfo=UTC)),
        ("Tue, 03 Mar 2026 09:00:00", datetime(2026, 3, 3, 9, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("2026-13-45", None),
        ("soon", None),
        ("1" * 200, None),
        (1772500000, None),
        (None, None),
    ],
)
def test_dates_are_read_in_both_ways_of_writing(written, moment):
    assert clean.moment(written) == moment


@given(st.text(alphabet="0123456789-:TZ+., MonJan", max_size=40))
def test_no_date_breaks_the_reader(written):
    moment = clean.moment(written)
    assert moment is None or moment.utcoffset() == datetime.now(UTC).utcoffset()


@pytest.mark.parametrize(
    ("written", "number"),
    [(0, 0), (7, 7), (-1, None), (True, None), ("7", None), (7.5, None), (2**40, None), (None, None)],
)
def test_a_count_is_a_plain_number_or_unknown(written, number):
    assert clean.count(written) == number


def test_many_authors_are_counted_and_the_first_kept():
    names, author_count = clean.authors([*(f"Author {number}" for number in range(664)), "", None])
    assert (len(names), author_count, names[0]) == (200, 664, "Author 0")


def test_texts_are_different_and_not_too_many():
    assert clean.texts(["b", "a", " b ", "", 3, "c"], 2) == ("b", "a")
