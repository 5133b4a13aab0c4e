"""Drafts: the stored values that messages are made from, read for a whole block of deliveries at once."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, String, and_, bindparam, cast
from sqlmodel import Session, col, select

from newsletter import edition
from newsletter.edition import Issue
from newsletter.ledger import DIGEST
from newsletter.mail.fragments import Kept
from newsletter.mail.speech import Speech, speech
from newsletter.mail.story import Article, PaperShown, Story
from newsletter.models import Delivery, Pick
from newsletter.ranking.reasons import PAPERS, sentence
from newsletter.record_models import Hold
from subscribers.models import Subscriber

MOST_EDITIONS = 8  # kept in memory; a run of the sender needs one or two for each kind of letter
STORIES = 8 * 2**20  # bytes
DISCUSSED = re.compile(r"https://huggingface\.co/papers/([\w.]+)")
STORY = 1_200  # bytes, about


class Volume:
    """An edition as this process keeps it: its issue, and its papers in words as far as they were asked for."""

    __slots__ = ("articles", "day", "issue", "stories")

    def __init__(self, issue: Issue, day: date | None, room: int) -> None:
        self.issue, self.day = issue, day
        self.articles: dict[str, Article] = {}
        self.stories = Kept(room, lambda _: STORY)


@dataclass(frozen=True, slots=True)
class Draft:
    """All that one message is made from, no longer tied to the database; `confirmed_at` is its reader's.

    A digest's papers are in `stories`, best first, and their `ranks` beside them; `lost` are those whose text is
    gone.
    """

    delivery_id: int
    subscriber_id: int | None
    address: str
    letter: str
    period: str
    message_id: str
    date: datetime
    not_after: datetime
    details: Mapping[str, Any]
    confirmed_at: datetime | None
    issue: Issue
    stories: tuple[Story, ...]
    ranks: tuple[int, ...]
    lost: tuple[str, ...]

    @property
    def speech(self) -> Speech:
        """How the language of its edition says things."""
        return speech(self.issue.imprint.language)


DELIVERIES = (
    select(  # type: ignore[call-overload] # typed for four columns at most
        Delivery.id,
        Delivery.subscriber_id,
        Delivery.address,
        Delivery.letter,
        Delivery.period,
        Delivery.message_id,
        Delivery.date,
        Delivery.not_after,
        cast(Delivery.details, String),
        Subscriber.confirmed_at,
        Delivery.edition_id,
        Hold.date,
        cast(Hold.settled_at, String),
    )
    .outerjoin(Subscriber, col(Subscriber.id) == col(Delivery.subscriber_id))
    .outerjoin(Hold, and_(col(Hold.date) == col(Delivery.period), col(Delivery.letter) == DIGEST))
    .where(col(Delivery.id).in_(bindparam("ids", expanding=True)))
)
PICKS = (
    select(Pick.delivery_id, Pick.rank, Pick.paper, cast(Pick.reasons, String), Pick.trending)  # type: ignore[call-overload]
    .where(col(Pick.delivery_id).in_(bindparam("ids", expanding=True)))
    .order_by(col(Pick.delivery_id), col(Pick.rank))
)
Picked = tuple[int, int, str, str, bool]


class Drafts:
    """Loads drafts, and remembers editions where it may (`cached`); for several threads.

    An edition does not change once its digests may leave: its papers only become more. While it is held it may be
    planned anew, so what is held is not remembered, and what was released is not taken for what it was before.
    """

    def __init__(self, *, cached: bool = True) -> None:
        self._volumes: dict[tuple[object, ...], Volume] = {}
        self._cached = cached

    def load(self, session: Session, delivery_ids: Sequence[int]) -> dict[int, Draft]:
        """The drafts by delivery, in the order asked for.

        A delivery that is gone, or a digest whose reader was erased, has none.
        """
        connection = session.connection()
        found = {row[0]: row for row in connection.execute(DELIVERIES, {"ids": list(delivery_ids)})}
        rows = [found[each] for each in delivery_ids if each in found]
        picked = self._picked(connection, [row[0] for row in rows if row[3] == DIGEST and row[1] is not None])
        volumes: dict[tuple[object, ...], Volume] = {}
        drafts = {}
        for row in rows:
            digest = row[3] == DIGEST
            if digest and row[1] is None:
                continue
            key = (row[10], row[11], row[12], row[4] if digest else "")
            volume = volumes.get(key)
            if volume is None:
                volume = volumes[key] = self._volume(session, key)
            drafts[row[0]] = self._draft(session, row, volume, picked.get(row[0], ()))
        return drafts

    def _picked(self, connection: Connection, digests: Sequence[int]) -> dict[int, Sequence[Picked]]:
        if not digests:
            return {}
        rows: Any = connection.execute(PICKS, {"ids": digests}).all()
        return {delivery_id: list(theirs) for delivery_id, theirs in groupby(rows, itemgetter(0))}

    def _volume(self, session: Session, key: tuple[object, ...]) -> Volume:
        edition_id, held, settled, period = key
        volume = self._volumes.get(key)
        if volume is None:
            issue = edition.thaw(session, int(str(edition_id or 0)))
            day = date.fromisoformat(str(period)) if period else None
            volume = Volume(issue, day, STORIES if self._cached else 0)
            if self._cached and (not held or settled):
                while len(self._volumes) >= MOST_EDITIONS:
                    self._volumes.pop(next(iter(self._volumes)), None)
                self._volumes[key] = volume
        return volume

    def _draft(self, session: Session, row: Any, volume: Volume, picked: Sequence[Picked]) -> Draft:  # noqa: ANN401 - a row of DELIVERIES
        kept = volume.stories
        stories = [kept.get(pick[2:]) for pick in picked]
        lost: tuple[str, ...] = ()
        if None in stories:
            stories, lost = self._told(session, row[10], volume, picked)
        return Draft(
            *(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7]),
            details=_read(row[8]),
            confirmed_at=row[9],
            issue=volume.issue,
            stories=tuple(stories),
            ranks=tuple([pick[1] for pick in picked]),
            lost=lost,
        )

    def _told(
        self, session: Session, edition_id: int, volume: Volume, picked: Sequence[Picked]
    ) -> tuple[list[Story], tuple[str, ...]]:
        """The stories of one digest, as far as their papers are there, and the papers that are not."""
        assert volume.day is not None
        if missing := [pick[2] for pick in picked if pick[2] not in volume.articles]:
            for key, content in edition.thaw_papers(session, edition_id, missing).items():
                volume.articles[key] = _article(content, volume)
        lost = tuple(pick[2] for pick in picked if pick[2] not in volume.articles)
        return [] if lost else [_story(volume, *pick[2:]) for pick in picked], lost


def _article(content: Mapping[str, Any], volume: Volume) -> Article:
    assert volume.day is not None
    imprint = volume.issue.imprint
    return Article(_shown(content, thumbnails=imprint.thumbnails), volume.day, imprint.language)


def _story(volume: Volume, paper: str, reasons: str, trending: bool) -> Story:  # noqa: FBT001 - a row of PICKS
    key = (paper, reasons, trending)
    story: Story | None = volume.stories.get(key)
    if story is None:
        article, said = volume.articles[paper], json.loads(reasons)
        shown = replace(
            article.paper,
            topics=tuple(reason["name"] for reason in said if reason["code"] == "topic"),
            reasons=(sentence(said, article.speech.say).replace(" %", "\N{NO-BREAK SPACE}%"),),
            trending=trending,
            interests=tuple(_interests(said)),
        )
        story = Story(article, shown)
        volume.stories.put(key, story)
    return story


def _interests(reasons: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    """The followed things that brought a paper; a paper is no such thing."""
    return (reason["name"] for reason in reasons if "name" in reason and reason["code"] not in PAPERS)


def thumbnail(discussion_url: str) -> str:
    """The picture that Hugging Face makes of a paper discussed there (1200 by 648 pixels), else nothing."""
    found = DISCUSSED.fullmatch(discussion_url)
    return f"https://cdn-thumbnails.huggingface.co/social-thumbnails/papers/{found[1]}.png" if found else ""


def _shown(content: Mapping[str, Any], *, thumbnails: bool) -> PaperShown:
    """A frozen paper before anybody picked it."""
    facts: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in content.items()
    }
    facts |= {name: edition.day(content[name]) for name in ("published", "announced")}
    picture = thumbnail(str(facts["discussion_url"])) if thumbnails else ""
    return PaperShown(**facts, topics=(), reasons=(), trending=False, thumbnail_url=picture)


@lru_cache(maxsize=4_096)
def _read(details: str) -> Mapping[str, Any]:
    """A delivery's details: many readers have the same ones, whoever reads them leaves them as they are."""
    read: Mapping[str, Any] = json.loads(details)
    return read
