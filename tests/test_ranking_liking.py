"""What a reader's likes and topics make of papers: groups of interests, and a digest that serves each of them."""

from collections import Counter

import numpy as np
import pool
import pytest

from newsletter.ranking import archive, blend
from newsletter.ranking.liking import grouped
from newsletter.ranking.profile import weights

FIELDS = {
    "graph": "graph node edge neighbourhood message passing molecule",
    "quantum": "quantum qubit code error syndrome decoder stabilizer",
    "speech": "speech audio speaker voice recording phoneme accent",
    "galaxy": "galaxy star dust telescope redshift nebula spectrum",
}
EACH = 12
LIKED = (1, 1, 1, 1, 1, -1, -1)


@pytest.fixture(scope="module")
def papers():
    """A dozen papers of each of four fields, none like any other field's."""
    rng = np.random.default_rng(5)
    made = []
    for words in FIELDS.values():
        for _ in range(EACH):
            said = " ".join(rng.permutation(words.split())[:-1])
            made.append(pool.paper(len(made), said[:24], f"We study {said}."))
    return tuple(made)


@pytest.fixture(scope="module")
def model(papers):
    return archive.fit([pool.text(each) for each in papers] * 5)  # an archive large enough to be believed


@pytest.fixture(scope="module")
def found(papers):
    return pool.candidates(papers)


def likes(papers, field, count=3, thumb=1, age=1.0):
    first = list(FIELDS).index(field) * EACH
    return [pool.liked(each, thumb, age) for each in papers[first : first + count]]


def field_of(key):
    return list(FIELDS)[int(key[-5:]) // EACH]


def digest(found, model, profile, sent=(), size=10):
    choose = pool.chooser(found, profile, model=model, floor=0.1)
    return [each.key for each in choose.choose(profile, sent, size)]


def judged(found, model, profile):
    reader, _ = pool.chooser(found, profile, model=model).reader(profile)
    return reader


def test_a_reader_of_two_fields_gets_both(papers, found, model):
    opinions = [*likes(papers, "graph"), *likes(papers, "galaxy")]

    keys = digest(found, model, pool.following(opinions=opinions), [each.key for each in opinions])

    fields = Counter(map(field_of, keys[:-1]))  # the last is for everyone
    assert min(fields["graph"], fields["galaxy"]) >= 3
    assert fields["graph"] + fields["galaxy"] == 9


def test_a_wide_topic_leaves_room_for_a_narrow_one(papers, found, model):
    profile = pool.topics("graph or quantum or speech", "redshift")

    fields = Counter(map(field_of, digest(found, model, profile)))

    assert fields["galaxy"] >= 3
    assert sum(fields.values()) - fields["galaxy"] >= 4


def test_many_likes_of_one_field_leave_room_for_the_few_of_another(papers, found, model):
    opinions = [*likes(papers, "speech", 6), *likes(papers, "quantum", 1)]

    keys = digest(found, model, pool.following(opinions=opinions))[:-1]  # the last is for everyone
    fields = Counter(map(field_of, keys))

    assert fields["quantum"] >= 1
    assert fields["speech"] > fields["quantum"]


def test_what_was_turned_down_lowers_what_is_near_to_it(papers, found, model):
    liked = [*likes(papers, "graph"), *likes(papers, "speech")]
    before = blend.strength(judged(found, model, pool.following(opinions=liked)))
    turned_down = pool.following(opinions=[*liked, *likes(papers, "quantum", thumb=-1)])

    after = blend.strength(judged(found, model, turned_down))

    quantum = [field_of(each.key) == "quantum" for each in papers]
    assert (after - before)[quantum].mean() < (after - before)[np.logical_not(quantum)].mean()
    assert (after < before)[quantum].all()


def test_a_fresh_like_counts_more_than_an_old_one(papers, found, model):
    profile = pool.following(opinions=[*likes(papers, "graph", age=300), *likes(papers, "speech", age=1)])

    near = judged(found, model, profile).liking.near

    fields = np.array([field_of(each.key) for each in papers])
    assert near[fields == "speech"].mean() > near[fields == "graph"].mean() + 0.5


def test_parts_sum_up_to_what_words_and_nearness_give(papers, found, model):
    profile = pool.following(("topic", "quantum codes"), ("keyword", "galaxy"), opinions=likes(papers, "speech"))

    reader = judged(found, model, profile)

    whole = 2.0 * blend.relevance(reader) + reader.liking.near
    np.testing.assert_allclose(reader.liking.parts.sum(axis=0), whole, atol=2e-3)
    assert reader.liking.shares.sum() == pytest.approx(1)
    assert ((reader.liking.carried >= 0) & (reader.liking.carried <= 1)).all()


def test_who_said_nothing_has_no_liking(found, model):
    muting = pool.following(("topic", "quantum", -1.0))

    assert judged(found, model, pool.following()).liking is None
    assert judged(found, model, muting).liking is None


def test_unlike_likes_are_groups_and_dislikes_are_one_of_their_own():
    fields = np.array([0, 0, 1, 1, 0, 2, 1])
    alike = np.where(fields[:, np.newaxis] == fields, 0.6, 0.02).astype(np.float32)
    opinions = weights([pool.liked(each, thumb) for each, thumb in zip(pool.sample(), LIKED, strict=False)])

    groups = grouped(alike, opinions).tolist()

    assert groups[0] == groups[1] == groups[4]  # two likes of the first field, and a third
    assert groups[2] == groups[3]
    assert groups[5] == groups[6]  # turned down, of two fields
    assert len(set(groups)) == 3


def test_no_opinions_make_no_groups():
    assert grouped(np.zeros((0, 0), dtype=np.float32), np.zeros(0, dtype=np.float32)).tolist() == []


def test_followed_people_are_pinned_and_take_half_at_most(found, model):
    profile = pool.following(("author", "Ada Lovelace"), ("topic", "quantum codes"))

    keys = digest(found, model, profile)

    by_ada = [key for key in keys if int(key[-5:]) % len(pool.AUTHORS) == 0]
    assert keys[:5] == by_ada[:5]
    assert len(by_ada) <= 7  # what fits beside comes from the topic, and some of it is hers
    assert sum(field_of(key) == "quantum" for key in keys) >= 4
