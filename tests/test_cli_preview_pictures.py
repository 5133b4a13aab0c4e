"""`newsletter preview` with pictures and for everybody: what is drawn, what differs, what is told of all."""

import shutil

import pytest
from command_line import AT, as_json, run
from PIL import Image

from newsletter.cli import preview_pictures
from newsletter.shipped import shipped

HTML = "<html><body style='margin:0'><p>Hello</p></body></html>"


@pytest.fixture
def fetched(workplace):
    run("fetch", "--at", AT)
    return workplace


@pytest.fixture
def drawing(monkeypatch):
    """A browser that draws a mail as a picture whose colour its length decides."""

    def draw(html, picture, width):
        shade = len(html) % 200
        Image.new("RGB", (width, 40), (shade, shade, shade)).save(picture)

    monkeypatch.setattr(preview_pictures, "draw", draw)


def test_pictures_lie_beside_the_mail(fetched, drawing):
    told = as_json("preview", "--topic", "Graphs", "--at", AT, "--out", "out", "--png")

    assert told["files"][-2:] == ["out/digest.png", "out/digest-375.png"]
    with Image.open(fetched / "out" / "digest-375.png") as picture:
        assert picture.width == 375


def test_a_change_of_a_template_is_counted_in_pixels(fetched, drawing):
    shutil.copytree(shipped("templates"), fetched / "new")
    footer = fetched / "new" / "email" / "_footer.html"
    footer.write_text(footer.read_text().replace("</", "&nbsp;</", 1))
    asked = ("preview", "--topic", "Graphs", "--at", AT, "--out", "out")

    same = as_json(*asked, "--compare", "shipped")["compared"]
    other = run(*asked, "--compare", "new").stdout

    assert [(each["width"], each["pixels"]) for each in same] == [(720, 0), (375, 0)]
    assert "720 wide: 28,800 pixels differ, see out/diff.png" in other


def test_a_planned_digest_is_not_compared(fetched, drawing):
    run("subscribers", "add", "ada@example.org", "--topic", "Graphs", "--confirmed")
    run("send", "--at", AT)

    said = run("preview", "ada@example.org", "--at", AT, "--out", "out", "--compare", "shipped", code=2).output

    assert "planned with" in said


def test_pictures_need_a_folder_and_a_browser(fetched, monkeypatch):
    monkeypatch.setattr(preview_pictures.shutil, "which", lambda name: None)

    assert "--out DIR" in run("preview", "--topic", "Graphs", "--png", code=2).output
    said = run("preview", "--topic", "Graphs", "--at", AT, "--out", "out", "--png", code=2).stderr
    assert "no Chromium was found: install" in said


def test_a_browser_that_fails_is_one_line(fetched, monkeypatch):
    monkeypatch.setattr(preview_pictures.shutil, "which", lambda name: "/bin/false")

    said = run("preview", "--topic", "Graphs", "--at", AT, "--out", "out", "--png", code=2).stderr

    assert "/bin/false failed" in said


def test_chromium_draws_a_mail_and_what_is_below_it_is_cut_off(tmp_path):
    preview_pictures.draw(HTML, tmp_path / "mail.png", 375)

    with Image.open(tmp_path / "mail.png") as picture:
        assert picture.width == 375
        assert picture.height < 100


def test_all_who_are_due_are_told_with_sizes_and_without_addresses(fetched):
    run("subscribers", "add", "ada@example.org", "--topic", "Graphs", "--confirmed")
    run("subscribers", "add", "ben@example.org", "--topic", "volcano sociology", "--confirmed")

    told = as_json("preview", "--all", "--everyone", "--at", AT)
    shown = run("preview", "--all", "--at", AT).stdout

    ada, ben = told["readers"]
    assert ada["reader"] == "a…@example.org"
    assert ada["html_bytes"] > 1000
    assert "nothing worth sending" in ben["reason"]
    assert told["summary"]["mails"] == 1
    assert "2 readers, 1 mail" in shown
