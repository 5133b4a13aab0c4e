"""Preferences through the page: seen, saved, paused, moved; and what those see who have none."""

import re
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session
from web_site import stamp_in, visitor
from world import reader

from newsletter.models import Delivery
from newsletter.web import forms
from subscribers import erasure, people, signup
from subscribers import preferences as preference
from subscribers.consent import Asker
from subscribers.models import Status, Subscriber

SECRET = {"cache-control": "no-store", "x-robots-tag": "noindex, nofollow"}


@pytest.fixture
def guest(engine, tmp_path):
    return visitor(engine, tmp_path)


@pytest.fixture
def ada(guest, session):
    """The id of a reader with something of everything."""
    return reader(
        session,
        "ada@example.org",
        *("Graphs", "Agents=2", "tokamaks"),
        keyword=("sparse attention=2",),
        author=("Noether, Emmy",),
        mutes=("Robotics", "keyword:surveys"),
        name="Ada",
        timezone="Europe/Berlin",
    ).id


def url(guest, number, part=""):
    return guest.site.links.preferences(number, part)


def stored(guest, number):
    """Preferences and choices as the database has them."""
    with Session(guest.site.engine) as session:
        found = session.get(Subscriber, number)
        return preference.of(found), people.choices_of(found)


def fields(guest, number, **changes):
    """The form as the page shows it, with these changes."""
    wanted, choices = stored(guest, number)
    return forms.fields_of(wanted, choices, guest.site.catalogue) | changes


def save(guest, number, **changes):
    return guest.send(url(guest, number), **fields(guest, number, **changes))


def status(guest, number):
    with Session(guest.site.engine) as session:
        return session.get(Subscriber, number).status


def test_the_page_shows_all_that_is_chosen_and_when_the_next_digest_comes(guest, ada):
    answer = guest.get(url(guest, ada))

    page = answer.text
    assert answer.headers.items() >= SECRET.items()
    assert "Wednesday, 11 March 2026, at 7:00" in page
    assert 'value="Graphs" checked' in page
    assert 'name="weight:Agents"' in page
    assert '<option value="2" selected>More</option>' in page
    assert "sparse attention=2</textarea>" in page
    assert "Noether, Emmy;</textarea>" in page
    assert "tokamaks</textarea>" in page
    assert "Robotics\nkeyword: surveys</textarea>" in page
    assert "ada@example.org" not in page


def test_saving_the_page_as_it_is_changes_nothing(guest, ada):
    before = stored(guest, ada)

    answer = save(guest, ada)

    assert "Nothing was different" in answer.text
    assert stored(guest, ada) == before


def test_saving_says_what_changed_and_the_next_digest_follows(guest, ada):
    answer = save(
        guest,
        ada,
        topic=["Graphs", "Video"],
        cadence="weekly",
        weekly_day="fri",
        hour="18",
        mutes="",
        name="Ada L.",
    )

    page = answer.text
    assert answer.status_code == 200
    assert "Every Friday at 18:00, Europe/Berlin, 10 papers at most." in page
    assert "You follow Video now." in page
    assert "You follow Agents no more." in page
    assert "Robotics and the keyword surveys may be shown again." in page
    assert "Your name is Ada L.." in page
    assert "Friday, 13 March 2026, at 18:00" in page


def test_mutes_and_weights_are_told_too(guest, ada):
    answer = save(
        guest, ada, **{"weight:Agents": "4", "mutes": "Robotics\nkeyword: surveys\nauthor: X", "name": ""}
    )

    assert "Agents counts differently now." in answer.text
    assert "The author X will not be shown." in answer.text
    assert "Your name is taken away." in answer.text


def test_a_mistake_saves_nothing_and_keeps_what_was_typed(guest, ada):
    before = stored(guest, ada)

    answer = save(guest, ada, size="1000", keywords="brand new")

    assert answer.status_code == 422
    assert 'href="#f-size"' in answer.text
    assert "brand new</textarea>" in answer.text
    assert stored(guest, ada) == before


def test_of_two_tabs_the_later_one_stays(guest, ada):
    first, second = fields(guest, ada, topic=["Video"]), fields(guest, ada, topic=["Robotics"], mutes="")

    answers = [guest.send(url(guest, ada), **each).status_code for each in (first, second)]

    assert answers == [200, 200]
    followed = {each.value for each in stored(guest, ada)[1] if each.kind == "topic" and each.weight > 0}
    assert followed == {"Robotics", "tokamaks"}


def test_a_pause_until_a_day_of_the_readers_own_calendar(guest, ada):
    answer = guest.send(url(guest, ada, "pause"), page=url(guest, ada), until="2026-03-20")

    assert "Paused until 20 March 2026." in answer.text
    assert "Friday, 20 March 2026, at 7:00" in answer.text
    assert status(guest, ada) is Status.PAUSED


def test_a_pause_without_an_end_lasts_until_the_reader_resumes(guest, ada):
    paused = guest.send(url(guest, ada, "pause"), page=url(guest, ada))

    assert "Paused until you start it again." in paused.text
    assert "Next digest" not in paused.text
    resumed = guest.send(url(guest, ada, "resume"), page=url(guest, ada))
    assert "Your next digest comes on Wednesday, 11 March 2026, at 7:00." in resumed.text
    assert status(guest, ada) is Status.ACTIVE


@pytest.mark.parametrize("until", ["2026-03-01", "2050-01-01", "soon", "9999-12-31", "0001-01-01", "2026-02-30"])
def test_a_day_that_cannot_be_is_a_mistake_at_its_field(guest, ada, until):
    answer = guest.send(url(guest, ada, "pause"), page=url(guest, ada), until=until)

    assert answer.status_code == 422
    assert 'id="f-until-error"' in answer.text
    assert f'value="{until}"' in answer.text
    assert 'value="Graphs" checked' in answer.text
    assert status(guest, ada) is Status.ACTIVE


def test_an_operators_endless_pause_is_shown_without_a_next_digest(guest, ada, session):
    found = session.get(Subscriber, ada)
    found.paused_until = guest.clock().replace(year=9999)
    session.commit()

    assert guest.get(url(guest, ada)).status_code == 200


def test_a_change_of_address_writes_to_both_mailboxes_and_tells_neither(guest, ada):
    answer = guest.send(url(guest, ada, "address"), page=url(guest, ada), new_email="lovelace@example.net")

    assert "Look into both mailboxes" in answer.text
    assert {(each.letter, each.address) for each in guest.deliveries()} == {
        ("change-old", "ada@example.org"),
        ("change-new", "lovelace@example.net"),
    }
    assert guest.woken


def test_a_taken_address_gets_the_same_answer(guest, ada, session):
    reader(session, "taken@example.org")

    taken = guest.send(url(guest, ada, "address"), page=url(guest, ada), new_email="taken@example.org")

    assert "Look into both mailboxes" in taken.text
    assert [each.letter for each in guest.deliveries()] == ["change-old"]


def test_ones_own_address_gets_the_same_answer_and_no_letter(guest, ada):
    def asks(typed):
        page = guest.send(url(guest, ada, "address"), page=url(guest, ada), new_email=typed)
        return page.status_code, re.sub(r'name="stamp" value="[^"]+"', "", page.text)

    own = asks("ada@example.org")

    assert guest.deliveries() == []
    assert own == asks("ada@example.net")


@pytest.mark.parametrize("typed", ["", "nonsense"])
def test_an_address_that_cannot_be_the_new_one_is_a_mistake(guest, ada, typed):
    answer = guest.send(url(guest, ada, "address"), page=url(guest, ada), new_email=typed)

    assert answer.status_code == 422
    assert 'id="f-new_email-error"' in answer.text
    assert guest.deliveries() == []


def test_those_without_a_subscription_are_told_why_and_what_to_do(guest, ada, session):
    found = session.get(Subscriber, ada)
    titles = {
        Status.UNSUBSCRIBED: "You have left",
        Status.PENDING: "not confirmed yet",
        Status.BOUNCED: "did not take our mails",
        Status.COMPLAINED: "stopped writing to you",
    }

    for stands, title in titles.items():
        found.status = stands
        session.commit()
        answers = [guest.get(url(guest, ada)), guest.post(url(guest, ada)), guest.post(url(guest, ada, "pause"))]
        assert [each.status_code for each in answers] == [410, 410, 410]
        assert all(title in each.text for each in answers)


def test_an_erased_reader_finds_a_page_that_says_so(guest, ada, session):
    erasure.erase(session, session.get(Subscriber, ada), guest.clock())
    session.commit()

    answers = [guest.get(url(guest, ada)), guest.post(url(guest, ada, "data"))]

    assert [each.status_code for each in answers] == [410, 410]
    assert "Everything about it was erased" in answers[0].text
    assert guest.deliveries() == []


def test_opening_the_page_changes_nothing(guest, ada):
    before = stored(guest, ada)

    guest.get(url(guest, ada))
    for part in ("pause", "resume", "address", "data"):
        assert guest.get(url(guest, ada, part)).status_code == 405

    assert (stored(guest, ada), status(guest, ada), guest.deliveries()) == (before, Status.ACTIVE, [])


def test_a_link_for_something_else_does_not_open_preferences(guest, ada):
    token = guest.site.links.unsubscribe(ada).rpartition("/")[2]

    assert guest.get(f"/p/{token}").status_code == 404


MESS = st.dictionaries(
    st.sampled_from(
        ["topic", "topics", "mutes", "cadence", "day", "hour", "timezone", "size", "name", "weight:Graphs"]
    ),
    st.lists(st.text(max_size=30), min_size=1, max_size=3),
)


@pytest.mark.uncounted
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(MESS)
def test_any_mess_is_saved_or_a_mistake_never_a_fault(guest, ada, mess):
    answer = guest.post(url(guest, ada), {"stamp": stamp_in(guest.get(url(guest, ada)).text)} | mess)

    assert answer.status_code in {200, 422}
    assert guest.get(url(guest, ada)).status_code == 200


def test_a_pause_and_its_end_hold_for_what_was_planned(guest, ada, session):
    found = session.get(Subscriber, ada)
    signup.pause(session, found, guest.clock() + timedelta(days=3), guest.clock())
    signup.leave(session, found, Asker(), guest.clock())
    session.commit()

    assert "You have left" in guest.send(url(guest, ada, "resume"), page="/link").text
    assert session.get(Delivery, 1) is None
