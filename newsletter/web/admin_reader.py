"""One reader as an admin page: status, wishes, consent, last mails; and to pause, suppress or write to them."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query, Request
from sqlmodel import Session, col, select
from starlette.responses import Response

from newsletter import db, letters
from newsletter.models import Delivery
from newsletter.web import standing
from newsletter.web.admin_deliveries import line
from newsletter.web.admin_page import LoggedIn, Sent, admin_page, note, on_to, real_now
from newsletter.web.page import first
from newsletter.web.site import Site, site_of
from subscribers import preferences, signup, suppression
from subscribers.addresses import redacted, redacted_in
from subscribers.models import CONFIRMED, STOPPED, Consent, Status, Subscriber
from subscribers.receiving import resting

router = APIRouter()
Step = Literal["pause", "resume", "suppress", "unsuppress", "letter"]
Asked = Literal["suppress", "letter"]
MOST_DELIVERIES = 10
MOST_ID = 2**62
WORDING = "The administrator sent the letter again."
ASKED = "asked not to be mailed"
DONE = {
    "pause": "Paused: nothing is sent until you resume.",
    "resume": "Resumed: digests come again from the next hour that is theirs.",
    "suppress": "Suppressed: nothing is sent to this address any more.",
    "unsuppress": "Taken off the suppression list: this address may be mailed again.",
    "letter": "The letter is on its way.",
    "nothing": "Nothing was changed: it stood so already.",
    "peace": "No letter was sent: this mailbox was written to a short time ago, or may not be.",
}


@router.get("/admin/subscribers/{number}")
def reader(
    request: Request,
    admin: LoggedIn,
    number: int,
    done: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """Everything about one reader; `done` tells what a button just did."""
    site = site_of(request)
    now = real_now(site)
    with Session(site.engine) as session:
        found = _found(session, number)
        listed = suppression.reason_for(session, found.email)
        consents, mails = _consents(session, number), _mails(session, number)
        wishes = [(each.kind.value, each.value, each.weight) for each in found.follows]
        return admin_page(
            request,
            admin,
            "admin_reader.html",
            reader=found,
            listed=listed,
            may=may(found, listed, now),
            rhythm=standing.rhythm(preferences.of(found)),
            next="" if listed or found.status not in CONFIRMED else standing.next_words(found, now),
            pause=standing.pause_words(found, now),
            wishes=wishes,
            consents=consents,
            mails=[line(each, site.paths) for each in mails],
            said=redacted_in,
            flash=DONE.get(done, ""),
            section="subscribers",
        )


@router.get("/admin/subscribers/{number}/{step}")
def ask(request: Request, admin: LoggedIn, number: int, step: Asked) -> Response:
    """What cannot be taken back is asked on a page of its own: a mail that is sent, or one that is not."""
    with Session(site_of(request).engine) as session:
        found = _found(session, number)
    pending = found.status is Status.PENDING
    return admin_page(
        request, admin, "admin_reader_ask.html", reader=found, step=step, pending=pending, section="subscribers"
    )


@router.post("/admin/subscribers/{number}/{step}")
def act(request: Request, fields: Sent, number: int, step: Step) -> Response:
    """Do it, and show the reader as they stand then."""
    site = site_of(request)
    with db.writing(site.engine) as session:
        found = _found(session, number)
        done = STEPS[step](session, site, found, first(fields, "reason").strip())
        if done == step:
            note(session, site, f"reader {step}", redacted(found.email))
    site.wake()
    return on_to(site.paths.admin_part(f"subscribers/{number}", done=done))


def may(found: Subscriber, listed: str | None, now: datetime) -> tuple[str, ...]:
    """What can be done with a reader who stands so; `listed` is why the address is suppressed, if it is."""
    rest: tuple[str, ...] = ("unsuppress",) if listed is not None else ("suppress",)
    if found.status in CONFIRMED:
        rest = ("resume" if resting(found, now) else "pause", *rest)
    if found.status not in STOPPED and listed is None:
        rest = (*rest, "letter")
    return rest


def _pause(session: Session, site: Site, found: Subscriber, reason: str) -> str:
    del reason
    return "pause" if signup.pause(session, found, None, real_now(site)) else "nothing"


def _resume(session: Session, site: Site, found: Subscriber, reason: str) -> str:
    del reason
    return "resume" if signup.resume(session, found, real_now(site)) else "nothing"


def _suppress(session: Session, site: Site, found: Subscriber, reason: str) -> str:
    added = suppression.suppress(session, found.email, reason or ASKED, real_now(site))
    return "suppress" if added else "nothing"


def _unsuppress(session: Session, site: Site, found: Subscriber, reason: str) -> str:
    del site, reason
    return "unsuppress" if suppression.lift(session, found.email) else "nothing"


def _letter(session: Session, site: Site, found: Subscriber, reason: str) -> str:
    """Their own links, or the question to confirm anew: as often as somebody else could ask for them."""
    del reason
    now = real_now(site)
    wanted = signup.send_link(session, found.email, signup.Asker(WORDING), site.terms, now)
    if wanted is None:
        return "peace"
    letters.put(session, site.letters, site.keys, wanted, now)
    return "letter"


STEPS: dict[Step, Callable[[Session, Site, Subscriber, str], str]] = {
    "pause": _pause,
    "resume": _resume,
    "suppress": _suppress,
    "unsuppress": _unsuppress,
    "letter": _letter,
}


def _found(session: Session, number: int) -> Subscriber:
    found = session.get(Subscriber, number) if 0 < number < MOST_ID else None
    if found is None:
        raise HTTPException(404)
    return found


def _consents(session: Session, number: int) -> list[Consent]:
    asked = select(Consent).where(col(Consent.subscriber_id) == number)
    return list(session.exec(asked.order_by(col(Consent.id).desc())))


def _mails(session: Session, number: int) -> list[Delivery]:
    asked = select(Delivery).where(col(Delivery.subscriber_id) == number)
    return list(session.exec(asked.order_by(col(Delivery.id).desc()).limit(MOST_DELIVERIES)))
