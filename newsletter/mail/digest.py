"""One reader's digest: the words into the letter's layout, in a size that no mail program clips."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from quopri import decodestring
from typing import Any, NamedTuple

from newsletter.errors import MessageError
from newsletter.mail import content, words
from newsletter.mail.content import DigestContent, PaperShown, Plan, roomy
from newsletter.mail.fragments import SIZE, Bit, html_joined, text_joined
from newsletter.mail.layout import layout
from newsletter.mail.quoted import fragment, newlines
from newsletter.mail.setting import Link, Paper, Setter, Stock, viewed
from newsletter.mail.source import FAULTS
from newsletter.mail.story import Story
from newsletter.mail.template import Letter, fill_in

# Gmail clips the decoded HTML near 102 KB, and the unsubscribe link with it.
BUDGET = 90_000
LINKS = ("unsubscribe_url", "preferences_url", "browser_url")
PLAIN = "{{ subject }}"  # the shipped template of a subject


@dataclass(frozen=True)
class Rendered:
    """One digest in words; of the papers, `shown` stand as cards and `compact` as one-line rows."""

    subject: str
    preheader: str
    html: str
    text: str
    shown: int
    compact: int


class Made(NamedTuple):
    """One digest encoded: the pieces of both parts are to be joined."""

    values: Mapping[str, Any]
    subject: str
    html: list[bytes]
    text: list[bytes]
    plan: Plan


def render(letter: Letter, content_: DigestContent, budget: int = BUDGET) -> Rendered:
    """The same arguments give the same words; `budget` is the most bytes of HTML in UTF-8."""
    stories = content.stories(content_)
    papers: list[Paper] = [
        (stories[place], number, more, less, section, bool(more[0]) + 2 * bool(less[0]) + 4 * bool(section))
        for number, (place, section) in enumerate(content.placed(content_, stories), 1)
        for more, less in [_linked(content_.papers[place])]
    ]
    made = make(letter, content_, papers, budget, Stock(0))
    return Rendered(
        subject=made.subject,
        preheader=made.values["preheader"],
        html=read(made.html),
        text=read(made.text),
        shown=made.plan.cards,
        compact=made.plan.rows,
    )


def _linked(paper: PaperShown) -> tuple[Link, Link]:
    return (words.link(paper.more_url), ""), (words.link(paper.less_url), "")


def make(letter: Letter, facts: DigestContent, papers: Sequence[Paper], budget: int, stock: Stock) -> Made:
    """The digest, encoded; `facts` without papers will do, for `papers` has them.

    To fit, summaries get shorter, then cards become rows, then titles are cut, then the last rows become
    "and N more on the web"; footer and text part stay whole. MessageError when the frame alone is over the
    budget, or a link of the frame is none, or a template stumbles over the values.
    """
    stories = [paper[0] for paper in papers]
    frame = content.frame(facts, stories)
    plan = roomy(len(papers))
    values = _planned(frame, stories, papers, plan)
    try:
        subject = _subject(letter, values, plan) or values["subject"]
        links = _links(values)
        text = text_joined(Setter("text", values, plan, stock, links).bits(layout(letter, "text")))
        unit = layout(letter, "html")
        for fitting in _plans(plan, len(papers)):
            tried = values if fitting is plan else _planned(frame, stories, papers, fitting)
            bits = Setter("html", tried, fitting, stock, links).bits(unit)
            if sum(map(SIZE, bits)) <= budget:
                return Made(values, subject, html_joined(bits), text, fitting)
    except FAULTS as error:
        raise MessageError(f"letter {letter.name!r} fails on these values: {error}") from error
    raise MessageError(
        f"letter {letter.name!r} is over {budget:,} bytes of HTML with a single paper: shorten its template"
    )


def _links(values: Mapping[str, Any]) -> dict[str, Bit]:
    """The reader's own links, encoded for both parts at once, as far as HTML has them as they are."""
    links = [(name, values[name]) for name in LINKS]
    plain = [(name, link) for name, link in links if link.isascii() and "&" not in link and "'" not in link]
    return {name: Bit("", (fragment(link),), "", len(link)) for name, link in plain if link}


def _subject(letter: Letter, values: Mapping[str, Any], plan: Plan) -> str:
    if letter.subject.strip() == PLAIN:
        return words.clean(values["subject"])
    return words.clean(fill_in(letter, "subject", viewed(values, plan)))


def _planned(
    frame: Mapping[str, Any], stories: Sequence[Story], papers: Sequence[Paper], plan: Plan
) -> dict[str, Any]:
    return {**frame, **content.planned(stories, plan, frame["language"]), **content.shared_out(papers, plan)}


def read(pieces: Sequence[bytes]) -> str:
    """An encoded part in words again."""
    return newlines(decodestring(b"".join(pieces)).decode())


def _plans(plan: Plan, count: int) -> Iterator[Plan]:
    """From roomy to tight."""
    yield plan
    for summary in (220, 150):
        plan = replace(plan, summary=summary)
        yield plan
    for cards in range(plan.cards - 1, 0, -1):
        plan = replace(plan, cards=cards, rows=count - cards)
        yield plan
    for title in (180, 120, 80):
        plan = replace(plan, title=title, summary=0)
        yield plan
    while plan.rows:
        plan = replace(plan, rows=plan.rows * 4 // 5)
        yield plan
