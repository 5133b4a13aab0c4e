"""Chooses papers for one reader after another from one set of candidates, with scores and reasons."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, select

from newsletter import candidates as pool
from newsletter import profiles
from newsletter.archive import Model, Models
from newsletter.candidates import Candidates
from newsletter.models import Pick
from newsletter.ranking import MODEL_VERSION, ablation, blend, liking, reasons, text
from newsletter.ranking.archive import Encoded
from newsletter.ranking.blend import Reader
from newsletter.ranking.breadth import believed, honesty
from newsletter.ranking.interests import from_topic, interest
from newsletter.ranking.nearness import Nearness
from newsletter.ranking.profile import Opinion, Profile
from newsletter.ranking.reasons import Reason
from newsletter.ranking.relevance import Interest, Matches
from subscribers.models import Follow, FollowKind, Subscriber
from subscribers.topics import Catalogue

KEPT_BYTES = 256 * 2**20  # rows of interests and judged papers are kept for the next reader up to this much

Floats = NDArray[np.float64]
Key = tuple[FollowKind, str]
PEOPLE = frozenset({FollowKind.AUTHOR, FollowKind.ORG})


@dataclass(frozen=True)
class Taste:
    """What all readers share when papers are chosen."""

    catalogue: Catalogue
    window: timedelta
    floor: float
    models: Models = field(default_factory=Models, compare=False)


@dataclass(frozen=True)
class Picked:
    """One paper chosen for one reader; `position` is its place among the candidates."""

    rank: int
    position: int
    key: str
    score: float
    trending: bool
    reasons: list[Reason]


@dataclass(frozen=True)
class Learned:
    """What the archive's model makes of the candidates, and how it makes vectors of papers that were judged."""

    nearness: Nearness
    encode: Callable[[Sequence[Opinion]], Encoded]
    version: str
    said: Callable[[tuple[str, str]], NDArray[np.float32] | None] = lambda _: None


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
    ) -> None:
        """The words of all these readers are what the index looks for."""
        self.found, self.profiles, self.taste, self.learned = found, profiles, taste, learned
        followed = {_key(each) for profile in profiles.values() for each in profile.follows}
        self.interests = {key: interest(*key, taste.catalogue) for key in followed}
        subjects = [from_topic(topic, taste.catalogue) for topic in taste.catalogue.topics if not topic.parent]
        terms = (term for each in (*self.interests.values(), *subjects) for term in each.terms)
        self.matches = Matches(text.index(found.texts, terms), found.facts)
        self.honest = honesty(self.matches, subjects)
        self.hottest = blend.hottest_first(found.trend)
        self.fields = pool.numbers([each.categories[0] if each.categories else "" for each in found.papers])
        self._position = {key: number for number, key in enumerate(found.keys)}
        room = max(64, KEPT_BYTES // (16 * max(1, len(found.papers))))
        self._whole = lru_cache(maxsize=room)(self._whole_of)
        self._evidence = lru_cache(maxsize=room)(self._evidence_of)
        self._topic = lru_cache(maxsize=room)(self._topic_of)

    @property
    def version(self) -> str:
        """Which model picks: what an edition records."""
        return f"{MODEL_VERSION} {self.learned.version if self.learned else ''}".strip()

    def knows(self, follows: Iterable[Follow]) -> bool:
        """Whether all of this was known when the texts were indexed."""
        return all((each.kind, each.value) in self.interests for each in follows)

    def profile(self, reader: Subscriber) -> Profile:
        """What was loaded of this reader, with what they follow by now."""
        return replace(self.profiles.get(reader.id, Profile()), follows=profiles.said(reader.follows))

    def _whole_of(self, key: Key) -> Floats:
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

    def choose(self, profile: Profile, sent: Iterable[str], size: int) -> list[Picked]:
        """This reader's papers, best first, never one that was `sent`; empty when nothing is worth it."""
        found = self.found
        reader, behind = self.reader(profile)
        seen = self.known(profile, sent)
        chosen = blend.choose(
            reader, found.trend, found.fresh, self.hottest, seen, size, self.taste.floor, self.fields
        )
        return [
            Picked(
                rank=rank,
                position=choice.paper,
                key=found.papers[choice.paper].key,
                score=choice.score,
                trending=choice.trending,
                reasons=reasons.reasons(choice, reader, behind, self.matches, found.share, found.moving),
            )
            for rank, choice in enumerate(chosen, 1)
        ]

    def known(self, profile: Profile, sent: Iterable[str]) -> NDArray[np.bool_]:
        """Which candidates the reader has had, or judged or named without."""
        seen = np.zeros(len(self.found.papers), dtype=np.bool_)
        keys = {*sent, *(opinion.key for opinion in profile.opinions)}
        seen[[self._position[key] for key in keys if key in self._position]] = True
        return seen

    def fitting(self, profile: Profile) -> tuple[int, float]:
        """How many candidates pass the floor, sent or not, and the best relevance: says why a day was quiet."""
        reader, _ = self.reader(profile)
        fit = blend.fit(reader, self.found.trend)
        return int((fit >= self.taste.floor).sum()), float(fit.max(initial=0.0))


def _key(follow: tuple[FollowKind, str, float]) -> Key:
    return follow[0], follow[1]


def chooser(
    session: Session, readers: Iterable[int], at: datetime, taste: Taste, *, hindsight: bool = True
) -> Chooser:
    """A chooser for these readers over everything announced in the window before `at`.

    Without `hindsight` nothing guesses what papers come to: the model knows what became of those before now.
    """
    loaded = profiles.load(session, list(readers), at)
    found = pool.load(session, at, taste.window)
    model = taste.models.newest(session)
    if model is None:
        return Chooser(found, loaded, taste)
    judged = (each for one in loaded.values() for each in one.opinions)
    known, learn = taught(session, found, model if hindsight else replace(model, prior=None), judged)
    return Chooser(known, loaded, taste, learn(known))


def taught(
    session: Session, found: Candidates, model: Model, judged: Iterable[Opinion] = ()
) -> tuple[Candidates, Callable[[Candidates], Learned]]:
    """The candidates with the trend that the model lets expect; and what makes its learning of any of them.

    `judged` are all opinions that will be asked about: the second needs no database any more.
    """
    meanings = model.meanings(session, {*found.keys, *(each.key for each in judged)})

    def encode(opinions: Sequence[Opinion]) -> Encoded:
        return model.encode([each.key for each in opinions], [each.text for each in opinions], meanings)

    def learn(some: Candidates) -> Learned:
        encoded = model.encode(some.keys, some.texts, meanings)
        return Learned(Nearness(model.archive, encoded), encode, model.version, model.said)

    if model.prior is None:
        return found, learn
    written = [(paper.title, paper.abstract) for paper in found.papers]  # all that the prior was taught by
    return pool.guessed(found, model.prior, model.archive.encode(written)), learn


def sent_to(session: Session, subscriber_id: int) -> set[str]:
    """Every paper this reader was ever given."""
    return set(session.exec(select(Pick.paper).where(col(Pick.subscriber_id) == subscriber_id)))
