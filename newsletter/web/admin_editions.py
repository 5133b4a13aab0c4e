"""Editions as admin pages: what became of each day's digests, and hold, release, replan or cancel."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from sqlmodel import Session
from starlette.responses import Response

from newsletter import db, holds, overview, wiring
from newsletter.errors import ConfigError, EditionError, TemplateError
from newsletter.gate import dates
from newsletter.mail import tex, words
from newsletter.models import Skip
from newsletter.web import admin_edition_facts as facts
from newsletter.web.admin_page import Admin, LoggedIn, Sent, admin_page, on_to, real_now
from newsletter.web.admin_runs import figures
from newsletter.web.page import day_in, first
from newsletter.web.plot import Plot, Series, bars
from newsletter.web.site import Site, site_of
from subscribers.addresses import redacted_in

router = APIRouter()
Action = Literal["hold", "release", "replan", "cancel"]
LONGEST_REASON = 200
BINS = 10
STATES = {
    "held": "Held",
    "cancelled": "Cancelled",
    "under way": "Under way",
    "done": "Done",
    "none": "Nothing planned",
}
WHY_SKIPPED = {
    Skip.NOTHING: "no paper was worth sending",
    Skip.LATE: "it was too late",
    Skip.MISSED: "nothing ran when it was due",
    Skip.SOON: "too soon after another one",
    Skip.DAY_OFF: "a day off",
    Skip.RESTING: "the reader had paused",
    Skip.CANCELLED: "cancelled",
    "": "no reason was kept",
}
DONE = {
    "hold": "Held. Nothing of this edition goes out until you release it.",
    "release": "Released. {} on the way now.",
    "replan": "Planned anew: {}. The edition stays held until you release it.",
    "waits": "Nothing was changed: there is no paper to choose from.",
    "cancel": "Cancelled. {} will not be sent.",
}


@router.get("/admin/editions")
def editions(request: Request, admin: LoggedIn, day: Annotated[str, Query(max_length=10)] = "") -> Response:
    """The last editions and those to come, newest first; `day` leads to the page of any day."""
    site = site_of(request)
    if day:
        return on_to(site.paths.admin_edition(day_in(day).isoformat()))
    today = site.clock().date()
    with Session(site.engine) as session:
        found = overview.listing(session, today)
    return admin_page(
        request,
        admin,
        "admin_editions.html",
        rows=[(each, words.long_date(date.fromisoformat(each.date)), facts.state(each)) for each in found],
        states=STATES,
        today=today.isoformat(),
        section="editions",
    )


@router.get("/admin/editions/{date}")
def edition(
    request: Request,
    admin: LoggedIn,
    date: str,
    done: Annotated[str, Query(max_length=10)] = "",
    count: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> Response:
    """One edition with its buttons; `done` and `count` tell what a button just did."""
    digests = words.counted(count, "digest")
    verb = "is" if count == 1 else "are"
    told = DONE.get(done, "").format(f"{digests} {verb}" if done == "release" else digests)
    return _page(request, admin, day_in(date), flash=told)


@router.get("/admin/editions/{date}/cancel")
def ask(request: Request, admin: LoggedIn, date: str) -> Response:
    """Cancelling cannot be taken back, so it is asked on a page of its own."""
    site, day = site_of(request), day_in(date)
    with Session(site.engine) as session:
        waits = facts.one(session, day.isoformat()).waiting
    heading = words.long_date(day)
    return admin_page(
        request, admin, "admin_cancel.html", date=day.isoformat(), heading=heading, waits=waits, section="editions"
    )


@router.post("/admin/editions/{date}/{action}")
def act(request: Request, admin: LoggedIn, fields: Sent, date: str, action: Action) -> Response:
    """Do it, and show the edition as it is then; 409 with the reason where it cannot be done."""
    site, day = site_of(request), day_in(date).isoformat()
    reason = words.cut(words.clean(first(fields, "reason")), LONGEST_REASON)
    try:
        _sought(site, day)
        done, count = ACTIONS[action](site, day, reason)
    except (EditionError, TemplateError, ConfigError) as error:
        return _page(request, admin, day_in(date), 409, wrong=str(error))
    site.wake()
    return on_to(site.paths.admin_edition(day, done=done, count=count))


def _sought(site: Site, day: str) -> None:
    with Session(site.engine) as session:
        dates.sought(session, day, real_now(site))


def _hold(site: Site, day: str, reason: str) -> tuple[str, int]:
    with db.writing(site.engine) as session:
        holds.hold(session, day, holds.ADMIN, [reason] if reason else [], real_now(site))
    return "hold", 0


def _release(site: Site, day: str, reason: str) -> tuple[str, int]:
    del reason  # letting go needs none
    with db.writing(site.engine) as session:
        return "release", holds.release(session, day, real_now(site), wiring.window(site.config))


def _replan(site: Site, day: str, reason: str) -> tuple[str, int]:
    del reason
    config = site.config
    taste, rules = wiring.taste(config), wiring.rules(config, judged=True)
    # The template as it is now, not as it was when this process began: a mended one is why somebody replans.
    report = holds.replan(site.engine, day, taste, wiring.issue(config), site.keys, site.clock(), rules)
    return ("waits", 0) if report.waiting else ("replan", report.planned)


def _cancel(site: Site, day: str, reason: str) -> tuple[str, int]:
    with db.writing(site.engine) as session:
        return "cancel", holds.cancel(session, day, real_now(site), reason)


ACTIONS: dict[Action, Callable[[Site, str, str], tuple[str, int]]] = {
    "hold": _hold,
    "release": _release,
    "replan": _replan,
    "cancel": _cancel,
}


def _page(
    request: Request, admin: Admin, day: date, status: int = 200, flash: str = "", wrong: str = ""
) -> Response:
    site = site_of(request)
    with Session(site.engine) as session:
        found = facts.whole(session, day.isoformat())
    return admin_page(
        request,
        admin,
        "admin_edition.html",
        status,
        found=found,
        may=facts.may(found, site.clock().date()),
        papers=[(words.clean(tex.plain(title)), key, count) for title, key, count in found.papers],
        heading=words.long_date(day),
        state=facts.state(found.edition),
        states=STATES,
        why_skipped=WHY_SKIPPED,
        figures=figures,
        scores=ranked(found.scores),
        said=redacted_in,
        flash=flash,
        wrong=wrong,
        section="editions",
    )


def ranked(scores: Sequence[float]) -> Plot | None:
    """How the scores that papers were chosen with are spread, in bins of a tenth of the highest one."""
    top = max(scores, default=0.0)
    if top <= 0:
        return None
    places = Counter(min(BINS - 1, max(0, int(score / top * BINS))) for score in scores)
    labels = [f"from {top * place / BINS:.2f}" for place in range(BINS)]
    values = Series("Papers in digests", tuple(places[place] for place in range(BINS)))
    return bars("scores", "Rank scores of the papers in its digests", "Score", labels, [values])
