"""The contract that every kind of source keeps."""

import json
from datetime import UTC, datetime

import pytest
from replay import DATA, Clock, Reply, fetcher_for

from newsletter.errors import SourceError, SourceRefused, SourceUnavailable
from newsletter.sources import KINDS, SourceSettings, load
from newsletter.sources.clean import TAG, TRICKS

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
ANSWERS = {
    "arxiv": "arxiv-announcement.atom.xml",
    "biorxiv": "biorxiv.json",
    "feed": "journal.rss.xml",
    "file": "daily-papers.json",
    "huggingface": "daily-papers.json",
    "medrxiv": "biorxiv.json",
}


@pytest.fixture(params=sorted(KINDS))
def kind(request):
    return request.param


class World:
    """One source of a kind, in front of an upstream that gives the kind's own fixture."""

    def __init__(self, kind, server, folder):
        self.kind, self.server = kind, server
        self.file = folder / "2026-03-03.json"
        self.source = load(
            SourceSettings(
                "one",
                kind,
                path=self.file if kind == "file" else None,
                url="" if kind == "file" else server.url("/feed.xml"),
                days=2,
            )
        )

    def give(self, body, status=200):
        if self.kind == "file":
            self.file.write_bytes(body)
        else:
            self.server.respond = lambda asked: (
                Reply(status=304) if "if-none-match" in asked.headers else Reply(body, status, {"ETag": '"1"'})
            )

    def read(self, memory=None, now=NOW):
        with fetcher_for(Clock()) as fetcher:
            self.heard = []
            return self.source.read(fetcher, memory or {}, now, self.heard.append)


@pytest.fixture
def world(kind, server, tmp_path):
    world = World(kind, server, tmp_path)
    world.give((DATA / ANSWERS[kind]).read_bytes())
    return world


def test_a_source_has_the_name_of_its_settings(world):
    assert world.source.name == "one"


def test_good_entries_come_and_bad_ones_are_named(world):
    reading = world.read()
    assert reading.entries
    assert reading.problems
    assert all(problem.strip() == problem and "\n" not in problem for problem in reading.problems)


def test_entries_are_plain_text_with_web_links(world):
    for entry in world.read().entries:
        words = [entry.title, entry.abstract, entry.summary, entry.organization, *entry.authors, *entry.keywords]
        assert entry.title
        assert all(not TAG.search(word) and not TRICKS.search(word) for word in words)
        assert all(word == " ".join(word.split()) for word in words)
        links = [entry.url, entry.pdf_url, entry.code_url, entry.discussion_url]
        assert all(not link or link.startswith(("https://", "http://")) for link in links)
        assert entry.author_count >= len(entry.authors)


def test_memory_survives_json_and_makes_the_next_read_cheap(world):
    first = world.read()
    second = world.read(json.loads(json.dumps(first.memory)))
    assert second.entries == []
    assert second.unchanged > 0
    assert second.memory == first.memory


def test_a_read_does_not_change_the_memory_it_was_given(world):
    memory = world.read().memory
    before = json.dumps(memory)
    world.read(memory)
    assert json.dumps(memory) == before


def test_reading_twice_without_memory_gives_the_same(world):
    assert world.read() == world.read()


def test_progress_is_told_in_short_plain_texts(world):
    world.read()
    assert world.heard
    assert all(0 < len(text) < 100 for text in world.heard)


@pytest.mark.parametrize(
    "body", [b"", b"1", b"{}", b"<", b"\x00\xff", b"[" * 100_000, b"<a>" * 300_000, b"<!DOCTYPE a>"]
)
def test_an_answer_that_nobody_can_read_is_a_refusal(world, body):
    world.give(body)
    with pytest.raises(SourceRefused):
        world.read()


def test_an_upstream_in_trouble_is_unavailable(world, kind):
    if kind == "file":
        world.file.unlink(missing_ok=True)
        expected = SourceRefused
    else:
        world.give(b"", 500)
        expected = SourceUnavailable
    with pytest.raises(SourceError) as caught:
        world.read()
    assert type(caught.value) is expected
    assert caught.value.retry is (expected is SourceUnavailable)
