"""What papers are made of: fitted, stored, and asked, whatever the texts are."""

import numpy as np
import pool
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from newsletter.profiles import text
from newsletter.ranking import archive
from newsletter.ranking.archive import Archive, joined
from newsletter.ranking.interests import from_topic

SMALL = [
    ("Graph neural networks", "Message passing on graphs."),
    ("Graphs of molecules", "A neural network passes messages on graphs."),
    ("Quantum codes", "Error correction of quantum codes."),
    ("Codes that correct quantum errors", "Quantum error correction."),
]
STRANGE = {
    "empty": ("", ""),
    "blank": (" \n\t ", "\x00\x0b"),
    "only common words": ("The", "of it and with this"),
    "TeX": (r"$\mathcal{O}(n^{2})$ \textbf{codes}", r"\begin{equation}\alpha_{i}^{2}\end{equation} " * 50),
    "Chinese": ("深度学习", "图神经网络的深度学习方法。" * 50),
    "Arabic": ("التعلم العميق", "الشبكات العصبية " * 50),
    "emoji": ("\U0001f9e0\U0001f525", "\U0001f469‍\U0001f52c" * 50),
    "digits": ("12345", "0.1 1e9 " * 50),
    "a million letters": ("a" * 1_000_000, "b" * 1_000_000),
    "many words": ("graph " * 20_000, "quantum " * 100_000),
}


@pytest.fixture(scope="module")
def small():
    return archive.fit(SMALL, ["a", "b", "c", "d"])


def finite(encoded):
    return bool(np.isfinite(encoded.latent).all() and np.isfinite(encoded.lexical.data).all())


def test_what_is_stored_and_read_again_finds_the_same_papers_near():
    fitted, texts = pool.sample_archive(), [text(each) for each in pool.sample()]

    again = Archive.from_bytes(fitted.to_bytes())

    assert (again.version, again.read, again.terms, again.keys) == (
        fitted.version,
        fitted.read,
        fitted.terms,
        fitted.keys,
    )
    before = fitted.encode(texts[:9]).nearness(fitted.papers)
    assert_allclose(again.encode(texts[:9]).nearness(again.papers), before, atol=0.5)  # of up to 80: 16-bit floats


def test_what_is_no_stored_archive_is_refused():
    with pytest.raises(ValueError, match=r"pickle|allow"):
        Archive.from_bytes(b"not an archive")


def test_equal_papers_make_an_equal_archive_and_others_or_another_order_another():
    one, same, turned = archive.fit(SMALL), archive.fit(list(SMALL)), archive.fit(SMALL[::-1])

    assert one.version == same.version != turned.version
    assert one.to_bytes() == same.to_bytes()
    assert archive.fit(SMALL[:3]).version not in {one.version, turned.version}


def test_a_paper_is_nearest_to_itself():
    papers = pool.sample_archive().papers

    near = papers.nearness(papers)

    assert_array_equal(near.argmax(axis=1), np.arange(len(papers)))


def test_a_papers_own_vector_is_the_archives():
    fitted = pool.sample_archive()

    again = fitted.encode([text(each) for each in pool.sample()])

    assert_allclose(again.latent, fitted.papers.latent, atol=1e-3)
    assert_allclose((again.lexical - fitted.papers.lexical).toarray(), 0, atol=1e-4)


@pytest.mark.parametrize(
    ("topic", "word"),
    [("Graphs", "graph"), ("Speech and audio", "speech"), ("Compression and quantization", "quanti")],
)
def test_the_words_of_a_topic_are_nearer_to_its_papers_than_to_others(topic, word):
    fitted, found = pool.sample_archive(), pool.catalogue()

    near = fitted.fold([from_topic(found.find(topic), found).terms]).nearness(fitted.papers)[0]

    of_topic = np.array([word in each.title.casefold() for each in pool.sample()])
    assert of_topic.any()
    assert near[of_topic].mean() > near[~of_topic].mean() + near.std()


def test_a_subject_that_no_paper_has_is_near_to_none(small):
    near = small.fold([{("volcano",): 1.0}, {}]).nearness(small.papers)

    assert_array_equal(near, 0)


def test_rows_are_taken_joined_and_mixed_as_they_stand(small):
    papers = small.encode(SMALL)
    turned = papers.take([3, 0])
    both = joined([turned, papers.take([1])])
    mixed = papers.mean(np.array([[0.5, 0.5, 0, 0]], dtype=np.float32))

    near = papers.nearness(papers)

    assert_allclose(both.nearness(papers), near[[3, 0, 1]], atol=1e-4)
    assert_allclose(mixed.nearness(papers), (near[[0]] + near[[1]]) / 2, atol=1e-4)
    assert [len(turned), len(both), len(mixed), len(papers.take([]))] == [2, 3, 1, 0]


def test_meanings_are_joined_only_where_all_have_them(small):
    plain = small.encode(SMALL[:1])
    meant = archive.Encoded(plain.lexical, plain.latent, np.ones((1, 2), dtype=np.float32))

    assert joined([meant, meant]).semantic.shape == (2, 2)
    assert joined([meant, plain]).semantic is None
    assert_allclose(meant.nearness(meant), plain.nearness(plain) + 2, atol=1e-3)
    assert_allclose(meant.nearness(plain), plain.nearness(plain))
    assert meant.take([0, 0]).semantic.shape == (2, 2)
    assert meant.mean(np.ones((3, 1), dtype=np.float32)).semantic.shape == (3, 2)


def test_papers_of_one_subject_are_more_alike_than_others(small):
    alike = small.encode(SMALL).likeness()

    assert_allclose(np.diag(alike), 1, atol=1e-5)
    assert min(alike[0, 1], alike[2, 3]) > alike[:2, 2:].max()


@pytest.mark.parametrize("papers", [0, 1, 2, 3])
def test_an_archive_of_hardly_any_papers_can_be_fitted_stored_and_asked(papers):
    fitted = archive.fit(SMALL[:papers], list("abc")[:papers])

    again = Archive.from_bytes(fitted.to_bytes())

    assert (again.version, again.keys) == (fitted.version, tuple("abc"[:papers]))
    assert finite(again.encode(SMALL))
    assert len(again.fold([{("graph",): 1.0}])) == 1


@pytest.mark.parametrize("strange", STRANGE)
def test_no_text_breaks_an_archive_and_none_is_more_than_one_paper(strange):
    fitted, alone = archive.fit([*SMALL, STRANGE[strange], STRANGE[strange]]), archive.fit([STRANGE[strange]])

    found = fitted.encode([STRANGE[strange], SMALL[0]])

    assert finite(found)
    assert finite(alone.encode(SMALL))
    assert found.nearness(found)[0, 0] <= found.nearness(found)[1, 1] + 1e-3


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_any_texts_make_an_archive_with_finite_figures(texts):
    fitted = archive.fit(texts)

    encoded = Archive.from_bytes(fitted.to_bytes()).encode([*texts, *SMALL])

    assert finite(encoded)
    assert np.isfinite(encoded.nearness(encoded)).all()
