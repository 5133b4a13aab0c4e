"""Feeds: documents that their readers take, the same as long as nothing changed, and no paper breaks them."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from xml.etree import ElementTree as ET

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session
from web_editions import LOW, one_more_edition, two_editions, went_out
from web_site import visitor
from world import NOW, entry, papers

from newsletter.models import Edition, Frozen
from newsletter.web.feeds import ATOM, unchanged

HOSTILE = [
    entry("]]></content><script>alert(1)</script> graphs", 1, abstract="\ufffe\uffff & <b>graphs</b>"),
    entry("A graph \U0010ffff and \ud7ff", 7, url="javascript:alert(1)"),
]
FEEDS = [("atom", "application/atom+xml; charset=utf-8"), ("json", "application/feed+json; charset=utf-8")]


@pytest.fixture
def guest(engine, tmp_path):
    return visitor(engine, tmp_path, LOW)


def entries(answer):
    return ET.fromstring(answer.content).findall(f"{{{ATOM}}}entry")


def text(element, name):
    return element.findtext(f"{{{ATOM}}}{name}")


def test_atom_tells_of_each_edition(guest):
    two_editions(guest)

    answer = guest.get("/archive/feed.atom")

    assert [text(each, "id") for each in entries(answer)] == [
        "https://papers.example.org/archive/2026-04-02",
        "https://papers.example.org/archive/2026-03-10",
    ]
    assert text(entries(answer)[0], "title") == "Thursday, 2 April 2026: Graph transformers again"
    assert text(entries(answer)[1], "updated") == "2026-03-10T12:00:00Z"
    assert 'href="https://papers.example.org/papers/arxiv:2603.00009"' in text(entries(answer)[0], "content")


def test_a_feed_reader_understands_the_atom_document(guest):
    two_editions(guest)

    read = feedparser.parse(guest.get("/archive/feed.atom").content)

    assert not read.bozo
    assert read.version == "atom10"
    assert read.feed.title == "Trending Papers"
    assert read.feed.updated_parsed[:3] == (2026, 4, 2)
    assert {link.rel: link.href for link in read.feed.links} == {
        "self": "https://papers.example.org/archive/feed.atom",
        "alternate": "https://papers.example.org/archive",
    }
    assert read.entries[0].content[0].type == "text/html"


def test_the_json_feed_tells_the_same(guest):
    two_editions(guest)

    feed = guest.get("/archive/feed.json").json()

    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == "https://papers.example.org/archive/feed.json"
    assert [item["id"] for item in feed["items"]] == [
        text(each, "id") for each in entries(guest.get("/archive/feed.atom"))
    ]
    assert feed["items"][1]["date_published"] == "2026-03-10T12:00:00Z"
    assert "Graph transformers again" in feed["items"][0]["content_html"]


@pytest.mark.parametrize(("kind", "media"), FEEDS)
def test_a_client_that_has_the_newest_feed_gets_nothing_again(guest, kind, media):
    went_out(guest)
    first = guest.get(f"/archive/feed.{kind}")

    by_tag = guest.get(f"/archive/feed.{kind}", headers={"If-None-Match": first.headers["etag"]})
    by_date = guest.get(f"/archive/feed.{kind}", headers={"If-Modified-Since": first.headers["last-modified"]})

    assert first.headers["content-type"] == media
    assert first.headers["last-modified"] == "Tue, 10 Mar 2026 12:00:00 GMT"
    assert [(each.status_code, each.content) for each in (by_tag, by_date)] == [(304, b"")] * 2
    assert by_tag.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize(("kind", "media"), FEEDS)
def test_a_new_edition_is_told_to_whoever_has_the_old_feed(guest, kind, media):
    went_out(guest)
    old = guest.get(f"/archive/feed.{kind}")
    one_more_edition(guest)

    by_tag = guest.get(f"/archive/feed.{kind}", headers={"If-None-Match": old.headers["etag"]})
    by_date = guest.get(f"/archive/feed.{kind}", headers={"If-Modified-Since": old.headers["last-modified"]})

    assert (by_tag.status_code, by_date.status_code) == (200, 200)


def test_the_bytes_are_the_same_in_another_process(guest, tmp_path):
    two_editions(guest)
    other = visitor(guest.site.engine, tmp_path, LOW)
    other.clock.passes(days=23)

    assert other.get("/archive/feed.atom").content == guest.get("/archive/feed.atom").content


def test_without_editions_the_feeds_are_sound_and_empty(guest):
    atom, feed = guest.get("/archive/feed.atom"), guest.get("/archive/feed.json")

    assert entries(atom) == []
    assert text(ET.fromstring(atom.content), "updated") == "1970-01-01T00:00:00Z"
    assert feed.json()["items"] == []


def test_hostile_papers_stay_text_in_feeds(engine, tmp_path):
    guest = visitor(engine, tmp_path, LOW, [*HOSTILE, *papers()[1:]])
    went_out(guest)

    atom, feed = guest.get("/archive/feed.atom"), guest.get("/archive/feed.json")

    (only,) = entries(atom)
    assert "&lt;/content&gt;&lt;script&gt;alert(1)&lt;/script&gt;" in text(only, "content")
    assert json.loads(feed.content)["items"][0]["content_html"] == text(only, "content")
    assert "<script" not in text(only, "content")
    assert "javascript:" not in text(only, "content")


def test_a_letter_of_the_day_does_not_date_its_edition(guest):
    went_out(guest)
    with Session(guest.site.engine) as session:
        digest = session.get_one(Edition, 1)
        frozen = next(iter(guest.site.letters.values()))
        session.add(
            Edition(
                date=digest.date,
                template_hash=_frozen(session, frozen),
                model_version="",
                created_at=NOW - timedelta(hours=9),
            )
        )
        session.commit()

    assert text(entries(guest.get("/archive/feed.atom"))[0], "updated") == "2026-03-10T12:00:00Z"


def _frozen(session, issue):
    session.add(Frozen(hash=issue.hash, content=issue.to_dict()))
    session.flush()
    return issue.hash


@given(st.text(max_size=60) | st.sampled_from(["*", 'W/"tag"', '"a", "tag"', ""]), st.text(max_size=40))
def test_any_condition_is_answered(tags, since):
    assert unchanged({"if-none-match": tags, "if-modified-since": since}, '"tag"', NOW) in {True, False}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, False),
        ({"if-none-match": '"tag"'}, True),
        ({"if-none-match": 'W/"tag"'}, True),
        ({"if-none-match": '"a", "tag"'}, True),
        ({"if-none-match": "*"}, True),
        ({"if-none-match": '"a"', "if-modified-since": format_datetime(NOW, usegmt=True)}, False),
        ({"if-modified-since": format_datetime(NOW, usegmt=True)}, True),
        ({"if-modified-since": format_datetime(NOW - timedelta(seconds=1), usegmt=True)}, False),
        ({"if-modified-since": "Tue, 10 Mar 2026 12:00:00 -0000"}, False),
        ({"if-modified-since": "yesterday"}, False),
    ],
)
def test_the_tag_decides_and_a_date_only_without_one(headers, expected):
    assert unchanged(headers, '"tag"', datetime(2026, 3, 10, 12, tzinfo=UTC)) is expected
