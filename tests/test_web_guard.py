"""The guard: forged forms, sizes, headers and a log that holds no secret."""

import pytest
import structlog
from fastapi import FastAPI, Request
from starlette.datastructures import Headers
from starlette.testclient import TestClient

from newsletter.web import guard

HOST = {"host": "papers.example.org"}


def served():
    app = FastAPI()

    @app.api_route("/echo/{token}", methods=["GET", "POST", "PUT", "DELETE"])
    async def echo(request: Request):
        return {"bytes": len(await request.body()), "proven": request.scope.get("proven")}

    @app.post("/u/{token}")
    async def leave(token):
        return {"left": token}

    return TestClient(guard.Guard(app, "/u/", "/api/"), base_url="http://papers.example.org")


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site", "origin": "http://papers.example.org"}, False),
        ({"origin": "http://papers.example.org"}, True),
        ({"origin": "https://papers.example.org"}, True),
        ({"origin": "https://papers.example.org.evil.example"}, False),
        ({"origin": "https://papers.example.org:8443"}, False),
        ({"origin": "http://["}, False),
        ({"origin": "null"}, None),
        ({}, None),
    ],
)
def test_the_browser_says_where_a_form_came_from(headers, ours):
    assert guard.origin(Headers(HOST | headers)) is ours


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_a_form_of_another_site_is_refused(method):
    answer = served().request(method, "/echo/t", headers={"Origin": "https://evil.example"})

    assert answer.status_code == 403
    assert "another site" in answer.text


def test_a_program_is_refused_in_json():
    answer = served().post("/api/x", headers={"Sec-Fetch-Site": "cross-site"})

    assert (answer.status_code, answer.json()) == (403, {"error": guard.FOREIGN})


def test_a_link_from_another_site_may_be_followed():
    assert served().get("/echo/t", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_a_mail_provider_may_unsubscribe_from_anywhere():
    answer = served().post("/u/token", headers={"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"})

    assert answer.json() == {"left": "token"}


def test_what_the_browser_does_not_say_is_left_to_the_form():
    assert served().post("/echo/t").json()["proven"] is False
    assert served().post("/echo/t", headers={"Sec-Fetch-Site": "same-origin"}).json()["proven"] is True


@pytest.mark.parametrize("length", ["655361", "-1", "many", "1e3"])
def test_a_body_that_says_it_is_too_long_is_not_read(length):
    assert served().post("/echo/t", headers={"Content-Length": length}).status_code == 413


def test_a_body_that_does_not_say_how_long_it_is_ends_at_the_limit():
    def pieces(count):
        return (b"x" * 1024 for _ in range(count))

    assert served().post("/echo/t", content=pieces(640)).json()["bytes"] == guard.MOST_BYTES
    assert served().post("/echo/t", content=pieces(641)).status_code == 413


def test_every_answer_has_the_safe_headers():
    for answer in (
        served().get("/echo/t"),
        served().get("/nowhere"),
        served().post("/echo/t", content=b"x" * 70_000),
    ):
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_log_names_the_page_and_never_the_token():
    structlog.reset_defaults()  # a command of another test may have turned the log down

    with structlog.testing.capture_logs() as lines:
        served().get("/echo/a-secret-token?email=ada@example.org")
        served().get("/nowhere/a-secret-token")

    assert [(line["route"], line["status"]) for line in lines] == [("/echo/{token}", 200), ("none", 404)]
    assert "secret" not in str(lines)
    assert "ada@" not in str(lines)


def test_a_scanner_that_asks_for_the_head_gets_no_body():
    head, whole = served().head("/echo/t"), served().get("/echo/t")

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == whole.headers


def test_what_breaks_is_logged_without_a_single_value():
    async def breaks(scope, receive, send):
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b"sorry"})
        raise KeyError("ada@example.org")

    structlog.reset_defaults()
    with structlog.testing.capture_logs() as lines:
        answer = TestClient(guard.Guard(breaks, "/u/", "/api/")).get("/p/a-secret-token")

    assert answer.text == "sorry"
    assert [line["event"] for line in lines] == ["page failed", "request"]
    assert lines[0]["error"] == "KeyError"
    assert "breaks" in lines[0]["where"][-1]
    assert "ada@" not in str(lines)
    assert "secret" not in str(lines)


def test_what_breaks_before_any_answer_is_left_to_the_server():
    async def breaks(scope, receive, send):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        TestClient(guard.Guard(breaks, "/u/", "/api/")).get("/")


def test_other_protocols_pass_untouched():
    with TestClient(guard.Guard(FastAPI(), "/u/", "/api/")) as started:  # the lifespan of the application
        assert started.get("/").status_code == 404
