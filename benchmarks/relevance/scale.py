"""The set `scale`: how long it takes to score many readers at once, and to make one reader's whole choice."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # it ships none

from benchmarks.relevance.library import Report
from benchmarks.relevance.ours import blocks, sparse
from benchmarks.relevance.rows import Row
from newsletter.candidates import Candidates
from newsletter.chooser import Chooser, Learned, Taste
from newsletter.config import Config
from newsletter.models import Paper
from newsletter.ranking.archive import Archive, Encoded, fit
from newsletter.ranking.nearness import Nearness
from newsletter.ranking.profile import Opinion, Profile
from newsletter.ranking.relevance import Facts
from subscribers.models import FollowKind

READERS, PAPERS, OLDER, TOPICS = 100_000, 500, 2000, 50
LIKES, TOPICS_EACH, TOP = 10, 2, 20
SEEN = datetime(2026, 11, 23, tzinfo=UTC)
CHOOSING = 200  # readers whose whole choice is timed


def rows(report: Report) -> list[Row]:
    """`seconds` to score 500 papers for 100,000 readers on one thread and find the best 20 of each: that alone.

    `ms-a-reader` is what a digest takes besides the database: words, nearness, shares, reasons with their proof.
    Each reader likes 10 of 2,000 papers and follows 2 topics; the papers are made of chance.
    """
    chance = np.random.default_rng(0)
    archive, papers, texts = _invented(chance)
    judging, naming = _chosen(chance, READERS, LIKES, OLDER), _chosen(chance, READERS, TOPICS_EACH, TOPICS)
    found = []
    for name, meaning in (("default", False), ("semantic", True)):
        vectors = chance.standard_normal((len(papers), 384), np.float32) if meaning else None
        encoded = replace(papers, semantic=vectors)
        model = replace(archive, papers=encoded.take(range(OLDER)))
        with threadpool_limits(1):
            start = time.perf_counter()
            best = _best(Nearness(model, encoded.take(range(OLDER, len(papers)))), encoded, judging, naming)
            seconds = time.perf_counter() - start
        report(f"scale {name}: {len(best):,} readers in {seconds:.2f} s")
        found.append(Row("scale", None, name, "seconds", seconds, seconds, seconds, len(best)))
    return [*found, _choices(chance, archive, texts)]


def _choices(chance: np.random.Generator, archive: Archive, texts: list[tuple[str, str]]) -> Row:
    """Milliseconds that each reader's whole choice takes; the 5th and 95th of a hundred besides the mean."""
    taste = Taste(Config().catalogue(), timedelta(days=7), 0.2)
    names = [topic.name for topic in taste.catalogue.topics]
    profiles = {
        number: Profile(
            tuple((FollowKind.TOPIC, str(name), 1.0) for name in chance.choice(names, TOPICS_EACH, replace=False)),
            tuple(Opinion(f"old:{row}", texts[row], 1) for row in chance.choice(OLDER, LIKES, replace=False)),
        )
        for number in range(CHOOSING)
    }
    nearness = Nearness(archive, archive.encode(texts[OLDER:]))
    learned = Learned(nearness, lambda given: archive.encode([each.text for each in given]), archive.version)
    chooser, spent = Chooser(_candidates(chance, texts[OLDER:]), profiles, taste, learned), []
    with threadpool_limits(1):
        for profile in profiles.values():
            start = time.perf_counter()
            chooser.choose(profile, (), TOP)
            spent.append(1000 * (time.perf_counter() - start))
    low, high = np.percentile(spent, [5, 95])
    return Row("scale", None, "default", "ms-a-reader", float(np.mean(spent)), float(low), float(high), CHOOSING)


def _candidates(chance: np.random.Generator, texts: list[tuple[str, str]]) -> Candidates:
    seen = {"announced_at": SEEN, "first_seen_at": SEEN}
    papers = tuple(
        Paper(key=f"new:{row:04}", title=title, abstract=body, **seen) for row, (title, body) in enumerate(texts)
    )
    heat, none = chance.random(len(texts)), np.zeros(len(texts))
    return Candidates(
        papers=papers,
        texts=tuple(texts),
        facts=(Facts(),) * len(texts),
        share=heat,
        trend=heat,
        fresh=heat,
        votes=([],) * len(texts),
        samples=frozenset(),
        guess=heat,
        trust=none,
        moving=none > 0,
        sources=none.astype(np.int64),
    )


def _best(nearness: Nearness, encoded: Encoded, judging: csr_matrix, naming: csr_matrix) -> NDArray[np.int64]:
    """The positions of each reader's best papers, best first."""
    rows = nearness.papers(encoded.take(range(OLDER)))
    named = nearness.standardised(rows[:TOPICS])  # a topic's row costs what a paper's does
    shares = np.full(READERS, 1 / LIKES, dtype=np.float32)
    found = []
    for some in blocks(READERS):
        near = nearness.blended(judging[some], rows, naming[some], named, shares[some])[:, : nearness.count]
        top = np.argpartition(-near, TOP, axis=1)[:, :TOP]
        order = np.argsort(-np.take_along_axis(near, top, axis=1), axis=1, kind="stable")
        found.append(np.take_along_axis(top, order, axis=1))
    return np.vstack(found)


def _invented(chance: np.random.Generator) -> tuple[Archive, Encoded, list[tuple[str, str]]]:
    words = [f"{chr(97 + number % 26)}{number}" for number in range(5000)]
    texts = [
        (" ".join(chance.choice(words, 10)), " ".join(chance.choice(words, 150))) for _ in range(OLDER + PAPERS)
    ]
    archive = fit(texts[:OLDER])
    return archive, archive.encode(texts), texts


def _chosen(chance: np.random.Generator, readers: int, each: int, among: int) -> csr_matrix:
    columns = chance.integers(0, among, (readers, each))
    return sparse(columns.tolist(), [[1 / each] * each] * readers, among)
