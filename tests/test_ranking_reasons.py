"""Why a paper was picked: true, and in words."""

import numpy as np
import pytest

from newsletter.ranking import blend, reasons, text
from newsletter.ranking.interests import interest
from newsletter.ranking.relevance import Facts, Matches
from subscribers.models import FollowKind
from subscribers.topics import Catalogue, Topic

CATALOGUE = Catalogue(
    [
        Topic("Graphs", ("graph", "message passing", "GNN")),
        Topic("Chemistry", ("molecule", "catalyst")),
        Topic("Molecules", ("molecule",), (), "Chemistry"),
        Topic("Hinted", ("nothing such",), ("q-bio.NC",)),
    ]
)
PAPERS = [
    ("Message passing on graphs of molecules", "A GNN for each molecule, and message passing."),
    ("Speech", "Nothing of this kind."),
    ("Catalysts", "A catalyst."),
]
FACTS = [Facts(), Facts(frozenset({"q-bio.NC"}), frozenset({"ada lovelace"}), "the lab"), Facts()]


def matches(*interests):
    return Matches(text.index(PAPERS, (term for each in interests for term in each.terms)), FACTS)


def reading(found, *interests):
    evidence = np.array([found.evidence(each) for each in interests]).reshape(-1, len(PAPERS))
    return blend.Reader(np.ones(len(interests)), evidence, np.zeros((0, len(PAPERS))))


def why(paper, *follows, share=(0.5, 0.5, 0.5), trending=False):
    interests = [interest(FollowKind(kind), name, CATALOGUE) for kind, name in follows]
    found = matches(*interests)
    choice = blend.Choice(paper, 0.5, trending)
    return reasons.reasons(choice, reading(found, *interests), interests, found, np.array(share))


def words(*arguments, **more):
    return [reasons.in_words(reason) for reason in why(*arguments, **more)]


def test_a_topic_names_the_words_that_moved_it_most_first():
    assert words(0, ("topic", "Graphs")) == ["matches Graphs: message passing, GNN"]


def test_a_word_that_only_repeats_the_topics_name_is_not_said_twice():
    assert words(0, ("topic", "graph")) == ["matches graph"]


def test_the_interest_that_gave_most_comes_first_and_those_that_gave_nothing_stay_silent():
    assert words(0, ("topic", "Chemistry"), ("topic", "Graphs"), ("topic", "speech"))[0].startswith(
        "matches Graphs"
    )
    assert len(words(0, ("topic", "Chemistry"), ("topic", "Graphs"), ("topic", "speech"))) == 2


def test_a_parent_and_its_child_do_not_say_the_same_twice():
    assert len(words(0, ("topic", "Chemistry"), ("topic", "Molecules"))) == 1


@pytest.mark.parametrize(
    ("follow", "expected"),
    [
        (("author", "Ada Lovelace"), "by Ada Lovelace, whom you follow"),
        (("org", "The Lab"), "from The Lab, which you follow"),
        (("category", "q-bio.NC"), "is in q-bio.NC, which you follow"),
        (("topic", "Hinted"), "is filed under a category of Hinted"),
        (("keyword", "nothing of this"), "mentions your keyword “nothing of this”"),
    ],
)
def test_every_kind_of_follow_has_its_words(follow, expected):
    assert words(1, follow) == [expected]


def test_a_climbing_paper_says_so_and_never_more_than_all_others():
    assert words(1, share=(0, 1.0, 0)) == ["climbing faster than 99 % of this week"]
    assert words(1, share=(0, 0.79, 0)) == ["new this week"]


def test_a_trending_slot_is_named_also_without_figures():
    assert words(1, share=(0, 0.97, 0), trending=True) == ["trending for everyone: ahead of 97 % of this week"]
    assert words(1, share=(0, np.nan, 0), trending=True) == ["trending for everyone"]


def test_all_reasons_make_one_sentence():
    said = why(0, ("topic", "Graphs"), share=(0.9, 0, 0))

    assert reasons.sentence(said) == "Matches Graphs: message passing, GNN; climbing faster than 90 % of this week"


def test_the_named_reason_is_true_without_it_the_paper_is_less_relevant():
    graphs, chemistry = (interest(FollowKind.TOPIC, name, CATALOGUE) for name in ("Graphs", "Chemistry"))
    found = matches(graphs, chemistry)

    assert blend.relevance(reading(found, graphs, chemistry))[0] > blend.relevance(reading(found, chemistry))[0]
