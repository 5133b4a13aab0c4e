"""Whole choices: strange papers and profiles are safe, and a burst of votes is for few."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pool
import pytest
from hypothesis import given
from hypothesis import strategies as st
from world import NOW, entry, reader, stored

from newsletter import chooser, wiring
from newsletter.ranking.reasons import sentence
from newsletter.sources import Snapshot
from subscribers.models import FollowKind, Subscriber

SAMPLE = pool.sample()
STRANGE = [
    ("", ""),
    ("\x00 \u200b", "\ufeff"),
    ("a" * 200_000, "graph " * 30_000),
    (r"$\frac{\alpha}{\beta}$ \emph{graphs}", r"\begin{align} x_{i} &= \sum_j y_j \end{align} " * 200),
    ("图神经网络", "我们研究图神经网络的消息传递。" * 30),
    ("شبكات عصبية", "ندرس الشبكات العصبية."),
    ("\U0001f600\U0001f680", "\U0001f469\u200d\U0001f680 " * 30),
    ("..., ---", "!? \n\n\t"),
]
PROFILES = [
    pool.following(),
    pool.topics("Graphs", "图神经网络", "\U0001f680", "a" * 200),
    pool.following(("keyword", "$\\alpha$"), ("author", "图"), ("org", "—"), ("category", "没有")),
    pool.following(opinions=[pool.liked(pool.paper(200 + at, *each)) for at, each in enumerate(STRANGE)]),
    pool.following(
        ("topic", "Graphs"),
        opinions=[pool.liked(pool.paper(300 + at, *each), -1) for at, each in enumerate(STRANGE)],
    ),
    pool.following(*(("topic", topic.name) for topic in pool.catalogue().topics)),
    pool.following(opinions=[pool.liked(each, age=10_000.0) for each in SAMPLE[:40]]),
]


@pytest.fixture(scope="module")
def strange():
    """The sample and all that a source may bring, with an archive that read it too."""
    papers = [*SAMPLE, *(pool.paper(100 + number, *each) for number, each in enumerate(STRANGE))]
    return pool.candidates(papers, np.linspace(0, 1, len(papers))), pool.fitted(papers)


@pytest.mark.parametrize("number", range(len(PROFILES)))
def test_strange_papers_and_strange_wishes_are_safe(strange, number):
    found, model = strange
    choose = pool.chooser(found, PROFILES[number], model=model)

    picked = choose.choose(PROFILES[number], (), 20)

    assert len({each.key for each in picked}) == len(picked) <= 20
    assert all(0 <= each.score <= 1 for each in picked)
    assert all(each.reasons and sentence(each.reasons) for each in picked)
    assert 0 <= choose.fitting(PROFILES[number])[1] <= 1


@given(st.text(max_size=60), st.text(max_size=200), st.sampled_from(["topic", "keyword", "author", "org"]))
def test_any_title_any_text_and_any_wish_can_be_weighed(title, body, kind):
    papers = [*SAMPLE[:4], pool.paper(99, title, body)]
    profile = pool.following((kind, title), opinions=[pool.liked(papers[-1])])

    reader, _ = pool.chooser(pool.candidates(papers), profile).reader(profile)

    assert np.isfinite(reader.liking.near).all()
    assert np.isfinite(reader.liking.parts).all()


def test_no_papers_and_one_paper_are_enough_to_ask():
    profile = pool.following(("topic", "Graphs"), opinions=[pool.liked(SAMPLE[0])])

    assert pool.chooser(pool.candidates([]), profile).choose(profile, (), 10) == []
    assert len(pool.chooser(pool.candidates(SAMPLE[14:15]), profile).choose(profile, (), 10)) == 1


def test_who_follows_nothing_gets_what_is_trending_of_several_fields():
    trend = np.where([each.categories == ["cs.LG"] for each in SAMPLE], 0.9, 0.6)
    nobody = pool.following()

    picked = pool.chooser(pool.candidates(SAMPLE, trend), nobody).choose(nobody, (), 10)

    fields = Counter(SAMPLE[each.position].categories[0] for each in picked)
    assert len(picked) == 10
    assert fields["cs.LG"] <= 4
    assert len(fields) >= 3


def test_without_an_archive_words_alone_decide():
    profile = pool.following(("keyword", "survey"), opinions=[pool.liked(SAMPLE[14])])
    choose = pool.chooser(pool.candidates(SAMPLE), profile)
    choose.learned = None

    picked = choose.choose(profile, (), 5)

    assert choose.version == "blend-2"
    assert all("survey" in pool.text(SAMPLE[each.position])[0].casefold() for each in picked if not each.trending)


def test_what_a_reader_changed_meanwhile_is_seen_in_what_they_follow_alone(session, config):
    stored(session)
    ada = reader(session, "ada@example.org", "Graphs")
    choose = chooser.chooser(session, [ada.id], NOW, wiring.taste(config))
    ada = session.get_one(Subscriber, ada.id)
    ada.follows[0].weight = 3.0

    profile = choose.profile(ada)

    assert profile.follows == ((FollowKind.TOPIC, "Graphs", 3.0),)
    assert choose.knows(ada.follows)


def test_a_burst_of_votes_from_one_source_is_for_the_one_slot_alone(session, config):
    fields = ("Graph neural networks", "Quantum error correction", "Speech recognition", "Dark matter")
    told = [entry(f"{fields[number % 4]}: part {number}", number) for number in range(1, 61)]
    burst = entry("The best knitting patterns", 99, snapshots=(Snapshot(NOW, upvotes=1000),))
    stored(session, *told, burst)
    topics = ("graph neural networks", "quantum error correction", "speech recognition", "dark matter")
    readers = [reader(session, f"r{number}@example.org", topic) for number, topic in enumerate(topics)]
    choose = chooser.chooser(session, [each.id for each in readers], NOW, wiring.taste(config))

    for each in readers:
        picked = choose.choose(choose.profile(session.get_one(Subscriber, each.id)), (), 10)
        assert "arxiv:2603.00099" not in {one.key for one in picked if not one.trending}
        assert sum(one.trending for one in picked) <= 1


def test_votes_move_a_paper_up_only_among_those_that_fit():
    calm = pool.candidates(SAMPLE)
    hot = replace(calm, trend=np.where(np.arange(len(SAMPLE)) == 29, 1.0, 0.5))  # on prices of stocks
    profile = pool.topics("Graphs")

    before, after = (pool.chooser(each, profile).choose(profile, (), 9) for each in (calm, hot))

    assert [each.key for each in before] == [each.key for each in after]
