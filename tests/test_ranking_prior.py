"""What a paper is worth before anybody has voted."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_matrix

from newsletter.ranking import prior
from newsletter.ranking.prior import About

NAN = float("nan")
PAPERS = 400


def encoded(columns, terms=6):
    """Papers that hold one term each."""
    rows = np.arange(len(columns))
    lexical = csr_matrix((np.full(len(columns), 3.0, np.float32), (rows, columns)), shape=(len(columns), terms))
    return SimpleNamespace(lexical=lexical, latent=lexical.toarray()[:, :2])


def world(*, by=lambda term, author, category: term == 0):
    """Papers of random terms, authors and categories over 100 days, worth something `by` a rule."""
    chance = np.random.default_rng(7)
    terms, authors = chance.integers(6, size=PAPERS), chance.integers(20, size=PAPERS)
    categories = chance.integers(4, size=PAPERS)
    told = [
        About((f"author {a}", f"other {n}"), f"cs.{c}", n / 4)
        for n, (a, c) in enumerate(zip(authors, categories, strict=True))
    ]
    value = np.array([float(by(*each)) for each in zip(terms, authors, categories, strict=True)])
    return encoded(terms), told, value


def unknown(*, author="nobody", category="", day=200.0):
    return About((author,), category, day)


def test_a_word_that_made_papers_makes_the_next():
    model = prior.fit(*world())

    better, worse = model.predict(encoded([0, 3]), [unknown()] * 2)

    assert better > 0.5 > worse


def test_authors_whose_papers_came_to_something_are_expected_to_do_so_again():
    model = prior.fit(*world(by=lambda term, author, category: author < 3))

    better, worse = model.predict(encoded([2, 2]), [unknown(author="author 1"), unknown(author="author 9")])

    assert better > worse + 0.2


def test_a_category_that_did_better_is_expected_to():
    model = prior.fit(*world(by=lambda term, author, category: category == 2))

    better, neutral, worse = model.predict(
        encoded([2] * 3), [unknown(category=each) for each in ("cs.2", "", "cs.1")]
    )

    assert better > neutral > worse


def test_the_own_success_of_a_paper_never_explains_it():
    texts, told, value = world(by=lambda term, author, category: term == 0)
    once = [About((f"only {number}",), each.category, each.day) for number, each in enumerate(told)]

    model = prior.fit(texts, once, value)

    assert_allclose(model.history[:5], 0, atol=1e-9)


def test_earlier_papers_tell_of_authors():
    texts, told, value = world()
    earlier = [(About(("famous",), "", -50.0), 1.0), (About(("unlucky",), "", -50.0), 0.0)]

    model = prior.fit(texts, told, value, earlier)

    assert model.fame["famous"] == 1
    assert "unlucky" not in model.fame


def test_only_what_was_settled_counts_for_a_later_paper():
    past = [(About(("ada",), "", 1.0), 1.0)]
    papers = [About(("ada",), "", day) for day in (5.0, 3.9, 4.0)]

    assert prior._fames_before(papers, past) == [{"ada": 1}, {}, {"ada": 1}]


def test_papers_of_unknown_worth_teach_nothing():
    texts, told, value = world()
    half = np.arange(PAPERS) % 2 == 0
    kept = np.flatnonzero(half)
    few = SimpleNamespace(lexical=texts.lexical[kept], latent=texts.latent[kept])

    with_gaps = prior.fit(texts, told, np.where(half, value, NAN))

    assert with_gaps.to_bytes() == prior.fit(few, [told[row] for row in kept], value[kept]).to_bytes()


@pytest.mark.parametrize(
    "value", [np.full(PAPERS, NAN), np.zeros(PAPERS), np.where(np.arange(PAPERS) < 49, 1, NAN)]
)
def test_without_anything_to_tell_apart_there_is_no_prior(value):
    texts, told, _ = world()

    assert prior.fit(texts, told, value) is None


def test_the_weight_of_vectors_does_not_matter():
    texts, told, value = world()
    heavier = SimpleNamespace(lexical=texts.lexical * 7, latent=texts.latent * 14)

    found = [prior.fit(each, told, value).predict(each, told) for each in (texts, heavier)]

    assert_allclose(*found, atol=1e-6)


def test_a_paper_of_no_words_and_no_authors_can_be_asked_about():
    model = prior.fit(*world())
    nothing = SimpleNamespace(lexical=csr_matrix((1, 6)), latent=np.zeros((1, 2)))

    (chance,) = model.predict(nothing, [About((), "", 0.0)])

    assert 0 < chance < 1
    assert model.predict(encoded([]), []).size == 0


def test_a_prior_comes_back_from_its_bytes():
    texts, told, value = world()
    model = prior.fit(texts, told, value)

    again = prior.Prior.from_bytes(model.to_bytes())

    assert_allclose(again.predict(texts, told), model.predict(texts, told))
    assert again.to_bytes() == model.to_bytes() == prior.fit(texts, told, value).to_bytes()


def test_other_bytes_are_no_prior():
    with pytest.raises((ValueError, OSError)):
        prior.Prior.from_bytes(b"something else")


def test_facts_are_taken_as_they_are_stored():
    day = datetime(1970, 1, 3, 12, tzinfo=UTC)

    assert prior.about(["Noether, Emmy"], ["cs.LG", "cs.AI"], day) == About(("emmy noether",), "cs.LG", 2.5)
    assert prior.about([], [], day + timedelta(days=1)) == About((), "", 3.5)


def test_worth_is_the_place_in_the_list_and_nothing_for_those_passed_over():
    engagement = np.array([1, 3, 5, 7, NAN, NAN, NAN])
    lists, day = np.array([0, 0, 1, 1, 0, 0, 0]), np.array([1.0, 1, 4, 4, 2, 9, 0])
    settled = np.array([True, True, True, False, True, True, True])

    assert_allclose(prior.worth(engagement, lists, settled, day), [0.5, 1, 0.5, NAN, 0, NAN, NAN])
    assert np.isnan(prior.worth(np.full(2, NAN), np.zeros(2), np.ones(2, dtype=bool), np.zeros(2))).all()
