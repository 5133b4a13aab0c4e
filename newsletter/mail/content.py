"""What a digest says: the raw facts that come in, and the words about them that a template shows."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from newsletter.mail import words

WORDS_A_MINUTE = 220
SUBJECT_LENGTH = 70
TITLE_LENGTH = 300
SUMMARY_LENGTH = 300
ROW_WHY_LENGTH = 140
MOST_CARDS = 7
SAMPLE_NOTE = "Sample engagement figures: upvotes and their history are made up."
PAPER_LINKS = ("url", "pdf_url", "code_url", "discussion_url", "more_url", "less_url")
# U+2007 U+034F U+00AD: blanks that clients do not collapse: in the inbox no body text follows the preheader.
PREHEADER_PAD = "\u2007\u034f\u00ad " * 40


@dataclass(frozen=True)
class PaperShown:
    """One paper as a digest may show it: untrusted text, TeX already plain, URLs not yet checked.

    `author_count` may be more than the authors named. `history` is upvotes over time, oldest first, and
    `upvotes` None means that no source counts them. `reasons` are sentences that say why this reader gets it.
    `sample` marks engagement figures that are made up for a demonstration. `more_url` and `less_url` are where
    this reader says what they think of it.
    """

    key: str
    title: str
    url: str
    authors: tuple[str, ...]
    author_count: int
    categories: tuple[str, ...]
    organization: str
    summary: str
    abstract: str
    published: dt.date | None
    announced: dt.date
    pdf_url: str
    code_url: str
    discussion_url: str
    upvotes: int | None
    history: tuple[int, ...]
    sample: bool
    topics: tuple[str, ...]
    reasons: tuple[str, ...]
    trending: bool
    more_url: str = ""
    less_url: str = ""


@dataclass(frozen=True)
class DigestContent:
    """Everything one reader's digest is made of: `papers` best first, picked from `considered`.

    `date` is the reader's local day and `language` a BCP 47 tag of the words in the templates. `quiet` counts the
    reader's digests right before this one that brought nothing, from the day `quiet_since` on.
    """

    brand: str
    site_url: str
    postal_address: str
    date: dt.date
    to_email: str
    reader_name: str
    joined: dt.date | None
    considered: int
    interests: tuple[str, ...]
    papers: tuple[PaperShown, ...]
    unsubscribe_url: str
    preferences_url: str
    archive_url: str
    browser_url: str
    language: str = "en"
    sample: bool = False
    quiet: int = 0
    quiet_since: dt.date | None = None


@dataclass(frozen=True)
class Plan:
    """How much is told: papers as cards (the lead included), then as rows; characters a summary and a title.

    What is neither a card nor a row is counted in "and N more on the web".
    """

    cards: int
    rows: int
    summary: int = SUMMARY_LENGTH
    title: int = TITLE_LENGTH


def roomy(count: int) -> Plan:
    """The plan when size does not matter: a lead, six more cards, the rest as rows (never a lone row)."""
    cards = count if count <= MOST_CARDS + 1 else MOST_CARDS
    return Plan(cards, count - cards)


def variables(content: DigestContent, plan: Plan) -> dict[str, Any]:
    """All that the three digest templates may use; MessageError on a link that is not one."""
    views = [_paper(paper, number, content.date, plan) for number, paper in enumerate(content.papers, 1)]
    shown = plan.cards + plan.rows
    rows = views[plan.cards : shown]
    return _frame(content) | {
        "subject": subject(content),
        "preheader": preheader(content),
        "preheader_pad": PREHEADER_PAD,
        "headline": headline(content),
        "dek": dek(content),
        "papers": views,
        "lead": views[0] if plan.cards and views else None,
        "cards": views[1 : plan.cards],
        "rows": rows,
        "rows_heading": "Also trending" if all(row["trending"] for row in rows) else "More for you",
        "more": _more(len(views) - shown),
    }


def _frame(content: DigestContent) -> dict[str, Any]:
    """What stands around the papers: masthead and footer."""
    language = words.clean(content.language)[:35] or "en"
    return {
        "language": language,
        "direction": words.direction(language),
        "brand": _brand(content),
        "date": words.long_date(content.date),
        "reason": reason(content),
        "to_email": words.clean(content.to_email),
        "postal_address": words.cut(words.clean(content.postal_address), 300),
        "sample_note": SAMPLE_NOTE if _sample(content) else "",
        **words.needed(content, "site_url", "unsubscribe_url", "preferences_url"),
        **{name: words.link(getattr(content, name)) for name in ("archive_url", "browser_url")},
    }


def _sample(content: DigestContent) -> bool:
    return content.sample or any(paper.sample for paper in content.papers)


def _brand(content: DigestContent) -> str:
    return words.cut(words.clean(content.brand), 60) or "Papers"


def _more(count: int) -> str:
    return f"and {words.counted(count, 'more paper')} on the web" if count else ""


def reason(content: DigestContent) -> str:
    """Why this mail came, as sender guidelines ask: the address, the act and its day."""
    when = f" on {words.plain_date(content.joined)}" if content.joined else ""
    return f"You get this because {words.clean(content.to_email)} subscribed to {_brand(content)}{when}."


def headline(content: DigestContent) -> str:
    """Like "Ten papers for Ada", or without a name "Ten papers for your Thursday"."""
    count = len(content.papers)
    name = words.cut(words.clean(content.reader_name), 40) or f"your {words.WEEKDAYS[content.date.weekday()]}"
    number = words.number_word(count)
    return f"{number[0].upper()}{number[1:]} {'paper' if count == 1 else 'papers'} for {name}"


def dek(content: DigestContent) -> str:
    """What stands under the headline: after a silence that we are still here, then how the papers were picked."""
    if content.quiet_since is None:
        return picked(content)
    silence = f"{words.counted(content.quiet, 'digest')} in a row, since {words.plain_date(content.quiet_since)}"
    return f"Still here: nothing was worth sending for {silence}. {picked(content)}"


def picked(content: DigestContent) -> str:
    """Like "Picked for A, B and C from 412 recent papers · 6 min read"; what is not known is left out."""
    interests = [words.cut(words.clean(interest), 40) for interest in content.interests]
    fitting = f" for {words.listed(interests, rest='more topics')}" if interests else ""
    pool = f" from {content.considered:,} recent papers" if content.considered > len(content.papers) else ""
    told = f"Picked{fitting or ' for you'}{pool}"
    return f"{told} · {_minutes(content.papers)}\u00a0min\u00a0read" if content.papers else told


def _minutes(papers: Sequence[PaperShown]) -> int:
    told = sum(
        len(f"{paper.title[:TITLE_LENGTH]} {_summary(paper, SUMMARY_LENGTH)} {_why(paper)}".split())
        for paper in papers
    )
    return max(1, round(told / WORDS_A_MINUTE))


def subject(content: DigestContent) -> str:
    """At most 70 characters that name the first papers and count the rest; never empty, never a shout."""
    return _naming(content)[0]


def _naming(content: DigestContent) -> tuple[str, list[str]]:
    """The subject, and the titles that it names; a line that need not cut a name wins."""
    titles = [title for title in map(_title, content.papers[:5]) if not words.spammy(title)]
    lines = [
        (_named(titles[:most], limit, len(content.papers), ending), titles[:most])
        for most, limit in ((2, 36), (2, 28), (1, 50), (2, 22), (1, 36))
        for ending in (" for you", "")
    ]
    fitting = [(line, named) for line, named in lines if len(line) <= SUBJECT_LENGTH]
    return next((pair for pair in fitting if "…" not in pair[0]), fitting[0])


def _named(titles: Sequence[str], limit: int, count: int, ending: str) -> str:
    names = [words.short_name(title, limit) for title in titles]
    rest = count - len(names)
    if not names:
        return f"{words.counted(count, 'paper')} for you" if count else "No new papers this time"
    if not rest:
        return f"{' and '.join(names)}: {words.counted(count, 'paper')}{ending}"
    return f"{', '.join(names)} and {words.counted(rest, 'more paper')}{ending}"


def preheader(content: DigestContent) -> str:
    """What the subject did not say: the next papers' names, else how the first one begins."""
    told = _naming(content)[1]
    others = [title for title in map(_title, content.papers[:6]) if title not in told][:3]
    if others:
        return f"Also inside: {words.listed([words.short_name(title, 40) for title in others])}. {picked(content)}"
    return next((_summary(paper, 120) for paper in content.papers if _summary(paper, 120)), picked(content))


def _paper(paper: PaperShown, number: int, today: dt.date, plan: Plan) -> dict[str, Any]:
    """One paper in words; every link is http or https or empty."""
    votes = _votes(paper)
    return {
        "number": number,
        "title": words.cut(_title(paper), plan.title),
        "byline": _byline(paper, today),
        "note": _joined(_first_author(paper), *_category(paper), votes),
        "summary": _summary(paper, plan.summary),
        "why": _why(paper),
        # Where room is short a row keeps its title: the text part tells the reason all the same.
        "short_why": words.cut(_why(paper), ROW_WHY_LENGTH) if plan.title == TITLE_LENGTH else "",
        "topics": [words.cut(words.clean(topic), 30) for topic in paper.topics[:3]],
        "trending": paper.trending,
        "votes": votes,
        "sparkline": words.sparkline(paper.history) if votes else "",
        **{name: words.link(getattr(paper, name)) for name in PAPER_LINKS},
    }


def _title(paper: PaperShown) -> str:
    return words.cut(words.clean(paper.title[: 4 * TITLE_LENGTH]), TITLE_LENGTH) or "Untitled paper"


def _summary(paper: PaperShown, limit: int) -> str:
    """The TL;DR when there is one, else the abstract: whole sentences up to about `limit` characters."""
    return words.sentences(paper.summary, limit) or words.sentences(paper.abstract, limit)


def _why(paper: PaperShown) -> str:
    reasons = [words.cut(words.clean(reason).rstrip("."), 160) for reason in paper.reasons[:4]]
    ended = (reason if reason.endswith("…") else f"{reason}." for reason in reasons if reason)
    return " ".join(f"{reason[0].upper()}{reason[1:]}" for reason in ended)


def _votes(paper: PaperShown) -> str:
    if paper.upvotes is None:
        return ""
    return words.counted(paper.upvotes, "upvote") + (" (sample)" if paper.sample else "")


def _byline(paper: PaperShown, today: dt.date) -> str:
    when = words.short_date(paper.published or paper.announced, today)
    return _joined(_authors(paper), words.cut(words.clean(paper.organization), 60), when, *_category(paper))


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _category(paper: PaperShown) -> list[str]:
    return [words.cut(words.clean(category), 30) for category in paper.categories[:1]]


def _authors(paper: PaperShown) -> str:
    """Three names and how many others there are."""
    names = [words.cut(words.clean(author), 60) for author in paper.authors[:3]]
    others = max(paper.author_count, len(paper.authors)) - len(names)
    named = [*names, words.counted(others, "other")] if names and others else names
    return words.listed(named, most=4)


def _first_author(paper: PaperShown) -> str:
    name = words.cut(words.clean(paper.authors[0]), 60) if paper.authors else ""
    return f"{name} et al." if name and max(paper.author_count, len(paper.authors)) > 1 else name
