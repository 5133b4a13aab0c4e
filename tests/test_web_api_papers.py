"""The public half of the JSON API: papers by period and topic, single papers, the catalogue, the archive."""

from datetime import timedelta

import pytest
from sqlmodel import Session
from web_api import call, shared_site
from web_site import visitor
from world import NOW, Scripted, entry, papers, planned, reader, sending, stored

LOW = "[digest]\nfloor = 0.1\n"


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    with shared_site(tmp_path_factory.mktemp("api")) as made:
        yield made


def titles(answer):
    return [each["title"] for each in answer.json()["papers"]]


def test_the_newest_day_is_shown_hottest_first(guest):
    answer = call(guest, "GET", "/papers")

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert {name: answer.json()[name] for name in ("period", "first", "last", "total")} == {
        "period": "day",
        "first": "2026-03-09",
        "last": "2026-03-09",
        "total": 6,
    }
    assert titles(answer)[:2] == ["Bayesian inference of dark matter", "Scaling laws of language models"]


def test_a_topic_and_a_limit_narrow_the_list(guest):
    answer = call(guest, "GET", "/papers?period=week&topic=graphs&limit=1")

    assert titles(answer) == ["Graph neural networks for catalysts"]
    assert answer.json()["total"] == 2


def test_a_paper_tells_what_is_known_of_it(guest):
    (shown,) = call(guest, "GET", "/papers?period=week&topic=Graphs&limit=1").json()["papers"]

    in_full = call(guest, "GET", "/papers/arxiv:2603.00002").json()

    assert in_full.pop("abstract") == "We study graph neural networks for catalysts and say what we found."
    assert in_full == shown
    assert shown["topics"][0] == "Graphs"
    assert (shown["upvotes"], shown["history"], shown["ahead_of"]) == (6, [2, 6], 20)
    assert shown["page"] == "https://papers.example.org/papers/arxiv:2603.00002"
    assert (shown["published"], shown["announced"], shown["pdf_url"]) == (None, "2026-03-09", None)


def test_a_paper_is_found_by_its_doi_slashes_and_all(engine, tmp_path):
    guest = visitor(engine, tmp_path, LOW, [entry("Known under two names", doi="10.1000/two")])

    for key in ("doi:10.1000/two", "doi:10.1000%2Ftwo", "arxiv:2603.00001"):
        assert call(guest, "GET", f"/papers/{key}").json()["key"] == "arxiv:2603.00001"


def test_what_sources_tell_is_made_safe(engine, tmp_path):
    odd = entry("Odd\u202e one\x07", url="javascript:alert(1)", arxiv_id="", doi="10.1000/odd", code_url="ftp://x")
    guest = visitor(engine, tmp_path, LOW, [odd, *papers()[1:]])

    shown = call(guest, "GET", "/papers/doi:10.1000/odd").json()

    assert shown["title"] == "Odd one"
    assert (shown["url"], shown["code_url"]) == (None, None)


@pytest.mark.parametrize(
    ("url", "status", "said"),
    [
        ("/papers?period=year", 422, "period: Input should be 'day', 'week' or 'month'"),
        ("/papers?limit=0", 422, "limit: Input should be greater than or equal to 1"),
        (
            "/papers?limit=many",
            422,
            "limit: Input should be a valid integer, unable to parse string as an integer",
        ),
        ("/papers?page=2", 422, "page: Extra inputs are not permitted"),
        ("/papers?topic=grphs", 422, "topic: 'grphs' cannot be used: give 'Graphs'"),
        ("/papers?topic=zzzzzz", 422, "topic: 'zzzzzz' cannot be used: /topics lists those that there are"),
        ("/papers/arxiv:0000.00000", 404, "There is no paper of this key: /papers lists those that are new."),
        ("/papers/", 404, "There is no paper of this key: /papers lists those that are new."),
        ("/papers/a%00b", 404, "There is no paper of this key: /papers lists those that are new."),
        (
            "/archive/2026-03-10",
            404,
            "No edition went out on 2026-03-10: /archive lists the days of those that did.",
        ),
        ("/archive/never", 422, "day: Input should be a valid date or datetime, input is too short"),
    ],
)
def test_what_cannot_be_answered_says_why(guest, url, status, said):
    answer = call(guest, "GET", url)

    assert (answer.status_code, answer.json()) == (status, {"error": said})
    assert answer.headers["cache-control"] == "no-store"


def test_every_topic_is_listed_with_its_papers(guest):
    listed = call(guest, "GET", "/topics").json()["topics"]

    found = {each["name"]: each for each in listed}
    assert list(found) == [topic.name for topic in guest.site.catalogue.topics]
    assert found["Graphs"]["papers"] == 2
    assert found["Reasoning"]["parent"] == "Language models"
    assert found["Language models"]["parent"] is None


def test_past_editions_are_listed_and_show_what_was_trending(engine, tmp_path):
    guest = visitor(engine, tmp_path, LOW)
    with Session(engine) as session:
        reader(session, "ada@example.org", "Graphs")
        planned(session, guest.site.config)
        sending(engine, Scripted())
    guest.clock.passes(minutes=10)

    assert call(guest, "GET", "/archive").json() == {"days": ["2026-03-10"]}
    shown = call(guest, "GET", "/archive/2026-03-10").json()
    assert (shown["day"], shown["page"]) == ("2026-03-10", "https://papers.example.org/archive/2026-03-10")
    assert len(shown["papers"]) == 6
    assert "ada" not in str(shown).replace("Ada Lovelace", "")


def test_asking_sets_no_cookie_and_lets_no_other_site_read(guest):
    for url in ("/papers", "/topics", "/archive"):
        answer = call(guest, "GET", url, Origin="https://elsewhere.example")

        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
        assert not any(name.startswith("access-control") for name in answer.headers)


def test_head_answers_as_get_without_a_body(guest):
    answer = call(guest, "HEAD", "/papers")

    assert (answer.status_code, answer.text) == (200, "")


def test_the_api_stands_below_the_path_of_the_newsletter(engine, tmp_path):
    guest = visitor(engine, tmp_path, LOW, url="https://lab.example.org/news")

    answer = guest.http.get("/news/api/v1/papers?limit=1")

    assert answer.json()["papers"][0]["page"].startswith("https://lab.example.org/news/papers/")


def test_papers_that_come_meanwhile_are_shown_within_minutes(engine, tmp_path):
    guest = visitor(engine, tmp_path, LOW)
    assert call(guest, "GET", "/papers?period=week").json()["total"] == 6
    with Session(engine) as session:
        stored(session, entry("New meanwhile", 9, announced_at=NOW - timedelta(hours=1)))

    guest.clock.passes(minutes=10)

    assert call(guest, "GET", "/papers?period=week").json()["total"] == 7
