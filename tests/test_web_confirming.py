"""Confirming: only the button in the mailbox's own letter makes a reader, once and in time."""

import pytest
from sqlmodel import Session, select
from web_site import visitor

from newsletter.web import confirming, joining
from subscribers import people, suppression
from subscribers.models import Consent, Status


@pytest.fixture
def guest(engine, tmp_path):
    return visitor(engine, tmp_path, "[digest]\nfloor = 0.1\n")


def joined(guest, email="new@example.org"):
    """Send the form; the answer."""
    return guest.send("/subscribe", email=email)


def letter(guest, kind="confirm"):
    """The number in the newest letter of this kind."""
    return int([each for each in guest.deliveries() if each.letter == kind][-1].period)


def confirmed(guest):
    """Join and press the button in the letter; the page that greets."""
    joined(guest)
    return guest.send(guest.site.links.confirm(letter(guest)))


def found(guest, email="new@example.org"):
    with Session(guest.site.engine) as session:
        return people.as_dict(people.find(session, email))


def rows(guest, table):
    with Session(guest.site.engine) as session:
        return session.exec(select(table)).all()


def test_letters_go_out_at_once_and_greet_whoever_confirmed(guest):
    confirmed(guest)

    assert [each.letter for each in guest.deliveries()] == ["confirm", "welcome"]
    assert guest.deliveries()[1].details["first"] is not None
    assert len(guest.woken) == 2


def test_the_consent_record_holds_the_words_of_both_buttons(guest):
    confirmed(guest)

    asked, agreed = rows(guest, Consent)
    assert (asked.wording, agreed.wording) == (joining.CONSENT, confirming.CONSENT)
    assert {asked.ip, agreed.ip} == {guest.ip}
    assert "testclient" in agreed.agent


def test_opening_the_letters_link_subscribes_nobody(guest):
    joined(guest)

    page = guest.get(guest.site.links.confirm(letter(guest)))

    assert "Yes, send me the newsletter" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert found(guest)["status"] == Status.PENDING


def test_a_second_click_changes_nothing(guest):
    confirmed(guest)

    again = guest.send(guest.site.links.confirm(letter(guest)))

    assert (again.status_code, "confirmed already" in again.text) == (200, True)
    assert [each.letter for each in guest.deliveries()] == ["confirm", "welcome"]


def test_a_letter_that_is_too_old_offers_a_new_one(guest):
    joined(guest)
    guest.clock.passes(hours=49)

    answer = guest.send(guest.site.links.confirm(letter(guest)))

    assert answer.status_code == 410
    assert "This letter is too old" in answer.text
    assert 'href="/subscribe"' in answer.text
    assert found(guest)["status"] == Status.PENDING


def test_an_address_suppressed_meanwhile_is_refused_with_a_cure(guest, session):
    joined(guest)
    suppression.suppress(session, "new@example.org", "asked", guest.clock())
    session.commit()

    answer = guest.send(guest.site.links.confirm(letter(guest)))

    assert answer.status_code == 410
    assert "papers@example.org" in answer.text


@pytest.mark.parametrize("token", ["1", "1.", "1.AAxx", "%00", "a" * 500, "1.ab" + "A" * 24])
def test_a_made_up_link_is_nobodys(guest, token):
    assert guest.get(f"/c/{token}").status_code == 404
    assert guest.post(f"/c/{token}").status_code == 404


def test_a_form_of_another_site_is_refused(guest):
    joined(guest)

    answer = guest.post(guest.site.links.confirm(letter(guest)), headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403
    assert found(guest)["status"] == Status.PENDING
