"""Why a reader got a mail or a paper, or did not, as an admin page: the same words as `newsletter why`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Query, Request
from sqlmodel import Session
from starlette.responses import Response

from newsletter import schedule, wiring
from newsletter.web.admin_page import Admin, LoggedIn, Sent, admin_page, real_now
from newsletter.web.page import first
from newsletter.web.site import Site, site_of
from newsletter.why import explain
from subscribers import people
from subscribers.errors import InvalidPreference, SubscriberError
from subscribers.models import Subscriber

router = APIRouter()
LONGEST = 320
FIRST_YEAR, LAST_YEAR = 1970, 2200
EXAMPLE = "write a day like 2026-11-24, or a moment like 2026-11-24T07:00Z"


@dataclass(frozen=True)
class Told:
    """The answer as paragraphs: what became of it, the papers of the digest, and what stands behind it."""

    answers: tuple[str, ...]
    picks: tuple[str, ...]
    story: tuple[str, ...]


@router.get("/admin/why")
def ask(
    request: Request,
    admin: LoggedIn,
    email: str = "",
    at: str = "",
    paper: str = "",
    reader: Annotated[int, Query(ge=0, le=2**62)] = 0,
) -> Response:
    """The form; with an address or a reader's number in the query its answer, too."""
    return _page(request, admin, _address(site_of(request), reader) if reader else email, at, paper)


@router.post("/admin/why")
def answer(request: Request, admin: LoggedIn, fields: Sent) -> Response:
    """The answer. The form is posted so that no address stands in the logs of a proxy; nothing is changed."""
    return _page(request, admin, *(first(fields, name) for name in ("email", "at", "paper")))


def _address(site: Site, number: int) -> str:
    with Session(site.engine) as session:
        found = session.get(Subscriber, number)
    if found is None:
        raise HTTPException(404)
    return found.email


def _page(request: Request, admin: Admin, email: str, at: str, paper: str) -> Response:
    site = site_of(request)
    asked = {"email": email[:LONGEST].strip(), "at": at[:LONGEST].strip(), "paper": paper[:LONGEST].strip()}
    told, wrong = None, ""
    if asked["email"]:
        try:
            told = _told(site, asked)
        except SubscriberError as error:
            wrong = str(error)
    return admin_page(
        request, admin, "admin_why.html", 422 if wrong else 200, asked=asked, told=told, wrong=wrong, section="why"
    )


def _told(site: Site, asked: Mapping[str, str]) -> Told:
    rules = wiring.why_rules(site.config)
    with Session(site.engine) as session:
        reader = people.find(session, asked["email"])
        when, whole_day = meant(asked["at"], ZoneInfo(reader.timezone), site.clock())
        found = explain(session, reader, when, real_now(site), rules, asked["paper"], whole_day=whole_day)
    return shown(found.lines, 2 if found.paper_code else 1)


def meant(text: str, zone: ZoneInfo, now: datetime) -> tuple[datetime, bool]:
    """The moment that is asked about, and whether it stands for a whole day on the reader's own clock.

    Of a day its end is meant, but not later than now unless all of it is to come. InvalidPreference for what is
    neither a day nor a moment.
    """
    if not text:
        return now, False
    try:
        moment = datetime.fromisoformat(text)
        day = date.fromisoformat(text) if len(text) == len("2026-11-24") else None
    except ValueError:
        raise InvalidPreference("at", text, EXAMPLE) from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise InvalidPreference("at", text, f"use a year from {FIRST_YEAR} to {LAST_YEAR}")
    if day is None:
        return (moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)), False
    start, end = (schedule.instant(each, 0, zone) for each in (day, day + timedelta(days=1)))
    return max(start, min(now, end - timedelta(seconds=1))), True


def shown(lines: Iterable[str], answers: int) -> Told:
    """The lines of a story, its first `answers` apart; those of papers begin with blanks."""
    whole = tuple(lines)
    rest = whole[answers:]
    picks = tuple(line.strip() for line in rest if line.startswith("  "))
    return Told(whole[:answers], picks, tuple(line for line in rest if not line.startswith("  ")))
