"""Ten papers with real titles and our own words about them, for the tests that look at whole digests."""

import datetime as dt
from dataclasses import replace

from newsletter.mail import example
from newsletter.mail.content import DigestContent, PaperShown

TITLES = (
    "Attention Is All You Need",
    "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding",
    "Deep Residual Learning for Image Recognition",
    "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale",
    "Adam: A Method for Stochastic Optimization",
    "Denoising Diffusion Probabilistic Models",
    "Learning Transferable Visual Models From Natural Language Supervision",
    "Highly accurate protein structure prediction with AlphaFold",
    "Mastering the game of Go without human knowledge",
    "Playing Atari with Deep Reinforcement Learning",
)
ABSTRACT = (
    "We look at a question that many groups have asked before. Our answer is simple, e.g. one layer where others "
    "need ten, and it holds on five public benchmarks. The code takes an afternoon to run. We close with what we "
    "could not explain. Nothing in this sentence should fit into a card any more, for it is long and comes last."
)
BARE = example.digest().papers[0]


def paper(number: int, **changes: object) -> PaperShown:
    """The paper of this number, 1 to 10, with one thing or another different."""
    made = replace(
        BARE,
        key=f"arxiv:2604.{number:05}",
        title=TITLES[(number - 1) % len(TITLES)],
        url=f"https://arxiv.org/abs/2604.{number:05}",
        pdf_url=f"https://arxiv.org/pdf/2604.{number:05}",
        code_url="https://code.example/group/project" if number % 3 == 1 else "",
        discussion_url="https://talk.example/threads/7" if number % 4 == 1 else "",
        summary="Says in one sentence what it found." if number % 2 else "",
        abstract=ABSTRACT,
        upvotes=40 * number,
        history=(1, 5, 9, 30, 40 * number),
        sample=False,
        topics=("Machine learning", "Vision")[: 1 + number % 2],
        trending=number % 3 == 1,
    )
    return replace(made, **changes)  # type: ignore[arg-type] # each test names fields of PaperShown


def digest(count: int = 10, **changes: object) -> DigestContent:
    """A digest of that many papers for one reader."""
    made = replace(
        example.digest(),
        brand="Trending Papers",
        date=dt.date(2026, 4, 23),
        interests=("Machine learning", "Vision", "Biology"),
        papers=tuple(paper(number) for number in range(1, count + 1)),
        sample=False,
    )
    return replace(made, **changes)  # type: ignore[arg-type] # each test names fields of DigestContent
