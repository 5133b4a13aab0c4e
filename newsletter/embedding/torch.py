"""Embeds with a model that sentence-transformers and torch run, where an operator has installed those."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from newsletter.embedding.vectors import Text, Vectors, unit, whole


@dataclass(frozen=True)
class TorchModel:
    """An `Embedder` that sentence-transformers run; nothing is ever downloaded."""

    name: str
    folder: Path
    length: int

    @cached_property
    def dimensions(self) -> int:
        """How long a vector is."""
        return int(self._model.encode(["a"], show_progress_bar=False).shape[1])

    def embed(self, texts: Sequence[Text]) -> Vectors:
        """A row of length 1 for each text; of 0 for a text that is empty."""
        wholes = [whole(text, self.length) for text in texts]
        rows = np.zeros((len(wholes), self.dimensions), dtype=np.float32)
        known = [number for number, text in enumerate(wholes) if text]
        if known:
            rows[known] = self._model.encode([wholes[number] for number in known], show_progress_bar=False)
        return unit(rows)

    @cached_property
    def _model(self) -> Any:  # noqa: ANN401 - of a package that need not be installed
        made = import_module("sentence_transformers").SentenceTransformer
        return made(str(self.folder), device="cpu", local_files_only=True)
