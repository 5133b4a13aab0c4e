"""arXiv: announcements and searches, its own ways of saying no, and recorded answers."""

import io
import json
import tarfile
from datetime import UTC, datetime

import pytest
from replay import DATA, Clock, Reply, fetcher_for

from newsletter.errors import ConfigError, SourceRefused, SourceUnavailable
from newsletter.sources import SourceSettings
from newsletter.sources.arxiv import Arxiv, feed_url

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
ANNOUNCEMENT = (DATA / "arxiv-announcement.atom.xml").read_bytes()
QUERY = (DATA / "arxiv-query.atom.xml").read_bytes()
ERROR = (DATA / "arxiv-error.atom.xml").read_bytes()
UNKNOWN = (DATA / "arxiv-unknown-category.atom.xml").read_bytes()
BOTH = ("cs.AI", "cs.LG")


def read(memory=None, now=NOW, **settings):
    with fetcher_for(Clock()) as fetcher:
        source = Arxiv(SourceSettings("arxiv", "arxiv", **settings))
        return source.read(fetcher, memory or {}, now, lambda text: None)


def page(start, count, total):
    entries = "".join(
        f"<entry><id>http://arxiv.org/abs/2603.{number:05}v1</id><title>Paper {number}</title></entry>"
        for number in range(start, start + count)
    )
    return Reply(
        f"<feed xmlns='http://www.w3.org/2005/Atom' xmlns:o='http://a9.com/-/spec/opensearch/1.1/'>"
        f"<o:totalResults>{total}</o:totalResults>{entries}</feed>".encode()
    )


def test_all_categories_are_asked_for_in_one_request(server):
    server.script("/atom/cs.AI+cs.LG", ANNOUNCEMENT)
    reading = read(url=server.url("/atom/"), categories=BOTH)
    assert [asked.path for asked in server.asked] == ["/atom/cs.AI+cs.LG"]
    assert (len(reading.entries), len(reading.problems)) == (2, 2)


def test_an_unchanged_feed_is_counted(server):
    server.script("/cs.AI+cs.LG", Reply(ANNOUNCEMENT, headers={"ETag": '"1"'}), Reply(status=304))
    first = read(url=server.url(), categories=BOTH)
    second = read(json.loads(json.dumps(first.memory)), url=server.url(), categories=BOTH)
    assert server.asked[1].headers["if-none-match"] == '"1"'
    assert (second.unchanged, second.entries, second.memory) == (1, [], first.memory)


def test_other_categories_are_never_answered_by_old_validators(server):
    server.script("/cs.AI", Reply(ANNOUNCEMENT, headers={"ETag": '"1"'}))
    server.script("/cs.LG", Reply(ANNOUNCEMENT))
    first = read(url=server.url(), categories=("cs.AI",))
    read(first.memory, url=server.url(), categories=("cs.LG",))
    assert "if-none-match" not in server.asked[1].headers


def test_an_empty_feed_is_no_failure(server):
    empty = b"<feed xmlns='http://www.w3.org/2005/Atom'><title>cs.AI updates on arXiv.org</title></feed>"
    url = server.script("/feed.xml", empty)
    reading = read(url=url)
    assert (reading.entries, reading.problems) == ([], [])


@pytest.mark.parametrize(
    ("base", "categories", "url"),
    [
        ("", BOTH, "https://rss.arxiv.org/atom/cs.AI+cs.LG"),
        ("http://127.0.0.1:1234", BOTH, "http://127.0.0.1:1234/cs.AI+cs.LG"),
        ("http://a.example/atom/", ("cs.AI",), "http://a.example/atom/cs.AI"),
        ("http://a.example/atom/cs.LG+cs.AI", BOTH, "http://a.example/atom/cs.LG+cs.AI"),
        ("http://a.example/saved.xml", BOTH, "http://a.example/saved.xml"),
        ("http://a.example/atom/cs", (), "http://a.example/atom/cs"),
    ],
)
def test_the_feed_address_is_built_from_base_and_categories(base, categories, url):
    assert feed_url(base, categories) == url


def test_one_wrong_category_costs_only_itself(server):
    server.script("/cs.AI+cs.QQ", UNKNOWN)
    server.script("/cs.QQ", UNKNOWN)
    server.script("/cs.AI", ANNOUNCEMENT)
    reading = read(url=server.url(), categories=("cs.AI", "cs.QQ"))
    assert len(reading.entries) == 2
    assert reading.problems[-1] == (
        "arXiv does not know category 'cs.QQ' (Feed error for query: cs.QQ): check sources.arxiv.categories"
    )


@pytest.mark.parametrize("categories", [("cs.QQ",), ("cs.QQ", "cs.QZ")])
def test_wrong_categories_alone_are_refused(server, categories):
    server.respond = lambda asked: Reply(UNKNOWN)
    with pytest.raises(SourceRefused, match=r"does not know category 'cs\.QQ"):
        read(url=server.url(), categories=categories)


def test_a_search_becomes_entries_with_their_first_date(server):
    server.script("/api/query", QUERY)
    reading = read(url=server.url(), query="all:sorting", max_results=50)
    assert server.asked[0].query == {
        "search_query": "all:sorting",
        "start": "0",
        "max_results": "50",
        "sortBy": "submittedDate",
        "sortOrder": "descending",
    }
    first, legacy = reading.entries
    assert (first.arxiv_id, first.version, first.abstract) == ("2602.01234", 2, "A result, over two lines.")
    assert (first.categories, first.authors) == (("cs.LG", "cs.DS"), ("Ada Example", "Bo Sample"))
    assert (first.published_at, first.announced_at) == (datetime(2026, 2, 9, 17, 59, 46, tzinfo=UTC), None)
    assert (legacy.arxiv_id, legacy.url) == ("astro-ph/0601001", "https://arxiv.org/abs/astro-ph/0601001")


def test_a_search_goes_on_page_by_page_up_to_the_limit(server):
    server.respond = lambda asked: page(int(asked.query["start"]), int(asked.query["max_results"]), 10_000)
    reading = read(url=server.url(), query="all:x", max_results=230)
    assert [(asked.query["start"], asked.query["max_results"]) for asked in server.asked] == [
        ("0", "100"),
        ("100", "100"),
        ("200", "30"),
    ]
    assert len({entry.arxiv_id for entry in reading.entries}) == 230


def test_a_search_stops_at_what_there_is(server):
    server.respond = lambda asked: page(int(asked.query["start"]), 100 if asked.query["start"] == "0" else 20, 120)
    assert len(read(url=server.url(), query="all:x").entries) == 120
    assert len(server.asked) == 2


def test_an_empty_page_is_asked_for_again(server):
    server.script("/api/query", page(0, 100, 120), page(0, 0, 120), page(100, 20, 120))
    reading = read(url=server.url(), query="all:x")
    assert (len(reading.entries), reading.problems) == (120, [])


def test_empty_pages_without_end_are_a_problem_and_not_a_loop(server):
    server.script("/api/query", page(0, 100, 500), page(0, 0, 500))
    reading = read(url=server.url(), query="all:x")
    assert len(reading.entries) == 100
    assert reading.problems == ["arXiv gave only empty pages after result 100 of 200: read again later"]
    assert len(server.asked) == 4


def test_without_a_total_an_empty_page_is_the_end(server):
    server.script("/api/query", b"<feed xmlns='http://www.w3.org/2005/Atom'/>")
    assert read(url=server.url(), query="all:x").problems == []


def test_a_later_page_that_fails_leaves_the_earlier_ones(server):
    server.script("/api/query", page(0, 100, 500), Reply(status=404))
    reading = read(url=server.url(), query="all:x")
    assert len(reading.entries) == 100
    assert reading.problems[0].startswith("results from 101 on: ")


@pytest.mark.parametrize("status", [200, 400])
def test_arxivs_own_words_tell_what_is_wrong_with_a_query(server, status):
    server.script("/api/query", Reply(ERROR, status=status))
    with pytest.raises(SourceRefused, match=r"malformed query near AND\): check sources.arxiv.query"):
        read(url=server.url(), query="all:x AND")


def test_a_bad_request_without_words_is_refused_too(server):
    server.script("/api/query", Reply(page(0, 0, 0).body, status=400))
    with pytest.raises(SourceRefused, match=r"refused the query \(HTTP 400\)"):
        read(url=server.url(), query="all:x")


@pytest.mark.parametrize("body", [b"<html", b"", b"<!DOCTYPE html>", b"plain text"])
def test_what_is_no_feed_is_refused_with_its_address(server, body):
    url = server.script("/feed.xml", body)
    with pytest.raises(SourceRefused, match=f"^{url} is "):
        read(url=url)


def test_when_one_of_two_parts_fails_the_other_is_kept(monkeypatch, server):
    source = Arxiv(SourceSettings("arxiv", "arxiv", categories=BOTH, query="all:x"))
    assert len(source._parts) == 2
    server.script("/cs.AI+cs.LG", ANNOUNCEMENT)
    monkeypatch.setattr("newsletter.sources.arxiv.FEED", server.url())
    monkeypatch.setattr("newsletter.sources.arxiv.QUERY", server.url())
    with fetcher_for(Clock()) as fetcher:
        reading = source.read(fetcher, {}, NOW, lambda text: None)
        assert len(reading.entries) == 2
        assert "HTTP 404" in reading.problems[-1]
        server.scripts.clear()
        server.respond = lambda asked: Reply(status=500)
        with pytest.raises(SourceUnavailable):
            source.read(fetcher, {}, NOW, lambda text: None)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "name categories"),
        ({"categories": ("cs AI",)}, "'cs AI' is no arXiv category"),
        ({"categories": BOTH, "query": "x", "url": "http://a.example"}, "make two sources of it"),
    ],
)
def test_settings_that_make_no_sense_are_refused_at_once(settings, words):
    with pytest.raises(ConfigError, match=words):
        Arxiv(SourceSettings("arxiv", "arxiv", **settings))


@pytest.mark.shared_data
def test_the_recorded_announcement_has_two_new_and_five_cross_entries(server, shared_data):
    url = server.script("/feed.xml", (shared_data / "arxiv" / "announcement-feed.atom.xml").read_bytes())
    reading = read(url=url, categories=("cs.AI",))
    assert sorted(entry.kind for entry in reading.entries) == ["cross"] * 5 + ["new"] * 2
    assert all(entry.announced_at == datetime(2025, 8, 20, 4, tzinfo=UTC) for entry in reading.entries)
    assert all(entry.authors and not entry.abstract.startswith("arXiv") for entry in reading.entries)
    assert reading.problems == []


def recorded(shared_data):
    with tarfile.open(shared_data / "arxiv" / "api-atom-responses.tar.gz") as archive:
        for member in archive:
            if member.name.endswith(".json"):
                yield json.load(io.TextIOWrapper(archive.extractfile(member), "utf-8"))


@pytest.mark.shared_data
def test_recorded_answers_of_the_api_are_read_over_the_network(server, shared_data):
    counts = {}
    for answer in recorded(shared_data):
        server.script("/api/query", Reply(answer["body"].encode(), status=answer["status_code"]))
        if answer["status_code"] == 400:
            with pytest.raises(SourceRefused, match="incorrect id format for abc"):
                read(url=server.url(), query="x")
            continue
        reading = read(url=server.url(), query="x", max_results=answer["body"].count("<entry>") or 1)
        assert [problem for problem in reading.problems if "empty pages" not in problem] == []
        assert all(entry.title and entry.arxiv_id and entry.version for entry in reading.entries)
        counts[answer["url"]] = len(reading.entries)
    assert len(counts) == 19
    assert max(counts.values()) == 100
    assert sorted(counts.values())[:3] == [0, 0, 1]
