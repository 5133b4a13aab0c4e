"""Render: a frozen delivery becomes the bytes of one message, the same bytes whenever it is asked."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import quote

from sqlmodel import Session, col, select

from newsletter import edition, letters, notices
from newsletter.edition import Imprint, Issue
from newsletter.errors import MessageError
from newsletter.ledger import DIGEST
from newsletter.links import Links
from newsletter.mail import Envelope, admin_letter, digest, letter
from newsletter.mail.admin_letter import AdminLetter
from newsletter.mail.content import DigestContent, PaperShown
from newsletter.mail.letter import Rendered
from newsletter.mail.message import Content, Letterhead, assemble
from newsletter.models import Delivery, Pick
from newsletter.ranking.reasons import PAPERS, sentence
from subscribers.addresses import redacted
from subscribers.models import Subscriber

LONGEST_LOCAL = 64  # RFC 5321 section 4.5.3.1.1
MOST_INTERESTS = 4


def run(session: Session, delivery_id: int, keys: tuple[str, ...]) -> Envelope:
    """The message of one delivery, from stored values alone. Raises MessageError when it cannot be built."""
    delivery = session.get_one(Delivery, delivery_id)
    issue = edition.thaw(session, delivery.edition_id or 0)
    links = Links(issue.imprint.url, keys)
    made = MAKERS.get(delivery.letter, _letter)
    head = Letterhead(issue.imprint.title, issue.imprint.sender, links.home(), links.archive())
    return Envelope(
        sender=return_path(issue.imprint, delivery.message_id),
        recipient=delivery.address,
        message_id=delivery.message_id,
        content=assemble(head, made(session, delivery, issue, links)),
    )


def page(session: Session, delivery_id: int, keys: tuple[str, ...]) -> str:
    """A digest's HTML for its page in the browser, without what nobody gives away with a URL.

    That is the address, and the links to change or leave: they lead to the form that mails a reader their
    links. Thumbs stay: the text part of a mail has no others. MessageError as in `run`.
    """
    delivery = session.get_one(Delivery, delivery_id)
    issue = edition.thaw(session, delivery.edition_id or 0)
    links = Links(issue.imprint.url, keys)
    content = replace(
        _content(session, delivery, issue.imprint, links),
        to_email=redacted(delivery.address),
        preferences_url=links.link(),
        unsubscribe_url=links.link(),
    )
    return digest.render(issue.letter, content, issue.imprint.budget_bytes).html


def _digest(session: Session, delivery: Delivery, issue: Issue, links: Links) -> Content:
    content = _content(session, delivery, issue.imprint, links)
    rendered = digest.render(issue.letter, content, issue.imprint.budget_bytes)
    return Content(
        to_name=content.reader_name,
        to=delivery.address,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        message_id=delivery.message_id,
        date=delivery.date,
        letter=delivery.letter,
        period=delivery.period,
        unsubscribe_url=content.unsubscribe_url,
        unsubscribe_mailto=_mailto(issue.imprint, content.unsubscribe_url),
    )


def _letter(_: Session, delivery: Delivery, issue: Issue, links: Links) -> Content:
    rendered = letter.render(issue.letter, letters.content(delivery, issue.imprint, links))
    return _put(delivery, rendered, issue.imprint, letters.unsubscribe_url(delivery, links))


def _to_admin(_: Session, delivery: Delivery, issue: Issue, links: Links) -> Content:
    rendered = admin_letter.render(issue.letter, notices.content(delivery, issue.imprint, links))
    return _put(delivery, rendered, issue.imprint)


# What makes any other letter is `_letter`.
MAKERS: Mapping[str, Callable[[Session, Delivery, Issue, Links], Content]] = {
    DIGEST: _digest,
    **dict.fromkeys(AdminLetter, _to_admin),
}


def _put(delivery: Delivery, rendered: Rendered, imprint: Imprint, unsubscribe_url: str = "") -> Content:
    return Content(
        to_name="",  # a name that a stranger typed must not travel under ours
        to=delivery.address,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        message_id=delivery.message_id,
        date=delivery.date,
        letter=delivery.letter,
        period=delivery.date.date().isoformat(),  # its own period is a number that belongs to one person
        unsubscribe_url=unsubscribe_url,
        unsubscribe_mailto=_mailto(imprint, unsubscribe_url) if unsubscribe_url else "",
    )


def return_path(imprint: Imprint, message_id: str) -> str:
    """An envelope sender of its own for each delivery: name+token@domain, so that a bounce says whose it is.

    The token is the keyed digest that also makes the Message-ID: nobody else can forge one.
    """
    local, _, domain = (imprint.return_path or imprint.sender).rpartition("@")
    token = message_id.strip("<>").partition("@")[0]
    room = LONGEST_LOCAL - len(token) - 1
    short = local.encode()[:room].decode(errors="ignore")
    return f"{short}+{token}@{domain}"


def _mailto(imprint: Imprint, unsubscribe_url: str) -> str:
    token = unsubscribe_url.rpartition("/")[2]
    return f"mailto:{quote(imprint.sender, safe='@')}?subject=unsubscribe%20{token}"


def _content(session: Session, delivery: Delivery, imprint: Imprint, links: Links) -> DigestContent:
    reader_id = delivery.subscriber_id or 0
    reader = session.get_one(Subscriber, reader_id)
    ordered = select(Pick).where(col(Pick.delivery_id) == delivery.id).order_by(col(Pick.rank))
    picks = session.exec(ordered).all()
    frozen = edition.thaw_papers(session, delivery.edition_id or 0, (pick.paper for pick in picks))
    if lost := [pick.paper for pick in picks if pick.paper not in frozen]:
        raise MessageError(f"the frozen text of {', '.join(lost)} is gone from the database")
    papers = tuple(
        replace(
            _shown(pick, frozen[pick.paper]),
            more_url=links.thumb(reader_id, delivery.period, pick.rank, up=True),
            less_url=links.thumb(reader_id, delivery.period, pick.rank, up=False),
        )
        for pick in picks
    )
    return DigestContent(
        brand=imprint.title,
        site_url=links.home(),
        postal_address=imprint.postal_address,
        date=date.fromisoformat(delivery.period),
        to_email=delivery.address,
        reader_name=delivery.details["name"],
        joined=reader.confirmed_at.date() if reader.confirmed_at else None,
        considered=delivery.details["considered"],
        interests=_interests(picks),
        papers=papers,
        unsubscribe_url=links.unsubscribe(reader_id),
        preferences_url=links.preferences(reader_id),
        archive_url=links.archive(),
        browser_url=links.browser(reader_id, delivery.period),
        sample=any(paper.sample for paper in papers),
        quiet=delivery.details.get("quiet", 0),
        quiet_since=edition.day(delivery.details.get("quiet_since")),
    )


def _shown(pick: Pick, content: Mapping[str, Any]) -> PaperShown:
    facts: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in content.items()
    }
    facts |= {name: edition.day(content[name]) for name in ("published", "announced")}
    return PaperShown(
        **facts,
        topics=tuple(reason["name"] for reason in pick.reasons if reason["code"] == "topic"),
        reasons=(sentence(pick.reasons).replace(" %", "\N{NO-BREAK SPACE}%"),),
        trending=pick.trending,
    )


def _interests(picks: Iterable[Pick]) -> tuple[str, ...]:
    """The followed things that brought papers, the most productive first; a paper is no such thing."""
    reasons = (reason for pick in picks for reason in pick.reasons)
    named = Counter(reason["name"] for reason in reasons if "name" in reason and reason["code"] not in PAPERS)
    return tuple(name for name, _ in named.most_common(MOST_INTERESTS))
