"""Readers, read for a plan in a few queries."""

import pytest
from sqlmodel import select
from world import NOW, reader, stored

from newsletter import audience, db
from newsletter.models import Delivery, Pick
from subscribers.models import FollowKind, Subscriber


@pytest.fixture
def two(session):
    """Two readers with wishes, in a world of six papers."""
    stored(session)
    ada = reader(session, "ada@example.org", "Graphs=2", mutes=["keyword:crypto"], name="Ada", size=5)
    return [ada.id, reader(session, "emmy@example.org").id]


def test_a_member_is_all_that_a_plan_needs(session, two):
    found = audience.load(session, two, ("a", "z")).members()

    follows = ((FollowKind.TOPIC, "Graphs", 2.0), (FollowKind.KEYWORD, "crypto", -1.0))
    assert found[two[0]] == (two[0], "ada@example.org", "Ada", 5, follows, ())
    assert found[two[1]][4:] == ((), ())


def test_nobody_is_loaded_who_is_not_asked_for(session, two):
    assert list(audience.load(session, two[1:], ()).members()) == two[1:]
    assert audience.load(session, [], ("a", "z")).members() == {}
    assert audience.load(session, [99], ("a", "z")).members() == {}


def given(session, who, *papers):
    row = dict.fromkeys(("address", "letter", "period", "message_id"), "x")
    session.add(Delivery(subscriber_id=who, **row, date=NOW, not_before=NOW, not_after=NOW))
    session.flush()
    delivery = session.exec(select(Delivery.id)).one()
    session.add_all(Pick(subscriber_id=who, paper=key, delivery_id=delivery, rank=1, score=1) for key in papers)
    session.commit()


def test_only_papers_between_the_first_and_the_last_count_as_sent(session, two):
    given(session, two[0], "arxiv:1", "arxiv:5", "arxiv:Z", "arxiv:a", "doi:1", "title:ä")

    sent = audience.load(session, two, ("arxiv:5", "arxiv:a")).members()[two[0]].sent

    assert sent == ["arxiv:5", "arxiv:Z", "arxiv:a"]  # in Python's order of letters, on every database
    assert audience.load(session, two, ()).members()[two[0]].sent == ()


def test_two_looks_at_unchanged_readers_are_equal(session, two):
    before = audience.load(session, two, ("a", "z"))
    session.get_one(Subscriber, two[0]).hour = 9  # which no digest shows
    session.commit()

    same = audience.load(session, two, ("a", "z"))
    session.get_one(Subscriber, two[0]).follows[0].weight = 1.0
    session.commit()

    assert before == same != audience.load(session, two, ("a", "z"))


def test_wishes_are_told_once_each(session, two):
    assert audience.wishes(session, two) == {(FollowKind.TOPIC, "Graphs"), (FollowKind.KEYWORD, "crypto")}
    assert audience.wishes(session, two[1:]) == set()


def test_among_is_good_for_no_number_and_for_many(session, two):
    found = select(Subscriber.id).where(db.among(session, Subscriber.id, range(50_000)))

    assert session.exec(found).all() == two
    assert session.exec(select(Subscriber.id).where(db.among(session, Subscriber.id, ()))).all() == []
