"""A reader's whole way in a real Chromium: join, confirm, choose, read, judge, leave, come back; no barrier."""

import re

import httpx
import pytest
from playwright.sync_api import expect
from sqlmodel import Session, select
from stage import faults, headers, link, on_stage, one_click
from test_mail_in_a_browser import browser

from newsletter.mail.message import readable
from newsletter.models import Feedback
from newsletter.shipped import shipped
from subscribers import people

__all__ = ["browser"]  # the fixture
pytestmark = [pytest.mark.browser, pytest.mark.uncounted]
ADA = "ada@example.org"
ROOMS = {"desktop": (1280, 900), "phone": (375, 740)}


@pytest.fixture
def stage(tmp_path):
    with on_stage(tmp_path) as one:
        yield one


def opened(browser, room, script=True):
    width, height = ROOMS[room]
    context = browser.new_context(
        viewport={"width": width, "height": height}, java_script_enabled=script, timezone_id="Europe/Berlin"
    )
    page = context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda said: page.errors.append(said.text) if said.type == "error" else None)
    return page


def reader(stage, email=ADA):
    with Session(stage.started.engine) as session:
        return people.as_dict(people.find(session, email))


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("room", ROOMS)
def test_the_whole_way_from_joining_to_coming_back(browser, stage, room, script):
    page = opened(browser, room, script=script)

    # join
    page.goto(f"{stage.home}/subscribe")
    page.get_by_label("Your email address").fill(ADA)
    page.get_by_role("checkbox", name="Language models").check()
    page.get_by_role("button", name="Subscribe", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your mail")
    assert reader(stage)["status"] == "pending"

    # confirm from the letter
    page.goto(link(stage.letter(ADA, "Confirm"), "c"))
    assert reader(stage)["status"] == "pending"
    page.get_by_role("main").get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome")
    assert reader(stage)["status"] == "active"
    assert reader(stage)["timezone"] == ("Europe/Berlin" if script else "UTC")

    # preferences, from the welcome letter
    page.goto(link(stage.letter(ADA, "Welcome"), "p"))
    expect(page.get_by_role("checkbox", name="Language models")).to_be_checked()
    page.get_by_role("checkbox", name="Computer vision").check()
    page.get_by_role("radio", name="Monday to Friday").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text("Saved")
    kept = reader(stage)
    assert {topic["name"] for topic in kept["topics"]} == {"Language models", "Computer vision"}
    assert kept["cadence"] == "weekdays"

    # the digest, in the browser, and a thumb
    stage.plan_digests()
    digest = stage.letter(ADA, "")
    page.goto(link(digest, "d"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("paper")
    page.goto(link(digest, "t"))
    page.get_by_role("button", name="More like this").click()
    with Session(stage.started.engine) as session:
        assert [thumb.thumb for thumb in session.exec(select(Feedback))] == [1]

    # leave, and take it back
    page.goto(link(digest, "u"))
    page.get_by_role("main").get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("unsubscribed")
    assert reader(stage)["status"] == "unsubscribed"
    page.get_by_role("button", name="Undo").click()
    assert reader(stage)["status"] == "active"

    # one click in the mail program
    answer = httpx.post(
        one_click(digest), data={"List-Unsubscribe": "One-Click"}, headers={"Origin": "https://mail"}
    )
    assert (answer.status_code, reader(stage)["status"]) == (200, "unsubscribed")
    assert page.errors == []


def send(stage, url, **fields):
    """A form of ours, sent without a browser."""
    fields["stamp"] = stage.site.stamps.make()
    whole = url if url.startswith("http") else stage.home + url
    answer = httpx.post(whole, data=fields, headers={"Sec-Fetch-Site": "same-origin"}, timeout=60)
    assert answer.status_code < 400, answer.text


def pages(stage):
    """Every page there is, with a reader who has been all the way."""
    site, home = stage.site, stage.home
    send(stage, "/subscribe", email=ADA, topic="Language models", cadence="daily")
    confirm = link(stage.letter(ADA, "Confirm"), "c")
    yield "confirm", confirm
    send(stage, confirm)
    yield "confirmed already", confirm
    preferences = link(stage.letter(ADA, "Welcome"), "p")
    stage.plan_digests()
    digest = stage.letter(ADA, "")
    send(stage, f"{preferences}/data")
    send(stage, f"{preferences}/address", new_email="moved@example.org")
    key = site.showcase.trending("week").papers[0].key
    yield from {
        "front": f"{home}/",
        "front, month of a topic": f"{home}/?period=month&topic=Language+models",
        "paper": home + site.paths.paper(key),
        "subscribe": f"{home}/subscribe",
        "sent": f"{home}/subscribe/sent",
        "preferences": preferences,
        "unsubscribe": link(digest, "u"),
        "thumb": link(digest, "t"),
        "data": link(stage.letter(ADA, "data"), "data"),
        "change, old": link(stage.letter(ADA, "is to change"), "change/old"),
        "change, new": link(stage.letter("moved@example.org", "new address"), "change/new"),
        "own digest": link(digest, "d"),
        "archive": f"{home}/archive",
        "edition": f"{home}/archive/2026-04-23",
        "sample": f"{home}/sample",
        "privacy": f"{home}/privacy",
        "link": f"{home}/link",
        "not there": f"{home}/nowhere",
        "wrong link": f"{home}/p/1.wrong",
    }.items()


def answers(stage, page):
    """Every page that only a form brings, opened by its button."""
    buttons = page.get_by_role("main").get_by_role("button")
    page.goto(f"{stage.home}/subscribe")
    page.get_by_role("button", name="Subscribe", exact=True).click()
    yield "mistakes"
    page.get_by_label("Your email address").fill("emmy@example.org")
    page.get_by_role("checkbox", name="Language models").check()
    page.locator("#preview li").first.wait_for(timeout=20_000)
    yield "preview"
    page.get_by_role("button", name="Subscribe", exact=True).click()
    page.goto(link(stage.letter("emmy@example.org", "Confirm"), "c"))
    buttons.click()
    yield "welcome"
    page.goto(link(stage.letter("emmy@example.org", "Welcome"), "p"))
    page.get_by_role("button", name="Save").click()
    yield "saved"
    page.get_by_role("button", name="Pause").click()
    yield "paused by the reader"
    page.get_by_role("button", name="Start again now").click()
    page.get_by_role("button", name="Send me the link").click()
    page.goto(link(digest_of(stage, ADA), "t"))
    page.get_by_role("button", name="More like this").click()
    yield "thumb given"
    page.goto(link(digest_of(stage, ADA), "u"))
    buttons.click()
    yield "goodbye"
    page.goto(link(stage.letter(ADA, "unsubscribed"), "undo"))
    yield "undo"
    buttons.click()
    yield "back"
    page.goto(link(stage.letter("emmy@example.org", "Your data"), "data"))
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Erase").click()
    yield "erased"
    closed = stage.started.config.signup.model_copy(update={"open": False})
    object.__setattr__(stage.site, "config", stage.site.config.model_copy(update={"signup": closed}))
    page.goto(f"{stage.home}/subscribe")
    yield "closed"


def digest_of(stage, email):
    """The only mail to somebody that has thumbs."""
    return next(mail for mail in stage.mails(email) if re.search(r"/t/[0-9]", readable(mail)[1]))


@pytest.mark.parametrize("room", ROOMS)
def test_no_page_has_a_barrier_or_leaves_the_screen(browser, stage, room, monkeypatch):
    page, found, rendered = opened(browser, room), {}, set()
    load = stage.site.pages.get_template
    told = lambda name, *rest: (rendered.add(name), load(name, *rest))[1]  # noqa: E731 - shorter than a function
    monkeypatch.setattr(stage.site.pages, "get_template", told)

    for name, url in pages(stage):
        page.goto(url)
        found[name] = faults(page)
    for name in answers(stage, page):
        found[name] = faults(page)

    assert {name: wrong for name, wrong in found.items() if wrong} == {}
    files = (shipped("templates") / "web").glob("[a-z]*.html")
    elsewhere = ("admin", "studio")  # test_admin and test_studio look at these
    whole = {file.name for file in files if not file.name.startswith(elsewhere)}
    assert whole - rendered == {"feed_entry.html"}  # which is no page


def test_a_page_is_as_narrow_as_the_narrowest_phone(browser, stage):
    page = opened(browser, "phone")
    page.set_viewport_size({"width": 320, "height": 600})

    for path in ("/", "/subscribe", "/archive", "/sample", "/privacy"):
        page.goto(stage.home + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path


def test_a_mistake_keeps_what_was_typed_and_says_where_it_is(browser, stage):
    page = opened(browser, "phone")
    page.goto(f"{stage.home}/subscribe")

    page.get_by_label("Your email address").fill("ada@localhost@example")
    page.get_by_role("checkbox", name="Language models").check()
    page.get_by_role("button", name="Subscribe", exact=True).click()

    expect(page.get_by_role("alert")).to_contain_text("Email address")
    expect(page.get_by_label("Your email address")).to_have_value("ada@localhost@example")
    expect(page.get_by_role("checkbox", name="Language models")).to_be_checked()
    assert faults(page) == []


def test_the_preview_follows_the_choice_without_a_click(browser, stage):
    page = opened(browser, "desktop")
    page.goto(f"{stage.home}/subscribe")

    page.get_by_role("checkbox", name="Language models").check()

    expect(page.locator("#preview li").first).to_be_visible(timeout=20_000)
    assert page.errors == []


def test_a_topic_is_found_by_the_words_that_people_use(browser, stage):
    page = opened(browser, "phone")
    page.goto(f"{stage.home}/subscribe")

    page.get_by_role("searchbox").fill("qwen")

    expect(page.get_by_role("checkbox", name="Language models")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Robotics")).to_be_hidden()


def test_mails_on_the_way_say_whom_they_are_for(stage):
    send(stage, "/subscribe", email=ADA, cadence="daily")

    letter = stage.letter(ADA, "Confirm")

    assert headers(letter)["To"] == ADA
    assert "Somebody, hopefully you" in readable(letter)[0]
