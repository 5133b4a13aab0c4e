"""What was learned from a reader's thumbs and examples: shown in groups, forgotten, and taken back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, select

from newsletter import db
from newsletter.mail import tex, words
from newsletter.models import Feedback, Paper
from newsletter.ranking import learned
from newsletter.ranking.learned import Group, Kind
from newsletter.ranking.profile import Opinion
from subscribers import examples, pasted
from subscribers.topics import Catalogue

MOST_SHOWN = 300  # thumbs, and as many examples: a page of more is no page
LONGEST_TITLE = 300
DAY = timedelta(days=1)
DID = {Kind.LIKED: "liked", Kind.NAMED: "named", Kind.DISLIKED: "turned down"}


@dataclass(frozen=True)
class Learned:
    """All that was learned of one reader, in groups; `older` opinions are kept and not shown."""

    groups: tuple[Group, ...]
    older: int = 0

    def told(self, group: Group) -> str:
        """One of the groups in words, after the reader's name: "liked 7 papers on State-space models"."""
        count = len(group.papers)
        if group.words:
            return f"{DID[group.kind]} {words.counted(count, 'paper')} on {group.words}"
        other = "other " if any(each.words for each in self.groups if each.kind is group.kind) else ""
        alike = " with little in common" if count > 1 and not other else ""
        return f"{DID[group.kind]} {words.counted(count, f'{other}paper')}{alike}"


@dataclass(frozen=True)
class Thumb:
    """One opinion as it was before it was forgotten."""

    paper: str
    thumb: int
    at: datetime


@dataclass(frozen=True)
class Named:
    """One example as it was before it was forgotten."""

    key: str
    title: str
    abstract: str
    at: datetime


@dataclass(frozen=True)
class Forgotten:
    """What was removed, enough to take it back."""

    thumbs: tuple[Thumb, ...] = ()
    examples: tuple[Named, ...] = ()

    def __len__(self) -> int:
        return len(self.thumbs) + len(self.examples)


def of(session: Session, subscriber_id: int, catalogue: Catalogue, at: datetime) -> Learned:
    """What this reader's thumbs and examples amount to; an unknown example is shown by its key."""
    thumbs, named = _thumbs(session, subscriber_id, at), _examples(session, subscriber_id, at)
    shown = [*thumbs[:MOST_SHOWN], *named[:MOST_SHOWN]]
    groups = learned.groups(shown, catalogue)
    return Learned(tuple(_readable(group) for group in groups), len(thumbs) + len(named) - len(shown))


def forget(session: Session, subscriber_id: int, thumbs: Collection[str], named: Collection[str]) -> Forgotten:
    """Remove the thumbs on these papers and the examples of these keys, and give back what was there.

    Keys of others, or of nothing, are passed over. Does not commit.
    """
    given = _rows(session, subscriber_id, thumbs)
    examples_there = [each for each in examples.of(session, subscriber_id) if each.key in set(named)]
    gone = Forgotten(
        tuple(Thumb(each.paper, each.thumb, each.at) for each in given),
        tuple(Named(each.key, each.title, each.abstract, each.at) for each in examples_there),
    )
    for some in db.batches([each.paper for each in gone.thumbs], db.LOOKED_UP):
        session.exec(
            delete(Feedback).where(col(Feedback.subscriber_id) == subscriber_id, col(Feedback.paper).in_(some))
        )
    examples.remove(session, subscriber_id, [each.key for each in gone.examples])
    return gone


def forget_group(session: Session, subscriber_id: int, group: Group) -> Forgotten:
    """Remove every opinion of one group. Does not commit."""
    keys = [key for key, _ in group.papers]
    named = group.kind is Kind.NAMED
    return forget(session, subscriber_id, () if named else keys, keys if named else ())


def take_back(session: Session, subscriber_id: int, gone: Forgotten) -> None:
    """Put back what was forgotten, as old as it was; an opinion that was given since then stays.

    Papers that are known no more are passed over. Does not commit.
    """
    known = _known(session, [each.paper for each in gone.thumbs])
    thumbs = [
        {"subscriber_id": subscriber_id, "paper": each.paper, "thumb": each.thumb, "at": each.at}
        for each in gone.thumbs
        if each.paper in known
    ]
    db.insert_once(session, Feedback, thumbs)
    for each in gone.examples:
        examples.add_some(session, subscriber_id, [pasted.Named(each.key, each.title, each.abstract)], each.at)


def _thumbs(session: Session, subscriber_id: int, at: datetime) -> list[Opinion]:
    """The newest first."""
    asked = (
        select(Feedback, Paper)
        .join(Paper, col(Paper.key) == col(Feedback.paper))
        .where(col(Feedback.subscriber_id) == subscriber_id)
        .order_by(col(Feedback.at).desc(), col(Feedback.paper))
    )
    return [
        Opinion(row.paper, (paper.title, paper.abstract or paper.summary), row.thumb, _days(at, row.at), False)  # noqa: FBT003
        for row, paper in session.exec(asked)
    ]


def _examples(session: Session, subscriber_id: int, at: datetime) -> list[Opinion]:
    """The newest first."""
    rows = sorted(examples.of(session, subscriber_id), key=lambda each: (-each.at.timestamp(), each.key))
    return [Opinion(row.key, (row.title, row.abstract), 1, _days(at, row.at), True) for row in rows]  # noqa: FBT003


def _days(at: datetime, then: datetime) -> float:
    return max(0.0, (at - then) / DAY)


def _readable(group: Group) -> Group:
    return replace(group, papers=tuple((key, _title(title) or key) for key, title in group.papers))


def _title(title: str) -> str:
    return words.cut(words.clean(tex.plain(title)), LONGEST_TITLE)


def _rows(session: Session, subscriber_id: int, keys: Collection[str]) -> list[Feedback]:
    return [
        row
        for some in db.batches(sorted(set(keys)), db.LOOKED_UP)
        for row in session.exec(
            select(Feedback).where(col(Feedback.subscriber_id) == subscriber_id, col(Feedback.paper).in_(some))
        )
    ]


def _known(session: Session, keys: Sequence[str]) -> set[str]:
    return {
        key
        for some in db.batches(list(keys), db.LOOKED_UP)
        for key in session.exec(select(Paper.key).where(col(Paper.key).in_(some)))
    }
