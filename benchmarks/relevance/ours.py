"""Our own methods, `default` and `semantic`: the product's functions, asked as a digest would ask them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize

from benchmarks.relevance.features import Features
from benchmarks.relevance.library import Floats, Task
from newsletter.archive import MEANING
from newsletter.ranking import text
from newsletter.ranking.archive import Archive, Encoded
from newsletter.ranking.blend import WORDS_WEIGHT
from newsletter.ranking.interests import from_free_text, from_topic
from newsletter.ranking.nearness import Nearness
from newsletter.ranking.profile import Opinion, topics_share, weights
from newsletter.ranking.relevance import Facts, Interest, Matches
from subscribers.topics import Catalogue, Topic

AT_ONCE = 2000  # readers whose scores are found together


def default(features: Features, tasks: Sequence[Task]) -> Floats:
    """The light model: words and their latent directions."""
    return _strengths(features, features.archive, features.encoded, tasks)


def semantic(features: Features, tasks: Sequence[Task]) -> Floats:
    """The light model with sentence vectors."""
    meant = features.centred * np.float32(MEANING**0.5)
    papers = features.archive.papers
    assert papers is not None
    first = features.library.known - len(papers)
    known = replace(features.archive, papers=replace(papers, semantic=meant[first : features.library.known]))
    return _strengths(features, known, replace(features.encoded, semantic=meant), tasks, _meanings)


def _meanings(features: Features, topics: Sequence[Topic]) -> NDArray[np.float32] | None:
    """What topics' words mean, as `archive.Model.said` has it."""
    if features.vectors is None or not topics:
        return None
    texts = [_interest(each).told for each in topics]
    apart = features.vectors.of(texts) - features.semantic[: features.library.known].mean(axis=0)
    return np.asarray(normalize(apart) * MEANING**0.5, dtype=np.float32)


def _unknown(features: Features, topics: Sequence[Topic]) -> None:
    """The light model knows no meanings."""
    del features, topics


def _strengths(
    features: Features,
    archive: Archive,
    encoded: Encoded,
    tasks: Sequence[Task],
    meanings: Callable[[Features, Sequence[Topic]], NDArray[np.float32] | None] = _unknown,
) -> Floats:
    """What orders papers where trend and freshness are left out, as `blend.strength` has it."""
    candidates = np.arange(features.library.known, len(encoded))
    nearness = Nearness(archive, encoded.take(candidates))
    judged = sorted({row for task in tasks for row in (*task.liked, *task.disliked)})
    topics = sorted({topic for task in tasks for topic in task.topics}, key=lambda topic: topic.name)
    interests = [_interest(topic) for topic in topics]
    named = nearness.topics([each.terms for each in interests], meanings(features, topics))
    rows = nearness.papers(encoded.take(judged)) if judged else named[:0]
    judging = _weighted(tasks, {row: number for number, row in enumerate(judged)})
    naming = _naming(tasks, {topic: number for number, topic in enumerate(topics)})
    shares = np.array([topics_share(_opinions(task)) for task in tasks], dtype=np.float32)
    blended = (
        nearness.blended(judging[some], rows, naming[some], named, shares[some])[:, : nearness.count]
        for some in blocks(len(tasks))
    )
    near = np.vstack(list(blended)).astype(np.float64) * nearness.confidence
    if not topics:
        return near
    evidence = _evidence([features.library.texts[row] for row in candidates], interests)
    return np.asarray(near + WORDS_WEIGHT * (1 - np.exp(-(naming @ evidence))))


def _interest(topic: Topic) -> Interest:
    """A topic in one's own words, or one of the catalogue, of whose categories nothing may be known here."""
    if topic.words == (topic.name,):
        return from_free_text(topic.name)
    return replace(from_topic(topic, Catalogue([replace(topic, parent="")])), categories=frozenset())


def _evidence(texts: Sequence[tuple[str, str]], interests: Sequence[Interest]) -> Floats:
    index = text.index(texts, (term for each in interests for term in each.terms))
    matches = Matches(index, [Facts()] * len(texts))
    return np.array([matches.evidence(each) for each in interests])


def _opinions(task: Task) -> list[Opinion]:
    given = partial(Opinion, "", ("", ""))
    return [given(1) for _ in task.liked] + [given(-1) for _ in task.disliked]


def _weighted(tasks: Sequence[Task], place: dict[int, int]) -> csr_matrix:
    """What each task's opinions weigh (tasks x judged papers)."""
    rows = [[place[paper] for paper in (*task.liked, *task.disliked)] for task in tasks]
    return sparse(rows, [weights(_opinions(task)).tolist() for task in tasks], len(place))


def _naming(tasks: Sequence[Task], place: dict[Topic, int]) -> csr_matrix:
    rows = [[place[topic] for topic in task.topics] for task in tasks]
    return sparse(rows, [[1.0] * len(each) for each in rows], len(place))


def sparse(columns: Sequence[Sequence[int]], values: Sequence[Sequence[float]], width: int) -> csr_matrix:
    starts = np.concatenate([[0], np.cumsum([len(each) for each in columns])])
    flat = [value for each in values for value in each]
    places = [place for each in columns for place in each]
    return csr_matrix((np.array(flat, dtype=np.float32), places, starts), shape=(len(columns), width))


def blocks(count: int) -> Iterator[slice]:
    return (slice(start, start + AT_ONCE) for start in range(0, count, AT_ONCE))
