"""The front page: what trends today, this week and this month, and the form to subscribe."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from newsletter.links import Links
from newsletter.mail import words
from newsletter.showcase import Period, Trending
from newsletter.web import joining
from newsletter.web.cards import card
from newsletter.web.page import page
from newsletter.web.site import Site, site_of
from subscribers.topics import Catalogue, Topic

router = APIRouter()

BUSIEST = 10  # topics that stand as chips
IN_A_LETTER = 3  # papers in the picture of a mail
LONGEST_ASKED = 200
LONGEST_TOLD = 60
TABS = {Period.DAY: "Today", Period.WEEK: "This week", Period.MONTH: "This month"}


@dataclass(frozen=True)
class Way:
    """A link with a word on it; `here` when it leads to what is shown. `count` is papers behind it."""

    text: str
    url: str
    here: bool
    count: int = 0


@router.get("/")
def front(
    request: Request,
    period: Period = Period.DAY,
    topic: Annotated[str, Query(max_length=LONGEST_ASKED)] = "",
) -> Response:
    """The trending papers of a period, all or those of one topic."""
    site = site_of(request)
    wanted = site.catalogue.find(topic)
    counts = site.showcase.topic_counts()
    found = site.showcase.trending(period, wanted)
    today = site.clock().date()
    name = wanted.name if wanted else ""
    front = {
        "period": period,
        "topic": name,
        "unknown": words.cut(words.clean(topic), LONGEST_TOLD) if topic.strip() and not wanted else "",
        "days": in_words(found),
        "empty": _empty(site, found),
        "cards": [card(shown, site.paths, today) for shown in found.papers],
        "total": found.total,
        "letter": _letter(site),
        "tabs": [Way(text, site.paths.front(each, name), each == period) for each, text in TABS.items()],
        "chips": _chips(site.paths, period, name, counts),
        "groups": groups(site.catalogue, counts),
    }
    return page(request, "front.html", front=front, **joining.choices(site, topics=[name] if name else []))


def in_words(found: Trending) -> str:
    """The days that papers are of: "Thursday, 23 April 2026" or "17 April to 23 April 2026"."""
    if not found.first or not found.last:
        return ""
    if found.period == Period.DAY:
        return words.long_date(found.last)
    return f"{_start(found.first, found.last)} to {words.plain_date(found.last)}"


def _start(first: date, last: date) -> str:
    told = words.plain_date(first)
    return told.rpartition(" ")[0] if first.year == last.year else told


def _empty(site: Site, found: Trending) -> str:
    """What there is nothing of: "topic" (none of it), "period" (none so late), "all" (none yet); or ""."""
    if found.papers:
        return ""
    if found.last:
        return "topic"
    return "period" if site.showcase.trending(Period.MONTH, most=1).papers else "all"


def _letter(site: Site) -> list[Any]:
    """The first papers of this week, for the picture of a mail."""
    found = site.showcase.trending(Period.WEEK, most=IN_A_LETTER)
    return [card(shown, site.paths, site.clock().date()) for shown in found.papers]


def busiest(counts: Mapping[str, int], most: int) -> list[str]:
    """The topics with most papers, none without any; equal ones as the catalogue has them."""
    return [name for name in sorted(counts, key=lambda each: -counts[each]) if counts[name]][:most]


def _chips(links: Links, period: Period, topic: str, counts: Mapping[str, int]) -> list[Way]:
    names = busiest(counts, BUSIEST)
    shown = [*names, topic] if topic and topic not in names else names
    ways = [Way(name, links.front(period, name), name == topic, counts.get(name, 0)) for name in shown]
    return [Way("All topics", links.front(period), not topic), *ways] if ways else []


def groups(catalogue: Catalogue, counts: Mapping[str, int]) -> list[tuple[str, list[tuple[str, int]]]]:
    """The topics at the top, each with itself and all that stand below it, with the number of papers."""
    return [
        (top.name, [(each.name, counts.get(each.name, 0)) for each in _family(catalogue, top)])
        for top in catalogue.children("")
    ]


def _family(catalogue: Catalogue, top: Topic) -> list[Topic]:
    return [topic for topic, _ in catalogue.family(top)]
