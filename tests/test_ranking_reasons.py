"""Why a paper was picked: true, and in words."""

import numpy as np
import pytest

from newsletter.ranking import blend, reasons, text
from newsletter.ranking.interests import interest
from newsletter.ranking.profile import Opinion
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


def why(paper, *follows, share=(0.5, 0.5, 0.5), trending=False, moving=True):
    interests = [interest(FollowKind(kind), name, CATALOGUE) for kind, name in follows]
    found = matches(*interests)
    choice = blend.Choice(paper, 0.5, trending)
    climbing = np.full(3, moving)
    return reasons.reasons(choice, reading(found, *interests), interests, found, np.array(share), climbing)


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


def test_a_paper_that_was_seen_once_is_ahead_and_does_not_climb():
    assert words(1, share=(0, 0.9, 0), moving=False) == ["ahead of 90 % of this week"]


def test_a_paper_without_figures_has_no_trend():
    assert words(1, share=(0, np.nan, 0)) == ["new this week"]


def judged(parts, interest, opinions, owed=None, paper=0):
    """The reasons of a paper to which these opinions of these interests add so much."""
    parts = np.array(parts, dtype=float)[:, np.newaxis] * np.ones(3)
    groups = np.array(interest)
    owed = None if owed is None else np.array(owed)[:, np.newaxis] * np.ones(3, dtype=bool)
    count = int(groups.max()) + 1
    liking = blend.Liking(
        parts.sum(axis=0), np.ones(3), parts, groups, np.full(count, 1 / count), np.zeros(3, dtype=bool), owed
    )
    reader = blend.Reader(np.zeros(0), np.zeros((0, 3)), np.zeros((0, 3)), liking)
    said = reasons.reasons(
        blend.Choice(paper, 0.5), reader, opinions, matches(), np.full(3, np.nan), np.zeros(3, dtype=bool)
    )
    return [reasons.in_words(reason) for reason in said]


def opinion(title, *, example=False, shown=""):
    return Opinion(title, (title, ""), 1, example=example, title=shown)


def test_liked_papers_of_one_interest_are_told_together_by_the_nearest_as_people_read_it():
    said = judged(
        [0.2, 0.5, 0.4], [0, 0, 1], [opinion("A"), opinion("$B$", shown="B"), opinion("C", example=True)]
    )

    assert said == ["is close to 2 papers you liked, such as “B”", "is close to “C”, which you named"]


def test_what_speaks_against_a_paper_is_no_reason():
    assert judged([0.5, -0.4], [0, 1], [opinion("A"), opinion("B")]) == ["is close to “A”, which you liked"]
    assert judged([-0.5], [0], [opinion("A")]) == ["new this week"]


def test_an_interest_that_a_paper_owes_nothing_is_no_reason():
    said = judged([0.5, 0.4], [0, 1], [opinion("A"), opinion("B")], owed=[False, True])

    assert said == ["is close to “B”, which you liked"]


def test_interests_each_of_which_a_paper_could_spare_are_told_together():
    said = judged([0.5, 0.4, -0.1], [0, 1, 2], [opinion("A"), opinion("B"), opinion("C")], owed=[False] * 3)

    assert said == ["is close to 2 papers you liked, such as “A”"]
    assert judged([0.1, -0.4], [0, 1], [opinion("A"), opinion("B")], owed=[False] * 2) == ["new this week"]


def test_a_long_title_is_cut():
    (said,) = judged([1.0], [0], [opinion("word " * 40)])

    assert said.endswith("word…”, which you liked")
    assert len(said) < 100
