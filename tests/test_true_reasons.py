"""Reasons are true: without what a reason names the paper stands lower, for every reader and every pick."""

from dataclasses import replace

import numpy as np
import pool
import pytest

from newsletter.ranking import blend
from newsletter.ranking.profile import Opinion
from subscribers.topics import Catalogue

SAMPLE = pool.sample()
SHOWN, FLOOR = 10, 0.01  # low, so that weak picks have to be explained as well
TRENDING = np.linspace(0, 1, len(SAMPLE))[np.random.default_rng(3).permutation(len(SAMPLE))]
FEW = [pool.liked(SAMPLE[number]) for number in (2, 8, 14)]
MANY = [
    *(pool.liked(SAMPLE[number], age=number) for number in (1, 5, 11, 32, 44, 47, 50, 60)),
    *(pool.liked(SAMPLE[number], thumb=-1) for number in (20, 29, 52)),
]
NAMED = [pool.liked(SAMPLE[number], example=True) for number in (24, 34, 48)]
PROFILES = {
    "one topic": pool.topics("Graphs"),
    "parent and child": pool.topics("Language models", "Multilingual language processing"),
    "five topics": pool.topics("Computer vision", "Interpretability", "Speech and audio", "Graphs", "Finance"),
    "weights": pool.following(("topic", "Graphs", 3.0), ("topic", "Learning theory", 0.3)),
    "own words": pool.topics("quantization of neural networks", "open-set recognition"),
    "keywords": pool.following(("keyword", "survey"), ("keyword", "CUDA"), ("keyword", "neural ranking")),
    "people": pool.following(("author", "Ada Lovelace"), ("org", "The Lab"), ("topic", "Physics")),
    "categories": pool.following(("category", "q-bio.NC"), ("category", "cs.CL", 2.0), ("keyword", "speech")),
    "likes": pool.following(opinions=FEW),
    "likes and dislikes": pool.following(opinions=MANY),
    "examples": pool.following(opinions=NAMED),
    "likes and examples": pool.following(opinions=[*FEW, *NAMED]),
    "everything": pool.following(
        ("topic", "Graphs"),
        ("keyword", "transformer"),
        ("author", "Grace Hopper"),
        ("category", "stat.ML", 0.5),
        ("topic", "Finance", -1.0),
        opinions=[*FEW, *NAMED, *MANY[-3:]],
    ),
}
FOLLOWED = {"topic", "hint", "near", "keyword", "author", "org", "category"}


@pytest.fixture(scope="module")
def found():
    return pool.candidates(SAMPLE, TRENDING)


def ablated(choose, profile, reason, behind, reader, paper):
    """The profile without what the reason names: a follow, or all opinions of the interest that it stands for."""
    if reason["code"] in FOLLOWED:
        gone = [each for each in profile.follows if each[2] > 0 and _name(choose, each) == _named(reason)]
        assert gone, reason
        return pool.without(profile, gone[0])
    titles = [getattr(each, "text", ("",))[0] for each in behind]
    (row,) = (row for row, title in enumerate(titles) if title.startswith(reason["name"].rstrip("…")) and title)
    interest = reader.liking.interest[row]
    rows = np.flatnonzero(reader.liking.interest == interest)
    if not reader.liking.owed[interest, paper]:  # several interests speak together, and each could be spared
        parts = reader.liking.parts[:, paper]
        rows = [at for at, each in enumerate(behind) if isinstance(each, Opinion) and parts[at] > 0]
    assert reason["count"] <= len(rows)
    return pool.without(profile, opinions=[behind[each] for each in rows])


def _named(reason):
    return ("topic" if reason["code"] in {"hint", "near"} else reason["code"], reason["name"])


def _name(choose, follow):
    interest = choose.interests[follow[0], follow[1]]
    return interest.kind, interest.name


@pytest.mark.parametrize("named", PROFILES)
def test_without_what_a_reason_names_the_paper_is_weaker_and_falls_behind_others(found, named):
    profile = PROFILES[named]
    choose = pool.chooser(found, profile, floor=FLOOR)
    reader, behind = choose.reader(profile)
    before, fell = blend.strength(reader), []

    for picked in choose.choose(profile, (), SHOWN):
        for reason in (each for each in picked.reasons if each["code"] in FOLLOWED | {"liked", "example"}):
            less, _ = choose.reader(ablated(choose, profile, reason, behind, reader, picked.position))
            after, paper = blend.strength(less), picked.position
            assert after[paper] < before[paper], (picked.key, reason)
            assert place(after, paper) >= place(before, paper), (picked.key, reason)
            fell.append(place(after, paper) > place(before, paper))

    assert fell
    assert np.mean(fell) >= 0.5  # what two reasons speak for stays where it is without one of them


def place(strength, paper):
    """How many stand before it, of equal ones half."""
    return (strength > strength[paper] + 1e-9).sum() + (abs(strength - strength[paper]) <= 1e-9).sum() / 2


@pytest.mark.parametrize("named", ["one topic", "own words", "keywords", "five topics"])
def test_without_the_words_that_a_reason_names_the_paper_is_weaker(found, named):
    profile = PROFILES[named]
    choose = pool.chooser(found, profile, floor=FLOOR)
    checked = 0

    for picked in choose.choose(profile, (), SHOWN):
        for reason in (each for each in picked.reasons if each.get("terms")):
            before = choose.reader(profile)[0].evidence[:, picked.position].sum()
            silent = pool.chooser(found, profile, topics=_silenced(reason), floor=FLOOR)
            after = silent.reader(profile)[0].evidence[:, picked.position].sum()
            assert after < before or reason["name"] not in {each.name for each in pool.catalogue().topics}
            checked += 1

    assert checked or named == "keywords"  # a keyword is its own word


def _silenced(reason):
    """The catalogue without the words that the reason names."""
    gone = {term.casefold() for term in reason["terms"]}
    return Catalogue(
        replace(topic, words=tuple(word for word in topic.words if word.casefold() not in gone) or ("-",))
        for topic in pool.catalogue().topics
    )


def test_only_a_paper_that_was_seen_to_climb_is_said_to_climb(found):
    profile = PROFILES["one topic"]
    still = pool.chooser(found, profile, floor=FLOOR).choose(profile, (), SHOWN)
    climbing = replace(found, moving=np.ones(len(SAMPLE), dtype=bool))
    moving = pool.chooser(climbing, profile, floor=FLOOR).choose(profile, (), SHOWN)

    assert "trend" not in _codes(still)
    assert "ahead" in _codes(still)
    assert "ahead" not in _codes(moving)
    assert "trend" in _codes(moving)


def test_where_no_figures_are_known_no_trend_is_told(found):
    unknown = replace(found, share=np.full(len(SAMPLE), np.nan))

    for profile in PROFILES.values():
        picked = pool.chooser(unknown, profile, floor=FLOOR).choose(profile, (), SHOWN)
        assert not _codes(picked) & {"trend", "ahead"}
        assert all(reason["percent"] is None for each in picked for reason in each.reasons if "percent" in reason)


def _codes(picked):
    return {reason["code"] for each in picked for reason in each.reasons}


def test_all_kinds_of_reasons_were_looked_at(found):
    codes = set()
    for profile in PROFILES.values():
        codes |= _codes(pool.chooser(found, profile, floor=FLOOR).choose(profile, (), SHOWN))

    assert codes >= {"topic", "near", "keyword", "author", "org", "category", "liked", "example", "slot", "ahead"}
