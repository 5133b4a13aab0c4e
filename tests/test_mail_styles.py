"""A slip in a stylesheet is refused with its line, and the idioms of mails are not taken for slips."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import TemplateError
from newsletter.mail import styles
from newsletter.mail.template import load_letter

SHIPPED = Path(__file__).parent.parent / "templates" / "email"
IDIOMS = """/* a {note} */ @import url("x;y");
.a, [data-ogsc] .b > td:not(.c), u + .body .d{mso-hide:all;-webkit-text-size-adjust:100%;color:#fff !important;;}
.a{background:url(data:image/png;base64,iVBO=) #abcd;width:calc((100% - (2px + 1px)) * 2);color:rgba(0,0,0,.5)}
:root{color-scheme:light dark;--gap:1px;border-color:#fff red transparent var(--x)!important}
@media (prefers-color-scheme:dark){@supports (display:grid){.a:hover::before{content:"};{"}}}
@font-face{font-family:'x y';src:local(y)}
.a{*zoom:1;filter:progid:DXImageTransform.Microsoft.gradient(startColorstr='#80000000');mso-color-alt:auto}
.a{}.b{background:linear-gradient(#fff,#000);font:12px/1.5 Arial}
jj0001jj .a{jj0002jj color:#jj0003jj;jj0004jj border:1px solid jj0005jj}jj0006jj
<!-- .b{color:CanvasText} -->"""


def sheet(css: str) -> str:
    """A stylesheet that begins on line 2."""
    return f"<mj-head>\n<style a='b'>{css}</style></mj-head>"


@pytest.fixture
def own(tmp_path):
    """A user's folder that overrides one file of the shipped digest at a time."""

    def override(name: str, old: str, new: str) -> list[Path]:
        text = (SHIPPED / name).read_text(encoding="utf-8")
        assert old in text
        (tmp_path / name).write_text(text.replace(old, new, 1), encoding="utf-8")
        return [tmp_path, SHIPPED]

    return override


def test_the_idioms_of_mails_are_sound():
    assert styles.problems(sheet(IDIOMS)) == []


@pytest.mark.parametrize(
    ("css", "line", "what", "cure"),
    [
        (".a{b:c\n.b{c:d}", 2, ".a{ is not closed before the next rule opens", "add }"),
        ("@media x{\n.a{b:c;\n.b{c:d}}", 3, ".a{ is not closed", "add }"),
        ("\n@media x{.a{b:c}", 3, "@media x{ is never closed", "add the }"),
        (".a{b:c", 2, ".a{ is never closed", "add the }"),
        (".a{b:c}\n}", 3, "} closes nothing", "drop it"),
        ("\n.a b:c}\n.b{c:d}", 3, ".a b:c is no rule", "write it like"),
        (".a{b:c}\n.b", 3, ".b is no rule", "write it like"),
        ("{b:c}", 2, "a rule has no selector", "write it like"),
        (".a{\nb:c\nd:e}", 3, "b:c d:e is two declarations in one", "add the ;"),
        (".a{b:c d:e}", 2, "b:c d:e is two declarations in one", "add the ;"),
        (".a{\nb c}", 3, "b c is no declaration", "color:#b3400e;"),
        (".a{b:;}", 2, "b: is no declaration", "color:#b3400e;"),
        (".a{b:c;\n color:#0a7d4}", 3, "color:#0a7d4 is no colour", "digits"),
        (".a{border:1px solid #12}", 2, "border:1px solid #12 is no colour", "digits"),
        (".a{color:b3400e}", 2, "color:b3400e is no colour", "#b3400e"),
        (".a{border-color:red 0a7d44 !important}", 2, "is no colour", "#b3400e"),
        (".a{b:c}\n/* d", 3, "a comment is never closed", "add */"),
        (".a{b:'c}\n.b{d:e}", 2, "a ' is never closed", "add '"),
        (".a{color:rgb(1,2,3}", 2, "a bracket is missing", "open and close"),
        (f".a{{{'b ' * 40}}}", 2, "…", "write it like"),
    ],
)
def test_a_slip_is_told_with_its_line_and_cure(css, line, what, cure):
    first = styles.problems(sheet(css))[0]
    assert first.line == line
    assert what in first.what
    assert cure in first.cure


@given(st.text("{}();:'\"/*#.@ab \n-<!"))
def test_any_text_gets_an_answer_within_its_lines(css):
    assert all(2 <= problem.line <= css.count("\n") + 2 for problem in styles.problems(sheet(css)))


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "what"),
    [
        ("_inline.css", "[[ light.ink ]]}\n.mark", "[[ light.ink ]]\n.mark", 3, ".brand{ is not closed"),
        ("_inline.css", "22px;font-weight", "22px font-weight", 3, "is two declarations in one"),
        ("_inline.css", "[[ light.accent ]]", "#0a7d4", 4, "color:#0a7d4 is no colour"),
        ("_dark.css", "32px !important}", "32px !important", 7, ".leadtitle{ is not closed"),
        ("_dark.css", "[[ dark.ink ]]", "#0a7d4", 17, "color:#0a7d4 !important is no colour"),
    ],
)
def test_a_slip_in_a_users_stylesheet_names_that_file(own, file, old, new, line, what):
    folders = own(file, old, new)
    with pytest.raises(TemplateError) as caught:
        load_letter("digest", folders)
    told = str(caught.value)
    assert told.startswith(f"{folders[0] / file}:{line}: ")
    assert what in told
    assert "\n  cure: " in told


def test_a_class_whose_only_rule_got_lost_is_named(own):
    own("_dark.css", "dark", "dark")  # it styles .pill too, for small screens alone
    folders = own("_inline.css", ".pill{", ".pil{")
    with pytest.raises(TemplateError) as caught:
        load_letter("digest", folders)
    assert str(caught.value).startswith(f"{folders[0] / '_inline.css'}: no rule for .pill\n  cure: copy them")


def test_a_class_may_be_left_bare_on_purpose_or_styled_elsewhere(own, tmp_path):
    own("_inline.css", ".pill{", ".pill{}\n.other{")
    load_letter("digest", [tmp_path, SHIPPED])
    (tmp_path / "_pills.css").write_text(".pill{color:#123456}\n", encoding="utf-8")
    own("_inline.css", ".pill{", '[% include "_pills.css" %]\n.other{')
    assert "color:#123456" in load_letter("digest", [tmp_path, SHIPPED]).html


def test_a_class_that_the_letter_no_longer_uses_needs_no_rule(own):
    own("_rows.html", 'class="more"', 'class="less"')
    load_letter("digest", own("_inline.css", "\n.more{", "\n.less{"))
