"""What a digest says of its papers: headline, dek, byline, summary, reasons, subject and preheader."""

import datetime as dt

import pytest
from mail_papers import ABSTRACT, digest, paper

from newsletter.errors import MessageError
from newsletter.mail import content
from newsletter.mail.content import Plan, roomy, variables
from newsletter.mail.speech import speech
from newsletter.mail.story import ROW_WHY_LENGTH


def around(name, told):
    """What stands under this name around the papers of a digest."""
    return variables(told, roomy(len(told.papers)))[name]


def shown(**changes):
    """How one paper is told."""
    return variables(digest(papers=(paper(1, **changes),)), Plan(1, 0))["papers"][0]


def test_the_headline_names_the_reader_or_else_the_day():
    assert around("headline", digest(10)) == "Ten papers for Ada"
    assert around("headline", digest(1, reader_name=" ")) == "One paper for your Thursday"
    assert around("headline", digest(0)) == "No papers for Ada"


def test_the_dek_says_what_for_from_how_many_and_how_long():
    told = around("dek", digest(10)).replace("\u00a0", " ")
    assert told == "Picked for Machine learning, Vision and Biology from 412 recent papers · 2 min read"


def test_the_dek_leaves_out_what_is_not_known():
    assert around("dek", digest(0, interests=(), considered=0)) == "Picked for you"


def test_after_a_silence_the_dek_says_that_we_are_still_here():
    told = around("dek", digest(0, interests=(), considered=0, quiet=2, quiet_since=dt.date(2026, 4, 20)))
    assert told == (
        "Still here: nothing was worth sending for 2 digests in a row, since 20 April 2026. Picked for you"
    )


def test_a_byline_has_three_authors_the_institute_the_day_and_the_field():
    assert (
        shown()["byline"]
        == "Ada Example, Lin Sample, Priya Specimen and 2 others · Example Institute · 21 Apr · cs.LG"
    )


def test_a_byline_with_little_known_has_no_gaps():
    assert shown(authors=(), author_count=3, organization="", categories=(), published=None)["byline"] == "22 Apr"
    assert shown(authors=("A", "B"), author_count=0)["byline"].startswith("A and B · ")
    assert shown(authors=("A", "B", "C", "D"), author_count=0)["byline"].startswith("A, B, C and 1 other · ")


def test_a_note_is_short():
    assert shown()["note"] == "Ada Example et al. · cs.LG · 40 upvotes"
    assert shown(authors=("Solo",), author_count=1, upvotes=None)["note"] == "Solo · cs.LG"
    assert shown(authors=(), categories=(), upvotes=1)["note"] == "1 upvote"


def test_the_tldr_wins_over_the_abstract():
    assert shown()["summary"] == "Says in one sentence what it found."
    assert shown(summary=" ")["summary"] == ABSTRACT[: ABSTRACT.index(" Nothing in this")]


def test_reasons_become_sentences():
    told = shown(reasons=("matches your topic Vision.", "", "Climbing fast"))["why"]
    assert told == "Matches your topic Vision. Climbing fast."


def test_votes_that_nobody_counts_are_not_shown():
    told = shown(upvotes=None)
    assert (told["votes"], told["sparkline"]) == ("", "")
    assert shown(upvotes=0)["votes"] == "0 upvotes"


def test_sample_figures_say_so():
    assert shown(sample=True)["votes"] == "40 upvotes (sample)"
    assert variables(digest(1, papers=(paper(1, sample=True),)), Plan(1, 0))["sample_note"].startswith(
        "Sample engagement"
    )
    assert variables(digest(1), Plan(1, 0))["sample_note"] == ""


def test_only_web_links_become_buttons():
    told = shown(
        url="javascript:alert(1)", pdf_url="file:///etc/passwd", code_url="", discussion_url="http://t.test/1"
    )
    assert [told[name] for name in ("url", "pdf_url", "code_url", "discussion_url")] == [
        "",
        "",
        "",
        "http://t.test/1",
    ]


def test_a_paper_without_a_title_still_has_a_name():
    assert shown(title="\u202e\x00 ")["title"] == "Untitled paper"


@pytest.mark.parametrize("name", ["site_url", "unsubscribe_url", "preferences_url"])
def test_a_footer_link_that_is_none_is_refused_by_name(name):
    with pytest.raises(MessageError, match=f"{name} is 'javascript:x'.*newsletter.url"):
        variables(digest(1, **{name: "javascript:x"}), Plan(1, 0))


def test_the_reason_names_address_list_and_day():
    told = content.reason(digest(1), speech("en"))
    assert told == "You get this because reader@example.org subscribed to Trending Papers on 2 March 2026."
    assert content.reason(digest(1, joined=None, brand=" "), speech("en")).endswith("subscribed to Papers.")


def test_hebrew_runs_from_right_to_left():
    assert variables(digest(1, language="he-IL"), Plan(1, 0))["direction"] == "rtl"
    assert variables(digest(1, language=" "), Plan(1, 0))["language"] == "en"


@pytest.mark.parametrize(
    ("count", "subject"),
    [
        (1, "Attention Is All You Need: 1 paper for you"),
        (2, "Attention Is All You Need and BERT: 2 papers for you"),
        (3, "Attention Is All You Need, BERT and 1 more paper for you"),
        (10, "Attention Is All You Need, BERT and 8 more papers for you"),
        (0, "No new papers this time"),
    ],
)
def test_the_subject_names_papers_and_counts_right(count, subject):
    assert around("subject", digest(count)) == subject


def test_a_subject_drops_the_ending_before_it_cuts_a_name():
    titles = ("FastPathology: An open platform", "The Open Catalyst 2020 (OC20) Dataset and Community Challenges")
    papers = tuple(paper(n, title=title) for n, title in enumerate(titles, 1)) + tuple(map(paper, range(3, 11)))
    told = digest(papers=papers)
    assert around("subject", told) == "FastPathology, Open Catalyst 2020 (OC20) Dataset and 8 more papers"


def test_a_subject_takes_no_junk_words_from_titles():
    papers = tuple(
        paper(n, title=title) for n, title in enumerate(("FREE CASH NOW!!!", "Win $$$", "Quiet work"), 1)
    )
    assert around("subject", digest(papers=papers)) == "Quiet work and 2 more papers for you"
    assert around("subject", digest(papers=papers[:2])) == "2 papers for you"


@pytest.mark.parametrize("title", ["x" * 10_000, "word " * 2_000, "漢" * 500, "a\r\nBcc: x@y.z", "\x00"])
def test_a_subject_is_one_short_line_whatever_the_title(title):
    told = around("subject", digest(papers=(paper(1, title=title),) * 50))
    assert 0 < len(told) <= 70
    assert told.isprintable()


def test_the_preheader_tells_what_the_subject_did_not():
    told = around("preheader", digest(10))
    assert told.startswith(
        "Also inside: Deep Residual Learning, An Image is Worth 16x16 Words and Adam. Picked for "
    )
    assert around("preheader", digest(1)) == "Says in one sentence what it found."
    assert around("preheader", digest(0)) == around("dek", digest(0))


@pytest.mark.parametrize(("count", "plan"), [(0, Plan(0, 0)), (8, Plan(8, 0)), (9, Plan(7, 2)), (50, Plan(7, 43))])
def test_papers_beyond_the_seventh_become_rows_but_never_one_alone(count, plan):
    assert roomy(count) == plan


def test_rows_that_all_trend_are_headed_so():
    trending = digest(papers=tuple(paper(n, trending=True) for n in range(1, 10)))
    assert variables(trending, roomy(9))["rows_heading"] == "Also trending"
    assert variables(digest(9), roomy(9))["rows_heading"] == "More for you"


def test_papers_that_do_not_fit_are_counted():
    assert variables(digest(10), Plan(1, 3))["more"] == "and 6 more papers on the web"
    assert variables(digest(10), Plan(1, 8))["more"] == "and 1 more paper on the web"
    assert variables(digest(10), roomy(10))["more"] == ""


def test_a_day_of_another_year_has_its_year():
    assert "21 Apr 2024" in shown(published=dt.date(2024, 4, 21))["byline"]


def test_a_row_says_why_too_while_there_is_room():
    crowd = digest(11)
    roomy_row = variables(crowd, Plan(7, 4))["rows"][0]
    tight_row = variables(crowd, Plan(7, 4, title=120))["rows"][0]

    assert roomy_row["short_why"]
    assert len(roomy_row["short_why"]) <= ROW_WHY_LENGTH
    assert tight_row["short_why"] == ""


def test_a_reason_that_had_to_be_cut_ends_in_its_ellipsis_alone():
    assert shown(reasons=("climbing " * 40,))["why"].endswith("…")
