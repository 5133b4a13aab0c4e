"""What all admin pages share: who is let in, forms that only they can send, the frame, moments in words."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, HTTPException, Request
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from newsletter import __version__, admin_access, journal
from newsletter.errors import NotLoggedIn
from newsletter.links import Links
from newsletter.mail import words
from newsletter.record_models import RunKind
from newsletter.web.page import SECRET, Form, first, secret_page
from newsletter.web.plot import figure
from newsletter.web.site import Site, site_of

COOKIE = "newsletter-admin"
FIELD = "form"  # what each form holds of its login
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
SPANS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
FEWEST = 2  # of a unit: 90 minutes are told as minutes, 3 hours as hours


@dataclass(frozen=True)
class Admin:
    """Somebody whose login lasts: its mark, and what proves that a form is theirs."""

    mark: str
    form: str


def sections(links: Links) -> tuple[tuple[str, str, str], ...]:
    """The navigation: key, word, URL."""
    return (
        ("today", "Today", links.admin()),
        ("editions", "Editions", links.admin_editions()),
        ("deliveries", "Deliveries", links.admin_part("deliveries")),
        ("subscribers", "Subscribers", links.admin_part("subscribers")),
        ("sources", "Sources", links.admin_part("sources")),
        ("topics", "Topics", links.admin_part("topics")),
        ("suppression", "Suppression", links.admin_part("suppression")),
        ("templates", "Templates", links.admin_part("templates")),
        ("why", "Why", links.admin_why()),
        ("preview", "Preview", links.admin_preview()),
        ("runs", "Runs", links.admin_runs()),
    )


def real_now(site: Site) -> datetime:
    """The real clock's time: logins and what the admin does go by it, wherever the calendar stands."""
    return datetime.fromtimestamp(site.seconds(), UTC)


def let_in(request: Request) -> Admin:
    """Who asks, if their login lasts; NotLoggedIn else."""
    site = site_of(request)
    mark = admin_access.verify(request.cookies.get(COOKIE, ""), site.keys)
    if mark:
        with Session(site.engine) as session:
            if admin_access.logged_in(session, mark, real_now(site)):
                return Admin(mark, admin_access.form_token(mark, site.keys))
    raise NotLoggedIn("the admin pages need a login")


LoggedIn = Annotated[Admin, Depends(let_in)]


def _sent(request: Request, admin: LoggedIn, fields: Form) -> dict[str, list[str]]:
    """The fields of a form that one of this login's own pages sent; 403 for any other."""
    if not admin_access.is_form_token(first(fields, FIELD), admin.mark, site_of(request).keys):
        raise HTTPException(403)
    return fields


Sent = Annotated[dict[str, list[str]], Depends(_sent)]


def admin_page(request: Request, admin: Admin, name: str, status: int = 200, **values: object) -> Response:
    """An admin page from the template of this name; `section` says where in the navigation it stands."""
    site = site_of(request)
    zone = ZoneInfo(site.config.admin.timezone)
    now = real_now(site)
    shown = {
        "form": admin.form,
        "sections": sections(site.paths),
        "version": __version__,
        "database": DATABASES.get(site.engine.dialect.name, site.engine.dialect.name),
        "moment": lambda at: moment(at, zone),
        "ago": lambda at: ago(at, now),
        "figure": figure,
        **values,
    }
    return secret_page(request, name, status, **shown)


def locked(request: Request, error: Exception) -> Response:
    """How to log in, for everybody who is not: the same words below every admin address."""
    del error
    by_password = bool(site_of(request).config.admin.password_hash)
    return secret_page(request, "admin_locked.html", 403, by_password=by_password)


def on_to(url: str) -> Response:
    """The answer to a form that was done: another page, so that a reload does nothing again."""
    return RedirectResponse(url, 303, SECRET)


def note(session: Session, site: Site, name: str, told: str) -> None:
    """A line in the journal for what the admin did. Does not commit."""
    now = real_now(site)
    journal.write(session, RunKind.ADMIN, name, site.clock(), (now, now), told)


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Like "23 Nov 2026, 23:30 UTC (24 Nov, 0:30 Europe/Berlin)": the day once where both have the same."""
    at = at.astimezone(UTC)
    said = f"{_day(at)} {at.year}, {_clock(at)} UTC"
    if zone.key in {"UTC", "Etc/UTC"}:
        return said
    local = at.astimezone(zone)
    day = "" if local.date() == at.date() else f"{_day(local)}, "
    return f"{said} ({day}{_clock(local)} {zone.key})"


def ago(at: datetime, now: datetime) -> str:
    """Like "12 minutes ago" or "in 3 hours"."""
    span = now - at
    unit, length = next(
        (each for each in SPANS if abs(span) >= timedelta(seconds=FEWEST * each[1])), ("second", 1)
    )
    told = words.counted(round(abs(span).total_seconds() / length), unit)
    if abs(span) < timedelta(seconds=FEWEST):
        return "just now"
    return f"{told} ago" if span > timedelta(0) else f"in {told}"


def _day(at: datetime) -> str:
    return f"{at.day} {words.MONTHS[at.month - 1][:3]}"


def _clock(at: datetime) -> str:
    return f"{at.hour}:{at.minute:02}"
