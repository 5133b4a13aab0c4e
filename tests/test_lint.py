"""Lint on whole messages: each rule fires on a message that breaks it, and none on one that does not."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from linted import HEAD, HTML, TEXT, mail

from newsletter import lint
from newsletter.lint.catalogue import RULES
from newsletter.lint.samples import NAMES
from newsletter.mail.speech import languages
from newsletter.mail.theme import THEMES, Look

SHIPPED = Path(__file__).parent.parent / "templates" / "email"
RTL = HTML.replace('lang="en" dir="ltr"', 'lang="fa" dir="ltr"')
FAINT_BY_NIGHT = HTML.replace(".ink{color:#f4f3f0", ".ink{color:#303030")
NO_PREHEADER = HTML.replace("display:none;color", "color")
LEAVE = '<a class="link" href="https://newsletter.example/u/token">'
UNSEEN = LEAVE.replace("class", 'style="display:none" class')
LONGER = "A sentence of some length about what is in the mail today. " * 3

BAD = [
    ("unreadable", mail(extra="no field at all\n")),
    ("unreadable", b""),
    ("line-ends", mail().replace(b"Words about", b"Words\nabout")),
    ("line-ends", mail().replace(b"Words about", b"Words\rabout")),
    ("line-length", mail(extra=f"X-Long: {'x' * 1000}\n")),
    ("line-width", mail(extra=f"X-Wide: {'word ' * 20}\n")),
    ("header-missing", mail(drop="Message-ID")),
    ("header-missing", mail(to="")),
    ("header-repeated", mail(extra="Subject: Another\n")),
    ("header-syntax", mail(date="yesterday")),
    ("header-syntax", mail(message_id="1@newsletter.example")),
    ("header-syntax", mail(from_="nobody")),
    ("header-hidden", mail(subject="=?utf-8?q?a=E2=80=AEb?= for you")),
    ("header-hidden", mail(extra="X-Odd: a\x07b\n")),
    ("encoded-word", mail(subject=f"=?utf-8?q?{'a' * 80}?=")),
    ("encoded-word", mail(from_="Papers <=?utf-8?q?p?=@newsletter.example>")),
    ("list-header", mail(drop="Auto-Submitted")),
    ("unsubscribe-header", mail(drop="List-Unsubscribe")),
    ("unsubscribe-header", mail(list_unsubscribe="<mailto:papers@newsletter.example>")),
    ("one-click", mail(list_unsubscribe_post="yes")),
    ("unsubscribe-https", mail(list_unsubscribe="<http://newsletter.example/u/token>")),
    ("transfer-encoding", mail(encoding="8bit")),
    ("text-part", mail(kinds=("html",))),
    ("text-part", mail(text=" \n")),
    ("html-part", mail(kinds=("plain",))),
    ("part-order", mail(kinds=("html", "plain"))),
    ("subject-empty", mail(subject="")),
    ("subject-long", mail(subject="ten papers " * 7)),
    ("subject-shouting", mail(subject="TEN PAPERS FOR EVERYBODY")),
    ("subject-shouting", mail(subject="Ten papers?!")),
    ("subject-reply", mail(subject="RE: ten papers")),
    ("spam-subject", mail(subject="Act now, ten papers")),
    ("spam-words", mail(more="Double your papers.")),
    ("html-syntax", mail(more="<![nonsense [ x")),
    ("html-size", mail(more="word " * 21_000)),
    ("html-budget", mail(more="word " * 18_500)),
    ("placeholder", mail(more="Hello {{ name }}")),
    ("placeholder", mail(more="{% if lead %}")),
    ("placeholder", mail(more="[[ light.ink ]]")),
    ("placeholder", mail(more="jj0012jj")),
    ("placeholder", mail(text=f"{TEXT}{{{{ name | upper }}}}\n")),
    ("placeholder", mail(subject="{{ brand }} today")),
    ("empty-value", mail(more="<b>None</b>")),
    ("empty-value", mail(text=f"{TEXT}undefined\n")),
    ("double-escape", mail(more="Salt &amp;amp; pepper")),
    ("double-escape", mail(text=f"{TEXT}Salt &amp; pepper\n")),
    ("forbidden-element", mail(more="<script>alert(1)</script>")),
    ("forbidden-element", mail(more="<form action='https://a.example'></form>")),
    ("forbidden-element", mail(more="<!--[if mso]><iframe></iframe><![endif]-->")),
    ("event-handler", mail(more='<b onclick="x()">word</b>')),
    ("link-scheme", mail(more='<a href="javascript:x()">the paper</a>')),
    ("link-scheme", mail(more='<a href="/papers/1">the paper</a>')),
    ("link-scheme", mail(more='<a href="https://[bad">the paper</a>')),
    ("link-empty", mail(more='<a href="">the paper</a>')),
    ("link-empty", mail(more='<a href="#">the paper</a>')),
    ("link-text", mail(more='<a href="https://a.example">Click here!</a>')),
    ("link-text", mail(more='<a href="https://a.example"> </a>')),
    ("link-tracking", mail(more='<a href="https://a.example?utm_source=mail">the paper</a>')),
    ("link-tracking", mail(more='<a href="https://a.example?to=https://b.example/1">the paper</a>')),
    ("link-tracking", mail(text=f"{TEXT}https://a.example?fbclid=1\n")),
    ("link-other", mail(more='<a href="https://a.example">https://b.example/1</a>')),
    ("image-alt", mail(more='<img src="data:image/png;base64,A" width="20" height="20">')),
    ("image-size", mail(more='<img src="data:image/png;base64,A" alt="" width="20">')),
    ("image-remote", mail(more='<img src="https://a.example/1.png" alt="" width="20" height="20">')),
    ("tracking-pixel", mail(more='<img src="https://a.example/1.png" alt="" width="1" height="1">')),
    ("heading-order", mail(more="<h4>Deep</h4>")),
    ("heading-order", mail(more="<h1>Second</h1>")),
    ("heading-order", mail(html=HTML.replace("<h1", "<p").replace("<h2", "<p"))),
    ("language", mail(html=HTML.replace(' lang="en"', ""))),
    ("direction", mail(html=RTL)),
    ("contrast", mail(more='<b style="color:#999999">faint</b>')),
    ("contrast", mail(more='<table><tr><td bgcolor="#000000">black on black</td></tr></table>')),
    ("contrast", mail(more='<b style="background:rgba(0,0,0,.9)">dark on dark</b>')),
    ("contrast-dark", mail(html=FAINT_BY_NIGHT)),
    ("preheader-missing", mail(html=NO_PREHEADER)),
    ("preheader-short", mail(html=HTML.replace("of some length about what is in the mail", ""))),
    ("preheader-long", mail(html=HTML.replace("A sentence of some", LONGER))),
    ("client-support", mail(more='<b style="display:flex">word</b>')),
    ("client-support", mail(html=HTML.replace("@media", "@font-face{font-family:x} @media"))),
    ("client-support", mail(html=HTML.replace("@media", "p::before{color:#000} @media"))),
    ("client-support", mail(more="<bdi>word</bdi>")),
    ("unsubscribe-shown", mail(html=HTML.replace("/u/token", "/x/token"))),
    ("unsubscribe-shown", mail(text=TEXT.replace("/u/token", "/x/token"))),
    ("unsubscribe-shown", mail(html=HTML.replace(LEAVE, UNSEEN))),
    ("preferences-shown", mail(html=HTML.replace("/p/token", "/x/token"))),
    ("text-width", mail(text=f"{TEXT}{'word ' * 16}\n")),
]  # fmt: skip
FINE = {
    "a link to a host that the text names": mail(
        more='<a class="link" href="https://a.example/1">www.a.example</a>'
    ),
    "an image as a link": mail(
        more='<a href="https://a.example"><img src="data:,A" alt="The paper" width="20" height="20"></a>'
    ),
    "white on a dark button": mail(more='<b class="ink" style="background:#a83a0b;color:#fff">word</b>'),
    "words on a picture": mail(
        more='<table><tr><td background="x.png"><b style="color:#888">word</b></td></tr></table>'
    ),
    "large faint words": mail(more='<b style="font-size:24px;color:#888888" aria-hidden="false">Big</b>').replace(
        b".ink{", b".ink,b{"
    ),
    "a hidden word": mail(more='<b style="display:none;color:#fff">word</b>'),
    "double brackets of a code": mail(
        more="The [[7,1,3]] code", text=f"{TEXT}The [[7,1,3]] code and {{{{7*7}}}}\n"
    ),
    "None in a sentence": mail(more="None of them."),
    "a long address": mail(text=f"{TEXT}https://a.example/{'x' * 90}\n"),
    "a site on this machine": mail(
        html=HTML.replace("https://newsletter.example", "http://127.0.0.1:8000"),
        text=TEXT.replace("https://newsletter.example", "http://127.0.0.1:8000"),
        list_unsubscribe="<http://127.0.0.1:8000/u/token>",
    ),
    "right to left": mail(html=RTL.replace('dir="ltr"', 'dir="rtl"')),
    "a property of one program": mail(more='<b style="mso-hide:none;-webkit-box-flex:1">word</b>'),
    "a small heading after a smaller one": mail(more="<h3>Deep</h3><h2>Back</h2>"),
}


def names(content, budget=90_000):
    return {finding.rule for finding in lint.message(content, budget)}


def test_a_sound_message_has_no_finding():
    assert lint.message(mail()) == ()


@pytest.mark.parametrize(
    ("rule", "content"), BAD, ids=[f"{number} {rule}" for number, (rule, _) in enumerate(BAD)]
)
def test_each_rule_fires_on_a_message_that_breaks_it(rule, content):
    found = [finding for finding in lint.message(content) if finding.rule == rule]

    assert found
    assert all(finding.level == RULES[rule].level and finding.what and finding.cure for finding in found)


@pytest.mark.parametrize("content", FINE.values(), ids=FINE)
def test_what_only_looks_wrong_is_left_alone(content):
    assert lint.message(content) == ()


def test_every_rule_for_messages_is_in_the_table():
    assert {rule for rule, _ in BAD} == set(RULES) - {"template", "unescaped", "dead-link"}


def test_a_letter_that_answers_needs_no_way_to_leave():
    answer = mail(list_id="Papers <confirm.papers.newsletter.example>", drop="List-Unsubscribe")

    assert not {"unsubscribe-header", "unsubscribe-shown", "one-click"} & names(answer)


def test_a_finding_names_the_line_of_the_part_as_it_is_read():
    (found,) = lint.message(mail(more='\n\n<b style="color:#999999">faint</b>'))[:1]

    assert (found.rule, found.part, found.line) == ("contrast", "html", 13)


@given(some.binary(max_size=600) | some.text(max_size=600).map(lambda text: text.encode("utf-8", "replace")))
def test_lint_never_raises_whatever_the_bytes(content):
    assert all(finding.rule in RULES for finding in lint.message(content))


PIECES = [
    *(
        "<a href='",
        "'>",
        "<b style='color:#",
        "background:url(",
        "<style>",
        "}",
        "{",
        "@media",
        "<![",
        "<!--",
        "-->",
    ),
    *("</p>", "<table>", "&#x110000;", ".a>b", ":", ";", "rgba(1,2,3,..4)", "\u202e", "{{", "<h7>", "https://["),
    *("<img width=1>", "font-size:9e9px", "font-weight:\u00b2", "rgb(999,1,1)", "hsl(1,2%,3%)"),
]


@given(some.lists(some.sampled_from(PIECES), max_size=30).map("".join))
def test_lint_never_raises_whatever_the_html(html):
    assert all(finding.rule in RULES for finding in lint.message(mail(more=html, text=html)))


@given(some.sampled_from(sorted(HEAD)), some.text(max_size=80))
def test_lint_never_raises_whatever_a_header_says(name, value):
    key = name.lower().replace("-", "_").replace("from", "from_")

    assert all(finding.rule in RULES for finding in lint.message(mail(**{key: value})))


def test_deep_html_is_read_in_time_that_grows_with_it():
    assert "html-size" in names(mail(more="<div><b>" * 15_000))


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", NAMES)
def test_shipped_templates_have_neither_errors_nor_warnings(name, theme):
    compiled, findings = lint.template(name, [SHIPPED], Look(theme))

    assert findings == ()
    assert {each.level for each in lint.message(lint.sample(name, compiled))} <= {"note"}


@pytest.mark.parametrize("language", languages())
def test_the_digest_has_neither_errors_nor_warnings_in_any_language(language):
    compiled, findings = lint.template("digest", [SHIPPED], Look(language=language))

    assert findings == ()
    assert {each.level for each in lint.message(lint.sample("digest", compiled, language=language))} <= {"note"}
