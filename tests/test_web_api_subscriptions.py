"""Subscribing through the JSON API: the same rules as on the pages."""

import pytest
from sqlmodel import select
from web_api import FULL, call, letters, shared_site, statuses, subscribe, token_of
from web_site import visitor
from world import NOW, reader

from subscribers import signup
from subscribers.models import Confirmation, Consent, Status

NEUTRAL = "If this address can have the newsletter, a letter with a link to confirm is on its way."


@pytest.fixture
def guest(engine, tmp_path):
    return visitor(engine, tmp_path)


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A site that refuses whatever it is asked."""
    with shared_site(tmp_path_factory.mktemp("api")) as made:
        yield made


def test_asking_brings_a_letter_and_nothing_begins_before_it_is_answered(guest, engine, session):
    answer = subscribe(guest, **FULL)

    assert answer.status_code == 202
    assert answer.json() == {"message": f"{NEUTRAL} The link works for 48 hours."}
    assert answer.headers["cache-control"] == "no-store"
    assert letters(guest) == ["confirm"]
    assert guest.woken == [1]
    assert statuses(engine) == {"ada@example.org": Status.PENDING}
    asked = session.exec(select(Consent)).one()
    assert (asked.event, asked.wording, asked.agent) == ("asked", "Asked for through the API.", "a program")
    assert asked.ip == "203.0.113.7"


def test_what_was_wished_for_comes_true_on_confirming(guest, session):
    subscribe(guest, **FULL)
    number = session.exec(select(Confirmation.id)).one()
    _, joined = signup.confirm(session, number, signup.Asker("Yes"), NOW)
    session.commit()

    assert call(guest, "GET", "/preferences", token=token_of(joined.id)).json() == FULL


def test_an_address_alone_is_enough(engine, tmp_path, session):
    subscribe(visitor(engine, tmp_path, "[digest]\nsize = 7\n"))

    wanted = session.exec(select(Confirmation)).one().wishes

    assert wanted["follows"] == []
    assert wanted["preferences"]["size"] == 7
    assert wanted["preferences"]["cadence"] == "daily"


def test_names_alone_are_taken_as_they_are(guest, session):
    subscribe(guest, topics=["graphs", "E = mc2"], keywords=["x=9"], mutes=["crypto", {"name": "kind: of"}])

    assert session.exec(select(Confirmation)).one().wishes["follows"] == [
        ["topic", "Graphs", 1],
        ["topic", "E = mc2", 1],
        ["keyword", "x=9", 1],
        ["topic", "crypto", -1],
        ["topic", "kind: of", -1],
    ]


@pytest.mark.parametrize("status", [None, *Status])
def test_the_answer_is_the_same_whoever_is_known(guest, session, status):
    if status:
        reader(session).status = status
        session.commit()

    answer = subscribe(guest)

    assert (answer.status_code, answer.json()["message"].startswith(NEUTRAL)) == (202, True)
    assert guest.woken == [1]


def test_one_mailbox_gets_one_letter(guest):
    answers = [subscribe(guest, f"ada+{number}@example.org").status_code for number in range(5)]

    assert answers == [202] * 5
    assert letters(guest) == ["confirm"]


def test_one_mailbox_gets_one_letter_however_often_somebody_asks(guest):
    codes = {subscribe(guest, f"ada+{number}@example.org").status_code for number in range(6)}

    assert (codes, len(guest.deliveries())) == ({202}, 1)


def test_too_many_letters_to_one_mail_domain_wait(engine, tmp_path):
    guest = visitor(engine, tmp_path, '[signup]\nper_domain = "2 per hour"\n')
    for name in ("ada", "emmy"):
        subscribe(guest, f"{name}@example.org")

    answer = subscribe(guest, "rosalind@example.org")

    assert answer.status_code == 429
    assert answer.json()["error"].startswith("Too many requests.")
    assert 0 < int(answer.headers["retry-after"]) <= 3600
    assert subscribe(guest, "rosalind@example.net").status_code == 202


def test_too_many_from_one_client_wait(engine, tmp_path):
    guest = visitor(engine, tmp_path, '[signup]\nper_client = "2 per hour"\n')

    codes = [subscribe(guest, f"reader{number}@example.org").status_code for number in range(3)]
    guest.ip = "203.0.113.8"

    assert codes == [202, 202, 429]
    assert subscribe(guest, "another@example.org").status_code == 202


def test_a_newsletter_that_is_closed_says_so(engine, tmp_path):
    guest = visitor(engine, tmp_path, "[signup]\nopen = false\n")

    answer = subscribe(guest)

    assert answer.status_code == 403
    assert answer.json()["error"].startswith("This newsletter takes no new readers")
    assert letters(guest) == []


def test_throw_away_addresses_are_refused(engine, tmp_path):
    guest = visitor(engine, tmp_path, refused=frozenset({"throwaway.example"}))

    answer = subscribe(guest, "ada@mail.throwaway.example")

    assert (answer.status_code, "throw-away" in answer.json()["error"]) == (422, True)
    assert letters(guest) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"email": "ada"}, "email: 'ada' cannot be used"),
        ({"email": "ada@example.org", "hour": "7"}, "hour: Input should be a valid integer"),
        ({"email": "ada@example.org", "hour": 24}, "hour: Input should be less than or equal to 23"),
        ({"email": "ada@example.org", "hours": 2}, "hours: Extra inputs are not permitted"),
        (
            {"email": "ada@example.org", "timezone": "Berlin"},
            "timezone: 'Berlin' cannot be used: give a name such as",
        ),
        ({"email": "ada@example.org", "cadence": "hourly"}, "cadence: Input should be 'daily'"),
        ({"email": "ada@example.org", "cadence": "chosen"}, "weekdays: '' cannot be used"),
        ({"email": "ada@example.org", "weekdays": ["sun"]}, "weekdays: 'sun' cannot be used"),
        ({"email": "ada@example.org", "topics": ["a;b"]}, "topic: 'a;b' cannot be used"),
        ({"email": "ada@example.org", "topics": [{"name": "a", "weight": 11}]}, "topics.0."),
        ({"email": "ada@example.org", "topics": ["x"], "mutes": ["x"]}, "topic: 'x' cannot be used: it is both"),
        ({"email": "ada@example.org", "keywords": ["x"] * 101}, "keywords: List should have at most 100 items"),
        ({}, "email: Field required"),
        ([], "body: Input should be"),
    ],
)
def test_what_cannot_be_used_is_named(strict, body, said):
    answer = call(strict, "POST", "/subscriptions", body)

    assert answer.status_code == 422
    assert answer.json()["error"].startswith(said)
    assert letters(strict) == []


@pytest.mark.parametrize("content", [b"[1", b"{'a': 1}", b'"\xff"', b"\x80"])
def test_what_is_no_json_is_refused(strict, content):
    headers = {"Content-Type": "application/json"}

    answer = strict.http.post("/api/v1/subscriptions", content=content, headers=headers)

    assert (answer.status_code, answer.json()) == (400, {"error": "The body is no JSON document in UTF-8."})


@pytest.mark.parametrize("content", ["", '{"email": "a\\ud800@example.org"}', '{"\\ud800": 1}', "NaN", "1e999"])
def test_odd_json_is_refused_too(strict, content):
    headers = {"Content-Type": "application/json"}

    answer = strict.http.post("/api/v1/subscriptions", content=content, headers=headers)

    assert (answer.status_code, list(answer.json())) == (422, ["error"])


def test_a_document_that_is_too_long_is_not_read(strict):
    pieces = iter([b'{"email": "', *[b"x" * 100_000] * 7, b'"}'])

    answer = strict.http.post(
        "/api/v1/subscriptions", content=pieces, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 413
    assert answer.json()["error"] == "At most 655,360 bytes can be sent here."
