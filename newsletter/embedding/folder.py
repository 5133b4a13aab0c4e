"""Makes an embedder of a folder with a model: ONNX, or for sentence-transformers where those are installed."""

import hashlib
import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from newsletter.embedding import packages
from newsletter.embedding.onnx import OnnxModel
from newsletter.embedding.torch import TorchModel
from newsletter.errors import ConfigError

ONNX = ("model.onnx", "onnx/model.onnx")
TORCH = ("model.safetensors", "pytorch_model.bin")
TOKENIZER = ("tokenizer.json", "onnx/tokenizer.json")
LENGTH, LONGEST = 256, 512  # tokens, where the folder does not say; and the most that is worth its time
SAMPLE = 1_000_000  # bytes of each end of a file that tell it from others: weights differ everywhere
NAME_LENGTH = 60
POOLING = "pooling_mode_"


def load(folder: Path, threads: int) -> OnnxModel | TorchModel:
    """The model in this folder; ConfigError says what is missing, and how to get it."""
    if not folder.is_dir():
        known = 'write "auto", "light", "minilm", "static" or the folder of a model'
        raise ConfigError(f"ranking.model: there is no folder {folder}: {known}")
    if model := _first(folder, ONNX):
        return _onnx(folder, model, threads)
    if weights := _first(folder, TORCH):
        return _torch(folder, weights)
    raise ConfigError(f"ranking.model: {folder} holds no model: put model.onnx and tokenizer.json there")


def _onnx(folder: Path, model: Path, threads: int) -> OnnxModel:
    tokenizer = _first(folder, TOKENIZER)
    if tokenizer is None:
        raise ConfigError(f"ranking.model: {folder} has no tokenizer.json: put the one of the model there")
    packages.Needs().found(str(folder))
    length, pooling = _length(folder), _pooling(folder)
    name = _name(folder, model, tokenizer, f"{length}{pooling}")
    return OnnxModel(name, model, tokenizer, length, pooling, threads)


def _torch(folder: Path, weights: Path) -> TorchModel:
    if find_spec("sentence_transformers") is None:
        cure = f"pip install sentence-transformers, or optimum-cli export onnx --model {folder} {folder}/onnx"
        raise ConfigError(
            f"ranking.model: {folder} holds no model.onnx, and sentence-transformers is not installed: {cure}"
        )
    length = _length(folder)
    return TorchModel(_name(folder, weights, weights, str(length)), folder, length)


def _first(folder: Path, names: Sequence[str]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _length(folder: Path) -> int:
    """The longest text in tokens, as sentence-transformers write it down."""
    length = _json(folder / "sentence_bert_config.json").get("max_seq_length")
    return min(length, LONGEST) if isinstance(length, int) and length > 0 else LENGTH


def _pooling(folder: Path) -> Literal["mean", "cls"]:
    """How a text's vector is made of its tokens', as sentence-transformers write it down."""
    said = _json(folder / "1_Pooling" / "config.json")
    modes = {key.removeprefix(POOLING) for key, on in said.items() if key.startswith(POOLING) and on is True}
    if modes in (set(), {"mean_tokens"}):
        return "mean"
    if modes == {"cls_token"}:
        return "cls"
    odd = " and ".join(sorted(modes))
    raise ConfigError(
        f"ranking.model: {folder} pools by {odd}: use a model that pools by mean_tokens or cls_token"
    )


def _json(file: Path) -> dict[str, Any]:
    """What is written in this file; nothing where there is none."""
    try:
        found = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    except ValueError as error:
        raise ConfigError(f"ranking.model: {file} is no JSON: {error}") from error
    return found if isinstance(found, dict) else {}


def _name(folder: Path, model: Path, tokenizer: Path, how: str) -> str:
    """The folder's name and a hash of everything that the vectors depend on."""
    found = hashlib.sha256(how.encode())
    for file in (model, tokenizer):
        size = file.stat().st_size
        found.update(str(size).encode())
        with file.open("rb") as opened:
            found.update(opened.read(SAMPLE))
            opened.seek(max(0, size - SAMPLE))
            found.update(opened.read())
    return f"{folder.resolve().name[:NAME_LENGTH]}-{found.hexdigest()[:12]}"
