"""The readers of a plan, read in a few queries for many at once: who they are, what they follow, what they got."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import String, type_coerce
from sqlmodel import Session, col, select

from newsletter import db
from newsletter.bulk import Row, fetched
from newsletter.models import Pick
from subscribers.models import Follow, FollowKind, Subscriber

MOST_WISHES = 10_000  # follows that many readers share are kept once


class Wished(NamedTuple):
    """One follow, or with a negative weight one mute."""

    kind: FollowKind
    value: str
    weight: float


class Member(NamedTuple):
    """One reader as a plan needs them; `sent` are papers that they were given, all that could come again."""

    id: int
    email: str
    name: str
    size: int
    follows: tuple[Wished, ...]
    sent: Collection[str]


class Audience(NamedTuple):
    """Readers as the database has them; two that are equal read the same."""

    readers: list[Row]
    follows: list[Row]
    sent: list[Row]

    def members(self) -> dict[int, Member]:
        """Each reader by id."""
        follows: dict[int, list[Wished]] = defaultdict(list)
        for reader, kind, value, weight in self.follows:
            follows[reader].append(_wished(kind, value, weight))
        sent: dict[int, list[str]] = defaultdict(list)
        for reader, paper in self.sent:
            sent[reader].append(paper)
        return {
            row[0]: Member(row[0], row[1], row[2], row[3], tuple(follows.get(row[0], ())), sent.get(row[0], ()))
            for row in self.readers
        }


@lru_cache(MOST_WISHES)
def _wished(kind: str, value: str, weight: float) -> Wished:
    return Wished(FollowKind(kind), value, weight)


def load(session: Session, readers: Sequence[int], papers: Sequence[str]) -> Audience:
    """These readers, with what they were sent of the papers from the first of `papers` to the last."""
    who = (Subscriber.id, Subscriber.email, Subscriber.name, Subscriber.size)
    what = (Follow.subscriber_id, type_coerce(Follow.kind, String), Follow.value, Follow.weight)
    asked_who = select(*who).where(db.among(session, col(Subscriber.id), readers)).order_by(col(Subscriber.id))
    asked_what = (
        select(*what)
        .where(db.among(session, col(Follow.subscriber_id), readers))
        .order_by(col(Follow.subscriber_id), col(Follow.id))
    )
    # A reader's old papers are many, and none of them can come again.
    between = db.by_code_point(session, col(Pick.paper)).between(papers[0], papers[-1]) if papers else False
    given = select(Pick.subscriber_id, Pick.paper).where(
        db.among(session, col(Pick.subscriber_id), readers), between
    )
    in_order = given.order_by(col(Pick.subscriber_id), col(Pick.paper))
    return Audience(fetched(session, asked_who), fetched(session, asked_what), fetched(session, in_order))


def wishes(session: Session, readers: Sequence[int]) -> set[tuple[FollowKind, str]]:
    """All that any of these readers follows or mutes."""
    asked = select(type_coerce(Follow.kind, String), Follow.value).where(
        db.among(session, col(Follow.subscriber_id), readers)
    )
    return {(FollowKind(kind), value) for kind, value in fetched(session, asked.distinct())}
