"""Any template laid out and filled in is what Jinja makes of it, and nothing personal is in what readers share."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mail_oracle import ODD, assert_as_jinja, own
from mail_papers import digest, paper

from newsletter.errors import MessageError
from newsletter.mail.digest import render
from newsletter.mail.layout import Block, Piece, Plain, layout
from newsletter.mail.template import load_letter
from newsletter.mail.uses import OWN, PAPERS, PERSONAL

SHIPPED = Path(__file__).parent.parent / "templates" / "email"
WORDS = st.text(st.one_of(st.sampled_from(" .=\n\ta<&'é😀x\u0301\u202e\u200d"), st.characters()), max_size=60)
LINKS = st.sampled_from(["", "https://x.test/a?b=1&c=.", "javascript:x"])
PAPER = st.builds(
    lambda number, link, **changes: paper(number, more_url=link, less_url=link, **changes),
    st.integers(1, 10),
    LINKS,
    title=WORDS,
    summary=WORDS,
    organization=WORDS,
    reasons=st.lists(WORDS, max_size=2).map(tuple),
    topics=st.lists(WORDS, max_size=4).map(tuple),
    interests=st.lists(st.sampled_from(["", "A", "B <b>"]), max_size=1).map(tuple),
    trending=st.booleans(),
    upvotes=st.sampled_from([None, 0, 7]),
)
CONTENTS = (
    digest(0),
    digest(1),
    digest(3),
    digest(12),
    digest(9, reader_name="<b>é & 'x'", brand="A & B", browser_url="", archive_url=""),
    digest(papers=tuple(paper(n, reasons=(), more_url="", topics=(), upvotes=None) for n in range(1, 11))),
)


@pytest.fixture(scope="module")
def letter():
    """The digest as it is shipped."""
    return load_letter("digest", [SHIPPED])


@pytest.mark.parametrize("source", ODD, ids=range(len(ODD)))
def test_an_odd_template_is_filled_in_as_by_jinja(source):
    for content in CONTENTS:
        assert_as_jinja(own(source, source), content)


@given(
    st.lists(PAPER, max_size=12).map(tuple),
    WORDS,
    WORDS,
    st.lists(WORDS, max_size=5).map(tuple),
    st.integers(0, 10**4),
)
def test_the_shipped_digest_is_filled_in_as_by_jinja(letter, papers, name, address, interests, considered):
    content = digest(
        papers=papers,
        reader_name=name,
        to_email=address,
        brand=address,
        interests=interests,
        considered=considered,
    )
    assert_as_jinja(letter, content)


@pytest.mark.parametrize("budget", [40_000, 33_000, 30_000, 24_000, 20_500])
@pytest.mark.parametrize("count", [2, 10, 25])
def test_the_size_is_counted_as_jinja_would_fill_it_in(letter, count, budget):
    assert_as_jinja(letter, digest(count, reader_name="Łukasz"), budget)


@given(st.permutations(ODD), st.integers(1, 4))
def test_templates_may_be_put_together(sources, count):
    source = "\n".join(sources[:count])

    assert_as_jinja(own(source, source), digest(9))


def units(unit):
    yield unit
    for hole in unit.holes:
        if isinstance(hole, Block):
            yield from units(hole.unit)


@pytest.mark.parametrize("part", ["html", "text"])
def test_what_readers_share_holds_nothing_of_theirs(letter, part):
    for source in (None, *ODD):
        for unit in units(layout(letter if source is None else own(source, source), part)):
            assert not (PERSONAL | PAPERS | OWN).intersection(unit.shared)


def test_the_shipped_digest_has_only_holes_that_are_cheap_to_fill(letter):
    html, text = layout(letter, "html"), layout(letter, "text")
    blocks = {hole.over: hole.unit for hole in html.holes if isinstance(hole, Block)}

    assert set(blocks) == {"lead", "cards", "rows"}
    assert [hole.over for hole in text.holes if isinstance(hole, Block)] == ["papers"]
    assert all(hole.filtered for hole in text.holes if isinstance(hole, Piece))
    for unit in blocks.values():
        assert all(isinstance(hole, Plain) or not hole.late for hole in unit.holes)


def test_a_loop_that_cannot_be_taken_apart_leaves_the_rest_as_it_is():
    source = "{{ headline }}{% for p in cards %}{% set t = p.why %}{{ t }}{% endfor %}{{ reason }}"

    assert [type(hole) for hole in layout(own(source), "html").holes] == [Plain, Piece, Plain]


def test_a_template_that_stumbles_over_values_is_named():
    with pytest.raises(MessageError, match=r"letter 'digest' fails on these values: .*'nothing' is undefined"):
        render(own("{% if headline %}{{ nothing }}{% endif %}"), digest(1))
    with pytest.raises(MessageError, match="letter 'digest' fails on these values: "):
        render(own("{% for p in papers %}{{ p.why + 1 }}{% endfor %}"), digest(1))


def test_half_a_character_in_a_template_is_refused():
    with pytest.raises(MessageError, match=r"text/html: character 1 is '.ud83d'"):
        render(own("a{{ '\\ud83d' }}{{ headline }}"), digest(1))
