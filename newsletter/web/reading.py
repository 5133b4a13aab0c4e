"""Digests as pages: a reader's own as it was sent and a sample for everybody; and what we keep about people."""

import re
from urllib.parse import quote

from fastapi import APIRouter, Request
from sqlmodel import Session, col, select
from starlette.responses import HTMLResponse, Response

from newsletter import render
from newsletter.errors import MessageError
from newsletter.ledger import DIGEST
from newsletter.mail import digest
from newsletter.mail.content import DigestContent
from newsletter.models import RELEASING, Delivery, State
from newsletter.showcase import Period, Shown
from newsletter.web.cards import in_digest
from newsletter.web.front import busiest
from newsletter.web.page import SECRET, day_in, notice, number_in, page
from newsletter.web.site import Site, site_of
from subscribers.models import FollowKind
from subscribers.preferences import Choice
from subscribers.tokens import Purpose

router = APIRouter()

# A mail's styles stand in it; everything else stays shut: nothing is loaded, sent or run.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors {frames}"
)
SAMPLE_TOPICS = 3
SAMPLE_FOR = {"Cache-Control": "public, max-age=600"}
HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
# In its frame a paper's link would open where no other site may: they open in the whole window instead.
WHOLE_WINDOW = '<base target="_top">'
WHY_NONE = {
    State.SKIPPED: "There was nothing worth sending to you that day, so no digest went out.",
    State.SUPPRESSED: "This digest was not sent: its address may not be mailed any more.",
    State.FAILED: "This digest could not be delivered. Its papers may come in a later one.",
}


@router.get("/d/{period}/{token}")
def own_digest(request: Request, period: str, token: str) -> Response:
    """The digest that a reader got for a day, as in the mail but for what is theirs alone."""
    site, reader = site_of(request), number_in(request, Purpose.ARCHIVE, token)
    day_in(period)
    with Session(site.engine) as session:
        mine = (col(Delivery.subscriber_id) == reader, col(Delivery.period) == period)
        found = session.exec(select(Delivery).where(*mine, col(Delivery.letter) == DIGEST)).first()
        if found is None or found.state in RELEASING or found.edition_id is None:
            return notice(request, "There is no digest here", _why_none(found), status=404)
        try:
            html = render.page(session, found.id, site.keys)
        except MessageError:
            return notice(request, "There is no digest here", "Its papers are not kept any more.", status=404)
    return HTMLResponse(html, headers=SECRET | {"Content-Security-Policy": MAIL_POLICY.format(frames="'none'")})


def _why_none(found: Delivery | None) -> str:
    if found is None:
        return "No digest was made for you for that day, or it is not kept any more."
    return WHY_NONE.get(found.state, "It was not made.")


@router.get("/sample")
def sample(request: Request) -> Response:
    """What a digest looks like, in a frame."""
    site = site_of(request)
    found = site.showcase.trending(Period.DAY, most=1)
    return page(request, "sample.html", any_papers=bool(found.papers))


@router.get("/sample/mail")
def sample_mail(request: Request) -> Response:
    """The digest of a made-up reader, from what trends now."""
    site = site_of(request)
    made = sample_digest(site)
    rendered = digest.render(site.issue.letter, made, site.issue.imprint.budget_bytes)
    html = HEAD.sub(lambda head: head[0] + WHOLE_WINDOW, rendered.html, count=1)
    headers = {"Content-Security-Policy": MAIL_POLICY.format(frames="'self'"), "X-Robots-Tag": "noindex"}
    return HTMLResponse(html, headers=SAMPLE_FOR | headers)


def sample_topics(site: Site) -> list[str]:
    """What the made-up reader follows: the topics that have most papers now."""
    return busiest(site.showcase.topic_counts(), SAMPLE_TOPICS)


def sample_papers(site: Site) -> list[Shown]:
    """What this week would bring such a reader; in a quiet week the newest papers that we have."""
    choices = [Choice(FollowKind.TOPIC, name) for name in sample_topics(site)]
    size = site.config.digest.size
    return site.showcase.would_bring(choices, size) or list(site.showcase.trending(Period.DAY, most=size).papers)


def sample_digest(site: Site) -> DigestContent:
    """The digest of the made-up reader; the links that would be theirs lead to the form to subscribe."""
    links, papers = site.links, sample_papers(site)
    return DigestContent(
        brand=site.issue.imprint.title,
        site_url=links.home(),
        postal_address=site.issue.imprint.postal_address,
        date=site.clock().date(),
        to_email="you@example.org",
        reader_name="you",
        joined=None,
        considered=site.showcase.trending(Period.WEEK, most=1).total,
        interests=tuple(sample_topics(site)),
        papers=tuple(in_digest(each) for each in papers),
        unsubscribe_url=links.subscribe(),
        preferences_url=links.subscribe(),
        archive_url=links.archive(),
        browser_url=links.sample(),
        sample=any(each.content["sample"] for each in papers),
    )


@router.get("/privacy")
def privacy(request: Request) -> Response:
    """What is kept about people, why, and how to have it back or erased."""
    site = site_of(request)
    contact = f"mailto:{quote(site.config.newsletter.sender, safe='@')}"
    return page(request, "privacy.html", signup=site.config.signup, contact=contact)
