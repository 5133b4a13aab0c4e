"""The studio: the message that a reader would get, on all screens, with its reasons; alive while files change."""

import secrets
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from typing import Any

from fastapi import APIRouter, Request
from sqlmodel import Session
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from newsletter import db, lint
from newsletter.errors import NewsletterError
from newsletter.mail.message import readable
from newsletter.preview import MadeUp, Shown, Trial
from newsletter.preview.frames import framed
from newsletter.preview.posting import post
from newsletter.web.admin_page import Admin, LoggedIn, Sent, admin_page, note, on_to
from newsletter.web.page import SECRET, first
from newsletter.web.site import Site, site_of
from newsletter.web.studio_asked import VIEWS, Question, read, search
from subscribers.addresses import normalise, redacted
from subscribers.errors import SubscriberError

router = APIRouter()
FRAME = SECRET | {
    # A mail's styles stand in it; no script ever runs, and nothing but pictures is loaded.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data: https: http:; form-action 'none'; "
        "frame-ancestors 'self'; sandbox"
    )
}
SCREENS = (("desktop", 720), ("phone", 375), ("small phone", 320))
WRONG = (NewsletterError, SubscriberError)
CLIP = 102_400  # bytes of HTML from which on Gmail shows a message only in part


@dataclass(frozen=True)
class Mail:
    """A message taken apart for the page."""

    subject: str
    size: int
    html: str
    text: str
    headers: str
    findings: tuple[lint.Finding, ...]

    @property
    def html_bytes(self) -> int:
        return len(self.html.encode())

    @property
    def text_bytes(self) -> int:
        return len(self.text.encode())


@router.get("/admin/preview")
def studio(request: Request, admin: LoggedIn) -> Response:
    """The form, and the message for whom it names. Nothing is stored: the plan is rolled back."""
    return _page(request, admin, _question(request))


@router.get("/admin/preview/mail")
def frame(request: Request, admin: LoggedIn) -> Response:
    """The message's HTML for one frame, in the look that `view` names."""
    del admin
    site, question = site_of(request), _question(request)
    try:
        shown = _shown(site, question, anew=False)
    except WRONG:  # the page around it says what
        shown = None
    if shown is None or shown.envelope is None:
        return HTMLResponse("", headers=FRAME)
    return HTMLResponse(framed(readable(shown.envelope.content)[1], question.view), headers=FRAME)


@router.get("/admin/preview/stamp")
def stamp(request: Request, admin: LoggedIn) -> Response:
    """Another text whenever a template or the configuration was saved."""
    del admin
    return PlainTextResponse(site_of(request).desk.stamp(), headers=SECRET)


@router.post("/admin/preview/send")
def send(request: Request, admin: LoggedIn, fields: Sent) -> Response:
    """Send what is shown as a test mail; a line in the journal says so."""
    site = site_of(request)
    asked = [(name, value) for name, values in fields.items() for value in values]
    question = read(asked, site.config.admin.timezone)
    to = first(fields, "to")
    try:
        _send(site, question, normalise(to))
    except WRONG as error:
        return _page(request, admin, question, to=to, wrong_to=str(error))
    return on_to(site.paths.admin_preview(asked=[*question.fields(), ("sent", "1")]))


def _send(site: Site, question: Question, to: str) -> None:
    with Session(site.engine) as session:
        asked = question.asked(session)
    if asked is None:
        return
    test = Trial(to, secrets.token_hex(8))
    shown, transport = site.desk.trial(asked, question.moment(site.clock()), test)
    if shown.envelope is not None:
        post(transport, shown.envelope)
        with db.writing(site.engine) as session:
            note(session, site, "test mail", f"sent a test mail to {redacted(to)}")


def _question(request: Request) -> Question:
    return read(request.query_params.multi_items(), site_of(request).config.admin.timezone)


def _shown(site: Site, question: Question, *, anew: bool = True) -> Shown | None:
    with Session(site.engine) as session:
        asked = question.asked(session)
    return site.desk.show(asked, question.moment(site.clock()), anew=anew) if asked else None


def _page(request: Request, admin: Admin, question: Question, to: str = "", wrong_to: str = "") -> Response:
    site = site_of(request)
    stamp = site.desk.stamp()  # of before: what is saved meanwhile is seen by the next look
    shown, wrong, found = None, "", []
    try:
        with Session(site.engine) as session:
            found = search(session, question.q) if question.q else []
        if len(found) == 1:
            question = replace(question, reader=str(found[0].id), topics=(), keyword="", q="")
        shown = _shown(site, question) if not question.q else None
        moment = question.moment(site.clock())
    except WRONG as error:
        wrong, moment = str(error), None
    values: dict[str, Any] = {
        "asked": question if question.at else _with_moment(question, site),
        "shown": shown,
        "mail": _mail(shown, site.desk.config.digest.budget_bytes) if shown else None,
        "wrong": wrong,
        "found": found,
        "when": moment,
        "topics": [each.name for each in site.desk.config.catalogue().topics],
        "views": VIEWS,
        "screens": SCREENS,
        "file_stamp": stamp,
        "budget": site.desk.config.digest.budget_bytes,
        "clip": CLIP,
        "made_up": MadeUp(),
        "to": to or site.desk.config.admin.email,
        "wrong_to": wrong_to,
        "local": getattr(request.app.state, "local", False),
        "flash": "The test mail was handed over." if "sent" in request.query_params else "",
    }
    return admin_page(request, admin, "studio.html", 422 if wrong_to else 200, section="preview", **values)


def _with_moment(question: Question, site: Site) -> Question:
    return replace(question, at=f"{site.clock():%Y-%m-%dT%H:%M}", zone="UTC")


def _mail(shown: Shown, budget: int) -> Mail | None:
    if shown.envelope is None:
        return None
    content = shown.envelope.content
    text, html = readable(content)
    head = content.partition(b"\r\n\r\n")[0].decode("utf-8", "replace").replace("\r\n", "\n")
    subject = str(message_from_bytes(content, policy=policy.default)["Subject"])
    return Mail(subject, len(content), html, text, head, lint.message(content, budget))
