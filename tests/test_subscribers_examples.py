"""Examples of what a reader wants: kept once each, within bounds, through sign-up, CSV, export and erasure."""

import json

import pytest
from sqlmodel import Session, select
from subscription import ASKER, CHOICES, EMAIL, NOW, TERMS, WISHES, confirm, joined

from subscribers import erasure, examples, people, signup, wishes
from subscribers.csv_rows import read_csv
from subscribers.errors import InvalidPreference
from subscribers.imports import import_rows
from subscribers.models import Confirmation, Example, Subscriber
from subscribers.paper_keys import title_key
from subscribers.pasted import MOST_EXAMPLES, Named
from subscribers.preferences import DEFAULTS

ONE, TWO = Named("arxiv:1706.03762", "Attention", "We"), Named("doi:10.1000/x")
MANY = [Named(f"arxiv:2401.{number:05}") for number in range(MOST_EXAMPLES)]


@pytest.fixture
def ada(session):
    return people.add(session, EMAIL, now=NOW, confirmed=True, wording="asked").id


def keys(session, number):
    return [each.key for each in examples.of(session, number)]


def test_papers_are_added_once_and_taken_away(session, ada):
    assert examples.add(session, ada, [ONE, TWO, ONE], NOW) == 2
    assert examples.add(session, ada, [TWO], NOW) == 0
    assert (keys(session, ada), examples.of(session, ada)[0].abstract) == ([ONE.key, TWO.key], "We")

    assert examples.remove(session, ada, [ONE.key, "arxiv:9999.99999"]) == 1
    assert examples.remove(session, ada + 1, [TWO.key]) == 0
    assert keys(session, ada) == [TWO.key]


def test_more_than_a_reader_can_have_are_refused_whole(session, ada):
    examples.add(session, ada, MANY[1:], NOW)

    with pytest.raises(
        InvalidPreference, match="'2 more' cannot be used: 99 are there, and one reader can have 100"
    ):
        examples.add(session, ada, [ONE, TWO], NOW)

    assert len(keys(session, ada)) == 99
    assert examples.add_some(session, ada, [ONE, TWO], NOW) == 1


def test_a_loaded_reader_shows_what_was_added_since(session, ada):
    reader = session.get(Subscriber, ada)
    assert people.as_dict(reader)["examples"] == []

    examples.add(session, ada, [ONE, TWO], NOW)
    assert people.as_dict(reader)["examples"] == [
        {"key": ONE.key, "title": "Attention"},
        {"key": TWO.key, "title": ""},
    ]
    examples.remove(session, ada, [ONE.key])
    assert [each.key for each in reader.examples] == [TWO.key]


def test_a_wish_keeps_its_examples_until_the_mailbox_agrees(session):
    letter = signup.join(session, EMAIL, WISHES, CHOICES, ASKER, TERMS, NOW, [ONE, TWO])
    assert session.exec(select(Example)).all() == []

    _, reader = confirm(session, letter)

    assert keys(session, reader.id) == [ONE.key, TWO.key]


def test_who_comes_back_keeps_what_they_named_before(session):
    reader = joined(session)
    examples.add(session, reader.id, MANY[1:], NOW)
    signup.leave(session, reader, ASKER, NOW)

    letter = signup.join(session, EMAIL, WISHES, CHOICES, ASKER, TERMS, NOW + TERMS.cool_down, [ONE, TWO])
    confirm(session, letter, NOW + TERMS.cool_down)

    assert keys(session, reader.id) == [*(each.key for each in MANY[1:]), ONE.key]


def test_the_operators_examples_outlast_the_readers_yes(session):
    reader = people.add(session, EMAIL, now=NOW)
    examples.add(session, reader.id, [ONE], NOW)

    confirm(session, signup.invite(session, reader, ASKER, TERMS, NOW))

    assert keys(session, reader.id) == [ONE.key]


def test_a_wish_of_examples_comes_back_from_json():
    stored = json.loads(json.dumps(wishes.to_json(DEFAULTS, (), [ONE, TWO])))

    assert wishes.examples_in(stored) == (ONE, TWO)


@pytest.mark.parametrize(
    "listed",
    [
        None,
        "arxiv:1706.03762",
        {"arxiv:1706.03762": 1},
        [["arxiv:1706.03762"], 7, ["x:1", "", ""], ["doi:" + "x" * 200, "", ""]],
    ],
)
def test_what_another_version_wished_for_is_left_out_where_it_is_not_understood(listed):
    assert wishes.examples_in({"examples": listed}) == ()


def load(session, *lines):
    rows, rejected = read_csv(lines)
    return import_rows(session, rows, NOW, "They signed a list."), rejected


def test_a_file_replaces_examples_only_where_it_has_the_column(session):
    load(session, "email,status,examples", f"{EMAIL},active,1706.03762;doi:10.1000/x", "emmy@example.org,active,")
    ada = people.find(session, EMAIL).id
    first = [each.id for each in examples.of(session, ada)]

    same, _ = load(session, "email,examples", f"{EMAIL},doi:10.1000/x; arXiv:1706.03762v2", "emmy@example.org,")
    without, _ = load(session, "email,hour", f"{EMAIL},9", "emmy@example.org,7")
    assert (same.unchanged, without.updated, without.unchanged) == (2, 1, 1)
    assert [each.id for each in examples.of(session, ada)] == first

    other, _ = load(
        session, "email,examples", f"{EMAIL},doi:10.1000/x;A title of words", "emmy@example.org,1706.03762"
    )
    assert other.updated == 2
    assert keys(session, ada) == [TWO.key, title_key("A title of words")]
    assert examples.of(session, ada)[0].id == first[1]
    emptied, _ = load(session, "email,examples", f"{EMAIL},")
    assert (emptied.updated, keys(session, ada)) == (1, [])


def test_a_row_that_names_no_paper_is_rejected(session):
    report, (rejected,) = load(session, "email,examples", f"{EMAIL},1706.03762;graphs", "emmy@example.org,")

    assert (report.added, rejected.line) == (1, 2)
    assert rejected.reason.startswith("examples: 'graphs' cannot be used: number 2: no arXiv id")


def test_an_export_brings_the_same_examples_back(session, ada):
    named = [
        ONE,
        Named("doi:10.1000/a;b"),
        Named(title_key("Graphs; again"), "Graphs; again"),
        Named(title_key("=1"), "=1"),
    ]
    examples.add(session, ada, named, NOW)
    lines = []

    people.export_csv(session, lines.append)
    (row,), rejected = read_csv(lines)

    assert rejected == []
    assert [each.key for each in row.examples] == [each.key for each in named]


def test_readers_of_a_page_are_shown_with_their_examples(session, ada):
    examples.add(session, ada, [ONE], NOW)
    session.commit()

    with Session(session.get_bind()) as other:
        (shown,) = [people.as_dict(reader) for reader in people.listing(other)]

    assert shown["examples"] == [{"key": ONE.key, "title": "Attention"}]


def test_a_readers_data_names_their_examples_and_erasure_forgets_them(session, ada):
    examples.add(session, ada, [ONE], NOW)
    signup.join(session, "new@example.org", WISHES, CHOICES, ASKER, TERMS, NOW, [TWO])
    reader = session.get(Subscriber, ada)

    told = erasure.dossier(session, reader)["examples"]
    erasure.erase(session, reader, NOW)

    assert told == [{"key": ONE.key, "title": "Attention", "abstract": "We", "at": "2026-03-10T12:00:00Z"}]
    assert session.exec(select(Example)).all() == []
    assert [each.wishes["examples"] for each in session.exec(select(Confirmation))] == [[list(TWO)]]
