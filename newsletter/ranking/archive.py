"""What papers are made of: terms and latent directions learned from the archive's texts, and papers as vectors.

Terms are weighted by log-entropy: a term that is spread evenly over all papers tells nothing (Dumais, "Improving
the retrieval of information from external sources", 1991). The latent directions are those of latent semantic
analysis (Deerwester et al., 1990), centred, and taken at several widths at once: broad fields and narrow subjects
both count (benchmarks/ranking.py measures it).
"""

import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags, vstack
from scipy.sparse.linalg import svds

from newsletter.ranking.grams import Text, counts, grams, vocabulary
from newsletter.ranking.text import Term, stem

Floats = NDArray[np.float32]

FORMAT = "lsa-1"  # changes when vectors of the same archive would
WIDTHS = (25, 50, 100, 200)
LEXICAL_WEIGHT = 50.0  # of the cosine of terms; that of a latent cosine is the square root of its width
KEPT = 4000  # papers of the archive that the model remembers, newest first: examples of every subject
REMEMBERED = 10_000  # texts whose terms are kept for the next plan


@dataclass(frozen=True)
class Encoded:
    """Papers as vectors, row by row: the sum of the products of two papers' vectors says how near they are.

    `lexical` (papers x terms), `latent` (papers x directions) and, with an embedding model, `semantic`. A paper of
    which nothing is known has zeros.
    """

    lexical: csr_matrix
    latent: Floats
    semantic: Floats | None = None

    def __len__(self) -> int:
        return len(self.latent)

    def take(self, rows: Sequence[int] | NDArray[np.int64]) -> "Encoded":
        """These rows, in this order."""
        chosen = np.asarray(rows, dtype=np.int64)
        semantic = None if self.semantic is None else self.semantic[chosen]
        return Encoded(self.lexical[chosen], self.latent[chosen], semantic)

    def mean(self, weights: Floats) -> "Encoded":
        """The weighted sums of the papers (groups x papers), as vectors of one row for each group."""
        mixed = csr_matrix(weights)
        semantic = None if self.semantic is None else np.asarray(mixed @ self.semantic)
        return Encoded(csr_matrix(mixed @ self.lexical), np.asarray(mixed @ self.latent), semantic)

    def likeness(self) -> Floats:
        """How alike these papers' subjects are, each with each, 1 to itself: by directions and meanings alone."""
        parts = [self.latent] if self.semantic is None else [self.latent, self.semantic]
        whole = _unit(np.hstack(parts))
        return np.asarray(whole @ whole.T, dtype=np.float32)

    def nearness(self, others: "Encoded") -> Floats:
        """How near each of these is to each of the others (these x others); more is nearer."""
        near = np.asarray((self.lexical @ others.lexical.T).todense()) + self.latent @ others.latent.T
        if self.semantic is not None and others.semantic is not None:
            near += self.semantic @ others.semantic.T
        return np.asarray(near, dtype=np.float32)


def joined(parts: Sequence[Encoded]) -> Encoded:
    """All rows of all parts, one after the other."""
    semantic = [part.semantic for part in parts if part.semantic is not None]
    return Encoded(
        csr_matrix(vstack([part.lexical for part in parts])),
        np.vstack([part.latent for part in parts]),
        np.vstack(semantic) if semantic and len(semantic) == len(parts) else None,
    )


@dataclass(frozen=True)
class Archive:
    """The model of one archive. `read` papers were read for it; `papers` are those it remembers, by `keys`.

    `entropy` is each term's weight; `directions` (terms x the widest width) and `centres` make the latent part.
    """

    version: str
    read: int
    terms: tuple[str, ...]
    entropy: Floats
    directions: Floats
    centres: tuple[Floats, ...]
    keys: tuple[str, ...] = ()
    papers: Encoded | None = None

    @cached_property
    def _column(self) -> Mapping[str, int]:
        return {term: number for number, term in enumerate(self.terms)}

    @cached_property
    def _counted(self) -> Any:  # noqa: ANN401 - functools' own wrapper type
        return lru_cache(REMEMBERED)(self._count)

    def encode(self, texts: Sequence[Text]) -> Encoded:
        """Papers, given as (title, body), as vectors."""
        return self._encoded([self._counted(text) for text in texts])

    def fold(self, terms: Iterable[Mapping[Term, float]]) -> Encoded:
        """Subjects, each given as terms with weights, as if each were a paper made of nothing else."""
        counted = []
        for weighted in terms:
            counts: Counter[int] = Counter()
            for term, weight in weighted.items():
                for part in grams([stem(word) for word in term]):
                    if part in self._column:
                        counts[self._column[part]] += weight  # type: ignore[assignment] # a weight is a part of one
            counted.append(_arrays(counts))
        return self._encoded(counted)

    def _count(self, text: Text) -> tuple[NDArray[np.int32], Floats]:
        found = counts(text)
        return _arrays({self._column[term]: number for term, number in found.items() if term in self._column})

    def _encoded(self, counted: Sequence[tuple[NDArray[np.int32], Floats]]) -> Encoded:
        lexical = _lexical(counted, self.entropy)
        return Encoded(_scaled(lexical, LEXICAL_WEIGHT**0.5), self._latent(lexical))

    def _latent(self, lexical: csr_matrix) -> Floats:
        return _blocks(np.asarray(lexical @ self.directions), self.centres)

    def to_bytes(self) -> bytes:
        """Everything as one block of bytes, the same on every machine."""
        papers = self.papers or _nothing(len(self.terms), sum(len(each) for each in self.centres))
        out = io.BytesIO()
        np.savez(
            out,
            version=np.array(self.version),
            read=np.array(self.read),
            terms=_packed(self.terms),
            entropy=self.entropy,
            directions=self.directions.astype(np.float16),
            centres=np.concatenate(self.centres),
            widths=np.array([len(each) for each in self.centres]),
            keys=_packed(self.keys),
            latent=papers.latent.astype(np.float16),
            data=papers.lexical.data.astype(np.float16),
            indices=papers.lexical.indices.astype(np.int32),
            indptr=papers.lexical.indptr.astype(np.int32),
        )
        return out.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Archive":
        """What `to_bytes` gave; ValueError or KeyError for anything else."""
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            terms, keys = _unpacked(stored["terms"]), _unpacked(stored["keys"])
            parts = (stored["data"].astype(np.float32), stored["indices"], stored["indptr"])
            lexical = csr_matrix(parts, shape=(len(stored["indptr"]) - 1, len(terms)))
            return cls(
                version=str(stored["version"]),
                read=int(stored["read"]),
                terms=terms,
                entropy=stored["entropy"],
                directions=stored["directions"].astype(np.float32),
                centres=tuple(np.split(stored["centres"], np.cumsum(stored["widths"])[:-1])),
                keys=keys,
                papers=Encoded(lexical, stored["latent"].astype(np.float32)),
            )


def fit(texts: Sequence[Text], keys: Sequence[str] = ()) -> Archive:
    """Learn from these papers, the newest last; `keys` are their names where the model is to be stored.

    Equal texts give an equal model: the only chance in it has a fixed seed.
    """
    counted = [counts(text) for text in texts]
    terms = vocabulary(counted)
    column = {term: number for number, term in enumerate(terms)}
    rows = [_arrays({column[term]: many for term, many in each.items() if term in column}) for each in counted]
    entropy = _entropy(rows, len(terms))
    lexical = _lexical(rows, entropy)
    directions = _directions(lexical)
    raw = np.asarray(lexical @ directions)
    widths = [width for width in WIDTHS if width <= directions.shape[1]] or [directions.shape[1]]
    centres = tuple(_mean(_unit(raw[:, :width])) for width in widths)
    archive = Archive(_version(texts), len(texts), terms, entropy, directions, centres)
    newest = slice(max(0, len(texts) - KEPT), None)
    kept = Encoded(_scaled(lexical[newest], LEXICAL_WEIGHT**0.5), _blocks(raw[newest], centres))
    return replace(archive, keys=tuple(keys)[newest], papers=kept)


def _arrays(counts: Mapping[int, float]) -> tuple[NDArray[np.int32], Floats]:
    columns = np.array(sorted(counts), dtype=np.int32)
    return columns, np.array([counts[column] for column in columns], dtype=np.float32)


def _matrix(rows: Sequence[tuple[NDArray[np.int32], Floats]], terms: int) -> csr_matrix:
    starts = np.concatenate([[0], np.cumsum([len(columns) for columns, _ in rows])]).astype(np.int32)
    columns = np.concatenate([columns for columns, _ in rows] or [np.zeros(0, np.int32)])
    values = np.concatenate([values for _, values in rows] or [np.zeros(0, np.float32)])
    return csr_matrix((values, columns, starts), shape=(len(rows), terms), dtype=np.float32)


def _entropy(rows: Sequence[tuple[NDArray[np.int32], Floats]], terms: int) -> Floats:
    """1 for a term that one paper has, 0 for one that all have alike."""
    counts = _matrix(rows, terms)
    total = np.asarray(counts.sum(axis=0)).ravel()
    share = counts.data / total[counts.indices]
    spread = np.bincount(counts.indices, weights=share * np.log(share), minlength=terms)
    return np.asarray(1 + spread / np.log(max(2, len(rows))), dtype=np.float32)


def _lexical(rows: Sequence[tuple[NDArray[np.int32], Floats]], entropy: Floats) -> csr_matrix:
    """Rows of length 1."""
    counts = _matrix(rows, len(entropy))
    counts.data = np.log1p(counts.data) * entropy[counts.indices]
    length = np.sqrt(np.asarray(counts.multiply(counts).sum(axis=1)).ravel())
    return _scaled(counts, 1 / np.where(length > 0, length, 1.0))


def _scaled(matrix: csr_matrix, by: float | NDArray[np.float64]) -> csr_matrix:
    if isinstance(by, float):
        return csr_matrix(matrix * np.float32(by))
    return csr_matrix(diags(by.astype(np.float32)) @ matrix)


def _directions(lexical: csr_matrix) -> Floats:
    """The widest latent directions (terms x directions), as many as the archive bears."""
    width = min(WIDTHS[-1], lexical.shape[0] - 1, lexical.shape[1] - 1)
    if width < 1 or not lexical.nnz:
        return np.zeros((lexical.shape[1], 1), dtype=np.float32)
    start = np.random.default_rng(0).random(min(lexical.shape), dtype=np.float32)
    _, _, directions = svds(lexical, k=width, v0=start)
    return np.ascontiguousarray(directions[::-1].T, dtype=np.float32)  # svds gives the strongest last


def _mean(rows: Floats) -> Floats:
    return np.asarray(rows.sum(axis=0) / np.float32(max(1, len(rows))), dtype=np.float32)


def _unit(rows: Floats) -> Floats:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(length > 0, length, 1.0), dtype=np.float32)


def _blocks(raw: Floats, centres: Sequence[Floats]) -> Floats:
    """The centred unit vectors at each width, side by side; what had no term stays zero."""
    known = (np.abs(raw).sum(axis=1, keepdims=True) > 0).astype(np.float32)
    blocks = [_unit(_unit(raw[:, : len(centre)]) - centre) * len(centre) ** 0.25 for centre in centres]
    return np.asarray(np.hstack(blocks) * known, dtype=np.float32)


def _nothing(terms: int, directions: int) -> Encoded:
    return Encoded(csr_matrix((0, terms), dtype=np.float32), np.zeros((0, directions), dtype=np.float32))


def _version(texts: Sequence[Text]) -> str:
    read = hashlib.sha256()
    for title, body in texts:
        read.update(f"{title}\x1e{body}\x1d".encode())
    return f"{FORMAT}-{len(texts)}-{read.hexdigest()[:8]}"


def _packed(names: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(names).encode(), dtype=np.uint8)


def _unpacked(packed: NDArray[np.uint8]) -> tuple[str, ...]:
    text = packed.tobytes().decode()
    return tuple(text.split("\n")) if text else ()
