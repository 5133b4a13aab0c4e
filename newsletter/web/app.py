"""The web application: every page and the API below one address, each request guarded, each error a page."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from newsletter.errors import NotLoggedIn, TooManyRequests
from newsletter.web import (
    admin,
    admin_page,
    api,
    archive,
    assets,
    change,
    feeds,
    front,
    health,
    joining,
    learned,
    leaving,
    papers,
    personal,
    preferences,
    reading,
    thumbs,
)
from newsletter.web.guard import App, Guard
from newsletter.web.page import notice
from newsletter.web.site import Site
from subscribers.errors import InvalidToken, SubscriberError

PAGES = (
    *(front, papers, feeds, archive, reading, joining, preferences, learned),
    *(leaving, change, personal, thumbs, assets, admin, health),
)
SAID = {
    403: ("That did not come from this site", "Open the page again and send the form from there."),
    404: (
        "There is nothing here",
        "The address may be cut short. The newest mail has links that work.",
    ),
    405: ("This address cannot do that", "Go back to the page you came from and try its buttons."),
    413: ("That is too much", "The form holds more than this site takes."),
}


def make_app(site: Site) -> App:
    """The ASGI application for one newsletter; pages stand below the path of newsletter.url, if it has one."""
    prefix = site.prefix
    app = FastAPI(
        title=site.config.newsletter.title,
        version="1",
        description="Trending papers, their archive, and a reader's own subscription.",
        openapi_url=f"{prefix}/api/openapi.json",
        docs_url=None,  # it would load scripts from another host
        redoc_url=None,
        redirect_slashes=False,  # it would build a URL from the Host header, and one-click may not be redirected
    )
    app.state.site = site
    for each in PAGES:
        app.include_router(each.router, prefix=prefix, include_in_schema=False)
    app.include_router(api.router, prefix=f"{prefix}/api/v1")
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(InvalidToken, _not_ours)
    app.add_exception_handler(SubscriberError, _wrong)
    app.add_exception_handler(TooManyRequests, _too_many)
    app.add_exception_handler(NotLoggedIn, admin_page.locked)
    app.add_exception_handler(Exception, _broken)
    # Inside out: the guard's log must see the client that the proxy names.
    guarded = Guard(app, f"{prefix}/u/", f"{prefix}/api/")
    proxies = list(site.config.web.trusted_proxies)
    return ProxyHeadersMiddleware(guarded, proxies)  # type: ignore[arg-type,return-value]  # uvicorn has types of its own


def _answer(request: Request, status: int, title: str, *lines: str) -> Response:
    """An error as a page, or as JSON for a program."""
    if request.url.path.startswith(f"{request.app.state.site.prefix}/api/"):
        return JSONResponse({"error": " ".join((f"{title}.", *lines)).strip()}, status)
    return notice(request, title, *lines, status=status)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title, line = SAID.get(error.status_code, ("That did not work", ""))
    said = _answer(request, error.status_code, title, line)
    said.headers.update(error.headers or {})
    return said


def _unreadable(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    told = "; ".join(f"{'.'.join(map(str, each['loc'][1:]))}: {each['msg']}" for each in error.errors())
    return _answer(request, 422, "This request cannot be read", told)


def _not_ours(request: Request, error: Exception) -> Response:
    return _answer(request, 404, "This link does not work", f"{str(error).capitalize()}.")


def _wrong(request: Request, error: Exception) -> Response:
    return _answer(request, 422, "That cannot be used", str(error))


def _too_many(request: Request, error: Exception) -> Response:
    assert isinstance(error, TooManyRequests)
    said = _answer(request, 429, "Too many requests", f"{str(error).capitalize()}.")
    said.headers["Retry-After"] = str(error.after)
    return said


def _broken(request: Request, error: Exception) -> Response:
    del error  # the guard logs it, without its values
    return _answer(
        request, 500, "Something broke on our side", "Nothing was changed. Please try again in a minute."
    )
