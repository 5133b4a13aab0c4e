"""A paper in words for a page: whatever came in, what goes out is short, visible and linked to the web alone."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from newsletter.links import Links
from newsletter.mail.words import UNSEEN, WEB
from newsletter.showcase import Shown
from newsletter.web import cards

LINKS = Links("", ("a secret of thirty-two characters",))
TODAY = date(2026, 4, 23)
CONTENT = {
    "key": "arxiv:2604.00001",
    "title": "Graphs",
    "url": "https://arxiv.org/abs/2604.00001",
    "authors": ["Ada Lovelace", "Emmy Noether", "Sofya Kovalevskaya", "Hypatia"],
    "author_count": 6,
    "categories": ["cs.LG", "math.CO"],
    "organization": "Example Institute",
    "summary": "It works. It is short.",
    "abstract": "We study graphs. We say what we found.",
    "published": "2026-04-21",
    "announced": "2026-04-22",
    "pdf_url": "",
    "code_url": "",
    "discussion_url": "",
    "upvotes": 1280,
    "history": [3, 1280],
    "sample": False,
}
TEXTS = st.text(max_size=400)
CONTENTS = st.fixed_dictionaries(
    {
        **dict.fromkeys(("title", "organization", "summary", "abstract", *cards.ADDRESSES), TEXTS),
        "authors": st.lists(TEXTS, max_size=12),
        "author_count": st.integers(0, 5000),
        "categories": st.lists(TEXTS, max_size=4),
        "published": st.dates().map(str) | st.none(),
        "announced": st.dates().map(str),
        "upvotes": st.none() | st.integers(0, 10**9),
        "history": st.lists(st.integers(0, 10**9), max_size=12),
        "sample": st.booleans(),
    }
)


def shown(**changes):
    return Shown(CONTENT["key"], CONTENT | changes, topics=("Graphs",))


def test_a_card_says_who_where_when_and_what():
    card = cards.card(shown(), LINKS, TODAY)

    assert card.page == "/papers/arxiv:2604.00001"
    assert (
        card.byline
        == "Ada Lovelace, Emmy Noether, Sofya Kovalevskaya and 3 others · Example Institute · 21 Apr · cs.LG"
    )
    assert card.summary == "It works. It is short."
    assert card.votes == "1,280 upvotes"
    assert card.history == (3, 1280)


def test_what_no_source_told_is_left_out():
    bare = {
        "authors": [],
        "author_count": 0,
        "organization": "",
        "published": None,
        "categories": [],
        "summary": "",
    }

    card = cards.card(shown(**bare, upvotes=None, history=[], sample=True), LINKS, TODAY)

    assert card.byline == "22 Apr"
    assert card.summary == "We study graphs. We say what we found."
    assert (card.votes, card.history, card.sample) == ("", (), False)


def test_one_author_more_is_one_other_and_made_up_votes_say_so():
    card = cards.card(shown(author_count=4, upvotes=1, sample=True), LINKS, TODAY)

    assert "Sofya Kovalevskaya and 1 other ·" in card.byline
    assert card.votes == "1 upvote (sample)"


@given(CONTENTS)
def test_any_paper_makes_a_sound_card(content):
    card = cards.card(Shown("k", content), LINKS, TODAY)

    for text in (card.title, card.byline, card.summary, card.votes):
        assert not UNSEEN.search(text)
        assert not any(ord(letter) < 32 for letter in text)
    assert 0 < len(card.title) <= cards.TITLE_LENGTH
    assert all(
        not url or WEB.fullmatch(url) for url in (card.url, card.pdf_url, card.code_url, card.discussion_url)
    )


def test_a_digest_takes_the_same_paper():
    paper = cards.in_digest(shown(summary="Short."))

    assert (paper.published, paper.announced) == (date(2026, 4, 21), date(2026, 4, 22))
    assert paper.authors == tuple(CONTENT["authors"])
    assert paper.topics == ("Graphs",)
