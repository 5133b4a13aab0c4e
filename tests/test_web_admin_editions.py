"""Editions on the admin pages: held, released, planned anew and cancelled by a button each, and noted down."""

import pytest
from sqlmodel import Session, select
from web_admin import acts, journalled, lite, logged_in
from world import planned, reader, states, stored

from newsletter import holds
from newsletter.models import Delivery, Pick, Skip
from newsletter.record_models import Hold
from newsletter.web.admin_editions import ranked

__all__ = ["lite"]  # the fixture
LOW = "[digest]\nfloor = 0.1\n"
DAY = "2026-03-10"
PAGE = f"/admin/editions/{DAY}"


@pytest.fixture
def quick(lite, tmp_path):
    return with_digests(lite, tmp_path)


def with_digests(engine, folder, readers=3):
    """An admin, and so many readers with a planned digest of the clock's day."""
    one = logged_in(engine, folder, LOW)
    with Session(engine) as session:
        stored(session)
        for number in range(readers):
            reader(session, f"reader{number}@example.org", "Graphs")
        planned(session, one.site.config)
    return one


def found(engine):
    """The decision about the day, and the states of its digests."""
    with Session(engine) as session:
        hold = session.get(Hold, DAY)
        return (hold.state.value if hold else "", set(states(session)))


def test_an_edition_goes_its_way_by_buttons(engine, tmp_path):
    one = with_digests(engine, tmp_path)
    way = []
    for action in ("hold", "replan", "release"):
        answer = acts(one, f"{PAGE}/{action}", page=PAGE, reason="too few papers")
        assert answer.status_code == 303, answer.text
        way.append((one.get(answer.headers["location"]).text, found(engine)))

    held, anew, released = (text for text, _ in way)
    assert "Held. Nothing of this edition goes out" in held
    assert "too few papers" in held
    assert "Planned anew: 3 digests." in anew
    assert "Released. 3 digests are on the way now." in released
    assert [state for _, (state, _) in way] == ["held", "held", "released"]
    assert one.woken
    assert journalled(engine) == [f"edition {name} {DAY}" for name in ("hold", "replan", "release")]


def test_cancelling_is_asked_first_and_frees_the_papers(engine, tmp_path):
    one = with_digests(engine, tmp_path)

    asked = one.get(f"{PAGE}/cancel")
    before = found(engine)
    answer = acts(one, f"{PAGE}/cancel", page=f"{PAGE}/cancel", reason="wrong template")

    assert "3 digests will not be sent" in asked.text
    assert before == ("", {"pending"})
    assert found(engine) == ("cancelled", {"skipped"})
    assert "Cancelled. 3 digests will not be sent." in one.get(answer.headers["location"]).text
    with Session(engine) as session:
        assert session.exec(select(Delivery.skipped_for).distinct()).all() == [Skip.CANCELLED]
        assert session.exec(select(Pick)).all() == []
    assert journalled(engine) == [f"edition cancel {DAY}"]


def test_what_was_cancelled_for_good_has_no_buttons(quick):
    acts(quick, f"{PAGE}/cancel", page=f"{PAGE}/cancel")

    shown = quick.get(PAGE).text
    answer = acts(quick, f"{PAGE}/hold", page=PAGE)

    assert f"{PAGE}/hold" not in shown
    assert answer.status_code == 409
    assert "that is final" in answer.text


def test_an_edition_can_be_held_before_its_day(lite, tmp_path):
    one = logged_in(lite, tmp_path)

    answer = acts(
        one, "/admin/editions/2026-12-24/hold", page="/admin/editions/2026-12-24", reason=" <b>rest</b> "
    )

    assert "&lt;b&gt;rest&lt;/b&gt;" in one.get(answer.headers["location"]).text
    assert "Thursday, 24 December 2026" in one.get("/admin/editions").text
    with Session(lite) as session:
        assert session.get(Hold, "2026-12-24").by == "admin"


def test_a_cancelled_day_without_digests_can_be_taken_back(lite, tmp_path):
    one = logged_in(lite, tmp_path)
    page = "/admin/editions/2026-12-24"
    acts(one, f"{page}/cancel", page=f"{page}/cancel")

    assert f'action="{page}/hold"' in one.get(page).text
    assert acts(one, f"{page}/hold", page=page).status_code == 303


@pytest.mark.parametrize("action", ["release", "replan"])
def test_what_is_not_held_cannot_be_let_go(quick, lite, action):
    answer = acts(quick, f"{PAGE}/{action}", page=PAGE)

    assert (answer.status_code, "is not held" in answer.text) == (409, True)
    assert found(lite) == ("", {"pending"})
    assert journalled(lite) == []


def test_a_broken_template_is_told_and_changes_nothing(quick, lite, tmp_path):
    acts(quick, f"{PAGE}/hold", page=PAGE)
    (tmp_path / "own" / "email").mkdir(parents=True)
    (tmp_path / "own" / "email" / "digest.mjml").write_text("{% nonsense %}")
    config = quick.site.config
    digest = config.digest.model_copy(update={"templates": "own"})
    object.__setattr__(quick.site, "config", config.model_copy(update={"digest": digest}))

    answer = acts(quick, f"{PAGE}/replan", page=PAGE)

    assert (answer.status_code, "digest.mjml" in answer.text) == (409, True)
    assert found(lite) == ("held", {"pending"})


def test_nothing_is_planned_anew_where_there_is_no_paper(quick, lite):
    acts(quick, f"{PAGE}/hold", page=PAGE)
    quick.clock.passes(hours=11)
    object.__setattr__(quick.site, "clock", lambda: quick.clock().replace(year=2020))

    answer = acts(quick, f"{PAGE}/replan", page=PAGE)

    assert "Nothing was changed" in quick.get(answer.headers["location"]).text
    assert found(lite) == ("held", {"pending"})


@pytest.mark.parametrize("date", ["2026-02-30", "today", "2026-3-1"])
def test_a_day_that_is_none_has_no_page(quick, date):
    assert quick.get(f"/admin/editions/{date}").status_code == 404
    assert acts(quick, f"/admin/editions/{date}/hold").status_code == 404
    assert quick.get("/admin/editions", params={"day": date}).status_code == 404


def test_an_action_that_is_none_is_refused(quick):
    assert acts(quick, f"{PAGE}/erase", page=PAGE).status_code == 422


def test_any_day_can_be_opened(quick):
    answer = quick.get("/admin/editions?day=2027-01-01")

    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/editions/2027-01-01")


def test_days_long_past_have_no_buttons(quick):
    shown = quick.get("/admin/editions/2026-01-01").text

    assert "What to do with it" not in shown


def test_the_page_shows_what_the_digests_are_made_of(quick):
    shown = quick.get(PAGE).text

    assert "3 planned = 3 pending" in shown
    assert "in 3 digests" in shown
    assert "Under way" in shown
    assert "@example.org" not in shown.partition("<main")[2]


def test_the_page_says_why_digests_were_skipped(quick, lite):
    with Session(lite) as session:
        for number, row in enumerate(session.exec(select(Delivery))):
            row.state, row.skipped_for = "skipped", Skip.NOTHING if number else None
        session.commit()

    shown = quick.get(PAGE).text

    assert "2 readers: no paper was worth sending" in shown
    assert "1 reader: no reason was kept" in shown
    assert "Done" in shown


def test_the_gate_and_its_reasons_are_shown(quick, lite):
    with Session(lite) as session:
        holds.hold(session, DAY, holds.GATE, ["Only 2 papers were announced."], quick.clock())
        session.commit()

    for page in ("/admin", PAGE):
        shown = quick.get(page).text
        assert "By the gate" in shown
        assert "Only 2 papers were announced." in shown
        assert f'action="{PAGE}/release"' in shown
    assert "3 digests wait for your decision" in quick.get("/admin").text
    assert "by the gate" in quick.get("/admin/editions").text


def test_what_was_released_is_told(quick):
    for action in ("hold", "release"):
        acts(quick, f"{PAGE}/{action}", page=PAGE)

    assert "It was released" in quick.get(PAGE).text


def test_a_made_up_flash_says_nothing(quick):
    assert 'role="status"' not in quick.get(f"{PAGE}?done=erase&count=3").text
    assert quick.get(f"{PAGE}?done=hold&count=-1").status_code == 422


def test_scores_are_shown_in_ten_bins():
    found = ranked([0.05, 0.2, 0.21, 2.0])

    assert [value for (value,) in (values for _, values in found.rows)] == [1, 2, 0, 0, 0, 0, 0, 0, 0, 1]
    assert (found.rows[1][0], found.rows[9][0]) == ("from 0.20", "from 1.80")
    assert ranked([]) is None
