"""Texts and vectors as every embedding model here takes and gives them. Pure."""

import numpy as np
from numpy.typing import NDArray

Text = tuple[str, str]
Vectors = NDArray[np.float32]

LETTERS_A_TOKEN = 12  # more than any language needs: what lies beyond would be cut off anyway
ENDS = (".", "?", "!")


def whole(text: Text, tokens: int) -> str:
    """A paper's title and body as one text, of at most about so many tokens; "" where there is neither."""
    title, body = (part.strip() for part in text)
    between = " " if title.endswith(ENDS) else ". "
    joined = between.join(filter(None, (title, body)))[: tokens * LETTERS_A_TOKEN]
    return joined.encode("utf-8", "replace").decode()  # half a surrogate pair is no text


def unit(rows: Vectors) -> Vectors:
    """The rows at length 1; a row that has no direction is all 0."""
    finite = np.nan_to_num(rows, posinf=0, neginf=0).astype(np.float64)  # squares of these cannot overflow
    length = np.linalg.norm(finite, axis=1, keepdims=True)
    return np.asarray(np.divide(finite, length, out=np.zeros_like(finite), where=length > 0), dtype=np.float32)


def centred(vectors: Vectors, mean: Vectors) -> Vectors:
    """The vectors without what all papers share, at length 1; rows of 0, where nothing is known, stay."""
    known = vectors.any(axis=1, keepdims=True)
    return unit(np.where(known, vectors - mean, np.float32(0)))
