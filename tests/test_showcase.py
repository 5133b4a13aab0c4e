"""What the public pages show: trending papers by period and topic, single papers, counts, what a choice brings."""

from datetime import date, timedelta

import pytest
from sqlmodel import select
from world import NOW, Told, entry, reader, stored

from newsletter import chooser, fetch, showcase, wiring
from newsletter.ranking.reasons import sentence
from newsletter.showcase import Period
from newsletter.sources import Snapshot
from subscribers.models import Follow, FollowKind, Subscriber
from subscribers.preferences import Choice

DAY = timedelta(days=1)


@pytest.fixture
def taste(config):
    return wiring.taste(config)


def told(title, number, days_ago=0.5, votes=None, **more):
    """A paper announced so long ago, whose votes were counted an hour later, if at all."""
    announced = NOW - days_ago * DAY
    seen = () if votes is None else (Snapshot(announced + timedelta(hours=1), upvotes=votes),)
    return entry(title, number, announced_at=announced, snapshots=seen, **more)


def keys(shown):
    return [int(each.key.rpartition(".")[2]) for each in shown]


def trending(session, taste, period, topic=None, at=NOW, most=20):
    wanted = taste.catalogue.find(topic) if topic else None
    return showcase.trending(session, at, period, wanted, taste, most)


def topics(*names):
    return [Choice(FollowKind.TOPIC, name) for name in names]


def test_a_period_holds_what_was_announced_in_it_hottest_first(session, taste):
    stored(
        session,
        told("Of today", 1, 0.1, 5),
        told("Of today too", 2, 0.2, 50),
        told("Of Saturday", 3, 3, 7),
        told("Of last month", 4, 20, 90),
        told("Too old", 5, 30.1, 99),
    )

    found = {period: trending(session, taste, period) for period in Period}

    assert keys(found[Period.DAY].papers) == [2, 1]
    assert keys(found[Period.WEEK].papers) == [2, 1, 3]
    assert keys(found[Period.MONTH].papers) == [4, 2, 3, 1]
    assert (found[Period.WEEK].first, found[Period.WEEK].last) == (date(2026, 3, 7), date(2026, 3, 10))


def test_a_month_is_ordered_by_its_votes_and_a_week_by_what_is_hot_now(session, taste):
    stored(session, told("Voted for days ago", 1, 6, 60), told("Voted for today", 2, 0.1, 40))

    assert keys(trending(session, taste, Period.WEEK).papers) == [2, 1]
    assert keys(trending(session, taste, Period.MONTH).papers) == [1, 2]


def test_on_a_quiet_day_the_newest_day_with_papers_is_shown_and_named(session, taste):
    stored(
        session, told("Of Saturday morning", 1, 3.1), told("Of Saturday night", 2, 2.6), told("Of Friday", 3, 4.2)
    )

    found = trending(session, taste, Period.DAY)

    assert keys(found.papers) == [2, 1]
    assert found.last == date(2026, 3, 7)


def test_a_list_of_midnight_is_one_day(session, taste):
    monday = NOW.replace(day=9, hour=0)
    stored(session, *(entry(f"Of day {n}", n, announced_at=monday + (n - 1) * DAY, snapshots=()) for n in (1, 2)))

    found = trending(session, taste, Period.DAY)

    assert (keys(found.papers), found.first, found.last) == ([2], date(2026, 3, 10), date(2026, 3, 10))


def test_equal_papers_stand_in_the_order_of_their_keys(session, taste):
    stored(session, *(told(f"Silent paper {number}", number) for number in (3, 1, 2)))

    assert keys(trending(session, taste, Period.WEEK).papers) == [1, 2, 3]


def test_only_so_many_are_shown_and_all_are_counted(session, taste):
    stored(session, *(told(f"Paper {number}", number, votes=number) for number in range(1, 8)))

    found = trending(session, taste, Period.WEEK, most=2)

    assert (keys(found.papers), found.total) == ([7, 6], 7)


def test_nothing_at_all_is_no_error(session, taste):
    found = trending(session, taste, Period.DAY, "Graphs")

    assert (found.first, found.last, found.total, found.papers) == (None, None, 0, ())
    assert showcase.would_bring(session, topics("Graphs"), 10, NOW, taste) == []
    assert set(showcase.topic_counts(session, NOW, taste).values()) == {0}


def test_a_topic_shows_its_own_papers_and_those_of_its_subtopics(session, taste):
    stored(session)

    graphs = trending(session, taste, Period.WEEK, "graphs")
    parent = taste.catalogue.find("Reasoning").parent
    stored(session, told("Chain of thought reasoning models", 9))

    assert {each.content["title"] for each in graphs.papers} == {
        "Message passing on molecular graphs",
        "Graph neural networks for catalysts",
    }
    assert graphs.total == 2
    assert 9 in keys(trending(session, taste, Period.WEEK, "Reasoning").papers)
    assert 9 in keys(trending(session, taste, Period.WEEK, parent).papers)
    assert 9 not in keys(trending(session, taste, Period.WEEK, "Graphs").papers)


def test_every_topic_is_counted_over_a_month(session, taste):
    stored(session, *(told(f"Graph neural networks {days}", days, days) for days in (1, 10, 29, 31)))

    counts = showcase.topic_counts(session, NOW, taste)

    assert counts["Graphs"] == 3
    assert list(counts) == [topic.name for topic in taste.catalogue.topics]


def test_a_paper_matches_no_topic_where_the_floor_is_zero_and_nothing_speaks_for_it(session, config):
    taste = chooser.Taste(config.catalogue(), timedelta(days=7), 0.0)
    stored(session, told("Nothing in particular", 1))

    assert showcase.topic_counts(session, NOW, taste)["Graphs"] == 0
    assert showcase.paper(session, "arxiv:2603.00001", NOW, taste).topics == ()


def test_a_paper_names_its_three_best_topics(session, taste):
    stored(
        session,
        told(
            "Graph neural networks: message passing on a knowledge graph",
            1,
            abstract="A language model is mentioned, robotics, federated learning and speech recognition are too.",
        ),
        told("A language model", 2),
    )

    shown = showcase.paper(session, "arxiv:2603.00001", NOW, taste)

    assert shown.topics[0] == "Graphs"
    assert len(shown.topics) == 3


def test_a_paper_says_how_many_of_its_period_it_is_ahead_of(session, taste):
    votes = [told(f"Paper {number}", number, votes=number * 10) for number in range(5)]
    stored(session, *votes, told("Silent", 9), told("Of another week", 8, 10, 1000))

    week = {each.key[-1]: each for each in trending(session, taste, Period.WEEK).papers}

    assert [week[key].percent for key in "43210"] == [99, 75, 50, 25, 0]
    assert (week["9"].percent, week["9"].heat) == (None, pytest.approx(0.445, abs=0.001))
    assert (week["4"].heat, week["4"].period) == (1.0, Period.WEEK)
    assert showcase.paper(session, "arxiv:2603.00004", NOW, taste) == week["4"]
    assert showcase.paper(session, "arxiv:2603.00008", NOW, taste).period == Period.MONTH


def test_texts_are_readable(session, taste):
    stored(session, told(r"An $\alpha$-divergence of \emph{some} kind", 1, votes=3))

    (shown,) = trending(session, taste, Period.DAY).papers

    assert shown.content["title"] == "An α-divergence of some kind"
    assert shown.history == [3]


def test_a_paper_is_found_by_any_key_it_is_known_under(session, taste):
    stored(session, told("Known under two names", 1, doi="10.1000/two"))

    by_doi = showcase.paper(session, "doi:10.1000/two", NOW, taste)

    assert by_doi == showcase.paper(session, "arxiv:2603.00001", NOW, taste)
    assert by_doi.key == "arxiv:2603.00001"


def test_an_old_paper_still_has_its_page(session, taste):
    votes = tuple(Snapshot(NOW - day * DAY, upvotes=50 - day) for day in (49, 30, 1))
    votes += (Snapshot(NOW - 29 * DAY, comments=3),)
    stored(
        session,
        entry("Graph neural networks of old", 1, announced_at=NOW - 50 * DAY, snapshots=votes),
        entry("Of a sample, never counted", 2, announced_at=NOW - 50 * DAY, sample=True, snapshots=()),
    )

    old, sample = (showcase.paper(session, f"arxiv:2603.0000{number}", NOW - 2 * DAY, taste) for number in (1, 2))

    assert old.topics[0] == "Graphs"
    assert (old.period, old.heat, old.percent, old.history) == (None, None, None, [1, 20])
    assert (sample.history, sample.content["upvotes"]) == ([], None)


def test_an_old_papers_votes_are_those_of_the_source_that_counts_most(session, taste):
    old = told("Told by two", 1, 50, 7, sample=True)
    stored(session, old)
    fetch.run(session, [Told(told("Told by two", 1, 50, 9), name="other")], None, NOW, NOW, lambda *_: None)

    shown = showcase.paper(session, "arxiv:2603.00001", NOW, taste)

    assert (shown.history, shown.content["sample"]) == ([9], True)


@pytest.mark.parametrize("key", ["arxiv:0000.00000", "", "a\0b", "x" * 201, "arxiv:2603.00007"])
def test_what_is_no_paper_yet_is_none(session, taste, key):
    stored(session, told("Of today", 7, 0.5))

    assert showcase.paper(session, key, NOW - DAY, taste) is None


CHOICES = [
    topics("Graphs", "Language models"),
    topics("graphs"),
    topics("quantum error correction"),
    [*topics("Graphs"), Choice(FollowKind.KEYWORD, "catalysts", -1.0)],
    [Choice(FollowKind.AUTHOR, "Ada Lovelace", 2.0), Choice(FollowKind.TOPIC, "speech recognition", 0.5)],
    [Choice(FollowKind.CATEGORY, "cs.LG"), Choice(FollowKind.ORG, "The Lab")],
    [],
]


@pytest.mark.parametrize("choices", CHOICES)
def test_a_preview_brings_what_a_new_readers_digest_would(session, taste, choices):
    stored(session, told("Of a lab, on graph learning", 9, 2, 3, organization="The Lab", categories=("cs.LG",)))
    stored(session)
    each = reader(session)
    session.add_all(Follow(subscriber_id=each.id, **choice._asdict()) for choice in choices)
    session.commit()
    choose = chooser.chooser(session, [each.id], NOW, taste)
    picked = choose.choose(choose.profile(session.get_one(Subscriber, each.id)), (), 4)

    shown = showcase.would_bring(session, choices, 4, NOW, taste)

    assert shown
    assert [each.key for each in shown] == [each.key for each in picked]
    assert [each.trending for each in shown] == [each.trending for each in picked]
    assert [each.reasons[0].replace("\xa0", " ") for each in shown] == [sentence(each.reasons) for each in picked]


def test_a_preview_stores_nothing(session, taste):
    stored(session)

    showcase.would_bring(session, topics("Graphs", "of my own words"), 4, NOW, taste)

    assert not session.new
    assert not session.dirty
    assert session.exec(select(Follow)).all() == []


def test_a_preview_takes_no_more_choices_than_a_reader_may_have(session, taste):
    stored(session)
    many = topics(*(f"nothing {number}" for number in range(100)), "Graphs")

    assert showcase.would_bring(session, many, 4, NOW, taste) == []
