"""Chooses papers for one reader after another from one set of candidates, with scores and reasons."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, select

from newsletter import candidates as pool
from newsletter import edition, profiles
from newsletter.archive import Models
from newsletter.audience import Wished
from newsletter.candidates import Candidates
from newsletter.db import batches
from newsletter.models import Pick
from newsletter.ranking import MODEL_VERSION, ablation, blend, liking, reasons, text
from newsletter.ranking.blend import Reader
from newsletter.ranking.block import Stage
from newsletter.ranking.breadth import believed, honesty
from newsletter.ranking.interests import from_topic, interest
from newsletter.ranking.profile import Opinion, Profile
from newsletter.ranking.relevance import CLEAR_MATCH, Interest, Matches
from newsletter.taught import Learned, taught
from newsletter.together import PEOPLE, Picked, Sources, Together, Wanted, Wish
from subscribers.models import Follow, FollowKind, Subscriber
from subscribers.topics import Catalogue

__all__ = ["Chooser", "Learned", "Picked", "Taste", "Wish", "chooser", "sent_to", "taught"]

KEPT_BYTES = 4 * 2**20  # rows of interests are kept for the next reader up to this much, each kind of them
MOST_CONTENTS = 1000  # papers as an edition freezes them
AT_ONCE = 2**16  # (reader, paper) pairs that are weighed together

Floats = NDArray[np.float64]
Key = tuple[FollowKind, str]


@dataclass(frozen=True)
class Taste:
    """What all readers share when papers are chosen."""

    catalogue: Catalogue
    window: timedelta
    floor: float
    models: Models = field(default_factory=Models, compare=False)


class Chooser:
    """Chooses for any number of readers from one set of candidates; the texts are indexed once.

    `profiles` are those of the readers it was made for. Without an archive's model words alone decide.
    """

    def __init__(
        self,
        found: Candidates,
        profiles: Mapping[int, Profile],
        taste: Taste,
        learned: Learned | None = None,
        wishes: Collection[Key] = (),
    ) -> None:
        """The words of all these readers, and of more `wishes`, are what the index looks for."""
        self.found, self.profiles, self.taste, self.learned = found, profiles, taste, learned
        followed = {_key(each) for profile in profiles.values() for each in profile.follows} | set(wishes)
        self.interests = {key: interest(*key, taste.catalogue) for key in sorted(followed)}
        # Numbered in the order of their keys; to hash a text is quicker than to hash a kind.
        self._number = {kind + value: number for number, (kind, value) in enumerate(self.interests)}
        subjects = [from_topic(topic, taste.catalogue) for topic in taste.catalogue.topics if not topic.parent]
        terms = (term for each in (*self.interests.values(), *subjects) for term in each.terms)
        self.matches = Matches(text.index(found.texts, terms), found.facts)
        self.honest = honesty(self.matches, subjects)
        self.hottest = blend.hottest_first(found.trend)
        self.fields = pool.numbers([each.categories[0] if each.categories else "" for each in found.papers])
        self._keys = found.keys
        self._position = {key: number for number, key in enumerate(self._keys)}
        room = max(64, KEPT_BYTES // (8 * max(1, len(found.papers))))
        self._evidence = lru_cache(maxsize=room)(self._evidence_of)
        self._muted = lru_cache(maxsize=room)(lambda key: self._whole(key) >= CLEAR_MATCH)
        self._topic = lru_cache(maxsize=room)(self._topic_of)
        self._content = lru_cache(maxsize=MOST_CONTENTS)(self._content_of)
        sources = self._sources()
        self._together = Together(found, self.matches, sources)

    def _sources(self) -> Sources:
        keys = list(self.interests)
        kinds = [kind for kind, _ in keys]
        rows = (lambda number, of=of: of(keys[number]) for of in (self._evidence, self._muted, self._topic))
        return Sources(list(self.interests.values()), kinds, *rows)

    @property
    def version(self) -> str:
        """Which model picks: what an edition records."""
        return f"{MODEL_VERSION} {self.learned.version if self.learned else ''}".strip()

    @property
    def keys(self) -> list[str]:
        """The candidates' keys, in order."""
        return self._keys

    def contents(self, papers: Mapping[str, int]) -> dict[str, dict[str, Any]]:
        """These papers, given with their places, as an edition freezes them; what was asked for before is kept."""
        return {key: self._content(place) for key, place in papers.items()}

    def _content_of(self, place: int) -> dict[str, Any]:
        found = self.found
        sample = self._keys[place] in found.samples
        return edition.content(found.papers[place], found.votes[place], sample=sample)

    def meet(self, session: Session, judged: Iterable[Sequence[Opinion]]) -> None:
        """Get to know papers that readers judged: choosing needs no database."""
        if self.learned is not None:
            self.learned.meet(session, {each.key for one in judged for each in one})

    def knows(self, follows: Iterable[Follow | Wished]) -> bool:
        """Whether all of this was known when the texts were indexed."""
        return all(each.kind + each.value in self._number for each in follows)

    def profile(self, reader: Subscriber) -> Profile:
        """What was loaded of this reader, with what they follow by now."""
        return replace(self.profiles.get(reader.id, Profile()), follows=profiles.said(reader.follows))

    def _whole(self, key: Key) -> Floats:
        """As a mute has it, which a paper does not escape by speaking of everything."""
        return self.matches.evidence(self.interests[key])

    def _evidence_of(self, key: Key) -> Floats:
        words, whole = self.matches.words(self.interests[key]), self._whole(key)
        return believed(words, self.honest) + whole - words  # people and categories are no words

    def _topic_of(self, key: Key) -> NDArray[np.float32]:
        """The nearness of all papers to a topic; nothing where the interest has no subject of its own."""
        nearness = self._nearness.nearness
        if key[0] is not FollowKind.TOPIC:
            return np.zeros(nearness.columns, dtype=np.float32)
        named = self.interests[key]
        meaning = self._nearness.said(named.told)
        meanings = None if meaning is None else meaning[np.newaxis]
        row: NDArray[np.float32] = nearness.topics([named.terms], meanings)[0]
        return row

    @property
    def _nearness(self) -> Learned:
        assert self.learned is not None
        return self.learned

    def _stack(self, evidence: Iterable[Floats]) -> Floats:
        rows = list(evidence)
        return np.array(rows).reshape(len(rows), len(self.found.papers))

    def reader(self, profile: Profile) -> tuple[Reader, list[Interest | Opinion]]:
        """One reader as arrays, and what stands behind the rows of their liking, or else of their evidence.

        The order must not depend on who else reads: ties in reasons are broken by it.
        """
        weights = {_key(each): each[2] for each in profile.follows}
        followed = sorted(key for key, weight in weights.items() if weight > 0)
        muted = sorted(key for key, weight in weights.items() if weight < 0)
        reader = Reader(
            weights=np.array([weights[key] for key in followed], dtype=np.float64),
            evidence=self._stack(map(self._evidence, followed)),
            muted=self._stack(map(self._whole, muted)),
            doubt=1.0 - self.honest,
        )
        behind: list[Interest | Opinion] = [self.interests[key] for key in followed]
        if self.learned is None or profile.empty:
            return reader, behind
        return replace(reader, liking=self._liking(reader, followed, profile.opinions)), [
            *behind,
            *profile.opinions,
        ]

    def _liking(self, reader: Reader, followed: Sequence[Key], opinions: Sequence[Opinion]) -> blend.Liking:
        learned = self._nearness
        topics = np.array([self._topic(key) for key in followed], dtype=np.float32)
        topics = topics.reshape(len(followed), learned.nearness.columns)
        encoded = learned.encode(opinions)
        judged = learned.nearness.papers(encoded)
        people = [row for row, key in enumerate(followed) if key[0] in PEOPLE]
        pinned = np.asarray((reader.evidence[people] > 0).any(axis=0))
        made = liking.liking(
            learned.nearness, reader, topics, opinions, judged, encoded.likeness(), pinned, self.honest
        )
        owed = ablation.owed(learned.nearness, reader, made, topics, opinions, judged, self.honest)
        return replace(made, owed=owed)

    def choose(self, profile: Profile, sent: Collection[str], size: int) -> list[Picked]:
        """This reader's papers, best first, never one that was `sent`; empty when nothing is worth it."""
        return self.choose_all([Wish(profile, sent, size)])[0]

    def choose_all(self, wishes: Sequence[Wish]) -> list[list[Picked]]:
        """As `choose`, for each of these readers; what one is given does not depend on the others."""
        chosen: list[list[Picked]] = [[] for _ in wishes]
        judged = [self._judges(each.profile) for each in wishes]
        for number in (number for number, alone in enumerate(judged) if alone):
            chosen[number] = self._alone(wishes[number])
        others = [number for number, alone in enumerate(judged) if not alone]
        # A block is as wide as the longest list in it.
        others.sort(key=lambda number: len(wishes[number].profile.follows))
        for some in batches(others, max(1, AT_ONCE // max(1, len(self.found.papers)))):
            found = self._together.choose(self._stage, [self._wanted(wishes[number]) for number in some])
            for number, picked in zip(some, found, strict=True):
                chosen[number] = picked
        return chosen

    @property
    def _stage(self) -> Stage:
        found, nearness = self.found, self.learned.nearness if self.learned else None
        return Stage(found.trend, found.fresh, self.honest, self.hottest, self.fields, self.taste.floor, nearness)

    def _wanted(self, wish: Wish) -> Wanted:
        profile, position = wish.profile, self._position
        opinions = (each.key for each in profile.opinions)
        known = [position[key] for key in (*wish.sent, *opinions) if key in position]
        weights = {self._number[kind + value]: weight for kind, value, weight in profile.follows}
        return Wanted(list(weights.items()), known, wish.size)

    def _alone(self, wish: Wish) -> list[Picked]:
        """One reader who judged papers: what is near to them is nobody else's business."""
        found = self.found
        reader, behind = self.reader(wish.profile)
        seen = self.known(wish.profile, wish.sent)
        chosen = blend.choose(
            reader, found.trend, found.fresh, self.hottest, seen, wish.size, self.taste.floor, self.fields
        )
        told = (reasons.reasons(each, reader, behind, self.matches, found.share, found.moving) for each in chosen)
        return [
            Picked(rank, each.paper, self._keys[each.paper], each.score, each.trending, json.dumps(said))
            for rank, (each, said) in enumerate(zip(chosen, told, strict=True), 1)
        ]

    def known(self, profile: Profile, sent: Iterable[str]) -> NDArray[np.bool_]:
        """Which candidates the reader has had, or judged or named without."""
        seen = np.zeros(len(self.found.papers), dtype=np.bool_)
        keys = {*sent, *(opinion.key for opinion in profile.opinions)}
        seen[[self._position[key] for key in keys if key in self._position]] = True
        return seen

    def fitting(self, profile: Profile) -> tuple[int, float]:
        """How many candidates pass the floor, sent or not, and the best relevance: says why a day was quiet."""
        return self.fitting_all([profile])[0]

    def fitting_all(self, profiles: Sequence[Profile]) -> list[tuple[int, float]]:
        """As `fitting`, for each of these readers."""
        alone = {number for number, each in enumerate(profiles) if self._judges(each)}
        others = [self._wanted(Wish(each, (), 1)) for number, each in enumerate(profiles) if number not in alone]
        blocks = batches(others, max(1, AT_ONCE // max(1, len(self._keys))))
        found = (each for block in blocks for each in self._together.fitting(self._stage, block))
        return [self._fitting(each) if at in alone else next(found) for at, each in enumerate(profiles)]

    def _fitting(self, profile: Profile) -> tuple[int, float]:
        reader, _ = self.reader(profile)
        fit = blend.fit(reader, self.found.trend)
        return int((fit >= self.taste.floor).sum()), float(fit.max(initial=0.0))

    def _judges(self, profile: Profile) -> bool:
        """Whether what a reader judged counts: nobody else is near to the same papers."""
        return self.learned is not None and bool(profile.opinions)


def _key(follow: tuple[FollowKind, str, float]) -> Key:
    return follow[0], follow[1]


def chooser(
    session: Session,
    readers: Iterable[int],
    at: datetime,
    taste: Taste,
    *,
    hindsight: bool = True,
    wishes: Collection[Key] = (),
) -> Chooser:
    """A chooser for these readers, and for any with these `wishes`, over all announced in the window before `at`.

    Without `hindsight` nothing guesses what papers come to: the model knows what became of those before now.
    """
    loaded = profiles.load(session, list(readers), at)
    found = pool.load(session, at, taste.window)
    model = taste.models.newest(session)
    if model is None:
        return Chooser(found, loaded, taste, wishes=wishes)
    judged = (each for one in loaded.values() for each in one.opinions)
    known, learn = taught(session, found, model if hindsight else replace(model, prior=None), judged)
    return Chooser(known, loaded, taste, learn(known), wishes)


def sent_to(session: Session, subscriber_id: int) -> set[str]:
    """Every paper this reader was ever given."""
    return set(session.exec(select(Pick.paper).where(col(Pick.subscriber_id) == subscriber_id)))
