"""Lint on templates: all faults of a file at once, each with its file and line."""

import shutil
from pathlib import Path

import pytest

from newsletter import lint
from newsletter.errors import TemplateError
from newsletter.lint.samples import NAMES
from newsletter.lint.templates import of_error

SHIPPED = Path(__file__).parent.parent / "templates" / "email"


def changed(tmp_path, file, old, new):
    """A folder of one file that replaces a shipped one."""
    text = (SHIPPED / file).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return [tmp_path, SHIPPED]


def test_all_faults_of_a_template_are_told_with_file_and_line(tmp_path):
    shutil.copy(SHIPPED / "digest.mjml", tmp_path)
    text = (tmp_path / "digest.mjml").read_text(encoding="utf-8")
    text = text.replace("<mj-body ", '<mj-body sort="1" ', 1).replace("<mj-column>", '<mj-column width="wide">')
    (tmp_path / "digest.mjml").write_text(text, encoding="utf-8")

    compiled, findings = lint.template("digest", [tmp_path, SHIPPED])

    assert compiled is None
    assert len(findings) == 1 + text.count("<mj-column width")
    for each in findings:
        assert each.what.startswith(f"{tmp_path / 'digest.mjml'}: ")
        assert ("<mj-body" if "mj-body" in each.what else "<mj-column") in text.splitlines()[each.line - 1]


def test_a_fault_in_a_partial_names_the_partial(tmp_path):
    folders = changed(tmp_path, "_footer.html", "<p ", "<form><p ")

    _, findings = lint.template("digest", folders)

    assert findings[0].what.startswith(f"{tmp_path / '_footer.html'}: <form> is not allowed")


def test_what_the_compiler_says_is_told_as_it_is(tmp_path):
    folders = changed(tmp_path, "confirm.txt", "{{ until }}", "{{ untill }}")

    compiled, (found,) = lint.template("confirm", folders)

    assert compiled is None
    assert (found.rule, found.level, found.part) == ("template", "error", "template")
    assert found.what == f"{tmp_path / 'confirm.txt'}: untill is not known"
    assert found.line == 7
    assert found.cure.startswith("use one of ")


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("{{ postal_address | safe }}", "the value is put in unescaped"),
        ("{% autoescape false %}{{ postal_address }}{% endautoescape %}", "the value is put in unescaped"),
        ("{{ postal_address }}<b title={{ brand }}></b>", "the value stands in an attribute without quotes"),
    ],
)
def test_a_value_that_could_bring_html_is_an_error(tmp_path, new, said):
    folders = changed(tmp_path, "_footer.html", "{{ postal_address }}", new)
    line = (tmp_path / "_footer.html").read_text(encoding="utf-8").partition(new)[0].count("\n") + 1

    compiled, findings = lint.template("digest", folders)

    (found,) = [each for each in findings if each.rule == "unescaped"]
    assert compiled is None
    assert found.what.startswith(f"{tmp_path / '_footer.html'}: {said}")
    assert found.line == line


def test_a_broken_build_mark_is_a_finding(tmp_path):
    folders = changed(tmp_path, "digest.mjml", "[[ light.page ]]", "[[ light.paper ]]")

    _, (found,) = lint.template("digest", folders)

    assert "light.paper is not known" in found.what


def test_a_file_that_is_no_letter_is_looked_at_for_its_structure(tmp_path):
    (tmp_path / "own.mjml").write_text("<mjml><mj-body></mj-body></mjml>")
    (tmp_path / "bad.mjml").write_text("<mjml><mj-body><mj-carousel /></mj-body></mjml>")

    assert lint.template("own", [tmp_path]) == (None, ())
    assert "mj-carousel" in lint.template("bad", [tmp_path])[1][0].what


@pytest.mark.parametrize(
    ("said", "what", "line"),
    [
        ("a.mjml:7: odd\n    excerpt\n  cure: mend it", "a.mjml: odd", 7),
        ("a.mjml, b.css: odd\n  cure: mend it", "a.mjml, b.css: odd", 0),
        ("odd", "odd", 0),
    ],
)
def test_an_error_of_the_compiler_is_read_into_a_finding(said, what, line):
    found = of_error(TemplateError(said))

    assert (found.what, found.line) == (what, line)
    assert found.cure


def test_every_letter_has_a_sample():
    assert {path.stem for path in SHIPPED.glob("*.mjml") if not path.stem.startswith("_")} == set(NAMES)
