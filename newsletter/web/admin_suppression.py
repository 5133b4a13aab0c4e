"""The list of addresses that are never mailed, as an admin page: look, search, add, take off."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from sqlmodel import Session, col, select
from starlette.responses import Response

from newsletter import db
from newsletter.web.admin_page import Admin, LoggedIn, Sent, admin_page, note, on_to, real_now
from newsletter.web.page import first
from newsletter.web.site import Site, site_of
from subscribers import suppression
from subscribers.addresses import normalise, redacted
from subscribers.errors import InvalidPreference
from subscribers.models import Suppression

router = APIRouter()
ON_A_PAGE = 50
MOST_PAGES = 10_000
LONGEST = 320
HASHED = "sha256:"  # how the list keeps an erased reader
ASKED = "asked not to be mailed"
DONE = {
    "added": "The address is on the list: nothing is sent to it any more.",
    "there": "The address was on the list already; its first reason stays.",
    "lifted": "The address was taken off the list: it may be mailed again.",
    "absent": "That address was not on the list.",
}


@router.get("/admin/suppression")
def listed(
    request: Request,
    admin: LoggedIn,
    page: Annotated[int, Query(ge=1, le=MOST_PAGES)] = 1,
    done: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """One page of the list, newest first."""
    return _page(request, admin, page=page, flash=DONE.get(done, ""))


@router.post("/admin/suppression")
def search(request: Request, admin: LoggedIn, fields: Sent) -> Response:
    """Those that hold these letters. The form is posted so that no address stands in the logs of a proxy."""
    return _page(request, admin, first(fields, "wanted")[:LONGEST].strip().lower())


@router.post("/admin/suppression/{deed}")
def change(request: Request, admin: LoggedIn, fields: Sent, deed: Literal["add", "lift"]) -> Response:
    """Add an address, or take one off; 422 for what is no address."""
    site = site_of(request)
    try:
        email = normalise(first(fields, "email")[: LONGEST + 1])
    except InvalidPreference as error:
        return _page(request, admin, status=422, wrong=str(error))
    done = _add(site, email, first(fields, "reason")) if deed == "add" else _lift(site, email)
    return on_to(site.paths.admin_part("suppression", done=done))


def _add(site: Site, email: str, reason: str) -> str:
    with db.writing(site.engine) as session:
        added = suppression.suppress(session, email, reason.strip() or ASKED, real_now(site))
        if added:
            note(session, site, "suppress", f"{redacted(email)} is never mailed again")
    return "added" if added else "there"


def _lift(site: Site, email: str) -> str:
    with db.writing(site.engine) as session:
        lifted = suppression.lift(session, email)
        if lifted:
            note(session, site, "unsuppress", f"{redacted(email)} may be mailed again")
    return "lifted" if lifted else "absent"


def found(session: Session, wanted: str, skip: int, most: int) -> list[Suppression]:
    """The newest rows, those with `wanted` in their address alone, without the first `skip`."""
    asked = select(Suppression).order_by(col(Suppression.since).desc(), col(Suppression.email))
    if wanted:
        held = col(Suppression.email).contains(wanted, autoescape=True) & ~col(Suppression.email).startswith(
            HASHED
        )
        try:
            exact: tuple[str, ...] = suppression.keys_of(normalise(wanted))
        except InvalidPreference:
            exact = ()
        asked = asked.where(held | col(Suppression.email).in_(exact))
    return list(session.exec(asked.offset(skip).limit(most)))


def _page(
    request: Request,
    admin: Admin,
    wanted: str = "",
    *,
    page: int = 1,
    status: int = 200,
    flash: str = "",
    wrong: str = "",
) -> Response:
    site = site_of(request)
    with Session(site.engine) as session:
        rows = found(session, wanted, (page - 1) * ON_A_PAGE, ON_A_PAGE + 1)
    link = site.paths.admin_part
    more = len(rows) > ON_A_PAGE
    return admin_page(
        request,
        admin,
        "admin_suppression.html",
        status,
        rows=[(each, each.email.startswith(HASHED)) for each in rows[:ON_A_PAGE]],
        wanted=wanted,
        more=more,
        newer=link("suppression", page=str(page - 1)) if page > 1 else "",
        older=link("suppression", page=str(page + 1)) if more and not wanted else "",
        flash=flash,
        wrong=wrong,
        section="suppression",
    )
