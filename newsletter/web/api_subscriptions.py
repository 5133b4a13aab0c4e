"""The private half of the JSON API: subscribe, a reader's preferences, unsubscribe.

Tokens come in a header, never in a URL: URLs end up in logs.
"""

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlmodel import Session

from newsletter import db, examples, letters
from newsletter.web import standing
from newsletter.web.api_answers import SECRET, Answering, refusals
from newsletter.web.api_models import Message, Subscription, Wishes
from newsletter.web.api_shown import choices_in, preferences_in, wishes_of
from newsletter.web.site import Site, asker_of, ip_of, site_of
from subscribers import asking, pasted, people, signup, tokens
from subscribers import preferences as preference
from subscribers.errors import InvalidToken
from subscribers.models import CONFIRMED, Subscriber
from subscribers.tokens import Purpose

router = APIRouter(route_class=Answering, tags=["subscription"])
ASKED = "Asked for through the API."
LEFT = "Unsubscribed through the API."

_preferences = HTTPBearer(
    scheme_name="preferences",
    description="The token at the end of the preferences link in every digest.",
    auto_error=False,
)
_unsubscribe = HTTPBearer(
    scheme_name="unsubscribe",
    description="The token at the end of the unsubscribe link in every mail.",
    auto_error=False,
)
Bearer = HTTPAuthorizationCredentials | None
Preferences = Annotated[Bearer, Depends(_preferences)]
Unsubscribe = Annotated[Bearer, Depends(_unsubscribe)]


@router.post("/subscriptions", status_code=202, responses=refusals(400, 403, 413, 422, 429))
def subscribe(request: Request, response: Response, wanted: Subscription) -> Message:
    """Ask for the newsletter: the owner of the address gets a letter, and nothing begins before they confirm.

    The answer is the same whether or not the address is known, and one address gets one letter in a while.
    """
    site = site_of(request)
    if not site.config.signup.open:
        raise HTTPException(403, "This newsletter takes no new readers at the moment: try again later.")
    site.throttle.form(ip_of(request))
    preferences = preferences_in(wanted, site.config.digest.size)
    choices, email = choices_in(wanted, site.catalogue), site.address(wanted.email)
    named = pasted.read_items(wanted.examples)
    with site.evenly():
        site.throttle.room(email)
        with db.writing(site.engine) as session:
            asker, now = asker_of(request, ASKED), site.clock()
            letter = signup.join(session, email, preferences, choices, asker, site.terms, now, named)
            if letter:
                letters.put(session, site.letters, site.keys, letter, now)
                site.throttle.letter(email)
        site.wake()  # also where there is nothing to send: the answer takes the same time
    response.headers.update(SECRET)
    hours = site.config.signup.confirm_hours
    return Message(
        message="If this address can have the newsletter, a letter with a link to confirm is on its way. "
        f"The link works for {hours} hours."
    )


@router.get("/preferences", responses=refusals(401, 403, 404, 429))
def show(request: Request, response: Response, token: Preferences) -> Wishes:
    """Everything that a reader chose; what comes can be changed and put back."""
    site, number = site_of(request), _number(request, token, Purpose.PREFERENCES)
    response.headers.update(SECRET)
    with Session(site.engine) as session:
        reader = _open(site, session.get(Subscriber, number))
        return wishes_of(preference.of(reader), people.choices_of(reader), reader.examples)


@router.put("/preferences", responses=refusals(400, 401, 403, 404, 413, 422, 429))
def save(request: Request, response: Response, wanted: Wishes, token: Preferences) -> Wishes:
    """Replace all that a reader chose, from the next digest on; the answer is what is kept now."""
    site, number = site_of(request), _number(request, token, Purpose.PREFERENCES)
    response.headers.update(SECRET)
    preferences = preferences_in(wanted, site.config.digest.size)
    choices, named = choices_in(wanted, site.catalogue), pasted.read_items(wanted.examples)
    with db.writing(site.engine) as session:
        reader = _open(site, asking.lock(session, number))
        people.choose(reader, preferences, choices)
        session.flush()
        examples.replace(session, reader.id, named, site.clock())
        return wishes_of(preferences, people.choices_of(reader), reader.examples)


@router.post("/unsubscribe", responses=refusals(401, 429))
def leave(request: Request, response: Response, unsubscribe: Unsubscribe, preferences: Preferences) -> Message:
    """Leave, at once and for digests that wait already; once more changes nothing. Either token will do."""
    site = site_of(request)
    number = _number(request, unsubscribe or preferences, Purpose.UNSUBSCRIBE, Purpose.PREFERENCES)
    response.headers.update(SECRET)
    with db.writing(site.engine) as session:
        reader = asking.lock(session, number)
        if reader is not None:
            _end(session, site, reader, request)
    site.wake()
    return Message(message="You are unsubscribed.")


def _end(session: Session, site: Site, reader: Subscriber, request: Request) -> None:
    """As on the page: who read until now gets a letter with the way back."""
    read, now = reader.status in CONFIRMED, site.clock()
    left = signup.leave(session, reader, asker_of(request, LEFT), now)
    if left and read:
        letters.put(session, site.letters, site.keys, signup.goodbye(reader, left, now), now)


def _number(request: Request, token: Bearer, *purposes: Purpose) -> int:
    """The reader that the token was signed for, for one of these purposes; 401 when it was not."""
    site = site_of(request)
    if token:
        for purpose in purposes:
            with suppress(InvalidToken):
                return tokens.read(purpose, token.credentials, site.keys)
        site.throttle.wrong_link(ip_of(request))
    said = f"Give the token of the {' or '.join(purposes)} link in a mail of ours: Authorization: Bearer TOKEN."
    raise HTTPException(401, said, {"WWW-Authenticate": "Bearer"})


def _open(site: Site, reader: Subscriber | None) -> Subscriber:
    """The reader, when there is something to choose for them."""
    closed = standing.closed(reader, site.links)
    if reader is None or closed:
        said = " ".join((f"{closed.title}.", *closed.lines)) if closed else ""
        raise HTTPException(404 if reader is None else 403, said)
    return reader
