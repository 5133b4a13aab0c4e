"""Daily papers: which days are asked for, what one day's answer becomes, and what a bad day costs."""

import gzip
import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from replay import DATA, Clock, Reply, fetcher_for

from newsletter.errors import SourceRefused, SourceUnavailable
from newsletter.sources import Snapshot, SourceSettings
from newsletter.sources.huggingface import HuggingFace, days_to_ask, entries_of

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)  # a Wednesday
DAILY = (DATA / "daily-papers.json").read_bytes()
PATH = "/api/daily_papers"


def read(server, memory=None, now=NOW, days=3):
    with fetcher_for(Clock()) as fetcher:
        source = HuggingFace(SourceSettings("hf", "huggingface", url=server.url(), days=days))
        return source.read(fetcher, memory or {}, now, lambda text: None)


def by_day(answers):
    def respond(asked):
        answer = answers.get(asked.query["date"], b"[]")
        return answer if isinstance(answer, Reply) else Reply(answer)

    return respond


def test_each_of_the_last_week_days_is_asked_for_oldest_first(server):
    server.respond = by_day({"2026-03-02": DAILY})
    reading = read(server, now=datetime(2026, 3, 3, tzinfo=UTC))
    assert [(asked.path, asked.query) for asked in server.asked] == [
        (PATH, {"date": day, "limit": "100"}) for day in ("2026-02-27", "2026-03-02", "2026-03-03")
    ]
    assert len(reading.entries) == 3
    assert len(reading.problems) == 3


def test_an_entry_has_all_that_the_answer_says():
    entries, _ = entries_of(json.loads(DAILY), date(2026, 3, 2))
    entry = entries[0]
    assert (entry.title, entry.abstract, entry.summary) == (
        ("Votes for a Made-up Paper", "An abstract over lines.", "In short.")
    )
    assert (entry.authors, entry.author_count) == (("Ada Example", "Bo Sample"), 2)
    assert (entry.keywords, entry.organization) == (("sorting", "fairness"), "Made-up Laboratory")
    assert (entry.url, entry.pdf_url) == ("https://arxiv.org/abs/2603.00041", "https://arxiv.org/pdf/2603.00041")
    assert entry.code_url == "https://github.com/example/sorting"
    assert entry.discussion_url == "https://huggingface.co/papers/2603.00041"
    assert entry.announced_at == datetime(2026, 3, 2, tzinfo=UTC)
    assert entry.published_at == datetime(2026, 2, 27, 18, tzinfo=UTC)
    assert entry.snapshots == (Snapshot(None, 43, 2, 12),)


def test_only_id_and_title_must_be_there():
    entries, problems = entries_of(json.loads(DAILY), None)
    assert [entry.title for entry in entries[1:]] == ["Only What Must Be There", "The Item Has the Title"]
    assert entries[1].snapshots == (Snapshot(),)
    assert entries[2].abstract == "And the abstract."
    assert problems == [
        "entry 4 has no arXiv id in paper.id ('not an id'): left out",
        "entry 5 (2603.00044) has no title: left out",
        "entry 6 has no arXiv id in paper.id ('None'): left out",
    ]


def test_without_a_day_the_curation_date_is_the_list_day():
    entries, _ = entries_of(json.loads(DAILY), None)
    assert [entry.announced_at for entry in entries] == [datetime(2026, 3, 2, tzinfo=UTC), None, None]


def test_stars_of_zero_without_a_repository_are_unknown():
    item = {"paper": {"id": "2603.00041", "title": "t", "githubStars": 0, "upvotes": 0}, "numComments": 0}
    assert entries_of([item], None)[0][0].snapshots == (Snapshot(None, 0, 0, None),)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    ["paper", "id", "title", "authors", "name", "upvotes", "organization", "publishedAt"]
                ),
                inner,
                max_size=6,
            )
        ),
        max_leaves=20,
    )
)
def test_no_shape_of_an_answer_is_a_crash(items):
    entries, problems = entries_of([items, {"paper": {"id": "2603.00041", "title": "whole"}}], None)
    assert entries[-1].title == "whole"
    assert len(entries) + len(problems) == 2


@pytest.mark.parametrize("body", [b"1", b'{"error": "no"}', b"null", b"[NaN]", b"[" * 100_000, b"<html>", b""])
def test_an_answer_that_is_no_list_is_that_days_problem(server, body):
    server.respond = by_day({"2026-03-03": body, "2026-03-04": DAILY})
    reading = read(server)
    assert reading.problems[0].startswith(f"2026-03-03: {server.url(PATH)} is not ")
    assert len(reading.entries) == 3
    assert reading.memory["missed"] == []


def test_a_day_that_is_not_there_is_a_problem_and_the_others_go_on(server):
    server.respond = by_day({"2026-03-03": Reply(status=404)})
    reading = read(server)
    assert len(reading.problems) == 1
    assert "HTTP 404, no such page: check sources.hf.url" in reading.problems[0]


def test_when_every_day_fails_the_source_fails(server):
    server.respond = lambda asked: Reply(status=404)
    with pytest.raises(SourceRefused, match="no such page"):
        read(server)


def test_a_silent_upstream_is_given_up_after_two_days(server):
    server.respond = lambda asked: Reply(status=503)
    with pytest.raises(SourceUnavailable):
        read(server, days=10)
    assert len({asked.query["date"] for asked in server.asked}) == 2


def test_days_without_an_answer_are_remembered_and_asked_for_again(server):
    server.respond = by_day({"2026-03-02": Reply(status=503)})
    first = read(server)
    assert first.memory["missed"] == ["2026-03-02"]
    server.asked.clear()
    server.respond = by_day({"2026-03-02": DAILY})
    second = read(server, first.memory, now=datetime(2026, 3, 6, tzinfo=UTC))
    assert [asked.query["date"] for asked in server.asked] == [
        "2026-03-02",
        "2026-03-04",
        "2026-03-05",
        "2026-03-06",
    ]
    assert second.memory["missed"] == []
    assert len(second.entries) == 3


def test_the_days_of_an_outage_are_caught_up():
    memory = {"last_day": "2026-02-20"}
    assert days_to_ask(NOW, 1, memory)[0] == date(2026, 2, 23)
    assert len(days_to_ask(NOW, 1, memory)) == 8
    assert days_to_ask(NOW, 2, {}) == [date(2026, 3, 3), date(2026, 3, 4)]


def test_five_days_of_outage_are_asked_for_by_their_dates_and_none_is_skipped(server):
    server.respond = by_day({})
    first = read(server, now=datetime(2026, 2, 25, 20, tzinfo=UTC), days=1)
    server.asked.clear()
    server.respond = by_day({"2026-02-26": DAILY, "2026-03-03": Reply(status=500)})
    back = datetime(2026, 3, 4, 12, tzinfo=UTC)

    second = read(server, json.loads(json.dumps(first.memory)), now=back, days=1)
    third = read(server, json.loads(json.dumps(second.memory)), now=back, days=1)

    missed = ["2026-02-26", "2026-02-27", "2026-03-02", "2026-03-03", "2026-03-04"]
    asked = list(dict.fromkeys(asked.query["date"] for asked in server.asked))
    assert asked == missed
    assert {entry.announced_at for entry in second.entries} == {datetime(2026, 2, 26, tzinfo=UTC)}
    assert second.memory["missed"] == third.memory["missed"] == ["2026-03-03"]


def test_a_weekend_is_never_asked_for():
    sunday = datetime(2026, 3, 8, 23, tzinfo=UTC)
    assert days_to_ask(sunday, 2, {}) == [date(2026, 3, 5), date(2026, 3, 6)]


def test_an_unchanged_day_is_counted_and_stays_known(server):
    server.respond = lambda asked: (
        Reply(status=304) if asked.headers.get("if-none-match") == '"a"' else Reply(DAILY, headers={"ETag": '"a"'})
    )
    first = read(server)
    second = read(server, json.loads(json.dumps(first.memory)))
    assert (second.unchanged, second.entries, second.problems) == (3, [], [])
    assert second.memory == first.memory


def test_an_address_with_a_path_is_taken_as_it_is(server):
    url = server.script("/mirror.json", DAILY)
    with fetcher_for(Clock()) as fetcher:
        source = HuggingFace(SourceSettings("hf", "huggingface", url=url, days=1))
        assert len(source.read(fetcher, {}, NOW, lambda text: None).entries) == 3


@pytest.mark.shared_data
def test_recorded_days_come_through_the_network_as_they_are(server, shared_data):
    daily = shared_data / "huggingface" / "daily"
    days = ["2025-12-29", "2025-12-30", "2025-12-31"]
    packed = {"Content-Encoding": "gzip"}
    server.respond = by_day({day: Reply((daily / f"{day}.json.gz").read_bytes(), headers=packed) for day in days})
    reading = read(server, now=datetime(2025, 12, 31, 20, tzinfo=UTC))
    wanted = [len(json.loads(gzip.decompress((daily / f"{day}.json.gz").read_bytes()))) for day in days]
    assert len(reading.entries) == sum(wanted)
    assert reading.problems == []
    assert {entry.announced_at.date().isoformat() for entry in reading.entries} == set(days)
