"""The archive: what was trending on the days that an edition went out."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from newsletter.mail import words
from newsletter.web.cards import card
from newsletter.web.page import day_in, page
from newsletter.web.site import site_of

router = APIRouter()

Day = tuple[date, str, str]  # the day, its name, its page
FEATURED = 3  # papers named of the newest edition


@router.get("/archive")
def archive(request: Request) -> Response:
    """All editions, newest first, month by month."""
    site = site_of(request)
    days = site.showcase.edition_days()
    newest = site.showcase.edition(days[0]) if days else None
    shown = newest.papers[:FEATURED] if newest else ()
    return page(
        request,
        "archive.html",
        months=[
            (name, [(day, _short(day), site.paths.archive(day.isoformat())) for day in each])
            for name, each in by_month(days)
        ],
        newest=words.long_date(days[0]) if days else "",
        newest_page=site.paths.archive(days[0].isoformat()) if days else "",
        cards=[card(each, site.paths, days[0]) for each in shown],
    )


@router.get("/archive/{day}")
def edition(request: Request, day: str) -> Response:
    """What was trending on the day of an edition."""
    site, wanted = site_of(request), day_in(day)
    found = site.showcase.edition(wanted)
    if found is None:
        raise HTTPException(404)
    earlier, later = neighbours(site.showcase.edition_days(), wanted)
    return page(
        request,
        "edition.html",
        heading=words.long_date(wanted),
        cards=[card(shown, site.paths, wanted) for shown in found.papers],
        day=day,
        earlier=(words.plain_date(earlier), site.paths.archive(earlier.isoformat())) if earlier else None,
        later=(words.plain_date(later), site.paths.archive(later.isoformat())) if later else None,
    )


def by_month(days: Sequence[date]) -> list[tuple[str, list[date]]]:
    """Days, newest first, under names such as "April 2026"."""
    return [
        (f"{words.MONTHS[month - 1]} {year}", list(some))
        for (year, month), some in groupby(days, lambda day: (day.year, day.month))
    ]


def neighbours(days: Sequence[date], day: date) -> tuple[date | None, date | None]:
    """The editions before and after that of a day; `days` are newest first."""
    earlier = next((each for each in days if each < day), None)
    later = next((each for each in reversed(days) if each > day), None)
    return earlier, later


def _short(day: date) -> str:
    return f"{words.WEEKDAYS[day.weekday()]} {day.day}"
