"""What was learned of a reader, in the database: shown, forgotten, taken back; and the command that does so."""

from datetime import timedelta

import pytest
from command_line import AT, as_json, run
from sqlmodel import Session, select
from world import NOW, configured, entry, reader, stored

from newsletter import learned
from newsletter.models import Feedback, Paper
from newsletter.ranking.learned import Kind
from subscribers import examples, people
from subscribers.pasted import Named

GRAPHS = ("Message passing on graphs", "Graph neural networks", "Graph transformers")


@pytest.fixture
def catalogue(tmp_path):
    return configured(tmp_path).config.catalogue()


@pytest.fixture
def ada(session):
    """A reader who liked two papers on graphs, turned one down, and named a known one and an unknown one."""
    papers = [entry(title, number) for number, title in enumerate((*GRAPHS, "Quantum \\textbf{codes}"), 1)]
    stored(session, *papers)
    ada = reader(session, "ada@example.org").id
    for number, thumb in ((1, 1), (2, 1), (3, -1)):
        session.add(Feedback(subscriber_id=ada, paper=key(number), thumb=thumb, at=NOW - timedelta(hours=number)))
    known = session.get(Paper, key(4))
    named = [Named(known.key, known.title, known.abstract), Named("doi:10.5555/unknown")]
    examples.add(session, ada, named, NOW)
    session.commit()
    return ada


def key(number):
    return f"arxiv:2603.{number:05}"


def shown(session, number, catalogue):
    found = learned.of(session, number, catalogue, NOW)
    return {found.told(group): [title for _, title in group.papers] for group in found.groups}


def kept(session, number):
    session.expire_all()
    thumbs = {(each.paper, each.thumb, each.at) for each in session.exec(select(Feedback))}
    return thumbs, {(each.key, each.title, each.abstract, each.at) for each in examples.of(session, number)}


def test_it_is_told_in_groups_with_readable_titles(session, ada, catalogue):
    assert shown(session, ada, catalogue) == {
        "liked 2 papers on Graphs": list(GRAPHS[:2]),
        "named 1 paper on Quantum science": ["Quantum codes"],
        "named 1 other paper": ["doi:10.5555/unknown"],
        "turned down 1 paper on Graphs": [GRAPHS[2]],
    }


def test_papers_with_nothing_in_common_are_said_to_have_little(session, ada, catalogue):
    learned.forget(session, ada, [], [key(4)])
    examples.add(session, ada, [Named("doi:10.5555/other")], NOW)

    assert "named 2 papers with little in common" in shown(session, ada, catalogue)


def test_what_is_forgotten_is_gone_and_can_be_taken_back_as_it_was(session, ada, catalogue):
    before, told = kept(session, ada), shown(session, ada, catalogue)

    gone = learned.forget(session, ada, [key(1), key(3), "arxiv:none"], ["doi:10.5555/unknown", key(4)])

    assert len(gone) == 4
    assert list(shown(session, ada, catalogue)) == ["liked 1 paper on Graphs"]
    learned.take_back(session, ada, gone)
    assert kept(session, ada) == before
    assert shown(session, ada, catalogue) == told


def test_a_group_is_forgotten_whole(session, ada, catalogue):
    for group in learned.of(session, ada, catalogue, NOW).groups:
        assert len(learned.forget_group(session, ada, group)) == len(group.papers)

    assert kept(session, ada) == (set(), set())


def test_forgetting_touches_one_kind_and_one_reader(session, ada, catalogue):
    eve = reader(session, "eve@example.org").id
    examples.add(session, ada, [Named(key(1))], NOW)

    assert not learned.forget(session, eve, [key(1)], [key(4)])
    assert len(learned.forget(session, ada, [key(1)], [])) == 1
    assert [each.key for each in examples.of(session, ada)] == [key(4), "doi:10.5555/unknown", key(1)]


def test_a_thumb_given_since_then_stays_and_a_paper_that_is_gone_is_passed_over(session, ada):
    gone = learned.forget(session, ada, [key(1), key(2)], [])
    session.add(Feedback(subscriber_id=ada, paper=key(1), thumb=-1, at=NOW))
    session.delete(session.get(Paper, key(2)))
    session.commit()

    learned.take_back(session, ada, gone)

    assert {(paper, thumb) for paper, thumb, _ in kept(session, ada)[0]} == {(key(1), -1), (key(3), -1)}


def test_only_the_newest_opinions_are_shown(session, ada, catalogue, monkeypatch):
    monkeypatch.setattr(learned, "MOST_SHOWN", 1)

    found = learned.of(session, ada, catalogue, NOW)

    assert [(group.kind, group.papers[0][0]) for group in found.groups] == [
        (Kind.LIKED, key(1)),
        (Kind.NAMED, key(4)),
    ]
    assert found.older == 3


@pytest.fixture
def taught(workplace):
    """The sample's papers, and a reader who liked two and turned one down."""
    run("fetch", "--at", AT)
    run("subscribers", "add", "ada@example.org", "--confirmed")
    with Session(configured(workplace).engine) as session:
        ada = people.find(session, "ada@example.org").id
        papers = session.exec(select(Paper.key).order_by(Paper.key).limit(3)).all()
        for paper, thumb in zip(papers, (1, 1, -1), strict=True):
            session.add(Feedback(subscriber_id=ada, paper=paper, thumb=thumb, at=NOW))
        session.commit()
    return sorted(papers)


def learned_of(*more, code=0):
    return as_json("subscribers", "learned", "ada@example.org", *more, code=code)


def test_the_command_lists_and_forgets_by_number(taught):
    groups = learned_of()["groups"]
    assert [each["number"] for each in groups] == list(range(1, len(groups) + 1))
    assert sorted(paper["key"] for each in groups for paper in each["papers"]) == taught
    assert groups[-1]["kind"] == "disliked"

    document = learned_of("--forget", len(groups))

    assert document["forgotten"] == groups[-1]
    assert document["groups"] == groups[:-1] == learned_of()["groups"]


def test_the_command_speaks_plainly(taught, monkeypatch):
    monkeypatch.setattr(learned, "MOST_SHOWN", 2)
    listed = run("subscribers", "learned", "ada@example.org").stdout
    assert "  1  liked " in listed
    assert "1 older opinions are kept and not listed." in listed

    assert (
        "Forgotten: ada@example.org liked "
        in run("subscribers", "learned", "ada@example.org", "--forget", 1).stdout
    )


def test_a_number_that_is_no_group_is_a_clear_mistake(taught):
    count = len(learned_of()["groups"])

    assert f"use 1 to {count}" in learned_of("--forget", 99, code=2)["error"]
    for _ in range(count):
        learned_of("--forget", 1)
    assert "nothing was learned" in learned_of("--forget", 1, code=2)["error"]
    assert "Nothing was learned" in run("subscribers", "learned", "ada@example.org").stdout


def test_an_unknown_reader_is_named(taught):
    assert "eve@example.org" in as_json("subscribers", "learned", "eve@example.org", code=2)["error"]
