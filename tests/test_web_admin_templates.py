"""The templates page: each letter compiles or says in which file and line it does not, and how to mend it."""

import pytest
from web_admin import lite, logged_in

from newsletter.shipped import shipped
from newsletter.web.admin_templates import health
from subscribers.letters import LetterKind

__all__ = ["lite"]  # the fixture
OURS = shipped("templates") / "email"


@pytest.fixture
def own(tmp_path):
    folder = tmp_path / "own" / "email"
    folder.mkdir(parents=True)
    return folder


def test_every_letter_is_looked_at(lite, tmp_path):
    shown = logged_in(lite, tmp_path).get("/admin/templates").text

    assert all(f'<th scope="row">{name}</th>' in shown for name in ("digest", "alert", *LetterKind))
    assert ">does not compile<" not in shown
    assert "shipped" in shown


def test_a_letter_has_its_hash_and_the_size_of_its_example():
    found = health("confirm", [OURS])

    assert (len(found.hash), found.size > 1000, found.own) == (64, True, ())


def test_a_broken_letter_of_your_own_names_file_and_line(own):
    own.joinpath("confirm.txt").write_text("Hello\n{{ nonsense }}\n")

    found = health("confirm", [own, OURS])

    assert found.own == ("confirm.txt",)
    (fault,) = found.findings
    assert (found.hash, fault.level, fault.line) == ("", "error", 2)
    assert str(own / "confirm.txt") in fault.what
    assert "nonsense" in fault.what


def test_what_lint_finds_in_an_example_is_told(own):
    shipped_footer = (OURS / "_letter_footer.html").read_text()
    own.joinpath("_letter_footer.html").write_text(shipped_footer + '<a href="https://example.org/x">here</a>')

    found = health("confirm", [own, OURS])

    assert found.hash
    assert "link-text" in {each.rule for each in found.findings}


def test_a_folder_that_is_gone_is_told_and_the_shipped_ones_are_shown(lite, tmp_path):
    one = logged_in(lite, tmp_path)
    digest = one.site.config.digest.model_copy(update={"templates": "nowhere"})
    object.__setattr__(one.site, "config", one.site.config.model_copy(update={"digest": digest}))

    shown = one.get("/admin/templates").text

    assert ("nowhere" in shown, "compiles" in shown) == (True, True)
