"""The letters to the admin: what each shows, and that hostile words in them are inert."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import MessageError, TemplateError
from newsletter.mail import words
from newsletter.mail.admin_letter import AdminContent, AdminLetter, load, moment, render, variables

SHIPPED = Path(__file__).parent.parent / "templates" / "email"
KINDS = list(AdminLetter)
HOSTILE = '"><script>alert(1)</script> {{7*7}} \u202e\x00 =?utf-8?q?x?='
SUBJECTS = {
    AdminLetter.ALERT: "[Example Papers] Edition 2026-04-23 is held: too few papers",
    AdminLetter.REPORT: "[Example Papers] Look at this: 3 failed",
}


@pytest.fixture(scope="module")
def letters():
    """Every letter to the admin as it is shipped."""
    return {kind: load(kind, [SHIPPED]) for kind in KINDS}


class Seen(HTMLParser):
    """What a mail program shows: tags, links and words."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.links, self.words = set(), set(), []
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links |= {value for name, value in attrs if name in {"href", "src"}}

    def handle_data(self, data):
        self.words.append(data)


def flooded(content, text):
    """The same letter with this text wherever others write."""
    row = {"label": text, "value": text, "note": text, "bad": True}
    details = {
        **dict.fromkeys(("headline", "happened", "meaning", "todo", "span"), text),
        "look": [text] * 3,
        "commands": [text],
        "tiles": [row] * 3,
        "sections": [{"heading": text, "rows": [row] * 100}],
    }
    return replace(content, brand=text, sender=text, postal_address=text, to_email=text, details=details)


@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_says_in_its_subject_what_it_is_about(letters, kind):
    assert render(letters[kind], AdminContent.example(kind)).subject == SUBJECTS[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_both_parts_say_the_same(letters, kind):
    content = AdminContent.example(kind)
    values = variables(content)
    rendered = render(letters[kind], content)
    told = [values[name] for name in ("headline", "happened", "meaning", "todo", "span", "reason") if values[name]]
    told += [*values["look"], *values["commands"]]
    told += [
        word for section in values["sections"] for row in section["rows"] for word in (row["label"], row["value"])
    ]

    for part in (Seen(rendered.html).text, " ".join(rendered.text.split())):
        assert [words for words in told if words not in part] == []


@pytest.mark.parametrize("kind", KINDS)
def test_its_links_lead_to_the_newsletter_and_hold_no_secret(letters, kind):
    seen = Seen(render(letters[kind], AdminContent.example(kind)).html)

    assert seen.links == {"https://newsletter.example/", "https://newsletter.example/admin"}
    assert "img" not in seen.tags


@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_of_few_words_is_still_one(letters, kind):
    rendered = render(letters[kind], replace(AdminContent.example(kind), details={}))

    assert rendered.subject == "[Example Papers] A note"
    assert "Look at this" not in rendered.text


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_words_are_inert(letters, kind):
    content = AdminContent.example(kind)
    rendered = render(letters[kind], flooded(content, HOSTILE))

    assert Seen(rendered.html).tags <= Seen(render(letters[kind], content).html).tags
    assert "{{7*7}}" in rendered.text
    assert not re.search("[\x00\u202e\n]", rendered.subject)
    assert len(rendered.html.encode()) < 90_000


@pytest.mark.parametrize("kind", KINDS)
def test_lines_fit_a_terminal_whatever_stands_in_them(letters, kind):
    text = render(letters[kind], flooded(AdminContent.example(kind), "many words " * 30)).text
    commands = {line for line in text.splitlines() if line.startswith("    many words")}

    for line in set(text.splitlines()) - commands:
        assert words.columns(line) <= 72 or "://" in line
        assert line == line.rstrip()
    assert "\n\n\n" not in text


@given(st.text())
def test_no_words_make_a_letter_fail(text):
    values = variables(flooded(AdminContent.example(AdminLetter.REPORT), text))

    assert values["headline"]
    assert values["brand"]
    assert "\n" not in str([row["note"] for row in values["sections"][0]["rows"]])


@pytest.mark.parametrize("name", ["site_url", "action_url"])
def test_a_link_that_is_none_is_refused_by_name(name):
    content = replace(AdminContent.example(AdminLetter.ALERT), **{name: "javascript:x"})

    with pytest.raises(MessageError, match=f"{name} is 'javascript:x'.*newsletter.url"):
        variables(content)


@pytest.mark.parametrize(
    ("timezone", "told"),
    [
        ("UTC", "23 April 2026, 23:05 UTC"),
        ("America/New_York", "23 April 2026, 23:05 UTC (19:05 America/New_York)"),
        ("Europe/Berlin", "23 April 2026, 23:05 UTC (24 April 2026, 1:05 Europe/Berlin)"),
    ],
)
def test_a_moment_is_told_in_utc_and_on_the_admins_clock(timezone, told):
    assert moment(datetime(2026, 4, 23, 23, 5, tzinfo=UTC), timezone) == told


def test_a_template_of_ones_own_that_forgets_the_headline_is_refused(tmp_path):
    text = (SHIPPED / "alert.mjml").read_text().replace("{{ headline }}", "A trouble")
    (tmp_path / "alert.mjml").write_text(text)

    with pytest.raises(
        TemplateError, match=r"alert\.mjml: \{\{ headline \}\} is not shown\n  cure: it is what the"
    ):
        load(AdminLetter.ALERT, [tmp_path, SHIPPED])


def test_tables_of_the_outlook_branch_balance(letters):
    for kind in KINDS:
        html = render(letters[kind], AdminContent.example(kind)).html
        branch = re.sub(r"<!--\[if mso[^\]]*\]>|<!\[endif\]-->|<!--\[if !mso\]><!-->", "", html)
        for tag in ("table", "tr", "td"):
            assert len(re.findall(rf"<{tag}[\s>]", branch)) == len(re.findall(rf"</{tag}>", branch))
