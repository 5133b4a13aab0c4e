"""The deliveries page: what is asked for is found, newest first, in pages, with the ways on."""

import pytest
from sqlmodel import Session, select
from web_admin import lite, logged_in
from world import NOW, Outcome, Phase, Scripted, Verdict, planned, reader, sending, stored

from newsletter.models import Delivery, State
from newsletter.web import admin_deliveries
from newsletter.web.admin_deliveries import Asked, found

__all__ = ["lite"]  # the fixture
LOW = "[digest]\nfloor = 0.1\n"
PAGE = "/admin/deliveries"


def filled(engine, one):
    """Two readers with a digest each: one sent, one refused."""
    with Session(engine) as session:
        stored(session)
        readers = [reader(session, f"{name}@example.org", "Graphs") for name in ("ada", "emmy")]
        planned(session, one.site.config)
        refused = Outcome(Verdict.FAILED, Phase.REPLIED, "550 no such user ada@example.org")
        sending(engine, Scripted(refused))
        return [each.id for each in readers]


@pytest.fixture
def one(lite, tmp_path):
    return logged_in(lite, tmp_path, LOW)


def test_a_row_has_state_reply_and_ways_on_both_databases(engine, tmp_path):
    one = logged_in(engine, tmp_path, LOW)
    ada, _ = filled(engine, one)

    shown = one.get(f"{PAGE}?address=ADA").text

    assert "550 no such user a…@example.org" in shown
    assert f'href="/admin/subscribers/{ada}">ada@example.org<' in shown
    assert 'href="/admin/editions/2026-03-10"' in shown
    assert f"/admin/why?reader={ada}&amp;at=" in shown
    assert "emmy@" not in shown
    assert "Digests by the day" in shown


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({}, ["emmy", "ada"]),
        ({"state": "sent"}, ["emmy"]),
        ({"state": "failed", "day": "2026-03-10"}, ["ada"]),
        ({"letter": "digest", "address": "example.org"}, ["emmy", "ada"]),
        ({"letter": "confirm"}, []),
        ({"day": "2026-03-11"}, []),
        ({"address": "nobody"}, []),
        ({"address": "%"}, []),
        ({"before": 2}, ["ada"]),
    ],
    ids=str,
)
def test_all_that_is_asked_for_must_be_true(one, lite, asked, names):
    filled(lite, one)

    with Session(lite) as session:
        rows = found(session, Asked(**asked), 50)

    assert [each.address.partition("@")[0] for each in rows] == names


def test_mails_without_a_reader_are_found_by_their_address(one, lite):
    filled(lite, one)
    with Session(lite) as session:
        each = session.exec(select(Delivery).where(Delivery.address == "ada@example.org")).one()
        each.subscriber_id, each.letter, each.period = None, "alert", "1"
        session.commit()

    shown = one.get(f"{PAGE}?address=ada&letter=alert&day={each_day()}").text

    assert "ada@example.org" in shown
    assert "Why?" not in shown


def each_day():
    return NOW.date().isoformat()


def test_pages_follow_one_another(one, lite, monkeypatch):
    monkeypatch.setattr(admin_deliveries, "ON_A_PAGE", 1)
    filled(lite, one)

    first, second = one.get(PAGE).text, one.get(f"{PAGE}?before=2").text

    assert ("emmy@" in first, "ada@" in first, "before=2" in first) == (True, False, True)
    assert ("ada@" in second, "Back to the newest" in second) == (True, True)


def test_why_is_asked_by_the_readers_number(one, lite):
    ada, _ = filled(lite, one)

    shown = one.get(f"/admin/why?reader={ada}&at={each_day()}")

    assert (shown.status_code, "The answer" in shown.text) == (200, True)
    assert one.get("/admin/why?reader=99").status_code == 404


def test_a_day_that_is_none_is_not_found(one):
    assert one.get(f"{PAGE}?day=yesterday").status_code == 404
    assert one.get(f"{PAGE}?state=lost&letter=nothing").status_code == 200


def test_nothing_is_said_to_be_nothing(one):
    shown = one.get(PAGE).text

    assert ("Nothing was found." in shown, "<svg" in shown) == (True, False)
    assert all(f'value="{state.value}"' in shown for state in State)
