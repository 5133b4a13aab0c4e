"""The admin in a real Chromium: in by a link, round all pages, an edition held and let go, out; no barrier."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlmodel import Session
from stage import NOW, faults, on_stage
from test_journey import ROOMS, opened
from test_mail_in_a_browser import browser
from world import reader

from newsletter import admin_access, admin_password, db, holds, journal
from newsletter.record_models import Hold, Notice, RunKind
from newsletter.shipped import shipped
from subscribers import suppression

__all__ = ["browser"]  # the fixture
pytestmark = [pytest.mark.browser, pytest.mark.uncounted]
DAY = NOW.date().isoformat()
LATER = "2026-04-24"
PLACES = (
    *("editions", f"editions/{DAY}", f"editions/{LATER}", f"editions/{LATER}/cancel", "why", "runs"),
    *("deliveries", "subscribers", "subscribers/1", "subscribers/1/suppress", "subscribers/1/letter"),
    *("sources", "topics", "suppression", "templates"),
)


@pytest.fixture
def stage(tmp_path):
    """A newsletter on whose admin pages every part has something to show."""
    with on_stage(tmp_path) as one:
        object.__setattr__(one.site, "seconds", NOW.timestamp)
        kept = one.site.config.admin.model_copy(update={"password_hash": admin_password.hashed("not this one")})
        object.__setattr__(one.site, "config", one.site.config.model_copy(update={"admin": kept}))
        with db.writing(one.started.engine) as session:
            for name, topic in (("ada", "Language models"), ("emmy", "Computer vision"), ("lise", "Graphs")):
                reader(session, f"{name}@example.org", topic)
        one.plan_digests()
        with db.writing(one.started.engine) as session:
            reasons = ["Only 2 papers were announced, and usually there are 58."]
            holds.hold(session, LATER, holds.GATE, reasons, NOW - timedelta(minutes=18))
            session.add(Notice(key="source fails", at=NOW, words="A source cannot be read: it answered 503."))
            journal.write(
                session, RunKind.FETCH, "A lab", NOW, (NOW, NOW), "it answered 503", {"new": 0}, ok=False
            )
            journal.write(session, RunKind.FETCH, "sample", NOW, (NOW, NOW), "", {"new": 66})
            suppression.suppress(session, "grace@example.org", "asked not to be mailed", NOW)
            journal.mark(session, journal.TICKED, NOW - timedelta(seconds=12))
        yield one


def link(stage):
    with db.writing(stage.started.engine) as session:
        return f"{stage.home}/admin/login/{admin_access.new_link(session, NOW)}"


def logged_in(stage, browser, room):
    page = opened(browser, room)
    page.goto(link(stage))
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")
    return page


def state_of(stage, day):
    with Session(stage.started.engine) as session:
        hold = session.get(Hold, day)
        return hold.state.value if hold else ""


@pytest.mark.parametrize("room", ROOMS)
def test_the_admins_way(browser, stage, room):
    page = logged_in(stage, browser, room)
    tabs = page.get_by_role("navigation", name="Admin")

    # hold an edition, plan it anew, let it go
    tabs.get_by_role("link", name="Editions").click()
    page.get_by_role("link", name="Thursday, 23 April 2026").click()
    page.get_by_label("Reason").fill("a closer look")
    page.get_by_role("button", name="Hold").click()
    expect(page.get_by_role("status")).to_contain_text("Held")
    expect(page.get_by_text("a closer look").first).to_be_visible()
    page.get_by_role("button", name="Replan").click()
    expect(page.get_by_role("status")).to_contain_text("Planned anew: 3 digests")
    page.get_by_role("button", name="Release").click()
    expect(page.get_by_role("status")).to_contain_text("3 digests are on the way")
    assert state_of(stage, DAY) == "released"

    # cancel the one that the gate holds
    tabs.get_by_role("link", name="Today").click()
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("button", name="Cancel the edition").click()
    expect(page.get_by_role("status")).to_contain_text("Cancelled")
    assert state_of(stage, LATER) == "cancelled"

    # look a reader up, suppress them and let them be mailed again
    tabs.get_by_role("link", name="Subscribers").click()
    page.get_by_label("Address").fill("emmy")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="emmy@example.org").click()
    page.get_by_role("link", name="Suppress…").click()
    page.get_by_role("button", name="Never mail it again").click()
    expect(page.get_by_role("status")).to_contain_text("Suppressed")
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_role("status")).to_contain_text("may be mailed again")

    # ask why, look at the journal, leave
    tabs.get_by_role("link", name="Why").click()
    page.get_by_label("email").fill("ada@example.org")
    page.get_by_role("button", name="Tell me why").click()
    expect(page.get_by_role("heading", name="The answer")).to_be_visible()
    assert "ada" not in page.url
    tabs.get_by_role("link", name="Runs").click()
    page.get_by_role("link", name="Admin", exact=True).click()
    expect(page.get_by_text(f"edition release {DAY}")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are logged out")
    assert page.errors == []
    page.goto(f"{stage.home}/admin")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in first")


def pages(stage, page):
    """Every admin page there is, opened one after the other."""
    url = link(stage)
    page.goto(url)
    yield "login"
    page.get_by_role("button", name="Log in").click()
    yield "today"
    for name in PLACES:
        page.goto(f"{stage.home}/admin/{name}")
        yield name
    page.goto(f"{stage.home}/admin/why")
    page.get_by_label("email").fill("ada@example.org")
    page.get_by_label("Paper").fill("language")
    page.get_by_role("button", name="Tell me why").click()
    yield "answer"
    assert page.errors == []
    for field, value in (("email", "nobody"), ("Day", "yesterday")):
        page.get_by_label(field).fill(value)
    page.get_by_role("button", name="Tell me why").click()
    yield "a mistake"
    page.get_by_role("button", name="Log out").click()
    yield "logged out"
    page.goto(f"{stage.home}/admin")
    yield "locked"
    page.get_by_role("link", name="log in with the password").click()
    yield "password"
    page.get_by_label("Password").fill("not the right one")
    page.get_by_role("button", name="Log in").click()
    yield "wrong password"
    page.goto(url)
    yield "dead link"
    # a browser tells of every answer that is no success
    assert all("the server responded with a status of 4" in each for each in page.errors)


@pytest.mark.parametrize("room", ROOMS)
def test_no_admin_page_has_a_barrier_or_leaves_the_screen(browser, stage, room, monkeypatch):
    page, rendered = opened(browser, room), set()
    load = stage.site.pages.get_template
    told = lambda name, *rest: (rendered.add(name), load(name, *rest))[1]  # noqa: E731 - shorter than a function
    monkeypatch.setattr(stage.site.pages, "get_template", told)

    found = {name: faults(page) for name in pages(stage, page)}

    assert {name: wrong for name, wrong in found.items() if wrong} == {}
    whole = {file.name for file in (shipped("templates") / "web").glob("admin*.html")}
    assert whole - rendered == set()


def test_no_admin_page_is_wider_than_the_narrowest_phone(browser, stage):
    page = logged_in(stage, browser, "phone")
    page.set_viewport_size({"width": 320, "height": 600})

    for name in ("", *PLACES):
        page.goto(f"{stage.home}/admin/{name}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
