"""The front page: what trends, for a period and a topic; empty states that help; hostile papers do no harm."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, delete
from web_site import visitor
from world import entry, papers

from newsletter.models import Paper
from newsletter.showcase import Period, Trending
from newsletter.web.front import busiest, in_words
from subscribers.letters import LetterKind

LOW = "[digest]\nfloor = 0.1\n"
HOSTILE = (
    entry("<script>alert(1)</script> & more", 1, authors=("<img src=x onerror=alert(2)>",), author_count=9),
    entry(
        "x" * 10_000,
        2,
        abstract="Short.",
        url="javascript:alert(3)",
        pdf_url="data:text/html,x",
        code_url="https://u:p@evil.example",
    ),
    entry("Safe \u202eeltit \u2066hidden\u2069 \u200bpaper", 3, discussion_url='https://talk.example/"><b>'),
    entry("", 4, abstract="", authors=("",), author_count=0, organization="</li></ol>"),
)


@pytest.fixture
def guest(engine, tmp_path):
    return visitor(engine, tmp_path, LOW)


def titles(answer):
    return re.findall(r'<h3 class="title"[^>]*><a [^>]*>([^<]*)</a>', answer.text)


def test_the_front_page_is_the_seed_with_the_newest_papers(guest):
    answer = guest.get("/")

    assert answer.status_code == 200
    assert "Get trending papers in your email inbox!" in answer.text
    assert "Monday, 9 March 2026" in answer.text
    assert titles(answer)[:2] == ["Bayesian inference of dark matter", "Scaling laws of language models"]
    assert "18 upvotes" in answer.text
    assert "Ada Lovelace and Emmy Noether" in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("period", "days"), [("week", "9 March to 9 March 2026"), ("month", "9 March to 9 March 2026")]
)
def test_a_period_is_a_tab_of_its_own(guest, period, days):
    answer = guest.get(f"/?period={period}")

    assert re.findall(r'href="([^"]*)" aria-current="page"', answer.text) == [f"/?period={period}"]
    assert days in answer.text


def test_a_topic_narrows_the_list_and_stays_chosen_in_every_link_and_form(guest):
    answer = guest.get("/?topic=graphs&period=week")

    assert set(titles(answer)) == {"Message passing on molecular graphs", "Graph neural networks for catalysts"}
    assert '<a href="/?period=month&amp;topic=Graphs">' in answer.text
    assert '<option value="Graphs" selected>' in answer.text
    assert '<input type="hidden" name="topic" value="Graphs">' in answer.text
    assert 'rel="canonical" href="https://papers.example.org/?period=week&amp;topic=Graphs"' in answer.text


def test_the_busiest_topics_are_chips_with_their_numbers(guest):
    answer = guest.get("/")

    assert re.search(r'<a class="chip" href="/\?topic=Graphs">Graphs <small>2</small></a>', answer.text)
    assert 'href="/" aria-current="true">All topics' in answer.text


def test_a_topic_that_is_none_shows_all_papers_and_says_so(guest):
    answer = guest.get("/?topic=%3Cb%3Enone%3C/b%3E%00")

    assert answer.status_code == 200
    assert "No topic is called “&lt;b&gt;none&lt;/b&gt;” here" in answer.text
    assert len(titles(answer)) == 6


@pytest.mark.parametrize("query", ["period=year", "topic=" + "x" * 201])
def test_a_query_that_no_page_of_ours_asks_is_refused_in_words(guest, query):
    answer = guest.get(f"/?{query}")

    assert answer.status_code == 422
    assert "cannot be read" in answer.text


def test_a_topic_without_papers_offers_a_longer_time_and_all_topics(guest):
    answer = guest.get("/?topic=Robotics")

    assert "No paper on Robotics in this time" in answer.text
    assert 'href="/?period=month&amp;topic=Robotics"' in answer.text
    assert "hear of the next one" in guest.get("/?topic=Robotics&period=month").text


def test_a_quiet_week_points_to_the_month(guest):
    guest.clock.passes(days=10)

    answer = guest.get("/?period=week")

    assert "No paper came in this time" in answer.text
    assert 'href="/?period=month"' in answer.text
    assert len(titles(guest.get("/"))) == 6


def test_without_any_paper_the_page_says_what_to_run(guest):
    with Session(guest.site.engine) as session:
        session.exec(delete(Paper))
        session.commit()

    answer = guest.get("/")

    assert answer.status_code == 200
    assert "No papers yet" in answer.text
    assert "newsletter fetch" in answer.text
    assert 'name="email"' in answer.text


def test_made_up_figures_are_marked(engine, tmp_path):
    guest = visitor(engine, tmp_path, entries=[entry("A sample paper", sample=True)])

    answer = guest.get("/")

    assert "3 upvotes (sample)" in answer.text
    assert "Sample engagement figures" in answer.text


def test_of_many_papers_ten_are_cards_and_the_rest_lines(engine, tmp_path):
    guest = visitor(engine, tmp_path, entries=[entry(f"Paper number {number}", number) for number in range(1, 26)])

    answer = guest.get("/")

    assert len(titles(answer)) == 20
    assert answer.text.count('class="paper brief"') == 10
    assert "These are the first 20 of 25." in answer.text


@pytest.mark.parametrize(
    "page", ["/", "/?period=week&topic=Graphs", "/papers/arxiv:2603.00001", "/papers/arxiv:2603.00002"]
)
def test_hostile_papers_stay_text(engine, tmp_path, page):
    guest = visitor(engine, tmp_path, LOW, [*HOSTILE, *papers()[4:]])

    answer = guest.get(page)

    assert answer.status_code == 200
    assert not re.search(r"<script(?! src=\"/static/)|<img|<b>|javascript:|data:text|u:p@|x{400}", answer.text)
    assert not re.search("[\u202a-\u202e\u2060-\u2069\u200b]", answer.text)
    assert not re.search(r"<style|\sstyle=|\son\w+=", answer.text.replace("src=x onerror=alert(2)&gt;", ""))


def test_the_short_form_subscribes(guest):
    answer = guest.send("/subscribe", page="/", email="ada@example.org")

    assert answer.status_code == 303
    assert [each.letter for each in guest.deliveries()] == [LetterKind.CONFIRM]


def test_while_sign_up_is_closed_there_is_no_form(engine, tmp_path):
    guest = visitor(engine, tmp_path, "[signup]\nopen = false\n")

    answer = guest.get("/")

    assert 'name="email"' not in answer.text
    assert "paused at the moment" in answer.text


@pytest.mark.parametrize(
    ("period", "first", "last", "words"),
    [
        (Period.DAY, date(2026, 4, 23), date(2026, 4, 23), "Thursday, 23 April 2026"),
        (Period.WEEK, date(2026, 4, 28), date(2026, 5, 4), "28 April to 4 May 2026"),
        (Period.MONTH, date(2025, 12, 9), date(2026, 1, 7), "9 December 2025 to 7 January 2026"),
        (Period.DAY, None, None, ""),
    ],
)
def test_days_are_told_in_words(period, first, last, words):
    assert in_words(Trending(period, first, last, 0, ())) == words


@given(st.dictionaries(st.text(max_size=5), st.integers(0, 9), max_size=9), st.integers(0, 9))
def test_the_busiest_topics_have_papers_and_come_first(counts, most):
    found = busiest(counts, most)

    assert len(found) == min(most, sum(count > 0 for count in counts.values()))
    assert [counts[name] for name in found] == sorted((counts[name] for name in found), reverse=True)
