"""Papers like these, in the forms and the JSON API: taken, told, refused with the words kept."""

import json

import pytest
from sqlmodel import Session, select
from web_api import FULL, call, subscribe, token_of
from web_site import visitor
from world import TITLES, reader

from newsletter.web import forms
from newsletter.web.guard import MOST_BYTES
from subscribers import erasure, examples, people
from subscribers import preferences as preference
from subscribers.consent import Asker
from subscribers.models import Confirmation, Example, Subscriber
from subscribers.paper_keys import title_key
from subscribers.pasted import Named

PASTED = f"{TITLES[0]}\nhttps://arxiv.org/abs/1706.03762v2"
KEPT = [("arxiv:2603.00001", TITLES[0]), ("arxiv:1706.03762", "")]


@pytest.fixture
def guest(engine, tmp_path):
    return visitor(engine, tmp_path)


@pytest.fixture
def ada(session, guest):
    """The id of a reader."""
    number = reader(session, "ada@example.org", "Graphs").id
    session.rollback()  # SQLite would go on showing this moment
    return number


def kept(guest):
    with Session(guest.site.engine) as session:
        return [(each.key, each.title) for each in session.exec(select(Example).order_by(Example.id))]


def save(guest, number, **changes):
    """Send the form of the preferences as it stands, with these changes."""
    with Session(guest.site.engine) as session:
        found = session.get(Subscriber, number)
        stands = forms.fields_of(preference.of(found), people.choices_of(found), guest.site.catalogue)
    return guest.send(guest.site.links.preferences(number), **stands | changes)


def confirm(guest):
    letter = next(each for each in guest.deliveries() if each.letter == "confirm")
    return guest.send(guest.site.links.confirm(int(letter.period)))


def test_examples_of_the_form_wait_for_the_yes_and_are_filled_from_the_archive(guest):
    guest.send("/subscribe", email="new@example.org", examples=PASTED)
    assert kept(guest) == []

    confirm(guest)

    assert kept(guest) == KEPT


def test_what_names_no_paper_stands_at_its_field_with_all_that_was_typed(guest):
    answer = guest.send("/subscribe", email="new@example.org", examples="1706.03762\ngraphs & trees")

    assert answer.status_code == 422
    assert 'id="f-examples-error"' in answer.text
    assert "line 2: no arXiv id, DOI or title found" in answer.text
    assert "1706.03762\ngraphs &amp; trees</textarea>" in answer.text
    assert '<details class="more" open>' in answer.text
    with Session(guest.site.engine) as session:
        assert session.exec(select(Confirmation)).all() == []


def test_the_preferences_add_examples_and_say_so(guest, ada):
    first = save(guest, ada, examples=PASTED)
    again = save(guest, ada, examples=f"{PASTED}\ndoi:10.1000/x")

    assert "2 papers added to those you like." in first.text
    assert "1 paper added to those you like." in again.text
    assert "</textarea>" in again.text.partition('id="f-examples"')[2].partition("\n")[2][:20]
    assert kept(guest) == [*KEPT, ("doi:10.1000/x", "")]


def test_examples_that_are_there_change_nothing(guest, ada):
    save(guest, ada, examples=PASTED)

    assert "Nothing was different." in save(guest, ada, examples=PASTED).text
    assert "Nothing was different." in save(guest, ada).text
    assert kept(guest) == KEPT


def test_too_many_examples_change_nothing_at_all(guest, ada):
    with Session(guest.site.engine) as session:
        examples.add(session, ada, [Named(f"arxiv:2401.{number:05}") for number in range(99)], guest.clock())
        session.commit()

    answer = save(guest, ada, examples="2402.00001\n2402.00002", name="Ada")

    assert answer.status_code == 422
    assert "99 are there, and one reader can have 100: remove some first." in answer.text
    assert "2402.00002</textarea>" in answer.text
    with Session(guest.site.engine) as session:
        assert session.get(Subscriber, ada).name == ""


def test_opening_the_pages_adds_nothing(guest, ada):
    guest.get("/subscribe?examples=1706.03762")
    guest.get(f"{guest.site.links.preferences(ada)}?examples=1706.03762")

    assert kept(guest) == []


def test_the_longest_list_fits_a_form_and_a_longer_one_is_told_kindly(guest, ada):
    entries = [f"@misc{{k{number}, eprint={{2401.{number:05}}}, note={{%s}}}}\n" for number in range(100)]
    entry = "ö" * ((200_000 - sum(map(len, entries))) // 200)

    fits = save(guest, ada, examples="".join(each % entry for each in entries))
    longer = save(guest, ada, examples="x" * 250_000)

    assert "100 papers added" in fits.text
    assert (longer.status_code, "give at most 200 kB at a time" in longer.text) == (422, True)
    assert save(guest, ada, examples="x" * MOST_BYTES).status_code == 413


def test_the_api_gives_examples_as_texts_that_mean_the_same_again(guest, ada):
    wanted = FULL | {"examples": [TITLES[0], "1706.03762v3", "title:Attention", "https://doi.org/10.1000/A%3BB"]}

    after = call(guest, "PUT", "/preferences", wanted, token=token_of(ada)).json()
    again = call(guest, "PUT", "/preferences", after, token=token_of(ada)).json()

    told = ["arXiv:2603.00001", "arXiv:1706.03762", "title:Attention", "https://doi.org/10.1000/a%3Bb"]
    assert after["examples"] == again["examples"] == told
    assert [key for key, _ in kept(guest)][2:] == [title_key("Attention"), "doi:10.1000/a;b"]


def test_the_api_replaces_examples_and_refuses_what_names_none(guest, ada):
    call(guest, "PUT", "/preferences", FULL, token=token_of(ada))

    wrong = call(guest, "PUT", "/preferences", FULL | {"examples": ["1706.03762", "x"]}, token=token_of(ada))
    unsaid = {name: value for name, value in FULL.items() if name != "examples"}
    missing = call(guest, "PUT", "/preferences", unsaid, token=token_of(ada))
    emptied = call(guest, "PUT", "/preferences", FULL | {"examples": []}, token=token_of(ada))

    assert (wrong.status_code, "'x' cannot be used: number 2: no arXiv id" in wrong.json()["error"]) == (422, True)
    assert (missing.status_code, missing.json()["error"]) == (422, "examples: Field required")
    assert (emptied.json()["examples"], kept(guest)) == ([], [])


def test_a_subscription_through_the_api_brings_its_examples(guest):
    assert subscribe(guest, examples=["1706.03762"]).status_code == 202
    assert subscribe(guest, examples=["nothing"]).status_code == 422

    confirm(guest)

    assert kept(guest) == [("arxiv:1706.03762", "")]


def test_the_page_and_the_download_of_ones_data_name_them(guest, ada):
    save(guest, ada, examples=PASTED)
    with Session(guest.site.engine) as session:
        found = session.get(Subscriber, ada)
        number = erasure.ask_data(session, found, Asker(), guest.site.terms, guest.clock()).number
        session.commit()

    page = guest.get(guest.site.links.data(number)).text
    file = json.loads(guest.get(guest.site.links.data(number, "download")).text)

    assert "2 papers that you named" in page
    assert [(each["key"], each["title"]) for each in file["examples"]] == KEPT
