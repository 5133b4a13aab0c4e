"""The board of papers on show at one moment: a month's candidates matched with the catalogue, in three periods."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsletter import candidates, edition
from newsletter.candidates import Candidates
from newsletter.chooser import Chooser, Learned, Picked, Taste
from newsletter.profiles import said
from newsletter.ranking import blend, text, trend
from newsletter.ranking.blend import Reader
from newsletter.ranking.interests import from_topic
from newsletter.ranking.profile import Profile
from newsletter.ranking.reasons import sentence
from newsletter.ranking.relevance import Matches
from subscribers.models import Follow, FollowKind
from subscribers.preferences import MOST_FOLLOWS, Choice
from subscribers.topics import Topic

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

MOST_TOPICS = 3
HIGHEST_PERCENT = 99  # no paper is ahead of itself


class Period(StrEnum):
    """How far back: the newest day that has papers, or the last 7 or 30 days."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


LENGTHS = {
    Period.DAY: timedelta(days=1),
    Period.WEEK: timedelta(days=7),
    Period.MONTH: timedelta(days=30),
}


@dataclass(frozen=True)
class Shown:
    """One paper as everybody may see it.

    `content` is what `edition.content` makes of it. `topics` are at most three topics of the catalogue, the best
    match first. `heat` (0 to 1) is its place among the papers of `period`, None for a paper older than a month;
    `percent` says in whole percent how many of those it is ahead of, None too where no source counts its votes.
    `reasons` are sentences, only where a choice brought it; `trending`: it came for everyone, not for the choice.
    """

    key: str
    content: dict[str, Any]
    topics: tuple[str, ...] = ()
    period: Period | None = None
    heat: float | None = None
    percent: int | None = None
    reasons: tuple[str, ...] = ()
    trending: bool = False

    @property
    def history(self) -> list[int]:
        """Upvotes over time, oldest first, for a sparkline."""
        return list(self.content["history"])


@dataclass(frozen=True)
class Trending:
    """The hottest `papers` of a period, of `total` that match; the period's papers are of `first` to `last`.

    On a quiet day `Period.DAY` is the newest day that has papers: `last` says which. Both days are None where
    the period holds no paper at all.
    """

    period: Period
    first: date | None
    last: date | None
    total: int
    papers: tuple[Shown, ...]


@dataclass(frozen=True)
class Places:
    """A period as arrays over the board's papers: which it holds, each one's place, and its share where known."""

    inside: Booleans
    place: Floats
    share: Floats


class Board:
    """Candidates up to `at` and the topics of the catalogue that each of them matches.

    A paper matches a topic as it would for a reader who follows that topic alone: relevance at the floor or above.
    """

    def __init__(
        self, found: Candidates, at: datetime, taste: Taste, learn: Callable[[Candidates], Learned] | None = None
    ) -> None:
        """Index the texts once, for every topic; `learn` gives what the archive's model makes of candidates."""
        self.found, self.taste, self._learn = found, taste, learn
        self.interests = [from_topic(topic, taste.catalogue) for topic in taste.catalogue.topics]
        terms = (term for interest in self.interests for term in interest.terms)
        self.matches = Matches(text.index(found.texts, terms), found.facts)
        self.fits = self.fits_of(self.matches)
        self._position = {key: number for number, key in enumerate(found.keys)}
        self._row = {interest.name: number for number, interest in enumerate(self.interests)}
        self._hours = hours(found, at)
        self._places = {period: self._placing(period) for period in Period}
        self._contents: dict[int, dict[str, Any]] = {}

    def fits_of(self, matches: Matches) -> Floats:
        """How well each paper fits each topic (topics x papers); 0 where it does not match."""
        count = matches.index.papers
        evidence = [matches.evidence(interest)[np.newaxis] for interest in self.interests]
        fits = [blend.relevance(Reader(np.ones(1), each, np.zeros((0, count)))) for each in evidence]
        stacked = np.array(fits).reshape(len(fits), count)
        return np.where(stacked >= self.taste.floor, stacked, 0.0)

    def topics(self, fits: Floats) -> tuple[str, ...]:
        """The names of the topics that fit one paper, best first; `fits` is its column."""
        best = np.argsort(-fits, kind="stable")[:MOST_TOPICS]
        return tuple(self.interests[row].name for row in best if fits[row] > 0)

    def counts(self) -> dict[str, int]:
        """How many papers match each topic of the catalogue, subtopics included."""
        return {name: int((self.fits[row] > 0).sum()) for name, row in self._row.items()}

    def _placing(self, period: Period) -> Places:
        """A month is ordered by the votes that it brought: by heat, which is of now, it would be the week again.

        A day is the 24 hours up to the newest announcement: sources list papers at hours of their own, and on a
        weekend most list none.
        """
        newest = self._hours.min(initial=np.inf) if period == Period.DAY else 0.0
        inside = self._hours < newest + LENGTHS[period] / timedelta(hours=1)
        votes = np.array([each[-1] if each else np.nan for each in self.found.votes], dtype=np.float64)
        heat = np.where(inside, votes if period == Period.MONTH else self.found.share, np.nan)
        trust = 1.0 if period == Period.MONTH else self.found.trust
        placed = trend.trend(heat, self.found.fresh, self.found.guess, trust)
        return Places(inside, np.round(placed, blend.DIGITS), trend.share_below(heat))

    def trending(self, period: Period, topic: Topic | None, most: int) -> Trending:
        """The period's papers that match this topic of the catalogue, hottest first, equal ones by key."""
        places = self._places[period]
        wanted = places.inside & (self.fits[self._row[topic.name]] > 0) if topic else places.inside
        order = [int(each) for each in np.argsort(-places.place, kind="stable") if wanted[each]]
        days = sorted(self.found.papers[each].announced_at.date() for each in np.flatnonzero(places.inside))
        return Trending(
            period=period,
            first=days[0] if days else None,
            last=days[-1] if days else None,
            total=len(order),
            papers=tuple(self._shown(each, period) for each in order[:most]),
        )

    def paper(self, key: str) -> Shown | None:
        """One paper of the board, placed in its week or else its month; None if it is not here."""
        position = self._position.get(key)
        if position is None:
            return None
        return self._shown(position, Period.WEEK if self._places[Period.WEEK].inside[position] else Period.MONTH)

    def _shown(self, position: int, period: Period) -> Shown:
        places = self._places[period]
        ahead = float(places.share[position])
        # Made when first shown: turning TeX into Unicode takes longer than all the rest.
        if position not in self._contents:
            self._contents[position] = content(self.found, position)
        return Shown(
            key=self.found.papers[position].key,
            content=self._contents[position],
            topics=self.topics(self.fits[:, position]),
            period=period,
            heat=float(places.place[position]),
            percent=None if np.isnan(ahead) else min(HIGHEST_PERCENT, int(ahead * 100)),
        )

    def would_bring(self, choices: Sequence[Choice], size: int) -> list[Shown]:
        """What this week would have brought to a reader with these choices, best first, with reasons.

        At most as many choices count as a reader may have. No paper is left out as sent before.
        """
        follows = _follows(choices[:MOST_FOLLOWS])
        profile = Profile(said(follows))
        chooser = self._catalogued if self._catalogued.knows(follows) else self._chooser(profile)
        return [self._brought(each) for each in chooser.choose(profile, (), size)]

    def _brought(self, picked: Picked) -> Shown:
        shown = self._shown(self._position[picked.key], Period.WEEK)
        said = sentence(picked.reasons).replace(" %", "\N{NO-BREAK SPACE}%")
        return replace(shown, reasons=(said,), trending=picked.trending)

    @cached_property
    def _week(self) -> Candidates:
        return candidates.only(self.found, self._places[Period.WEEK].inside)

    @cached_property
    def _catalogued(self) -> Chooser:
        """A chooser over the week that knows every topic of the catalogue: many visitors choose nothing else."""
        topics = [Choice(FollowKind.TOPIC, interest.name) for interest in self.interests]
        return self._chooser(Profile(said(_follows(topics))))

    @cached_property
    def _learned(self) -> Learned | None:
        return self._learn(self._week) if self._learn else None

    def _chooser(self, profile: Profile) -> Chooser:
        return Chooser(self._week, {0: profile}, self.taste, self._learned)


def hours(found: Candidates, at: datetime) -> Floats:
    """How long ago each paper was announced."""
    return np.array([(at - paper.announced_at) / timedelta(hours=1) for paper in found.papers], dtype=np.float64)


def content(found: Candidates, position: int) -> dict[str, Any]:
    """The paper at this position as a digest would show it."""
    paper = found.papers[position]
    return edition.content(paper, found.votes[position], sample=paper.key in found.samples)


def _follows(choices: Iterable[Choice]) -> list[Follow]:
    return [Follow(kind=each.kind, value=each.value, weight=each.weight) for each in choices]
