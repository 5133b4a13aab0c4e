"""The benchmarks of trend: late upvotes from early signals, and which papers will be picked, on made-up data."""

import gzip
import json
from datetime import date, timedelta

import numpy as np
import pytest

from benchmarks.relevance import late_votes, selection

FIRST = date(2024, 6, 3)
TOPICS = ("attention", "lattice", "quark", "protein", "market", "glacier")


def listed(number, day, votes):
    """A paper as the list of a day has it; the first two topics are what people like."""
    topic = TOPICS[number % 6]
    return {
        "paper": {
            "id": f"24{number:04}",
            "title": f"On {topic}",
            "summary": f"All about {topic} and\n{topic} again, number {number}.",
            "authors": [{"name": f"Author {number % 12}"}],
            "upvotes": votes,
        }
    }


def capture(folder, days=34, papers=9):
    """A folder as the data has it, with lists whose late votes are double the early ones."""
    (folder / "huggingface" / "daily").mkdir(parents=True)
    lines = ["id,list_day,early_captured_at_utc,early_upvotes,early_comments,mid_votes,late_upvotes"]
    for number in range(days):
        day = FIRST + timedelta(days=number)
        votes = [12 - 2 * (each % 6) + each // 6 for each in range(papers)]
        found = [listed(number * 100 + each, day, count) for each, count in enumerate(votes)]
        with gzip.open(folder / "huggingface" / "daily" / f"{day}.json.gz", "wt") as file:
            json.dump(found, file)
        captured = day + timedelta(days=5 if number == 3 else 0)
        lines += [
            f"{each['paper']['id']},{day},{captured}T17:07:21Z,{count},{count % 3},,{2 * count}"
            for each, count in zip(found, votes, strict=True)
        ]
    (folder / "huggingface" / "early_vs_late_upvotes.csv").write_text("\n".join(lines))


def pool(folder, papers=240):
    """arXiv's papers of forty days before FIRST and twenty from it on; every sixth is picked on its second day."""
    lists = {}
    (folder / "arxiv").mkdir(parents=True)
    (folder / "huggingface" / "daily").mkdir(parents=True)
    with gzip.open(folder / selection.POOL, "wt") as file:
        for number in range(papers):
            day = FIRST + timedelta(days=number // 4 - 40)
            topic = TOPICS[number % 6]
            lists.setdefault(day + timedelta(days=2), [])
            if number % 6 == 0:
                lists[day + timedelta(days=2)].append(listed(number, day, 4))
            line = {"id": f"24{number:04}", "title": f"On {topic}", "abstract": f"All about {topic}, {number}."}
            line |= {"authors": [f"Author {number}"], "primary": f"cs.{number % 4}", "published": str(day)}
            file.write(json.dumps(line) + "\n")
    for day, found in lists.items():
        with gzip.open(folder / "huggingface" / "daily" / f"{day}.json.gz", "wt") as file:
            json.dump(found, file)


def test_late_votes_are_measured_per_list_day(tmp_path):
    capture(tmp_path)

    rows = {row.method: row for row in late_votes.rows(tmp_path / "relevance", pytest.fail)}

    assert set(rows) == {"early-upvotes", "early-comments", "prior", "default"}
    assert {(row.set, row.k, row.metric, row.readers) for row in rows.values()} == {
        ("late-upvotes", 0, "ndcg@10", 3)
    }
    assert rows["early-upvotes"].value == pytest.approx(1)
    assert rows["early-comments"].value < rows["prior"].value <= rows["default"].value


def test_lists_captured_late_or_short_are_left_out(tmp_path):
    capture(tmp_path, days=5)
    short = tmp_path / "short"
    capture(short, days=2, papers=7)

    assert list(late_votes.read(tmp_path / "huggingface")) == [
        str(FIRST + timedelta(days=number)) for number in (0, 1, 2, 4)
    ]
    assert late_votes.read(short / "huggingface") == {}


def test_equal_scores_share_their_places():
    gains = np.array([3.0, 1.0])

    assert late_votes.ndcg(gains, np.array([2.0, 1.0])) == pytest.approx(1)
    both = (late_votes.ndcg(gains, np.array([1.0, 2.0])) + 1) / 2
    assert late_votes.ndcg(gains, np.zeros(2)) == pytest.approx(both)


def test_only_the_first_ten_places_count():
    gains = np.arange(12.0)

    assert late_votes.ndcg(gains, gains) == pytest.approx(1)
    assert late_votes.ndcg(np.eye(12)[0], gains) == 0


def test_picked_papers_are_found_by_their_words(tmp_path):
    pool(tmp_path)

    found = {each.method: each for each in selection.measures(selection.read(tmp_path), FIRST, date(2024, 6, 20))}

    assert set(found) == {"random", "category", "default"}
    assert found["default"].value > 0.95 > found["random"].value
    assert len({len(each.values) for each in found.values()}) == 1


def test_what_happened_later_is_not_known(tmp_path):
    pool(tmp_path)
    papers = [each for each in selection.read(tmp_path).papers if each.day < FIRST]

    worth = selection.known_worth(papers, FIRST)

    young = np.array([each.day > FIRST - timedelta(days=7) for each in papers])
    assert np.isnan(worth[young & (worth != 1)]).all()
    assert {worth[row] for row in np.flatnonzero(~young)} == {0, 1}
    assert not any(each.picked >= FIRST for each, value in zip(papers, worth, strict=True) if value == 1)


def test_the_real_spans_have_no_paper_that_could_still_be_picked():
    assert date(2025, 12, 31) - selection.END >= timedelta(days=6)


@pytest.mark.parametrize("benchmark", [late_votes, selection])
def test_data_that_is_not_there_is_named_and_left_out(benchmark, tmp_path):
    said = []

    assert benchmark.rows(tmp_path / "relevance", said.append) == []
    assert "left out" in said[0]
