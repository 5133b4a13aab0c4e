"""What a paper is worth before anybody has voted: learned from the texts, authors and categories of the past."""

import io
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

from newsletter.ranking.archive import Encoded
from newsletter.ranking.interests import name_key
from newsletter.ranking.trend import share_below

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

SETTLED_DAYS = 3.0  # what a paper comes to is not known sooner
LEAST_PAPERS = 50  # fewer papers of known worth teach nothing but their accidents
STRICTNESS = 1.0  # the penalty on squared weights, beside a loss summed over papers
HISTORY_SCALE = 1 / 3  # of the standardised history, beside text vectors of length 1
CATEGORY_PAPERS = 20.0  # a category is taken as average until it has brought about as many papers
MOST_STEPS = 100
NEAR_ENOUGH = 1e-5  # of the loss: what is left to gain no longer changes the order
HISTORY = 7  # figures that `_figures` gives for each paper


@dataclass(frozen=True)
class About:
    """Who wrote a paper, as keys of names; where it is filed, empty if unknown; when it came, in days."""

    authors: tuple[str, ...]
    category: str
    day: float


def about(authors: Iterable[str], categories: Sequence[str], announced_at: datetime) -> About:
    """The facts of a paper as its row holds them."""
    category = categories[0] if categories else ""
    return About(tuple(name_key(name) for name in authors), category, announced_at.timestamp() / 86_400)


def worth(engagement: Floats, of_list: Integers, settled: Booleans, day: Floats) -> Floats:
    """What became of papers: 0.5 to 1 by their place in their list, 0 for one that nobody voted on, NaN unknown.

    `engagement` is NaN where no source counts; such a paper was passed over only if others of its time were not.
    """
    counted = ~np.isnan(engagement)
    value = np.full(len(engagement), np.nan)
    for number in np.unique(of_list[counted]):
        members = counted & (of_list == number)
        value[members] = 0.5 + share_below(engagement[members]) / 2
    if counted.any():
        value[~counted & (day >= day[counted].min()) & (day <= day[counted].max())] = 0.0
    return np.where(settled, value, np.nan)


@dataclass(frozen=True)
class Prior:
    """Weights of a logistic model, and what its figures of history are made of.

    `fame` is what each author's papers were worth, `rates` how each category did in log odds; `centre` and `scale`
    are those of the seven figures of history.
    """

    lexical: NDArray[np.float32]
    latent: Floats
    history: Floats
    bias: float
    centre: Floats
    scale: Floats
    fame: Mapping[str, float]
    rates: Mapping[str, float]

    def predict(self, encoded: Encoded, about: Sequence[About]) -> Floats:
        """For each paper a number of 0 to 1 whose order counts: papers of much and little worth part at 0.5."""
        figures = np.array(
            [_figures(each.authors, self.fame, self.rates.get(each.category, 0.0)) for each in about]
        )
        history = _standard(figures.reshape(-1, HISTORY), self.centre, self.scale)
        lexical, latent = _unit(encoded)
        linear = lexical @ self.lexical + latent @ self.latent + history @ self.history
        return _chance(np.asarray(linear, dtype=np.float64) + self.bias)

    def to_bytes(self) -> bytes:
        """The model as an .npz archive; equal models have equal bytes."""
        names = json.dumps([self.fame, self.rates], sort_keys=True, separators=(",", ":")).encode()
        kept = io.BytesIO()
        np.savez_compressed(
            kept,
            lexical=self.lexical,
            latent=self.latent,
            history=self.history,
            bias=np.float64(self.bias),
            centre=self.centre,
            scale=self.scale,
            names=np.frombuffer(names, dtype=np.uint8),
        )
        return kept.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Prior":
        """What `to_bytes` gave; ValueError, KeyError or OSError for anything else."""
        with np.load(io.BytesIO(content), allow_pickle=False) as kept:
            fame, rates = json.loads(kept["names"].tobytes())
            arrays = {name: kept[name] for name in ("lexical", "latent", "history", "centre", "scale")}
            return cls(**arrays, bias=float(kept["bias"]), fame=fame, rates=rates)


def fit(
    encoded: Encoded,
    about: Sequence[About],
    value: Floats,
    earlier: Iterable[tuple[About, float]] = (),
) -> Prior | None:
    """Learn what made papers worth something; None where too few are known, or all are worth the same.

    `value` is what became of each paper, 0 to 1, NaN where nobody knows yet. `earlier` holds papers, and what they
    were worth, that tell of their authors alone. The history of a paper that teaches is what was settled before it
    came: its own success never explains it.
    """
    known = np.flatnonzero(~np.isnan(value))
    worth = value[known]
    if len(known) < LEAST_PAPERS or np.ptp(worth) == 0:
        return None
    told = [about[each] for each in known.tolist()]
    rates = _rates(told, worth)
    past = [*earlier, *zip(told, worth.tolist(), strict=True)]
    fames = _fames_before(told, past)
    figures = _table((each, fame, rates) for each, fame in zip(told, fames, strict=True))
    centre, scale = figures.mean(axis=0), np.maximum(figures.std(axis=0), 1e-6)
    words, meaning = _unit(encoded)
    before = _standard(figures, centre, scale)
    lexical, latent, history, bias = _weights(words[known], meaning[known], before, worth)
    return Prior(lexical.astype(np.float32), latent, history, bias, centre, scale, _fame(past), rates)


def _unit(encoded: Encoded) -> tuple[csr_matrix, Floats]:
    """Both kinds of vectors with length 1, whatever weights they carry for other ends."""
    lexical = csr_matrix(encoded.lexical, dtype=np.float64)
    lengths = np.sqrt(np.asarray(lexical.multiply(lexical).sum(axis=1)).ravel())
    latent = np.asarray(encoded.latent, dtype=np.float64)
    widths = np.linalg.norm(latent, axis=1, keepdims=True)
    return csr_matrix(diags_array(1 / np.where(lengths > 0, lengths, 1)) @ lexical), latent / np.where(
        widths > 0, widths, 1
    )


def _weights(
    lexical: csr_matrix, latent: Floats, history: Floats, worth: Floats
) -> tuple[Floats, Floats, Floats, float]:
    """Logistic regression on shares instead of classes, the few good ones weighing as much as the many others."""
    from scipy.optimize import minimize  # noqa: PLC0415 - only needed where something is fitted

    dense = np.hstack([latent, history, np.ones((len(worth), 1))]).astype(np.float64)
    terms, flipped = lexical.shape[1], lexical.T.tocsr()
    penalty = np.full(terms + dense.shape[1], STRICTNESS)
    penalty[-1] = 0.0
    good, rest = worth / (2 * worth.mean()), (1 - worth) / (2 * (1 - worth).mean())

    def loss(weights: Floats) -> tuple[float, Floats]:
        linear = lexical @ weights[:terms] + dense @ weights[terms:]
        cost = good @ np.logaddexp(0, -linear) + rest @ np.logaddexp(0, linear) + weights @ (penalty * weights) / 2
        slope = rest * _chance(linear) - good * _chance(-linear)
        return float(cost), np.concatenate([flipped @ slope, dense.T @ slope]) + penalty * weights

    limits = {"maxiter": MOST_STEPS, "ftol": NEAR_ENOUGH}
    found = minimize(loss, np.zeros(len(penalty)), jac=True, method="L-BFGS-B", options=limits).x
    ends = np.cumsum([terms, latent.shape[1], history.shape[1]])
    parts = np.split(found, ends)
    return parts[0], parts[1], parts[2], float(parts[3][0])


def _table(papers: Iterable[tuple[About, Mapping[str, float], Mapping[str, float]]]) -> Floats:
    rows = [_figures(about.authors, fame, rates.get(about.category, 0.0)) for about, fame, rates in papers]
    return np.array(rows, dtype=np.float64).reshape(-1, HISTORY)


def _figures(authors: Sequence[str], fame: Mapping[str, float], rate: float) -> list[float]:
    """The history of one paper: its authors' fame in several ways, how many they are, its category's rate."""
    each = np.array([fame.get(name, 0.0) for name in authors] or [0.0])
    return [
        *np.log1p([each.max(), each.sum(), each[-1], each[0]]).tolist(),
        float((each > 0).mean()),
        float(np.log1p(len(authors))),
        rate,
    ]


def _fames_before(papers: Sequence[About], past: Sequence[tuple[About, float]]) -> list[Mapping[str, float]]:
    """For each paper what its authors' papers had come to by the day it came."""
    found: list[Mapping[str, float]] = [{}] * len(papers)
    waiting = sorted(past, key=lambda each: each[0].day, reverse=True)
    fame: dict[str, float] = defaultdict(float)
    for row in sorted(range(len(papers)), key=lambda row: papers[row].day):
        while waiting and waiting[-1][0].day + SETTLED_DAYS <= papers[row].day:
            about, worth = waiting.pop()
            _add(fame, about, worth)
        found[row] = {name: fame[name] for name in papers[row].authors if name in fame}
    return found


def _fame(past: Iterable[tuple[About, float]]) -> Mapping[str, float]:
    fame: dict[str, float] = defaultdict(float)
    for about, worth in past:
        _add(fame, about, worth)
    return dict(fame)


def _add(fame: dict[str, float], about: About, worth: float) -> None:
    if worth > 0:
        for name in set(about.authors):
            fame[name] += worth


def _rates(papers: Sequence[About], worth: Floats) -> Mapping[str, float]:
    """How much better a category's papers did than the average paper, in log odds, small ones held back."""
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for about, value in zip(papers, worth.tolist(), strict=True):
        if about.category:
            sums[about.category][0] += value
            sums[about.category][1] += 1
    papers_known, total = sum(n for _, n in sums.values()), sum(value for value, _ in sums.values())
    mean = float(np.clip(total / max(papers_known, 1.0), 0.001, 0.999))
    held = {name: (s + CATEGORY_PAPERS * mean) / (n + CATEGORY_PAPERS) for name, (s, n) in sums.items()}
    return {name: float(np.log(rate / (1 - rate)) - np.log(mean / (1 - mean))) for name, rate in held.items()}


def _standard(figures: Floats, centre: Floats, scale: Floats) -> Floats:
    return np.asarray((figures - centre) / scale * HISTORY_SCALE)


def _chance(linear: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(linear / 2)))
