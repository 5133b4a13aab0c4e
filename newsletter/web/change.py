"""A change of address: the old and the new mailbox both have to agree, each on a page of its own."""

from typing import Literal

from fastapi import APIRouter, Request
from sqlmodel import Session
from starlette.responses import Response

from newsletter import db, ledger_plans
from newsletter.web import standing
from newsletter.web.page import Form, number_in, secret_page
from newsletter.web.site import asker_of, site_of
from newsletter.web.standing import Said
from subscribers import change, signup
from subscribers.asking import Step
from subscribers.tokens import Purpose

router = APIRouter()
End = Literal["old", "new"]
WORDINGS = {"old": "Yes, move my digest there.", "new": "Yes, send the digest here."}
PURPOSES = {"old": Purpose.CHANGE_OLD, "new": Purpose.CHANGE_NEW}


@router.get("/change/{end}/{token}")
def ask(request: Request, end: End, token: str) -> Response:
    """A page with one button while the question is open; the old mailbox sees where its digest would go."""
    number, site = number_in(request, PURPOSES[end], token), site_of(request)
    with Session(site.engine) as session:
        step, new = change.look(session, number, site.clock())
    if step is not Step.WAITING:
        return _answer(request, step, end)
    shown = new if end == "old" else ""
    return secret_page(request, "change.html", end=end, new=shown, wording=WORDINGS[end])


@router.post("/change/{end}/{token}")
def agree(request: Request, end: End, token: str, fields: Form) -> Response:
    """One of the two yeses."""
    del fields  # asked for so that it is checked where it came from
    number, site = number_in(request, PURPOSES[end], token), site_of(request)
    with db.writing(site.engine) as session:
        asker, now = asker_of(request, WORDINGS[end]), site.clock()
        step, reader = signup.agree_to_change(session, number, asker, now, old=end == "old")
        comes = ""
        if reader and step is Step.DONE:
            ledger_plans.readdress(session, reader.id, reader.email)
            comes = standing.next_words(reader, now)
    return _answer(request, step, end, comes)


def _answer(request: Request, step: Step, end: End, comes: str = "") -> Response:
    said = _said(step, end, comes, site_of(request).paths.link())
    return secret_page(request, "said.html", 410 if step in {Step.EXPIRED, Step.REFUSED} else 200, said=said)


def _said(step: Step, end: End, comes: str, link: str) -> Said:
    if step is Step.DONE:
        line = (
            f"The next digest comes to the new address on {comes}." if comes else "Your pause goes on, as it was."
        )
        return Said("Your address is changed", (line,))
    if step is Step.ALREADY:
        return Said("Your address is changed already", ("Nothing more is needed.",))
    if step is Step.WAITING:
        other = "new" if end == "old" else "old"
        return Said(
            "Thank you, one more yes", (f"Now open the letter in the {other} mailbox and press its button.",)
        )
    lines = ("The link is too old, was replaced by a newer one, or the new address cannot be used any more.",)
    return Said("This change cannot be made", lines, (("Get your link to ask again", link),))
