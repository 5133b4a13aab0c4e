"""The made-up digests as values for the templates: what the other ways of sending are given for nothing."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, select

from benchmarks.sending import folder, made_up
from newsletter import edition
from newsletter.cli.start import Started
from newsletter.edition import Issue
from newsletter.links import Links
from newsletter.mail.content import DigestContent, PaperShown, roomy, variables
from newsletter.models import Delivery, Edition
from newsletter.ranking.reasons import PAPERS, sentence

MOST_INTERESTS = 4


@dataclass(frozen=True)
class Given:
    """One reader's digest before it is rendered; `values` are what the digest's templates ask for."""

    email: str
    name: str
    message_id: str
    date: datetime
    period: str
    unsubscribe: str
    values: dict[str, Any]


def issue(started: Started) -> Issue:
    """The compiled letter that the planned edition was frozen with."""
    with Session(started.engine) as session:
        return edition.thaw(session, session.exec(select(Edition.id)).one())


def given(started: Started, count: int) -> list[Given]:
    """The digests of the first readers."""
    links, imprint = Links(started.config.newsletter.url, started.keys), issue(started).imprint
    with Session(started.engine) as session:
        rows = session.exec(select(Delivery).order_by(Delivery.id).limit(count)).all()  # type: ignore[arg-type]
        return [_given(made_up.reader(row.id), row, links, imprint) for row in rows]


def _given(reader: made_up.Reader, row: Delivery, links: Links, imprint: edition.Imprint) -> Given:
    content = DigestContent(
        brand=imprint.title,
        site_url=links.home(),
        postal_address=imprint.postal_address,
        date=date.fromisoformat(row.period),
        to_email=reader.email,
        reader_name=reader.name,
        joined=made_up.JOINED.date(),
        considered=folder.CONSIDERED,
        interests=_interests(reader),
        papers=tuple(_shown(reader.number, each, row.period, links) for each in reader.picks),
        unsubscribe_url=links.unsubscribe(reader.number),
        preferences_url=links.preferences(reader.number),
        archive_url=links.archive(),
        browser_url=links.browser(reader.number, row.period),
    )
    return Given(
        email=reader.email,
        name=reader.name,
        message_id=row.message_id,
        date=row.date,
        period=row.period,
        unsubscribe=content.unsubscribe_url,
        values=variables(content, roomy(len(content.papers))),
    )


def _shown(number: int, picked: made_up.Picked, period: str, links: Links) -> PaperShown:
    facts: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in made_up.papers()[picked.paper].items()
    }
    facts |= {name: edition.day(facts[name]) for name in ("published", "announced")}
    return PaperShown(
        **facts,
        topics=tuple(each["name"] for each in picked.reasons if each["code"] == "topic"),
        reasons=(sentence(picked.reasons).replace(" %", "\N{NO-BREAK SPACE}%"),),
        trending=picked.trending,
        more_url=links.thumb(number, period, picked.rank, up=True),
        less_url=links.thumb(number, period, picked.rank, up=False),
    )


def _interests(reader: made_up.Reader) -> tuple[str, ...]:
    named = [each for picked in reader.picks for each in picked.reasons if "name" in each]
    counted = Counter(each["name"] for each in named if each["code"] not in PAPERS)
    return tuple(name for name, _ in counted.most_common(MOST_INTERESTS))
