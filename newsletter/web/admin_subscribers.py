"""The readers as an admin page: how many there are, how they come and go, and a search by address."""

from fastapi import APIRouter, Request
from sqlmodel import Session, col, select
from starlette.responses import Response

from newsletter import daily, stats
from newsletter.web.admin_page import Admin, LoggedIn, Sent, admin_page, real_now
from newsletter.web.page import first
from newsletter.web.plot import Series, bars, lines
from newsletter.web.site import site_of
from subscribers.models import Subscriber

router = APIRouter()
MOST_SHOWN = 50
NEWEST = 10
LONGEST = 320
DAYS = 30


@router.get("/admin/subscribers")
def subscribers(request: Request, admin: LoggedIn) -> Response:
    """The figures, and who came last."""
    return _page(request, admin, "")


@router.post("/admin/subscribers")
def search(request: Request, admin: LoggedIn, fields: Sent) -> Response:
    """Readers by a part of their address. The form is posted so that it stands in no log of a proxy."""
    return _page(request, admin, first(fields, "wanted")[:LONGEST].strip().lower())


def found(session: Session, wanted: str, most: int) -> list[Subscriber]:
    """The newest readers, those with `wanted` in their address alone."""
    asked = select(Subscriber).order_by(col(Subscriber.id).desc()).limit(most)
    if wanted:
        asked = asked.where(col(Subscriber.email).contains(wanted, autoescape=True))
    return list(session.exec(asked))


def _page(request: Request, admin: Admin, wanted: str) -> Response:
    site = site_of(request)
    days = daily.days(real_now(site).date(), DAYS)
    most = MOST_SHOWN if wanted else NEWEST
    with Session(site.engine) as session:
        rows = found(session, wanted, most + 1)
        counts = stats.readers(session)
        growth = daily.growth(session, days)
    joined = Series("joined", tuple(each.joined for each in growth))
    left = Series("left", tuple(each.left for each in growth))
    reading = Series("readers", tuple(each.reading for each in growth))
    return admin_page(
        request,
        admin,
        "admin_subscribers.html",
        counts={name: count for name, count in counts.items() if count},
        rows=rows[:most],
        more=len(rows) > most,
        wanted=wanted,
        reading=lines("reading", "Readers who said yes, active or paused (UTC)", "Day", days, [reading]),
        changes=bars("changes", "Joined and left a day (UTC)", "Day", days, [joined, left]),
        section="subscribers",
    )
