"""Papers as vectors, as the baselines see them: each made once for a library, and only when asked for."""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.preprocessing import normalize

from benchmarks.relevance.embedding import Vectors
from benchmarks.relevance.library import Library
from newsletter.ranking import archive
from newsletter.ranking.archive import Archive, Encoded

Dense = NDArray[np.float32]
Rows = Any  # papers x something: csr_matrix, for which there are no types, or Dense

TOKEN = r"(?u)\b[a-zA-Z_][a-zA-Z0-9_]+\b"  # noqa: S105 - what a word is, not a secret
LATENT = 200
PRINCIPAL = 256
SMALL = 50  # an archive of fewer papers would lose all its words to the frequency cuts
SATURATION, LENGTH = 1.5, 0.75  # BM25's usual k1 and b


class Features:
    """The vectors of a library's papers, archive first. Whatever is learned is learned from the archive alone."""

    def __init__(self, library: Library, vectors: Vectors | None = None) -> None:
        self.library, self.vectors = library, vectors

    @cached_property
    def sanity(self) -> csr_matrix:
        """TF-IDF with the parameters of arxiv-sanity-lite: title, abstract and authors, 1-2-grams."""
        papers = self.library.papers
        texts = [f"{paper.title} {paper.abstract} {' '.join(paper.authors)}" for paper in papers]
        few = self.library.known < SMALL
        return self._fitted(
            texts,
            strip_accents="unicode",
            stop_words="english",
            token_pattern=TOKEN,
            ngram_range=(1, 2),
            max_features=20_000,
            sublinear_tf=True,
            max_df=1.0 if few else 0.1,
            min_df=1 if few else 5,
        )

    @cached_property
    def inbox(self) -> csr_matrix:
        """TF-IDF with the parameters of Scholar Inbox's own: 10,000 features, nothing cut by frequency."""
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS  # noqa: PLC0415 - a constant of one method

        return self._fitted(
            [f"{title}. {abstract}" for title, abstract in self.library.texts],
            strip_accents="unicode",
            stop_words=sorted(ENGLISH_STOP_WORDS | {"et", "al"}),
            token_pattern=TOKEN,
            ngram_range=(1, 2),
            max_features=10_000,
            sublinear_tf=True,
        )

    @cached_property
    def latent(self) -> Dense:
        """LSA: the 200 strongest directions of TF-IDF (1-2-grams in at least two papers), rows of length 1."""
        few = self.library.known < SMALL
        weighted = self._fitted(
            [f"{title} {title} {title} {abstract}" for title, abstract in self.library.texts],
            stop_words="english",
            ngram_range=(1, 2),
            sublinear_tf=True,
            min_df=1 if few else 2,
            max_df=1.0 if few else 0.2,
        )
        dimensions = min(LATENT, self.library.known, weighted.shape[1])
        reduced = TruncatedSVD(dimensions, random_state=0).fit(weighted[: self.library.known]).transform(weighted)
        return np.asarray(normalize(reduced), dtype=np.float32)

    @cached_property
    def semantic(self) -> Dense:
        """Sentence vectors, as they come from the model. Only where there is one."""
        if self.vectors is None:
            raise LookupError("no sentence vectors: install the `semantic` extra")
        return self.vectors.of(self.library.texts)

    @cached_property
    def centred(self) -> Dense:
        """Sentence vectors less the mean of the archive, rows of length 1."""
        mean = self.semantic[: self.library.known].mean(axis=0)
        return np.asarray(normalize(self.semantic - mean), dtype=np.float32)

    @cached_property
    def archive(self) -> Archive:
        """The product's own model of the archive."""
        return archive.fit(self.library.texts[: self.library.known])

    @cached_property
    def encoded(self) -> Encoded:
        """All papers as the product's light model sees them."""
        return self.archive.encode(self.library.texts)

    @cached_property
    def own(self) -> Dense:
        """What the light model sees, as Scholar Inbox takes vectors: 256 directions, rows of length 1."""
        return self._reduced(hstack([self.encoded.lexical, csr_matrix(self.encoded.latent)]))

    @cached_property
    def own_semantic(self) -> Dense:
        """The same of what the semantic model sees: half of a row's length is its sentence vector."""
        light = normalize(hstack([self.encoded.lexical, csr_matrix(self.encoded.latent)]))
        return self._reduced(hstack([light, csr_matrix(self.centred)]))

    def _reduced(self, rows: csr_matrix) -> Dense:
        rows = csr_matrix(rows)
        dimensions = min(PRINCIPAL, self.library.known, rows.shape[1])
        found = TruncatedSVD(dimensions, random_state=0).fit(rows[: self.library.known])
        return np.asarray(normalize(found.transform(rows)), dtype=np.float32)

    @cached_property
    def _counter(self) -> CountVectorizer:
        counter = CountVectorizer(token_pattern=TOKEN, stop_words="english", strip_accents="unicode")
        return counter.fit(_joined(self.library.texts))

    @cached_property
    def bm25(self) -> csr_matrix:
        """What each word of each candidate is worth to a query that holds it once (Okapi BM25)."""
        counts = self._counter.transform(_joined(self.library.texts)).astype(np.float64)
        known, asked = counts[: self.library.known], counts[self.library.known :].tocsr()
        frequency = np.bincount(known.indices, minlength=counts.shape[1])
        rarity = np.log1p((self.library.known - frequency + 0.5) / (frequency + 0.5))
        length = np.asarray(asked.sum(axis=1)).ravel() / known.sum(axis=1).mean()
        rows = np.repeat(np.arange(asked.shape[0]), np.diff(asked.indptr))
        spread = SATURATION * (1 - LENGTH + LENGTH * length[rows])
        asked.data = asked.data * (SATURATION + 1) / (asked.data + spread) * rarity[asked.indices]
        return asked

    def queries(self, words: Iterable[str]) -> csr_matrix:
        """Queries as counts of the words that `bm25` knows."""
        return csr_matrix(
            self._counter.transform([re.sub(r"[-/]", " ", each) for each in words]), dtype=np.float64
        )

    def _fitted(self, texts: list[str], **settings: Any) -> csr_matrix:  # noqa: ANN401 - sklearn's own settings
        weights = TfidfVectorizer(dtype=np.float32, **settings).fit(texts[: self.library.known])
        return csr_matrix(weights.transform(texts))


def _joined(texts: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{title} {abstract}" for title, abstract in texts]
