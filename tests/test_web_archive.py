"""The archive: the days that an edition went out, each with what trended then and nothing of any reader."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session
from web_editions import LOW, two_editions, went_out
from web_site import visitor
from world import NOW, entry, papers, planned, reader

from newsletter.web.archive import by_month, neighbours

DAYS = st.sets(st.dates()).map(lambda days: sorted(days, reverse=True))


@pytest.fixture
def guest(engine, tmp_path):
    return visitor(engine, tmp_path, LOW)


def test_before_the_first_edition_the_archive_says_what_will_stand_there(guest):
    answer = guest.get("/archive")

    assert answer.status_code == 200
    assert "No edition yet" in answer.text


def test_a_planned_digest_that_never_went_out_makes_no_edition(guest):
    with Session(guest.site.engine) as session:
        planned(session, guest.site.config, NOW, [reader(session, "ada@example.org", "Graphs")])

    assert "No edition yet" in guest.get("/archive").text
    assert guest.get("/archive/2026-03-10").status_code == 404


def test_editions_stand_under_their_months_newest_first(guest):
    two_editions(guest)

    page = guest.get("/archive").text

    assert re.findall(r'class="month"[^>]*>([^<]*)<', page) == ["April 2026", "March 2026"]
    assert re.findall(r'<time datetime="([^"]*)">([^<]*)<', page) == [
        ("2026-04-02", "Thursday 2"),
        ("2026-03-10", "Tuesday 10"),
    ]
    assert "Graph transformers again" in page


def test_an_edition_shows_what_trended_that_day_and_not_what_a_reader_got(guest):
    two_editions(guest)

    page = guest.get("/archive/2026-03-10").text

    assert "<h1>Tuesday, 10 March 2026</h1>" in page
    assert "Every reader’s own digest was different" in page
    assert page.count('class="paper') >= 6
    assert "Graph transformers again" not in page
    assert "Ada" not in page.replace("Ada Lovelace", "")
    assert 'href="https://papers.example.org/archive/2026-03-10"' in page


def test_editions_lead_to_their_neighbours(guest):
    two_editions(guest)

    old, new = (guest.get(f"/archive/{day}").text for day in ("2026-03-10", "2026-04-02"))

    assert '<a class="later" rel="next" href="/archive/2026-04-02">' in old
    assert 'rel="prev"' not in old
    assert '<a rel="prev" href="/archive/2026-03-10">' in new
    assert 'rel="next"' not in new


def test_made_up_figures_are_marked_there_too(engine, tmp_path):
    guest = visitor(engine, tmp_path, LOW, [entry("Graphs of samples", sample=True), *papers()[1:]])
    went_out(guest)

    assert "Sample engagement figures" in guest.get("/archive/2026-03-10").text


@pytest.mark.parametrize(
    "day", ["2026-03-11", "2026-02-30", "9999-99-99", "yesterday", "2026-3-1", "feed.rss", "\u0662026-03-10"]
)
def test_a_day_without_an_edition_is_not_found(guest, day):
    went_out(guest)

    assert guest.get(f"/archive/{day}").status_code == 404


@given(DAYS)
def test_months_hold_every_day_once_in_order(days):
    months = by_month(days)

    assert [day for _, some in months for day in some] == days
    assert len({name for name, _ in months}) == len(months)


@given(DAYS, st.dates())
def test_neighbours_are_the_nearest_days(days, day):
    earlier, later = neighbours(days, day)

    assert earlier == max((each for each in days if each < day), default=None)
    assert later == min((each for each in days if each > day), default=None)


def test_the_neighbours_of_a_day_do_not_hold_it():
    assert neighbours([date(2026, 4, 2), date(2026, 3, 10)], date(2026, 3, 10)) == (None, date(2026, 4, 2))
