"""BibTeX as people paste it: whole, broken, on one line, among other text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers import bibtex

WHOLE = r"""% exported
@string{venue = "NeurIPS"}
@comment{nothing, title = {Nothing}}
@InProceedings{vaswani, Title = {{A}ttention is {All}}, year = 2017, booktitle = venue # " " # {2017},
  author = "A {"}and{"} B"
}
@article(second, title = "Deep
   Things", pages={1--2})
"""


def test_entries_are_read_with_their_fields_and_lines():
    entries, outside = bibtex.parted(WHOLE)

    assert [(each.line, each.name) for each in entries] == [(4, "vaswani"), (7, "second")]
    assert entries[0].fields == {
        "title": "{A}ttention is {All}",
        "year": "2017",
        "booktitle": "venue 2017",
        "author": 'A {"}and{"} B',
    }
    assert entries[1].fields == {"title": "Deep\n   Things", "pages": "1--2"}
    assert outside[0] == (1, "% exported")


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("@misc{a, title={One}} @misc{b, title={Two}}", ["One", "Two"]),
        ("@misc{a, title={Never {closed}\n@misc{b, title={Two}}", ["Never {closed}\n", "Two"]),
        ('@misc{a, title="Never closed\n@misc{b, title={Two}}', ["Never closed\n", "Two"]),
        ("@misc{title={No key}}", ["No key"]),
        ("@misc{a title={One}, title={Again}}", ["Again"]),
        ("@misc{a,,, ,title={One},,}", ["One"]),
        ("@misc{a, {odd}, title = {One}, = 3}", ["One"]),
        ("@misc{a, title=, year=3}", [""]),
        ("@misc{a, title", [None]),
        ("@misc{", [None]),
        ("mail me@home {not this}", []),
    ],
)
def test_what_is_broken_costs_itself_alone(text, titles):
    entries, _ = bibtex.parted(text)

    assert [each.fields.get("title") for each in entries] == titles


def test_lines_around_entries_are_kept_with_their_numbers():
    _, outside = bibtex.parted("first\n@misc{a,\n title={One}} rest\nlast\n@misc{b}")

    assert [(number, line) for number, line in outside if line.strip()] == [
        (1, "first"),
        (3, " rest"),
        (4, "last"),
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (r"{BERT}: Schr{\"o}dinger's  cat", "BERT: Schrödinger's cat"),
        (r"\emph{Good} 100\% -- and 50% more", "Good 100% – and 50% more"),
        (r"$\alpha$-divergence", r"$\alpha$-divergence"),
        (r"\'", "\u0301"),
        ("{a{b}c}\n d", "abc d"),
    ],
)
def test_tex_becomes_text(value, shown):
    assert bibtex.plain(value).replace(" \u0301", "\u0301") == shown


def test_what_tex_cannot_be_read_stays_without_its_signs(monkeypatch):
    monkeypatch.setattr(bibtex, "_READER", None)

    assert bibtex.plain(r"\odd{One}") == "oddOne"


PIECES = st.sampled_from(
    ["@misc{", "@a(", "}", "{", '"', ",", "=", "#", "title", " ", "\n", "x", "\\", "$", "@", "\\'e", "%", ")"]
)


@given(st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=60))
def test_nothing_breaks_the_reader_and_no_line_is_read_twice(text):
    entries, outside = bibtex.parted(text)

    for entry in entries:
        assert 1 <= entry.line <= text.count("\n") + 1
        assert all(bibtex.plain(value) is not None for value in entry.fields.values())
    assert sum(len(line) for _, line in outside) <= len(text)
