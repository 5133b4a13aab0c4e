"""The sources as an admin page: how each was last read, when it is read next, what it told each day."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from sqlmodel import Session, select
from starlette.responses import Response

from newsletter import daily, wiring
from newsletter.errors import ConfigError
from newsletter.models import SourceState
from newsletter.sources.upstream import Calendar, calendar_of, late
from newsletter.web.admin_page import LoggedIn, admin_page, real_now
from newsletter.web.plot import Series, bars
from newsletter.web.site import Site, site_of
from subscribers.addresses import redacted_in

router = APIRouter()
DAYS = 14


@dataclass(frozen=True)
class SourceLine:
    """One source; `next_at` is None for one that is not in the configuration any more, `told` what is expected."""

    name: str
    state: SourceState
    late: bool
    next_at: datetime | None
    told: str
    new: int


@router.get("/admin/sources")
def sources(request: Request, admin: LoggedIn) -> Response:
    """Each source with its last reads, and the papers of the last days."""
    site = site_of(request)
    days = daily.days(real_now(site).date(), DAYS)
    with Session(site.engine) as session:
        known = {each.name: each for each in session.exec(select(SourceState))}
        found = daily.by_source(session, days)
    calendars, wrong = _calendars(site)
    names = [*calendars, *sorted(known.keys() - calendars.keys())]
    series = [Series(name, tuple(found[name].get(day, 0) for day in days)) for name in sorted(found)]
    return admin_page(
        request,
        admin,
        "admin_sources.html",
        rows=[
            line(known.get(name) or SourceState(name=name), calendars.get(name), found.get(name, {}), site.clock())
            for name in names
        ],
        days=DAYS,
        papers=bars("papers", "New papers a day (UTC)", "Day", days, series) if series else None,
        wrong=wrong,
        said=redacted_in,
        section="sources",
    )


def line(state: SourceState, calendar: Calendar | None, new: dict[str, int], now: datetime) -> SourceLine:
    """How one source stands at `now`."""
    if calendar is None:
        return SourceLine(state.name, state, late=False, next_at=None, told="", new=sum(new.values()))
    last_read = max((at for at in (state.last_success_at, state.last_error_at) if at), default=None)
    return SourceLine(
        state.name,
        state,
        late=late(calendar, state.last_news_at, now),
        next_at=max(now, calendar.next_read(last_read, state.last_news_at)),
        told=calendar.told(now),
        new=sum(new.values()),
    )


def _calendars(site: Site) -> tuple[dict[str, Calendar], str]:
    """The calendar of each source that is configured; none and why where they cannot be made."""
    try:
        return {each.name: calendar_of(each) for each in wiring.sources(site.config)}, ""
    except ConfigError as error:
        return {}, str(error)
