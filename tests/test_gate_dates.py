"""Dates of editions: one that is years away is a slip, unless something is known about it."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select
from web_admin import acts, journalled, lite, logged_in
from world import NOW

from newsletter.errors import EditionError
from newsletter.gate import dates
from newsletter.record_models import Hold, HoldState

__all__ = ["lite"]  # the fixture
TOO_FAR = "is too far away for an edition: choose a date within 10 years from now"


@pytest.mark.parametrize("away", [timedelta(0), dates.FARTHEST, -dates.FARTHEST])
def test_a_date_within_ten_years_may_have_an_edition(lite, away):
    with Session(lite) as session:
        assert dates.sought(session, (NOW + away).date().isoformat(), NOW) is None


@pytest.mark.parametrize("date", ["0001-01-01", "2016-03-08", "2036-03-11", "9999-12-31"])
def test_a_date_beyond_ten_years_is_refused(lite, date):
    with Session(lite) as session, pytest.raises(EditionError, match=f"^{date} {TOO_FAR}$"):
        dates.sought(session, date, NOW)


def test_an_edition_that_exists_is_found_however_old_it_is(lite):
    with Session(lite) as session:
        session.add(Hold(date="2012-04-23", state=HoldState.HELD, by="admin", at=NOW))
        session.flush()

        assert dates.sought(session, "2012-04-23", NOW).hold.by == "admin"


@pytest.mark.parametrize("date", ["0001-01-01", "9999-12-31"])
@pytest.mark.parametrize("action", ["hold", "cancel"])
def test_the_admin_page_refuses_a_date_that_is_too_far_away(lite, tmp_path, date, action):
    one = logged_in(lite, tmp_path)
    page = f"/admin/editions/{date}"

    answer = acts(one, f"{page}/{action}", page="/admin/editions/2026-12-24")

    assert (answer.status_code, f"{date} {TOO_FAR}" in answer.text) == (409, True)
    assert journalled(lite) == []
    with Session(lite) as session:
        assert session.exec(select(Hold)).all() == []
