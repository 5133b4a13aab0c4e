"""Made-up papers and readers: each reader has picks and reasons of their own, the same ones in every run."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import Any

from newsletter import edition
from newsletter.models import Paper

PAPERS, PICKS = 67, 10
BIG, BIGGEST_TWO = 0.4, 0.6  # shares of readers
ANNOUNCED = datetime(2026, 4, 22, tzinfo=UTC)
JOINED = datetime(2026, 3, 2, 9, tzinfo=UTC)
WORDS = (
    *("the", "model", "attention", "transformer", "diffusion", "reinforcement", "learning", "agent", "benchmark"),
    *("multimodal", "video", "language", "reasoning", "policy", "reward", "data", "scaling", "training", "sparse"),
    *("inference", "efficient", "robust", "evaluation", "generation", "long-context", "retrieval", "alignment"),
    *("we", "propose", "show", "that", "achieves", "on", "while", "reducing", "cost", "by", "using", "a", "novel"),
    *(
        "framework",
        "for",
        "of",
        "and",
        "with",
        "code",
        "is",
        "available",
        "naïve",
        "≤ 5 µs",
        "“quoted”",
        "&",
        "<b>",
    ),
)
TERMS = (
    *("attention", "kernel", "manifold", "gradient", "lattice", "protein", "catalyst", "entropy", "tokenizer"),
    *("pruning", "distillation", "quantization", "embedding", "curriculum", "planner", "simulator", "posterior"),
    *("sampler", "causal", "spectral", "graph", "motif"),
)
TOPICS = (
    *("Language models", "Diffusion", "Reinforcement learning", "Video", "Robotics", "Speech", "Vision"),
    *("Quantization", "Safety", "Graphs", "Catalysts and materials", "Medical imaging", "Interpretability"),
    *("Code generation", "Bayesian deep learning", "Weather and climate", "Astrophysics", "Genomics"),
)
KEYWORDS = ("flow matching", "mixture of experts", "state space", "tool use", "world model", "in-context")
PEOPLE = (
    "Wei Zhang",
    "José García",
    "Anna Müller",
    "Q. Chen",
    "Łukasz Nowak",
    "S. Rao",
    "田中 太郎",
    "Zoë Ødegård",
)
NAMES = ("", "", "Ada", "José", "Łukasz", "Wei", "Zoë", "田中", "Grace Hopper", "Søren")


@dataclass(frozen=True)
class Picked:
    """One paper of a reader's digest, as the ledger keeps it; `paper` is its place among the papers."""

    paper: int
    rank: int
    trending: bool
    reasons: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Reader:
    """Reader number so-and-so, counted from 1."""

    number: int
    email: str
    name: str
    picks: tuple[Picked, ...]


@cache
def papers() -> tuple[dict[str, Any], ...]:
    """Every paper as an edition freezes it."""
    return tuple(_paper(number) for number in range(PAPERS))


@cache
def _themes(number: int) -> tuple[dict[str, Any], ...]:
    """The reasons that a paper gives to whoever follows its topics: the same words for all of them."""
    luck = _luck(f"themes {number}")
    return tuple(
        {"code": "topic", "name": topic, "terms": luck.sample(TERMS, 3)} for topic in luck.sample(TOPICS, 4)
    )


def reader(number: int) -> Reader:
    """A reader and the digest that was picked for them."""
    luck = _luck(f"reader {number}")
    places = enumerate(luck.sample(range(PAPERS), PICKS), 1)
    picks = tuple(Picked(each, rank, rank == PICKS, _reasons(luck, each)) for rank, each in places)
    return Reader(number, f"reader{number:07}@{_domain(luck)}", luck.choice(NAMES), picks)


def _domain(luck: Random) -> str:
    """Two big providers have most readers; the others are spread over many domains."""
    share = luck.random()
    if share < BIG:
        return "example.net"
    return "example.com" if share < BIGGEST_TWO else f"host{luck.randrange(200)}.example.org"


def _reasons(luck: Random, paper: int) -> tuple[dict[str, Any], ...]:
    """Mostly a topic's reason, now and then one of the reader's own; the trend is the paper's alone."""
    own = (
        luck.choice(_themes(paper)),
        luck.choice(_themes(paper)),
        luck.choice(_themes(paper)),
        {"code": "keyword", "name": luck.choice(KEYWORDS), "terms": []},
        {"code": "liked", "name": papers()[luck.randrange(PAPERS)]["title"][:59], "count": 1},
    )
    trend = {"code": "trend", "percent": 80 + paper % 20}
    return (luck.choice(own), trend) if paper % 3 == 0 else (luck.choice(own),)


def _paper(number: int) -> dict[str, Any]:
    luck = _luck(f"paper {number}")
    key = f"2604.{10000 + number}"
    paper = Paper(
        key=f"arxiv:{key}",
        title=_prose(luck, 12).title(),
        abstract=_prose(luck, 120),
        summary=f"{_prose(luck, 19)} {_prose(luck, 19)}",
        authors=luck.sample(PEOPLE, 5),
        author_count=luck.randint(5, 40),
        categories=["cs.LG", "cs.CL"],
        organization=luck.choice(("", "Example Institute", "Université de l'Exemple")),
        url=f"https://arxiv.org/abs/{key}",
        pdf_url=f"https://arxiv.org/pdf/{key}",
        code_url=f"https://code.example.org/papers/{key}",
        discussion_url=f"https://talk.example.org/papers/{key}",
        published_at=ANNOUNCED - timedelta(days=1),
        announced_at=ANNOUNCED,
        first_seen_at=ANNOUNCED,
    )
    votes = sorted(luck.randint(1, 400) for _ in range(12))
    return edition.content(paper, votes, sample=False)


def _prose(luck: Random, words: int) -> str:
    return f"{' '.join(luck.choices(WORDS, k=words))}.".capitalize()


def _luck(seed: str) -> Random:
    return Random(seed)  # noqa: S311 - made-up data, the same at each run
