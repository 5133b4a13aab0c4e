"""The studio in a real browser: a saved template is seen within moments, a mistake stands in place of the mail."""

import shutil
import socket
from dataclasses import replace

import pytest
from playwright.sync_api import expect, sync_playwright
from sqlmodel import Session
from stage import NOW, called, faults, serving
from web_site import made
from world import TITLES, configured, reader, stored

from newsletter.shipped import shipped
from newsletter.web.studio_app import make_studio

TOML = "[digest]\nfloor = 0.1\ntemplates = 'own'\n"
AT = "at=2026-03-10T12:00&zone=UTC"
SECRET = "of-this-test"


@pytest.fixture
def studio(tmp_path):
    """The studio on its own, served over HTTP; its URL and the folder of its templates."""
    shutil.copytree(shipped("templates") / "email", tmp_path / "own" / "email")
    started = configured(tmp_path, TOML)
    with Session(started.engine) as session:
        stored(session)
        reader(session, "ada@example.org", "Graphs")
    site = made(called(started, "http://127.0.0.1").config, started.engine, lambda: NOW, lambda: None)
    site = replace(site, config_file=tmp_path / "config.toml")
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        place.listen(64)
        with serving(make_studio(site, SECRET), place):
            yield f"http://127.0.0.1:{place.getsockname()[1]}/admin/open/{SECRET}", tmp_path / "own" / "email"


def test_what_is_saved_is_seen_at_once_and_a_mistake_until_it_is_mended(studio):
    url, folder = studio
    template = folder / "digest.txt"
    good = template.read_text()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        told = []
        page.on("console", lambda message: told.append(message.text))
        page.goto(f"{url}?reader=1&{AT}")
        frame = page.frame_locator("iframe").first
        expect(frame.get_by_text(TITLES[0]).first).to_be_visible()
        for width, light in ((1440, "light"), (1440, "dark"), (375, "dark"), (375, "light")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=light)
            assert faults(page) == [], (width, light)

        page.goto(f"{page.url}&view=text")
        template.write_text("A new first line.\n" + good)
        expect(page.get_by_text("A new first line.")).to_be_visible()
        template.write_text("{% if %}\n" + good)
        expect(page.get_by_role("heading", name="This cannot be shown")).to_be_visible()
        template.write_text("Mended by now.\n" + good)
        expect(page.get_by_text("Mended by now.")).to_be_visible()
        browser.close()

    assert told == []
