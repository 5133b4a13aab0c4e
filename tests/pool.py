"""Papers to choose from without any database: the bundled sample with made-up people, an archive, a chooser."""

import json
from dataclasses import replace
from datetime import timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
from world import NOW

from newsletter import config
from newsletter.candidates import Candidates
from newsletter.chooser import Chooser, Learned, Taste
from newsletter.models import Paper
from newsletter.profiles import text
from newsletter.ranking import archive
from newsletter.ranking.interests import author_keys, name_key
from newsletter.ranking.nearness import Nearness
from newsletter.ranking.profile import Opinion, Profile
from newsletter.ranking.relevance import Facts
from subscribers.models import FollowKind

AUTHORS = ("Ada Lovelace", "Emmy Noether", "Grace Hopper", "Sofia Kovalevskaya", "Hedy Lamarr", "Mary Somerville")
LABS = ("", "The Lab", "Another Lab")
CATEGORIES = ("cs.LG", "cs.CV", "cs.CL", "q-bio.NC", "stat.ML")


@cache
def catalogue():
    """The topics that come with the newsletter."""
    found: config.Config = config.Config.model_construct(topics=())
    return found.catalogue()


def paper(number, title, body, **more):
    """A paper whose people go round, so that each has several."""
    known = {
        "authors": [AUTHORS[number % len(AUTHORS)]],
        "organization": LABS[number % len(LABS)],
        "categories": [CATEGORIES[number % len(CATEGORIES)]],
        "announced_at": NOW - timedelta(hours=number % 48),
        "first_seen_at": NOW,
    }
    return Paper(key=f"arxiv:2604.{number:05}", title=title, summary=body, **known | more)


@cache
def sample():
    """The papers that come with the newsletter."""
    lines = (files("newsletter.sample") / "2026-04-23.jsonl").read_text(encoding="utf-8").splitlines()
    told = [json.loads(line) for line in lines]
    return tuple(
        paper(number, each["title"], each["summary"], keywords=each["keywords"])
        for number, each in enumerate(told)
    )


def read(path: Path, papers):
    """So many papers of a file of JSON lines with titles, abstracts and categories."""
    with path.open(encoding="utf-8") as lines:
        told = [json.loads(line) for line, _ in zip(lines, range(papers), strict=False)]
    return tuple(
        paper(number, each["title"], each["abstract"], authors=each["authors"], categories=each["categories"])
        for number, each in enumerate(told)
    )


def facts(each):
    names = frozenset().union(*(author_keys(name) for name in each.authors))
    return Facts(frozenset(each.categories), names, name_key(each.organization))


def candidates(papers, trend=0.5):
    """These papers, all equally fresh, with the places that are given, or in the middle."""
    places = np.broadcast_to(np.asarray(trend, dtype=np.float64), len(papers)).copy()
    return Candidates(
        papers=tuple(papers),
        texts=tuple(text(each) for each in papers),
        facts=tuple(map(facts, papers)),
        share=places,
        trend=places,
        fresh=np.full(len(papers), 0.5),
        votes=tuple([] for _ in papers),
        samples=frozenset(),
        guess=np.full(len(papers), 0.5),
        trust=np.ones(len(papers)),
        moving=np.zeros(len(papers), dtype=np.bool_),
        sources=np.zeros(len(papers), dtype=np.int64),
    )


def fitted(papers):
    return archive.fit([text(each) for each in papers], [each.key for each in papers])


@cache
def sample_archive():
    return fitted(sample())


def chooser(found, *profiles, model=None, floor=0.2, topics=None):
    """A chooser over these candidates for these profiles; `model` is the sample's archive where none is given."""
    model = model or sample_archive()
    learned = Learned(
        Nearness(model, model.encode(found.texts)),
        lambda opinions: model.encode([each.text for each in opinions]),
        model.version,
    )
    taste = Taste(topics or catalogue(), timedelta(days=7), floor)
    return Chooser(found, dict(enumerate(profiles)), taste, learned)


def following(*wishes, opinions=()):
    """A profile of (kind, value) or (kind, value, weight), and opinions."""
    follows = tuple((FollowKind(wish[0]), wish[1], wish[2] if len(wish) > 2 else 1.0) for wish in wishes)
    return Profile(follows, tuple(opinions))


def topics(*names):
    return following(*(("topic", name) for name in names))


def liked(each, thumb=1, age=1.0, **more):
    """A reader's opinion of this paper."""
    return Opinion(each.key, text(each), thumb, age, **more)


def without(profile, follow=None, opinions=()):
    """The same profile without a follow, or without these opinions."""
    kept = tuple(each for each in profile.follows if each != follow)
    return replace(profile, follows=kept, opinions=tuple(e for e in profile.opinions if e not in opinions))
