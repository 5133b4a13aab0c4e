"""The papers of a preview: what each part adds to their score, and what just missed the digest and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlmodel import Session, col, select

from newsletter.chooser import Chooser
from newsletter.mail import tex
from newsletter.models import Delivery, EditionPaper, Pick
from newsletter.ranking import blend
from newsletter.ranking.reasons import in_words
from subscribers.models import Subscriber

MOST_MISSED = 8
Adds = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class PickShown:
    """A paper of the digest: `parts` are what adds up to its score, empty where it is no candidate any more."""

    rank: int
    key: str
    title: str
    score: float
    trending: bool
    reasons: tuple[str, ...]
    parts: Adds = ()


@dataclass(frozen=True)
class Missed:
    """A paper that came near and is not in the digest, and what kept it out."""

    key: str
    title: str
    score: float
    parts: Adds
    why: str


@dataclass(frozen=True)
class Considered:
    """What was weighed for a reader: how many papers, the parts of each one's score by key, what just missed."""

    papers: int
    parts: Mapping[str, Adds]
    missed: tuple[Missed, ...]


def considered(session: Session, choose: Chooser, reader: Subscriber, delivery_id: int) -> Considered:
    """All candidates in this reader's order; what the delivery itself brings does not count as had before."""
    had = {each.paper: each.delivery_id for each in _given(session, reader.id)}
    picked = {key for key in choose.keys if had.get(key) == delivery_id}
    profile = choose.profile(reader)
    arrays, _ = choose.reader(profile)
    trend, fresh = choose.found.trend, choose.found.fresh
    adds = _adds(arrays, trend, fresh)
    before = {key for key, number in had.items() if number != delivery_id}
    score, fits = blend.scores(arrays, trend, fresh), blend.fit(arrays, trend)
    judged = {opinion.key for opinion in profile.opinions}
    unmuted = blend.allowed(arrays, np.zeros(len(choose.keys), dtype=np.bool_))
    near = [int(each) for each in np.argsort(-score, kind="stable") if choose.keys[each] not in picked]
    missed = []
    for number in near[:MOST_MISSED]:
        key, fit = choose.keys[number], float(fits[number])
        why = _why(key in before, key in judged, bool(unmuted[number]), fit, choose.taste.floor)
        title = tex.plain(choose.found.papers[number].title)
        missed.append(Missed(key, title, float(score[number]), _of(adds, number), why))
    parts = {key: _of(adds, number) for number, key in enumerate(choose.keys) if key in picked}
    return Considered(len(choose.keys), parts, tuple(missed))


def picks_of(session: Session, delivery: Delivery, weighed: Considered) -> tuple[PickShown, ...]:
    """The papers of a planned digest as its edition froze them, best first."""
    asked = select(Pick).where(col(Pick.delivery_id) == delivery.id).order_by(col(Pick.rank))
    picks = list(session.exec(asked))
    wanted = (col(EditionPaper.edition_id) == delivery.edition_id, col(EditionPaper.paper).in_(_keys(picks)))
    titles = {row.paper: str(row.content["title"]) for row in session.exec(select(EditionPaper).where(*wanted))}
    return tuple(
        PickShown(
            each.rank,
            each.paper,
            titles.get(each.paper, each.paper),
            each.score,
            each.trending,
            tuple(in_words(reason) for reason in each.reasons),
            weighed.parts.get(each.paper, ()),
        )
        for each in picks
    )


def _given(session: Session, reader_id: int) -> Sequence[Pick]:
    return session.exec(select(Pick).where(col(Pick.subscriber_id) == reader_id)).all()


def _keys(picks: Sequence[Pick]) -> list[str]:
    return [each.paper for each in picks]


def _adds(reader: blend.Reader, trend: blend.Floats, fresh: blend.Floats) -> dict[str, blend.Floats]:
    """What each part adds to each paper's strength; the score is the logistic of their sum less HALFWAY."""
    none = np.zeros_like(trend)
    near = none if reader.liking is None else reader.liking.near
    return {
        "words": blend.WORDS_WEIGHT * blend.relevance(reader) + none,
        "nearness": near + none,
        "trend": (blend.TREND_WEIGHT + blend.HALFWAY * reader.openness) * trend,
        "freshness": blend.FRESH_WEIGHT * fresh,
        "doubt": -blend.DOUBT_WEIGHT * reader.doubt + none,
    }


def _of(adds: Mapping[str, blend.Floats], number: int) -> Adds:
    return tuple((name, float(values[number])) for name, values in adds.items())


def _why(before: bool, judged: bool, open_: bool, fit: float, floor: float) -> str:  # noqa: FBT001 - four facts of a paper
    if before:
        return "this reader had it before"
    if judged:
        return "this reader has judged it or named it as an example"
    if not open_:
        return "something this reader muted matches it"
    if fit < floor:
        return f"it fits {fit:.2f}, below the floor of {floor:.2f}"
    return "others came first: the digest was full, or its interest had its share"
