"""A paper's own page: all that is known, its votes to look at and to read, and the way to papers like it."""

from datetime import timedelta

import pytest
from sqlmodel import Session
from web_site import visitor
from world import NOW, entry, stored

from newsletter.models import Alias
from newsletter.sources import Snapshot

LOW = "[digest]\nfloor = 0.1\n"
PAPER = "/papers/arxiv:2603.00002"


@pytest.fixture
def guest(engine, tmp_path):
    return visitor(engine, tmp_path, LOW)


def test_a_paper_has_a_page_with_everything_we_know(engine, tmp_path):
    known = entry(
        "Graph neural networks for catalysts",
        2,
        summary="A graph says which catalyst works.",
        categories=("cs.LG", "cond-mat"),
        organization="Example Institute",
        published_at=NOW - timedelta(days=3),
        pdf_url="https://arxiv.org/pdf/2603.00002",
        code_url="https://code.example/graphs",
        discussion_url="https://talk.example/7",
    )
    guest = visitor(engine, tmp_path, LOW, [known])

    page = guest.get(PAPER).text

    for told in (
        "Graph neural networks for catalysts</h1>",
        "Ada Lovelace and Emmy Noether",
        "A graph says which catalyst works.",
        "We study graph neural networks for catalysts and say what we found.",
        "7 March 2026",
        "9 March 2026",
        "cs.LG, cond-mat",
        "Example Institute",
        'href="https://arxiv.org/pdf/2603.00002"',
        'href="https://code.example/graphs"',
        'href="https://talk.example/7"',
        '<meta name="description" content="A graph says which catalyst works.">',
        '<link rel="canonical" href="https://papers.example.org/papers/arxiv:2603.00002">',
        '<meta property="og:title" content="Graph neural networks for catalysts">',
    ):
        assert told in page


def test_votes_are_a_chart_and_a_table(guest):
    page = guest.get(PAPER).text

    assert "6 upvotes" in page
    assert "From 2 on 9 March 2026 to 6 on 10 March 2026." in page
    assert "<td>9 March 2026, 18:00 UTC</td><td>2</td>" in page


def test_the_hottest_paper_says_what_it_is_ahead_of(guest):
    hottest, coldest = (guest.get(f"/papers/arxiv:2603.0000{number}").text for number in (6, 1))

    assert "Ahead of 99\N{NO-BREAK SPACE}% of this week" in hottest
    assert "Ahead of" not in coldest


def test_without_votes_there_is_neither_number_nor_chart(engine, tmp_path):
    guest = visitor(engine, tmp_path, entries=[entry("Quiet", 1, abstract="", snapshots=())])

    page = guest.get("/papers/arxiv:2603.00001").text

    assert "upvote" not in page
    assert "<svg" not in page
    assert "Our sources gave no summary." in page


def test_one_count_is_told_without_a_chart(engine, tmp_path):
    guest = visitor(engine, tmp_path, entries=[entry("One", 1, snapshots=(Snapshot(NOW, upvotes=1),))])

    page = guest.get("/papers/arxiv:2603.00001").text

    assert "<strong>1 upvote</strong>" in page
    assert "<figure" not in page


def test_papers_like_it_are_one_click_away(guest):
    page = guest.get(PAPER).text

    assert 'href="/subscribe?topic=Graphs' in page
    assert '<a class="chip" href="/?period=week&amp;topic=Graphs">' in page


def test_while_sign_up_is_closed_nobody_is_called_to_subscribe(engine, tmp_path):
    guest = visitor(engine, tmp_path, "[signup]\nopen = false\n")

    assert "Get papers like this" not in guest.get(PAPER).text


def test_a_paper_is_found_under_its_other_names(guest):
    with Session(guest.site.engine) as session:
        session.add(Alias(key="doi:10.1000/x(1)?#", paper="arxiv:2603.00002"))
        session.commit()

    answer = guest.get(guest.site.paths.paper("doi:10.1000/x(1)?#"))

    assert answer.status_code == 308
    assert answer.headers["location"] == PAPER


def test_the_page_of_an_old_paper_stays(engine, tmp_path):
    guest = visitor(engine, tmp_path)
    guest.clock.passes(days=200)
    with Session(engine) as session:
        stored(session, entry("A paper of today", 9, announced_at=guest.clock()), now=guest.clock())
        session.commit()

    page = guest.get(PAPER)

    assert page.status_code == 200
    assert "Ahead of" not in page.text


@pytest.mark.parametrize("key", ["arxiv:9999.99999", "nothing", "%00", "a" * 300, "../../etc/passwd", "%ff", ""])
def test_what_is_no_paper_is_not_found(guest, key):
    answer = guest.get(f"/papers/{key}")

    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


def test_below_a_path_every_link_keeps_it(engine, tmp_path):
    guest = visitor(engine, tmp_path, LOW, url="https://example.org/news")

    page = guest.get(f"/news{PAPER}").text

    assert 'rel="canonical" href="https://example.org/news/papers/arxiv:2603.00002"' in page
    assert 'href="/news/subscribe?topic=Graphs' in page
