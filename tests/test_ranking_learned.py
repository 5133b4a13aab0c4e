"""What thumbs and examples amount to: groups with a name, each opinion in one of them."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.ranking import learned, subjects
from newsletter.ranking.interests import from_topic
from newsletter.ranking.learned import Kind
from newsletter.ranking.profile import Opinion
from subscribers.topics import Catalogue, Topic

CATALOGUE = Catalogue(
    [
        Topic("Learning", ("learning method", "neural network")),
        Topic("State-space models", ("state-space model", "SSM"), parent="Learning"),
        Topic("Video", ("video generation", "video editing")),
    ]
)


def opinion(key, title, body="", thumb=1, age=1.0, *, example=False):
    return Opinion(key, (title, body), thumb, age, example)


def grouped(*opinions):
    found = learned.groups(opinions, CATALOGUE)
    return [(str(each.kind), each.words, [key for key, _ in each.papers]) for each in found]


def test_papers_on_one_topic_are_one_group_newest_first():
    found = grouped(
        opinion("a", "A state-space model for audio", age=9),
        opinion("b", "Fast state-space models", age=2),
        opinion("c", "SSM and friends", age=5),
    )

    assert found == [("liked", "State-space models", ["b", "c", "a"])]


def test_liked_named_and_turned_down_stand_apart_large_groups_first():
    found = grouped(
        opinion("a", "Video editing", thumb=-1),
        opinion("b", "Video generation", example=True),
        opinion("c", "Video generation, once more"),
        opinion("d", "State-space models", age=1),
        opinion("e", "State-space models again", age=2),
    )

    assert found == [
        ("liked", "State-space models", ["d", "e"]),
        ("liked", "Video", ["c"]),
        ("named", "Video", ["b"]),
        ("disliked", "Video", ["a"]),
    ]


def test_a_paper_that_was_named_and_turned_down_stands_in_both():
    found = grouped(opinion("a", "Video editing", example=True), opinion("a", "Video editing", thumb=-1))

    assert [kind for kind, _, _ in found] == ["named", "disliked"]


def test_a_narrow_topic_goes_before_the_broad_one_that_holds_it():
    both = "A neural network as a state-space model"

    assert grouped(opinion("a", both), opinion("b", both)) == [("liked", "State-space models", ["a", "b"])]
    assert grouped(opinion("a", "A neural network")) == [("liked", "Learning", ["a"])]


def test_papers_outside_the_catalogue_are_named_by_words_they_share():
    found = grouped(
        opinion("a", "Dark Matter in Dwarf Galaxies"),
        opinion("b", "Bounds on dark matter"),
        opinion("c", "Stars", "We look for dark matter. There is no dark matter."),
        opinion("d", "Tulips", "One word on dark matter"),
    )

    assert found == [("liked", "dark matter", ["a", "b", "c"]), ("liked", "", ["d"])]


def test_shared_words_that_are_a_topics_name_join_its_group():
    found = grouped(opinion("a", "Video generation"), opinion("b", "Hour-long video"), opinion("c", "Video 101"))

    assert found == [("liked", "Video", ["a", "b", "c"])]


@pytest.mark.parametrize("title", ["A new method for deep learning", "Towards better 2026 results", "On it"])
def test_words_of_every_title_name_nothing(title):
    assert grouped(opinion("a", title), opinion("b", title))[-1][1] in {"", "results"}


def test_acronyms_are_telling_and_keep_their_capitals():
    assert grouped(opinion("a", "GW from afar"), opinion("b", "More GW"))[0][1] == "GW"


def test_nothing_was_learned_of_nothing():
    assert grouped() == []
    assert learned.groups([opinion("a", "")], Catalogue([]))[0].words == ""


TITLES = st.sampled_from(
    ["Video editing", "SSM", "Dark matter", "Dark stars", "", "学习", "$\\alpha$ {", "matter"]
)
OPINIONS = st.lists(st.tuples(TITLES, TITLES, st.sampled_from([1, -1]), st.booleans(), st.floats(0, 900)))


@given(OPINIONS, st.randoms(use_true_random=False))
def test_each_opinion_is_in_exactly_one_group_whatever_their_order(found, chance: random.Random):
    opinions = [
        opinion(f"k{number}", title, body, thumb, age, example=example)
        for number, (title, body, thumb, example, age) in enumerate(found)
    ]
    groups = learned.groups(opinions, CATALOGUE)
    chance.shuffle(opinions)

    assert sorted(key for each in groups for key, _ in each.papers) == sorted(each.key for each in opinions)
    assert learned.groups(opinions, CATALOGUE) == groups
    assert [each.kind for each in groups] == sorted((each.kind for each in groups), key=list(Kind).index)


def test_what_a_text_is_most_about_is_counted_once():
    interests = [from_topic(topic, CATALOGUE) for topic in CATALOGUE.topics]
    texts = [("Video generation", ""), ("Video editing", ""), ("SSM", ""), ("Tulips", "")]

    evidence = subjects.evidence(texts, interests)

    assert subjects.main(evidence) == {1, 2}
    assert subjects.clear(evidence).any(axis=0).tolist() == [True, True, True, False]
    assert subjects.main(np.zeros((0, 0))) == set()
    assert subjects.evidence([], interests).shape == (3, 0)
