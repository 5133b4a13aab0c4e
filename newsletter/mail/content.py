"""What a digest says: the raw facts that come in, and the words about them that a template shows."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from newsletter.mail import words
from newsletter.mail.sections import Placed, arranged
from newsletter.mail.speech import Speech, speech
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

MINUTES = "{n}\u00a0min\u00a0read"
MORE_TOPICS = ("{n} more topic", "{n} more topics")
# By whether the reader's interests and the number of papers looked through are known.
PICKED = {
    (True, True): "Picked for {interests} from {pool} recent papers",
    (True, False): "Picked for {interests}",
    (False, True): "Picked for you from {pool} recent papers",
    (False, False): "Picked for you",
}
SUBJECTS = (
    ("{n} paper for you", "{n} papers for you"),
    ("{names}: {n} paper for you", "{names}: {n} papers for you"),
    ("{names}: {n} paper", "{names}: {n} papers"),
    ("{names} and {n} more paper for you", "{names} and {n} more papers for you"),
    ("{names} and {n} more paper", "{names} and {n} more papers"),
)


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
    return [story(paper, content.date, content.language) for paper in content.papers]


def placed(content: DigestContent, told: Sequence[Story]) -> list[Placed]:
    """The order in which a digest tells its stories, with the headings of its sections."""
    return arranged(told, roomy(len(told)).cards, speech(content.language))


def variables(content: DigestContent, plan: Plan) -> dict[str, Any]:
    """All that the three digest templates may use; MessageError on a link that is not one."""
    unsorted = stories(content)
    places = placed(content, unsorted)
    told = [unsorted[place] for place, _ in places]
    views = [
        {
            "number": number,
            **each.article.words(plan),
            "section": section,
            **each.words(plan),
            "more_url": words.link(content.papers[place].more_url),
            "less_url": words.link(content.papers[place].less_url),
        }
        for number, (each, (place, section)) in enumerate(zip(told, places, strict=True), 1)
    ]
    return frame(content, told) | planned(told, plan, content.language) | shared_out(views, plan)


def shared_out(papers: Sequence[Any], plan: Plan) -> dict[str, Any]:
    """The papers of a digest by their place in it."""
    return {
        "papers": papers,
        "lead": papers[0] if plan.cards and papers else None,
        "cards": papers[1 : plan.cards],
        "rows": papers[plan.cards : plan.cards + plan.rows],
    }


def planned(told: Sequence[Story], plan: Plan, language: str) -> dict[str, Any]:
    """What stands around the papers and depends on how much of them is told."""
    shown, speaks = plan.cards + plan.rows, speech(language)
    trending = all(each.trending for each in told[plan.cards : shown])
    rest = len(told) - shown
    more = speaks.count("and {n} more paper on the web", "and {n} more papers on the web", rest) if rest else ""
    return {"rows_heading": speaks.say("Also trending") if trending else speaks.say("More for you"), "more": more}


def frame(content: DigestContent, told: Sequence[Story]) -> dict[str, Any]:
    """What stands around the papers whatever the plan: subject, masthead and footer."""
    speaks = speech(content.language)
    fitting = picked(content, told, speaks)
    line, named = naming(told, speaks)
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
        "preheader": _preheader(told, named, fitting, speaks),
        "headline": headline(content, len(told), speaks),
        "dek": _dek(content, fitting, speaks),
        "reason": reason(content, speaks),
        "to_email": words.clean(content.to_email),
        "sample_note": speaks.say(SAMPLE_NOTE) if _sample(content, told) else "",
        "unsubscribe_url": words.must("unsubscribe_url", content.unsubscribe_url),
        "preferences_url": words.must("preferences_url", content.preferences_url),
        "browser_url": words.link(content.browser_url),
    }


@lru_cache(maxsize=256)
def _standing(
    language: str, brand: str, date: dt.date, postal_address: str, site_url: str, archive_url: str
) -> dict[str, Any]:
    """What is the same in all digests of a day."""
    speaks = speech(language)
    return {
        "language": speaks.language,
        "direction": speaks.direction,
        "brand": _brand(brand),
        "date": speaks.long_date(date),
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


def reason(content: DigestContent, speaks: Speech) -> str:
    """Why this mail came, as sender guidelines ask: the address, the act and its day."""
    facts = {"to": words.clean(content.to_email), "brand": _brand(content.brand)}
    if content.joined is None:
        return speaks.say("You get this because {to} subscribed to {brand}.", **facts)
    day = speaks.plain_date(content.joined)
    return speaks.say("You get this because {to} subscribed to {brand} on {day}.", day=day, **facts)


def headline(content: DigestContent, count: int, speaks: Speech) -> str:
    """Like "Ten papers for Ada", or without a name "Ten papers for your Thursday"."""
    number, name = speaks.number_word(count), words.cut(words.clean(content.reader_name), 40)
    if name:
        return speaks.count(
            "{number} paper for {name}", "{number} papers for {name}", count, number=number, name=name
        )
    day = speaks.weekday(content.date.weekday())
    return speaks.count(
        "{number} paper for your {day}", "{number} papers for your {day}", count, number=number, day=day
    )


def _dek(content: DigestContent, fitting: str, speaks: Speech) -> str:
    """What stands under the headline: after a silence that we are still here, then how the papers were picked."""
    if content.quiet_since is None:
        return fitting
    silence = speaks.count(
        "Still here: nothing was worth sending for {n} digest in a row, since {day}.",
        "Still here: nothing was worth sending for {n} digests in a row, since {day}.",
        content.quiet,
        day=speaks.plain_date(content.quiet_since),
    )
    return f"{silence} {fitting}"


def picked(content: DigestContent, told: Sequence[Story], speaks: Speech) -> str:
    """Like "Picked for A, B and C from 412 recent papers · 6 min read"; what is not known is left out."""
    interests = [_interest(interest) for interest in content.interests]
    fitting = speaks.listed(interests, rest=MORE_TOPICS)
    pool = speaks.number(content.considered) if content.considered > len(told) else ""
    said = speaks.say(PICKED[bool(fitting), bool(pool)], interests=fitting, pool=pool)
    return f"{said} · {speaks.say(MINUTES, n=_minutes(told))}" if told else said


@lru_cache(maxsize=4_096)
def _interest(interest: str) -> str:
    return words.cut(words.clean(interest), 40)


def _minutes(told: Sequence[Story]) -> int:
    return max(1, round(sum([each.length for each in told]) / WORDS_A_MINUTE))


def naming(told: Sequence[Story], speaks: Speech) -> tuple[str, list[str]]:
    """The subject, and the titles that it names: at most 70 characters, never empty, never a shout.

    It names the first papers and counts the rest; a line that need not cut a name wins.
    """
    titles = [each.article.title for each in told[:5] if not each.article.spammy]
    fitting: list[tuple[str, list[str]]] = []
    for most, limit in NAMED:
        for for_you in (True, False):
            line = _named(titles[:most], limit, len(told), speaks, for_you=for_you)
            if len(line) <= SUBJECT_LENGTH:
                fitting.append((line, titles[:most]))
                if "…" not in line:
                    return fitting[-1]
    return fitting[0] if fitting else (_named([], 0, len(told), speaks, for_you=True), [])


def _named(titles: Sequence[str], limit: int, count: int, speaks: Speech, *, for_you: bool) -> str:
    names = [words.short_name(title, limit) for title in titles]
    rest = count - len(names)
    if not names:
        return speaks.count(*SUBJECTS[0], count) if count else speaks.say("No new papers this time")
    if not rest:
        return speaks.count(*SUBJECTS[1 if for_you else 2], count, names=speaks.listed(names))
    return speaks.count(*SUBJECTS[3 if for_you else 4], rest, names=", ".join(names))


def _preheader(told: Sequence[Story], named: Sequence[str], fitting: str, speaks: Speech) -> str:
    """What the subject did not say: the next papers' names, else how the first one begins."""
    others = [each.article.title for each in told[:6] if each.article.title not in named][:3]
    if others:
        names = speaks.listed([words.short_name(title, 40) for title in others])
        return f"{speaks.say('Also inside: {names}.', names=names)} {fitting}"
    return next((summary for each in told if (summary := each.article.summary(120))), fitting)
