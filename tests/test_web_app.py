"""The application as a whole: errors are pages, forged forms are refused, a path before everything works."""

import re

import pytest
from web_site import visitor


@pytest.fixture
def guest(engine, tmp_path):
    return visitor(engine, tmp_path)


def test_a_page_that_is_not_there_says_so_in_words(guest):
    answer = guest.get("/nowhere")

    assert answer.status_code == 404
    assert "<h1>There is nothing here</h1>" in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_a_program_gets_its_error_as_json(guest):
    answer = guest.get("/api/v1/nowhere")

    assert answer.status_code == 404
    assert answer.json()["error"].startswith("There is nothing here.")


def test_a_wrong_link_is_a_page_and_guessing_many_is_held_up(guest):
    for _ in range(60):
        assert guest.get("/p/1.aaaaaaaaaaaaaaaaaaaaaaaaaa").status_code == 404
    answer = guest.get("/p/1.aaaaaaaaaaaaaaaaaaaaaaaaaa")

    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 3600
    guest.ip = "203.0.113.99"
    assert "This link does not work" in guest.get("/p/1.aaaaaaaaaaaaaaaaaaaaaaaaaa").text


def test_a_form_of_ours_is_taken_without_a_word_from_the_browser(guest):
    stamp = guest.site.stamps.make()
    guest.clock.passes(seconds=9)
    silent = {"Sec-Fetch-Site": ""}

    assert guest.post("/link", {"email": "ada@example.org"}, silent).status_code == 403
    assert guest.post("/link", {"email": "ada@example.org", "stamp": "x"}, silent).status_code == 403
    assert guest.post("/link", {"email": "ada@example.org", "stamp": stamp}, silent).status_code < 400


def test_only_a_trusted_proxy_says_who_the_client_is(engine, tmp_path):
    toml = '[web]\ntrusted_proxies = ["198.51.100.0/24"]\n[signup]\nper_client = "1 per hour"\n'
    guest = visitor(engine, tmp_path, toml)

    guest.send("/link", email="ada@example.org")
    guest.ip = "203.0.113.8"  # the test's client is no proxy: what it claims counts for nothing

    assert guest.send("/link", email="emmy@example.org").status_code == 429


def test_a_newsletter_may_live_below_a_path(engine, tmp_path):
    guest = visitor(engine, tmp_path, "", url="https://lab.example.org/papers")

    front_page = guest.get("/papers/")

    assert front_page.status_code == 200
    assert guest.get("/").status_code == 404
    links = {link.replace("&amp;", "&") for link in re.findall(r'(?:href|src|action)="(/[^"]*)"', front_page.text)}
    assert links
    assert all(link.startswith("/papers/") for link in links)
    assert all(guest.get(link).status_code == 200 for link in links if "preview" not in link)


def test_every_link_of_the_front_page_leads_somewhere(guest):
    text = guest.get("/").text

    links = set(re.findall(r'(?:href|src)="(/[^"]*)"', text))
    assert len(links) > 10
    for link in links:
        assert guest.get(link.replace("&amp;", "&")).status_code == 200, link


def test_what_breaks_is_a_page_too_and_nobody_sees_a_traceback(guest, monkeypatch):
    guest.http._transport.raise_server_exceptions = False
    monkeypatch.setattr(type(guest.site.showcase), "trending", lambda *_, **__: 1 / 0)

    answer = guest.get("/")

    assert answer.status_code == 500
    assert "Something broke on our side" in answer.text
    assert "ZeroDivisionError" not in answer.text


def test_the_style_sheet_has_the_colours_of_the_mails(guest):
    sheet = guest.get("/static/site.css")

    assert sheet.headers["content-type"].startswith("text/css")
    assert "--accent:#a83a0b" in sheet.text
    assert guest.get("/static/site.js").status_code == 200
    assert guest.get("/static/base.html").status_code == 404


def test_robots_are_told_to_stay_out_of_what_is_personal(guest):
    told = guest.get("/robots.txt").text.splitlines()

    assert "Disallow: /p/" in told
    assert "Disallow: /" not in told


def test_head_is_answered_like_get_and_changes_nothing(guest):
    head = guest.http.head("/")

    assert (head.status_code, head.content) == (200, b"")


def test_refused_domains_take_their_subdomains_with_them(engine, tmp_path):
    guest = visitor(engine, tmp_path, refused=frozenset({"throwaway.example"}))

    for email in ("a@throwaway.example", "a@mx.throwaway.example", "A@THROWAWAY.example"):
        assert "throw-away" in guest.send("/subscribe", email=email).text
    assert "throw-away" not in guest.send("/subscribe", email="a@notthrowaway.example").text
