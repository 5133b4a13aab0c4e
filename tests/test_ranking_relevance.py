"""Evidence: what speaks for a paper, and how it adds up."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from newsletter.ranking import text
from newsletter.ranking.interests import interest
from newsletter.ranking.relevance import Facts, Interest, Matches
from subscribers.models import FollowKind
from subscribers.topics import Catalogue, Topic

CATALOGUE = Catalogue(
    [
        Topic("Graphs", ("graph", "graph neural network"), ("cs.SI",)),
        Topic("Message passing", ("message passing",), (), "Graphs"),
        Topic("Agents", ("LLM", "agent")),
    ]
)
PAPERS = [
    ("Graph neural networks", "Message passing on a graph."),
    ("Speech", "We recognise speech with one graph in passing."),
    ("Agents", "Nothing else. An LLM."),
    ("Chemistry", "Reactions and solvents."),
]


def follow(kind, value):
    return interest(FollowKind(kind), value, CATALOGUE)


def judged(*interests, facts=None):
    index = text.index(PAPERS, (term for each in interests for term in each.terms))
    found = Matches(index, facts or [Facts()] * len(PAPERS))
    return found, np.array([found.evidence(each) for each in interests]).reshape(-1, len(PAPERS))


def test_more_and_rarer_words_in_the_title_speak_louder():
    _, found = judged(follow("topic", "Graphs"))

    assert found[0, 0] > found[0, 1] > 0
    assert_allclose(found[0, 2:], 0)


def test_a_parent_is_served_by_its_subtopics_words():
    parent = follow("topic", "graphs")

    assert text.term("message passing") in parent.terms
    assert parent.terms[text.term("message passing")] < parent.terms[text.term("graph")]


def test_the_terms_that_matched_are_named_strongest_first_and_none_inside_another():
    graphs = follow("topic", "Graphs")
    found, _ = judged(graphs)

    assert found.terms(graphs, 0) == ["graph neural network", "message passing"]
    assert found.terms(graphs, 3) == []


def test_a_topic_in_own_words_is_looked_for_as_a_phrase_and_by_its_telling_words():
    own = follow("topic", "speech with graphs")
    _, found = judged(own)

    assert text.term("with") not in own.terms
    assert found[0, 1] > found[0, 0] > 0


@pytest.mark.parametrize("value", ["the", "…", "of a new"])
def test_own_words_that_say_nothing_match_nothing_else(value):
    _, found = judged(follow("topic", value))

    assert_allclose(found, 0)


def test_a_keyword_is_one_phrase():
    _, found = judged(follow("keyword", "message passing"), follow("keyword", "llm"), follow("keyword", "LLM"))

    assert (found > 0).tolist() == [
        [True, False, False, False],
        [False, False, True, False],
        [False, False, True, False],
    ]


def test_authors_match_by_name_in_any_order_and_by_initial_if_so_followed():
    facts = [Facts(authors=frozenset({"emmy noether", "e noether"})), Facts(), Facts(), Facts()]
    interests = [follow("author", name) for name in ("Emmy Noether", "Noether, Emmy", "E. Noether", "Ada Noether")]

    _, found = judged(*interests, facts=facts)

    assert (found[:, 0] > 0).tolist() == [True, True, True, False]


def test_categories_hint_and_common_ones_hint_less():
    facts = [Facts(frozenset({"cs.SI"})), *[Facts(frozenset({"cs.LG"}))] * 3]
    rare, common = (
        Interest("category", "cs.SI", categories=frozenset({"cs.SI"})),
        Interest("category", "cs.LG", categories=frozenset({"cs.LG"})),
    )

    _, found = judged(rare, common, facts=facts)

    assert found[0, 0] > found[1, 1] > 0


def test_organizations_and_followed_categories_match_exactly():
    facts = [Facts(frozenset({"q-bio.NC"}), organization="the lab"), Facts(), Facts(), Facts()]

    _, found = judged(follow("org", "The Lab"), follow("category", "q-bio.NC"), facts=facts)

    assert (found > 0).tolist() == [[True, False, False, False]] * 2


def test_a_term_that_was_not_looked_for_is_in_no_paper():
    found, _ = judged(follow("topic", "Graphs"))

    assert found.evidence(follow("keyword", "solvents")).tolist() == [0, 0, 0, 0]
