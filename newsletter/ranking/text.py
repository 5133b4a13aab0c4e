"""Terms in texts: a light stemmer, and an index that finds a fixed set of words and phrases in many papers."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

WORD = re.compile(r"[^\W_]+(?:\+\+|#)?")
ADDRESS = re.compile(r"https?://\S+|www\.\S+")
ACRONYM = re.compile(r"^(?=(?:.*[A-Z]){2})[A-Z0-9]+s?$")
LONGEST_TERM = 6  # words in a phrase; longer ones are matched by their first six
# Where every paper is about graphs, "graph" tells none apart, and yet each is what its reader asked for.
LEAST_RARITY = 0.4
SHORT = 3  # "gas", "bus", "dna": no plural is cut from these

Term = tuple[str, ...]


def folded(text: str) -> str:
    """The text without case and accents."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in parts if not unicodedata.combining(char))


@lru_cache(200_000)
def stem(word: str) -> str:
    """A word without case, accents and English plural: "Networks" and "network" are one, "bias" stays."""
    plain = folded(word)
    if len(plain) <= SHORT or not plain.endswith("s") or plain.endswith(("ss", "us", "is", "as", "os")):
        return plain
    if plain.endswith("ies"):
        return plain[:-3] + "y"
    if plain.endswith(("sses", "xes", "ches", "shes", "zes")):
        return plain[:-2]
    return plain[:-1]


def words(text: str) -> list[str]:
    """The words as written; hyphens, slashes and underscores part them, and addresses say nothing."""
    return WORD.findall(ADDRESS.sub(" ", text))


def term(phrase: str) -> Term:
    """The key of a word or phrase. An acronym ("RAG", "LLMs") keeps its capitals: "rag" is not it."""
    found = words(phrase)
    if len(found) == 1 and ACRONYM.match(found[0]):
        return (found[0].rstrip("s"),)
    return tuple(stem(word) for word in found[:LONGEST_TERM])


def _counts(text: str, wanted: frozenset[Term], longest: int) -> Counter[Term]:
    """How often each wanted term stands in the text."""
    written = words(text)
    stems = [stem(word) for word in written]
    capitals = Counter((word.rstrip("s"),) for word in written if ACRONYM.match(word))
    found = Counter[Term]({key: count for key, count in capitals.items() if key in wanted})
    for length in range(1, longest + 1):
        for start in range(len(stems) - length + 1):
            key = tuple(stems[start : start + length])
            if key in wanted:
                found[key] += 1
    return found


@dataclass(frozen=True)
class Index:
    """Which terms stand in which papers, as parallel arrays, one row for each (paper, term) that occurs.

    `title` and `body` count occurrences; `papers` is the number of papers indexed; `rarity` holds, for each
    term, its inverse document frequency scaled to LEAST_RARITY (in every paper) .. 1 (in one of very many).
    """

    terms: tuple[Term, ...]
    papers: int
    paper: NDArray[np.int64]
    term: NDArray[np.int64]
    title: NDArray[np.float64]
    body: NDArray[np.float64]
    rarity: NDArray[np.float64]


def index(texts: Sequence[tuple[str, str]], terms: Iterable[Term]) -> Index:
    """Find the terms in papers, each given as (title, body)."""
    known = tuple(sorted({term for term in terms if term}))
    column = {term: number for number, term in enumerate(known)}
    wanted, longest = frozenset(known), max(map(len, known), default=0)
    rows: list[tuple[int, int, int, int]] = []
    for number, (title, body) in enumerate(texts):
        in_title, in_body = _counts(title, wanted, longest), _counts(body, wanted, longest)
        rows += [(number, column[key], in_title[key], in_body[key]) for key in sorted(in_title | in_body)]
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)
    return Index(
        terms=known,
        papers=len(texts),
        paper=table[:, 0],
        term=table[:, 1],
        title=table[:, 2].astype(np.float64),
        body=table[:, 3].astype(np.float64),
        rarity=rarity(np.bincount(table[:, 1], minlength=len(known)), len(texts)),
    )


def rarity(frequency: NDArray[np.int64], papers: int) -> NDArray[np.float64]:
    """Inverse document frequency as BM25 counts it, scaled to LEAST_RARITY .. 1."""
    most = np.log1p((papers + 0.5) / 0.5)
    scaled = np.log1p((papers - frequency + 0.5) / (frequency + 0.5)) / most
    return np.asarray(LEAST_RARITY + (1 - LEAST_RARITY) * scaled)
