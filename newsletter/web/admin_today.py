"""The admin's first page: how today goes, what waits and why, what wants a decision, who reads, what was done."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from sqlmodel import Session
from starlette.responses import Response

from newsletter import notices, stats, wiring
from newsletter.doctor import record
from newsletter.errors import ConfigError
from newsletter.mail import words
from newsletter.sources.upstream import calendar_of, late
from newsletter.stats import Figures, SourceFigures
from newsletter.web import admin_edition_facts as facts
from newsletter.web.admin_editions import WHY_SKIPPED
from newsletter.web.admin_page import LoggedIn, admin_page, real_now
from newsletter.web.admin_runs import figures as in_words
from newsletter.web.admin_runs import lines
from newsletter.web.site import Site, site_of
from subscribers.addresses import redacted_in

router = APIRouter()
MOST_RUNS = 8


@dataclass(frozen=True)
class SourceShown:
    """A source with its figures of today: whether it is late, and what its upstream's calendar says."""

    figures: SourceFigures
    late: bool
    told: str


@router.get("/admin")
@router.get("/admin/", include_in_schema=False)
def today(request: Request, admin: LoggedIn) -> Response:
    """Everything at a glance."""
    site = site_of(request)
    zone, now = ZoneInfo(site.config.admin.timezone), site.clock()
    start = datetime.combine(now.astimezone(zone).date(), time(), zone)
    with Session(site.engine) as session:
        found = stats.between(session, start, now + timedelta(seconds=1))
        held, troubles = facts.held(session), notices.since(session, real_now(site))
        runs = lines(session, None, 0, MOST_RUNS)
        clock_late = record.overdue(session, real_now(site), site.config.schedule.tick_seconds)
    return admin_page(
        request,
        admin,
        "admin_today.html",
        today=found,
        counts={"planned": found.planned} | found.by_state,
        day=f"{words.long_date(start.date())}, {zone.key}",
        held=held,
        notices=troubles,
        runs=runs,
        clock_late=clock_late,
        sources=sources(site, found, now),
        why_skipped=WHY_SKIPPED,
        section="today",
        said=redacted_in,
        figures=in_words,
    )


def sources(site: Site, found: Figures, now: datetime) -> list[SourceShown]:
    """The sources that have figures; those that are configured with what their calendars say."""
    try:
        calendars = {each.name: calendar_of(each) for each in wiring.sources(site.config)}
    except ConfigError:  # a file was moved away: the fetch says so in the journal
        calendars = {}
    return [
        SourceShown(
            each,
            late=each.name in calendars and late(calendars[each.name], each.last_news_at, now),
            told=calendars[each.name].told(now) if each.name in calendars else "not in the configuration any more",
        )
        for each in found.sources
    ]
