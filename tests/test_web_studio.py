"""The studio's page: whose mail it shows, in which looks, what is wrong in place of it, and the test mail."""

import re
import shutil
from dataclasses import replace

import pytest
from sqlmodel import Session, select
from starlette.testclient import TestClient
from web_admin import acts, at_the_door, journalled, link_for, lite, stranger
from world import NOW, planned, reader

from newsletter.models import Delivery
from newsletter.preview.frames import framed
from newsletter.shipped import shipped
from newsletter.web.studio_app import COOKIE, make_studio

__all__ = ["lite"]  # the fixture
TOML = "[digest]\nfloor = 0.1\ntemplates = 'own'\n"
AT = f"at={NOW:%Y-%m-%dT%H:%M}&zone=UTC"
POLICY = "Content-Security-Policy"


@pytest.fixture
def one(lite, tmp_path):
    """An admin whose newsletter has templates of its own, and two readers."""
    shutil.copytree(shipped("templates") / "email", tmp_path / "own" / "email")
    door = stranger(lite, tmp_path, TOML)
    one = at_the_door(replace(door.site, config_file=tmp_path / "config.toml"), door.clock)
    one.send(link_for(one))
    with Session(lite) as session:
        reader(session, "ada@example.org", "Graphs", name="Ada")
        reader(session, "ben@example.org", "Graphs")
    return one


def test_the_studio_shows_the_mail_of_a_stored_reader_with_its_reasons(one):
    page = one.get(f"/admin/preview?q=ada@example.org&{AT}").text

    assert "To ada@example.org, digest of 2026-03-10" in page
    assert len(re.findall("<iframe sandbox", page)) == 3
    assert "matches Graphs" in page
    assert "words +" in page
    assert "What just missed" in page


def test_a_search_lists_readers_by_address_and_name(one):
    both, named, nobody = (one.get(f"/admin/preview?q={words}&{AT}").text for words in ("example", "Ada", "zzz"))

    assert re.findall(r'href="(/admin/preview\?reader=\d[^"]*)">(\w+)@', both)[1][1] == "ben"
    assert "To ada@example.org" in named
    assert "holds these words" in nobody


def test_a_reader_is_made_up_on_the_spot_and_not_stored(one, lite):
    page = one.get(f"/admin/preview?topic=Graphs&keyword=codes,catalysts&size=2&{AT}").text

    assert "To made-up-reader@example.org" in page
    assert "checked" in page
    with Session(lite) as session:
        assert session.exec(select(Delivery)).all() == []


def test_frames_hold_the_mail_without_scripts_in_every_look(one):
    light, dark, bare = (
        one.get(f"/admin/preview/mail?reader=1&{AT}&view={view}") for view in ("light", "dark", "bare")
    )

    assert "sandbox" in light.headers[POLICY]
    assert "script-src" not in light.headers[POLICY]
    assert "@media all" in dark.text
    assert "@media all" not in light.text
    assert "prefers-color-scheme" not in light.text + dark.text
    assert "style=" not in bare.text
    assert one.get("/admin/preview/mail").text == ""
    assert one.get("/admin/preview/mail?reader=77").text == ""


@pytest.mark.parametrize(
    ("view", "words"), [("text", "Graph neural"), ("source", "&lt;!DOCTYPE"), ("headers", "List-Id:")]
)
def test_the_other_views_show_text_source_and_headers(one, view, words):
    page = one.get(f"/admin/preview?reader=1&{AT}&view={view}").text

    assert words in page.split("<pre", 1)[1]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("reader=1&at=yesterday", "write a moment like"),
        ("reader=1&at=2026-03-10T12:00&zone=Nowhere", "write a moment like"),
        ("reader=1&at=0001-01-01T12:00", "use a year from"),
        ("reader=99", "99"),
        ("reader=x", "no subscriber"),
        ("topic=Graphs&size=99", "a whole number from 1 to 50"),
    ],
)
def test_what_cannot_be_shown_is_said_in_place_of_the_mail(one, query, words):
    answer = one.get(f"/admin/preview?{query}")

    assert answer.status_code == 200
    assert words in answer.text.split("This cannot be shown")[1]


def test_a_day_without_papers_says_so(one):
    assert "No paper was announced in the window" in one.get("/admin/preview?reader=1&at=2020-01-01T07:00").text


def test_a_broken_template_and_a_broken_configuration_are_shown_until_they_are_mended(one, tmp_path):
    url, file = f"/admin/preview?reader=1&{AT}", tmp_path / "own" / "email" / "digest.txt"
    good, stamp = file.read_text(), one.get("/admin/preview/stamp").text

    file.write_text("{% if %}\n" + good)
    broken, changed = one.get(url).text, one.get("/admin/preview/stamp").text
    file.write_text("Hello from the new text.\n" + good)
    mended = one.get(f"{url}&view=text").text
    config = tmp_path / "config.toml"
    right = config.read_text()
    config.write_text(right + "nonsense = 1\n")
    wrong = one.get(url).text
    config.write_text(right + "budget_bytes = 80000\n")

    assert stamp != changed
    assert "digest.txt" in broken.split("This cannot be shown")[1]
    assert re.search(r"digest.txt\W+(line )?1\b", broken)
    assert "Hello from the new text." in mended
    assert "nonsense" in wrong.split("This cannot be shown")[1]
    assert "of 80,000 bytes" in one.get(url).text


def test_what_lint_finds_in_the_mail_stands_beside_it(one, tmp_path):
    clean = one.get(f"/admin/preview?reader=1&{AT}").text
    footer = tmp_path / "own" / "email" / "_footer.html"
    footer.write_text(footer.read_text() + '<p class="foot muted"><a href="https://bit.ly/1">here</a></p>')

    page = one.get(f"/admin/preview?reader=1&{AT}").text

    assert "link-text" not in clean
    assert "link-text" in page


def test_a_frame_shows_the_message_of_its_page_until_a_file_is_saved(one, lite, tmp_path):
    page, frame = (f"/admin/preview{part}?reader=1&{AT}" for part in ("", "/mail"))
    one.get(page)
    before = one.get(frame).text
    with Session(lite) as session:
        planned(session, one.site.config)

    assert one.get(frame).text == before
    for number in range(1, 12):
        one.get(f"/admin/preview?topic=Graphs&size={number}&{AT}")
    assert one.get(frame).text == before


def test_a_test_mail_goes_out_marked_and_is_in_the_journal(one, lite, tmp_path):
    fields = {"reader": "1", "at": f"{NOW:%Y-%m-%dT%H:%M}", "zone": "UTC"}

    answer = acts(one, "/admin/preview/send", page="/admin/preview", to="boss@example.net", **fields)
    wrong = acts(one, "/admin/preview/send", page="/admin/preview", to="nonsense", **fields)
    nobody = acts(one, "/admin/preview/send", page="/admin/preview", to="boss@example.net")

    (mail,) = (tmp_path / "outbox").glob("*.eml")
    assert mail.read_bytes().startswith(b"X-Newsletter-Test: ")
    assert answer.status_code == 303
    assert "handed over" in one.get(answer.headers["location"]).text
    assert (wrong.status_code, nobody.status_code) == (422, 303)
    assert journalled(lite) == ["test mail"]
    assert one.post("/admin/preview/send", {"to": "boss@example.net"}).status_code == 403


def test_a_light_frame_of_a_mail_without_pictures_or_colours_is_the_mail_itself():
    html = '<html><head></head><body><img src="x" alt="A chart"><img src="y">Hello</body></html>'

    assert framed(html, "bare").endswith("<body>A chartHello</body></html>")
    assert "<img" in framed(html, "light")


def test_the_studio_on_its_own_lets_in_who_holds_its_secret(one):
    site = one.site
    http = TestClient(make_studio(site, "the secret"), base_url="http://127.0.0.1", follow_redirects=False)

    closed, wrong = http.get("/admin/preview"), http.get("/admin/open/guess")
    opened = http.get(f"/admin/open/the secret?reader=1&{AT}")
    page = http.get(opened.headers["location"])

    assert (closed.status_code, wrong.status_code, opened.status_code) == (403, 404, 303)
    assert "The studio is closed" in closed.text
    assert COOKIE in opened.headers["set-cookie"]
    assert "To ada@example.org" in page.text
    assert "Log out" not in page.text
    assert "Subscribe" not in page.text
    assert http.get("/static/studio.js").status_code == 200
