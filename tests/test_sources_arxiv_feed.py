"""What arXiv's own feeds become, entry by entry."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from replay import DATA

from newsletter.errors import SourceRefused
from newsletter.sources.arxiv_feed import page_of
from newsletter.sources.documents import xml_text

ANNOUNCEMENT = (DATA / "arxiv-announcement.atom.xml").read_bytes()


def test_an_announcement_becomes_entries_without_its_prefix():
    entry = page_of(xml_text(ANNOUNCEMENT)).entries[0]
    assert entry.title == "A Paper Made for This Test: $\\alpha$-Fair Sorting"
    assert entry.abstract == "We sort things fairly & say so."
    assert entry.authors == ("Ada Example", "Bo Sample, Jr.", "Cy Muster")
    assert entry.categories == ("cs.LG", "cs.AI")
    assert (entry.arxiv_id, entry.version, entry.doi, entry.kind) == ("2603.00011", 1, "10.5555/abc.1", "new")
    assert (entry.announced_at, entry.published_at) == (datetime(2026, 3, 3, 5, tzinfo=UTC), None)
    assert (entry.url, entry.pdf_url) == ("https://arxiv.org/abs/2603.00011", "https://arxiv.org/pdf/2603.00011")


def test_a_broken_entry_costs_only_that_entry():
    found = page_of(xml_text(ANNOUNCEMENT))
    assert [(entry.arxiv_id, entry.version, entry.kind) for entry in found.entries] == [
        ("2603.00011", 1, "new"),
        ("2603.00012", 3, "replace-cross"),
    ]
    assert found.problems == [
        "entry 3 has no arXiv id ('tag:nobody.example,2026:1'): left out",
        "entry 4 (2603.00013) has no title: left out",
    ]


def test_the_rss_form_of_an_announcement_says_the_same():
    (entry,) = page_of(xml_text((DATA / "arxiv-announcement.rss.xml").read_bytes())).entries
    assert (entry.arxiv_id, entry.version, entry.kind) == ("2603.00021", 2, "cross")
    assert (entry.abstract, entry.categories) == ("Told in another format.", ("cs.AI",))
    assert entry.announced_at == datetime(2026, 3, 3, 5, tzinfo=UTC)
    assert entry.authors == ("Ada Example", "Bo Sample")


def test_an_announce_type_of_tomorrow_counts_as_new():
    written = ANNOUNCEMENT.replace(b"announce_type>new<", b"announce_type>brand-new<")
    assert page_of(xml_text(written)).entries[0].kind == "new"


@given(st.binary(max_size=200), st.integers(0, 3000))
def test_no_damage_to_a_feed_is_a_crash(junk, place):
    try:
        found = page_of(xml_text(ANNOUNCEMENT[:place] + junk + ANNOUNCEMENT[place:]))
    except SourceRefused:
        return
    assert found.items >= len(found.entries)


def test_a_feed_that_failed_has_no_entries():
    title = b"<title>cs.AI, cs.LG updates on arXiv.org"
    written = ANNOUNCEMENT.replace(title, b"<title>Feed error for query: cs.QQ")
    found = page_of(xml_text(written))
    assert (found.entries, found.items, found.failed) == ([], 4, "Feed error for query: cs.QQ")
