"""Papers looked up by their arXiv ids: in batches, politely, an odd id costing itself alone."""

import pytest
from replay import DATA, Clock, Reply, fetcher_for

from newsletter.sources import SourceSettings
from newsletter.sources.arxiv import Arxiv, query_url
from newsletter.sources.arxiv_papers import AT_ONCE, MOST_REQUESTS

QUERY = (DATA / "arxiv-query.atom.xml").read_bytes()
ERROR = (DATA / "arxiv-error.atom.xml").read_bytes()
EMPTY = b"<feed xmlns='http://www.w3.org/2005/Atom'></feed>"


def look_up(ids, clock=None, **settings):
    with fetcher_for(clock or Clock()) as fetcher:
        return Arxiv(SourceSettings("arxiv", "arxiv", **settings)).look_up(fetcher, ids)


def entries(ids):
    told = "".join(
        f"<entry><id>http://arxiv.org/abs/{each}v1</id><title>Paper {each}</title><summary>Told.</summary></entry>"
        for each in ids
    )
    return Reply(f"<feed xmlns='http://www.w3.org/2005/Atom'>{told}</feed>".encode())


def ids_of(count):
    return [f"2401.{number:05}" for number in range(count)]


def test_papers_come_with_their_texts_and_unknown_ids_are_told(server):
    server.script("/api/query", QUERY)

    found = look_up(["2602.01234", "astro-ph/0601001", "2401.99999"], url=server.url(), query="all:x")

    assert [asked.query for asked in server.asked] == [
        {"id_list": "2602.01234,astro-ph/0601001,2401.99999", "max_results": "3"}
    ]
    assert found.entries["2602.01234"].abstract == "A result, over two lines."
    assert set(found.entries) == {"2602.01234", "astro-ph/0601001"}
    assert (found.unknown, found.waiting, found.error) == (["2401.99999"], [], "")


def test_many_are_asked_for_in_batches(server):
    server.respond = lambda asked: entries(asked.query["id_list"].split(","))

    found = look_up(ids_of(250), url=server.url("/atom/"), categories=("cs.LG",))

    assert [asked.path for asked in server.asked] == ["/api/query"] * 3
    assert [len(asked.query["id_list"].split(",")) for asked in server.asked] == [100, 100, 50]
    assert len(found.entries) == 250


def test_an_id_that_arxiv_does_not_take_costs_none_but_itself(server):
    def answer(asked):
        ids = asked.query["id_list"].split(",")
        return Reply(ERROR, status=400) if "2401.00037" in ids else entries(ids)

    server.respond = answer
    found = look_up(ids_of(AT_ONCE), url=server.url(), query="all:x")

    assert (len(found.entries), found.unknown, found.waiting) == (99, ["2401.00037"], [])
    assert len(server.asked) < 20


def test_a_refusal_that_comes_with_status_200_is_one_too(server):
    server.script("/api/query", ERROR)

    assert look_up(["2401.00001"], url=server.url(), query="all:x").unknown == ["2401.00001"]


def test_requests_come_to_an_end_and_the_rest_waits(server):
    server.respond = lambda asked: Reply(ERROR, status=400)

    found = look_up(ids_of(AT_ONCE), url=server.url(), query="all:x")

    assert len(server.asked) == MOST_REQUESTS
    assert sorted(found.unknown + found.waiting) == ids_of(AT_ONCE)
    assert found.waiting != []


def test_what_came_before_a_failure_is_kept(server):
    server.script("/api/query", entries(ids_of(AT_ONCE)), Reply(status=404))

    found = look_up(ids_of(150), url=server.url(), query="all:x")

    assert (len(found.entries), len(found.waiting)) == (100, 50)
    assert "HTTP 404" in found.error


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({"categories": ("cs.LG",)}, "https://export.arxiv.org/api/query"),
        ({"query": "all:x"}, "https://export.arxiv.org/api/query"),
        ({"query": "all:x", "url": "http://a.example"}, "http://a.example/api/query"),
        ({"query": "all:x", "url": "http://a.example/own/query"}, "http://a.example/own/query"),
        ({"categories": ("cs.LG",), "url": "http://a.example/atom/"}, "http://a.example/api/query"),
        ({"categories": ("cs.LG",), "url": "http://a.example/atom/cs.LG"}, ""),
        ({"url": "http://a.example/saved.xml"}, ""),
    ],
)
def test_the_address_follows_the_sources_own(settings, url):
    assert query_url(SourceSettings("arxiv", "arxiv", **settings)) == url


def test_a_mirror_of_one_feed_is_not_asked():
    assert look_up(["2401.00001"], url="http://127.0.0.1:9/cs.LG.xml") is None
