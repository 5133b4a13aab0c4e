"""Fragments that are kept change nothing: a mail has the same bytes with them, without them, after any other."""

import threading
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mail_oracle import ODD, own
from mail_papers import digest, paper

from newsletter.errors import MessageError
from newsletter.mail import digest as digests
from newsletter.mail.setting import Stock
from newsletter.mail.story import Article, Story
from newsletter.mail.template import load_letter

SHIPPED = Path(__file__).parent.parent / "templates" / "email"
DAY = digest(0).date
ARTICLES = [Article(paper(number, title=f"Paper {number} é."), DAY) for number in range(1, 8)]
WHYS = ((), ("Matches your topic Vision",), ("Is close to “é”", "New"), ("x " * 90,))
STORIES = [
    Story(article, paper(1, reasons=why, topics=why[:1], trending=trending))
    for article in ARTICLES
    for why in WHYS
    for trending in (False, True)
]
LINK = st.sampled_from([("", ""), ("https://x.test/t/1.abc/", "3/up"), ("https://x.test/t/22.d'&c/", "14/down")])
PAPERS = st.lists(st.tuples(st.sampled_from(STORIES), LINK, LINK), max_size=11).map(
    lambda rows: [
        (story, number, more, less, bool(more[0]) + 2 * bool(less[0]))
        for number, (story, more, less) in enumerate(rows, 1)
    ]
)
LETTERS = [load_letter("digest", [SHIPPED]), *(own(source, source) for source in ODD)]


def made(letter, papers, name, budget, stock):
    content = digest(0, reader_name=name, to_email=f"{name}@example.org")
    try:
        found = digests.make(letter, content, papers, budget, stock)
    except MessageError as error:
        return str(error)
    return found.subject, b"".join(found.html), b"".join(found.text), found.plan


@pytest.fixture(scope="module")
def stock():
    """One for all tests of this file: it is full of what others had."""
    return Stock()


@given(st.sampled_from(LETTERS), PAPERS, st.text("ab <é&", max_size=8), st.sampled_from([10**9, 30_000]))
def test_kept_fragments_change_no_byte(stock, letter, papers, name, budget):
    once = made(letter, papers, name, budget, stock)

    assert once == made(letter, papers, name, budget, Stock(0))
    assert once == made(letter, papers, name, budget, stock)
    assert once == made(letter, papers, name, budget, Stock(30_000))


def test_nothing_of_one_reader_is_in_the_mail_of_another(stock):
    papers = [(story, number, ("", ""), ("", ""), "", 0) for number, story in enumerate(STORIES[:9], 1)]
    for letter in LETTERS:
        for one, other in pairwise(("Aaaaaada", "Bbbbbbob", "Cccccccy")):
            made(letter, papers, one, 10**9, stock)
            subject, html, text, _ = made(letter, papers, other, 10**9, stock)

            assert one.encode() not in subject.encode() + html + text


def test_several_threads_may_fill_in_at_once():
    stock, wrong = Stock(60_000), []
    papers = [
        [(story, n, ("", ""), ("", ""), "", 0) for n, story in enumerate(STORIES[s : s + 9], 1)] for s in range(30)
    ]
    expected = [made(LETTERS[0], each, "Ada", 10**9, Stock(0)) for each in papers]

    def work(first):
        for turn in range(60):
            at = (first + turn * 7) % len(papers)
            if made(LETTERS[0], papers[at], "Ada", 10**9, stock) != expected[at]:
                wrong.append(at)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
