"""Embeds with a transformer in an ONNX file and the tokenizer that belongs to it, on the processor."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from newsletter.embedding.vectors import Text, Vectors, unit, whole
from newsletter.errors import ConfigError

SENTENCE = "sentence_embedding"
ERRORS_ALONE = 3
MOST_SAID = 200  # letters of what a library says is wrong with a file
TOKENS = 3  # the dimensions of an output that has a vector for each token

Ids = NDArray[np.int64]
FED: dict[str, Callable[[Ids], Ids]] = {
    "input_ids": lambda ids: ids,
    "attention_mask": np.ones_like,
    "token_type_ids": np.zeros_like,
}


@dataclass(frozen=True)
class OnnxModel:
    """An `Embedder`. `pooling` says how a text's vector is made of its tokens', where the model leaves that to us.

    A text goes in alone, and `threads` of them at once: quicker on a processor than batches, which have to be
    padded and which the threads of the runtime would share; and a paper's vector is the same whatever its company.
    """

    name: str
    model: Path
    tokenizer: Path
    length: int
    pooling: Literal["mean", "cls"] = "mean"
    threads: int = 2

    @cached_property
    def dimensions(self) -> int:
        """How long a vector is."""
        return int(self._vector(self._ids(["a"])[0]).size)

    def embed(self, texts: Sequence[Text]) -> Vectors:
        """A row of length 1 for each text; of 0 for a text that is empty. ConfigError if the model is no good."""
        wholes = [whole(text, self.length) for text in texts]
        known = [number for number, text in enumerate(wholes) if text]
        rows = np.zeros((len(wholes), self.dimensions), dtype=np.float32)
        ids = self._ids([wholes[number] for number in known])
        with ThreadPoolExecutor(self.threads) as pool:
            for number, vector in zip(known, pool.map(self._vector, ids), strict=True):
                rows[number] = vector
        return unit(rows)

    def _ids(self, texts: list[str]) -> list[list[int]]:
        return [each.ids for each in self._tokens.encode_batch(texts)]

    def _vector(self, ids: list[int]) -> Vectors:
        row = np.array([ids], dtype=np.int64)
        (out,) = self._session.run([self._output], {name: FED[name](row) for name in self._inputs})
        found: Vectors = np.asarray(out[0], dtype=np.float32)
        if out.ndim != TOKENS:
            return found
        return found[0] if self.pooling == "cls" else np.asarray(found.mean(axis=0))

    @cached_property
    def _tokens(self) -> Any:  # noqa: ANN401 - of a package that need not be installed
        with _explained(self.tokenizer):
            made = import_module("tokenizers").Tokenizer.from_file(str(self.tokenizer))
        made.no_padding()
        made.enable_truncation(self.length)
        return made

    @cached_property
    def _session(self) -> Any:  # noqa: ANN401 - as above
        with _explained(self.model):
            runtime = import_module("onnxruntime")
            options = runtime.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            options.log_severity_level = ERRORS_ALONE
            return runtime.InferenceSession(str(self.model), options, providers=["CPUExecutionProvider"])

    @cached_property
    def _inputs(self) -> list[str]:
        names = [each.name for each in self._session.get_inputs()]
        if odd := sorted(set(names) - FED.keys()):
            raise ConfigError(
                f"ranking.model: {self.model} wants the input {odd[0]!r}: use a model of texts alone"
            )
        return names

    @cached_property
    def _output(self) -> str:
        """What is made to be a text's vector, else the first output: each token's."""
        names = [each.name for each in self._session.get_outputs()]
        return SENTENCE if SENTENCE in names else str(names[0])


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    """Tells whatever goes wrong while a file is opened as one ConfigError that names the file."""
    try:
        yield
    except Exception as error:
        said = " ".join(str(error).split())[:MOST_SAID]
        raise ConfigError(f"ranking.model: {file} cannot be used: {said}") from error
