"""Leaving: one click from the mail program, a page with a button, the way back, and one's link by mail."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response

from newsletter import db, letters
from newsletter.web import joining, standing
from newsletter.web.forms import Filled
from newsletter.web.page import Form, number_in, secret_page
from newsletter.web.site import asker_of, ip_of, site_of
from newsletter.web.stamp import FIELD
from newsletter.web.standing import Said
from subscribers import asking, consent, signup
from subscribers.models import CONFIRMED, Status, Subscriber
from subscribers.tokens import Purpose

router = APIRouter()
ONE_CLICK = "List-Unsubscribe=One-Click"  # the whole body, RFC 8058 section 3.2
WORDING = "Unsubscribe me."
UNDO_WORDING = "Keep my subscription."
LINK_WORDING = "Send me my link."
JUST_NOW = timedelta(minutes=10)


@router.get("/u/{token}")
def ask(request: Request, token: str) -> Response:
    """A page with one button: what opens links by itself must not unsubscribe anybody."""
    number_in(request, Purpose.UNSUBSCRIBE, token)
    return secret_page(request, "leave.html", wording=WORDING)


async def _page_of_ours(request: Request) -> bool:
    """Whether our own page sent this; whatever a mail program sends, however broken, is its click.

    Nothing but the token decides whether somebody leaves (RFC 8058 section 3.2).
    """
    try:
        async with request.form() as form:
            return FIELD in form
    except (HTTPException, LookupError, UnicodeError):
        return False


@router.post("/u/{token}")
@router.post("/u/{token}/", include_in_schema=False)  # some programs tidy URLs, and may not be redirected
def leave(request: Request, token: str, ours: Annotated[bool, Depends(_page_of_ours)]) -> Response:
    """Unsubscribe at once: from the page, or from the mail program's own button, which gets plain text.

    The mail program's click brings no letter: some providers count mail after it against the sender.
    """
    number, site = number_in(request, Purpose.UNSUBSCRIBE, token), site_of(request)
    undo = None
    with db.writing(site.engine) as session:
        reader = asking.lock(session, number)
        if reader is not None:
            read, now = reader.status in CONFIRMED, site.clock()
            left = signup.leave(session, reader, asker_of(request, WORDING if ours else ONE_CLICK), now)
            if left and read and ours:
                letters.put(session, site.letters, site.keys, signup.goodbye(reader, left, now), now)
            undo = left or _withdrawal(session, reader, now)
    site.wake()
    if not ours:
        return PlainTextResponse("You are unsubscribed.\n", headers={"Cache-Control": "no-store"})
    return secret_page(request, "goodbye.html", undo=undo)


@router.get("/undo/{token}")
def ask_back(request: Request, token: str) -> Response:
    """A page with one button."""
    number_in(request, Purpose.UNDO, token)
    return secret_page(request, "undo.html", wording=UNDO_WORDING)


@router.post("/undo/{token}")
def back(request: Request, token: str, fields: Form) -> Response:
    """Take the withdrawal back, within a week."""
    del fields  # asked for so that it is checked where it came from
    number, site = number_in(request, Purpose.UNDO, token), site_of(request)
    with db.writing(site.engine) as session:
        now = site.clock()
        reader = signup.undo(session, number, asker_of(request, UNDO_WORDING), now)
        if reader is None:
            return secret_page(request, "said.html", 410, said=_too_late(site.paths.subscribe()))
        if said := standing.closed(reader, site.paths):
            return secret_page(request, "said.html", said=said)
        ways = (("Your preferences", site.paths.preferences(reader.id)), ("To the front page", site.paths.home()))
        comes = standing.next_words(reader, now)
        line = f"Your next digest comes on {comes}." if comes else "Your pause goes on, as it was."
        return secret_page(request, "said.html", said=Said("Good to have you back", (line,), ways))


@router.get("/link")
def ask_link(request: Request) -> Response:
    """Where somebody without an old mail at hand asks for their own link."""
    return secret_page(request, "link.html", form=Filled({}), labels=joining.LABELS, friendly="")


@router.post("/link")
def send_link(request: Request, fields: Form) -> Response:
    """The same answer whether or not we know the address."""
    site = site_of(request)
    trouble = site.stamps.trouble({name: values[0] for name, values in fields.items()})
    answer = secret_page(request, "said.html", said=_link_sent(site.paths.home(), site.paths.link()))
    if trouble == "trap":
        return answer
    site.throttle.form(ip_of(request))
    email, wrong = joining.address(site, fields)
    if trouble or wrong:
        shown = {"form": Filled(fields, wrong), "labels": joining.LABELS}
        return secret_page(request, "link.html", 422, friendly=joining.TRY_AGAIN.get(trouble, ""), **shown)
    with site.evenly():
        site.throttle.room(email)
        with db.writing(site.engine) as session:
            now = site.clock()
            wanted = signup.send_link(session, email, asker_of(request, LINK_WORDING), site.terms, now)
            if wanted:
                letters.put(session, site.letters, site.keys, wanted, now)
                site.throttle.letter(email)
        site.wake()
    return answer


def _withdrawal(session: Session, reader: Subscriber, now: datetime) -> int | None:
    """The withdrawal of just now, for who sees the page once more; later only the goodbye letter has a way back.

    Mails are forwarded: whoever has one must not bring back somebody who left days ago.
    """
    last = consent.newest(session, reader.id)
    open_still = last is not None and now - last.at <= JUST_NOW
    return last.id if last and open_still and reader.status is Status.UNSUBSCRIBED else None


def _too_late(subscribe: str) -> Said:
    lines = ("It works for seven days after leaving, once, and for the newest goodbye alone.",)
    return Said("This cannot be taken back any more", lines, (("Subscribe again", subscribe),))


def _link_sent(home: str, link: str) -> Said:
    lines = (
        "If this address reads our newsletter, a letter with its link is on the way.",
        "If nothing comes, look into the spam folder, or try the address that your digests go to.",
    )
    return Said("Check your mail", lines, (("To the front page", home), ("Try another address", link)))
