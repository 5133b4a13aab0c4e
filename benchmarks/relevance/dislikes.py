"""The sets `dislikes` and `dislikes-expertise`: one paper that a reader wants, among four they rejected.

Scholar Inbox is measured so, on votes of its own; here the votes are built from saves and from ratings.

`dislikes` (from `cold-start`): a reader's upvotes are k saves of the archive, the held upvotes the candidates
saved later. Dislikes are papers that came before the reader's eyes and were not saved. Who saw what is not
recorded; what is known is what the reader's community passed around: papers saved by readers with whom this one
shares a save of the archive. One is drawn with a chance that grows with how many of these readers saved it. A
profile holds k likes and k dislikes of the archive, and each held upvote is ranked against four such dislikes
among the candidates. No text has a part in the choice, so it favours no method.

`dislikes-expertise` (from `expertise`): ratings of 4 and more are upvotes, of 2.5 and less are downvotes. Each
upvote is held once for each of five seeds; the profile has the researcher's own papers, the other upvotes and half
of the downvotes. It is ranked against the other downvotes, at most four: most people gave two or three.
"""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from benchmarks.relevance.cold_start import ColdStart, Reader, draws
from benchmarks.relevance.expertise import Expertise, Researcher
from benchmarks.relevance.library import Task, Trial

LIKES = (3, 5, 10)
AGAINST = 4
SEED = 11
SEEDS = 5
LIKED, DISLIKED = 4.0, 2.5
LEAST_DISLIKED = 2  # one to learn from, one to rank against


class Exposure:
    """What was before each reader's eyes: how many of their neighbours saved each paper that they did not."""

    def __init__(self, found: ColdStart) -> None:
        self.everyone = (*found.readers, *found.others)
        self.savers: dict[int, list[Reader]] = {}
        for reader in self.everyone:
            for paper in reader.liked:
                self.savers.setdefault(paper, []).append(reader)

    def of(self, reader: Reader) -> tuple[Counter[int], Counter[int]]:
        """Papers of the archive, and of the candidates."""
        near = {each.number: each for paper in reader.liked for each in self.savers[paper]}
        near.pop(reader.number)
        old = Counter(paper for each in near.values() for paper in each.liked if paper not in reader.liked)
        new = Counter(paper for each in near.values() for paper in each.new_liked if paper not in reader.new_liked)
        return old, new


def trials(found: ColdStart, k: int) -> list[Trial]:
    """Each held upvote of readers with so many likes, and enough that they did not save."""
    exposure = Exposure(found)
    asked: list[Trial] = []
    for reader, task in draws(found.readers, k):
        old, new = exposure.of(reader)
        if len(old) < k or len(new) < AGAINST:
            continue
        generator = np.random.default_rng([SEED, task.seed, k])
        profile = Task(task.liked, _drawn(generator, old, k), seed=task.seed)
        asked += [
            Trial(profile, reader.number, (held,), (held, *_drawn(generator, new, AGAINST)))
            for held in reader.new_liked
        ]
    return asked


def _drawn(generator: np.random.Generator, seen: Counter[int], number: int) -> tuple[int, ...]:
    """So many different papers, one that more neighbours saved more likely."""
    papers = sorted(seen)
    chance = np.array([seen[paper] for paper in papers], dtype=np.float64)
    return tuple(map(int, generator.choice(papers, number, replace=False, p=chance / chance.sum())))


def rated(found: Expertise) -> list[Trial]:
    """Each upvote of each researcher who gave enough downvotes, held in turn."""
    return [trial for person in found.people for trial in _held(person, found.library.known)]


def _held(person: Researcher, known: int) -> Iterator[Trial]:
    liked = [paper for paper, value in person.rated.items() if value >= LIKED]
    disliked = [paper for paper, value in person.rated.items() if value <= DISLIKED]
    if len(disliked) < LEAST_DISLIKED:
        return
    for seed in range(SEEDS):
        for held in liked:
            generator = np.random.default_rng([SEED, person.number, seed, held])
            shuffled = [int(paper) for paper in generator.permutation(disliked)]
            learned, against = shuffled[: len(disliked) // 2], shuffled[len(disliked) // 2 :][:AGAINST]
            likes = (*person.own, *(known + paper for paper in liked if paper != held))
            profile = Task(likes, tuple(known + paper for paper in learned), seed=person.number * SEEDS + seed)
            yield Trial(profile, person.number, (held,), (held, *against))
