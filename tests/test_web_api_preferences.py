"""Preferences and leaving through the JSON API, with a token from a mail."""

import pytest
from sqlmodel import select
from web_api import FULL, call, letters, shared_site, statuses, subscribe, token_of
from web_site import visitor
from world import reader

from newsletter.models import Delivery
from subscribers.models import Consent, Status, Subscriber
from subscribers.tokens import Purpose


@pytest.fixture
def guest(engine, tmp_path):
    return visitor(engine, tmp_path)


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A site for tokens that open nothing."""
    with shared_site(tmp_path_factory.mktemp("api")) as made:
        yield made


@pytest.fixture
def ada(session, guest):
    """The id of a reader."""
    number = reader(session, "ada@example.org", "Graphs").id
    session.rollback()  # SQLite would go on showing this moment
    return number


def test_preferences_are_read_and_put_back(guest, ada):
    before = call(guest, "GET", "/preferences", token=token_of(ada))

    after = call(guest, "PUT", "/preferences", FULL, token=token_of(ada))

    assert before.json()["topics"] == [{"name": "Graphs", "weight": 1.0}]
    assert before.headers["cache-control"] == after.headers["cache-control"] == "no-store"
    assert after.json() == FULL == call(guest, "GET", "/preferences", token=token_of(ada)).json()
    assert call(guest, "PUT", "/preferences", before.json(), token=token_of(ada)).json() == before.json()


def test_nothing_is_changed_when_something_is_missing_or_wrong(guest, ada):
    before = call(guest, "GET", "/preferences", token=token_of(ada)).json()

    missing = call(guest, "PUT", "/preferences", {"hour": 9}, token=token_of(ada))
    wrong = call(guest, "PUT", "/preferences", FULL | {"timezone": "Mars/Dome"}, token=token_of(ada))

    assert (missing.status_code, "topics: Field required" in missing.json()["error"]) == (422, True)
    assert (wrong.status_code, wrong.json()["error"][:9]) == (422, "timezone:")
    assert call(guest, "GET", "/preferences", token=token_of(ada)).json() == before


@pytest.mark.parametrize("token", ["", "1.aaaaaaaaaaaaaaaaaaaaaaaaaa", "é", token_of(1, Purpose.UNSUBSCRIBE)])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_only_the_preferences_token_opens_preferences(strict, method, token):
    headers = {"Authorization": f"Bearer {token}".encode("latin-1")} if token else {}

    answer = strict.http.request(method, "/api/v1/preferences", json=FULL, headers=headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["error"].startswith("Give the token of the preferences link")


def test_a_token_in_the_url_counts_for_nothing(guest, ada):
    assert call(guest, "GET", f"/preferences?token={token_of(ada)}").status_code == 401


def test_guessing_tokens_is_held_up(guest):
    codes = [call(guest, "GET", "/preferences", token=f"{number}.x").status_code for number in range(61)]

    assert codes == [401] * 60 + [429]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (Status.PENDING, "This subscription is not confirmed yet. Open our letter"),
        (Status.UNSUBSCRIBED, "You have left."),
        (Status.BOUNCED, "Your mailbox did not take our mails."),
    ],
)
def test_preferences_are_for_those_who_read(guest, ada, session, status, said):
    session.get_one(Subscriber, ada).status = status
    session.commit()

    for method in ("GET", "PUT"):
        answer = call(guest, method, "/preferences", FULL if method == "PUT" else None, token=token_of(ada))

        assert (answer.status_code, answer.json()["error"].startswith(said)) == (403, True)


def test_the_token_of_somebody_who_was_erased_finds_nobody(guest):
    answer = call(guest, "GET", "/preferences", token=token_of(99))

    assert (answer.status_code, answer.json()["error"][:26]) == (404, "This subscription is gone.")


@pytest.mark.parametrize("purpose", [Purpose.UNSUBSCRIBE, Purpose.PREFERENCES])
def test_either_token_unsubscribes_at_once_and_twice_is_once(guest, ada, engine, session, purpose):
    answers = [call(guest, "POST", "/unsubscribe", token=token_of(ada, purpose)) for _ in range(2)]

    assert [(each.status_code, each.json()) for each in answers] == [
        (200, {"message": "You are unsubscribed."})
    ] * 2
    assert statuses(engine) == {"ada@example.org": Status.UNSUBSCRIBED}
    assert letters(guest) == ["goodbye"]
    assert session.exec(select(Consent.wording).where(Consent.event == "withdrawn")).all() == [
        "Unsubscribed through the API."
    ]


def test_who_never_confirmed_leaves_without_a_letter(guest, engine, session):
    subscribe(guest)
    number = session.exec(select(Subscriber.id)).one()

    call(guest, "POST", "/unsubscribe", token=token_of(number, Purpose.UNSUBSCRIBE))

    assert statuses(engine) == {"ada@example.org": Status.UNSUBSCRIBED}
    assert session.exec(select(Delivery.letter)).all() == ["confirm"]


def test_unsubscribing_somebody_who_was_erased_is_no_error(guest):
    assert call(guest, "POST", "/unsubscribe", token=token_of(99, Purpose.UNSUBSCRIBE)).status_code == 200


def test_unsubscribing_needs_a_token(guest, ada):
    answer = call(guest, "POST", "/unsubscribe")

    assert answer.status_code == 401
    assert "unsubscribe or preferences link" in answer.json()["error"]
    assert call(guest, "GET", "/unsubscribe", token=token_of(ada)).status_code == 405
