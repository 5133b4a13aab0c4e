"""Local files: which are read, in which order, what each kind holds, and what a broken one costs."""

import gzip
import json
import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from replay import DATA, Clock, fetcher_for

from newsletter.errors import ConfigError, SourceRefused
from newsletter.sources import Snapshot, SourceSettings
from newsletter.sources.file import File
from newsletter.sources.saved import content_of, entry_of, list_day
from newsletter.sources.trending_page import date_line, page_entries

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
DAILY = (DATA / "daily-papers.json").read_bytes()
ITEM = b'[{"paper": {"id": "2603.00041", "title": "One", "upvotes": 1}}]'


def read(path, memory=None, now=NOW, megabytes=10.0, heard=None):
    source = File(SourceSettings("saved", "file", path=Path(path), max_megabytes=megabytes))
    with fetcher_for(Clock()) as fetcher:
        return source.read(fetcher, memory or {}, now, (heard if heard is not None else []).append)


def test_files_are_read_in_the_order_of_their_days(tmp_path):
    for name in ("2026-03-02.json", "notes.json", "2026-02-27.json"):
        (tmp_path / name).write_bytes(ITEM)
    heard = []
    reading = read(tmp_path / "*.json", heard=heard)
    assert heard == ["2026-02-27.json", "2026-03-02.json", "notes.json"]
    assert [entry.announced_at for entry in reading.entries] == [
        datetime(2026, 2, 27, tzinfo=UTC),
        datetime(2026, 3, 2, tzinfo=UTC),
        None,
    ]


def test_a_saved_answer_counts_its_votes_at_the_end_of_its_day(tmp_path):
    (tmp_path / "2026-03-02.json").write_bytes(ITEM)
    (tmp_path / "2026-03-04.json").write_bytes(ITEM)
    (tmp_path / "saved.json").write_bytes(ITEM)
    seen = [entry.snapshots for entry in read(tmp_path).entries]
    assert seen == [
        (Snapshot(datetime(2026, 3, 3, tzinfo=UTC), 1),),
        (Snapshot(NOW, 1),),
        (Snapshot(NOW, 1),),
    ]


def test_a_day_to_come_waits_for_its_time(tmp_path):
    (tmp_path / "2026-03-05.json").write_bytes(ITEM)
    first = read(tmp_path / "*")
    assert (first.entries, first.problems, first.memory) == ([], [], {"files": {}})
    later = read(tmp_path / "*", first.memory, now=datetime(2026, 3, 5, tzinfo=UTC))
    assert len(later.entries) == 1


def test_unchanged_files_are_counted_and_changed_ones_read_again(tmp_path):
    inner = tmp_path / "year" / "month"
    inner.mkdir(parents=True)
    (inner / "2026-03-02.json.gz").write_bytes(gzip.compress(ITEM))
    (tmp_path / "2026-03-03.json").write_bytes(ITEM)
    first = read(tmp_path / "**" / "*.json*")
    assert set(first.memory["files"]) == {"year/month/2026-03-02.json.gz", "2026-03-03.json"}
    heard = []
    second = read(tmp_path / "**" / "*.json*", json.loads(json.dumps(first.memory)), heard=heard)
    assert (second.unchanged, second.entries, second.memory, heard) == (2, [], first.memory, [])
    os.utime(tmp_path / "2026-03-03.json", ns=(0, 0))
    third = read(tmp_path / "**" / "*.json*", first.memory)
    assert (third.unchanged, len(third.entries)) == (1, 1)


def test_a_broken_file_is_named_and_the_others_go_on(tmp_path):
    (tmp_path / "2026-03-01.json").write_bytes(b"[1, 2")
    (tmp_path / "2026-03-02.json.gz").write_bytes(gzip.compress(ITEM)[:-6])
    (tmp_path / "2026-03-03.json.gz").write_bytes(b"\x1f\x8bnot gzip at all")
    (tmp_path / "2026-03-04.json").write_bytes(ITEM)
    reading = read(tmp_path / "*")
    assert len(reading.entries) == 1
    assert [problem.split(" ", 1)[0] for problem in reading.problems] == [
        "2026-03-01.json",
        "2026-03-02.json.gz",
        "2026-03-03.json.gz",
    ]
    assert "is not valid JSON" in reading.problems[0]
    assert "ends in the middle" in reading.problems[1]
    assert "is not valid gzip" in reading.problems[2]
    assert list(reading.memory["files"]) == ["2026-03-04.json"]


def test_a_file_that_cannot_be_opened_is_a_problem(tmp_path):
    (tmp_path / "a.json").write_bytes(ITEM)
    (tmp_path / "b.json").symlink_to(tmp_path / "a.json")
    source = File(SourceSettings("saved", "file", path=tmp_path))
    with fetcher_for(Clock()) as fetcher:
        # The second file vanishes while the first is being read.
        reading = source.read(fetcher, {}, NOW, lambda name: (tmp_path / "b.json").unlink(missing_ok=True))
    assert len(reading.entries) == 1
    assert reading.problems[0].startswith("b.json ")


def test_when_nothing_can_be_read_the_source_fails(tmp_path):
    (tmp_path / "a.json").write_bytes(b"1")
    with pytest.raises(SourceRefused, match=r"sources\.saved\.path: nothing could be read: a\.json is not a list"):
        read(tmp_path / "a.json")


@pytest.mark.parametrize("name", ["*.json", "missing.json", "no/such/folder/*.json"])
def test_a_pattern_that_matches_nothing_is_named(tmp_path, name):
    (tmp_path / ".hidden.json").write_bytes(ITEM)
    (tmp_path / "README.md").write_text("not for us")
    with pytest.raises(SourceRefused, match="no file matches") as caught:
        read(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


def test_a_file_of_no_known_kind_is_refused_when_it_is_named(tmp_path):
    (tmp_path / "papers.md").write_text("# Papers")
    with pytest.raises(SourceRefused, match=r"of no known kind: name it \.json, \.jsonl"):
        read(tmp_path / "papers.md")


def test_a_name_with_pattern_characters_is_a_name_first(tmp_path):
    (tmp_path / "2026-03-02 [1].json").write_bytes(ITEM)
    assert len(read(tmp_path / "2026-03-02 [1].json").entries) == 1


def test_a_file_source_needs_a_path():
    with pytest.raises(ConfigError, match=r"sources\.saved\.path"):
        File(SourceSettings("saved", "file"))


def test_a_gzip_bomb_in_a_file_is_refused(tmp_path):
    (tmp_path / "2026-03-02.json.gz").write_bytes(gzip.compress(b"[" + b" " * 30_000_000))
    (tmp_path / "2026-03-03.json").write_bytes(ITEM)
    reading = read(tmp_path, megabytes=1)
    assert reading.problems == [
        "2026-03-02.json.gz is larger than the 10 MB allowed: raise max_megabytes if that is meant"
    ]


def test_json_lines_carry_entries_and_each_bad_line_is_named(tmp_path):
    reading = read(DATA / "2026-03-03-papers.jsonl")
    full, metadata, bare = reading.entries
    assert (full.arxiv_id, full.version, full.doi, full.kind) == ("2603.00051", 2, "10.5555/line", "cross")
    assert (full.authors, full.author_count, full.categories) == (("Ada Example", "Bo Sample"), 9, ("cs.LG",))
    assert (full.code_url, full.discussion_url, full.sample) == ("", "https://forum.example/1", True)
    assert full.snapshots == (
        Snapshot(datetime(2026, 3, 3, 6, tzinfo=UTC), 3),
        Snapshot(datetime(2026, 3, 3, 12, tzinfo=UTC), 5, 1),
    )
    assert full.announced_at == datetime(2026, 3, 3, tzinfo=UTC)
    assert (metadata.arxiv_id, metadata.authors) == ("2603.00052", ("Ada Example", "Bo Sample"))
    assert (metadata.categories, metadata.url) == (("cs.CV", "cs.LG"), "https://arxiv.org/abs/2603.00052")
    assert (metadata.published_at, metadata.announced_at) == (datetime(2026, 3, 2, tzinfo=UTC), None)
    assert (bare.arxiv_id, bare.kind, bare.version, bare.categories) == ("", "new", 3, ("Water", "Ice"))
    assert [problem.rpartition(": ")[0].partition(": ")[2] for problem in reading.problems] == [
        "line 5 has no title",
        "line 6 is not a JSON object",
        "line 7 is not valid JSON: NaN is no number of JSON",
    ]


def test_what_is_dated_after_now_waits_and_the_file_is_read_again():
    early = datetime(2026, 3, 3, 7, tzinfo=UTC)
    content = content_of("papers.jsonl", (DATA / "2026-03-03-papers.jsonl").read_bytes(), early)
    assert content.later
    assert len(content.entries[0].snapshots) == 1
    earlier = content_of("papers.jsonl", (DATA / "2026-03-03-papers.jsonl").read_bytes(), early.replace(day=2))
    assert [entry.title for entry in earlier.entries] == ["As arXiv's metadata say it", "No identifier at all"]


def test_a_file_with_later_entries_is_not_remembered():
    early = datetime(2026, 3, 3, 7, tzinfo=UTC)
    assert read(DATA / "2026-03-03-papers.jsonl", now=early).memory == {"files": {}}
    assert len(read(DATA / "2026-03-03-papers.jsonl").memory["files"]) == 1


@given(
    st.dictionaries(
        st.sampled_from(["title", "authors", "categories", "snapshots", "kind", "url", "version", "announced_at"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=10),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
            max_leaves=6,
        ),
    )
)
def test_no_shape_of_a_line_is_a_crash(record):
    assert entry_of({**record, "title": "whole"}).title == "whole"


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("arxiv-announcement.atom.xml", 2),
        ("arxiv-announcement.rss.xml", 1),
        ("arxiv-query.atom.xml", 2),
        ("journal.rss.xml", 3),  # the fourth is of the year 2089
        ("weblog.feed.json", 3),
        ("trending-page.txt", 3),
    ],
)
def test_feeds_and_pages_are_read_from_files_too(name, count):
    assert len(read(DATA / name).entries) == count


def test_a_pasted_page_gives_titles_abstracts_and_list_days():
    first, second, third = page_entries((DATA / "trending-page.txt").read_text(), None, NOW)
    assert first.title == "Made-up sorting for everyone: a study that was never done"
    assert first.abstract.startswith("Sorting is a made-up problem")
    assert first.code_url == "https://github.com/example/made-up-sorting"
    assert first.announced_at == second.announced_at == datetime(2026, 3, 3, tzinfo=UTC)
    assert (second.title, second.abstract) == ("A second paper with a short abstract", "It is short.")
    assert third.title == "Is this title a question?"
    assert third.abstract.endswith("without ever knowing that.")
    assert third.announced_at == datetime(2026, 2, 28, tzinfo=UTC)


def test_a_page_without_a_date_is_of_its_files_day_or_of_now():
    page = "\n\n\nA title\n \n\n\nAn abstract.\n\n"
    assert page_entries(page, date(2026, 3, 2), NOW)[0].announced_at == datetime(2026, 3, 2, tzinfo=UTC)
    assert page_entries(page, None, NOW)[0].announced_at == NOW
    assert page_entries("x" * 300, None, NOW) == []


def test_a_page_without_papers_is_refused(tmp_path):
    (tmp_path / "page.txt").write_text("Get trending papers in your email inbox!\n\nSubscribe")
    with pytest.raises(SourceRefused, match="holds no paper"):
        read(tmp_path / "page.txt")


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("Apr 23", date(2025, 4, 23)),
        ("March 3", date(2026, 3, 3)),
        ("Mar. 3, 2024", date(2024, 3, 3)),
        ("3 March 2024", date(2024, 3, 3)),
        ("28. Feb", date(2026, 2, 28)),
        ("Feb 29", date(2024, 2, 29)),
        ("Feb 30", None),
        ("Apr 23 2031", None),
        ("Subscribe", None),
    ],
)
def test_a_date_line_is_the_newest_such_day_so_far(line, day):
    assert date_line(line, date(2026, 3, 3)) == day


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("2026-03-02.json.gz", date(2026, 3, 2)),
        ("2026-13-02.json", None),
        ("notes.json", None),
        ("2026-03-021.json", None),
    ],
)
def test_the_list_day_stands_at_the_beginning_of_the_name(name, day):
    assert list_day(name) == day


@pytest.mark.uncounted
@pytest.mark.shared_data
def test_all_recorded_days_are_read(shared_data):
    reading = read(shared_data / "huggingface" / "daily" / "*.json.gz")
    assert (len(reading.memory["files"]), reading.problems) == (415, [])
    assert len(reading.entries) == len({entry.arxiv_id for entry in reading.entries}) == 6119
    assert not any(set(entry.title + entry.abstract) & set("\r\n\x00") for entry in reading.entries)
    assert max(entry.author_count for entry in reading.entries) == 664
    assert max(len(entry.authors) for entry in reading.entries) == 200
    days = [entry.announced_at for entry in reading.entries]
    assert days == sorted(days)


@pytest.mark.uncounted
@pytest.mark.shared_data
def test_recorded_metadata_are_read(shared_data):
    reading = read(shared_data / "arxiv" / "metadata_2025-10_2025-12.jsonl.gz")
    assert (len(reading.entries), reading.problems) == (6449, [])
    assert {category for entry in reading.entries for category in entry.categories} >= {"cs.LG", "cond-mat.soft"}
    assert all(entry.published_at and entry.authors for entry in reading.entries)


@pytest.mark.shared_data
def test_the_recorded_announcement_and_page_are_read(shared_data):
    feed = read(shared_data / "arxiv" / "announcement-feed.atom.xml")
    assert sorted(entry.kind for entry in feed.entries) == ["cross"] * 5 + ["new"] * 2
    page = read(shared_data / "trending-page.txt")
    assert len(page.entries) == len({entry.title for entry in page.entries}) == 66
    assert all(len(entry.abstract) >= 1400 for entry in page.entries)
    assert {entry.announced_at for entry in page.entries} == {datetime(2025, 4, 23, tzinfo=UTC)}
