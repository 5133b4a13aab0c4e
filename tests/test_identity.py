"""Which entries are the same paper."""

from hypothesis import given
from hypothesis import strategies as st
from world import entry

from newsletter import identity


def test_the_title_alone_is_the_key_of_last_resort():
    assert identity.keys(entry("X", arxiv_id="")) == [identity.title_key("X")]


def test_a_doi_is_compared_without_case():
    assert identity.keys(entry("X", arxiv_id="", doi="10.1/AbC"))[0] == "doi:10.1/abc"


def test_a_doi_longer_than_any_real_one_is_no_key():
    assert len(identity.keys(entry("X", arxiv_id="", doi="10.1/" + "x" * 400))) == 1


def test_titles_are_one_whatever_their_case_accents_and_punctuation():
    assert identity.title_key("Schrödinger's  Cat: alive?") == identity.title_key("SCHRODINGER S CAT — ALIVE")


@given(st.text(min_size=1))
def test_a_title_key_fits_its_column_and_is_the_same_each_time(title):
    assert identity.title_key(title) == identity.title_key(f"  {title} ")
    assert len(identity.title_key(title)) == 38
