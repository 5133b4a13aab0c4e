"""docs/api.md says what the API does: its examples run, its tables name all that there is."""

import json
import re
from pathlib import Path

import pytest
from sqlmodel import Session
from web_api import shared_site, token_of
from world import Scripted, planned, reader, sending

from newsletter.web import api_answers
from newsletter.web.api_models import Subscription

PAGE = (Path(__file__).parent.parent / "docs" / "api.md").read_text(encoding="utf-8")
LISTED = re.compile(r"^\| \[`(\w+) (\S+)`\]\(\S+\) \| (.+?) \|", re.MULTILINE)
MORE = "..."  # in a list: and so on


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    with shared_site(tmp_path_factory.mktemp("docs")) as made, Session(made.site.engine) as session:
        reader(session, "ada@example.org", "Graphs")
        planned(session, made.site.config)
        sending(made.site.engine, Scripted())
        session.close()
        yield made


def examples():
    """Each request with the answer that stands below it."""
    pairs = re.findall(
        r"^```http\n(.*?)^```\n(?:\nStatus (\d+):\n)?\n```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL
    )
    for request, status, answer in pairs:
        head, _, body = request.partition("\n\n")
        first, *headers = head.strip().splitlines()
        method, url = first.split()
        yield (
            method,
            url,
            dict(line.split(": ", 1) for line in headers),
            body,
            int(status or 200),
            json.loads(answer),
        )


def shortened(told, found):
    """What was found, as short as it is told."""
    if isinstance(told, list) and MORE in told:
        return [*found[: told.index(MORE)], MORE]
    if isinstance(told, dict) and isinstance(found, dict):
        return {name: shortened(told.get(name), value) for name, value in found.items()}
    return found


def described(guest):
    return guest.http.get("/api/openapi.json").json()


def test_every_example_runs_and_answers_as_told(guest):
    ran = set()
    for method, url, headers, body, status, told in examples():
        sent = {name: value.replace("TOKEN", token_of(1)) for name, value in headers.items()}
        answer = guest.http.request(method, url, headers=sent, content=body)

        assert (url, answer.status_code) == (url, status)
        assert shortened(told, answer.json()) == told
        ran.add((method, url.partition("?")[0]))
    assert len(ran) == len(LISTED.findall(PAGE))


def test_every_operation_is_listed_with_its_tokens(guest):
    told = {
        (method.lower(), f"/api/v1{path}"): re.findall("`([a-z]+)`", token)
        for method, path, token in LISTED.findall(PAGE)
    }

    found = {
        (method, path): [name for one in operation.get("security", ()) for name in one]
        for path, operations in described(guest)["paths"].items()
        for method, operation in operations.items()
    }
    assert told == found


def test_every_field_of_a_subscription_is_told_with_its_default():
    told = dict(re.findall(r"^\| `(\w+)` \| (?:`(.+?)`|required) \|", PAGE, re.MULTILINE))

    fields = Subscription.model_fields
    assert told.keys() == fields.keys()
    for name, default in told.items():
        assert fields[name].is_required() if not default else json.loads(default) == fields[name].default, name


def test_every_refusal_is_told(guest):
    told = {int(code) for code in re.findall(r"^\| (\d{3}) \|", PAGE, re.MULTILINE)}

    found = {
        int(code)
        for operations in described(guest)["paths"].values()
        for operation in operations.values()
        for code in operation["responses"]
        if int(code) >= 400
    }
    assert told == found == set(api_answers.SAID)
