"""Announcements that nobody read: which are missed, how they are asked for, and what a failure leaves behind."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from replay import DATA, Clock, Reply, fetcher_for

from newsletter.errors import SourceRefused, SourceUnavailable
from newsletter.sources import Entry, SourceSettings
from newsletter.sources.arxiv import Arxiv, oai_url
from newsletter.sources.arxiv_repair import LONGEST, gap_of
from newsletter.sources.upstream import ArxivCalendar, feed_of

FEED = (DATA / "arxiv-announcement.atom.xml").read_text()
EMPTY = b"<feed xmlns='http://www.w3.org/2005/Atom'><title>cs.LG updates on arXiv.org</title></feed>"
PAGES = [(DATA / f"arxiv-oai-{which}.xml").read_bytes() for which in ("first", "last")]
NOTHING = b"<OAI-PMH xmlns='http://www.openarchives.org/OAI/2.0/'><error code='noRecordsMatch'/></OAI-PMH>"
BAD_SET = NOTHING.replace(b"noRecordsMatch", b"badArgument")
WEDNESDAY = datetime(2026, 3, 11, 12, tzinfo=UTC)  # the clocks of New York went forward on the 8th
THURSDAY = feed_of(date(2026, 3, 5))
UP_TO_THURSDAY = {"announced_until": THURSDAY.isoformat()}
MISSED = "announcements missed since 2026-03-06 were not repaired: "


def feed(day):
    """An announcement feed of this day."""
    return FEED.replace("2026-03-03T00:00:00-05:00", feed_of(date.fromisoformat(day)).isoformat()).encode()


def read(server, memory=None, now=WEDNESDAY, categories=("cs.LG",), **settings):
    with fetcher_for(Clock()) as fetcher:
        source = Arxiv(SourceSettings("arxiv", "arxiv", url=server.url(), categories=categories, **settings))
        return source.read(fetcher, memory or {}, now, lambda text: None)


def harvested(server):
    return [asked.query for asked in server.asked if asked.path == "/oai"]


def news(reading):
    return {entry.arxiv_id: entry.announced_at for entry in reading.entries if entry.kind == "new"}


def test_missed_announcements_are_harvested_from_the_evening_of_the_first(server):
    server.script("/cs.LG", feed("2026-03-11"))
    server.script("/oai", *PAGES)

    reading = read(server, UP_TO_THURSDAY)

    assert harvested(server)[0] == {
        "verb": "ListRecords",
        "metadataPrefix": "arXiv",
        "set": "cs:cs:LG",
        "from": "2026-03-05",
    }
    assert news(reading) == {
        "2603.05001": feed_of(date(2026, 3, 6)),
        "2603.06002": feed_of(date(2026, 3, 10)),
        "2603.07007": feed_of(date(2026, 3, 11)),
        "2603.00011": feed_of(date(2026, 3, 11)),  # the feed's own
    }
    assert reading.memory["announced_until"] == feed_of(date(2026, 3, 11)).isoformat()


def test_repaired_papers_come_before_those_of_the_feed_and_old_ones_are_no_news(server):
    server.script("/cs.LG", feed("2026-03-11"))
    server.script("/oai", *PAGES)

    kinds = [(entry.arxiv_id, entry.kind) for entry in read(server, UP_TO_THURSDAY).entries]

    assert kinds[2:5] == [("2403.01003", "replace"), ("2601.05005", "replace"), ("hep-th/0601006", "replace")]
    assert kinds[-2:] == [("2603.00011", "new"), ("2603.00012", "replace-cross")]


def test_what_the_next_feed_will_bring_is_left_to_it(server):
    evening = datetime(2026, 3, 11, 3, tzinfo=UTC)  # Tuesday 23:00 in New York: announced, and not in the feed yet
    server.script("/cs.LG", feed("2026-03-10"))
    server.script("/oai", *PAGES)

    reading = read(server, UP_TO_THURSDAY, now=evening)

    assert "2603.07007" not in news(reading)
    assert reading.memory["announced_until"] == feed_of(date(2026, 3, 10)).isoformat()


def test_nothing_is_harvested_on_the_very_first_read(server):
    server.script("/cs.LG", feed("2026-03-11"))

    reading = read(server)

    assert harvested(server) == []
    assert reading.memory["announced_until"] == feed_of(date(2026, 3, 11)).isoformat()


def test_a_first_read_of_an_empty_feed_begins_with_the_last_one_that_is_over(server):
    server.script("/cs.LG", EMPTY)

    reading = read(server, now=datetime(2026, 3, 8, 12, tzinfo=UTC))

    assert reading.memory["announced_until"] == feed_of(date(2026, 3, 6)).isoformat()


def test_without_a_gap_nothing_is_harvested_day_after_day(server):
    memory = {}
    for day in ("2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27", "2026-11-28", "2026-11-30"):
        at = feed_of(date.fromisoformat(day)) + timedelta(hours=6)
        server.script("/cs.LG", EMPTY if day in {"2026-11-26", "2026-11-28"} else feed(day))
        reading = read(server, memory, now=at, holidays=("2026-11-26",))
        memory = json.loads(json.dumps(reading.memory))

    assert harvested(server) == []
    assert memory["announced_until"] == feed_of(date(2026, 11, 30)).isoformat()


def test_a_feed_that_is_late_is_waited_for_and_not_repaired(server):
    server.script("/cs.LG", feed("2026-03-10"))
    memory = {"announced_until": feed_of(date(2026, 3, 10)).isoformat()}

    assert read(server, memory).memory["announced_until"] == memory["announced_until"]
    assert harvested(server) == []


def test_a_feed_that_was_replaced_by_an_empty_one_is_repaired(server):
    saturday = datetime(2026, 3, 7, 12, tzinfo=UTC)
    server.script("/cs.LG", EMPTY)
    server.script("/oai", NOTHING)

    reading = read(server, UP_TO_THURSDAY, now=saturday)

    assert [asked["from"] for asked in harvested(server)] == ["2026-03-05"]
    assert reading.memory["announced_until"] == feed_of(date(2026, 3, 6)).isoformat()


@pytest.mark.parametrize("reply", [Reply(status=500), Reply(b"<html>"), Reply(status=404), Reply(BAD_SET)])
def test_a_repair_that_fails_names_itself_and_is_tried_again(server, reply):
    server.script("/cs.LG", feed("2026-03-11"))
    server.script("/oai", reply)
    first = read(server, UP_TO_THURSDAY)
    server.script("/oai", *PAGES)

    second = read(server, json.loads(json.dumps(first.memory)))

    assert first.problems[-1].startswith(MISSED)
    assert news(first) == {"2603.00011": feed_of(date(2026, 3, 11))}
    assert first.memory["announced_until"] == THURSDAY.isoformat()
    assert "2603.05001" in news(second)
    assert second.memory["announced_until"] == feed_of(date(2026, 3, 11)).isoformat()


def test_an_upstream_that_asks_for_a_pause_gets_it(server):
    clock = Clock()
    server.script("/cs.LG", feed("2026-03-11"))
    server.script("/oai", Reply(status=503, headers={"Retry-After": "17"}), *PAGES)

    with fetcher_for(clock) as fetcher:
        source = Arxiv(SourceSettings("arxiv", "arxiv", url=server.url(), categories=("cs.LG",)))
        reading = source.read(fetcher, UP_TO_THURSDAY, WEDNESDAY, lambda text: None)

    assert 17 in clock.sleeps
    assert "2603.05001" in news(reading)


def test_a_paper_in_two_categories_comes_once_and_a_wrong_one_costs_itself(server):
    server.script("/cs.LG+hep-th+cs.QQ", feed("2026-03-11"))
    server.respond = lambda asked: (
        Reply(BAD_SET) if asked.query.get("set") == "cs:cs:QQ" else Reply(PAGES["resumptionToken" in asked.query])
    )

    reading = read(server, UP_TO_THURSDAY, categories=("cs.LG", "hep-th", "cs.QQ"))

    identifiers = [entry.arxiv_id for entry in reading.entries]
    assert len(identifiers) == len(set(identifiers)) == 8
    assert reading.memory["announced_until"] == feed_of(date(2026, 3, 11)).isoformat()
    assert [problem for problem in reading.problems if "cs.QQ" in problem] == [
        f"{MISSED}arXiv refused to list 'cs.QQ' (badArgument)"
    ]


def test_when_one_category_gets_no_answer_all_are_asked_again(server):
    server.script("/cs.LG+hep-th", feed("2026-03-11"))
    server.respond = lambda asked: (
        Reply(status=500)
        if asked.query.get("set") == "physics:hep-th"
        else Reply(PAGES["resumptionToken" in asked.query])
    )

    reading = read(server, UP_TO_THURSDAY, categories=("cs.LG", "hep-th"))

    assert "2603.05001" in news(reading)
    assert reading.memory["announced_until"] == THURSDAY.isoformat()


def test_a_repair_makes_up_for_a_feed_that_fails(server):
    server.script("/oai", *PAGES)

    reading = read(server, UP_TO_THURSDAY)

    assert "2603.05001" in news(reading)
    assert "HTTP 404" in reading.problems[-1]
    assert reading.memory["announced_until"] == feed_of(date(2026, 3, 10)).isoformat()


def test_when_feed_and_repair_fail_the_source_fails(server):
    server.script("/cs.LG", Reply(status=500))

    with pytest.raises(SourceUnavailable):
        read(server, UP_TO_THURSDAY)
    with pytest.raises(SourceRefused):
        read(server, UP_TO_THURSDAY, categories=("cs.AI",))


def test_of_a_long_gap_only_the_last_days_are_repaired_and_it_is_said(server):
    server.script("/cs.LG", feed("2026-03-11"))
    server.script("/oai", NOTHING)

    reading = read(server, {"announced_until": feed_of(date(2025, 12, 22)).isoformat()})

    assert harvested(server)[0]["from"] == "2026-02-09"
    assert reading.problems[-1] == (
        "announcements of 2025-12-23 to 2026-02-09 were missed more than 30 days ago: they stay unread"
    )
    assert reading.memory["announced_until"] == feed_of(date(2026, 3, 11)).isoformat()


@pytest.mark.parametrize(
    ("url", "categories", "where"),
    [
        ("", ("cs.LG",), "https://oaipmh.arxiv.org/oai"),
        ("http://127.0.0.1:1234", ("cs.LG",), "http://127.0.0.1:1234/oai"),
        ("https://mirror.example/atom/", ("cs.LG",), "https://mirror.example/oai"),
        ("https://mirror.example/atom/cs.LG", ("cs.LG",), ""),
        ("https://mirror.example/saved.xml", ("cs.LG",), ""),
        ("https://mirror.example/atom/cs.LG", (), ""),
        ("", (), ""),
    ],
)
def test_a_mirror_of_the_feed_alone_is_never_asked_for_more(url, categories, where):
    assert oai_url(SourceSettings("arxiv", "arxiv", url=url, categories=categories)) == where


def test_a_mirror_of_the_feed_alone_remembers_no_announcements(server):
    url = server.script("/cs.LG", feed("2026-03-11"))
    with fetcher_for(Clock()) as fetcher:
        source = Arxiv(SourceSettings("arxiv", "arxiv", url=url, categories=("cs.LG",)))
        reading = source.read(fetcher, UP_TO_THURSDAY, WEDNESDAY, lambda text: None)

    assert reading.memory["announced_until"] == THURSDAY.isoformat()
    assert harvested(server) == []


@given(
    st.integers(0, 700),
    st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=12),
    st.sets(st.integers(0, 800), max_size=20),
)
def test_no_announcement_is_ever_skipped_whenever_it_is_read(start, visits, off):
    holidays = {(date(2026, 1, 1) + timedelta(days=number)).isoformat() for number in off}
    calendar = ArxivCalendar(holidays)
    day = date(2026, 1, 1) + timedelta(days=start)
    until, seen, first = None, set(), None
    for days, early in visits:
        day += timedelta(days=days)
        now = feed_of(day) + timedelta(minutes=30 if early else 1200)
        held = next(iter(reversed(calendar.feeds(now - timedelta(hours=21), now))), None)
        gap = gap_of(calendar, until, [replace(Entry("a"), announced_at=held)] if held else [], now)
        first = first or gap.reached
        until = gap.reached
        seen |= {held, *gap.missed}
        assert not gap.lost or gap.lost[-1] < now - LONGEST

    due = set(calendar.feeds(first, until))
    assert due <= seen
