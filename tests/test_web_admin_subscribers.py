"""The readers' pages: figures, growth, search, one reader, and what can be done with them."""

from datetime import timedelta

import pytest
from sqlmodel import Session
from web_admin import acts, journalled, lite, logged_in
from world import NOW, reader

from newsletter import daily, db
from subscribers import people, signup, suppression
from subscribers.models import Status

__all__ = ["lite"]  # the fixture
PAGE = "/admin/subscribers"


@pytest.fixture
def one(lite, tmp_path):
    return logged_in(lite, tmp_path)


@pytest.fixture
def ada(lite):
    with Session(lite) as session:
        return reader(session, "ada@example.org", "Graphs", mutes=["Robotics"]).id


def known(engine, number):
    with Session(engine) as session:
        found = session.get(people.Subscriber, number)
        return found.status, suppression.reason_for(session, found.email)


def does(one, number, step, **fields):
    answer = acts(one, f"{PAGE}/{number}/{step}", f"{PAGE}/{number}", **fields)
    assert answer.status_code == 303, answer.text
    return one.get(answer.headers["location"]).text


def test_growth_counts_each_day_on_both_databases(engine):
    with Session(engine) as session:
        reader(session, "ada@example.org")
        gone = reader(session, "emmy@example.org")
        signup.leave(session, gone, signup.Asker("left"), NOW + timedelta(days=1))
        session.commit()
        days = daily.days((NOW + timedelta(days=1)).date(), 3)

        found = [(each.joined, each.left, each.reading) for each in daily.growth(session, days)]

    assert days == ["2026-03-09", "2026-03-10", "2026-03-11"]
    assert found == [(0, 0, 0), (2, 0, 2), (0, 1, 1)]


def test_the_page_has_counts_plots_and_who_came_last(one, ada):
    shown = one.get(PAGE).text

    assert "1 active" in shown
    assert f'href="{PAGE}/{ada}">ada@example.org<' in shown
    assert shown.count("<svg") >= 2


def test_a_part_of_an_address_finds_readers(one, lite, ada):
    with Session(lite) as session:
        reader(session, "emmy@example.com")

    found = acts(one, PAGE, PAGE, wanted="Example.ORG").text

    assert ("ada@example.org" in found, "emmy@" in found) == (True, False)
    assert "No reader has that" in acts(one, PAGE, PAGE, wanted="%").text


def test_a_search_that_finds_too_many_says_so(one, lite):
    with db.writing(lite) as session:
        for number in range(51):
            people.add(session, f"reader{number}@example.org", now=NOW)

    assert "There are more" in acts(one, PAGE, PAGE, wanted="reader").text


def test_one_reader_is_shown_with_wishes_and_consent(one, ada):
    shown = one.get(f"{PAGE}/{ada}").text

    assert "<h1>ada@example.org</h1>" in shown
    assert ">Graphs<" in shown
    assert ">Robotics (topic)<" in shown
    assert ">confirmed<" in shown
    assert "Next digest: " in shown


@pytest.mark.parametrize("number", ["99", "0", "-1", str(2**70)])
def test_a_reader_who_is_not_there_is_not_found(one, number):
    assert one.get(f"{PAGE}/{number}").status_code == 404


def test_a_reader_is_paused_and_resumed(one, lite, ada):
    paused = does(one, ada, "pause")
    stands = known(lite, ada)[0]
    resumed = does(one, ada, "resume")

    assert ("Paused until you start it again" in paused, stands) == (True, Status.PAUSED)
    assert ("Resumed" in resumed, known(lite, ada)[0]) == (True, Status.ACTIVE)
    assert journalled(lite) == ["reader pause", "reader resume"]


def test_a_reader_is_suppressed_and_allowed_again(one, lite, ada):
    suppressed = does(one, ada, "suppress", reason="wrote to us")
    stands = known(lite, ada)[1]
    allowed = does(one, ada, "unsuppress")

    assert ("Suppressed:" in suppressed, stands) == (True, "wrote to us")
    assert ("may be mailed again" in allowed, known(lite, ada)[1]) == (True, None)
    assert journalled(lite) == ["reader suppress", "reader unsuppress"]


def test_what_stands_so_already_changes_nothing(one, lite, ada):
    does(one, ada, "suppress")
    again = [does(one, ada, "suppress"), does(one, ada, "unsuppress"), does(one, ada, "unsuppress")]
    with db.writing(lite) as session:
        session.get(people.Subscriber, ada).status = Status.UNSUBSCRIBED
    again += [does(one, ada, "pause"), does(one, ada, "resume")]

    assert ["Nothing was changed" in each for each in again] == [True, False, True, True, True]
    assert journalled(lite) == ["reader suppress", "reader unsuppress"]


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.PENDING])
def test_a_letter_is_sent_again_once_in_a_while(one, lite, ada, status):
    with db.writing(lite) as session:
        session.get(people.Subscriber, ada).status = status

    first, second = does(one, ada, "letter"), does(one, ada, "letter")

    assert ("on its way" in first, "a short time ago" in second) == (True, True)
    assert [each.letter for each in one.deliveries()] == ["link" if status is Status.ACTIVE else "confirm"]
    assert (journalled(lite), bool(one.woken)) == (["reader letter"], True)


@pytest.mark.parametrize("step", ["suppress", "letter"])
@pytest.mark.parametrize("status", [Status.ACTIVE, Status.PENDING])
def test_what_cannot_be_taken_back_is_asked_first(one, lite, ada, step, status):
    with db.writing(lite) as session:
        session.get(people.Subscriber, ada).status = status

    asked = one.get(f"{PAGE}/{ada}/{step}")

    assert (asked.status_code, "ada@example.org" in asked.text) == (200, True)
    assert (known(lite, ada), one.deliveries()) == ((status, None), [])


def test_who_left_gets_no_letter(one, lite, ada):
    with db.writing(lite) as session:
        session.get(people.Subscriber, ada).status = Status.UNSUBSCRIBED

    shown = one.get(f"{PAGE}/{ada}").text

    assert (f"{PAGE}/{ada}/letter" in shown, "Pause" in shown) == (False, False)
