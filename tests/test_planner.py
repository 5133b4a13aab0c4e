"""Planning for many at once: chosen outside of any lock, stored where it still fits."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from sqlmodel import col, select
from world import KEYS, NOW, entry, planned, reader, stored

from newsletter import audience, chooser, db, pick, planner, wiring
from newsletter.due import NO_RULES, Due, Dues, Rules
from newsletter.models import Delivery, EditionPaper, Feedback, Pick, State
from subscribers import erasure
from subscribers.models import Follow, FollowKind, Subscriber

DAY = timedelta(days=1)
DATE = "2026-03-10"
TITLES = ("Graph neural networks", "Quantum error correction", "Speech recognition", "Dark matter")


@pytest.fixture
def crowd(session):
    """Forty papers of four subjects, and nine readers of all kinds."""
    stored(session, *(entry(f"{TITLES[number % 4]}: part {number}", number) for number in range(1, 41)))
    wishes = (["Graphs"], ["quantum error=2", "Graphs"], ["speech recognition", "dark matter", "Graphs"], [])
    ids = [reader(session, f"reader{number}@example.org", *wishes[number % 4]).id for number in range(8)]
    ids.append(reader(session, "quiet@example.org", "volcano sociology").id)
    session.commit()
    return ids


def due(ids, period=DATE):
    return [Due(each, period, timedelta(hours=18)) for each in ids]


def choosing(session, config, ids=(), at=NOW):
    return chooser.chooser(session, (), at, wiring.taste(config), wishes=audience.wishes(session, ids))


def store(engine, config, choose, told, prepared=planner.NOTHING):
    report = pick.Report()
    with db.writing(engine) as session:
        made = pick.Planner(session, choose, wiring.issue(config), KEYS, NOW, NOW)
        made.plan_all([(each, None) for each in told], report, prepared)
    return report


def prepared(engine, choose, told):
    return planner.prepare(engine, told, choose, NOW, NO_RULES)


def picks(session):
    session.rollback()  # what others stored since is to be seen
    rows = session.exec(select(Pick).order_by(col(Pick.subscriber_id), col(Pick.rank)))
    return [(row.subscriber_id, row.rank, row.paper, row.score, row.trending, row.reasons) for row in rows]


def test_batches_of_any_size_plan_the_same(engine, session, config, crowd, monkeypatch):
    planned(session, config)
    whole = picks(session)
    told = {
        row.subscriber_id: (row.message_id, row.outcome, row.details) for row in session.exec(select(Delivery))
    }
    with db.writing(engine) as own:
        own.connection().execute(Pick.__table__.delete())
        own.connection().execute(Delivery.__table__.delete())
    monkeypatch.setattr(pick, "BATCH", 2)

    report = planned(session, config)

    assert (report.planned, report.skipped) == (8, 1)
    assert picks(session) == whole
    again = session.exec(select(Delivery))
    assert {row.subscriber_id: (row.message_id, row.outcome, row.details) for row in again} == told


def test_what_was_prepared_is_what_is_stored(engine, session, config, crowd, monkeypatch):
    choose = choosing(session, config, crowd)
    ready = prepared(engine, choose, due(crowd))
    monkeypatch.setattr(chooser.Chooser, "choose_all", lambda *_: pytest.fail("nothing is left to choose"))

    report = store(engine, config, choose, due(crowd), ready)

    assert (report.planned, report.skipped) == (8, 1)
    shown = {paper for _, _, paper, *_ in picks(session)}
    assert shown == set(session.exec(select(EditionPaper.paper)))


def test_who_changes_while_papers_are_chosen_is_served_as_they_are_now(engine, session, config, crowd):
    choose = choosing(session, config, crowd)
    ready = prepared(engine, choose, due(crowd))
    moved, renamed, other, fewer, gone = (session.get_one(Subscriber, each) for each in crowd[:5])
    moved.email, renamed.name, fewer.size = "new@example.org", "Ada", 2
    other.follows = [Follow(kind=FollowKind.TOPIC, value="dark matter")]
    erasure.erase(session, gone, NOW)
    session.commit()

    report = store(engine, config, choose, due(crowd), ready)

    mine = {each: [paper for who, _, paper, *_ in picks(session) if who == each] for each in crowd}
    rows = {row.subscriber_id: row for row in session.exec(select(Delivery))}
    assert (report.planned, report.skipped, crowd[4] in rows) == (7, 1, False)
    assert rows[crowd[0]].address == "new@example.org"
    assert rows[crowd[1]].details["name"] == "Ada"
    assert all(int(paper[-2:]) % 4 == 3 for paper in mine[crowd[2]][:9])
    assert len(mine[crowd[3]]) == 2


def test_who_follows_what_nobody_did_waits_for_the_next_run(engine, session, config, crowd):
    choose = choosing(session, config, crowd)
    ready = prepared(engine, choose, due(crowd))
    session.add(Follow(subscriber_id=crowd[0], kind=FollowKind.KEYWORD, value="never heard of"))
    session.commit()

    report = store(engine, config, choose, due(crowd), ready)

    assert (report.planned, report.waiting) == (7, 1)


def test_papers_that_another_plan_brought_meanwhile_do_not_come_again(engine, session, config, crowd):
    choose = choosing(session, config, crowd)
    ready = prepared(engine, choose, due(crowd))
    planned(session, config, NOW + DAY, [session.get_one(Subscriber, crowd[1])])
    first = {paper for _, _, paper, *_ in picks(session)}

    report = store(engine, config, choose, due(crowd), ready)

    mine = [paper for who, _, paper, *_ in picks(session) if who == crowd[1]]
    assert report.planned + report.skipped == 9
    assert first < set(mine)
    assert len(set(mine)) == len(mine)


def test_one_reader_twice_in_a_batch_never_gets_a_paper_twice(engine, session, config, crowd):
    told = [*due(crowd[:2]), *due(crowd[:2], "2026-03-11")]

    report = pick.run(engine, told, wiring.taste(config), wiring.issue(config), KEYS, NOW, NOW)

    assert report.planned == 4
    assert len({(who, paper) for who, _, paper, *_ in picks(session)}) == len(picks(session)) > 20


def test_planners_of_one_day_at_once_plan_each_reader_once(engine, session, config, crowd, monkeypatch):
    monkeypatch.setattr(pick, "BATCH", 2)
    run = partial(pick.run, engine, due(crowd), wiring.taste(config), wiring.issue(config), KEYS, NOW, NOW)

    with ThreadPoolExecutor(3) as pool:
        reports = [each.result() for each in [pool.submit(run) for _ in range(3)]]

    assert sum(each.planned for each in reports) == 8
    assert sum(each.planned + each.skipped + each.already for each in reports) == 27
    assert len(session.exec(select(Delivery)).all()) == 9


def test_a_plan_that_breaks_leaves_whole_batches(engine, session, config, crowd, monkeypatch):
    monkeypatch.setattr(pick, "BATCH", 2)
    freeze, calls = planner.Planner._freeze, iter(range(9))

    def breaks(self, rows, made):
        freeze(self, rows, made)
        if next(calls) == 2:
            raise OSError("the disk is full")

    monkeypatch.setattr(planner.Planner, "_freeze", breaks)

    with pytest.raises(OSError, match="full"):
        planned(session, config)

    session.rollback()  # what others stored since is to be seen
    rows = session.exec(select(Delivery)).all()
    assert {row.subscriber_id for row in rows} == set(crowd[:4])
    assert {who for who, *_ in picks(session)} == set(crowd[:4])
    monkeypatch.undo()
    assert planned(session, config).planned == 4


def test_what_readers_judged_is_known_when_papers_are_chosen(engine, session, config, crowd, monkeypatch):
    paper = "arxiv:2603.00001"
    session.add(Feedback(subscriber_id=crowd[0], paper=paper, thumb=-1, at=NOW - DAY))
    session.commit()
    choose = choosing(session, config, crowd)

    ready = prepared(engine, choose, due(crowd[:1]))
    unprepared = store(engine, config, choose, due(crowd[:1]))

    assert [each.key for each in ready.opinions[crowd[0]]] == [paper]
    assert paper not in {each.key for each in ready.chosen[crowd[0]].picked}
    assert unprepared.planned == 1
    assert paper not in {key for _, _, key, *_ in picks(session)}


def test_a_rule_keeps_papers_from_being_chosen(engine, session, config, crowd):
    off = Rules(days_off=frozenset({DATE}))
    ready = planner.prepare(engine, due(crowd), choosing(session, config, crowd), NOW, off)

    assert ready.chosen == ready.members == {}
    report = pick.run(engine, due(crowd), wiring.taste(config), wiring.issue(config), KEYS, NOW, NOW, off)
    assert report.left_out == 9
    session.rollback()
    assert {row.state for row in session.exec(select(Delivery))} == {State.SKIPPED}


def test_a_hundred_thousand_due_digests_take_little_room():
    many = Dues(Due(number, DATE, DAY, NOW) for number in range(100_000))

    assert (many[7], many[-1].subscriber_id, len(many[5:8])) == (Due(7, DATE, DAY, NOW), 99_999, 3)
    assert len(many._kind) == 1
    assert many._readers.itemsize + many._kinds.itemsize <= 16
    assert many == [Due(number, DATE, DAY, NOW) for number in range(100_000)]
    assert Dues() != 0
