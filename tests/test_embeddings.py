"""Every paper gets its vector once, newest first; a crash or a change of the model loses nothing that counts."""

from datetime import timedelta

import numpy as np
import pytest
from sqlmodel import Session, select
from world import NOW, entry, stored

from newsletter import embeddings
from newsletter.models import Embedding

DAY = timedelta(days=1)


class Counting:
    """An embedder whose vectors tell how long the title is; it keeps what it was given."""

    dimensions = 2

    def __init__(self, name="counting-1", fails_at=""):
        self.name, self.fails_at, self.seen = name, fails_at, []

    def embed(self, texts):
        titles = [title for title, _ in texts]
        if self.fails_at in titles:
            raise KeyboardInterrupt
        self.seen.append(sorted(titles))
        return np.array([[1, len(title)] for title in titles], dtype=np.float32) / 10


@pytest.fixture
def papers(session, monkeypatch):
    """Four papers, announced a day apart, in batches of two."""
    monkeypatch.setattr(embeddings, "AT_ONCE", 2)
    titles = ("oldest", "older", "newer", "newest paper")
    stored(session, *(entry(t, n, announced_at=NOW - (5 - n) * DAY) for n, t in enumerate(titles, 1)))
    return [f"arxiv:2603.{number:05}" for number in range(1, 5)]


def embed(engine, model, enough=lambda: False):
    said = []
    made = embeddings.embed_new(engine, model, lambda step, text: said.append((step, text)), enough)
    return made, said


def counted(engine, model="counting-1"):
    with Session(engine) as session:
        return embeddings.counted(session, model)


def test_papers_get_their_vectors_newest_first_and_only_once(engine, papers):
    model = Counting()

    first = embed(engine, model)

    assert first == (4, [("embed", "0 of 4 papers"), ("embed", "2 of 4 papers")])
    assert model.seen == [["newer", "newest paper"], ["older", "oldest"]]
    assert embed(engine, model) == (0, [])


def test_whoever_is_killed_loses_one_batch(engine, papers):
    with pytest.raises(KeyboardInterrupt):
        embed(engine, Counting(fails_at="older"))

    model = Counting()
    assert embed(engine, model)[0] == 2
    assert model.seen == [["older", "oldest"]]


def test_it_stops_when_it_is_enough_and_goes_on_the_next_time(engine, papers):
    answers = iter([False, True])

    assert embed(engine, Counting(), lambda: next(answers))[0] == 2
    assert counted(engine) == (2, 4)
    assert embed(engine, Counting())[0] == 2


def test_two_at_once_do_each_others_work_without_harm(engine, papers):
    class Racing(Counting):
        def embed(self, texts):
            embed(engine, Counting())
            return super().embed(texts)

    embed(engine, Racing())

    assert counted(engine) == (4, 4)


def test_vectors_come_back_as_they_were_but_shorter(session, engine, papers):
    embed(engine, Counting())

    found = embeddings.load(session, "counting-1", [papers[0], papers[3], "arxiv:unknown"])

    assert found.keys() == {papers[0], papers[3]}
    assert found[papers[3]] == pytest.approx([0.1, 1.2], rel=1e-3)
    assert found[papers[3]].dtype == np.float32
    assert {len(row.vector) for row in session.exec(select(Embedding))} == {4}
    assert embeddings.load(session, "another", papers) == {}
    assert embeddings.load(session, "counting-1", []) == {}


def test_the_centre_is_the_mean_of_the_newest(session, engine, papers):
    embed(engine, Counting())

    assert embeddings.centre(session, "counting-1") == pytest.approx([0.1, 0.7], rel=1e-3)
    assert embeddings.centre(session, "counting-1", 2) == pytest.approx([0.1, 0.85], rel=1e-3)
    assert embeddings.centre(session, "another") is None


def test_the_vectors_of_an_older_model_go_when_all_of_the_new_one_are_there(session, engine, papers):
    embed(engine, Counting())
    answers = iter([False, True])
    embed(engine, Counting("counting-2"), lambda: next(answers))

    before = counted(engine)
    embed(engine, Counting("counting-2"))

    assert before == (4, 4)
    assert counted(engine) == (0, 4)
    assert counted(engine, "counting-2") == (4, 4)


def test_a_paper_whose_text_has_changed_gets_a_new_vector(session, engine, papers):
    embed(engine, Counting())

    embeddings.forget(session, [papers[1]])
    session.commit()

    with Session(engine) as another:
        assert embeddings.missing(another, "counting-1") == [papers[1]]
    assert embed(engine, Counting())[0] == 1


def test_a_paper_without_an_abstract_is_known_by_its_summary(session):
    stored(session, entry("Graphs", abstract="", summary="All about graphs."), entry("Words", 2, summary="Short."))

    found = [embeddings.text(paper) for paper in session.exec(select(embeddings.Paper))]

    assert sorted(found) == [("Graphs", "All about graphs."), ("Words", "We study words and say what we found.")]
