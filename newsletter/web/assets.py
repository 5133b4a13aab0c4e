"""Style sheet, script, icon and robots.txt: static answers, the same for everybody."""

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import PlainTextResponse, Response

from newsletter.web.site import site_of

router = APIRouter()
TYPES = {
    "site.css": "text/css",
    "admin.css": "text/css",
    "studio.css": "text/css",
    "site.js": "text/javascript",
    "studio.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
KEPT = {"Cache-Control": "public, max-age=3600"}


@router.get("/static/{name}")
def asset(request: Request, name: str) -> Response:
    """One of our few files; the style sheet is a template, so that mails and pages share one set of colours."""
    if name not in TYPES:
        raise HTTPException(404)
    body = site_of(request).pages.get_template(name).render()
    return Response(body, media_type=TYPES[name], headers=KEPT)


@router.get("/robots.txt")
def robots(request: Request) -> Response:
    """Public pages may be found; what belongs to one reader or to the admin may not."""
    prefix = site_of(request).prefix
    closed = ("c", "p", "u", "undo", "change", "data", "d", "t", "link", "admin", "api")
    lines = ["User-agent: *", *(f"Disallow: {prefix}/{name}/" for name in closed)]
    return PlainTextResponse("\n".join(lines) + "\n", headers=KEPT)
