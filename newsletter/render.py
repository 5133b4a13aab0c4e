"""Render: a frozen delivery becomes the bytes of one message, the same bytes whenever it is asked."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from urllib.parse import quote

from sqlalchemy.exc import NoResultFound
from sqlmodel import Session

from newsletter import edition, letters, notices
from newsletter.drafts import Draft, Drafts
from newsletter.edition import Imprint, Issue
from newsletter.errors import MessageError
from newsletter.ledger import DIGEST
from newsletter.links import Links
from newsletter.mail import Envelope, admin_letter, digest, letter
from newsletter.mail.admin_letter import AdminLetter
from newsletter.mail.content import DigestContent, roomy
from newsletter.mail.letter import Rendered
from newsletter.mail.message import Content, Letterhead, Signer, assemble
from newsletter.mail.sections import arranged
from newsletter.mail.setting import Paper, Stock
from newsletter.mail.story import Story
from newsletter.mail.words import link
from newsletter.models import Delivery
from subscribers import tokens
from subscribers.addresses import redacted
from subscribers.letters import LetterKind

LONGEST_LOCAL = 64  # RFC 5321 section 4.5.3.1.1
MOST_INTERESTS = 4
KINDS = frozenset(map(str, LetterKind))
LOWEST_RANK = 9_999  # of no digest; a link that is sound with it is sound with any


class Press:
    """Makes messages: one for each process, used by several threads at once.

    `keys` sign the links, newest first; with a `signer` each message is signed for its domain. What messages of an
    edition share is made once and kept, unless `cached` is off: the bytes are the same either way.
    """

    def __init__(self, keys: tuple[str, ...], signer: Signer | None = None, *, cached: bool = True) -> None:
        self._keys, self._signer = keys, signer
        self._drafts = Drafts(cached=cached)
        self._stock = Stock() if cached else Stock(0)
        self._last: tuple[Issue, Links, Letterhead] | None = None

    def load(self, session: Session, delivery_ids: Sequence[int]) -> dict[int, Draft]:
        """The stored values of these deliveries; one that is gone, or whose reader was erased, has none."""
        return self._drafts.load(session, delivery_ids)

    def envelope(self, draft: Draft) -> Envelope:
        """The finished message; asks nobody and reads no clock. MessageError when it cannot be built."""
        links, head = self._letterhead(draft.issue)
        if draft.letter == DIGEST:
            content = _digest(draft, links, self._stock)
        else:
            content = MAKERS.get(draft.letter, _letter)(draft, links)
        return Envelope(
            sender=return_path(draft.issue.imprint, draft.message_id),
            recipient=draft.address,
            message_id=draft.message_id,
            content=assemble(head, content, self._signer),
        )

    def _letterhead(self, issue: Issue) -> tuple[Links, Letterhead]:
        """The same for a whole edition, so the last ones are kept."""
        last = self._last
        if last is None or last[0] is not issue:
            imprint, links = issue.imprint, Links(issue.imprint.url, self._keys)
            head = Letterhead(imprint.title, imprint.sender, links.home(), links.archive())
            last = self._last = issue, links, head
        return last[1], last[2]


def run(session: Session, delivery_id: int, keys: tuple[str, ...], signer: Signer | None = None) -> Envelope:
    """The message of one delivery, from stored values alone. Raises MessageError when it cannot be built."""
    press = Press(keys, signer)
    return press.envelope(_draft(press, session, delivery_id))


def page(session: Session, delivery_id: int, keys: tuple[str, ...]) -> str:
    """A digest's HTML for its page in the browser, without what nobody gives away with a URL.

    That is the address, and the links to change or leave: they lead to the form that mails a reader their
    links. Thumbs stay: the text part of a mail has no others. MessageError as in `run`.
    """
    draft = _draft(Press(keys), session, delivery_id)
    links = Links(draft.issue.imprint.url, keys)
    shown = replace(
        facts(draft, links),
        to_email=redacted(draft.address),
        preferences_url=links.link(),
        unsubscribe_url=links.link(),
    )
    made = digest.make(
        draft.issue.letter, shown, _papers(draft, links), draft.issue.imprint.budget_bytes, Stock(0)
    )
    return digest.read(made.html)


def trial(
    session: Session,
    delivery_id: int,
    keys: tuple[str, ...],
    test: tuple[str, str],
    signer: Signer | None = None,
) -> Envelope:
    """A digest as a marked test mail; `test` is who gets it, and a nonce that makes this one unlike the last.

    No link of the reader is in it and no way to unsubscribe: whoever gets it, or a forwarded copy, cannot act in
    the reader's name. A bounce comes to the newsletter's own address. MessageError as in `run`.
    """
    to, nonce = test
    press = Press(keys)
    draft = _draft(press, session, delivery_id)
    imprint, links = draft.issue.imprint, Links(draft.issue.imprint.url, keys)
    neutral = links.link()
    told = replace(
        facts(draft, links),
        to_email=to,
        preferences_url=neutral,
        unsubscribe_url=neutral,
        browser_url=neutral,
    )
    papers: list[Paper] = [
        (story, number, (neutral, ""), (neutral, ""), section, there | 3)
        for story, number, _, _, section, there in _papers(draft, links)
    ]
    made = digest.make(draft.issue.letter, told, papers, imprint.budget_bytes, Stock(0))
    message_id = f"<{tokens.digest(keys, 'test mail', nonce, length=32)}@{imprint.sender.rpartition('@')[2]}>"
    content = Content(
        to_name="",
        to=to,
        subject=f"[Test] {made.subject}",
        text=made.text,
        html=made.html,
        message_id=message_id,
        date=draft.date,
        letter=draft.letter,
        period=draft.period,
        unsubscribe_url="",
        unsubscribe_mailto="",
    )
    head = Letterhead(imprint.title, imprint.sender, links.home(), links.archive())
    reader = redacted(draft.address).replace("…", "...")
    mark = f"X-Newsletter-Test: {reader} {draft.date.isoformat()}\r\n".encode("ascii", "replace")
    sender = imprint.return_path or imprint.sender
    return Envelope(sender, to, message_id, mark + assemble(head, content, signer))


def _draft(press: Press, session: Session, delivery_id: int) -> Draft:
    if draft := press.load(session, [delivery_id]).get(delivery_id):
        return draft
    raise NoResultFound(f"delivery {delivery_id} or its reader is gone")


def _digest(draft: Draft, links: Links, stock: Stock) -> Content:
    imprint, told = draft.issue.imprint, facts(draft, links)
    made = digest.make(draft.issue.letter, told, _papers(draft, links), imprint.budget_bytes, stock)
    return Content(
        to_name=told.reader_name,
        to=draft.address,
        subject=made.subject,
        text=made.text,
        html=made.html,
        message_id=draft.message_id,
        date=draft.date,
        letter=draft.letter,
        period=draft.period,
        unsubscribe_url=told.unsubscribe_url,
        unsubscribe_mailto=_mailto(imprint, told.unsubscribe_url),
    )


def _letter(draft: Draft, links: Links) -> Content:
    if draft.letter not in KINDS:
        raise MessageError(f"this program knows no letter {draft.letter!r}: update it, or cancel the letter")
    delivery = _delivery(draft)
    rendered = letter.render(draft.issue.letter, letters.content(delivery, draft.issue.imprint, links))
    return _put(draft, rendered, letters.unsubscribe_url(delivery, links))


def _to_admin(draft: Draft, links: Links) -> Content:
    content = notices.content(_delivery(draft), draft.issue.imprint, links)
    return _put(draft, admin_letter.render(draft.issue.letter, content))


def _delivery(draft: Draft) -> Delivery:
    """The part of a delivery that letters are made from."""
    names = ("subscriber_id", "address", "letter", "period", "message_id", "date", "not_after", "details")
    return Delivery(**{name: getattr(draft, name) for name in names})


# What makes any other letter but a digest is `_letter`.
MAKERS: Mapping[str, Callable[[Draft, Links], Content]] = dict.fromkeys(map(str, AdminLetter), _to_admin)


def _put(draft: Draft, rendered: Rendered, unsubscribe_url: str = "") -> Content:
    return Content(
        to_name="",  # a name that a stranger typed must not travel under ours
        to=draft.address,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        message_id=draft.message_id,
        date=draft.date,
        letter=draft.letter,
        period=draft.date.date().isoformat(),  # its own period is a number that belongs to one person
        unsubscribe_url=unsubscribe_url,
        unsubscribe_mailto=_mailto(draft.issue.imprint, unsubscribe_url) if unsubscribe_url else "",
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


def facts(draft: Draft, links: Links) -> DigestContent:
    """What stands around the papers of a digest."""
    if draft.lost:
        raise MessageError(f"the frozen text of {', '.join(draft.lost)} is gone from the database")
    reader_id, imprint, details = draft.subscriber_id or 0, draft.issue.imprint, draft.details
    return DigestContent(
        brand=imprint.title,
        site_url=links.home(),
        postal_address=imprint.postal_address,
        language=imprint.language,
        date=_day(draft.period),
        to_email=draft.address,
        reader_name=details["name"],
        joined=draft.confirmed_at.date() if draft.confirmed_at else None,
        considered=details["considered"],
        interests=_interests(draft.stories),
        papers=(),
        unsubscribe_url=links.unsubscribe(reader_id),
        preferences_url=links.preferences(reader_id),
        archive_url=links.archive(),
        browser_url=links.browser(reader_id, draft.period),
        quiet=details.get("quiet", 0),
        quiet_since=edition.day(details.get("quiet_since")),
    )


def _papers(draft: Draft, links: Links) -> list[Paper]:
    """A digest's papers in the order they are told, with the reader's links, which are the same up to the rank."""
    thumb = links.thumb(draft.subscriber_id or 0, draft.period, LOWEST_RANK, up=False)
    start = thumb.removesuffix(_rest(LOWEST_RANK)[1]) if link(thumb) else ""
    stories, ranks = draft.stories, draft.ranks
    papers: list[Paper] = []
    for number, (place, section) in enumerate(arranged(stories, roomy(len(stories)).cards, draft.speech), 1):
        up, down = _rest(ranks[place]) if start else ("", "")
        there = (3 if start else 0) + (4 if section else 0)
        papers.append((stories[place], number, (start, up), (start, down), section, there))
    return papers


@lru_cache(maxsize=256)
def _rest(rank: int) -> tuple[str, str]:
    """How the links end that say "more like this" and "less like this" of the paper of a rank."""
    return f"{rank}/up", f"{rank}/down"


@lru_cache(maxsize=64)
def _day(period: str) -> date:
    return date.fromisoformat(period)


def _interests(stories: Iterable[Story]) -> tuple[str, ...]:
    """The followed things that brought papers, the most productive first."""
    counts: dict[str, int] = {}
    for story in stories:
        for name in story.interests:
            counts[name] = counts.get(name, 0) + 1
    return tuple(sorted(counts, key=counts.__getitem__, reverse=True)[:MOST_INTERESTS])
