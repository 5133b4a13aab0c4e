"""Chooses for many readers together who judged no paper: what they follow becomes a block, its choices picks."""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from newsletter.candidates import Candidates
from newsletter.ranking import reasons
from newsletter.ranking.blend import DIGITS
from newsletter.ranking.block import Block, Followed, Stage, Wishes
from newsletter.ranking.drawing import Drawn, draw
from newsletter.ranking.owing import owed
from newsletter.ranking.profile import Profile
from newsletter.ranking.reasons import Reason
from newsletter.ranking.relevance import Interest, Matches
from subscribers.models import FollowKind

Floats = NDArray[np.float64]
Nearnesses = NDArray[np.float32]
Booleans = NDArray[np.bool_]

PEOPLE = frozenset({FollowKind.AUTHOR, FollowKind.ORG})
MOST_NAMED = int(1 / reasons.LEAST_SHARE)  # interests: more cannot each have given enough
MOST_TOLD = 10_000  # reasons that are kept for the next reader, each alone and as they are told together


class Picked(NamedTuple):
    """One paper chosen for one reader; `position` is its place among the candidates.

    `written` are its reasons as JSON: many readers share them, few are asked for more than that.
    """

    rank: int
    position: int
    key: str
    score: float
    trending: bool
    written: str

    @property
    def reasons(self) -> list[Reason]:
        """Why it was picked, as codes with their terms."""
        said: list[Reason] = json.loads(self.written)
        return said


class Wish(NamedTuple):
    """One reader's profile, the papers they were ever `sent`, and how many they want."""

    profile: Profile
    sent: Collection[str]
    size: int


class Wanted(NamedTuple):
    """What one reader wants: interests by number with weights, papers that are out, and how many papers."""

    follows: Sequence[tuple[int, float]]
    known: Sequence[int]
    size: int


@dataclass(frozen=True)
class Sources:
    """Interests, in the order of their keys, and where the rows of each come from; nobody changes a row."""

    interests: Sequence[Interest]
    kinds: Sequence[FollowKind]
    evidence: Callable[[int], Floats]
    muted: Callable[[int], Booleans]
    topic: Callable[[int], Nearnesses]


class Together:
    """Makes blocks of readers and tells their picks; what it says of a paper is kept for the next reader."""

    def __init__(self, found: Candidates, matches: Matches, sources: Sources) -> None:
        self.found, self.matches, self.sources = found, matches, sources
        self._keys = found.keys
        self._told: dict[bytes, str] = {}
        self._spoken = lru_cache(MOST_TOLD)(self._speaks)

    def choose(self, stage: Stage, wanted: Sequence[Wanted]) -> list[list[Picked]]:
        """Each reader's papers, best first."""
        block, numbers = self._block(stage, wanted)
        picks = draw(block)
        scores = block.scores[picks.reader, picks.paper].tolist() if len(picks.reader) else []
        columns = (picks.reader.tolist(), picks.paper.tolist(), scores, picks.trending.tolist())
        found: list[list[Picked]] = [[] for _ in wanted]
        for reader, at, score, slot, said in zip(*columns, self._reasons(block, numbers, picks), strict=True):
            mine = found[reader]
            mine.append(Picked(len(mine) + 1, at, self._keys[at], score, slot, said))
        return found

    def fitting(self, stage: Stage, wanted: Sequence[Wanted]) -> list[tuple[int, float]]:
        """For each reader how many papers pass the floor, and what the best comes to."""
        fits = self._block(stage, wanted)[0].fits
        best = fits.max(axis=1, initial=0.0).tolist()
        return list(zip((fits >= stage.floor).sum(axis=1).tolist(), best, strict=True))

    def _block(self, stage: Stage, wanted: Sequence[Wanted]) -> tuple[Block, list[int]]:
        place: dict[int, int] = {}
        rows, weights = [], []
        for each in wanted:
            wishes = sorted([wish for wish in each.follows if wish[1] > 0])
            rows.append([place.setdefault(number, len(place)) for number, _ in wishes])
            weights.append([weight for _, weight in wishes])
        numbers = list(place)
        readers = Wishes(rows, weights, self._barred(wanted), [each.size for each in wanted])
        return Block(stage, self._followed(stage, numbers), readers), numbers

    def _barred(self, wanted: Sequence[Wanted]) -> Booleans:
        barred = np.zeros((len(wanted), len(self._keys)), dtype=np.bool_)
        lengths = [len(each.known) for each in wanted]
        barred[np.repeat(np.arange(len(wanted)), lengths), [at for each in wanted for at in each.known]] = True
        for reader, each in enumerate(wanted):
            for number, weight in each.follows:
                if weight < 0:
                    barred[reader] |= self.sources.muted(number)
        return barred

    def _followed(self, stage: Stage, numbers: Sequence[int]) -> Followed:
        evidence = np.zeros((len(numbers) + 1, len(self._keys)))
        topics = np.zeros((len(numbers) + 1, stage.nearness.columns if stage.nearness else 0), dtype=np.float32)
        kinds = [self.sources.kinds[number] for number in numbers]
        for row, (number, kind) in enumerate(zip(numbers, kinds, strict=True)):
            evidence[row] = self.sources.evidence(number)
            if stage.nearness is not None and kind is FollowKind.TOPIC:
                topics[row] = self.sources.topic(number)
        return Followed(evidence, topics, np.array([*(kind in PEOPLE for kind in kinds), False]))

    def _reasons(self, block: Block, numbers: Sequence[int], picks: Drawn) -> Iterator[str]:
        """What is said of each pick, as JSON."""
        parts = block.parts(picks.reader, picks.paper)
        order, count = reasons.strongest(parts, _owed(block, picks.reader, picks.paper, parts))
        numbered = np.array([*numbers, -1])[np.take_along_axis(block.row[picks.reader], order, axis=1)]
        numbered[np.arange(block.width) >= count[:, np.newaxis]] = -1
        for key in _codes(numbered, picks.paper, picks.trending):
            said = self._told.get(key)
            yield said or self._tell(key)

    def _tell(self, key: bytes) -> str:
        *named, paper, slot = np.frombuffer(key, dtype=np.int32).tolist()
        found = [self._spoken(each, paper) for each in named if each >= 0]
        trend = reasons.trend(paper, self.found.share, self.found.moving, slot=bool(slot))
        told = reasons.said(found, [json.dumps(each) for each in trend], json.dumps(reasons.FRESH))
        if len(self._told) >= MOST_TOLD:
            self._told.clear()
        return self._told.setdefault(key, f"[{', '.join(told)}]")

    def _speaks(self, number: int, paper: int) -> tuple[str, tuple[str, ...]]:
        """The reason that an interest is for a paper, as JSON, and its words."""
        interest, evident = self.sources.interests[number], bool(self.sources.evidence(number)[paper] > 0)
        reason, terms = reasons.of_interest(interest, self.matches, paper, evident=evident)
        return json.dumps(reason), tuple(terms)


def _codes(named: NDArray[np.int64], paper: NDArray[np.int64], slot: Booleans) -> list[bytes]:
    """For each pick all that decides what is said of it, as bytes: quicker to look up than many numbers."""
    packed = np.full((len(paper), MOST_NAMED + 2), -1, dtype=np.int32)
    packed[:, : min(MOST_NAMED, named.shape[1])] = named[:, :MOST_NAMED]
    packed[:, -2], packed[:, -1] = paper, slot
    codes: list[bytes] = packed.view(f"V{packed.shape[1] * packed.itemsize}").ravel().tolist()
    return codes


def _owed(block: Block, reader: NDArray[np.int64], paper: NDArray[np.int64], parts: Floats) -> Booleans | None:
    """Of what speaks for each pick whether it owes its place to it; None where nothing was learned."""
    if not block.learned:
        return None
    speaks: Booleans = np.asarray(np.round(parts, DIGITS) > 0)
    pick, column = np.nonzero(speaks)
    speaks[pick, column] = owed(block, reader[pick], column, paper[pick])
    return speaks
