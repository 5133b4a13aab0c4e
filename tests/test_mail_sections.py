"""Which papers stand together."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mail_papers import digest, paper

from newsletter.mail.sections import arranged
from newsletter.mail.speech import speech
from newsletter.mail.story import Article, Story

ENGLISH = speech("en")


def stories(*interests):
    """One story for each interest, "" for none."""
    article = Article(paper(1), digest(1).date)
    return [Story(article, replace(article.paper, interests=(each,) if each else ())) for each in interests]


@pytest.mark.parametrize(
    ("interests", "cards", "told"),
    [
        ("ABABC", 5, [(0, ""), (1, "B"), (3, ""), (2, "More for you"), (4, "")]),
        ("ABCBC", 5, [(0, ""), (1, "B"), (3, ""), (2, "C"), (4, "")]),
        ("ABCBCBC", 5, [(0, ""), (1, "B"), (3, ""), (2, "C"), (4, ""), (5, ""), (6, "")]),
        ("ABBBB", 5, [(0, ""), (1, ""), (2, ""), (3, ""), (4, "")]),
        ("ABCDE", 5, [(0, ""), (1, ""), (2, ""), (3, ""), (4, "")]),
        ("A", 1, [(0, "")]),
        ("", 0, []),
    ],
)
def test_an_interest_with_several_papers_is_a_section(interests, cards, told):
    assert arranged(stories(*interests), cards, ENGLISH) == told


def test_a_paper_that_nothing_followed_brought_stands_with_the_rest():
    told = arranged(stories("A", "B", "", "B", ""), 5, ENGLISH)

    assert told == [(0, ""), (1, "B"), (3, ""), (2, "More for you"), (4, "")]


def test_a_long_or_hostile_interest_is_cut_and_cleaned():
    hostile = "x" * 60 + "\u202e\n"
    heading = arranged(stories("A", hostile, hostile, "C"), 4, ENGLISH)[1][1]

    assert len(heading) == 40
    assert heading.isprintable()


@given(st.lists(st.sampled_from(["", "A", "B", "C"]), max_size=20), st.integers(0, 20))
def test_each_story_is_told_once_and_the_lead_and_the_rows_stay(interests, cards):
    told = [place for place, _ in arranged(stories(*interests), cards, ENGLISH)]

    assert sorted(told) == list(range(len(interests)))
    assert told[:1] == list(range(len(interests)))[:1]
    assert told[max(cards, 1) :] == list(range(len(interests)))[max(cards, 1) :]
