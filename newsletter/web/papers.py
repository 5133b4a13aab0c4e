"""One paper's own page: everything we know of it, its votes over time, and the way to get papers like it."""

from typing import Any

from fastapi import APIRouter, HTTPException, Request
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from newsletter import edition
from newsletter.mail import words
from newsletter.showcase import Period, Shown
from newsletter.web import cards, votes
from newsletter.web.page import page
from newsletter.web.site import Site, site_of

router = APIRouter()

IN_SHORT = 600  # characters of a TL;DR
DESCRIPTION = 200
PERIODS = {Period.DAY: "day", Period.WEEK: "week", Period.MONTH: "month"}


@router.get("/papers/{key:path}")
def paper(request: Request, key: str) -> Response:
    """The paper of this key; one that is known under another key has its page there."""
    site = site_of(request)
    shown = site.showcase.paper(key)
    if shown is None:
        raise HTTPException(404)
    if shown.key != key:
        return RedirectResponse(site.paths.paper(shown.key), 308)
    return page(request, "paper.html", paper=_told(site, shown), key=key)


def _told(site: Site, shown: Shown) -> dict[str, Any]:
    """The paper in words, for its page."""
    content = shown.content
    short = words.sentences(content["summary"], IN_SHORT)
    abstract = words.cut(words.clean(content["abstract"][: 2 * cards.ABSTRACT_LENGTH]), cards.ABSTRACT_LENGTH)
    title = cards.title_in(content)
    return {
        "title": title,
        "authors": cards.authors_in(content, edition.MOST_AUTHORS),
        "organization": cards.organization_in(content),
        "categories": cards.categories_in(content),
        "topics": shown.topics,
        "dates": _dates(content),
        "short": short,
        "abstract": abstract,
        "description": cards.summary_in(content, DESCRIPTION) or title,
        "votes": cards.votes_in(content),
        "sample": content["sample"],
        "ahead": _ahead(shown),
        "chart": _chart(site, shown.key),
        **cards.addresses_in(content),
    }


def _dates(content: dict[str, Any]) -> list[tuple[str, str]]:
    days = (("Published", content["published"]), ("Announced", content["announced"]))
    return [(name, words.plain_date(day)) for name, text in days if (day := edition.day(text))]


def _ahead(shown: Shown) -> str:
    """Like "Ahead of 93 % of this week's papers"; nothing for a paper in the lower half."""
    if shown.percent is None or shown.period is None or shown.percent < 50:  # noqa: PLR2004 - half, in percent
        return ""
    return f"Ahead of {shown.percent}\N{NO-BREAK SPACE}% of this {PERIODS[shown.period]}'s papers"


def _chart(site: Site, key: str) -> votes.Chart | None:
    with Session(site.engine) as session:
        return votes.chart(votes.course(session, key, site.clock()))
