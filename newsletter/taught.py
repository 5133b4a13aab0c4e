"""What the archive's model makes of candidates and of papers that readers judged."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from newsletter import candidates as pool
from newsletter.archive import Model
from newsletter.candidates import Candidates
from newsletter.ranking.archive import Encoded
from newsletter.ranking.nearness import Nearness
from newsletter.ranking.profile import Opinion

MEETINGS = 4  # of batches of readers whose judged papers are remembered


@dataclass(frozen=True)
class Learned:
    """What the archive's model makes of the candidates, and how it makes vectors of papers that were judged."""

    nearness: Nearness
    encode: Callable[[Sequence[Opinion]], Encoded]
    version: str
    said: Callable[[tuple[str, str]], NDArray[np.float32] | None] = lambda _: None
    meet: Callable[[Session, Collection[str]], None] = lambda *_: None


class Met(dict[str, NDArray[np.float32]]):
    """The embedding model's vectors of papers: those it was made for, and those of the last few meetings."""

    def __init__(self, model: Model, session: Session, keys: Collection[str]) -> None:
        super().__init__(model.meanings(session, keys))
        self._model, self._kept = model, frozenset(keys)
        self._met: deque[Collection[str]] = deque()

    def meet(self, session: Session, keys: Collection[str]) -> None:
        """Read the vectors of these papers; those of papers that nobody met lately are forgotten."""
        new = [key for key in keys if key not in self]
        self.update(self._model.meanings(session, new) if new else {})
        self._met.append(keys)
        if len(self._met) > MEETINGS:
            gone = set(self._met.popleft()).difference(self._kept, *self._met)
            for key in gone:
                self.pop(key, None)


def taught(
    session: Session, found: Candidates, model: Model, judged: Iterable[Opinion] = ()
) -> tuple[Candidates, Callable[[Candidates], Learned]]:
    """The candidates with the trend that the model lets expect; and what makes its learning of any of them.

    `judged` are all opinions that will be asked about: the second needs no database any more.
    """
    meanings = Met(model, session, {*found.keys, *(each.key for each in judged)})

    def encode(opinions: Sequence[Opinion]) -> Encoded:
        return model.encode([each.key for each in opinions], [each.text for each in opinions], meanings)

    def learn(some: Candidates) -> Learned:
        encoded = model.encode(some.keys, some.texts, meanings)
        return Learned(Nearness(model.archive, encoded), encode, model.version, model.said, meanings.meet)

    if model.prior is None:
        return found, learn
    written = [(paper.title, paper.abstract) for paper in found.papers]  # all that the prior was taught by
    return pool.guessed(found, model.prior, model.archive.encode(written)), learn
