"""What lint reads messages with: stylesheets, selectors, contrast, header fields, the data of mail programs."""

import json
import re
from pathlib import Path

import pytest

from benchmarks.caniemail_data import compact, written
from newsletter.lint import ALLOWED, RULES, clients, contrast
from newsletter.lint.contrast import ratio
from newsletter.lint.envelope import opened
from newsletter.lint.page import read
from newsletter.lint.selectors import means, path
from newsletter.lint.stylesheet import blocks, declarations

ROOT = Path(__file__).parent.parent
DATA = ROOT / "newsletter" / "lint" / "caniemail.json"


def test_a_stylesheet_is_read_with_lines_and_what_rules_stand_in():
    first = "/* a\nb */ .x, p{ color : RED ! important;a:url(x;y) }\n"
    css = first + "@media print{\n.y{b:c}\n}\n@import 'z';\n.open{d:e"

    found = [(block.prelude, block.inside, block.line, len(block.declarations)) for block in blocks(css)]

    assert found == [
        (".x, p", (), 2, 2),
        ("@media print", (), 3, 0),
        (".y", ("@media print",), 4, 1),
        ("@import 'z'", (), 6, 0),
        (".open", (), 7, 1),
    ]
    assert declarations(" color : RED ! important")[0] == ("color", "red", True)


@pytest.mark.parametrize(
    ("selector", "fits"),
    [
        ("p", True),
        ("*", True),
        (".a", True),
        ("p.a.b", True),
        ("#one", True),
        ("div p", True),
        ("div>p", True),
        ("html .a", True),
        (":root p", True),
        ("body>p", False),
        ("p.c", False),
        ("table p", False),
        ("#two", False),
    ],
)
def test_a_selector_means_an_element(selector, fits):
    page = read('<html><body><div><p class="a b" id="one">x</p></div></body></html>')

    assert means(path(selector), page.elements[-1]) is fits


@pytest.mark.parametrize("selector", ["a:hover", "p + p", "p ~ p", "[x] p", ""])
def test_a_selector_that_cannot_be_judged_is_none(selector):
    assert path(selector) is None


def test_contrast_is_that_of_the_guideline():
    assert ratio((0, 0, 0), (255, 255, 255)) == 21
    assert round(ratio((118, 118, 118), (255, 255, 255)), 2) == 4.54


@pytest.mark.parametrize(
    ("style", "hit"),
    [
        ("color:inherit;background:#343841", True),
        ("color:transparent", True),
        ("color:rgb(153, 153, 153)", True),
        ("color:#888;font-size:18pt", False),
        ("color:#777;font-size:1.2em;font-weight:bold", False),
        ("color:#777;font-size:90%;font-weight:bold", True),
        ("color:#999;font-size:0", False),
        ("color:#fff;background:linear-gradient(#000,#111)", False),
        ("color:#fff;background-color:rgba(0,0,0,100%)", False),
        ("color:nonsense", False),
    ],
)
def test_faint_words_are_found_however_the_colours_are_written(style, hit):
    page = read(f'<body><p style="color:#343841"><b style="{style}">word</b></p></body>')

    assert bool(list(contrast.judge(page, []))) is hit


def test_a_header_is_read_as_it_stands():
    message = opened(b"Subject: =?utf-8?q?caf=C3=A9?=\r\n two\r\nOdd: =?x?q?a?=\r\n\r\nbody")

    assert message.text("subject") == "café two"
    assert message.text("odd") == "=?x?q?a?="
    assert message.bodies[0].text == "body"
    assert message.part("html") == ""


def test_an_unknown_charset_is_read_as_utf_8():
    assert opened(b"Content-Type: text/plain; charset=klingon\r\n\r\ncaf\xc3\xa9").part("plain") == "café"


@pytest.mark.parametrize(
    ("html", "feature"),
    [
        ('<input type="radio">', "html-input-radio"),
        ("<button>x</button>", "html-button-submit"),
        ('<meta name="color-scheme">', "html-meta-color-scheme"),
        ('<a href="mailto:a@b.example">x</a>', "html-mailto-links"),
        ('<a href="#x">x</a>', "html-anchor-links"),
        ('<b style="padding-left:2vw">x</b>', "css-unit-vw"),
        ('<b style="width:calc(1px + 2%)">x</b>', "css-unit-calc"),
        ('<b style="--x:1px">x</b>', "css-variables"),
        ('<b style="border-top-left-radius:1px">x</b>', "css-border-radius"),
        ('<b style="border-left-color:red">x</b>', "css-border"),
        ('<b style="row-gap:1px">x</b>', "css-gap"),
        ("<style>@media (hover){a:focus>b{color:red}}</style>", "css-at-media-hover"),
        ("<style>a:focus>b{color:red}</style>", "css-pseudo-class-focus"),
        ("<style>a:focus>b{color:red}</style>", "css-selector-child"),
        ("<style>p::marker{color:red}</style>", "css-pseudo-element-marker"),
    ],
)
def test_what_a_page_uses_is_named_as_the_data_names_it(html, feature):
    page = read(html)
    sheets = [block for css, first in page.styles for block in blocks(css, first)]

    assert feature in {name for name, _ in clients.used(page, sheets)}
    assert feature in clients.support().features


def test_what_is_allowed_is_known_and_says_why():
    known = clients.support().features

    assert not [feature for feature, why in ALLOWED.items() if feature not in known or len(why) < 10]
    assert not [feature for feature in ALLOWED if not clients.support().without(feature)]


def test_the_data_is_dated_whole_and_as_its_script_writes_it():
    told = json.loads(DATA.read_text(encoding="utf-8"))

    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", told["date"])
    assert all(len(letters) == len(told["clients"]) for _, letters in told["features"].values())
    assert written(told) == DATA.read_text(encoding="utf-8")
    assert "MIT License" in (DATA.parent / "caniemail.LICENSE").read_text(encoding="utf-8")


def test_of_several_platforms_the_worst_counts_and_of_versions_the_newest():
    stats = {"gmail": {"ios": {"1": "n", "2": "y"}, "android": {"1": "a #1"}}, "yahoo": {"ios": {"1": "n"}}}
    data = {"last_update_date": "2026-05-13 x", "data": [
        {"slug": "css-x", "title": "x", "category": "css", "stats": stats},
        {"slug": "bimi", "title": "BIMI", "category": "others", "stats": {}},
    ]}  # fmt: skip

    assert compact(data)["features"] == {"css-x": ["x", "auuuunuu"]}


def test_the_documentation_lists_every_rule_in_its_words():
    page = (ROOT / "docs" / "lint.md").read_text(encoding="utf-8")

    rows = re.findall(r"^\| `([a-z-]+)` \| (error|warning|note) \| (\w+) \| (.+) \|$", page, re.MULTILINE)

    assert rows == [(rule.name, rule.level, rule.part, rule.says) for rule in RULES.values()]


def test_the_documentation_lists_what_is_allowed_and_why():
    page = (ROOT / "docs" / "lint.md").read_text(encoding="utf-8")

    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (.+) \|$", page.partition("## Mail programs")[2], re.MULTILINE)

    assert dict(rows) == ALLOWED
