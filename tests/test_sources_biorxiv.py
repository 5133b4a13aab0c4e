"""bioRxiv and medRxiv: intervals, pages, versions, categories. The fixture is made by hand in the API's shape."""

import json
import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from replay import DATA, Clock, Reply, fetcher_for

from newsletter.errors import SourceRefused, SourceUnavailable
from newsletter.sources import SourceSettings, load
from newsletter.sources.biorxiv import first_day, page_of
from newsletter.sources.upstream import Steady

NOW = datetime(2026, 3, 4, 15, tzinfo=UTC)
WHOLE = (DATA / "biorxiv.json").read_bytes()
NOTHING = b'{"messages": [{"status": "no posts found"}], "collection": []}'


def read(server, memory=None, now=NOW, kind="biorxiv", **settings):
    with fetcher_for(Clock()) as fetcher:
        source = load(SourceSettings("bio", kind, url=server.url(), **settings))
        return source.read(fetcher, memory or {}, now, lambda text: None)


def record(number, **more):
    return {
        "title": f"Preprint {number}",
        "doi": f"10.64898/2026.03.04.{number:06}",
        "authors": "Example, A.",
        "date": "2026-03-04",
        "version": "1",
        "category": "neuroscience",
        "server": "bioRxiv",
    } | more


def answer(records, total, count=None):
    message = {"status": "ok", "count": len(records) if count is None else count, "total": str(total)}
    return json.dumps({"messages": [message], "collection": records}).encode()


def pages(total, size):
    """An upstream of so many preprints that gives so many a page, as its cursor says."""

    def respond(asked):
        cursor = int(asked.path.split("/")[-2])
        return Reply(answer([record(number) for number in range(cursor, min(cursor + size, total))], total))

    return respond


def asked(server):
    return [request.path for request in server.asked]


def test_an_entry_has_all_that_the_record_says(server):
    server.respond = lambda request: Reply(WHOLE)

    first = read(server).entries[0]

    assert (first.title, first.abstract) == ("A Made-up Preprint on Cells & Tests", "An abstract over lines.")
    assert first.authors == ("A. Example", "B. C. Sample", "The Cell Consortium", "Muster, C., Jr.")
    assert (first.author_count, first.organization) == (4, "Made-up Institute")
    assert (first.categories, first.doi) == (("cell biology",), "10.1101/2026.03.01.700001")
    assert first.url == "https://www.biorxiv.org/content/10.1101/2026.03.01.700001v1"
    assert first.pdf_url == "https://www.biorxiv.org/content/10.1101/2026.03.01.700001v1.full.pdf"
    assert first.announced_at == first.published_at == datetime(2026, 3, 2, tzinfo=UTC)
    assert (first.kind, first.version) == ("new", 1)


def test_a_later_version_is_no_news_and_keeps_its_own_doi(server):
    server.respond = lambda request: Reply(WHOLE)

    third = read(server).entries[1]

    assert (third.kind, third.version, third.doi) == ("replace", 3, "10.64898/2025.12.01.600002")
    assert (third.announced_at, third.published_at) == (datetime(2026, 3, 3, tzinfo=UTC), None)


def test_the_record_says_which_server_it_is_on_whatever_its_doi(server):
    server.respond = lambda request: Reply(WHOLE)

    assert read(server).entries[2].url == "https://www.medrxiv.org/content/10.64898/2026.03.02.26300003v1"


def test_each_broken_record_costs_itself(server):
    server.respond = lambda request: Reply(WHOLE)

    assert read(server).problems == [
        "preprint 4 has no DOI ('NA'): left out",
        "preprint 5 (10.1101/2026.03.03.700005) has no title: left out",
        "preprint 6 is not a JSON object: left out",
    ]


@pytest.mark.parametrize("kind", ["biorxiv", "medrxiv"])
def test_the_first_read_looks_some_days_back_on_its_own_server(server, kind):
    server.respond = lambda request: Reply(NOTHING)

    reading = read(server, kind=kind, days=5)

    assert asked(server) == [f"/details/{kind}/2026-02-27/2026-03-04/0/json"]
    assert (reading.entries, reading.problems) == ([], [])


@pytest.mark.parametrize("size", [1, 30, 100])
def test_pages_follow_the_count_that_the_answer_gives(server, size):
    server.respond = pages(70, size)

    reading = read(server)

    assert [entry.title for entry in reading.entries] == [f"Preprint {number}" for number in range(70)]
    assert len(server.asked) == -(-70 // size)
    assert reading.memory["until"] == "2026-03-04"


def test_a_read_that_breaks_off_keeps_what_came_and_asks_for_all_of_it_again(server):
    memory = {"since": "2026-02-26", "until": "2026-03-01", "matched": {}}
    server.respond = pages(70, 30)
    server.script("/details/biorxiv/2026-02-27/2026-03-04/30/json", Reply(status=503))

    reading = read(server, memory)

    assert len(reading.entries) == 30
    assert re.match("2026-02-27 to 2026-03-04 was read in part, .*HTTP 503", reading.problems[0])
    assert reading.memory == memory


def test_an_upstream_that_does_not_answer_is_unavailable(server):
    server.respond = lambda request: Reply(status=503)

    with pytest.raises(SourceUnavailable):
        read(server)


def test_the_days_of_an_outage_are_asked_for_in_one_interval(server):
    server.respond = lambda request: Reply(NOTHING)
    memory = read(server).memory

    reading = read(server, json.loads(json.dumps(memory)), now=datetime(2026, 3, 15, 9, tzinfo=UTC))

    assert asked(server)[-1] == "/details/biorxiv/2026-03-02/2026-03-15/0/json"
    assert reading.problems == []


def test_an_outage_beyond_the_longest_says_what_stays_unread(server):
    server.respond = lambda request: Reply(NOTHING)

    reading = read(server, {"since": "2025-10-01", "until": "2025-10-03"})

    assert asked(server) == ["/details/biorxiv/2026-01-03/2026-03-04/0/json"]
    assert reading.problems == [
        "preprints of 2025-10-03 to 2026-01-03 were missed more than 60 days ago: they stay unread"
    ]


def test_on_one_day_the_same_interval_is_asked_for_so_that_unchanged_costs_nothing(server):
    server.respond = lambda request: (
        Reply(status=304) if "if-none-match" in request.headers else Reply(WHOLE, headers={"ETag": '"1"'})
    )
    first = read(server)

    second = read(server, json.loads(json.dumps(first.memory)))

    assert (second.entries, second.unchanged, second.memory) == ([], 1, first.memory)


@given(
    st.dates(date(2025, 1, 1), date(2027, 1, 1)),
    st.lists(st.integers(0, 100), max_size=8),
    st.integers(1, 60),
)
def test_no_day_is_ever_left_out_between_two_reads(start, gaps, days):
    today, memory = start, {}
    for gap in gaps:
        since = first_day(memory, days, today)
        until = date.fromisoformat(memory["until"]) if memory else today
        assert since <= until or (today - since).days == 60
        assert since <= today
        memory = {"since": since.isoformat(), "until": today.isoformat()}
        today = date.fromordinal(today.toordinal() + gap)


def test_a_memory_of_the_future_is_forgotten():
    assert first_day({"since": "2026-03-01", "until": "2026-04-01"}, 3, NOW.date()) == date(2026, 3, 1)


def test_categories_are_chosen_without_case_and_hyphens(server):
    server.respond = lambda request: Reply(WHOLE)

    reading = read(server, categories=("Cell-Biology", "NEUROSCIENCE"))

    assert [entry.categories for entry in reading.entries] == [("cell biology",), ("neuroscience",)]
    assert reading.problems == ["preprint 3 has no DOI ('NA'): left out"]


def test_a_category_that_nothing_is_filed_under_is_named_until_something_is(server):
    server.respond = lambda request: Reply(answer([record(1), record(2, category="genetics")], 2))

    first = read(server, categories=("Neuroscience", "zoolgy"))
    server.respond = lambda request: Reply(answer([record(3, category="zoolgy")], 1))
    second = read(server, first.memory, categories=("Neuroscience", "zoolgy"))
    server.respond = lambda request: Reply(answer([record(4)], 1))
    third = read(server, second.memory, categories=("Neuroscience", "zoolgy"))

    said = "check sources.bio.categories; these days have genetics, neuroscience"
    assert first.problems == [f"no preprint was ever filed under 'zoolgy': {said}"]
    assert (second.problems, third.problems) == ([], [])


def test_other_categories_look_back_as_a_first_read_does(server):
    server.respond = lambda request: Reply(answer([record(1)], 1))
    memory = read(server, categories=("neuroscience",)).memory

    read(server, memory, datetime(2026, 3, 10, tzinfo=UTC), categories=("neuroscience", "genetics"), days=9)

    assert asked(server)[-1] == "/details/biorxiv/2026-03-01/2026-03-10/0/json"


def test_nothing_is_expected_of_single_categories():
    source = load(SourceSettings("bio", "medrxiv", categories=("genetics",)))
    whole = load(SourceSettings("bio", "medrxiv"))

    assert source.calendar == Steady(360)
    assert whole.calendar.expected(datetime(2026, 3, 4, 15, tzinfo=UTC)) == datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"[]", "has no messages"),
        (b'{"messages": []}', "has no messages"),
        (b'{"messages": [{"status": "Error: interval"}]}', r"the words 'Error: interval'"),
        (b'{"messages": [{"status": "ok", "count": 1, "total": "1"}]}', "no collection, count or total"),
        (b'{"messages": [{"status": "ok", "count": -1, "total": 1}], "collection": []}', "no collection, count"),
        (
            b'{"messages": [{"status": "ok", "count": 1, "total": "many"}], "collection": []}',
            "no collection, count",
        ),
        (
            b'{"messages": [{"status": "ok", "count": 0, "total": 9}], "collection": []}',
            "is empty, though there are 9",
        ),
        (b"<html>", "is not valid JSON"),
    ],
)
def test_an_answer_of_another_shape_says_what_is_wrong(server, body, words):
    server.respond = lambda request: Reply(body)

    with pytest.raises(SourceRefused, match=words):
        read(server)


def test_a_list_without_an_end_is_left(server, monkeypatch):
    monkeypatch.setattr("newsletter.sources.biorxiv.MOST_PAGES", 3)
    server.respond = pages(1000, 30)

    reading = read(server)

    assert (len(reading.entries), len(server.asked)) == (90, 3)
    assert "more than 3 pages" in reading.problems[0]
    assert "until" not in reading.memory


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["messages", "collection", "status", "count", "total", "doi", "title"]),
                inner,
                max_size=6,
            )
        ),
        max_leaves=20,
    )
)
def test_no_shape_of_an_answer_is_a_crash(document):
    try:
        page_of(document)
    except SourceRefused:
        return
