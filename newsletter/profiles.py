"""Loads what readers said and judged, as it stood at a moment."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from newsletter.db import LOOKED_UP, among, batches
from newsletter.mail import tex
from newsletter.models import Feedback, Paper
from newsletter.ranking.grams import Text
from newsletter.ranking.profile import Opinion, Profile
from subscribers.models import Example, Follow, FollowKind

Opinions = dict[int, dict[str, Opinion]]

A_DAY = timedelta(days=1)


def load(session: Session, subscriber_ids: Collection[int], at: datetime) -> dict[int, Profile]:
    """The profile of each of these readers: their follows, and thumbs and examples given up to `at`."""
    follows: dict[int, list[Follow]] = defaultdict(list)
    opinions: Opinions = defaultdict(dict)
    for some in batches(sorted(subscriber_ids), LOOKED_UP):
        for follow in session.exec(
            select(Follow).where(col(Follow.subscriber_id).in_(some)).order_by(col(Follow.id))
        ):
            follows[follow.subscriber_id].append(follow)
        _named(session, some, at, opinions)
        _judged(session, some, at, opinions)
    return {
        number: Profile(said(follows[number]), tuple(opinions[number][key] for key in sorted(opinions[number])))
        for number in subscriber_ids
    }


def opinions(session: Session, readers: Sequence[int], at: datetime) -> dict[int, tuple[Opinion, ...]]:
    """What these readers think of papers, as of `at`, in the order of the papers' keys; only those who do."""
    found: Opinions = defaultdict(dict)
    _named(session, readers, at, found)
    _judged(session, readers, at, found)
    return {reader: tuple(each[key] for key in sorted(each)) for reader, each in found.items()}


def said(follows: Collection[Follow]) -> tuple[tuple[FollowKind, str, float], ...]:
    """What a reader follows, as a profile holds it."""
    return tuple((follow.kind, follow.value, follow.weight) for follow in follows)


def text(paper: Paper) -> Text:
    """A paper's title, and all else that is said of it."""
    return paper.title, "\n".join(
        part for part in (paper.abstract, paper.summary, " | ".join(paper.keywords)) if part
    )


def _papers(session: Session, keys: Sequence[str]) -> Sequence[Paper]:
    return session.exec(select(Paper).where(col(Paper.key).in_(keys))).all()


def _judged(session: Session, readers: Sequence[int], at: datetime, opinions: Opinions) -> None:
    given = (among(session, col(Feedback.subscriber_id), readers), col(Feedback.at) <= at)
    asked = select(Feedback.subscriber_id, Feedback.paper, Feedback.thumb, Feedback.at)
    rows = session.exec(asked.where(*given)).all()
    papers = _known(session, {key for _, key, _, _ in rows})
    for reader, key, thumb, moment in rows:
        written, title = papers[key]
        opinions[reader][key] = Opinion(key, written, thumb, (at - moment) / A_DAY, title=title)


def _known(session: Session, keys: Collection[str]) -> dict[str, tuple[Text, str]]:
    """Each paper's text, once however many judged it, and its title as people read it."""
    found = (_papers(session, some) for some in batches(sorted(keys), LOOKED_UP))
    return {paper.key: (text(paper), tex.plain(paper.title)) for some in found for paper in some}


def _named(session: Session, readers: Sequence[int], at: datetime, opinions: Opinions) -> None:
    """Examples whose text somebody knows; a thumb on the same paper is to be put over them."""
    named = (among(session, col(Example.subscriber_id), readers), col(Example.at) <= at)
    examples = session.exec(select(Example).where(*named)).all()
    papers = _known(session, {example.key for example in examples})
    for example in examples:
        told = (example.title, example.abstract), tex.plain(example.title)
        written, title = papers.get(example.key, told)
        if any(written):
            opinion = Opinion(example.key, written, 1, (at - example.at) / A_DAY, example=True, title=title)
            opinions[example.subscriber_id][example.key] = opinion
