"""The ranking benchmark on tiny folders: what it asks, of whom, and what it prints."""

import gzip
import json
import sys

import numpy as np
import pytest

from benchmarks import ranking
from benchmarks.relevance import arxiv_topics, cold_start, dislikes, embedding, expertise, topics
from benchmarks.relevance.features import Features
from benchmarks.relevance.methods import BY_LIKES, measured
from benchmarks.relevance.metrics import METRICS
from subscribers.topics import Topic

WORDS = ("graph", "protein", "galaxy", "market")
KEYS = ["set", "k", "method", "metric", "value", "low", "high", "readers"]


def row(number):
    about = WORDS[number % 4]
    return {
        "id": number,
        "title": f"On the {about} number{number}",
        "abstract": f"{about} {about} study of the {about} kind with word{number % 7} and word{number % 5}",
        "authors": [f"Author {number % 3}"],
        "tags": [f"{about}_theory", "review"],
        "posted": f"2005-01-01 00:{number:02}:00",
    }


def reader(number):
    about = number % 4
    return {
        "user": number,
        "liked": [about + 4 * each for each in range(5)],
        "new_liked": [24 + about, 28 + about],
    }


def lines(file, rows):
    file.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(file, "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(each) + "\n" for each in rows)


@pytest.fixture
def data(tmp_path):
    """A folder with nothing but `cold-start`: 24 papers known, 16 new ones, 20 readers of one subject each."""
    folder = tmp_path / "relevance" / "cold-start"
    lines(folder / "papers.jsonl.gz", map(row, range(40)))
    lines(folder / "users.jsonl.gz", map(reader, range(20)))
    split = {"profile_ids": [0, 23], "candidate_ids": [24, 39]}
    (folder / "split.json").write_text(json.dumps(split), encoding="utf-8")
    return tmp_path / "relevance"


@pytest.fixture
def people(data):
    """The same folder with two researchers, of whom one gave downvotes; one rated paper has no text."""
    folder = data / "expertise"
    papers = [
        {"id": f"p{n}", "title": row(n)["title"], "abstract": row(n)["abstract"], "year": 2000 + n}
        for n in range(16)
    ]
    lines(folder / "papers.jsonl.gz", papers)
    (folder / "profiles.json").write_text(json.dumps({"1": ["p0", "p4"], "2": ["p1"]}), encoding="utf-8")
    header = ["ParticipantID", *(f"Paper{n}" for n in range(1, 11)), *(f"Expertise{n}" for n in range(1, 11))]
    first = ["1", "p8", "p12", "p9", "p10", "p11", *[""] * 5, "5.0", "4.0", "1.0", "2.5", "2.0", *["None"] * 5]
    second = ["2", "p13", "lost", *[""] * 8, "4.5", "3.0", *[""] * 8]
    (folder / "evaluations.tsv").write_text("\n".join(map("\t".join, (header, first, second))), encoding="utf-8")
    return data


def silent(_):
    """Nobody listens."""


def ran(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["ranking", *map(str, arguments)])
    ranking.main()
    return capsys.readouterr()


@pytest.mark.parametrize("tuning", [False, True])
def test_who_is_for_tuning_is_never_reported_and_the_popular_is_what_the_others_saved(data, tuning):
    found = cold_start.load(data, silent, tuning=tuning)

    assert {each.number % 4 == 0 for each in found.readers} == {tuning}
    assert {each.number % 4 == 0 for each in found.others} == {not tuning}
    assert found.library.saves.sum() == 2 * len(found.others)


def test_profiles_hold_k_saves_of_the_archive_and_are_the_same_in_every_run(data):
    found = cold_start.load(data, silent)

    trials = cold_start.trials(found, 3)

    assert trials == cold_start.trials(cold_start.load(data, silent), 3)
    assert len(trials) == 2 * len(found.readers)
    assert {len(set(trial.task.liked)) for trial in trials} == {3}
    assert max(paper for trial in trials for paper in trial.task.liked) < found.library.known
    assert cold_start.trials(found, 6) == []


def test_every_method_is_asked_the_same_profiles(data, monkeypatch):
    asked = []
    found = cold_start.load(data, silent)

    def method(features, tasks):
        asked.append(tasks)
        return np.zeros((len(tasks), features.library.candidates))

    for name in ("random", "bm25", "default"):
        monkeypatch.setitem(sys.modules["benchmarks.relevance.methods"].METHODS, name, method)
    trials = cold_start.trials(found, 1)
    measures = measured("s", 1, trials, Features(found.library), ("random", "bm25", "default"), METRICS, silent)

    assert asked[0] == asked[1] == asked[2] == [trial.task for trial in trials]
    assert len({tuple(each.values) for each in measures if each.metric == "mrr"}) == 1


def test_topics_are_the_tags_of_what_was_liked_the_rarer_first(data):
    found = cold_start.load(data, silent)

    named = topics.of_each(found)

    assert named[1] == ("protein theory", "review")
    assert [len(trial.task.liked) for trial in topics.trials(found)] == [0] * len(found.readers)


def test_dislikes_are_what_readers_of_the_same_papers_saved_and_this_one_did_not(data):
    lines(
        data / "cold-start" / "users.jsonl.gz",
        [
            {"user": 1, "liked": [0, 4, 8], "new_liked": [24]},
            {"user": 2, "liked": [0, 1, 5, 9], "new_liked": [25, 26, 27, 29]},
            {"user": 3, "liked": [2, 6, 10], "new_liked": [30, 31, 32, 33]},
        ],
    )

    found = dislikes.trials(cold_start.load(data, silent), 3)

    mine = [trial for trial in found if trial.reader == 1]
    assert {trial.relevant for trial in mine} == {(0,)}
    assert {frozenset(trial.task.disliked) for trial in mine} == {frozenset({1, 5, 9})}
    assert {frozenset(trial.among) for trial in mine} == {frozenset({0, 1, 2, 3, 5})}


def test_a_held_upvote_is_ranked_against_downvotes_that_were_not_learned(people):
    found = expertise.load(people, silent)

    trials = dislikes.rated(found)

    assert [person.number for person in found.people] == [0, 1]
    assert {trial.reader for trial in trials} == {0}
    for trial in trials:
        learned = {paper - found.library.known for paper in trial.task.disliked}
        assert len(learned) == 1
        assert not learned & set(trial.among)
        assert found.library.known + trial.relevant[0] not in trial.task.liked


def test_a_perfect_order_of_what_was_rated_loses_nothing(people):
    found = expertise.load(people, silent)
    scores = np.zeros((2, found.library.candidates))
    for person in found.people:
        for paper, value in person.rated.items():
            scores[person.number, paper] = value

    assert expertise.losses(found, "perfect", scores).value == 0
    assert expertise.losses(found, "turned", -scores).value == 1


def test_a_topic_finds_the_papers_of_its_categories_among_those_of_one_day(tmp_path):
    papers = [
        row(n) | {"published": f"2025-11-0{1 + n // 8}", "primary": ("q-bio.GN", "cs.LG")[n % 2]}
        for n in range(40)
    ]
    lines(tmp_path / arxiv_topics.FILE, papers)

    found = arxiv_topics.load(tmp_path, silent)
    trials = arxiv_topics.trials(found, (Topic("Life", ("protein",), ("q-bio",)),))

    assert (found.library.known, sorted(set(found.posted))) == (24, ["2025-11-04", "2025-11-05"])
    assert {found.primary[paper] for trial in trials for paper in trial.relevant} == {"q-bio.GN"}
    assert [len(trial.among) for trial in trials] == [8, 8]
    assert trials[0].task.topics[0].categories == ()


class Letters:
    """An embedder for tests: how often each of a few letters stands in a text."""

    def embed(self, texts):
        counts = np.array([["".join(text).count(each) + 1 for each in "aegkmop"] for text in texts])
        return (counts / np.linalg.norm(counts, axis=1, keepdims=True)).astype(np.float32)


def test_the_whole_command_runs_on_a_folder_of_cold_start_alone(data, monkeypatch, capsys):
    shown = ran(
        monkeypatch,
        capsys,
        "--data",
        data,
        "--json",
        "--light",
        "--only",
        "cold-start",
        "topics",
        "dislikes",
        "expertise",
        "arxiv-topics",
        "trend",
        "selection",
    )

    rows = json.loads(shown.out)
    assert {tuple(each) for each in rows} == {tuple(KEYS)}
    assert {each["set"] for each in rows} == {"cold-start", "topics", "topics+likes"}
    assert {each["method"] for each in rows if each["set"] == "cold-start"} == {
        name for name in BY_LIKES if "minilm" not in name and name != "semantic"
    }
    assert all(0 <= each["low"] <= each["value"] <= each["high"] <= 1 and each["readers"] == 15 for each in rows)
    for name in ("expertise", "arxiv-topics", "late-upvotes", "selection", "semantic"):
        assert f"{name}: left out" in shown.err


def test_tables_give_our_methods_as_multiples_of_others(data, monkeypatch, capsys):
    monkeypatch.setattr(embedding, "installed", lambda report, file: embedding.Vectors(Letters(), report, file))

    shown = ran(monkeypatch, capsys, "--data", data, "--tuning", "--only", "topics")

    assert "topics+likes, ndcg@10" in shown.out
    assert "k=3, n=5" in shown.out
    assert "semantic / bm25" in shown.out


def test_a_folder_that_is_not_there_is_named(tmp_path, monkeypatch, capsys):
    with pytest.raises(SystemExit, match=r"there is no folder .*nowhere: name one with --data"):
        ran(monkeypatch, capsys, "--data", tmp_path / "nowhere")
