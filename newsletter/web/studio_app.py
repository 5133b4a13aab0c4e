"""The studio on its own: the same page for whoever holds the secret of one run of `newsletter preview`."""

import hmac

from fastapi import APIRouter, FastAPI, HTTPException, Request
from starlette.responses import RedirectResponse, Response

from newsletter import admin_access
from newsletter.errors import NotLoggedIn
from newsletter.web import admin_page, assets, studio
from newsletter.web.admin_page import Admin
from newsletter.web.guard import App, Guard
from newsletter.web.page import SECRET, notice
from newsletter.web.site import Site, site_of

COOKIE = "newsletter-studio"
MARK = "the studio of one run"
router = APIRouter()


def make_studio(site: Site, token: str) -> App:
    """The ASGI application; `token` is the secret in the URL that opens it, good until it ends."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.site, app.state.token, app.state.local = site, token, True
    for each in (router, studio.router, assets.router):
        app.include_router(each, prefix=site.prefix)
    app.dependency_overrides[admin_page.let_in] = _let_in
    app.add_exception_handler(NotLoggedIn, _locked)
    return Guard(app, "/none/", "/none/")


@router.get("/admin/open/{token}")
def open_studio(request: Request, token: str) -> Response:
    """Leave the cookie that lets this browser in, and go on to the page."""
    if not _same(token, request.app.state.token):
        raise HTTPException(404)
    site = site_of(request)
    asked = request.query_params.multi_items()
    answer = RedirectResponse(site.paths.admin_preview(asked=asked), 303, SECRET)
    answer.set_cookie(COOKIE, token, path=site.paths.admin(), httponly=True, samesite="strict")
    return answer


def _let_in(request: Request) -> Admin:
    if not _same(request.cookies.get(COOKIE, ""), request.app.state.token):
        raise NotLoggedIn("the studio opens with the URL that the command printed")
    return Admin(MARK, admin_access.form_token(MARK, site_of(request).keys))


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())


def _locked(request: Request, error: Exception) -> Response:
    said = f"{str(error).capitalize()}."
    return notice(request, "The studio is closed", said, status=403, local=True)
