"""A paper as the pages show it: untrusted text made safe and short, links checked, figures in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from newsletter import edition
from newsletter.links import Links
from newsletter.mail import words
from newsletter.mail.content import PaperShown
from newsletter.showcase import Shown

TITLE_LENGTH = 300
SUMMARY_LENGTH = 360
ABSTRACT_LENGTH = 8_000
NAME_LENGTH = 80
MOST_NAMED = 3  # authors in a list
ADDRESSES = ("url", "pdf_url", "code_url", "discussion_url")


@dataclass(frozen=True)
class Card:
    """One paper in a list: each text is one line of visible characters, each address http, https or empty.

    `page` is the paper's own page with us, `url` where it was published. `history` is upvotes, oldest first, and
    `sample` marks figures that are made up.
    """

    page: str
    title: str
    byline: str
    summary: str
    topics: tuple[str, ...]
    votes: str
    history: tuple[int, ...]
    sample: bool
    url: str
    pdf_url: str
    code_url: str
    discussion_url: str


def card(shown: Shown, links: Links, today: date) -> Card:
    """The paper for a list that is read on `today`."""
    content = shown.content
    votes = votes_in(content)
    return Card(
        page=links.paper(shown.key),
        title=title_in(content),
        byline=" · ".join(part for part in _byline(content, today) if part),
        summary=summary_in(content),
        topics=shown.topics,
        votes=votes,
        history=tuple(shown.history) if votes else (),
        sample=bool(votes and content["sample"]),
        **addresses_in(content),
    )


def title_in(content: Mapping[str, Any], most: int = TITLE_LENGTH) -> str:
    """The title in at most `most` characters; never empty."""
    return words.cut(words.clean(content["title"][: 4 * TITLE_LENGTH]), most) or "Untitled paper"


def summary_in(content: Mapping[str, Any], most: int = SUMMARY_LENGTH) -> str:
    """The TL;DR when there is one, else the abstract's first sentences."""
    return words.sentences(content["summary"], most) or words.sentences(content["abstract"], most)


def authors_in(content: Mapping[str, Any], most: int = MOST_NAMED) -> str:
    """Like "Ada Lovelace, Emmy Noether and 8 others"."""
    names = [name for name in (_name(each) for each in content["authors"][:most]) if name]
    others = max(content["author_count"], len(content["authors"])) - len(names)
    rest = f"{others:,} {'other' if others == 1 else 'others'}"
    return words.listed([*names, rest] if others else names, most=most + 1) if names else ""


def votes_in(content: Mapping[str, Any]) -> str:
    """Like "96 upvotes", marked where the figures are made up; "" where no source counts them."""
    if content["upvotes"] is None:
        return ""
    return words.counted(content["upvotes"], "upvote") + (" (sample)" if content["sample"] else "")


def addresses_in(content: Mapping[str, Any]) -> dict[str, str]:
    """The paper's links out, each http or https or empty."""
    return {name: words.link(content[name]) for name in ADDRESSES}


def categories_in(content: Mapping[str, Any]) -> list[str]:
    """All categories, such as cs.CL."""
    return [name for name in (words.cut(words.clean(each), 30) for each in content["categories"]) if name]


def organization_in(content: Mapping[str, Any]) -> str:
    """Who stands behind the paper, "" when no source says."""
    return _name(content["organization"])


def in_digest(shown: Shown) -> PaperShown:
    """The same paper as a digest takes it."""
    facts: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in shown.content.items()
    }
    facts |= {name: edition.day(shown.content[name]) for name in ("published", "announced")}
    return PaperShown(**facts, topics=shown.topics, reasons=shown.reasons, trending=shown.trending)


def _byline(content: Mapping[str, Any], today: date) -> tuple[str, ...]:
    day = edition.day(content["published"] or content["announced"])
    when = words.short_date(day, today) if day else ""
    return authors_in(content), organization_in(content), when, *categories_in(content)[:1]


def _name(text: str) -> str:
    return words.cut(words.clean(text[: 4 * NAME_LENGTH]), NAME_LENGTH)
