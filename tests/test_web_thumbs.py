"""Thumbs from the mail: asked on a page, kept when given, taken back, and never given by opening a link."""

import pytest
from sqlmodel import Session, delete, select
from web_site import visitor
from world import entry, planned, reader

from newsletter.models import Alias, Feedback, Paper, Pick


@pytest.fixture
def guest(engine, tmp_path):
    return visitor(engine, tmp_path, "[digest]\nfloor = 0.1\n")


@pytest.fixture
def ada(guest, session):
    ada = reader(session, "ada@example.org", "Graphs").id
    planned(session, guest.site.config)
    return ada


def link(guest, reader_id, rank=1, *, up=True, period="2026-03-10"):
    return guest.site.links.thumb(reader_id, period, rank, up=up)


def thumbs(guest):
    with Session(guest.site.engine) as session:
        return {each.paper: each.thumb for each in session.exec(select(Feedback))}


def first(guest, reader_id):
    """The paper of rank 1."""
    with Session(guest.site.engine) as session:
        return session.exec(select(Pick.paper).where(Pick.subscriber_id == reader_id, Pick.rank == 1)).one()


def test_opening_the_link_asks_and_gives_nothing(guest, ada):
    page = guest.get(link(guest, ada))

    assert page.headers["cache-control"] == "no-store"
    assert "catalysts" in page.text or "molecular" in page.text
    assert '<button type="submit" name="thumb" value="up">' in page.text
    assert '<button type="submit" name="thumb" value="down" class="plain">' in page.text
    assert "Take back" not in page.text
    assert thumbs(guest) == {}


def test_the_newest_thumb_counts_and_can_be_taken_back(guest, ada):
    up = guest.send(link(guest, ada), thumb="up")
    assert "You want more like this" in up.text
    assert thumbs(guest) == {first(guest, ada): 1}

    down = guest.send(link(guest, ada), thumb="down")
    assert "You want less like this" in down.text
    assert 'aria-pressed="true">Less like this' in down.text
    assert thumbs(guest) == {first(guest, ada): -1}

    back = guest.send(link(guest, ada), thumb="none")
    assert "Taken back." in back.text
    assert thumbs(guest) == {}


def test_a_form_without_a_thumb_changes_nothing(guest, ada):
    guest.send(link(guest, ada), thumb="up")

    guest.send(link(guest, ada), thumb="sideways")

    assert list(thumbs(guest).values()) == [1]


def test_taking_back_what_was_never_given_is_fine(guest, ada):
    assert guest.send(link(guest, ada), thumb="none").status_code == 200


def test_the_page_leads_back_to_the_digest(guest, ada):
    assert f'href="{guest.site.paths.browser(ada, "2026-03-10")}"' in guest.get(link(guest, ada)).text


@pytest.mark.parametrize("rank", ["0", "99", "1000", "-1", "x", "٣", "1e1", "9" * 40])
def test_a_rank_that_was_never_sent_is_nowhere(guest, ada, rank):
    assert guest.get(link(guest, ada, rank)).status_code == 404


@pytest.mark.parametrize("period", ["2026-03-09", "2026-13-01", "today", "%00", "2026-03-10'--"])
def test_a_day_without_a_digest_is_nowhere(guest, ada, period):
    assert guest.get(link(guest, ada, period=period)).status_code == 404


def test_another_readers_digest_takes_no_thumb(guest, ada, session):
    eve = reader(session, "eve@example.org").id

    assert guest.get(link(guest, eve)).status_code == 404


def test_a_way_that_is_neither_up_nor_down_is_none(guest, ada):
    url = link(guest, ada).removesuffix("up") + "sideways"

    assert guest.get(url).status_code in {404, 422}


def test_a_paper_that_is_gone_takes_no_thumb(guest, ada, session):
    key = first(guest, ada)
    session.exec(delete(Alias).where(Alias.paper == key))
    session.exec(delete(Paper).where(Paper.key == key))
    session.commit()

    assert guest.get(link(guest, ada)).status_code == 404


def test_a_title_from_outside_is_shown_as_text(engine, tmp_path, session):
    hostile = entry('Graph neural networks <script>alert("x")</script> \u202egniht')
    guest = visitor(engine, tmp_path, "[digest]\nfloor = 0.1\n", [hostile])
    ada = reader(session, "ada@example.org", "Graphs").id
    planned(session, guest.site.config)

    page = guest.get(link(guest, ada)).text

    assert "<h1>Graph neural networks &lt;script&gt;" in page
    assert "\u202e" not in page
