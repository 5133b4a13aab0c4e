"""The archive for feed readers: the newest editions as Atom (RFC 4287) and as JSON Feed 1.1."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import format_datetime, parsedate_to_datetime
from xml.etree import ElementTree as ET

from fastapi import APIRouter, Request
from sqlmodel import Session, col, func, select
from starlette.responses import Response

from newsletter.letters import MODEL_VERSION
from newsletter.mail import words
from newsletter.models import Edition
from newsletter.web.cards import card
from newsletter.web.site import Site, site_of

router = APIRouter()

MOST = 10  # editions in a feed
NAMED = 2  # papers in an entry's title
NAME_LENGTH = 60
ATOM = "http://www.w3.org/2005/Atom"
KEPT = "public, max-age=600"
BEFORE_ANY = datetime(1970, 1, 1, tzinfo=UTC)  # an Atom feed must have a date, even with nothing in it
# What XML 1.0 section 2.2 has no place for, escaped or not.
NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Item:
    """One edition in a feed; `url` is its page and, since that never changes, its id too."""

    url: str
    title: str
    html: str
    updated: datetime


@router.get("/archive/feed.atom")
def atom(request: Request) -> Response:
    """The newest editions as Atom."""
    site = site_of(request)
    found = items(site)
    return _answer(request, atom_of(site, found), "application/atom+xml", _newest(found))


@router.get("/archive/feed.json")
def json_feed(request: Request) -> Response:
    """The newest editions as JSON Feed."""
    site = site_of(request)
    found = items(site)
    return _answer(request, json_of(site, found), "application/feed+json", _newest(found))


def items(site: Site) -> list[Item]:
    """The newest editions, newest first."""
    days = site.showcase.edition_days()[:MOST]
    made = _made(site, days)
    return [_item(site, day, made.get(day, BEFORE_ANY)) for day in days]


def atom_of(site: Site, found: list[Item]) -> bytes:
    """The Atom document (RFC 4287 section 4)."""
    title = _sound(site.config.newsletter.title)
    feed = ET.Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    _texts(feed, id=site.links.archive(), title=title, subtitle=_subtitle(), updated=_stamp(_newest(found)))
    ET.SubElement(feed, "link", rel="self", type="application/atom+xml", href=site.links.feed("atom"))
    ET.SubElement(feed, "link", rel="alternate", type="text/html", href=site.links.archive())
    _texts(ET.SubElement(feed, "author"), name=title, uri=site.links.home())
    for item in found:
        entry = ET.SubElement(feed, "entry")
        when = _stamp(item.updated)
        _texts(entry, id=item.url, title=item.title, updated=when, published=when)
        ET.SubElement(entry, "link", rel="alternate", type="text/html", href=item.url)
        ET.SubElement(entry, "content", type="html").text = item.html
    written: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def json_of(site: Site, found: list[Item]) -> bytes:
    """The JSON Feed (https://www.jsonfeed.org/version/1.1/)."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": site.config.newsletter.title,
        "description": _subtitle(),
        "home_page_url": site.links.archive(),
        "feed_url": site.links.feed("json"),
        "language": "en",
        "authors": [{"name": site.config.newsletter.title, "url": site.links.home()}],
        "items": [
            {
                "id": item.url,
                "url": item.url,
                "title": item.title,
                "content_html": item.html,
                "date_published": _stamp(item.updated),
                "date_modified": _stamp(item.updated),
            }
            for item in found
        ],
    }
    return json.dumps(feed, ensure_ascii=False, indent=1).encode()


def unchanged(headers: Mapping[str, str], etag: str, modified: datetime) -> bool:
    """Whether the client's copy will do: its entity tag decides, a date only without one (RFC 9110 13.2.2)."""
    if tags := headers.get("if-none-match"):
        return any(tag.strip().removeprefix("W/") in {"*", etag} for tag in tags.split(","))
    try:
        since = parsedate_to_datetime(headers.get("if-modified-since", ""))
    except ValueError:
        return False
    return since.tzinfo is not None and modified <= since


def _answer(request: Request, body: bytes, kind: str, modified: datetime) -> Response:
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Last-Modified": format_datetime(modified, usegmt=True), "Cache-Control": KEPT}
    if unchanged(request.headers, etag, modified):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=f"{kind}; charset=utf-8", headers=headers)


def _made(site: Site, days: list[date]) -> dict[date, datetime]:
    """When the first edition of each day was made, to the second."""
    # The letters of that day have editions too, but no model picked papers for them.
    wanted = (
        col(Edition.date).in_([day.isoformat() for day in days]),
        col(Edition.model_version) != MODEL_VERSION,
    )
    first = select(Edition.date, func.min(col(Edition.created_at))).where(*wanted).group_by(col(Edition.date))
    with Session(site.engine) as session:
        rows = session.exec(first).all()
    return {date.fromisoformat(day): made.astimezone(UTC).replace(microsecond=0) for day, made in rows}


def _item(site: Site, day: date, made: datetime) -> Item:
    found = site.showcase.edition(day)
    cards = [card(shown, site.links, day) for shown in found.papers] if found else []
    names = [words.short_name(each.title, NAME_LENGTH) for each in cards]
    told = words.listed(names, NAMED)
    html = site.pages.get_template("feed_entry.html").render(cards=cards)
    return Item(
        url=site.links.archive(day.isoformat()),
        title=_sound(f"{words.long_date(day)}: {told}" if told else words.long_date(day)),
        html=_sound(html),
        updated=made,
    )


def _texts(parent: ET.Element, **texts: str) -> None:
    for name, text in texts.items():
        ET.SubElement(parent, name).text = text


def _newest(found: list[Item]) -> datetime:
    return max((item.updated for item in found), default=BEFORE_ANY)


def _stamp(when: datetime) -> str:
    return when.isoformat().replace("+00:00", "Z")


def _subtitle() -> str:
    return "Papers that were trending, edition by edition."


def _sound(text: str) -> str:
    return NO_XML.sub("", text)
