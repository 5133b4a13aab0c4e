"""What opinions weigh: fresh ones more, dislikes less than likes; and topics less beside many likes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.ranking.profile import LEAST_TOPICS, Opinion, Profile, topics_share, weights
from subscribers.models import FollowKind

THUMBS = st.lists(st.tuples(st.sampled_from([1, -1]), st.floats(-1, 5000)), max_size=20)


def opinions(*given):
    return [Opinion(str(number), ("", ""), thumb, age) for number, (thumb, age) in enumerate(given)]


def test_an_old_opinion_counts_less_than_a_fresh_one():
    old, fresh, older_dislike, dislike = weights(opinions((1, 90), (1, 0), (-1, 300), (-1, 3)))

    assert fresh > 2 * old > 0
    assert dislike < older_dislike < 0


@given(THUMBS)
def test_likes_weigh_one_together_and_what_was_turned_down_less(given):
    found = weights(opinions(*given))
    liked = found[[thumb > 0 for thumb, _ in given]] if given else found

    assert liked.sum() == pytest.approx(1 if len(liked) else 0, abs=1e-4)
    assert -1 < found.sum() - liked.sum() <= 0
    assert all(weight * thumb >= 0 for weight, (thumb, _) in zip(found, given, strict=True))


def test_an_opinion_of_tomorrow_is_as_one_of_today():
    assert weights(opinions((1, -1), (1, 0))).tolist() == [0.5, 0.5]


def test_topics_weigh_less_with_each_like_and_never_nothing():
    shares = [topics_share(opinions(*[(1, 0)] * count)) for count in range(12)]

    assert shares[0] == shares[1] == 1
    assert all(later <= earlier for earlier, later in pairwise(shares))
    assert shares[2] < 1
    assert shares[-1] == LEAST_TOPICS
    assert topics_share(opinions((-1, 0), (-1, 0), (-1, 0))) == 1


def test_a_profile_of_mutes_alone_wants_nothing():
    muted = ((FollowKind.TOPIC, "Graphs", -1.0),)

    assert Profile().empty
    assert Profile(muted).empty
    assert not Profile((*muted, (FollowKind.ORG, "The Lab", 1.0))).empty
    assert not Profile(muted, tuple(opinions((-1, 0)))).empty
