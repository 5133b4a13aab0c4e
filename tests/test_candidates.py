"""The papers a digest may choose from, and what is known of each."""

from datetime import timedelta

import numpy as np
from world import NOW, Told, entry, stored

from newsletter import candidates, fetch
from newsletter.sources import Snapshot

WEEK = timedelta(days=7)


def votes(hours_ago, count, **more):
    return Snapshot(NOW - timedelta(hours=hours_ago), upvotes=count, **more)


def test_only_papers_announced_in_the_window_are_candidates(session):
    stored(
        session,
        entry("Too old by an hour", 1, announced_at=NOW - WEEK - timedelta(hours=1)),
        entry("Just inside it", 2, announced_at=NOW - WEEK + timedelta(hours=1)),
        entry("Of this minute", 3, announced_at=NOW),
    )

    assert candidates.load(session, NOW, WEEK).keys == ["arxiv:2603.00002", "arxiv:2603.00003"]
    assert candidates.load(session, NOW - timedelta(hours=2), WEEK).keys == [
        "arxiv:2603.00001",
        "arxiv:2603.00002",
    ]


def test_no_paper_is_news_after_sixty_days(session):
    stored(session, entry("Sixty-one days old", announced_at=NOW - timedelta(days=61)))

    assert candidates.load(session, NOW, timedelta(days=365)).papers == ()


def test_figures_of_the_future_are_not_seen(session):
    stored(session, entry("Voted on later", snapshots=(votes(20, 1), votes(1, 50))))

    found = candidates.load(session, NOW - timedelta(hours=2), WEEK)

    assert found.votes == ([1],)


def test_the_paper_that_gained_more_lately_is_hotter(session):
    announced = NOW - timedelta(days=3)
    stored(
        session,
        entry("Gained long ago", 1, announced_at=announced, snapshots=(votes(60, 40), votes(1, 40))),
        entry("Gains right now", 2, announced_at=announced, snapshots=(votes(60, 0), votes(1, 40))),
    )

    found = candidates.load(session, NOW, WEEK)

    assert found.share[1] > found.share[0]


def test_a_paper_without_figures_stands_in_the_middle_not_at_zero(session):
    stored(
        session,
        entry("Cold", 1, snapshots=(votes(1, 0),)),
        entry("Silent", 2, snapshots=()),
        entry("Hot", 3, snapshots=(votes(1, 90),)),
    )

    found = candidates.load(session, NOW, WEEK)

    assert found.trend[0] < found.trend[1] < found.trend[2]
    assert np.isnan(found.share[1])


def test_two_sources_counts_are_never_added(session):
    stored(session, entry("Told by two", snapshots=(votes(1, 30),)))
    fetch.run(
        session,
        [Told(entry("Told by two", snapshots=(votes(1, 20),)), name="other")],
        None,
        NOW,
        NOW,
        lambda *_: None,
    )

    assert candidates.load(session, NOW, WEEK).votes == ([30],)


def test_facts_hold_names_and_archives(session):
    stored(
        session, entry("Facts of it", categories=("math.AG",), organization="The Lab", authors=("Noether, Emmy",))
    )

    (facts,) = candidates.load(session, NOW, WEEK).facts

    assert facts.categories == {"math.AG", "math"}
    assert facts.organization == "the lab"
    assert facts.authors == {"emmy noether", "e noether"}


def test_sample_papers_are_named(session):
    stored(session, entry("A sample", 1, sample=True), entry("A real one", 2))

    assert candidates.load(session, NOW, WEEK).samples == {"arxiv:2603.00001"}


def test_an_empty_database_has_no_candidates(session):
    found = candidates.load(session, NOW, WEEK)

    assert (found.papers, len(found.trend)) == ((), 0)


def test_the_stars_a_repository_brings_along_are_no_news(session):
    stored(
        session,
        entry("Voted for by many", 1, snapshots=(votes(9, 70), votes(1, 74))),
        entry("Of an old repository", 2, snapshots=(votes(9, 1, stars=11_000), votes(1, 2, stars=11_005))),
        entry("Of a rising repository", 3, snapshots=(votes(9, 1, stars=10), votes(1, 2, stars=5_000))),
    )

    share = candidates.load(session, NOW, WEEK).share

    assert share[1] < share[0] < share[2]


class Wordy:
    """A prior that likes long titles, and knows nothing else."""

    def predict(self, encoded, about):
        return np.array([len(title) for title, _ in encoded], dtype=float) / 100


def test_a_prior_says_where_papers_without_figures_stand(session):
    stored(
        session,
        entry("Cold", 1, snapshots=(votes(1, 0),)),
        entry("Short", 2, snapshots=()),
        entry("A title that is much longer", 3, snapshots=()),
        entry("Hot", 4, snapshots=(votes(1, 90),)),
    )
    found = candidates.load(session, NOW, WEEK)

    guessed = candidates.guessed(found, Wordy(), found.texts)

    assert found.trend[1] == found.trend[2]
    assert guessed.trend[0] < guessed.trend[1] < guessed.trend[2] < guessed.trend[3]
    assert np.array_equal(guessed.share, found.share, equal_nan=True)


def test_a_source_is_guessed_among_its_own(session):
    stored(session, entry("A long title of the source", 1, snapshots=()), entry("A title there", 2, snapshots=()))
    others = (entry("Short too", 3, snapshots=()), entry("Short", 4, snapshots=()))
    fetch.run(session, [Told(*others, name="other")], None, NOW, NOW, lambda *_: None)
    found = candidates.load(session, NOW, WEEK)

    guess = candidates.guessed(found, Wordy(), found.texts).guess

    assert guess.tolist() == [0.75, 0.25, 0.75, 0.25]


def test_a_paper_told_by_two_is_of_the_source_that_was_first(session):
    stored(session, entry("Told by two", 1), entry("Told by one", 2))
    late = entry("Told by two", 1, announced_at=NOW - timedelta(hours=2))
    others = (late, entry("Told by the other", 3))
    fetch.run(session, [Told(*others, name="a name before")], None, NOW, NOW, lambda *_: None)

    first, second, third = candidates.load(session, NOW, WEEK).sources

    assert first == second != third


def test_only_a_paper_seen_to_climb_is_moving(session):
    stored(
        session,
        entry("Seen once", 1, snapshots=(votes(2, 9),)),
        entry("Seen twice", 2, snapshots=(votes(9, 4), votes(2, 9))),
        entry("Seen twice and still", 3, snapshots=(votes(9, 9), votes(2, 9))),
        entry("Never seen", 4, snapshots=()),
    )

    assert candidates.load(session, NOW, WEEK).moving.tolist() == [False, True, False, False]


def test_some_of_the_candidates_are_placed_among_each_other(session):
    stored(session, *(entry(f"Paper {number}", number, snapshots=(votes(1, number),)) for number in range(1, 5)))
    found = candidates.load(session, NOW, WEEK)

    some = candidates.only(found, np.array([False, True, False, True]))

    assert some.keys == [found.keys[1], found.keys[3]]
    assert some.share.tolist() == [0, 1]
    assert some.votes == ([2], [4])
    assert (len(some.guess), len(some.trust), len(some.moving), len(some.sources)) == (2, 2, 2, 2)


def test_votes_in_a_burst_are_not_believed(session):
    day = [entry(f"Paper {number}", number, snapshots=(votes(2, 3 * number),)) for number in range(1, 9)]
    stored(session, *day, entry("Bought", 9, snapshots=(votes(2, 1000),)))

    found = candidates.load(session, NOW, WEEK)

    assert found.trend[8] <= found.trend[5]
