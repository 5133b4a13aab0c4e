"""Feeds of any writing: what is taken from them, what is refused, and that none of them can hurt."""

import io
import json
import tarfile
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from replay import DATA, Clock, Reply, fetcher_for

from newsletter.errors import ConfigError, SourceRefused
from newsletter.sources import SourceSettings, feed_parser
from newsletter.sources.clean import TAG
from newsletter.sources.documents import xml_text
from newsletter.sources.feed import Feed, feed_entries
from newsletter.sources.json_feed import is_json_feed, json_entries

NOW = datetime(2026, 3, 4, tzinfo=UTC)
JOURNAL = (DATA / "journal.rss.xml").read_bytes()
WEBLOG = (DATA / "weblog.feed.json").read_bytes()


def read(url, memory=None, megabytes=10.0):
    with fetcher_for(Clock()) as fetcher:
        source = Feed(SourceSettings("journal", "feed", url=url, max_megabytes=megabytes))
        return source.read(fetcher, memory or {}, NOW, lambda text: None)


def test_a_journal_is_read_as_plain_values(server):
    url = server.script("/feed", JOURNAL)
    reading = read(url)
    first = reading.entries[0]
    assert (first.title, first.abstract) == ("Effects of nothing on H2O", "First paragraph. Second & last.")
    assert (first.authors, first.author_count) == (("Ada Example", "Bo Sample"), 2)
    assert first.url == server.url("/articles/1?utm=x")
    assert (first.doi, first.arxiv_id) == ("10.5555/jmr.2026.1", "")
    assert (first.categories, first.keywords) == (("physics.chem-ph",), ("Water",))
    assert first.announced_at == first.published_at == datetime(2026, 3, 3, 8, tzinfo=UTC)


def test_dates_to_come_stay_as_told_and_missing_ones_are_unknown(server):
    entries = read(server.script("/feed", JOURNAL)).entries
    assert [entry.announced_at for entry in entries[1:3]] == [datetime(2089, 3, 3, 9, tzinfo=UTC), None]


def test_a_link_that_is_none_is_replaced_by_the_guid(server):
    entries = read(server.script("/feed", JOURNAL)).entries
    assert entries[2].url == "https://journal.example/articles/3"
    assert "in its text" in entries[2].abstract


def test_an_entry_without_title_costs_only_itself(server):
    reading = read(server.script("/feed", JOURNAL))
    assert len(reading.entries) == 4
    assert reading.problems == ["entry 4 (https://journal.example/articles/4) has no title: left out"]


def test_a_preprint_in_a_feed_keeps_its_arxiv_name(server):
    entry = read(server.script("/feed", JOURNAL)).entries[-1]
    assert (entry.arxiv_id, entry.version, entry.url) == ("2603.00031", 2, "https://arxiv.org/abs/2603.00031")


def test_an_unchanged_feed_is_counted(server):
    url = server.script("/feed", Reply(JOURNAL, headers={"Last-Modified": "yesterday"}), Reply(status=304))
    first = read(url)
    second = read(url, first.memory)
    assert server.asked[1].headers["if-modified-since"] == "yesterday"
    assert (second.unchanged, second.entries, second.memory) == (1, [], first.memory)


def test_a_json_feed_is_read_as_well(server):
    reading = read(server.script("/feed.json", WEBLOG))
    first, second, third = reading.entries
    assert (first.title, first.abstract, first.authors) == (
        "We made this up",
        "Entirely & wholly.",
        ("Ada Example",),
    )
    assert (first.categories, first.keywords) == (("cs.RO",), ("Robots",))
    assert first.announced_at == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert (second.doi, second.authors, second.abstract) == ("10.5555/lab.2", ("Bo Sample",), "a < b")
    assert (third.authors, third.keywords) == ((), ())
    assert len(reading.problems) == 2


def test_a_json_feed_without_items_is_refused():
    with pytest.raises(SourceRefused, match="without a list of items"):
        json_entries({"version": "https://jsonfeed.org/version/1.1"})
    assert not is_json_feed([])


def test_arxivs_own_feed_is_recognised(server):
    url = server.script("/feed", (DATA / "arxiv-announcement.atom.xml").read_bytes())
    reading = read(url)
    assert [entry.kind for entry in reading.entries] == ["new", "replace-cross"]
    unknown = server.script("/unknown", (DATA / "arxiv-unknown-category.atom.xml").read_bytes())
    with pytest.raises(SourceRefused, match="arXiv's words 'Feed error for query"):
        read(unknown)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html><body>Welcome</body></html>", "is not a feed: neither RSS nor Atom nor JSON Feed"),
        (b"<!DOCTYPE html><html></html>", "is a web page, not a feed"),
        (b'{"papers": []}', "is JSON, but not a JSON Feed"),
        (b"{broken", "is not valid JSON"),
        (b"", "is not a feed"),
        (b"/etc/passwd", "is not a feed"),
    ],
)
def test_what_is_no_feed_is_refused_with_its_address(server, body, words):
    url = server.script("/feed", body)
    with pytest.raises(SourceRefused, match=f"^{url} {words}"):
        read(url)


def bombs(secret):
    laughs = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))
    item = "<rss version='2.0'><channel><item><title>{}</title></item></channel></rss>"
    yield "billion laughs", f'<!DOCTYPE r [<!ENTITY a0 "ha">{laughs}]>' + item.format("&a9;"), "document type"
    yield (
        "quadratic",
        f'<!DOCTYPE r [<!ENTITY a "{"x" * 50_000}">]>' + item.format("&a;" * 50_000),
        "document type",
    )
    yield (
        "external",
        f'<!DOCTYPE r [<!ENTITY a SYSTEM "{secret.as_uri()}">]>' + item.format("&a;"),
        "document type",
    )
    yield "nesting", "<rss><channel>" + "<a>" * 1_000_000, "elements inside each other"
    yield "utf-16", "\ufeff" + f'<!DOCTYPE r [<!ENTITY a0 "ha">{laughs}]>' + item.format("&a9;"), "document type"


def test_bombs_are_refused_and_open_no_file(server, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("do not tell")
    for name, body, words in bombs(secret):
        url = server.script("/feed", body.encode("utf-16-le" if name == "utf-16" else "utf-8"))
        with pytest.raises(SourceRefused, match=words) as caught:
            read(url)
        assert "do not tell" not in str(caught.value)


def test_a_feed_larger_than_its_cap_is_refused(server):
    url = server.script("/feed", JOURNAL + b" " * 50_000_000)
    with pytest.raises(SourceRefused, match="larger than the 5 MB allowed"):
        read(url, megabytes=5)


def test_a_feed_that_takes_the_parser_too_long_is_stopped():
    body = b"<rss version='2.0'><channel><item><author>" + b"a" * 1_000_000 + b"</author></item></channel></rss>"
    with pytest.raises(SourceRefused, match=r"takes longer than 0\.5 seconds"):
        feed_entries(body, "", "", seconds=0.5)


def test_a_parser_that_fails_is_a_refusal_with_its_last_words(monkeypatch, tmp_path):
    broken = tmp_path / "parser.py"
    broken.write_text("raise ValueError('too odd')")
    monkeypatch.setattr("newsletter.sources.feed.PARSER", broken)
    with pytest.raises(SourceRefused, match="cannot be parsed: ValueError: too odd"):
        feed_entries(JOURNAL, "", "")


def test_a_broken_address_makes_no_link():
    body = b'{"version": "https://jsonfeed.org/version/1", "items": [{"title": "t", "url": "http://[::1"}]}'
    assert feed_entries(body, "", "https://journal.example/")[0][0].url == ""


def test_the_program_reads_its_input_and_writes_json(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["feed_parser.py", "https://journal.example/"])
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(JOURNAL)))
    feed_parser.main()
    assert json.loads(capsys.readouterr().out)["entries"][0]["link"] == "https://journal.example/articles/1?utm=x"


def test_the_parser_gives_strings_alone():
    found = feed_parser.parse(JOURNAL, "https://journal.example/feed")
    assert found["version"] == "rss20"
    assert found["entries"][0]["authors"] == ["Ada Example", "Bo Sample"]
    assert found["entries"][0]["date"] == "2026-03-03T08:00:00Z"
    assert found["entries"][2]["date"] == ""
    assert feed_parser._iso(None) == ""


@settings(max_examples=50)
@given(st.binary(max_size=100), st.integers(0, 2000))
def test_no_damage_to_a_feed_is_a_crash_of_the_parser(junk, place):
    with suppress(SourceRefused):
        text = xml_text(JOURNAL[:place] + junk + JOURNAL[place:])
        assert isinstance(feed_parser.parse(text.encode(), "")["entries"], list)


def test_a_feed_needs_an_address():
    with pytest.raises(ConfigError, match=r"sources\.journal\.url"):
        Feed(SourceSettings("journal", "feed"))


DOCTYPES = {
    "illformed/always_strip_doctype.xml": "is a web page",
    "wellformed/rdf/doctype_contains_entity_decl.xml": "document type",
    "wellformed/rss/entity_in_doctype.xml": "document type",
    "wellformed/rss/rss_version_091_netscape.xml": None,
    "wellformed/rss/item_description_not_a_doctype2.xml": None,
}


def suite(shared_data):
    with tarfile.open(shared_data / "feeds" / "feedparser-tests.tar.gz") as archive:
        for member in archive:
            name = member.name.partition("tests/")[2]
            if name.endswith((".xml", ".json")):
                yield name, archive.extractfile(member).read()


@pytest.mark.uncounted
@pytest.mark.shared_data
def test_the_five_documents_with_a_doctype_are_refused_or_read_as_they_deserve(server, shared_data):
    found = {name: body for name, body in suite(shared_data) if name in DOCTYPES}
    assert set(found) == set(DOCTYPES)
    for name, body in found.items():
        url = server.script("/feed", body)
        if DOCTYPES[name]:
            with pytest.raises(SourceRefused, match=DOCTYPES[name]):
                read(url)
        else:
            read(url)


@pytest.mark.uncounted
@pytest.mark.shared_data
def test_forty_and_more_of_the_oddest_feeds_are_read_or_refused_in_words(server, shared_data):
    groups = {}
    for name, body in suite(shared_data):
        groups.setdefault(name.split("/")[0], []).append((name, body))
    steps = {"illformed": 1, "encoding": 6, "entities": 20, "json": 1}
    odd = [one for group, step in steps.items() for one in groups[group][::step]]
    assert len(odd) >= 40
    for _, body in odd:
        url = server.script("/feed", body)
        with suppress(SourceRefused):
            for entry in read(url).entries:
                assert entry.title
                assert not TAG.search(entry.title + entry.abstract)


@pytest.mark.uncounted
@pytest.mark.shared_data
def test_no_document_of_the_whole_suite_crashes_the_parser(shared_data):
    for name, body in suite(shared_data):
        with suppress(SourceRefused):
            text = xml_text(body)
            assert name.endswith(".json") or feed_parser.parse(text.encode(), "https://journal.example/")
