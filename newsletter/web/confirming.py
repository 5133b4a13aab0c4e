"""Confirming: the button in the mailbox's own letter makes a reader, and nothing else does."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from sqlmodel import Session
from starlette.responses import Response

from newsletter import db, examples, letters, wiring
from newsletter.schedule import next_digest
from newsletter.web import standing
from newsletter.web.page import Form, number_in, secret_page
from newsletter.web.site import Site, asker_of, site_of
from newsletter.web.standing import Said
from subscribers import signup
from subscribers.asking import Step
from subscribers.models import Subscriber
from subscribers.tokens import Purpose

router = APIRouter()
CONSENT = "Yes, send me the newsletter."


@router.get("/c/{token}")
def ask(request: Request, token: str) -> Response:
    """A page with one button: what opens links by itself must not subscribe anybody."""
    number_in(request, Purpose.CONFIRM, token)
    return secret_page(request, "confirm.html", consent=CONSENT)


@router.post("/c/{token}")
def confirm(request: Request, token: str, fields: Form) -> Response:
    """The yes: once, in time."""
    del fields  # asked for so that it is checked where it came from
    number, site = number_in(request, Purpose.CONFIRM, token), site_of(request)
    with db.writing(site.engine) as session:
        step, reader = signup.confirm(session, number, asker_of(request, CONSENT), site.clock())
        if step is Step.DONE and reader:
            examples.fill(session, [reader.id])
        welcomed = _welcome(session, site, reader, number) if step is Step.DONE and reader else None
    if welcomed is None:
        said = sayings(site)[step]
        return secret_page(request, "said.html", 200 if step is Step.ALREADY else 410, said=said)
    site.wake()
    return secret_page(request, "welcome.html", **welcomed)


def sayings(site: Site) -> Mapping[Step, Said]:
    """What to tell somebody whose click did not subscribe them."""
    again, home = ("Subscribe again", site.paths.subscribe()), ("To the front page", site.paths.home())
    hours = site.config.signup.confirm_hours
    return {
        Step.ALREADY: Said(
            "You have confirmed already",
            ("All is well: nothing more is needed. Each digest has a link to your preferences.",),
            (("Get that link by mail", site.paths.link()), home),
        ),
        Step.REFUSED: Said(
            "We must not write to this address",
            (
                "Its owner asked us never to write to it again, or its mailbox reported us as spam.",
                f"If that is you and you want to come back, write to {site.config.newsletter.sender}.",
            ),
            (home,),
        ),
    } | dict.fromkeys(
        (Step.EXPIRED, Step.DONE, Step.WAITING),
        Said(
            "This letter is too old",
            (
                f"Its button works for {hours} hours.",
                "Send the form again, and you get a new one.",
            ),
            (again, home),
        ),
    )


def _welcome(session: Session, site: Site, reader: Subscriber, number: int) -> dict[str, Any]:
    """Put the welcome letter; what the page says while the session is open."""
    now = site.clock()
    first = next_digest(reader, now, wiring.window(site.config), site.config.schedule.first_digest)
    wanted = signup.welcome(reader, number, now)
    letters.put(session, site.letters, site.keys, wanted, now, letters.greeting(reader, first))
    return {
        "first": "" if first == now else standing.next_words(reader, now),
        "soon": first == now,
        "preferences": site.paths.preferences(reader.id),
        "unsubscribe": site.paths.unsubscribe(reader.id),
    }
