"""The second way through the door of the admin pages: a password, where the configuration has the hash of one."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from newsletter import admin_access, admin_password, db
from newsletter.errors import NotLoggedIn
from newsletter.web.admin_door import let_in
from newsletter.web.admin_page import note, real_now
from newsletter.web.page import Form, first, secret_page
from newsletter.web.site import Site, ip_of, site_of

router = APIRouter()


@router.get("/admin/login")
def ask(request: Request) -> Response:
    """The form; where there is no password it says how to get a link, as every admin address does."""
    _kept(site_of(request))
    return secret_page(request, "admin_password.html", wrong=False)


@router.post("/admin/login")
def log_in(request: Request, fields: Form) -> Response:
    """Leave a cookie for the right password; 403 for a wrong one, and TooManyRequests for many tries.

    Each try counts before it is looked at, the right one too: else the limit would not keep anybody from it.
    """
    site = site_of(request)
    kept = _kept(site)
    site.throttle.password(ip_of(request))
    if not admin_password.matches(kept, first(fields, "password")):
        return secret_page(request, "admin_password.html", 403, wrong=True)
    now = real_now(site)
    with db.writing(site.engine) as session:
        mark = admin_access.use_link(session, admin_access.new_link(session, now), now)
        note(session, site, "login", "logged in with the password")
    assert mark is not None  # the link was made in this transaction
    return let_in(site, mark)


def _kept(site: Site) -> str:
    if not site.config.admin.password_hash:
        raise NotLoggedIn("no password is configured")
    return site.config.admin.password_hash
