"""The archive's model in the database: fitted when the archive has grown, kept by version, read once."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from sqlmodel import Session, select
from world import NOW, entry, planned, reader, stored

from newsletter import archive, chooser, embeddings, wiring
from newsletter.archive import Models
from newsletter.models import ArchiveModel, Edition, Feedback, Pick
from newsletter.sources import Snapshot

DAY = timedelta(days=1)
FIELDS = (
    "graph node edge message passing molecule neighbour",
    "quantum qubit code error syndrome decoder stabilizer",
    "speech audio speaker voice phoneme accent recording",
    "galaxy star dust telescope redshift nebula spectrum",
)
LONG = "a-folder-with-a-name-as-long-as-anybody-likes-it-0123456789abcdef"
WORDS = ("graph", "quantum", "speech", "matter", "language")


class Meaning:
    """An embedder that knows five words, and no more."""

    def __init__(self, name="meaning-1"):
        self.name, self.dimensions, self.asked = name, len(WORDS), 0

    def embed(self, texts):
        self.asked += 1
        rows = np.array(
            [[float(word in f"{title} {body}".casefold()) for word in WORDS] for title, body in texts],
            dtype=np.float32,
        )
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1)


def more(*numbers):
    """Papers with these numbers, of graphs and of codes in turn."""
    topics = ("Graph networks that pass messages", "Quantum codes that correct errors")
    return [entry(f"{topics[number % 2]}, part {number}", number) for number in numbers]


def refitted(engine, at=NOW):
    return archive.refit(engine, at, lambda: at)


def versions(session):
    session.rollback()
    return list(session.exec(select(ArchiveModel.version).order_by(ArchiveModel.created_at)))


def test_before_any_paper_there_is_no_model(engine, session):
    assert refitted(engine) is None
    assert Models().newest(session) is None


def test_the_first_papers_make_the_first_model_and_nothing_new_makes_none(engine, session):
    stored(session)

    first = refitted(engine)

    assert refitted(engine, NOW + 30 * DAY) is None
    assert versions(session) == [first]
    model = Models().newest(session)
    assert (model.version, model.archive.read) == (first, 6)
    assert sorted(model.archive.keys) == [f"arxiv:2603.{number:05}" for number in range(1, 7)]


def test_a_fifth_more_papers_are_reason_to_read_again_and_less_only_after_a_week(engine, session):
    stored(session, *more(*range(1, 11)))
    first = refitted(engine)
    stored(session, *more(11))

    assert refitted(engine) is None
    assert refitted(engine, NOW + 6 * DAY) is None
    second = refitted(engine, NOW + 7 * DAY)
    stored(session, *more(12, 13, 14))
    third = refitted(engine, NOW + 8 * DAY)

    assert len({first, second, third, None}) == 4
    assert Models().newest(session).archive.read == 14


def test_three_versions_are_kept(engine, session):
    made = []
    for number in range(5):
        stored(session, *more(2 * number, 2 * number + 1))
        made.append(refitted(engine, NOW + number * DAY))

    assert versions(session) == made[-3:]


def test_old_papers_that_come_late_are_counted_once(engine, session, monkeypatch):
    monkeypatch.setattr(archive, "MOST_READ", 3)
    stored(session, *more(1, 2, 3))
    first = refitted(engine)
    stored(session, *(entry(f"Old {number}", number, announced_at=NOW - 30 * DAY) for number in (4, 5)))

    again = refitted(engine, NOW + DAY)

    assert again == first  # the newest three are the same
    assert refitted(engine, NOW + 2 * DAY) is None
    assert versions(session) == [first]


def test_two_processes_that_read_it_at_once_store_one_version(engine, session):
    stored(session)

    with ThreadPoolExecutor(2) as both:
        found = set(both.map(lambda _: refitted(engine), range(2)))

    assert len(found - {None}) == 1
    assert len(versions(session)) == 1


def test_a_model_is_read_once_for_each_version(engine, session):
    stored(session)
    refitted(engine)
    models = Models()

    first = models.newest(session)
    same = models.newest(session)
    stored(session, *more(7, 8, 9))
    refitted(engine, NOW + DAY)
    session.rollback()
    next_one = models.newest(session)

    assert first is same
    assert next_one.version != first.version
    assert next_one.archive.read == 9


def test_what_became_of_papers_is_learned_stored_and_used(engine, session, config):
    old = NOW - 20 * DAY
    told = [
        entry(
            f"{'Graph networks' if number % 2 else 'Knitting patterns'}, part {number}",
            number,
            announced_at=old + number * timedelta(hours=1),
            snapshots=(Snapshot(old + 3 * DAY, upvotes=50 + number if number % 2 else 0),),
        )
        for number in range(1, 201)
    ]
    new = [entry("Graph networks for all", 901, snapshots=()), entry("Knitting patterns", 902, snapshots=())]
    stored(session, *told, *new)
    refitted(engine)
    taste = wiring.taste(config)

    choose = chooser.chooser(session, [], NOW, taste)

    assert taste.models.newest(session).prior is not None
    assert choose.found.guess[0] > choose.found.guess[1]


def test_a_digests_edition_records_the_version_that_picked_it(engine, session, config):
    stored(session)
    version = refitted(engine)
    reader(session, "ada@example.org", "Graphs")

    planned(session, config)

    assert session.exec(select(Edition.model_version)).one() == f"blend-2 {version}"


@pytest.mark.parametrize("name", ["meaning-1", LONG])
def test_an_edition_has_room_for_any_models_name(engine, session, config, name):
    stored(session)
    taste = replace(wiring.taste(config), models=Models(Meaning(name)))
    archive.learn(engine, taste.models, NOW, lambda: NOW, lambda *_: None)
    version = taste.models.newest(session).version
    ada = reader(session, "ada@example.org", "Graphs")
    choose = chooser.chooser(session, [ada.id], NOW, taste)

    assert choose.version == f"blend-2 {version}"
    assert len(choose.version) <= Edition.__table__.c.model_version.type.length
    assert Models().newest(session).version != version


def test_vectors_that_know_meanings_are_used_where_papers_have_them(engine, session):
    stored(session)
    models = Models(Meaning())
    archive.learn(engine, models, NOW, lambda: NOW, lambda *_: None)
    stored(session, entry("Something else", 50))
    model = models.newest(session)
    keys = ["arxiv:2603.00001", "arxiv:2603.00002", "arxiv:2603.00050"]

    meanings = model.meanings(session, keys)
    encoded = model.encode(keys, [("", "")] * 3, meanings)

    assert set(meanings) == set(keys[:2])
    assert not encoded.semantic[2].any()
    assert (encoded.semantic[0] @ encoded.semantic[1]) > 0
    assert model.archive.papers.semantic.shape == (6, len(WORDS))
    assert not encoded.latent.any()


def test_a_model_without_vectors_is_the_light_one_though_an_embedder_is_there(engine, session):
    stored(session)
    refitted(engine)

    model = Models(Meaning()).newest(session)

    assert model.centre is None
    assert model.said(("graph", "")) is None
    assert model.encode(["x"], [("Graph", "")], {}).semantic is None


def test_new_vectors_are_noticed_when_there_are_enough_of_them(engine, session, monkeypatch):
    monkeypatch.setattr(archive, "ENOUGH_NEW", 2)
    stored(session)
    refitted(engine)
    models = Models(Meaning())
    before = models.newest(session)

    embeddings.embed_new(engine, models.embedder, lambda *_: None)
    session.rollback()

    assert before.centre is None
    assert models.newest(session).centre is not None


def test_what_a_reader_liked_brings_what_is_near_to_it_once_the_archive_is_read(engine, session, config):
    chance = random.Random(1)
    titles = [" ".join(chance.sample(FIELDS[number % 4].split(), 5)) for number in range(120)]
    stored(session, *(entry(title, number) for number, title in enumerate(titles)))
    ada = reader(session, "ada@example.org")
    liked = [Feedback(subscriber_id=ada.id, paper=f"arxiv:2603.{4 * n:05}", thumb=1, at=NOW) for n in range(5)]
    session.add_all(liked)
    session.commit()
    refitted(engine)

    planned(session, config)

    picks = [pick for pick in session.exec(select(Pick).order_by(Pick.rank)) if not pick.trending]
    assert len(picks) >= 3
    assert {pick.reasons[0]["code"] for pick in picks} == {"liked"}
    assert {int(pick.paper[-5:]) % 4 for pick in picks} == {0}


def test_learning_stops_with_vectors_when_time_is_up_and_still_reads_the_archive(engine, session):
    stored(session)
    embedder = Meaning()

    version = archive.learn(engine, Models(embedder), NOW, lambda: NOW, lambda *_: None, lambda: True)

    with Session(engine) as own:
        assert embeddings.counted(own, embedder.name)[0] == 0
    assert versions(session) == [version]
