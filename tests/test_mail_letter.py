"""The letters: what each says, and to whom it may say what."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import MessageError
from newsletter.mail import letter, words
from newsletter.mail.letter import Chosen, example, load, render, variables
from newsletter.mail.speech import speech
from subscribers.letters import LetterKind
from subscribers.models import Cadence

SHIPPED = Path(__file__).parent.parent / "templates" / "email"
KINDS = list(LetterKind)
SUBJECTS = {
    LetterKind.CONFIRM: "Confirm your subscription to Example Papers",
    LetterKind.WELCOME: "Welcome to Example Papers",
    LetterKind.GOODBYE: "You are unsubscribed from Example Papers",
    LetterKind.LINK: "Your links for Example Papers",
    LetterKind.DATA: "Your data at Example Papers",
    LetterKind.CHANGE_OLD: "Your address at Example Papers is to change",
    LetterKind.CHANGE_NEW: "Confirm your new address for Example Papers",
}
# A stranger may have caused these: whoever gets one has asked for nothing, perhaps.
BY_STRANGERS = [LetterKind.CONFIRM, LetterKind.LINK, LetterKind.DATA, LetterKind.CHANGE_NEW]
CHOSEN = example(LetterKind.WELCOME).chosen
HOSTILE = '"><script>alert(1)</script> {{7*7}} \u202e\x00'


@pytest.fixture(scope="module")
def letters():
    """Every letter as it is shipped."""
    return {kind: load(kind, [SHIPPED]) for kind in LetterKind}


class Seen(HTMLParser):
    """What a mail program shows: tags, links and words."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.links, self.words = [], [], []
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data):
        self.words.append(data)


def flat(text):
    return " ".join(text.split())


@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_has_a_plain_subject_one_headline_and_no_picture(letters, kind):
    rendered = render(letters[kind], example(kind))
    seen = Seen(rendered.html)

    assert rendered.subject == SUBJECTS[kind]
    assert seen.tags.count("h1") == 1
    assert "img" not in seen.tags
    assert len(rendered.html.encode()) < 20_000


@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_shows_its_link_as_a_button_and_as_text(letters, kind):
    content = example(kind)
    rendered = render(letters[kind], content)
    seen = Seen(rendered.html)

    assert seen.links.count(content.action_url) == 2
    assert content.action_url in seen.text
    assert content.action_url in rendered.text.splitlines()


@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_says_who_sends_it_and_why(letters, kind):
    rendered = render(letters[kind], example(kind))

    for part in (Seen(rendered.html).text, flat(rendered.text)):
        assert letter.reason(example(kind)) in part
        assert "Sent by papers@newsletter.example" in part
        assert "1 Example Street, 10115 Berlin, Germany" in part
        assert "reader@example.org" in part
        assert "23 April 2026" in part


@pytest.mark.parametrize("kind", BY_STRANGERS)
def test_a_letter_that_strangers_can_cause_shows_nothing_they_typed(letters, kind):
    typed = replace(CHOSEN, name="Buy now", follows=("cheap.example",), mutes=("cheap.example",))
    content = replace(example(kind), chosen=typed, new_address="cheap@example.net")
    rendered = render(letters[kind], content)

    assert rendered == render(letters[kind], example(kind))
    assert "do nothing" in flat(rendered.text)
    assert "do nothing" in Seen(rendered.html).text


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in {LetterKind.WELCOME, LetterKind.LINK}])
def test_who_may_not_be_the_reader_gets_no_link_of_the_readers(letters, kind):
    content = example(kind)
    rendered = render(letters[kind], content)

    assert set(Seen(rendered.html).links) == {content.action_url, content.site_url}


def test_the_welcome_says_what_was_chosen_and_when_the_first_digest_comes(letters):
    rendered = render(letters[LetterKind.WELCOME], example(LetterKind.WELCOME))

    for part in (Seen(rendered.html).text, flat(rendered.text)):
        assert "Welcome, Ada" in part
        assert "Your first digest comes on Monday, 27 April 2026, at 7:00 ." in part.replace("7:00.", "7:00 .")
        assert "Machine learning, Graphs and Ada Lovelace" in part
        assert "Cryptography" in part
        assert "Every Monday and Thursday at 7:00, Europe/Berlin" in part
        assert "Up to 10 papers a digest" in part


def test_a_welcome_that_knows_little_says_little(letters):
    bare = replace(CHOSEN, name="", follows=(), mutes=(), first=None)
    rendered = render(letters[LetterKind.WELCOME], replace(example(LetterKind.WELCOME), chosen=bare))
    nothing = render(letters[LetterKind.WELCOME], replace(example(LetterKind.WELCOME), chosen=None))

    assert "first digest comes" not in flat(rendered.text)
    assert "What is trending, in every field" in Seen(rendered.html).text
    assert "Left out" not in rendered.html + rendered.text
    assert "How many" not in nothing.html + nothing.text


def test_the_old_mailbox_is_told_where_the_digests_are_to_go(letters):
    content = example(LetterKind.CHANGE_OLD)
    rendered = render(letters[LetterKind.CHANGE_OLD], content)
    untold = render(letters[LetterKind.CHANGE_OLD], replace(content, new_address=""))

    assert "new@example.org" in Seen(rendered.html).text
    assert "to come to new@example.org instead" in flat(rendered.text)
    assert "to come to another address instead" in flat(untold.text)


@pytest.mark.parametrize(
    ("cadence", "weekdays", "expected"),
    [
        (Cadence.DAILY, "", "Every day at 7:00, Europe/Berlin"),
        (Cadence.WEEKDAYS, "", "Every day from Monday to Friday at 7:00, Europe/Berlin"),
        (Cadence.WEEKLY, "", "Every Monday at 7:00, Europe/Berlin"),
        (Cadence.WEEKLY, "fri", "Every Friday at 7:00, Europe/Berlin"),
        (Cadence.CHOSEN, "mon,wed,sat", "Every Monday, Wednesday and Saturday at 7:00, Europe/Berlin"),
    ],
)
def test_the_rhythm_is_told_in_words(cadence, weekdays, expected):
    assert letter.rhythm(replace(CHOSEN, cadence=cadence, weekdays=weekdays), speech("en")) == expected


def test_the_first_digest_is_told_on_the_readers_clock():
    late = datetime(2026, 4, 26, 22, 30, tzinfo=UTC)

    assert letter.first(replace(CHOSEN, first=late), speech("en")) == "Monday, 27 April 2026, at 0:30"
    assert (
        letter.first(replace(CHOSEN, first=late, timezone="UTC"), speech("en"))
        == "Sunday, 26 April 2026, at 22:30"
    )


def test_many_topics_are_counted_and_one_paper_is_one():
    told = variables(
        replace(
            example(LetterKind.WELCOME),
            chosen=replace(CHOSEN, follows=tuple(f"Topic {n}" for n in range(30)), size=1),
        )
    )

    assert told["follows"].endswith("Topic 7 and 22 more")
    assert told["size"] == "Up to 1 paper a digest"


def test_the_same_values_give_the_same_bytes(letters):
    for kind in KINDS:
        assert render(letters[kind], example(kind)) == render(load(kind, [SHIPPED]), example(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_text_lines_are_at_most_72_columns_and_end_clean(letters, kind):
    long = replace(
        example(kind),
        brand="An Uncommonly Long Name of a Newsletter about Research",
        to_email=f"{'a' * 60}@{'b' * 60}.example.org",
        postal_address="Somewhere " * 30,
    )
    text = render(letters[kind], long).text

    for line in text.split("\n"):
        assert words.columns(line) <= 72 or "://" in line
        assert line == line.rstrip()
    assert "\n\n\n" not in text
    assert text.endswith("\n")


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_values_are_inert(letters, kind):
    plain = Seen(render(letters[kind], example(kind)).html)
    chosen = Chosen(HOSTILE, (HOSTILE,), (HOSTILE,), Cadence.DAILY, "", 7, "UTC", 10, None)
    content = replace(
        example(kind),
        brand=HOSTILE,
        sender=HOSTILE,
        postal_address=HOSTILE,
        to_email=HOSTILE,
        new_address=HOSTILE,
        chosen=chosen,
    )
    rendered = render(letters[kind], content)

    assert set(Seen(rendered.html).tags) <= set(plain.tags)
    assert "{{7*7}}" in rendered.text
    assert not re.search("[\x00\u202e]", rendered.subject + rendered.html + rendered.text)


@given(st.text(), st.text())
def test_no_words_make_a_letter_fail(brand, name):
    content = replace(example(LetterKind.WELCOME), brand=brand, to_email=name, chosen=replace(CHOSEN, name=name))
    told = variables(content)

    assert told["brand"]
    assert all("\n" not in str(value) for value in told.values())


@pytest.mark.parametrize("name", ["site_url", "action_url"])
def test_a_link_that_is_none_is_refused_by_name(letters, name):
    with pytest.raises(MessageError, match=f"{name} is 'javascript:x'.*newsletter.url"):
        render(letters[LetterKind.CONFIRM], replace(example(LetterKind.CONFIRM), **{name: "javascript:x"}))


def test_a_letter_in_another_language_runs_its_way(letters):
    html = render(letters[LetterKind.CONFIRM], replace(example(LetterKind.CONFIRM), language="fa")).html

    assert '<html lang="fa" dir="rtl"' in html
    assert "<title>Confirm your subscription</title>" in html


def test_until_is_told_in_utc(letters):
    content = replace(example(LetterKind.DATA), until=example(LetterKind.DATA).date + timedelta(hours=1))

    assert "The link works until 23 April 2026, 15:00 UTC." in flat(render(letters[LetterKind.DATA], content).text)


def test_tables_of_the_outlook_branch_balance(letters):
    for kind in KINDS:
        html = render(letters[kind], example(kind)).html
        branch = re.sub(r"<!--\[if mso[^\]]*\]>|<!\[endif\]-->|<!--\[if !mso\]><!-->", "", html)
        for tag in ("table", "tr", "td"):
            assert len(re.findall(rf"<{tag}[\s>]", branch)) == len(re.findall(rf"</{tag}>", branch))
