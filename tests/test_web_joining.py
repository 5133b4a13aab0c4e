"""Joining through the pages: the form, its preview, the neutral answer."""

import pytest
from sqlmodel import Session, select
from web_site import stamp_in, visitor
from world import reader

from newsletter.web import joining
from subscribers import people, suppression
from subscribers.models import Confirmation, Subscriber
from subscribers.preferences import Preferences

WHOLE = {
    "topic": ["Graphs", "Language models"],
    "keywords": "sparse attention=2\ntokamaks",
    "authors": "Emmy Noether, Ada Lovelace",
    "mutes": "keyword: surveys",
    "cadence": "chosen",
    "day": ["mon", "thu"],
    "weekly_day": "mon",
    "hour": "18",
    "timezone": "Europe/Berlin",
    "size": "5",
}


@pytest.fixture
def guest(engine, tmp_path):
    return visitor(engine, tmp_path, "[digest]\nfloor = 0.1\n")


def joined(guest, email="new@example.org", **fields):
    """Send the form; the answer."""
    return guest.send("/subscribe", email=email, **fields)


def letter(guest, kind="confirm"):
    """The number in the newest letter of this kind."""
    return int([each for each in guest.deliveries() if each.letter == kind][-1].period)


def confirmed(guest, email="new@example.org", **fields):
    """Join and press the button in the letter; the page that greets."""
    joined(guest, email, **fields)
    return guest.send(guest.site.links.confirm(letter(guest)))


def found(guest, email="new@example.org"):
    with Session(guest.site.engine) as session:
        return people.as_dict(people.find(session, email))


def rows(guest, table):
    with Session(guest.site.engine) as session:
        return session.exec(select(table)).all()


def test_the_form_shows_topics_with_their_counts_and_the_exact_consent(guest):
    page = guest.get("/subscribe").text

    assert 'name="topic" value="Graphs"' in page
    assert '<small>2<span class="nobody"> papers in 30 days' in page
    assert joining.CONSENT in page
    assert '<option value="Europe/Berlin">Berlin</option>' in page


def test_topics_of_the_address_are_ticked_and_unknown_ones_ignored(guest):
    page = guest.get("/subscribe?topic=graphs&topic=%3Cb%3Enonsense%00").text

    assert 'value="Graphs" checked' in page
    assert "nonsense" not in page
    assert page.count('type="checkbox" name="topic"') - page.count(" checked>") > 50


def test_the_whole_form_becomes_a_reader_once_the_mailbox_agrees(guest):
    answer = joined(guest, **WHOLE)

    assert (answer.status_code, answer.headers["location"]) == (303, "/subscribe/sent")
    assert found(guest)["topics"] == []
    page = guest.send(guest.site.links.confirm(letter(guest)))
    assert page.status_code == 200
    assert "Thursday, 12 March 2026, at 18:00" in page.text
    told = found(guest)
    assert told["status"] == "active"
    assert [each["name"] for each in told["topics"]] == ["Graphs", "Language models"]
    assert told["keywords"] == [{"name": "sparse attention", "weight": 2.0}, {"name": "tokamaks", "weight": 1.0}]
    assert [each["name"] for each in told["authors"]] == ["Emmy Noether", "Ada Lovelace"]
    assert told["mutes"] == [{"kind": "keyword", "name": "surveys", "weight": -1.0}]
    assert (told["cadence"], told["weekdays"], told["hour"]) == ("chosen", "mon,thu", 18)
    assert (told["timezone"], told["size"]) == ("Europe/Berlin", 5)


def test_an_address_alone_is_enough_and_takes_the_size_from_the_configuration(engine, tmp_path):
    guest = visitor(engine, tmp_path, "[digest]\nsize = 4\n")

    page = confirmed(guest)

    assert "Welcome" in page.text
    assert found(guest)["size"] == 4


def test_everybody_gets_the_same_answer(guest, session):
    reader(session, "known@example.org")
    suppression.suppress(session, "never@example.org", "asked", guest.clock())
    session.commit()

    answers = [joined(guest, email) for email in ("new@example.org", "known@example.org", "never@example.org")]

    assert {(each.status_code, each.headers["location"], each.content) for each in answers} == {
        (303, "/subscribe/sent", b"")
    }
    assert [(each.letter, each.address) for each in guest.deliveries()] == [
        ("confirm", "new@example.org"),
        ("link", "known@example.org"),
    ]
    assert len(guest.woken) == len(answers)
    assert "48 hours" in guest.get("/subscribe/sent").text


def test_somebody_who_reads_already_is_not_changed_by_a_stranger(guest, session):
    reader(session, "known@example.org", "Graphs")
    before = found(guest, "known@example.org")

    joined(guest, "known@example.org", **WHOLE)

    assert found(guest, "known@example.org") == before


def test_mistakes_come_back_all_at_once_with_everything_typed(guest):
    typed = WHOLE | {"size": "99", "hour": "7", "keywords": '<script>alert("x")</script>=99'}

    answer = joined(guest, "no address", **typed)

    assert answer.status_code == 422
    page = answer.text
    assert 'href="#f-email"' in page
    assert 'href="#f-size"' in page
    assert 'href="#f-keywords"' in page
    assert 'id="f-size-error"' in page
    assert 'value="no address"' in page
    assert 'value="Graphs" checked' in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert rows(guest, Subscriber) == []


def test_an_empty_address_is_told_in_plain_words(guest):
    assert "Type your email address." in joined(guest, " ").text


def test_a_form_sent_too_quickly_comes_back_kindly(guest):
    answer = guest.send("/subscribe", email="new@example.org", wait=1)

    assert answer.status_code == 422
    assert "quicker than people" in answer.text
    assert 'value="new@example.org"' in answer.text


def test_a_form_open_for_days_comes_back_and_works_again(guest):
    answer = guest.send("/subscribe", email="new@example.org", wait=100_000)

    assert "open for more than a day" in answer.text
    guest.clock.passes(seconds=10)
    again = guest.post("/subscribe", {"stamp": stamp_in(answer.text), "email": "new@example.org"})
    assert again.status_code == 303


def test_a_form_without_our_stamp_comes_back(guest):
    answer = guest.post("/subscribe", {"email": "new@example.org"})

    assert (answer.status_code, "press the button once more" in answer.text) == (422, True)


def test_a_machine_that_fills_the_trap_hears_that_all_is_well(guest):
    answer = joined(guest, website="https://spam.example")

    assert (answer.status_code, answer.headers["location"]) == (303, "/subscribe/sent")
    assert rows(guest, Subscriber) == []


def test_one_client_cannot_ask_for_ever(engine, tmp_path):
    guest = visitor(engine, tmp_path, '[signup]\nper_client = "2 per hour"\n')

    answers = [joined(guest, f"reader{number}@example.org").status_code for number in range(3)]

    assert answers == [303, 303, 429]


def test_one_mailbox_gets_one_letter_however_it_is_spelled(guest):
    for email in ("New@example.org", "new+tag@example.org", "new@EXAMPLE.org"):
        joined(guest, email)

    assert [each.letter for each in guest.deliveries()] == ["confirm"]


def test_a_refused_domain_is_told(engine, tmp_path):
    guest = visitor(engine, tmp_path, refused=frozenset({"throwaway.example"}))

    assert "throw-away addresses" in joined(guest, "x@sub.throwaway.example").text


def test_a_paused_sign_up_says_so_and_takes_nobody(engine, tmp_path):
    guest = visitor(engine, tmp_path, "[signup]\nopen = false\n")

    shown, sent = guest.get("/subscribe"), guest.post("/subscribe", {"email": "new@example.org"})

    assert (shown.status_code, sent.status_code) == (200, 403)
    assert "Sign-up is paused" in shown.text
    assert "Sign-up is paused" in sent.text
    assert rows(guest, Subscriber) == []


def test_the_preview_shows_this_weeks_papers_with_reasons_and_needs_no_address(guest):
    answer = guest.post("/subscribe/preview", {"topic": "Graphs", "size": "3"}, {"X-Fragment": "preview"})

    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<p class="kicker">')
    assert "Graph neural networks for catalysts" in answer.text
    assert "Matches Graphs" in answer.text
    assert rows(guest, Subscriber) == []


def test_without_a_script_the_preview_is_in_the_page_with_the_form_as_it_was(guest):
    answer = guest.send("/subscribe/preview", page="/subscribe", email="new@example.org", **WHOLE | {"size": "0"})

    assert answer.status_code == 200
    assert "Graph neural networks for catalysts" in answer.text
    assert 'value="new@example.org"' in answer.text
    assert 'id="f-size-error"' in answer.text


def test_a_preview_that_brings_nothing_says_so(guest):
    guest.clock.passes(days=60)

    answer = guest.post("/subscribe/preview", {"topic": "Graphs"}, {"X-Fragment": "preview"})

    assert "Nothing this week" in answer.text


def test_previews_have_a_limit(guest):
    answers = {guest.post("/subscribe/preview", {}, {"X-Fragment": "preview"}).status_code for _ in range(45)}

    assert answers == {200, 429}


def test_wishes_wait_in_the_confirmation_alone(guest):
    joined(guest, **WHOLE)

    (asked,) = rows(guest, Confirmation)
    assert asked.wishes["preferences"]["hour"] == 18
    assert found(guest)["hour"] == Preferences().hour
