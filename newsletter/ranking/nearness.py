"""How near papers are to what a reader named and judged, beside the archive's papers: in standard deviations.

What is a near paper differs from reader to reader: one whose subject is common is near to many. So each reader's
nearness is measured on a sample of the archive first, and a paper's is what it stands out by.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from newsletter.ranking.archive import Archive, Encoded, joined
from newsletter.ranking.text import Term

Floats = NDArray[np.float32]

SAMPLE = 256  # papers of the archive against which a reader's nearness is measured
SEEDS = 15  # papers of the archive that stand for a topic, as if the reader had liked them
STEADY = 1e-6  # a spread below this is rounding
FEW_WORDS, ENOUGH_WORDS, MANY_WORDS = 4, 10, 1.4  # how far a topic's words are trusted, by their number
MEANING_WEIGHT = 2.0  # of what an embedding model makes of the words
FEW = 150  # an archive of so many papers is half believed: what is common there is not yet known


class Nearness:
    """Candidates and a sample of the archive, ready to be asked by any number of readers.

    All rows span both: first the candidates, then the sample.
    """

    def __init__(self, archive: Archive, candidates: Encoded) -> None:
        """`candidates` were encoded by this archive."""
        self.archive, self.count = archive, len(candidates)
        self.confidence = archive.read / (archive.read + FEW)
        papers = archive.papers if archive.papers is not None and len(archive.papers) else candidates
        self._archived = papers
        sampled = np.unique(np.linspace(0, max(0, len(papers) - 1), SAMPLE).astype(np.int64))[: len(papers)]
        self._columns = joined([candidates, papers.take(sampled)])
        self._terms = self._columns.lexical.T.tocsr()  # turned once, not for each question

    @property
    def columns(self) -> int:
        """How long a row is."""
        return len(self._columns)

    def papers(self, judged: Encoded) -> Floats:
        """The nearness of all columns to each of these papers (papers x columns), raw, as `Encoded.nearness`."""
        near = self._by_words(judged) + judged.latent @ self._columns.latent.T
        if judged.semantic is not None and self._columns.semantic is not None:
            near += judged.semantic @ self._columns.semantic.T
        return np.asarray(near, dtype=np.float32)

    def _by_words(self, papers: Encoded) -> Floats:
        return np.asarray((papers.lexical @ self._terms).toarray(), dtype=np.float32)

    def topics(self, terms: Sequence[Mapping[Term, float]], meanings: Floats | None = None) -> Floats:
        """The nearness of all columns to each topic (topics x columns).

        It is that of the subject behind the words, of the archive's papers nearest to them, and of the words
        themselves as far as they are many: of two words alone most papers that are meant have none. `meanings`
        (topics x the semantic width) are what the words mean to an embedding model.
        """
        named = self.archive.fold(terms)
        spare = np.array([max(0, len(each) - FEW_WORDS) for each in terms], dtype=np.float32)[:, np.newaxis]
        told = MANY_WORDS * spare / (spare + ENOUGH_WORDS)
        by_words = self.standardised(self._by_words(named))
        by_subject = self.standardised(named.latent @ self._columns.latent.T)
        by_papers = self.standardised(self.papers(self._seeds(named)))
        near = told * by_words + by_subject + by_papers
        if meanings is not None and self._columns.semantic is not None:
            near += MEANING_WEIGHT * self.standardised(meanings @ self._columns.semantic.T)
        return self.standardised(near)

    def _seeds(self, named: Encoded) -> Encoded:
        nearest = named.nearness(self._archived)
        chosen = np.argsort(-nearest, axis=1, kind="stable")[:, :SEEDS]
        share = np.zeros_like(nearest)
        np.put_along_axis(share, chosen, np.float32(1 / max(1, chosen.shape[1])), axis=1)
        return self._archived.mean(share * (nearest > 0))

    def standardised(self, rows: Floats) -> Floats:
        """Each row in standard deviations of the archive's sample, from its mean; zero where all are alike."""
        sample = rows[:, self.count :]
        spread = sample.std(axis=1, keepdims=True)
        steady = np.where(spread > STEADY, spread, np.inf)
        return np.asarray((rows - sample.mean(axis=1, keepdims=True)) / steady, dtype=np.float32)

    def parts(
        self, judging: Floats, papers: Floats, naming: NDArray[np.float64], topics: Floats, topics_share: float
    ) -> Floats:
        """One reader's nearness, row by row: what each named topic adds, then each judged paper.

        Their sum is what `blended` gives.
        """
        share = np.float32(topics_share if topics.any() else 0.0)
        worth = _worth(csr_matrix(judging[np.newaxis]))[0]
        whole = max(worth + share, np.float32(1e-9))
        named = self._adding(naming.astype(np.float32)[:, np.newaxis] * topics) * (share / whole)
        return np.vstack([named, self._adding(judging[:, np.newaxis] * papers) * (worth / whole)])

    def _adding(self, rows: Floats) -> Floats:
        """Each row's part in the standardised sum of all."""
        centred = rows - rows[:, self.count :].mean(axis=1, keepdims=True)
        spread = float(rows.sum(axis=0)[self.count :].std())
        return np.asarray(centred / spread if spread > STEADY else np.zeros_like(rows), dtype=np.float32)

    def blended(
        self, judging: csr_matrix, papers: Floats, naming: csr_matrix, topics: Floats, topics_share: Floats
    ) -> Floats:
        """Many readers at once (readers x columns): weights over judged `papers`, weights over named `topics`.

        `topics_share` is what topics weigh beside papers, for each reader; a reader with neither has zeros.
        """
        judged = self.standardised(np.asarray(judging @ papers, dtype=np.float32))
        named = self.standardised(np.asarray(naming @ topics, dtype=np.float32))
        worth = _worth(judging)[:, np.newaxis]
        share = np.where(np.diff(naming.indptr) > 0, topics_share, 0.0).astype(np.float32)[:, np.newaxis]
        whole = np.maximum(worth + share, np.float32(1e-9))
        return np.asarray((worth * judged + share * named) / whole, dtype=np.float32)


def _worth(judging: csr_matrix) -> Floats:
    """What judged papers weigh beside topics: likes in full, what was turned down alone as little as it counts."""
    signs = [judging.maximum(0), -judging.minimum(0)]
    liked, disliked = (np.asarray(each.sum(axis=1), dtype=np.float32).ravel() for each in signs)
    return np.maximum(liked, disliked)
