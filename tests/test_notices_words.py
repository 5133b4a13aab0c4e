"""What an alert says: each kind of trouble has its headline, its meaning and its commands."""

import pytest

from newsletter import notices

KEY, WORDS = "edition held 2026-03-11", "Too few papers: 2 of at least 3."


@pytest.mark.parametrize(
    ("key", "words", "headline", "few", "command"),
    [
        (
            *(KEY, WORDS, "Edition 2026-03-11 is held: too few papers", "edition 2026-03-11 is held"),
            "newsletter edition release 2026-03-11",
        ),
        (
            *(
                "went without arXiv feed 2026-03-11",
                "Waited in vain.",
                "Digests went out without arXiv feed",
            ),
            *("digests went out without arXiv feed", "newsletter fetch --source 'arXiv feed'"),
        ),
        (
            *(
                "source fails Hugging Face",
                "HTTP 503",
                "Hugging Face cannot be read",
                "Hugging Face cannot be read",
            ),
            "newsletter fetch --source 'Hugging Face'",
        ),
        (
            *(
                "tick fails at plan",
                "ValueError: no",
                "A step of the clock fails: plan",
                "a step of the clock fails",
            ),
            "newsletter doctor",
        ),
        (
            *("smtp down", "timed out", "The mail server is out of reach", "the mail server is out of reach"),
            "newsletter doctor",
        ),
        ("disk full", "LaTeX is missing. Indeed.", "LaTeX is missing", "LaTeX is missing", "newsletter doctor"),
    ],
)
def test_each_kind_of_trouble_has_its_words(key, words, headline, few, command):
    alert = notices.alert(key, words)

    assert alert.headline == headline
    assert notices.few(key, words) == few
    assert alert.commands[0] == command
    assert alert.todo.endswith(":")


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("Too few papers: no paper was there to choose from.", "too few papers"),
        ("The source bioRxiv brought no new paper in the last 24 hours: usually 9.", "the source bioRxiv brought"),
        (
            "3 of 50 messages looked at cannot be built; the first: no.",
            "3 of 50 messages looked at cannot be built",
        ),
        ("A message is too long: it has 95,000 bytes.", "a message is too long"),
        ("Hugging Face is silent (since Monday).", "Hugging Face is silent"),
    ],
)
def test_the_headline_takes_the_first_words_of_the_reason(reason, told):
    held = f"{reason} And more."

    assert notices.headline(KEY, held).startswith(f"Edition 2026-03-11 is held: {told}")
    assert notices.alert(KEY, held).happened == f"{reason} And more."


def test_a_long_reason_is_cut_in_the_headline_alone():
    alert = notices.alert(KEY, "word " * 40)

    assert len(alert.headline) < 80
    assert alert.headline.endswith("…")
    assert len(alert.happened) > 190


@pytest.mark.parametrize(
    ("key", "words", "told"),
    [
        (KEY, WORDS, "Edition 2026-03-11 is held: Too few papers: 2 of at least 3."),
        ("source fails arXiv", "Not since Monday.", "arXiv cannot be read: Not since Monday."),
        ("disk full", "The disk is full. Very.", "The disk is full. Very."),
    ],
)
def test_a_trouble_is_told_in_one_piece(key, words, told):
    assert notices.sentence(key, words) == told
