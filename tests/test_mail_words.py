"""Words about facts: cleaned, cut, counted, dated, wrapped, and safe to show."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.mail import words


def test_controls_reordering_and_hidden_characters_are_gone():
    assert words.clean(" a\x00b\r\nc\u202edcba\u2066\u200b\ud800e\ufeff\u00a0f ") == "a b cdcbae f"


def test_joiners_stay_for_persian_and_emoji():
    assert words.clean("می\u200cخواهم 👩\u200d🔬") == "می\u200cخواهم 👩\u200d🔬"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//x.test/a",
        "ftp://x.test",
        "https://",
        "https:///path",
        "https://bank.test@evil.test/",
        "https://x.test/a b",
        "https://x.test/\r\nBcc: a@b.c",
        'https://x.test/"onclick="x',
        "https://x.test/<script>",
        "https://x.test\\@evil.test",
        "https://x.test/\u202egnp.exe",
        "https://x.test/" + "a" * 2_000,
        "",
    ],
)
def test_what_is_no_web_address_becomes_nothing(url):
    assert not words.link(url)


@pytest.mark.parametrize(
    "url", ["https://x.test", "HTTP://x.test/a?b=c&d=%20#e", "https://x.test:8/a'b", "https://bücher.test/ä"]
)
def test_web_addresses_pass_as_they_are(url):
    assert words.link(url) == url


def test_a_cut_ends_at_a_word_where_one_is_near():
    assert words.cut("one two three four", 12) == "one two…"
    assert words.cut("abcdefghijklmno", 8) == "abcdefg…"
    assert words.cut("short", 8) == "short"
    assert words.cut("anything", 0) == ""


def test_a_cut_never_splits_a_joined_character():
    assert words.cut("ab 👩\u200d🔬 and more", 5) == "ab…"
    assert words.cut("abcde\u0301fgh", 6) == "abcd…"


@given(st.text(), st.integers(min_value=0, max_value=60))
def test_a_cut_is_never_longer_than_asked(text, limit):
    assert len(words.cut(text, limit)) <= max(limit, 0) or len(text) <= limit


def test_sentences_are_whole():
    text = "We follow Smith et al. In short, e.g. Fig. 2 shows it. A second one. A third that does not fit."
    assert words.sentences(text, 70) == "We follow Smith et al. In short, e.g. Fig. 2 shows it. A second one."


def test_a_first_sentence_that_is_far_too_long_is_cut():
    told = words.sentences("word " * 100, 60)
    assert told.endswith("word…")
    assert len(told) <= 60


def test_chinese_sentences_end_without_blanks():
    assert words.sentences("这是第一句。这是第二句。这是第三句。", 13) == "这是第一句。这是第二句。"


def test_no_room_or_no_text_means_no_sentence():
    assert words.sentences("Something.", 0) == words.sentences(" \n ", 100) == ""


@given(st.text(), st.integers(min_value=1, max_value=400))
def test_sentences_never_take_much_more_room_than_asked(text, limit):
    assert len(words.sentences(text, limit)) <= limit * 1.25


def test_lists_read_as_people_write_them():
    assert words.listed([]) == ""
    assert words.listed(["A"]) == "A"
    assert words.listed(["A", "B"]) == "A and B"
    assert words.listed(["A", "B", "C"]) == "A, B and C"
    assert words.listed(list("ABCDE"), rest="more topics") == "A, B, C and 2 more topics"


def test_counts_agree_with_their_nouns():
    assert [words.counted(n, "paper") for n in (0, 1, 2, 1280)] == [
        "0 papers",
        "1 paper",
        "2 papers",
        "1,280 papers",
    ]
    assert [words.number_word(n) for n in (1, 12, 13, 4000)] == ["one", "twelve", "13", "4,000"]


def test_dates_are_words_of_no_locale():
    day = dt.date(2026, 4, 3)
    assert words.long_date(day) == "Friday, 3 April 2026"
    assert words.short_date(day, dt.date(2026, 12, 1)) == "3 Apr"
    assert words.short_date(day, dt.date(2027, 1, 1)) == "3 Apr 2026"


def test_a_sparkline_runs_from_least_to_most():
    assert words.sparkline((0, 3, 6)) == "▁▄▇"
    assert words.sparkline((9, *range(0, 80, 10))) == "▁▁▂▃▄▅▆▇"


def test_a_flat_or_single_history_draws_nothing():
    assert words.sparkline(()) == words.sparkline((5,)) == words.sparkline((5, 5, 5)) == ""


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("SALMONN: Towards Generic Hearing Abilities", "SALMONN"),
        ("Deep Residual Learning for Image Recognition", "Deep Residual Learning"),
        ("Attention Is All You Need", "Attention Is All You Need"),
        ("Multiview Aerial Visual Recognition (MAVREC): Can It Help?", "MAVREC"),
        ("The Lottery Ticket Hypothesis of Very Sparse Networks", "Lottery Ticket Hypothesis"),
        ("Supercalifragilisticexpialidocious", "Supercalifragilisticexpialid…"),
        ("Is It Enough? A Study", "Is It Enough"),
    ],
)
def test_a_short_name_is_what_people_would_call_it(title, name):
    assert words.short_name(title, 29) == name


def test_junk_filters_words_are_known():
    assert words.spammy("Win a free prize")
    assert words.spammy("Only $5!")
    assert words.spammy("LOOK AT THIS PAPER NOW")
    assert not words.spammy("Training-free guidance, model-free control and BERT")


def test_lines_are_filled_to_their_columns():
    assert words.fill("one two three", first="- ", width=9) == "- one two\n  three"
    assert words.fill("", first="- ") == "-"


def test_wide_characters_count_twice_and_combining_ones_not():
    assert words.columns("ab漢字e\u0301") == 7
    assert words.fill("漢" * 8, width=8) == "漢漢漢漢\n漢漢漢漢"


def test_a_url_is_never_broken():
    url = "https://x.test/" + "a" * 80
    assert words.fill(f"see {url} there", first="  ") == f"  see\n  {url}\n  there"


@given(st.text(), st.sampled_from(["", "    ", "10. "]))
def test_no_line_is_wider_than_72_columns_unless_it_is_a_url(text, first):
    for line in words.fill(text, first=first).split("\n"):
        assert words.columns(line) <= 72 or "://" in line
        assert line == line.rstrip()


def test_a_text_part_is_sent_without_loose_ends():
    assert words.tidy("\n\na  \n\n\n\nb\n c\n\n") == "a\n\nb\n c\n"
    assert words.tidy("") == "\n"
