"""Learning a prior from what became of the papers in the archive."""

from datetime import timedelta

import pytest
from numpy.testing import assert_allclose
from world import NOW, Told, entry, stored

from newsletter import fetch, priors
from newsletter.ranking import archive
from newsletter.sources import Snapshot

MONTH = timedelta(days=30)
SUBJECTS = ("attention", "lattice", "quark", "protein", "market")
MODEL = archive.fit([(f"On {subject}", f"{subject} of kind {n}") for subject in SUBJECTS for n in range(3)])


def paper(number, word, votes=None, days=None, **more):
    """A paper of one subject, announced so many days ago, with so many votes if its source counts them."""
    announced = NOW - timedelta(days=number % 20 + 8 if days is None else days)
    seen = () if votes is None else (Snapshot(announced + timedelta(hours=9), upvotes=votes),)
    abstract = f"We study {word} models and more {word} methods."
    return entry(
        f"On {word}, part {number}", number, abstract=abstract, announced_at=announced, snapshots=seen, **more
    )


def tell(session, source, *papers):
    fetch.run(session, [Told(*papers, name=source)], None, NOW, NOW, lambda *_: None)


@pytest.fixture
def archived(session):
    """Thirty voted papers on one subject, sixty of another source on a second that nobody picked up."""
    tell(session, "lists", *(paper(n, "attention", votes=n % 7) for n in range(1, 31)))
    tell(session, "pool", *(paper(n, "lattice") for n in range(31, 91)))
    return session


def worth(session):
    """What each paper is taught to be worth, by the number in its key."""
    taught = {}
    texts = []

    def encode(found):
        texts.extend(found)
        return archive.fit(found).encode(found)

    fit = priors.prior.fit

    def caught(encoded, about, value, earlier):
        taught.update({int(title.rsplit(" ", 1)[1]): each for (title, _), each in zip(texts, value, strict=True)})
        return fit(encoded, about, value, earlier)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(priors.prior, "fit", caught)
        priors.learn(session, encode, NOW)
    return taught


def test_what_was_picked_up_teaches_what_will_be(archived):
    model = priors.learn(archived, MODEL.encode, NOW)
    told = [priors.prior.about([], [], NOW)] * 2
    better, worse = model.predict(MODEL.encode([("On attention", ""), ("On lattice", "")]), told)

    assert better > worse


def test_a_paper_is_worth_its_place_in_its_list_and_nothing_if_passed_over(archived):
    taught = worth(archived)

    assert {taught[number] for number in range(31, 91)} == {0}
    assert min(taught[number] for number in range(1, 31)) >= 0.5


def test_what_is_not_settled_yet_teaches_nothing(archived):
    tell(archived, "pool", paper(95, "quark", days=3))

    assert_allclose(worth(archived)[95], float("nan"))


def test_a_paper_that_another_source_picked_up_was_not_passed_over(archived):
    tell(archived, "pool", paper(5, "attention"))

    assert worth(archived)[5] >= 0.5


def test_stars_that_a_repository_brought_along_are_no_success(session):
    day = timedelta(days=10)
    old = (Snapshot(NOW - day, upvotes=1, stars=9_000), Snapshot(NOW - timedelta(days=9), upvotes=1, stars=9_000))
    new = (Snapshot(NOW - day, upvotes=5, stars=1),)
    stored(
        session,
        entry("On repositories, part 1", 1, announced_at=NOW - day, snapshots=old),
        entry("On votes, part 2", 2, announced_at=NOW - day, snapshots=new),
    )

    taught = worth(session)

    assert taught[1] < taught[2]


def test_older_papers_tell_of_their_authors_alone(archived, monkeypatch):
    monkeypatch.setattr(priors, "MOST_READ", 60)
    read = []
    model = priors.learn(archived, lambda texts: read.extend(texts) or MODEL.encode(texts), NOW)

    assert len(read) == 60
    assert model.fame["ada lovelace"] > 20 * 0.5


def test_later_figures_and_papers_are_not_seen(archived):
    assert priors.learn(archived, MODEL.encode, NOW - MONTH) is None
