"""The API does what its OpenAPI description says, whatever it is asked: schemathesis asks."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from limits import parse
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from sqlmodel import Session
from web_api import shared_site, token_of
from world import Scripted, planned, reader, sending

from newsletter.web import throttle
from subscribers.tokens import Purpose

# A label with a semicolon or a zone that does not exist fits the description and cannot be used all the same.
ALSO_RIGHT = ["2xx", "404", "422"]
REFUSED = ["400", "401", "404", "413", "422"]
CONFIG = {
    "checks": {
        "positive_data_acceptance": {"expected-statuses": ALSO_RIGHT},
        "negative_data_rejection": {"expected-statuses": REFUSED},
    }
}
OPERATIONS = (
    "GET /api/v1/papers",
    "GET /api/v1/papers/{key}",
    "GET /api/v1/topics",
    "GET /api/v1/archive",
    "GET /api/v1/archive/{day}",
    "POST /api/v1/subscriptions",
    "GET /api/v1/preferences",
    "PUT /api/v1/preferences",
    "POST /api/v1/unsubscribe",
)
# The others take nothing that could be wrong, or any text at all.
PICKY = (
    "GET /api/v1/papers",
    "GET /api/v1/archive/{day}",
    "POST /api/v1/subscriptions",
    "PUT /api/v1/preferences",
)
EXAMPLES = 15
load_all_checks()


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    """A site with papers, an edition, and two readers: the first keeps the preferences, the second leaves."""
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(throttle, "WRONG_LINKS", parse("1000000 per hour"))
    with shared_site(tmp_path_factory.mktemp("api")) as made:
        with Session(made.site.engine) as session:
            for name in ("ada", "emmy"):
                reader(session, f"{name}@example.org", "Graphs")
            planned(session, made.site.config)
            sending(made.site.engine, Scripted())
        yield made
    monkeypatch.undo()


@pytest.fixture(scope="module")
def described(guest):
    config = schemathesis.Config.from_dict(CONFIG)
    return schemathesis.openapi.from_asgi("/api/openapi.json", guest.http.app, config=config)


def operations(described):
    return {each.ok().label: each.ok() for each in described.get_all_operations()}


def asked(described, label, mode):
    """Ask an operation whatever schemathesis thinks of, and check each answer in every way that it knows."""
    tokens = {"preferences": token_of(1), "unsubscribe": token_of(2, Purpose.UNSUBSCRIBE)}
    token = tokens.get(label.rpartition("/")[2])
    headers = {"Authorization": f"Bearer {token}"} if token else {}

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None)
    @given(case=operations(described)[label].as_strategy(generation_mode=mode))
    def ask(case):
        case.validate_response(case.call(headers=headers), checks=CHECKS.get_all(), headers=headers)

    ask()


def test_the_description_names_every_operation(described):
    assert sorted(operations(described)) == sorted(OPERATIONS)


@pytest.mark.uncounted
@pytest.mark.parametrize("label", OPERATIONS)
def test_what_fits_the_description_is_answered_as_it_says(described, label):
    asked(described, label, GenerationMode.POSITIVE)


@pytest.mark.uncounted
@pytest.mark.parametrize("label", PICKY)
def test_what_does_not_fit_the_description_is_refused_as_it_says(described, label):
    asked(described, label, GenerationMode.NEGATIVE)


def test_the_description_can_be_read_without_another_host(guest):
    text = guest.http.get("/api/openapi.json").text

    assert "https://" not in text
    assert guest.http.get("/docs").status_code == guest.http.get("/redoc").status_code == 404
