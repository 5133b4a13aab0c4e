"""MJML that the compiler would take in silence is refused, with the line and the cure."""

import pytest
from mjml import mjml2html

from newsletter.mail import lint

GOOD = """<mjml lang="en"><mj-head><mj-attributes><mj-all font-family="Arial" /><mj-text padding="0" />
</mj-attributes><mj-style inline="inline">p > a{color:#fff}</mj-style></mj-head>
<mj-body width="600px" background-color="#ffffff"><mj-raw><div>&nbsp;</div></mj-raw>
<mj-section padding="1px 2px 3px 4px" css-class="a"><mj-column width="50%">
<mj-text color="jj0001jj">one<br>
two <img src="x" alt=""/> <!-- a note --></mj-text></mj-column></mj-section></mj-body></mjml>"""


def around(part: str) -> str:
    """The part on line 3 inside a column."""
    return f"<mjml><mj-body>\n<mj-section><mj-column>\n{part}\n</mj-column></mj-section></mj-body></mjml>"


def test_sound_mjml_has_no_problem():
    assert lint.problems(GOOD) == []


@pytest.mark.parametrize(
    ("part", "what", "cure"),
    [
        ("<mj-foo>x</mj-foo>", "<mj-foo> is not known", "use one of mjml, mj-head"),
        ("<mj-preview>x</mj-preview>", "<mj-preview> is not known", "white text"),
        ("<mj-font name='x' href='y' />", "<mj-font> is not known", "third party"),
        ("<mj-include path='x' />", "<mj-include> is not known", "[% include"),
        ('<mj-text colour="red">x</mj-text>', '<mj-text> has no attribute "colour"', "color"),
        ('<mj-text font-size="banana">x</mj-text>', 'font-size="banana" means nothing', "px"),
        ('<mj-text font-size="jj0000jjpx">x</mj-text>', 'font-size="jj0000jjpx" means nothing', "in sizes"),
        ('<mj-text padding-top="jj0000jj\n">x</mj-text>', 'padding-top="jj0000jj" means nothing', "in sizes"),
        ('<mj-text color="#jj0000jj">x</mj-text>', 'color="#jj0000jj" means nothing', "#b3400e"),
        ("<mj-text align=left>x</mj-text>", "an attribute of <mj-text> cannot be read", 'width="50%"'),
        ("<mj-text><p a=>x</p></mj-text>", "an attribute of <p> cannot be read", 'width="50%"'),
        ("<mj-text><p @a='1'>x</p></mj-text>", "an attribute of <p> cannot be read", 'width="50%"'),
        ('<mj-text color="#12">x</mj-text>', 'color="#12" means nothing', "#b3400e"),
        ("<mj-text><mj-text>x</mj-text></mj-text>", "<mj-text> stands in <mj-text>", "<mj-column>"),
        ("<mj-text><p>x</mj-text>", "</mj-text> closes <p>", "close <p> first"),
        ("<mj-text>x</mj-texx></mj-text>", "</mj-texx> closes <mj-text>", "drop </mj-texx>"),
        ('<mj-text color="reddish">x</mj-text>', 'color="reddish" means nothing', "#b3400e"),
        ('<mj-text align="centre">x</mj-text>', 'align="centre" means nothing', "write one of center, end"),
        ('<mj-text font-weight="fat">x</mj-text>', 'font-weight="fat" means nothing', "write one of 100"),
        ('<mj-divider border-style="wavy" />', 'border-style="wavy" means nothing', "write one of dashed"),
        ('<mj-text color="#111" color="#222">x</mj-text>', "color= stands twice in <mj-text>", "keep one"),
        ('<mj-text mj-class="none">x</mj-text>', 'mj-class="none" is defined nowhere', "mj-attributes"),
        ("<mj-image />", "<mj-image> has no src", "src="),
        ("<mj-button>x</mj-button>", "<mj-button> has no href", "href="),
        ("<p>x</p>", "<p> stands in <mj-column>", "put it into <mj-text>"),
        ("<mj-text>a < b</mj-text>", "a bare < stands in the text", "&lt;"),
        ("<mj-text><p jj0000jj>x</p></mj-text>", "a mark stands among the attributes of <p>", "whole element"),
    ],
)
def test_nonsense_is_named_with_its_line_and_cure(part, what, cure):
    first = lint.problems(around(part))[0]
    assert first.line == 3
    assert what in first.what
    assert cure in first.cure


def test_what_only_the_whole_shows_is_told():
    twice = "<mjml><mj-body></mj-body>\n<mj-body></mj-body></mjml>"

    assert [problem.what for problem in lint.problems("<mjml></mjml>")] == ["there is no <mj-body>"]
    assert [(each.line, each.what) for each in lint.problems(twice)] == [(2, "a second <mj-body> stands here")]


def test_words_outside_of_a_text_are_told_with_their_line():
    (problem,) = lint.problems("<mjml><mj-body>\n<mj-section>words jj0000jj</mj-section></mj-body></mjml>")

    assert (problem.line, problem.what) == (2, "words stand in <mj-section>")


def test_values_and_classes_that_are_known_are_sound():
    head = '<mj-head><mj-attributes><mj-class name="a" align="center" /><mj-button align="left" /></mj-attributes>'
    body = '<mj-text mj-class="a jj0001jj" align="jj0000jj" color="Tomato" font-weight="600">x</mj-text>'
    whole = around(body).replace("<mj-body>", f"{head}</mj-head><mj-body>")

    assert lint.problems(whole) == []


def test_a_text_outside_a_column_is_told_where_to_go():
    problem = lint.problems("<mjml><mj-body>\n<mj-text>x</mj-text></mj-body></mjml>")[0]
    assert (problem.line, problem.what) == (2, "<mj-text> stands in <mj-body>")
    assert problem.cure == "put it into <mj-column> or <mj-hero>"


def test_a_body_without_a_letter_around_it_is_told_so():
    assert lint.problems("<mj-body></mj-body>")[0].what == "<mj-body> stands in the top"


def test_a_tag_that_never_closes_is_found_where_it_opens():
    problem = lint.problems("<mjml>\n<mj-body>")[-1]
    assert problem.what == "<mj-body> is never closed"
    assert problem.line == 2


def test_a_close_without_an_opening_is_a_problem():
    assert lint.problems("</mjml>") == [lint.Problem(1, "</mjml> closes nothing", "drop </mjml>")]


def test_a_close_tells_the_line_of_what_it_closes():
    problem = lint.problems(around("<mj-text><p>one\ntwo\n</mj-text>"))[0]
    assert (problem.line, problem.what, problem.opened) == (5, "</mj-text> closes <p>", 3)


@pytest.mark.parametrize(
    "tag", ["<p>", "<br />", "<p a>", "<p a = '1'>", '<p a="x>y"\n:b="it\'s" >', '<p data-a.b="" é="&amp;"/>']
)
def test_every_tag_that_the_compiler_reads_is_sound(tag):
    text = around(f"<mj-text>{tag}</mj-text>" if tag.endswith("/>") else f"<mj-text>{tag}x</p></mj-text>")
    assert lint.problems(text) == []
    assert mjml2html(text)


@pytest.mark.parametrize("tag", ["script", "form", "iframe", "object", "embed", "link"])
@pytest.mark.parametrize(
    "shape", ["<mj-raw><%s></%s></mj-raw>", "<mj-text><!--[if mso]><%s></%s><![endif]--></mj-text>"]
)
def test_what_runs_or_loads_is_refused(tag, shape):
    for written in (tag, tag.upper()):
        first = lint.problems(around(shape % (written, written)))[0]
        assert (first.line, first.what) == (3, f"<{tag}> is not allowed")
        assert first.cure.startswith("drop it")


@pytest.mark.parametrize(
    "part", ['<p onclick="x">y</p>', "<img ONERROR='x' />", '<mj-text onload="x">y</mj-text>']
)
def test_attributes_that_run_scripts_are_refused(part):
    first = lint.problems(around(part))[0]
    assert first.line == 3
    assert first.what.startswith("on")
    assert first.what.endswith("> is not allowed")
    assert first.cure.startswith("drop it")
