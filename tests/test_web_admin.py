"""The door of the admin pages: logged in once by a link, and nobody gets past it without."""

from dataclasses import replace

import pytest
import structlog
from fastapi import FastAPI
from sqlmodel import Session, select
from web_admin import acts, at_the_door, hidden, link_for, lite, logged_in, stranger
from web_site import path
from world import NOW, reader

from newsletter import admin_access
from newsletter.record_models import AdminLink, Run, RunKind
from newsletter.web import admin
from newsletter.web.admin_page import COOKIE

__all__ = ["lite"]  # the fixture


@pytest.fixture
def one(lite, tmp_path):
    return stranger(lite, tmp_path)


@pytest.fixture
def inside(lite, tmp_path):
    with Session(lite) as session:
        reader(session, "ada@example.org")
    return logged_in(lite, tmp_path)


@pytest.fixture
def rows(lite):
    with Session(lite) as opened:
        yield opened


def addresses():
    """Every admin address behind the door, with a method of it."""
    served = FastAPI()
    served.include_router(admin.router)
    found = served.openapi()["paths"].items()
    example = {"{date}": "2026-03-10", "{action}": "hold", "{number}": "1", "{deed}": "add", "{step}": "letter"}
    whole = [(method, filled(url, example)) for url, methods in found for method in methods]
    return [(method, url) for method, url in whole if "/login" not in url]


def filled(url, example):
    for name, value in example.items():
        url = url.replace(name, value)
    return url


def admin_lines(rows):
    return rows.exec(select(Run.name).where(Run.kind == RunKind.ADMIN).order_by(Run.id)).all()


def in_the_browser(visitor):
    return visitor.http.cookies.get(COOKIE)


def test_a_login_link_opens_the_pages_by_its_button(one):
    link = link_for(one)

    asked, answer = one.get(link), one.send(link)

    assert (asked.status_code, "Log in" in asked.text) == (200, True)
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin")
    assert one.get("/admin").status_code == 200


def test_opening_a_login_link_uses_nothing_up(one, rows):
    link = link_for(one)

    for _ in range(3):
        assert one.get(link).status_code == 200
        assert one.http.head(path(link)).status_code == 200

    assert rows.exec(select(AdminLink.used_at)).all() == [None]
    assert admin_lines(rows) == []
    assert in_the_browser(one) is None


def test_a_login_link_is_good_once(one):
    link = link_for(one)
    one.send(link)
    one.http.cookies.clear()

    answers = [one.get(link), one.post(link)]

    assert [each.status_code for each in answers] == [410, 410]
    assert all("newsletter admin link" in each.text for each in answers)
    assert in_the_browser(one) is None


def test_a_login_link_is_good_for_its_hours_alone(one):
    link = link_for(one, hours=2)
    one.clock.passes(hours=1, minutes=59)
    still = one.get(link).status_code
    one.clock.passes(minutes=1)

    assert (still, one.get(link).status_code, one.post(link).status_code) == (200, 410, 410)


def test_guessing_links_is_held_up(one):
    codes = {one.get(f"/admin/login/guess-{number}").status_code for number in range(60)}

    assert codes == {410}
    assert one.post("/admin/login/guess").status_code == 429


def test_the_database_cannot_log_anybody_in(one, rows):
    link = link_for(one)
    mark = rows.exec(select(AdminLink.mark)).one()

    assert mark not in link
    assert one.get(one.site.links.admin_login(mark)).status_code == 410


@pytest.mark.parametrize(
    ("url", "secure", "below"),
    [
        ("https://papers.example.org", True, "/admin"),
        ("http://localhost:8080", False, "/admin"),
        ("https://example.org/papers", True, "/papers/admin"),
    ],
)
def test_the_cookie_is_kept_close(lite, tmp_path, url, secure, below):
    one = stranger(lite, tmp_path, url=url)

    cookie = one.send(link_for(one)).headers["set-cookie"].lower()

    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "max-age=43200" in cookie
    assert f"path={below};" in f"{cookie};"
    assert ("secure" in cookie) is secure


@pytest.mark.parametrize("cookie", ["", "x", "é.y", "a.b.c", "0" * 64, f"{'0' * 64}.AAAA"])
def test_a_forged_cookie_opens_nothing(one, cookie):
    headers = {"Cookie": f"{COOKIE}={cookie}".encode("latin-1")}

    answer = one.get("/admin", headers)

    assert (answer.status_code, "newsletter admin link" in answer.text) == (403, True)


def test_a_cookie_of_another_key_opens_nothing(inside):
    other = at_the_door(replace(inside.site, keys=("another secret of thirty-two chars",)), inside.clock)
    other.http.cookies = inside.http.cookies

    assert other.get("/admin").status_code == 403


def test_a_login_outlives_a_new_key_beside_the_old_one(inside):
    newer = ("a newer secret of thirty-two chars", *inside.site.keys)
    other = at_the_door(replace(inside.site, keys=newer), inside.clock)
    other.http.cookies = inside.http.cookies
    old_form = hidden(inside.get("/admin").text, "form")

    assert other.get("/admin").status_code == 200
    assert other.post("/admin/logout", {"form": old_form}).status_code == 200


def test_a_login_lasts_for_twelve_hours(inside):
    cookie = in_the_browser(inside)
    inside.clock.passes(hours=11, minutes=59)
    still = inside.get("/admin").status_code
    inside.clock.passes(minutes=2)

    late = inside.get("/admin", {"Cookie": f"{COOKIE}={cookie}"})

    assert (still, late.status_code) == (200, 403)


def test_logging_out_ends_the_login_in_every_browser(inside):
    cookie = in_the_browser(inside)

    answer = acts(inside, "/admin/logout")

    assert (answer.status_code, in_the_browser(inside)) == (200, None)
    assert inside.get("/admin", {"Cookie": f"{COOKIE}={cookie}"}).status_code == 403


def test_coming_and_going_stand_in_the_journal(inside, rows):
    acts(inside, "/admin/logout")

    assert admin_lines(rows) == ["login", "logout"]


@pytest.mark.parametrize(("method", "url"), addresses(), ids=str)
def test_no_page_tells_anything_without_a_login(one, method, url):
    link_for(one)

    answer = one.http.request(method, url, headers={"Sec-Fetch-Site": "same-origin"})

    assert answer.status_code == 403
    assert "Log in first" in answer.text
    assert answer.text == one.get("/admin").text


@pytest.mark.parametrize(("method", "url"), [each for each in addresses() if each[0] == "get"], ids=str)
def test_every_page_is_kept_by_nobody_and_found_by_nobody(inside, method, url):
    answer = inside.get(url)

    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert "noindex" in answer.headers["x-robots-tag"]
    assert "style=" not in answer.text
    assert "onclick" not in answer.text


@pytest.mark.parametrize(("method", "url"), [each for each in addresses() if each[0] == "post"], ids=str)
@pytest.mark.parametrize("sent", [{}, {"form": "x"}, {"form": "é"}], ids=str)
def test_no_form_is_taken_that_is_not_of_this_login(inside, method, url, sent):
    other_stamp = inside.site.stamps.make()

    answer = inside.post(url, {"stamp": other_stamp} | sent)

    assert answer.status_code == 403
    assert inside.get("/admin").status_code == 200


def test_a_form_of_another_site_is_refused(inside):
    page = inside.get("/admin").text
    fields = {"form": hidden(page, "form"), "stamp": hidden(page, "stamp")}

    answer = inside.post("/admin/logout", fields, {"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403
    assert inside.get("/admin").status_code == 200


def test_no_link_and_no_cookie_is_in_the_log(one):
    structlog.reset_defaults()  # a command of another test may have turned the log down
    link = link_for(one)

    with structlog.testing.capture_logs() as lines:
        one.send(link)
        one.get("/admin")

    assert ("/admin/login/{token}", 303) in {(line["route"], line["status"]) for line in lines}
    assert path(link).rpartition("/")[2] not in str(lines)
    assert in_the_browser(one) not in str(lines)


def test_old_links_are_forgotten(one, rows):
    link_for(one)
    one.clock.passes(hours=14)
    link_for(one)

    assert len(rows.exec(select(AdminLink)).all()) == 1


def test_of_two_clicks_at_once_one_wins(session):
    token = admin_access.new_link(session, NOW)

    marks = [admin_access.use_link(session, token, NOW) for _ in range(2)]

    assert [mark is None for mark in marks] == [False, True]


def test_the_admin_pages_stand_below_the_path_of_the_newsletter(lite, tmp_path):
    one = stranger(lite, tmp_path, url="https://example.org/papers")

    assert one.send(link_for(one)).headers["location"] == "/papers/admin"
    assert 'href="/papers/admin/runs"' in one.get("/papers/admin/runs").text
