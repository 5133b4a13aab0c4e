"""The door of the admin pages: a button uses a login link up, and logging out ends the login everywhere."""

from fastapi import APIRouter, Request
from sqlmodel import Session
from starlette.responses import Response

from newsletter import admin_access, db
from newsletter.web.admin_page import COOKIE, LoggedIn, Sent, note, on_to, real_now
from newsletter.web.page import Form, secret_page
from newsletter.web.site import Site, ip_of, site_of

router = APIRouter()


@router.get("/admin/login/{token}")
def ask(request: Request, token: str) -> Response:
    """A page with one button: what opens links by itself must not use this one up."""
    site = site_of(request)
    with Session(site.engine) as session:
        works = admin_access.works(session, token, real_now(site))
    return secret_page(request, "admin_login.html") if works else _dead(request, site)


@router.post("/admin/login/{token}")
def log_in(request: Request, token: str, fields: Form) -> Response:
    """Use the link up, and leave a cookie."""
    del fields  # asked for so that it is checked where it came from
    site = site_of(request)
    with db.writing(site.engine) as session:
        mark = admin_access.use_link(session, token, real_now(site))
        if mark:
            note(session, site, "login", "logged in")
    return let_in(site, mark) if mark else _dead(request, site)


def let_in(site: Site, mark: str) -> Response:
    """On to the admin pages, with the cookie of this login."""
    answer = on_to(site.paths.admin())
    answer.set_cookie(
        COOKIE,
        admin_access.sign(mark, site.keys),
        max_age=int(admin_access.STAYS.total_seconds()),
        path=site.paths.admin(),
        secure=site.links.home().startswith("https:"),
        httponly=True,
        samesite="strict",
    )
    return answer


@router.post("/admin/logout")
def log_out(request: Request, admin: LoggedIn, fields: Sent) -> Response:
    """End the login, in every browser that has its cookie."""
    del fields
    site = site_of(request)
    with db.writing(site.engine) as session:
        admin_access.log_out(session, admin.mark)
        note(session, site, "logout", "logged out")
    answer = secret_page(request, "admin_goodbye.html")
    answer.delete_cookie(COOKIE, path=site.paths.admin())
    return answer


def _dead(request: Request, site: Site) -> Response:
    """One page for a wrong, an old and a used link; TooManyRequests for a client that tries many."""
    site.throttle.wrong_link(ip_of(request))
    return secret_page(request, "admin_dead_link.html", 410)
