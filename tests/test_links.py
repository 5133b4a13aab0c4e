"""Every link lies under newsletter.url and does what it was signed for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.links import Links
from subscribers.errors import InvalidToken
from subscribers.tokens import Purpose, read

KEYS = ("the newest secret of all", "the secret of last year")
DAY = "2026-03-10"
READERS = st.integers(min_value=1, max_value=2**63 - 1)
BASES = [
    "http://localhost:8080",
    "https://papers.example.org/",
    "https://example.org/papers",
    "https://x.org/a/b/",
]


def all_links(links, reader):
    return {
        "home": links.home(),
        "archive": links.archive(),
        "unsubscribe": links.unsubscribe(reader),
        "preferences": links.preferences(reader),
        "browser": links.browser(reader, DAY),
    }


@pytest.mark.parametrize("base", BASES)
def test_every_link_lies_under_the_address_of_the_newsletter(base):
    links = all_links(Links(base, KEYS), 7)
    home = base.rstrip("/") + "/"
    assert links["home"] == home
    assert all(link.startswith(home) and "//" not in link[len(home) :] for link in links.values())
    assert len(set(links.values())) == len(links)


@pytest.mark.parametrize("base", ["https://example.org/papers", "https://example.org/papers/"])
def test_a_slash_at_the_end_makes_no_difference(base):
    assert Links(base, KEYS).archive() == "https://example.org/papers/archive"


@given(READERS)
def test_a_link_tells_its_reader_for_its_purpose_alone(reader):
    links = Links("https://papers.example.org", KEYS)
    made = {
        Purpose.UNSUBSCRIBE: links.unsubscribe(reader),
        Purpose.PREFERENCES: links.preferences(reader),
        Purpose.ARCHIVE: links.browser(reader, DAY),
    }
    for purpose, link in made.items():
        token = link.rpartition("/")[2]
        assert read(purpose, token, KEYS) == reader
        for other in made.keys() - {purpose}:
            with pytest.raises(InvalidToken):
                read(other, token, KEYS)


@given(READERS)
def test_the_link_to_unsubscribe_fits_on_a_line(reader):
    assert len(Links("https://papers.example.org", KEYS).unsubscribe(reader)) < 78


@given(READERS)
def test_the_same_reader_gets_the_same_links(reader):
    assert all_links(Links(BASES[2], KEYS), reader) == all_links(Links(BASES[2], KEYS), reader)


def test_a_link_of_the_older_key_still_works_after_a_change():
    token = Links("https://example.org", KEYS[1:]).unsubscribe(7).rpartition("/")[2]
    assert read(Purpose.UNSUBSCRIBE, token, KEYS) == 7


def test_the_day_stands_in_the_link_to_the_browser():
    assert f"/d/{DAY}/" in Links("https://example.org", KEYS).browser(7, DAY)
