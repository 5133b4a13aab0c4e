"""A catalogue of topics is a tree without mistakes, and finds what people mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.errors import InvalidPreference
from subscribers.topics import Catalogue, Topic

CATALOGUE = Catalogue(
    [
        Topic("Language models", ("LLM", "language model"), ("cs.CL",)),
        Topic("Reasoning", ("chain of thought", "llm"), ("cs.AI", "cs.CL"), "language models"),
        Topic("Theorem proving", ("Lean",), (), "Reasoning"),
        Topic("Graphs", ("graph neural network",)),
    ]
)


@pytest.mark.parametrize("text", ["Reasoning", " reasoning ", "REASONING"])
def test_a_topic_is_found_whatever_its_case(text):
    assert CATALOGUE.find(text) == CATALOGUE.topics[1]


@pytest.mark.parametrize("text", ["Reason", "", "Large language models"])
def test_a_topic_is_found_by_its_whole_name_only(text):
    assert CATALOGUE.find(text) is None


def test_a_mistyped_name_brings_suggestions():
    assert CATALOGUE.suggest("resoning") == ["Reasoning"]
    assert CATALOGUE.suggest("langauge model", most=1) == ["Language models"]
    assert CATALOGUE.suggest("beekeeping") == []


def test_a_family_is_a_topic_with_all_that_stand_below_it():
    family = list(CATALOGUE.family(CATALOGUE.find("language MODELS")))

    assert [(topic.name, depth) for topic, depth in family] == [
        ("Language models", 0),
        ("Reasoning", 1),
        ("Theorem proving", 2),
    ]


def test_children_stand_in_the_order_given():
    assert [topic.name for topic in CATALOGUE.children("")] == ["Language models", "Graphs"]
    assert [topic.name for topic in CATALOGUE.children("language models")] == ["Reasoning"]
    assert CATALOGUE.children("Graphs") == ()


@pytest.mark.parametrize(
    ("topics", "message"),
    [
        ([Topic("A", ("a",)), Topic("a ", ("b",))], "topic: 'a ' .*another topic has this name"),
        ([Topic("A", ())], "topic: 'A' .*no words"),
        ([Topic("A", ("a", " "))], "topic: 'A' .*an empty one"),
        ([Topic("A", ("a",), (), "Bees")], "topic: 'A' .*its parent 'Bees' is not a topic"),
        ([Topic("Graphs", ("a",)), Topic("B", ("b",), (), "Graph")], "topic: 'B' .*perhaps 'Graphs'"),
        ([Topic("A", ("a",), (), "a")], "topic: 'A' .*lead back to it"),
        ([Topic("A", ("a",), (), "B"), Topic("B", ("b",), (), "A")], "topic: 'A' .*lead back to it"),
        ([Topic("", ("a",))], "topic: ''"),
        ([Topic("a;b", ("a",))], "topic: 'a;b' .*semicolon"),
    ],
)
def test_a_mistake_in_the_catalogue_names_the_topic(topics, message):
    with pytest.raises(InvalidPreference, match=message):
        Catalogue(topics)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["", *"abcdef"])), max_size=6))
def test_a_catalogue_is_a_forest_or_refused(pairs):
    try:
        catalogue = Catalogue(Topic(name, (f"word {name}",), (), parent) for name, parent in pairs)
    except InvalidPreference:
        return
    found = [topic.name for top in catalogue.children("") for topic, _ in catalogue.family(top)]
    assert sorted(found) == sorted(name for name, _ in pairs)
