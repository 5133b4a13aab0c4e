"""Past editions as everybody may see them, and the one object that keeps all of it for a while."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event
from sqlmodel import select
from world import NOW, Scripted, deferred, entry, planned, reader, sending, stored

from newsletter import wiring
from newsletter.models import Delivery
from newsletter.showcase import KEPT_FOR, Period, Showcase
from newsletter.showcase import stored as read
from newsletter.sources import Snapshot
from subscribers.models import FollowKind
from subscribers.preferences import Choice

TODAY = date(2026, 3, 10)
DAY = timedelta(days=1)


class Watch:
    """A clock that is set by hand."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def taste(config):
    return wiring.taste(config)


@pytest.fixture
def shown(engine, taste, watch):
    return Showcase(engine, taste, watch)


def went_out(session, config, at=NOW, transport=None):
    """An edition of that day, sent to one reader if the transport takes it."""
    each = reader(session, f"reader{at:%d%H}@example.org", "Graphs")
    planned(session, config, at, [each])
    sending(session.get_bind(), transport or Scripted(), at)


def asked(engine):
    """Every SQL statement from now on."""
    statements = []
    event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    return statements


def test_the_days_are_those_on_which_a_digest_went_out_newest_first(session, config):
    stored(session)
    for days in (2, 0, 1):
        went_out(session, config, NOW - days * timedelta(hours=10))

    assert read.edition_days(session, NOW) == [TODAY, TODAY - DAY]


def test_a_day_on_which_nothing_was_sent_has_no_edition(session, config):
    stored(session)
    went_out(session, config, transport=Scripted(deferred()))

    assert read.edition_days(session, NOW) == []


def test_a_letter_is_no_edition(session, config):
    stored(session)
    went_out(session, config)
    session.exec(select(Delivery)).one().letter = "welcome"
    session.commit()

    assert read.edition_days(session, NOW) == []


def test_an_edition_of_the_future_is_not_known_yet(session, config):
    stored(session)
    went_out(session, config)

    assert read.edition_days(session, NOW - DAY) == []


def test_an_edition_shows_what_was_trending_by_the_end_of_its_day(session, taste):
    morning = datetime(2026, 3, 5, tzinfo=UTC)
    night = morning + DAY
    stored(
        session,
        entry("Of that day", 1, announced_at=morning, snapshots=(Snapshot(night, upvotes=5),)),
        entry("Hotter by night", 2, announced_at=morning, snapshots=(Snapshot(night, upvotes=9),)),
        entry(
            "Hot a day later",
            3,
            announced_at=morning,
            snapshots=(Snapshot(night, upvotes=1), Snapshot(night + DAY, upvotes=99)),
        ),
        entry("Of the next day", 4, announced_at=night, snapshots=()),
    )

    found = read.edition(session, morning.date(), NOW, taste)

    assert [each.content["title"] for each in found.papers] == [
        "Hotter by night",
        "Of that day",
        "Hot a day later",
    ]
    assert found.papers[2].history == [1]
    assert found.last == morning.date()


def test_todays_edition_is_of_this_moment(session, taste):
    stored(session)

    assert read.edition(session, TODAY, NOW, taste).total == 6


def test_an_edition_page_exists_for_the_days_that_had_one(session, config, shown):
    stored(session)
    went_out(session, config)

    assert shown.edition_days() == [TODAY]
    assert shown.edition(TODAY).total == 6
    assert shown.edition(TODAY - DAY) is None


def test_everything_is_read_once_for_ten_minutes(engine, session, shown, watch):
    stored(session)
    statements = asked(engine)
    first = shown.trending(Period.WEEK)
    many = len(statements)
    shown.trending(Period.MONTH), shown.topic_counts(), shown.paper("arxiv:2603.00001")
    shown.would_bring([Choice(FollowKind.TOPIC, "Graphs")], 3)

    assert first.total == 6
    assert len(statements) == many

    stored(session, entry("New meanwhile", 9))
    assert shown.trending(Period.WEEK).total == 6
    watch.now += KEPT_FOR
    assert shown.trending(Period.WEEK).total == 7


def test_a_paper_that_is_not_there_is_looked_for_once(engine, session, shown):
    stored(session)
    shown.topic_counts()
    statements = asked(engine)

    found = [shown.paper("arxiv:0000.00000") for _ in range(3)]

    assert found == [None, None, None]
    assert sum("FROM paper" in statement for statement in statements) == 1


def test_many_threads_get_the_same(session, shown, taste):
    stored(session)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: shown.trending(Period.WEEK, taste.catalogue.find("Graphs")), range(40)))

    assert all(each == found[0] for each in found)
    assert found[0].total == 2


def test_nothing_is_ever_written(engine, session, config, shown):
    stored(session)
    went_out(session, config)
    statements = asked(engine)

    shown.trending(Period.DAY), shown.edition(TODAY), shown.paper("arxiv:0000.00000")
    shown.would_bring([Choice(FollowKind.KEYWORD, "catalysts")], 3)

    assert all(statement.lstrip().startswith(("SELECT", "BEGIN")) for statement in statements)
