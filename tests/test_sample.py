"""The bundled sample: whole, marked as a sample, in our own words, with proven identifiers alone."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from newsletter.sources import Entry, Snapshot

END = datetime(2026, 4, 23, 4, tzinfo=UTC)
LIST_DAYS = {datetime(2026, 4, day, tzinfo=UTC) for day in (20, 21, 22, 23)}
# Every identifier was found beside the same title and abstract in a recorded upstream answer.
PROVEN = {
    "A Critical Review of Recurrent Neural Networks for Sequence Learning": "1506.00019",
    "BAM! Just Like That: Simple and Efficient Parameter Upcycling for Mixture of Experts": "2408.08274",
    "Kolmogorov-Arnold Attention: Is Learnable Attention Better For Vision Transformers?": "2503.10632",
    "Molmo and PixMo: Open Weights and Open Data for State-of-the-Art Multimodal Models": "2409.17146",
    "POINTS: Improving Your Vision-language Model with Affordable Strategies": "2409.04828",
}
OPTIONAL = {"authors", "arxiv_id", "code_url"}
REQUIRED = {"title", "summary", "url", "keywords", "announced_at", "snapshots", "sample"}


def sample() -> list[dict[str, Any]]:
    text = (files("newsletter.sample") / "2026-04-23.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    assert moment.tzinfo is not None
    return moment


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def runs(text: str, length: int) -> set[tuple[str, ...]]:
    said = words(text)
    return {tuple(said[start : start + length]) for start in range(len(said) - length + 1)}


def page_papers(page: str) -> Iterator[tuple[str, str]]:
    """Title and abstract of each paper of a pasted trending page: the blocks after the date line."""
    blocks = [block for line in page.splitlines() if (block := line.strip())]
    papers = blocks[blocks.index("Apr 23") + 1 :]
    return zip(papers[::2], papers[1::2], strict=True)


PAPERS = sample()
each_paper = pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper["title"][:40])


def test_there_are_66_papers_with_different_titles():
    assert len(PAPERS) == 66
    assert len({paper["title"] for paper in PAPERS}) == 66


@each_paper
def test_each_line_has_the_shape_of_an_entry_and_is_marked_as_a_sample(paper):
    assert paper.keys() >= REQUIRED
    assert paper.keys() - REQUIRED <= OPTIONAL
    assert paper.keys() - {"sample"} <= {field.name for field in fields(Entry)}
    assert paper["sample"] is True
    assert all(paper.values()), "a key stands only where it holds something"


@each_paper
def test_every_text_is_trimmed_and_every_list_holds_words(paper):
    texts = [paper["title"], paper["summary"], *paper["keywords"], *paper.get("authors", [])]
    assert all(text and text == " ".join(text.split()) for text in texts)
    assert 3 <= len(set(paper["keywords"])) == len(paper["keywords"]) <= 6
    assert all(keyword == keyword.lower() for keyword in paper["keywords"])


@each_paper
def test_a_summary_is_one_or_two_sentences_of_20_to_45_words(paper):
    sentences = re.findall(r"[.!?](?=\s|$)", paper["summary"])
    assert 1 <= len(sentences) <= 2
    assert 20 <= len(paper["summary"].split()) <= 45


@each_paper
def test_an_identifier_or_an_author_stands_only_where_it_is_proven(paper):
    assert paper.get("arxiv_id", "") == PROVEN.get(paper["title"], "")
    assert ("authors" in paper) == ("arxiv_id" in paper)


def test_every_proven_identifier_is_used():
    assert {paper["arxiv_id"] for paper in PAPERS if "arxiv_id" in paper} == set(PROVEN.values())


@each_paper
def test_a_link_leads_to_the_paper_or_to_a_search_for_its_title(paper):
    if "arxiv_id" in paper:
        assert paper["url"] == f"https://arxiv.org/abs/{paper['arxiv_id']}"
    else:
        url = urlsplit(paper["url"])
        assert (url.scheme, url.netloc, url.path) == ("https", "arxiv.org", "/search/")
        assert parse_qs(url.query) == {"searchtype": ["title"], "query": [paper["title"]]}


@each_paper
def test_a_code_link_is_https_and_ends_without_punctuation(paper):
    assert re.fullmatch(r"https://[\w.-]+(/[\w./-]*\w)?", paper.get("code_url", "https://example.org"))


@each_paper
def test_snapshots_rise_between_announcement_and_the_end_of_the_sample(paper):
    announced = instant(paper["announced_at"])
    moments = [instant(snapshot["seen_at"]) for snapshot in paper["snapshots"]]
    assert announced in LIST_DAYS
    assert 5 <= len(moments) <= 7
    assert announced < moments[0]
    assert moments[-1] == END
    assert all(timedelta() < later - earlier <= timedelta(hours=6) for earlier, later in pairwise(moments))


@each_paper
@pytest.mark.parametrize("count", ["upvotes", "comments", "stars"])
def test_counts_are_whole_and_never_fall(paper, count):
    snapshots = [Snapshot(**snapshot) for snapshot in paper["snapshots"]]
    counts = [getattr(snapshot, count) for snapshot in snapshots]
    if count == "stars" and "stars" not in paper["snapshots"][0]:
        assert counts == [None] * len(counts)
    else:
        assert all(type(number) is int and number >= 0 for number in counts)
        assert counts == sorted(counts)


def test_a_few_papers_are_hot_and_most_are_not():
    final = sorted(paper["snapshots"][-1]["upvotes"] for paper in PAPERS)
    assert 4 <= sum(150 <= upvotes <= 400 for upvotes in final) <= 8
    assert final[-1] <= 400
    assert final[len(final) // 2] <= 30


def test_the_papers_fill_a_week_and_most_are_of_its_last_day():
    days = [instant(paper["announced_at"]) for paper in PAPERS]
    assert set(days) == LIST_DAYS
    assert days.count(max(LIST_DAYS)) > len(days) / 2


@pytest.mark.shared_data
def test_the_titles_are_those_of_the_real_page_in_its_order(shared_data: Path):
    page = (shared_data / "trending-page.txt").read_text(encoding="utf-8")
    assert [paper["title"] for paper in PAPERS] == [title for title, _ in page_papers(page)]


@pytest.mark.shared_data
def test_no_summary_repeats_eight_words_of_its_abstract(shared_data: Path):
    page = (shared_data / "trending-page.txt").read_text(encoding="utf-8")
    abstracts = dict(page_papers(page))
    for paper in PAPERS:
        assert not runs(paper["summary"], 8) & runs(abstracts[paper["title"]], 8), paper["title"]


@pytest.mark.shared_data
def test_a_code_link_stands_in_the_abstract(shared_data: Path):
    page = (shared_data / "trending-page.txt").read_text(encoding="utf-8")
    abstracts = dict(page_papers(page))
    for paper in PAPERS:
        assert paper.get("code_url", "") in abstracts[paper["title"]]
