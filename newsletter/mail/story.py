"""What a digest says of one paper: the same to all readers of an edition, and why this reader gets it."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from newsletter.mail import words
from newsletter.mail.speech import ENGLISH, Speech, speech

TITLE_LENGTH = 300
SUMMARY_LENGTH = 300
ROW_WHY_LENGTH = 140
LINKS = ("url", "pdf_url", "code_url", "discussion_url", "thumbnail_url")


@dataclass(frozen=True)
class PaperShown:
    """One paper as a digest may show it: untrusted text, TeX already plain, URLs not yet checked.

    `author_count` may be more than the authors named. `history` is upvotes over time, oldest first, and
    `upvotes` None means that no source counts them. `reasons` are sentences that say why this reader gets it.
    `sample` marks engagement figures that are made up for a demonstration. `thumbnail_url` is a small picture of
    the paper. `more_url` and `less_url` are where this reader says what they think of it. `interests` are the
    followed things that brought the paper, of which `topics` are a part.
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
    thumbnail_url: str = ""
    more_url: str = ""
    less_url: str = ""
    interests: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """How much is told: papers as cards (the lead included), then as rows; characters a summary and a title.

    What is neither a card nor a row is counted in "and N more on the web".
    """

    cards: int
    rows: int
    summary: int = SUMMARY_LENGTH
    title: int = TITLE_LENGTH

    @property
    def lengths(self) -> tuple[int, int]:
        """All of it that shapes the words of a single paper."""
        return self.summary, self.title


class Article:
    """One paper in the words that all readers of an edition get; `day` is the edition's."""

    __slots__ = ("_told", "day", "length", "paper", "spammy", "speech", "title")

    def __init__(self, paper: PaperShown, day: dt.date, language: str = ENGLISH) -> None:
        self.paper, self.day, self.speech = paper, day, speech(language)
        self.title = words.cut(words.clean(paper.title[: 4 * TITLE_LENGTH]), TITLE_LENGTH) or self.speech.say(
            "Untitled paper"
        )
        self.spammy = words.spammy(self.title)
        self.length = len(paper.title[:TITLE_LENGTH].split()) + len(self.summary(SUMMARY_LENGTH).split())
        self._told: dict[tuple[int, int], dict[str, Any]] = {}

    def summary(self, limit: int) -> str:
        """The TL;DR when there is one, else the abstract: whole sentences up to about `limit` characters."""
        return words.sentences(self.paper.summary, limit) or words.sentences(self.paper.abstract, limit)

    def words(self, plan: Plan) -> dict[str, Any]:
        """Every shared attribute of a paper in a template; every link is http or https or empty."""
        told = self._told.get(plan.lengths)
        if told is None:
            told = self._told[plan.lengths] = self._words(plan)
        return told

    def _words(self, plan: Plan) -> dict[str, Any]:
        paper, votes = self.paper, _votes(self.paper, self.speech)
        return {
            "title": words.cut(self.title, plan.title),
            "byline": _byline(paper, self.day, self.speech),
            "note": _joined(_first_author(paper), *_category(paper), votes),
            "summary": self.summary(plan.summary),
            "tldr": "TL;DR" if plan.summary and words.clean(paper.summary) else "",
            "votes": votes,
            "sparkline": words.sparkline(paper.history) if votes else "",
            **{name: words.link(getattr(paper, name)) for name in LINKS},
        }


class Story:
    """An article with why its reader gets it: the same for all who get it for the same reasons.

    `length` is how many words it has.
    """

    __slots__ = ("article", "interests", "length", "topics", "trending", "why")

    def __init__(self, article: Article, paper: PaperShown) -> None:
        self.article, self.interests, self.trending = article, paper.interests, paper.trending
        self.why = _why(paper)
        self.topics = tuple(words.cut(words.clean(topic), 30) for topic in paper.topics[:3])
        self.length = article.length + len(self.why.split())

    def words(self, plan: Plan) -> dict[str, Any]:
        """The attributes of a paper in a template that depend on why it was picked."""
        return {
            "why": self.why,
            # Where room is short a row keeps its title: the text part tells the reason all the same.
            "short_why": words.cut(self.why, ROW_WHY_LENGTH) if plan.title == TITLE_LENGTH else "",
            "topics": list(self.topics),
            "trending": self.trending,
        }


def story(paper: PaperShown, day: dt.date, language: str = ENGLISH) -> Story:
    """A paper told once."""
    return Story(Article(paper, day, language), paper)


def _why(paper: PaperShown) -> str:
    reasons = [words.cut(words.clean(reason).rstrip("."), 160) for reason in paper.reasons[:4]]
    ended = (reason if reason.endswith("…") else f"{reason}." for reason in reasons if reason)
    return " ".join(f"{reason[0].upper()}{reason[1:]}" for reason in ended)


def _votes(paper: PaperShown, told: Speech) -> str:
    if paper.upvotes is None:
        return ""
    votes = told.count("{n} upvote", "{n} upvotes", paper.upvotes)
    return told.say("{votes} (sample)", votes=votes) if paper.sample else votes


def _byline(paper: PaperShown, today: dt.date, told: Speech) -> str:
    when = told.short_date(paper.published or paper.announced, today)
    return _joined(_authors(paper, told), words.cut(words.clean(paper.organization), 60), when, *_category(paper))


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _category(paper: PaperShown) -> list[str]:
    return [words.cut(words.clean(category), 30) for category in paper.categories[:1]]


def _authors(paper: PaperShown, told: Speech) -> str:
    """Three names and how many others there are."""
    names = [words.cut(words.clean(author), 60) for author in paper.authors[:3]]
    others = max(paper.author_count, len(paper.authors)) - len(names)
    named = [*names, told.count("{n} other", "{n} others", others)] if names and others else names
    return told.listed(named, most=4)


def _first_author(paper: PaperShown) -> str:
    name = words.cut(words.clean(paper.authors[0]), 60) if paper.authors else ""
    return f"{name} et al." if name and max(paper.author_count, len(paper.authors)) > 1 else name
