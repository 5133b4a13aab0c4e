"""A change of address on the pages that both mailboxes open."""

import pytest
from sqlmodel import Session
from web_site import visitor
from world import planned, reader

from newsletter.config_sections import Digest
from subscribers import people, signup
from subscribers.consent import Asker
from subscribers.models import Subscriber


@pytest.fixture
def guest(engine, tmp_path):
    return visitor(engine, tmp_path)


@pytest.fixture
def ada(guest, session):
    return reader(session, "ada@example.org").id


@pytest.fixture
def asked(guest, ada, session):
    """The number of a change that the reader asked for."""
    found = session.get(Subscriber, ada)
    letters = signup.ask_change(session, found, "new@example.net", Asker(), guest.site.terms, guest.clock())
    session.commit()
    return letters[0].number


def link(guest, number, end):
    return guest.site.links.change(number, old=end == "old")


def address(guest, number):
    with Session(guest.site.engine) as session:
        return session.get(Subscriber, number).email


@pytest.mark.parametrize("order", [("old", "new"), ("new", "old")])
def test_the_address_changes_when_both_have_agreed(guest, ada, asked, order):
    first = guest.send(link(guest, asked, order[0]))

    assert f"open the letter in the {order[1]} mailbox" in first.text
    assert address(guest, ada) == "ada@example.org"
    second = guest.send(link(guest, asked, order[1]))
    assert "Wednesday, 11 March 2026, at 7:00" in second.text
    assert address(guest, ada) == "new@example.net"
    for third in (guest.get(link(guest, asked, order[0])), guest.post(link(guest, asked, order[0]))):
        assert (third.status_code, "changed already" in third.text) == (200, True)
        assert "example.net" not in third.text


def test_the_old_mailbox_sees_where_the_digest_would_go_and_the_new_one_nothing(guest, ada, asked):
    old, new = guest.get(link(guest, asked, "old")).text, guest.get(link(guest, asked, "new")).text

    assert "new@example.net" in old
    assert "example.net" not in new
    assert "ada" not in new
    assert address(guest, ada) == "ada@example.org"


def test_opening_both_links_changes_nothing(guest, ada, asked):
    guest.get(link(guest, asked, "old"))
    guest.get(link(guest, asked, "new"))

    assert address(guest, ada) == "ada@example.org"


def test_a_paused_reader_moves_and_stays_paused(guest, ada, asked, session):
    signup.pause(session, session.get(Subscriber, ada), None, guest.clock())
    session.commit()

    guest.send(link(guest, asked, "old"))

    assert "Your pause goes on" in guest.send(link(guest, asked, "new")).text


def test_a_change_too_late_or_taken_meanwhile_cannot_be_made(guest, ada, asked, session):
    guest.send(link(guest, asked, "old"))
    people.add(session, "new@example.net", now=guest.clock(), confirmed=True, wording="yes")
    session.commit()

    taken = guest.send(link(guest, asked, "new"))

    assert (taken.status_code, "This change cannot be made" in taken.text) == (410, True)
    assert address(guest, ada) == "ada@example.org"


def test_the_old_mailboxs_link_does_not_speak_for_the_new_one(guest, asked):
    token = link(guest, asked, "old").rpartition("/")[2]

    assert guest.post(f"/change/new/{token}").status_code == 404
    assert guest.get(f"/change/third/{token}").status_code in {404, 422}


def test_a_change_that_was_forgotten_has_no_address_to_show(guest):
    assert guest.get(link(guest, 999, "old")).status_code == 410
    assert guest.post(link(guest, 999, "old")).status_code == 410


@pytest.mark.parametrize("what", ["late", "left"])
def test_a_change_that_is_not_open_shows_no_address(guest, ada, asked, session, what):
    if what == "late":
        guest.clock.passes(hours=49)
    else:
        signup.leave(session, session.get(Subscriber, ada), Asker(), guest.clock())
        session.commit()

    answers = [guest.get(link(guest, asked, end)) for end in ("old", "new")]

    assert [each.status_code for each in answers] == [410, 410]
    assert all("The link is too old" in each.text and "example.net" not in each.text for each in answers)


def test_a_digest_that_waits_goes_to_the_new_address(guest, ada, asked, session):
    planned(session, guest.site.config.model_copy(update={"digest": Digest(floor=0)}))

    for end in ("old", "new"):
        guest.send(link(guest, asked, end))

    assert [each.address for each in guest.deliveries() if each.letter == "digest"] == [address(guest, ada)]
    assert address(guest, ada) != "ada@example.org"
