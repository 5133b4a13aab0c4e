"""Embeds with one fixed vector for each piece of a word, averaged: a hundred times quicker than a transformer."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from newsletter.embedding.vectors import Text, Vectors, unit, whole

LENGTH = 1024  # tokens; longer than any abstract


@dataclass(frozen=True)
class StaticModel:
    """An `Embedder` from a safetensors file that holds one table, a row for each token."""

    name: str
    weights: Path
    tokenizer: Path

    @property
    def dimensions(self) -> int:
        """How long a vector is."""
        return int(self._table.shape[1])

    def embed(self, texts: Sequence[Text]) -> Vectors:
        """A row of length 1 for each text; of 0 for a text that is empty."""
        rows = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        wholes = [whole(text, LENGTH) for text in texts]
        for number, found in enumerate(self._tokens.encode_batch(wholes, add_special_tokens=False)):
            if found.ids:
                rows[number] = self._table[found.ids].mean(axis=0)
        return unit(rows)

    @cached_property
    def _table(self) -> Vectors:
        (table,) = import_module("safetensors.numpy").load_file(str(self.weights)).values()
        return np.asarray(table, dtype=np.float32)

    @cached_property
    def _tokens(self) -> Any:  # noqa: ANN401 - of a package that need not be installed
        made = import_module("tokenizers").Tokenizer.from_file(str(self.tokenizer))
        made.no_padding()
        made.enable_truncation(LENGTH)
        return made
