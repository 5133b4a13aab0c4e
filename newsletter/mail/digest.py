"""One reader's digest: the words into the letter's template, in a size that no mail program clips."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from newsletter.errors import MessageError
from newsletter.mail import words
from newsletter.mail.content import DigestContent, Plan, roomy, variables
from newsletter.mail.template import Letter, fill_in

# Gmail clips the decoded HTML near 102 KB, and the unsubscribe link with it.
BUDGET = 90_000


Values = dict[str, Any]


@dataclass(frozen=True)
class Rendered:
    """One digest in words; of the papers, `shown` stand as cards and `compact` as one-line rows."""

    subject: str
    preheader: str
    html: str
    text: str
    shown: int
    compact: int


def render(letter: Letter, content: DigestContent, budget: int = BUDGET) -> Rendered:
    """The same arguments give the same bytes; `budget` is the most bytes of HTML in UTF-8.

    To fit, summaries get shorter, then cards become rows, then titles are cut, then the last rows become
    "and N more on the web"; footer and text part stay whole. MessageError when the frame alone is over the
    budget, or a link of the frame is none.
    """
    values = variables(content, roomy(len(content.papers)))
    subject = words.clean(fill_in(letter, "subject", values)) or values["subject"]
    plan, html = _fitting(letter, content, budget, values)
    return Rendered(
        subject=subject,
        preheader=values["preheader"],
        html=html,
        text=words.tidy(fill_in(letter, "text", values)),
        shown=plan.cards,
        compact=plan.rows,
    )


def _fitting(letter: Letter, content: DigestContent, budget: int, roomy_values: Values) -> tuple[Plan, str]:
    for number, plan in enumerate(_plans(len(content.papers))):
        html = fill_in(letter, "html", variables(content, plan) if number else roomy_values)
        if len(html.encode()) <= budget:
            return plan, html
    raise MessageError(
        f"letter {letter.name!r} is over {budget:,} bytes of HTML with a single paper: shorten its template"
    )


def _plans(count: int) -> Iterator[Plan]:
    """From roomy to tight."""
    plan = roomy(count)
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
