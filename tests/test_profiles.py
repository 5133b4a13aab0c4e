"""What readers said and judged, loaded as it stood at a moment."""

from datetime import timedelta

import pytest
from world import NOW, entry, reader, stored

from newsletter import profiles
from newsletter.models import Feedback
from newsletter.ranking.profile import Opinion
from subscribers import examples
from subscribers.models import FollowKind
from subscribers.pasted import Named

DAY = timedelta(days=1)
TITLES = ("Message passing", r"Codes with $\alpha$", "Speech", "Dark matter")


@pytest.fixture
def ada(session):
    """A reader who follows graphs; there are four papers."""
    told = [entry(title, number, keywords=("one", "two")) for number, title in enumerate(TITLES)]
    stored(session, *told)
    return reader(session, "ada@example.org", "Graphs=2", mutes=["keyword:crypto"]).id


def key(number):
    return f"arxiv:2603.{number:05}"


def judge(session, who, number, thumb, at):
    session.add(Feedback(subscriber_id=who, paper=key(number), thumb=thumb, at=at))
    session.commit()


def name(session, who, *named, at=NOW):
    examples.add(session, who, list(named), at)
    session.commit()


def opinions(session, who, at=NOW):
    return {each.key: each for each in profiles.load(session, [who], at)[who].opinions}


def test_a_reader_is_what_they_follow_and_mute_with_weights(session, ada):
    profile = profiles.load(session, [ada], NOW)[ada]

    assert set(profile.follows) == {(FollowKind.TOPIC, "Graphs", 2.0), (FollowKind.KEYWORD, "crypto", -1.0)}
    assert profile.opinions == ()


def test_thumbs_are_opinions_with_their_age_in_the_order_of_their_keys(session, ada):
    judge(session, ada, 2, -1, NOW - 3 * DAY)
    judge(session, ada, 1, 1, NOW - DAY / 2)

    found = profiles.load(session, [ada], NOW)[ada].opinions

    assert [(each.key, each.thumb, each.age_days, each.example) for each in found] == [
        (key(1), 1, 0.5, False),
        (key(2), -1, 3.0, False),
    ]
    assert found[0].text[0] == TITLES[1]
    assert found[0].text[1].endswith("and say what we found.\none | two")
    assert found[0].title == "Codes with α"


def test_what_came_later_than_the_moment_is_not_known_then(session, ada):
    judge(session, ada, 1, 1, NOW)
    judge(session, ada, 2, 1, NOW + DAY)
    name(session, ada, Named(key(3), TITLES[3]), at=NOW + DAY)

    assert list(opinions(session, ada)) == [key(1)]
    assert list(opinions(session, ada, NOW - DAY)) == []
    assert list(opinions(session, ada, NOW + DAY)) == [key(1), key(2), key(3)]


def test_an_example_has_the_archives_text_where_the_archive_has_it(session, ada):
    name(session, ada, Named(key(3), "Retitled", ""), Named("doi:10.5555/x", "Elsewhere", "Its abstract."))

    known, elsewhere = (opinions(session, ada)[each] for each in (key(3), "doi:10.5555/x"))

    assert (known.text[0], known.title, known.example, known.thumb) == (TITLES[3], TITLES[3], True, 1)
    told = ("Elsewhere", "Its abstract.")
    assert elsewhere == Opinion("doi:10.5555/x", told, 1, 0.0, example=True, title="Elsewhere")


def test_an_example_of_which_nothing_is_known_tells_nothing_yet(session, ada):
    name(session, ada, Named("doi:10.5555/unknown"))

    assert opinions(session, ada) == {}


@pytest.mark.parametrize("thumb", [1, -1])
def test_a_thumb_on_an_example_is_what_counts(session, ada, thumb):
    name(session, ada, Named(key(1)), at=NOW - 5 * DAY)
    judge(session, ada, 1, thumb, NOW - 2 * DAY)

    found = opinions(session, ada)[key(1)]

    assert (found.thumb, found.example, found.age_days) == (thumb, False, 2.0)


def test_readers_are_told_apart_and_nobody_is_missing(session, ada):
    emmy = reader(session, "emmy@example.org").id
    judge(session, ada, 1, 1, NOW)

    found = profiles.load(session, [emmy, ada, 999], NOW)

    assert set(found) == {ada, emmy, 999}
    assert [len(found[each].opinions) for each in (ada, emmy, 999)] == [1, 0, 0]
    assert found[emmy].empty
    assert profiles.load(session, [], NOW) == {}
