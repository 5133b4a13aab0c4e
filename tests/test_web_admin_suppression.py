"""The suppression page: the list is shown, searched and changed, and the journal has each change."""

from datetime import timedelta

import pytest
from sqlmodel import Session
from web_admin import acts, journalled, lite, logged_in
from world import NOW

from newsletter import db
from subscribers import suppression

__all__ = ["lite"]  # the fixture
PAGE = "/admin/suppression"


@pytest.fixture
def one(lite, tmp_path):
    return logged_in(lite, tmp_path)


def listed(engine, *emails):
    with db.writing(engine) as session:
        for number, email in enumerate(emails):
            suppression.suppress(session, email, f"reason {number}", NOW + timedelta(minutes=number))


def reason(engine, email):
    with Session(engine) as session:
        return suppression.reason_for(session, email)


def test_the_list_has_reason_and_time_newest_first(one, lite):
    listed(lite, "ada@example.org", "emmy@example.org")

    shown = one.get(PAGE).text

    assert shown.index("emmy@example.org") < shown.index("ada@example.org")
    assert "reason 0" in shown


def test_an_address_is_added_and_taken_off(one, lite):
    added = acts(one, f"{PAGE}/add", PAGE, email="Ada@Example.org", reason="wrote to us")
    kept = reason(lite, "ada@example.org")
    lifted = acts(one, f"{PAGE}/lift", PAGE, email="ada@example.org")

    assert (added.status_code, kept) == (303, "wrote to us")
    assert "is on the list" in one.get(added.headers["location"]).text
    assert "taken off the list" in one.get(lifted.headers["location"]).text
    assert reason(lite, "ada@example.org") is None
    assert journalled(lite) == ["suppress", "unsuppress"]


def test_what_changes_nothing_says_so_and_is_not_in_the_journal(one, lite):
    listed(lite, "ada@example.org")

    again = acts(one, f"{PAGE}/add", PAGE, email="ada@example.org")
    absent = acts(one, f"{PAGE}/lift", PAGE, email="emmy@example.org")

    assert "first reason stays" in one.get(again.headers["location"]).text
    assert "was not on the list" in one.get(absent.headers["location"]).text
    assert (reason(lite, "ada@example.org"), journalled(lite)) == ("reason 0", [])


def test_what_is_no_address_is_refused_with_the_cure(one, lite):
    answer = acts(one, f"{PAGE}/add", PAGE, email="nobody")

    assert (answer.status_code, 'role="alert"' in answer.text) == (422, True)
    assert journalled(lite) == []


def test_a_part_of_an_address_finds_it_and_means_itself(one, lite):
    listed(lite, "ada@example.org", "emmy@example.com", "a_b@example.net")

    found = acts(one, PAGE, PAGE, wanted="EXAMPLE.ORG").text
    literal = acts(one, PAGE, PAGE, wanted="a_").text

    assert ("ada@example.org" in found, "emmy@" in found) == (True, False)
    assert ("a_b@" in literal, "ada@" in literal) == (True, False)
    assert "No address on the list" in acts(one, PAGE, PAGE, wanted="nothing like it").text


def test_an_erased_reader_is_found_by_the_whole_address_alone(one, lite):
    with db.writing(lite) as session:
        suppression.suppress_hashed(session, "ada@example.org", "erased", NOW)

    assert "An erased reader" in one.get(PAGE).text
    assert "An erased reader" in acts(one, PAGE, PAGE, wanted="ada@example.org").text
    assert "An erased reader" not in acts(one, PAGE, PAGE, wanted="sha").text


def test_the_list_comes_in_pages(one, lite):
    listed(lite, *(f"reader{number}@example.org" for number in range(51)))

    first, second = one.get(PAGE).text, one.get(f"{PAGE}?page=2").text

    assert ("reader0@" in first, "reader50@" in first, "Older" in first) == (False, True, True)
    assert ("reader0@" in second, "Newer" in second) == (True, True)
    assert "There are more" in acts(one, PAGE, PAGE, wanted="reader").text
