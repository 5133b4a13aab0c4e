"""Whole digests: every paper told, the size kept, the footer there, hostile values inert."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from mail_papers import digest, paper

from newsletter.errors import MessageError
from newsletter.mail import words
from newsletter.mail.digest import render
from newsletter.mail.template import load_letter

SHIPPED = Path(__file__).parent.parent / "templates" / "email"
FOOTER = (
    "https://newsletter.example/unsubscribe/token",
    "https://newsletter.example/preferences/token",
    "1 Example Street, 10115 Berlin, Germany",
    "You get this because reader@example.org subscribed to Trending Papers on 2 March 2026.",
)
HOSTILE = (
    '"><script>alert(1)</script>',
    "{{7*7}} {% raw %} {# x #} jj0001jj",
    "--><![endif]--><style>*{display:none}</style>",
    "a\r\nBcc: everyone@example.org\r\n\r\nbody",
    "\u202etxt.exe\u2066 \x00\x07 NUL",
    "👩\u200d🔬🧪 emoji",
    "مرحبا بالعالم",
    "&amp; &lt;b&gt; <b>bold</b> 'quotes'",
)


@pytest.fixture(scope="module")
def letter():
    """The digest as it is shipped."""
    return load_letter("digest", [SHIPPED])


class Reader(HTMLParser):
    """What a mail program would see: tags, attributes, text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.attributes: list[str] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "action"}]

    def handle_data(self, data):
        self.words.append(data)


def flat(text: str) -> str:
    """The text in one line."""
    return " ".join(text.split())


def test_ten_papers_are_a_lead_six_cards_and_three_rows(letter):
    rendered = render(letter, digest(10))
    assert (rendered.shown, rendered.compact) == (7, 3)
    seen = Reader(rendered.html)
    assert seen.tags.count("h1") == 1
    assert seen.tags.count("h2") == 8
    assert len(rendered.html.encode()) <= 60_000


def test_every_paper_is_in_both_parts(letter):
    rendered = render(letter, digest(10))
    shown = flat(" ".join(Reader(rendered.html).words))
    for told in digest(10).papers:
        assert told.title in shown
        assert told.title in flat(rendered.text)
        assert told.url in rendered.text
        assert f'href="{told.url}"' in rendered.html


def test_the_text_part_tells_why_and_ends_in_the_footer(letter):
    text = render(letter, digest(10)).text
    assert text.count("Why this paper: Matches your topic Machine learning.") == 10
    assert all(part in flat(text) for part in FOOTER)
    assert "Unsubscribe: https://newsletter.example/unsubscribe/token" in text


@pytest.mark.parametrize("count", [0, 1, 2, 8, 10, 50])
def test_text_lines_are_at_most_72_columns_and_end_clean(letter, count):
    for line in render(letter, digest(count)).text.split("\n"):
        assert words.columns(line) <= 72 or "://" in line
        assert line == line.rstrip()


def test_one_paper_is_told_in_the_singular(letter):
    rendered = render(letter, digest(1))
    assert rendered.subject == "Attention Is All You Need: 1 paper for you"
    assert "One paper for Ada" in rendered.html
    assert (rendered.shown, rendered.compact) == (1, 0)


def test_a_digest_without_papers_still_has_its_footer(letter):
    rendered = render(letter, digest(0))
    assert (rendered.shown, rendered.compact) == (0, 0)
    assert all(part in flat(rendered.html) for part in FOOTER)


def test_the_same_values_give_the_same_bytes(letter):
    assert render(letter, digest(10)) == render(letter, digest(10))


def test_language_direction_title_and_preheader_are_set(letter):
    rendered = render(letter, digest(10, language="fa"))
    assert '<html lang="fa" dir="rtl"' in rendered.html
    assert f"<title>{rendered.subject}</title>" in rendered.html
    assert rendered.preheader in rendered.html.replace("&nbsp;", "\u00a0")
    assert rendered.preheader not in rendered.subject


@pytest.mark.parametrize("budget", [90_000, 60_000, 40_000, 25_000])
@pytest.mark.parametrize("count", [1, 10, 50])
def test_the_size_is_kept_whatever_the_papers_are(letter, count, budget):
    huge = tuple(
        paper(
            n,
            title=f"T{n}" + "漢字" * 5_000,
            summary="& " * 5_000,
            abstract="<" * 10_000,
            url="https://x.test/" + "a" * 1_900,
        )
        for n in range(1, count + 1)
    )
    rendered = render(letter, digest(papers=huge), budget)
    assert len(rendered.html.encode()) <= budget
    assert all(part in flat(rendered.html) for part in FOOTER)
    told = re.search(r"and ([\d,]+) more papers? on the web", rendered.html)
    assert rendered.shown + rendered.compact + int(told[1] if told else 0) == count


def test_summaries_shorten_before_cards_become_rows(letter):
    roomy = render(letter, digest(10))
    tighter = render(letter, digest(10), len(roomy.html.encode()) - 1)
    assert (tighter.shown, tighter.compact) == (7, 3)
    tight = render(letter, digest(10), 30_000)
    assert tight.shown < 7
    assert tight.shown + tight.compact == 10


def test_the_text_part_stays_whole_when_the_html_is_tight(letter):
    assert render(letter, digest(50), 25_000).text == render(letter, digest(50)).text


def test_what_is_left_out_is_linked_on_the_web(letter):
    tight = render(letter, digest(50), 24_000)
    assert re.search(
        r'href="https://newsletter\.example/issues/token"[^>]*>and \d+ more papers on the web', tight.html
    )


def test_a_frame_that_is_over_the_budget_alone_is_an_error(letter):
    with pytest.raises(MessageError, match="'digest' is over 1,000 bytes of HTML with a single paper"):
        render(letter, digest(3), 1_000)


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_values_are_inert(letter, value):
    plain = Reader(render(letter, digest(9)).html)
    poisoned = tuple(
        paper(
            n,
            title=value,
            authors=(value, value),
            organization=value,
            summary=value,
            topics=(value, "Machine learning"),
            reasons=(value,),
            categories=(value,),
        )
        for n in range(1, 10)
    )
    content = digest(
        papers=poisoned, reader_name=value, interests=(value,), brand=value, postal_address=value, to_email=value
    )
    rendered = render(letter, content)
    seen = Reader(rendered.html)
    assert set(seen.tags) == set(plain.tags)
    assert set(seen.attributes) == set(plain.attributes)
    assert rendered.subject.isprintable() or "\u200d" in rendered.subject
    assert not re.search("[\x00\r\u202e\u2066]", rendered.html + rendered.text)
    assert words.clean(value)[:20] in flat(" ".join(seen.words))


def test_links_that_are_not_of_the_web_are_left_out(letter):
    bad = paper(
        1, url="javascript:alert(1)", pdf_url="data:text/html,x", code_url="vbscript:x", discussion_url="//x.test"
    )
    rendered = render(letter, digest(papers=(bad,)))
    assert all(link.startswith("https://newsletter.example") for link in Reader(rendered.html).links)
    assert "javascript" not in rendered.text
    assert "Read paper" not in rendered.html


def test_cards_have_thumbs_and_rows_have_none(letter):
    html = render(letter, digest(10)).html
    assert (html.count(">More like this</a>"), html.count(">Less like this</a>")) == (7, 7)
    without = paper(1, more_url="", less_url="javascript:alert(1)")
    assert ">More like this</a>" not in render(letter, digest(papers=(without,))).html


def test_sample_figures_are_marked_in_both_parts(letter):
    rendered = render(letter, digest(papers=tuple(paper(n, sample=True) for n in range(1, 4))))
    assert "Sample engagement figures" in rendered.html
    assert "Sample engagement figures" in rendered.text
    assert "40 upvotes (sample)" in rendered.html


def test_bars_are_hidden_from_screen_readers_and_votes_are_words(letter):
    html = render(letter, digest(10)).html
    assert len(re.findall('aria-hidden="true"[^>]*>▁', html)) == 7
    assert "400 upvotes" in html


def test_an_own_subject_template_may_frame_the_words(tmp_path):
    (tmp_path / "digest.subject.txt").write_text("[{{ brand }}]\n{{ subject }}\n")
    own = load_letter("digest", [tmp_path, SHIPPED])
    assert render(own, digest(1)).subject == "[Trending Papers] Attention Is All You Need: 1 paper for you"


def test_an_empty_subject_template_falls_back(tmp_path):
    (tmp_path / "digest.subject.txt").write_text(" ")
    own = load_letter("digest", [tmp_path, SHIPPED])
    assert render(own, digest(1)).subject == "Attention Is All You Need: 1 paper for you"


def test_tables_of_the_outlook_branch_balance(letter):
    branch = re.sub(
        r"<!--\[if mso[^\]]*\]>|<!\[endif\]-->|<!--\[if !mso\]><!-->", "", render(letter, digest(10)).html
    )
    for tag in ("table", "tr", "td"):
        assert len(re.findall(rf"<{tag}[\s>]", branch)) == len(re.findall(rf"</{tag}>", branch))
