"""Sentence vectors of papers, where the `semantic` extra is installed: each text is read once in a run."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.relevance.library import Report, Text

BATCH = 256


class Embedder(Protocol):
    """What the benchmark asks of the product's embedder."""

    def embed(self, texts: Sequence[Text]) -> NDArray[np.float32]: ...


class Vectors:
    """An embedder with a memory, which a file can keep from one run to the next."""

    def __init__(self, embedder: Embedder, report: Report, file: Path | None = None) -> None:
        self.embedder, self.report, self.file = embedder, report, file
        self._known: dict[str, NDArray[np.float32]] = {}
        if file and file.exists():
            with np.load(file, allow_pickle=False) as kept:
                self._known = dict(zip(kept["keys"].tolist(), kept["vectors"], strict=True))

    def of(self, texts: Sequence[Text]) -> NDArray[np.float32]:
        """One vector of length 1 for each text."""
        keys = [hashlib.sha256("\0".join(text).encode()).hexdigest() for text in texts]
        new = [(key, text) for key, text in dict(zip(keys, texts, strict=True)).items() if key not in self._known]
        for start in range(0, len(new), BATCH):
            self.report(f"reading texts for vectors: {start} of {len(new)}")
            batch = new[start : start + BATCH]
            vectors = self.embedder.embed([text for _, text in batch])
            self._known.update(zip((key for key, _ in batch), vectors, strict=True))
        if new and self.file:
            np.savez(self.file, keys=np.array(list(self._known)), vectors=np.array(list(self._known.values())))
        return np.array([self._known[key] for key in keys], dtype=np.float32)


def installed(report: Report, file: Path | None = None) -> Vectors | None:
    """MiniLM as the product runs it; None, and a word about it, where the extra is not installed."""
    try:
        from newsletter import embedding  # noqa: PLC0415 - what is not installed is left out
    except ImportError:
        embedder = None
    else:
        embedder = embedding.installed("auto")
    if embedder is None:
        report("semantic: left out, the `semantic` extra is not installed")
        return None
    return Vectors(embedder, report, file)
