"""Answers as pages: templates in the site's own words, headers of public and secret pages, the form that came."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import jinja2
from fastapi import Depends, HTTPException, Request
from markupsafe import Markup
from starlette.datastructures import FormData, UploadFile
from starlette.responses import HTMLResponse, Response

from newsletter.mail import words
from newsletter.mail.theme import PLAIN, Look
from newsletter.web.site import ip_of, site_of
from subscribers import tokens
from subscribers.errors import InvalidToken

MOST_FIELDS = 400
SECRET = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
WIDTH, HEIGHT = 72, 20  # of a sparkline, in CSS pixels
SPARKLINE = Markup(
    '<svg class="sparkline" width="{w}" height="{h}" viewBox="0 0 {w} {h}" aria-hidden="true" focusable="false">'
    '<polyline fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" '
    'stroke-linecap="round" points="{points}"/></svg>'
)


def environment(folders: Sequence[Path], look: Look = PLAIN) -> jinja2.Environment:
    """Where pages come from: each file from the first folder that has it; in the colours of the mails."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"sparkline": sparkline, "plain_date": words.plain_date, "counted": words.counted}
    made.globals["theme"] = look.theme
    return made


def page(
    request: Request, name: str, status: int = 200, headers: Mapping[str, str] | None = None, **values: object
) -> Response:
    """A public page from the template of this name."""
    site = site_of(request)
    shown = {
        "site": site.config.newsletter,
        "signup_open": site.config.signup.open,
        "links": site.paths,
        "absolute": site.links,
        "stamp": site.stamps.make(),
        "here": request.url.path,
        **values,
    }
    body = site.pages.get_template(name).render(shown)
    return HTMLResponse(body, status, {"Cache-Control": "private, no-cache", **(headers or {})})


def secret_page(request: Request, name: str, status: int = 200, **values: object) -> Response:
    """A page that belongs to one reader: nobody keeps a copy, nobody finds it."""
    return page(request, name, status, SECRET, **values)


def notice(request: Request, title: str, *lines: str, status: int = 200, **values: object) -> Response:
    """A secret page of a few sentences."""
    return secret_page(request, "notice.html", status, title=title, lines=lines, **values)


def number_in(request: Request, purpose: tokens.Purpose, token: str) -> int:
    """The id that a link was signed for; InvalidToken, which becomes a page, when it is none of ours.

    TooManyRequests for a client that tries many.
    """
    site = site_of(request)
    try:
        return tokens.read(purpose, token, site.keys)
    except InvalidToken:
        site.throttle.wrong_link(ip_of(request))
        raise


async def _form(request: Request) -> dict[str, list[str]]:
    """The fields that came, urlencoded or as form-data; 403 for one that no page of ours can have sent."""
    try:
        async with request.form(max_files=0, max_fields=MOST_FIELDS) as form:
            fields = _texts(form)
    except (LookupError, UnicodeError):  # a charset that nobody knows, or text that is not of it
        raise HTTPException(400) from None
    one = {name: values[0] for name, values in fields.items()}
    if not request.scope.get("proven", True) and not site_of(request).stamps.ours(one):
        raise HTTPException(403, "This form is too old, or was sent from another site: open the page again.")
    return fields


def _texts(form: FormData) -> dict[str, list[str]]:
    return {name: [value for value in form.getlist(name) if not isinstance(value, UploadFile)] for name in form}


Form = Annotated[dict[str, list[str]], Depends(_form)]


def first(fields: Mapping[str, Sequence[str]], name: str) -> str:
    """The only value of a field, "" when it did not come."""
    return fields[name][0] if fields.get(name) else ""


def sparkline(history: Sequence[int]) -> Markup:
    """Votes over time as a small line; "" for fewer than two points. Decoration: the number stands beside it."""
    if len(history) < 2:  # noqa: PLR2004 - a line has two ends
        return Markup()
    top = max(*history, 1)
    step = (WIDTH - 4) / (len(history) - 1)
    points = " ".join(
        f"{2 + place * step:.1f},{HEIGHT - 3 - (HEIGHT - 6) * votes / top:.1f}"
        for place, votes in enumerate(history)
    )
    return SPARKLINE.format(w=WIDTH, h=HEIGHT, points=points)


def day_in(text: str) -> date:
    """A day from a URL, such as 2026-11-23; 404 for anything else."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise HTTPException(404)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise HTTPException(404) from None
