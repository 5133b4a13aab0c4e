"""What a digest says: the raw facts that come in, and the words about them that a template shows."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from newsletter.mail import words
from newsletter.mail.story import PaperShown, Plan, Story, story

__all__ = ["DigestContent", "PaperShown", "Plan", "roomy", "variables"]

WORDS_A_MINUTE = 220
SUBJECT_LENGTH = 70
MOST_CARDS = 7
SAMPLE_NOTE = "Sample engagement figures: upvotes and their history are made up."
# U+2007 U+034F U+00AD: blanks that clients do not collapse: in the inbox no body text follows the preheader.
PREHEADER_PAD = "\u2007\u034f\u00ad " * 40
# How many papers a subject names, and in how many characters each: the first that does is taken.
NAMED = ((2, 36), (2, 28), (1, 50), (2, 22), (1, 36))


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


def roomy(count: int) -> Plan:
    """The plan when size does not matter: a lead, six more cards, the rest as rows (never a lone row)."""
    cards = count if count <= MOST_CARDS + 1 else MOST_CARDS
    return Plan(cards, count - cards)


def stories(content: DigestContent) -> list[Story]:
    """The papers of a digest in words."""
    return [story(paper, content.date) for paper in content.papers]


def variables(content: DigestContent, plan: Plan) -> dict[str, Any]:
    """All that the three digest templates may use; MessageError on a link that is not one."""
    told = stories(content)
    views = [
        {
            "number": number,
            **each.article.words(plan),
            **each.words(plan),
            "more_url": words.link(paper.more_url),
            "less_url": words.link(paper.less_url),
        }
        for number, (each, paper) in enumerate(zip(told, content.papers, strict=True), 1)
    ]
    return frame(content, told) | planned(told, plan) | shared_out(views, plan)


def shared_out(papers: Sequence[Any], plan: Plan) -> dict[str, Any]:
    """The papers of a digest by their place in it."""
    return {
        "papers": papers,
        "lead": papers[0] if plan.cards and papers else None,
        "cards": papers[1 : plan.cards],
        "rows": papers[plan.cards : plan.cards + plan.rows],
    }


def planned(told: Sequence[Story], plan: Plan) -> dict[str, Any]:
    """What stands around the papers and depends on how much of them is told."""
    shown = plan.cards + plan.rows
    trending = all(each.trending for each in told[plan.cards : shown])
    return {
        "rows_heading": "Also trending" if trending else "More for you",
        "more": _more(len(told) - shown),
    }


def frame(content: DigestContent, told: Sequence[Story]) -> dict[str, Any]:
    """What stands around the papers whatever the plan: subject, masthead and footer."""
    fitting = picked(content, told)
    line, named = naming(told)
    return {
        **_standing(
            content.language,
            content.brand,
            content.date,
            content.postal_address,
            content.site_url,
            content.archive_url,
        ),
        "subject": line,
        "preheader": _preheader(told, named, fitting),
        "headline": headline(content, len(told)),
        "dek": _dek(content, fitting),
        "reason": reason(content),
        "to_email": words.clean(content.to_email),
        "sample_note": SAMPLE_NOTE if _sample(content, told) else "",
        "unsubscribe_url": words.must("unsubscribe_url", content.unsubscribe_url),
        "preferences_url": words.must("preferences_url", content.preferences_url),
        "browser_url": words.link(content.browser_url),
    }


@lru_cache(maxsize=256)
def _standing(
    language: str, brand: str, date: dt.date, postal_address: str, site_url: str, archive_url: str
) -> dict[str, Any]:
    """What is the same in all digests of a day."""
    language = words.clean(language)[:35] or "en"
    return {
        "language": language,
        "direction": words.direction(language),
        "brand": _brand(brand),
        "date": words.long_date(date),
        "postal_address": words.cut(words.clean(postal_address), 300),
        "site_url": words.must("site_url", site_url),
        "archive_url": words.link(archive_url),
        "preheader_pad": PREHEADER_PAD,
    }


def _sample(content: DigestContent, told: Sequence[Story]) -> bool:
    return content.sample or any(each.article.paper.sample for each in told)


@lru_cache(maxsize=64)
def _brand(brand: str) -> str:
    return words.cut(words.clean(brand), 60) or "Papers"


def _more(count: int) -> str:
    return f"and {words.counted(count, 'more paper')} on the web" if count else ""


def reason(content: DigestContent) -> str:
    """Why this mail came, as sender guidelines ask: the address, the act and its day."""
    when = f" on {words.plain_date(content.joined)}" if content.joined else ""
    return f"You get this because {words.clean(content.to_email)} subscribed to {_brand(content.brand)}{when}."


def headline(content: DigestContent, count: int) -> str:
    """Like "Ten papers for Ada", or without a name "Ten papers for your Thursday"."""
    name = words.cut(words.clean(content.reader_name), 40) or f"your {words.WEEKDAYS[content.date.weekday()]}"
    number = words.number_word(count)
    return f"{number[0].upper()}{number[1:]} {'paper' if count == 1 else 'papers'} for {name}"


def _dek(content: DigestContent, fitting: str) -> str:
    """What stands under the headline: after a silence that we are still here, then how the papers were picked."""
    if content.quiet_since is None:
        return fitting
    silence = f"{words.counted(content.quiet, 'digest')} in a row, since {words.plain_date(content.quiet_since)}"
    return f"Still here: nothing was worth sending for {silence}. {fitting}"


def picked(content: DigestContent, told: Sequence[Story]) -> str:
    """Like "Picked for A, B and C from 412 recent papers · 6 min read"; what is not known is left out."""
    interests = [_interest(interest) for interest in content.interests]
    fitting = f" for {words.listed(interests, rest='more topics')}" if interests else ""
    pool = f" from {content.considered:,} recent papers" if content.considered > len(told) else ""
    said = f"Picked{fitting or ' for you'}{pool}"
    return f"{said} · {_minutes(told)}\u00a0min\u00a0read" if told else said


@lru_cache(maxsize=4_096)
def _interest(interest: str) -> str:
    return words.cut(words.clean(interest), 40)


def _minutes(told: Sequence[Story]) -> int:
    return max(1, round(sum([each.length for each in told]) / WORDS_A_MINUTE))


def naming(told: Sequence[Story]) -> tuple[str, list[str]]:
    """The subject, and the titles that it names: at most 70 characters, never empty, never a shout.

    It names the first papers and counts the rest; a line that need not cut a name wins.
    """
    titles = [each.article.title for each in told[:5] if not each.article.spammy]
    fitting: list[tuple[str, list[str]]] = []
    for most, limit in NAMED:
        for ending in (" for you", ""):
            line = _named(titles[:most], limit, len(told), ending)
            if len(line) <= SUBJECT_LENGTH:
                fitting.append((line, titles[:most]))
                if "…" not in line:
                    return fitting[-1]
    return fitting[0]


def _named(titles: Sequence[str], limit: int, count: int, ending: str) -> str:
    names = [words.short_name(title, limit) for title in titles]
    rest = count - len(names)
    if not names:
        return f"{words.counted(count, 'paper')} for you" if count else "No new papers this time"
    if not rest:
        return f"{' and '.join(names)}: {words.counted(count, 'paper')}{ending}"
    return f"{', '.join(names)} and {words.counted(rest, 'more paper')}{ending}"


def _preheader(told: Sequence[Story], named: Sequence[str], fitting: str) -> str:
    """What the subject did not say: the next papers' names, else how the first one begins."""
    others = [each.article.title for each in told[:6] if each.article.title not in named][:3]
    if others:
        return f"Also inside: {words.listed([words.short_name(title, 40) for title in others])}. {fitting}"
    return next((summary for each in told if (summary := each.article.summary(120))), fitting)
