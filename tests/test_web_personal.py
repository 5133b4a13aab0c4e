"""A reader's own data on the pages that the letter opens: seen, downloaded, erased."""

import json

import pytest
from sqlmodel import Session, select
from web_site import path, visitor
from world import Scripted, planned, reader, sending

from newsletter.models import Delivery
from subscribers import erasure, signup, suppression
from subscribers.consent import Asker
from subscribers.models import Status, Subscriber


@pytest.fixture
def guest(engine, tmp_path):
    return visitor(engine, tmp_path, "[digest]\nfloor = 0.1\n")


@pytest.fixture
def number(guest, session):
    """The number in the letter that a reader with a digest asked for."""
    ada = reader(session, "ada@example.org", "Graphs", name="Ada")
    planned(session, guest.site.config)
    sending(guest.site.engine, Scripted())
    wanted = erasure.ask_data(session, ada, Asker(), guest.site.terms, guest.clock())
    session.commit()
    return wanted.number


@pytest.fixture
def ada(guest, session):
    """The id of a reader who has asked for nothing yet."""
    return reader(session, "ada@example.org").id


def link(guest, number, part=""):
    return guest.site.links.data(number, part)


def url(guest, number, part=""):
    return guest.site.links.preferences(number, part)


def test_the_page_says_what_is_kept(guest, number):
    answer = guest.get(link(guest, number))

    assert answer.headers["cache-control"] == "no-store"
    assert "ada@example.org" in answer.text
    assert "active, since 2026-03-10" in answer.text
    assert "1 mail with" in answer.text


def test_the_download_holds_everything(guest, number):
    answer = guest.get(link(guest, number, "download"))

    kept = json.loads(answer.text)
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert answer.headers["cache-control"] == "no-store"
    assert (kept["email"], kept["topics"][0]["name"]) == ("ada@example.org", "Graphs")
    assert kept["consents"][0]["event"] == "confirmed"
    assert kept["deliveries"][0]["address"] == "ada@example.org"
    assert kept["picks"]
    assert kept["feedback"] == []


def test_erasing_needs_the_box(guest, number):
    answer = guest.send(link(guest, number, "erase"), page=link(guest, number))

    assert (answer.status_code, "Tick the box first" in answer.text) == (422, True)
    with Session(guest.site.engine) as session:
        assert session.exec(select(Subscriber)).first()


def test_erasing_leaves_a_fingerprint_and_no_address(guest, number):
    answer = guest.send(link(guest, number, "erase"), page=link(guest, number), sure="yes")

    assert "Everything is erased" in answer.text
    assert "papers@example.org" in answer.text
    with Session(guest.site.engine) as session:
        assert session.exec(select(Subscriber)).all() == []
        assert [each.address for each in session.exec(select(Delivery))] == [""]
        assert suppression.reason_for(session, "ada@example.org")


def test_after_erasing_the_link_opens_nothing(guest, number):
    guest.send(link(guest, number, "erase"), page=link(guest, number), sure="yes")

    answers = [guest.get(link(guest, number)), guest.get(link(guest, number, "download"))]

    assert [each.status_code for each in answers] == [410, 410]
    assert guest.post(link(guest, number, "erase"), {"sure": "yes"}).status_code == 410


def test_an_old_link_opens_nothing(guest, number):
    guest.clock.passes(hours=49)

    answer = guest.get(link(guest, number))

    assert (answer.status_code, "ada@example.org" in answer.text) == (410, False)


def test_a_preferences_link_does_not_open_the_data(guest, number, session):
    ada = session.exec(select(Subscriber)).one()
    token = guest.site.links.preferences(ada.id).rpartition("/")[2]

    assert guest.get(f"/data/{token}").status_code == 404
    assert guest.post(f"/data/{token}/erase", {"sure": "yes"}).status_code == 404


def test_opening_the_links_changes_nothing(guest, number):
    for part in ("", "download"):
        guest.get(link(guest, number, part))

    assert guest.get(link(guest, number, "erase")).status_code == 405
    assert guest.get(link(guest, number)).status_code == 200


def test_who_left_can_still_have_their_data_erased(guest, number, session):
    signup.leave(session, session.exec(select(Subscriber)).one(), Asker(), guest.clock())
    session.commit()

    answer = guest.send(link(guest, number, "erase"), page=link(guest, number), sure="yes")

    assert answer.status_code == 200


@pytest.mark.parametrize("taken", [False, True])
def test_a_change_of_address_does_not_tell_in_ones_data_who_else_reads(guest, number, session, taken):
    if taken:
        reader(session, "wanted@example.net")
    eve = session.exec(select(Subscriber).where(Subscriber.email == "ada@example.org")).one().id
    guest.send(url(guest, eve, "address"), page=url(guest, eve), new_email="wanted@example.net")

    kept = guest.get(link(guest, number, "download")).json()
    page = guest.get(link(guest, number)).text

    assert ("change-new" in {each.letter for each in guest.deliveries()}) is not taken
    assert [(each["letter"], each["address"]) for each in kept["deliveries"]] == [
        ("digest", "ada@example.org"),
        ("change-old", "ada@example.org"),
    ]
    assert [each["event"] for each in kept["consents"]] == [
        "confirmed",
        "asked for data",
        "asked to change address",
    ]
    assert [each["wishes"] for each in kept["confirmations"]] == [{}, {"email": "wanted@example.net"}]
    assert "2 mails with" in page


def test_the_link_to_ones_data_comes_by_mail_once(guest, ada):
    answers = [guest.send(url(guest, ada, "data"), page=url(guest, ada)) for _ in range(2)]

    assert all("a…@example.org" in each.text for each in answers)
    assert [(each.letter, each.address) for each in guest.deliveries()] == [("data", "ada@example.org")]


@pytest.mark.parametrize("stands", [Status.UNSUBSCRIBED, Status.BOUNCED])
def test_who_has_left_can_have_the_link_to_their_data(guest, ada, session, stands):
    session.get(Subscriber, ada).status = stands
    session.commit()
    page = guest.get(url(guest, ada))

    answer = guest.send(url(guest, ada, "data"), page=url(guest, ada))

    assert (page.status_code, f'action="{path(url(guest, ada, "data"))}"' in page.text) == (410, True)
    assert (answer.status_code, "a…@example.org" in answer.text) == (200, True)
    (letter,) = guest.deliveries()
    assert (letter.letter, letter.address) == ("data", "ada@example.org")
    data = guest.site.links.data(int(letter.period))
    assert guest.get(f"{data}/download").json()["status"] == stands
    assert "Everything is erased" in guest.send(f"{data}/erase", page=data, sure="yes").text


@pytest.mark.parametrize("stands", [Status.BOUNCED, Status.COMPLAINED, Status.PENDING])
def test_who_cannot_be_written_to_gets_no_button_and_no_letter(guest, ada, session, stands):
    found = session.get(Subscriber, ada)
    found.status = stands
    if stands is Status.BOUNCED:
        suppression.suppress(session, found.email, "550 no such user", guest.clock())
    session.commit()

    answers = [guest.get(url(guest, ada)), guest.post(url(guest, ada, "data"))]

    assert [each.status_code for each in answers] == [410, 410]
    assert not any("<form" in each.text.partition("<main")[2].partition("</main")[0] for each in answers)
    assert guest.deliveries() == []
