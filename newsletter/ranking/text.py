"""Terms in texts: a light stemmer, and an index that finds a fixed set of words and phrases in many papers."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from subscribers.paper_keys import folded

WORD = re.compile(r"[^\W_]+(?:\+\+|#)?")
ADDRESS = re.compile(r"https?://\S+|www\.\S+")
ACRONYM = re.compile(r"^(?=(?:.*[A-Z]){2})[A-Z0-9]+s?$")
LONGEST_TERM = 6  # words in a phrase; longer ones are matched by their first six
# Where every paper is about graphs, "graph" tells none apart, and yet each is what its reader asked for.
LEAST_RARITY = 0.4
SHORT = 3  # "gas", "bus", "dna": no plural is cut from these

Term = tuple[str, ...]


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


# English words that say nothing of a subject.
STOP_WORDS = frozenset(
    stem(word)
    for word in words(
        "a about above across after again against all almost alone along already also although always am "
        "among an and another any anyone anything are around as at back be became because become been before "
        "being below between beyond both but by can cannot could did do does doing done down due during each "
        "either else enough even ever every everything few first for four from further had has have having he "
        "hence her here herself him himself his how however i if in indeed into is it its itself just last "
        "later latter least less made make many may me might mine more moreover most mostly much must my "
        "myself neither never nevertheless next no nobody none nor not nothing now nowhere of off often on "
        "once one only onto or other otherwise our ourselves out over own part per perhaps put rather same "
        "see seem seemed several she should show side since so some somehow someone something still such take "
        "than that the their them themselves then there thereby therefore these they third this those though "
        "three through throughout thus to together too toward towards two under until up upon us use used "
        "using very via was we well were what whatever when where whereas whether which while who whole whom "
        "whose why will with within without would yet you your"
    )
)


def term(phrase: str) -> Term:
    """The key of a word or phrase. An acronym ("RAG", "LLMs") keeps its capitals: "rag" is not it."""
    found = words(phrase)
    if len(found) == 1 and ACRONYM.match(found[0]):
        return (found[0].rstrip("s"),)
    return tuple(stem(word) for word in found[:LONGEST_TERM])


@dataclass(frozen=True)
class Wanted:
    """The terms to look for; `starts` maps a term's first word to the lengths of the terms that begin so."""

    column: Mapping[Term, int]
    starts: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, terms: Sequence[Term]) -> "Wanted":
        lengths: dict[str, set[int]] = {}
        for each in terms:
            lengths.setdefault(each[0], set()).add(len(each))
        starts = {word: tuple(sorted(found)) for word, found in lengths.items()}
        return cls({each: number for number, each in enumerate(terms)}, starts)

    def count(self, text: str) -> Counter[int]:
        """How often each wanted term, by its number, stands in the text."""
        written = words(text)
        stems = [stem(word) for word in written]
        keys: list[Term] = [(word.rstrip("s"),) for word in written if ACRONYM.match(word)]
        for start, first in enumerate(stems):
            for length in self.starts.get(first, ()):
                keys.append(tuple(stems[start : start + length]))  # noqa: PERF401 - the inner loop is mostly empty
        return Counter(self.column[key] for key in keys if key in self.column)


@dataclass(frozen=True)
class Index:
    """Which terms stand in which papers, as parallel arrays, one row for each (paper, term) that occurs.

    Rows are in the order of papers; `first_row[p]` to `first_row[p + 1]` are those of paper p. `by_term` lists
    the rows term by term, and `first_of_term[t]` to `first_of_term[t + 1]` are those of term t. `title` and
    `body` count occurrences. `rarity` is each term's inverse document frequency, scaled to LEAST_RARITY (in
    every paper) .. 1 (in one of very many).
    """

    terms: tuple[Term, ...]
    column: Mapping[Term, int]
    papers: int
    paper: NDArray[np.int64]
    term: NDArray[np.int64]
    title: NDArray[np.float64]
    body: NDArray[np.float64]
    rarity: NDArray[np.float64]
    first_row: NDArray[np.int64]
    by_term: NDArray[np.int64]
    first_of_term: NDArray[np.int64]

    def rows_of(self, term: Term) -> NDArray[np.int64]:
        """The rows in which this term stands; none for a term that was not looked for."""
        number = self.column.get(term)
        if number is None:
            return self.by_term[:0]
        return self.by_term[self.first_of_term[number] : self.first_of_term[number + 1]]


def index(texts: Sequence[tuple[str, str]], terms: Iterable[Term]) -> Index:
    """Find the terms in papers, each given as (title, body)."""
    known = tuple(sorted({term for term in terms if term}))
    wanted = Wanted.of(known)
    rows: list[tuple[int, int, int, int]] = []
    for number, (title, body) in enumerate(texts):
        in_title, in_body = wanted.count(title), wanted.count(body)
        rows += [(number, key, in_title[key], in_body[key]) for key in sorted(in_title | in_body)]
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)
    frequency = np.bincount(table[:, 1], minlength=len(known))
    return Index(
        terms=known,
        column=wanted.column,
        papers=len(texts),
        paper=table[:, 0],
        term=table[:, 1],
        title=table[:, 2].astype(np.float64),
        body=table[:, 3].astype(np.float64),
        rarity=rarity(frequency, len(texts)),
        first_row=np.searchsorted(table[:, 0], np.arange(len(texts) + 1)),
        by_term=np.argsort(table[:, 1], kind="stable"),
        first_of_term=np.concatenate([[0], np.cumsum(frequency)]),
    )


def rarity(frequency: NDArray[np.int64], papers: int) -> NDArray[np.float64]:
    """Inverse document frequency as BM25 counts it, scaled to LEAST_RARITY .. 1."""
    most = np.log1p((papers + 0.5) / 0.5)
    scaled = np.log1p((papers - frequency + 0.5) / (frequency + 0.5)) / most
    return np.asarray(LEAST_RARITY + (1 - LEAST_RARITY) * scaled)
