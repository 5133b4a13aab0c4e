"""Leaving: the mail program's click, the page, the way back, and the link by mail."""

import pytest
from sqlmodel import Session, select
from web_site import visitor
from world import Scripted, planned, reader, sending

from newsletter.models import State
from newsletter.web import leaving
from subscribers import erasure, signup
from subscribers.consent import Asker
from subscribers.models import Consent, Status, Subscriber

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
URLENCODED, FORM_DATA = "application/x-www-form-urlencoded", "multipart/form-data"


@pytest.fixture
def guest(engine, tmp_path):
    return visitor(engine, tmp_path, "[digest]\nfloor = 0.1\n")


@pytest.fixture
def ada(guest, session):
    return reader(session, "ada@example.org", "Graphs").id


def url(guest, number):
    return guest.site.links.unsubscribe(number)


def status(guest, number):
    with Session(guest.site.engine) as session:
        return session.get(Subscriber, number).status


def consents(guest):
    with Session(guest.site.engine) as session:
        return [(each.event, each.wording) for each in session.exec(select(Consent).order_by(Consent.id))]


def one_click(guest, number, **how):
    """The POST of a mail provider: no cookie, no browser's headers, no stamp (RFC 8058 section 3.2)."""
    return guest.http.post(url(guest, number).removeprefix("https://papers.example.org"), **how)


@pytest.mark.parametrize(
    "how",
    [
        {"data": ONE_CLICK},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {"files": {"List-Unsubscribe": ("click.txt", "One-Click")}},
        {"content": b"garbage", "headers": {"Content-Type": FORM_DATA}},
        {"content": b"garbage", "headers": {"Content-Type": f"{FORM_DATA}; boundary=x"}},
        {
            "content": b"\xff=%ff",
            "headers": {"Content-Type": "application/x-www-form-urlencoded; charset=undefined"},
        },
        {
            "content": b"--x\r\n\r\n",
            "headers": {"Content-Type": f"{FORM_DATA}; boundary=x; charset=punycode"},
        },
        {},
    ],
    ids=[
        *("urlencoded", "form-data", "a file", "no boundary", "not what it says", "no charset", "punycode"),
        "no body",
    ],
)
def test_one_click_from_a_mail_program_is_effective_at_once(guest, ada, how):
    answers = [one_click(guest, ada, **how) for _ in range(2)]

    assert [each.status_code for each in answers] == [200, 200]
    assert {each.text for each in answers} == {"You are unsubscribed.\n"}
    assert answers[0].headers["content-type"].startswith("text/plain")
    assert "set-cookie" not in answers[0].headers
    assert status(guest, ada) is Status.UNSUBSCRIBED
    assert consents(guest)[1:] == [("withdrawn", leaving.ONE_CLICK)]
    assert guest.deliveries() == []


def test_one_click_works_from_anywhere_even_another_site(guest, ada):
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://mail.example"}

    assert one_click(guest, ada, data=ONE_CLICK, headers=headers).status_code == 200
    assert status(guest, ada) is Status.UNSUBSCRIBED


def test_a_digest_that_was_planned_already_stays_home(guest, ada, session):
    planned(session, guest.site.config)
    assert [each.letter for each in guest.deliveries()] == ["digest"]

    one_click(guest, ada, data=ONE_CLICK)
    transport = Scripted()
    sending(guest.site.engine, transport)

    assert transport.envelopes == []
    assert guest.deliveries()[0].state is State.SUPPRESSED


def test_opening_the_link_changes_nothing(guest, ada):
    page = guest.get(url(guest, ada))
    guest.http.head(url(guest, ada))

    assert "Unsubscribe me" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert status(guest, ada) is Status.ACTIVE


def test_a_slash_at_the_end_is_no_reason_to_go_on_mailing(guest, ada):
    answer = guest.http.post(url(guest, ada).removeprefix("https://papers.example.org") + "/", data=ONE_CLICK)

    assert (answer.status_code, status(guest, ada)) == (200, Status.UNSUBSCRIBED)


def test_the_page_says_goodbye_with_a_letter_and_a_way_back(guest, ada):
    answer = guest.send(url(guest, ada))

    assert (answer.status_code, "You are unsubscribed" in answer.text) == (200, True)
    assert "Undo: keep my subscription" in answer.text
    assert [(each.letter, each.address) for each in guest.deliveries()] == [("goodbye", "ada@example.org")]
    assert consents(guest)[-1] == ("withdrawn", leaving.WORDING)


def test_leaving_twice_shows_the_same_page_and_writes_once(guest, ada):
    pages = [guest.send(url(guest, ada)) for _ in range(2)]

    assert all("Undo: keep my subscription" in each.text for each in pages)
    assert len(guest.deliveries()) == 1
    guest.clock.passes(minutes=11)
    assert "Undo" not in guest.send(url(guest, ada)).text


def test_the_undo_button_brings_everything_back(guest, ada):
    page = guest.send(url(guest, ada)).text
    undo = page.split('action="')[1].split('"')[0]

    shown, answer = guest.get(undo), guest.send(undo)

    assert "Keep my subscription" in shown.text
    assert "Good to have you back" in answer.text
    assert "Wednesday, 11 March 2026, at 7:00" in answer.text
    assert status(guest, ada) is Status.ACTIVE
    assert consents(guest)[-1] == ("returned", leaving.UNDO_WORDING)


def test_opening_the_undo_link_changes_nothing(guest, ada, session):
    left = signup.leave(session, session.get(Subscriber, ada), Asker(), guest.clock())
    session.commit()

    guest.get(guest.site.links.undo(left))

    assert status(guest, ada) is Status.UNSUBSCRIBED


def test_an_undo_too_late_says_so_and_offers_the_form(guest, ada, session):
    left = signup.leave(session, session.get(Subscriber, ada), Asker(), guest.clock())
    session.commit()
    guest.clock.passes(days=8)

    answer = guest.send(guest.site.links.undo(left))

    assert answer.status_code == 410
    assert 'href="/subscribe"' in answer.text
    assert status(guest, ada) is Status.UNSUBSCRIBED


def test_who_left_while_paused_comes_back_paused(guest, ada, session):
    found = session.get(Subscriber, ada)
    signup.pause(session, found, None, guest.clock())
    left = signup.leave(session, found, Asker(), guest.clock())
    session.commit()

    answer = guest.send(guest.site.links.undo(left))

    assert "Your pause goes on" in answer.text
    assert status(guest, ada) is Status.PAUSED


def test_a_request_that_waits_can_be_called_off_and_taken_up_again(guest):
    guest.send("/subscribe", email="new@example.org")
    (asked,) = guest.deliveries()

    page = guest.send(url(guest, asked.subscriber_id)).text

    assert status(guest, asked.subscriber_id) is Status.UNSUBSCRIBED
    assert [each.letter for each in guest.deliveries()] == ["confirm"]
    answer = guest.send(page.split('action="')[1].split('"')[0])
    assert "not confirmed yet" in answer.text


def test_an_erased_reader_hears_the_same(guest, ada, session):
    erasure.erase(session, session.get(Subscriber, ada), guest.clock())
    session.commit()

    assert one_click(guest, ada, data=ONE_CLICK).text == "You are unsubscribed.\n"
    assert "You are unsubscribed" in guest.send(url(guest, ada)).text


@pytest.mark.parametrize("token", ["1", "1.aaaaaaaaaaaaaaaaaaaaaaaaaa", "0." + "b" * 30, "é", "%00"])
def test_a_made_up_link_unsubscribes_nobody(guest, ada, token):
    assert guest.http.post(f"/u/{token}", data=ONE_CLICK).status_code == 404
    assert status(guest, ada) is Status.ACTIVE


def test_who_guesses_many_links_is_stopped(guest, ada):
    answers = {guest.post(f"/u/{number}.{'a' * 26}", ONE_CLICK).status_code for number in range(70)}

    assert answers == {404, 429}


def test_the_link_comes_by_mail_and_the_answer_tells_nothing(guest, ada):
    answers = [guest.send("/link", email=email) for email in ("ada@example.org", "nobody@example.org")]

    shown = [each.text for each in answers]
    assert [each.status_code for each in answers] == [200, 200]
    assert shown[0] == shown[1]
    assert [(each.letter, each.address) for each in guest.deliveries()] == [("link", "ada@example.org")]
    assert len(guest.woken) == 2


def test_a_form_for_the_link_without_an_address_comes_back(guest):
    answer = guest.send("/link", email="")

    assert (answer.status_code, 'id="f-email-error"' in answer.text) == (422, True)


def test_a_machine_gets_no_link(guest, ada):
    trapped = guest.send("/link", email="ada@example.org", website="x")
    quick = guest.send("/link", email="ada@example.org", wait=0)

    assert "Check your mail" in trapped.text
    assert (quick.status_code, "quicker than people" in quick.text) == (422, True)
    assert guest.deliveries() == []
