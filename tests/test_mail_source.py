"""Templates are read file by file, and an error names the file and line that people edit."""

import pytest

from newsletter.errors import TemplateError
from newsletter.mail.source import mend, read

THEME = {
    "dark": {"ink": "#eeeeee", "sheet": "#000000"},
    "light": {"ink": "#111111", "sheet": "#ffffff"},
}


def told(folder):
    """What reading `a.txt` of this folder complains about."""
    with pytest.raises(TemplateError) as caught:
        read("a.txt", [folder], THEME)
    return str(caught.value)


def test_each_file_comes_from_the_first_folder_that_has_it(tmp_path):
    own, shipped = tmp_path / "own", tmp_path / "shipped"
    own.mkdir()
    shipped.mkdir()
    (shipped / "a.txt").write_text("one [[ light.ink ]]\n[% include '_b.txt' %]\nend\n")
    (shipped / "_b.txt").write_text("shipped")
    (own / "_b.txt").write_text("mine\nand more\n")
    source = read("a.txt", [own, shipped], THEME)
    assert source.text == "one #111111\nmine\nand more\nend"
    assert source.origins == (
        (shipped / "a.txt", 1),
        (own / "_b.txt", 1),
        (own / "_b.txt", 2),
        (shipped / "a.txt", 3),
    )


def test_an_error_in_a_partial_names_the_partial(tmp_path):
    (tmp_path / "a.txt").write_text("one\n  [% include '_b.txt' %]\nend")
    (tmp_path / "_b.txt").write_text("two\nthree")
    error = mend(read("a.txt", [tmp_path], THEME), 2, "it is wrong", "mend it")
    assert str(error) == f"{tmp_path / '_b.txt'}:1: it is wrong\n    two\n  cure: mend it"


def test_a_line_beyond_the_text_still_names_the_file(tmp_path):
    (tmp_path / "a.txt").write_text("one")
    error = mend(read("a.txt", [tmp_path], THEME), 9, "gone", "look")
    assert str(error) == f"{tmp_path / 'a.txt'}:9: gone\n  cure: look"


def test_another_line_is_called_with_its_file_when_that_is_another(tmp_path):
    (tmp_path / "a.txt").write_text("one\n[% include '_b.txt' %]\nend")
    (tmp_path / "_b.txt").write_text("two\nthree")
    source = read("a.txt", [tmp_path], THEME)
    assert source.place(4, beside=1) == "line 3"
    assert source.place(3, beside=1) == f"{tmp_path / '_b.txt'}:2"


def test_marks_over_several_lines_keep_the_count(tmp_path):
    (tmp_path / "a.txt").write_text("[# a\nlong\nnote #]one\ntwo {{ name }}")
    source = read("a.txt", [tmp_path], THEME)
    assert source.text == "one\ntwo {{ name }}"
    assert source.origins[source.find("name") - 1] == (tmp_path / "a.txt", 4)


def test_a_word_that_stands_in_no_mark_is_looked_for_on_the_first_line(tmp_path):
    (tmp_path / "a.txt").write_text("one\nname")
    assert read("a.txt", [tmp_path], THEME).find("name") == 1


def test_a_missing_file_is_named_with_the_folders(tmp_path):
    with pytest.raises(TemplateError, match=r"a\.txt is in none of the template folders: put it into one of"):
        read("a.txt", [tmp_path, tmp_path / "b"], THEME)


def test_a_missing_partial_is_told_with_the_file_and_line_that_want_it(tmp_path):
    (tmp_path / "a.txt").write_text("one\n[% include '_b.txt' %]")
    (tmp_path / "_b.txt").write_text("two\nthree\n  [% include '_gone.txt' %]\n")
    assert told(tmp_path) == (
        f"{tmp_path / '_b.txt'}:3: _gone.txt is in none of the template folders\n"
        f"    [% include '_gone.txt' %]\n  cure: put it into one of {tmp_path}"
    )


def test_a_broken_build_mark_is_shown_with_its_line(tmp_path):
    (tmp_path / "a.txt").write_text("one\ntwo [% if %]\n")
    with pytest.raises(TemplateError, match=r"a\.txt:2: Jinja: .*\n    two \[% if %\]\n  cure: "):
        read("a.txt", [tmp_path], THEME)


def test_an_unknown_name_of_the_theme_is_told_with_its_line_and_the_nearest_known(tmp_path):
    (tmp_path / "a.txt").write_text("one\n[% include '_b.txt' %]")
    (tmp_path / "_b.txt").write_text("two\n[[ dark.sheet ]] inc [[ light.inc ]]\n")
    assert told(tmp_path) == (
        f"{tmp_path / '_b.txt'}:2: light.inc is not known\n    [[ dark.sheet ]] inc [[ light.inc ]]\n"
        "  cure: write light.ink, or another of dark.ink, dark.sheet, light.ink, light.sheet"
    )


@pytest.mark.parametrize(
    ("mark", "line", "what", "nearest"),
    [
        ("[[ lihgt.sheet ]]", 1, "lihgt.sheet", "light.sheet"),
        ("[[ drak['ink'] ]]", 1, "drak", "dark.ink"),
        ("[% if dark.shet == 1 %][% endif %]", 1, "dark.shet", "dark.sheet"),
        ("[[\nlight.inc\n|upper ]]", 2, "light.inc", "light.ink"),
        ("[[ light[light.ink] ]]", 1, "#111111", ""),
    ],
)
def test_however_a_name_of_the_theme_is_asked_for_its_mark_is_found(tmp_path, mark, line, what, nearest):
    (tmp_path / "a.txt").write_text(mark)
    assert told(tmp_path).startswith(f"{tmp_path / 'a.txt'}:{line}: {what} is not known\n")
    assert f"\n  cure: write {nearest}" in told(tmp_path)


@pytest.mark.parametrize(
    ("mark", "what"),
    [
        ("[[ light.ink + 1 ]]", "can only concatenate str"),
        ("[[ light[0] ]]", "has no element 0"),
        ("[% include 'a.txt' %]", "maximum recursion depth exceeded"),
    ],
)
def test_a_build_mark_that_cannot_be_filled_in_is_told_with_its_line(tmp_path, mark, what):
    (tmp_path / "a.txt").write_text(f"one\ntwo {mark}\n")
    assert told(tmp_path).startswith(f"{tmp_path / 'a.txt'}:2: a [[ ]] or [% %] mark: ")
    assert what in told(tmp_path)
    assert told(tmp_path).endswith(f"\n    two {mark}\n  cure: mend the mark there")


def test_a_file_that_is_not_text_is_told(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TemplateError, match=r"a\.txt: .*UTF-8"):
        read("a.txt", [tmp_path], THEME)
