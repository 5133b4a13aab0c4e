"""Words, stems and terms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.ranking import text


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Networks", "network"),
        ("studies", "study"),
        ("biases", "biase"),
        ("bias", "bias"),
        ("gas", "gas"),
        ("classes", "class"),
        ("boxes", "box"),
        ("analysis", "analysis"),
        ("Müller", "muller"),
    ],
)
def test_a_plural_and_its_singular_have_one_stem(word, expected):
    assert text.stem(word) == expected


def test_hyphens_and_slashes_part_words_and_addresses_say_nothing():
    assert text.words("state-space/model at https://robots.example.org/x www.robots.org C++") == [
        "state",
        "space",
        "model",
        "at",
        "C++",
    ]


def test_an_acronym_matches_only_capitals():
    found = text.index([("A rag doll", ""), ("RAGs for LLMs", "the RAG"), ("rag", "RAG")], [text.term("RAG")])

    assert list(zip(found.paper, found.title, found.body, strict=True)) == [(1, 1.0, 1.0), (2, 0.0, 1.0)]


def test_a_phrase_is_found_whatever_its_hyphens_case_and_number():
    term = text.term("graph neural network")

    found = text.index([("Graph-Neural Networks", "graph of neural networks; graph neural network")], [term])

    assert (found.title.tolist(), found.body.tolist()) == ([1.0], [1.0])


def test_a_term_in_every_paper_is_worth_less_than_a_rare_one_but_never_nothing():
    rare, common = text.rarity(np.array([1, 100]), 100)

    assert rare > 0.8
    assert 0.4 <= common < 0.41


def test_no_terms_and_no_papers_give_an_empty_index():
    assert text.index([], []).papers == 0
    assert text.index([("a", "b")], [()]).terms == ()


@given(st.text())
def test_any_text_can_be_cut_into_words_and_terms(anything):
    assert all(text.stem(word) for word in text.words(anything))
    assert len(text.term(anything)) <= text.LONGEST_TERM


@given(st.lists(st.sampled_from(["graph", "neural", "network", "RAG"]), max_size=12))
def test_counting_finds_a_word_as_often_as_it_stands(written):
    term = text.term("network")

    found = text.index([("", " ".join(written))], [term])

    assert found.body.sum() == written.count("network")
