"""Holds: a held edition is planned anew from today's papers, template and preferences."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from judged import DATE, LATER, ROOM, decide, digests, lines, scheduled, states
from sqlmodel import Session, select
from world import KEYS, NOW, Scripted, deferred, entry, reader, sending, stored

from newsletter import chooser, holds, pick, render, wiring
from newsletter.due import NO_RULES, Rules
from newsletter.errors import EditionError
from newsletter.ledger import HELD
from newsletter.mail.message import readable
from newsletter.models import Delivery, EditionPaper, Paper, Pick, State
from subscribers.models import Follow, Subscriber

TOMORROW = NOW + timedelta(days=1)
BETTER = "Message passing on molecular graphs, revised"


@pytest.fixture
def held(engine, session, config):
    """Three readers whose digests are held."""
    stored(session)
    for number in range(3):
        reader(session, f"reader{number}@example.org", "Graphs")
    scheduled(engine, config)
    decide(engine, holds.hold, DATE, holds.ADMIN, [], NOW)


def replan(engine, config, now=TOMORROW, rules=NO_RULES, issue=None):
    parts = wiring.taste(config), issue or wiring.issue(config)
    return holds.replan(engine, DATE, *parts, KEYS, now, rules)


def same(session):
    """What a digest keeps when it is planned anew."""
    return {(each.subscriber_id, each.period, each.due_at, each.message_id) for each in digests(session)}


def titles(session, delivery):
    keys = session.exec(select(Pick.paper).where(Pick.delivery_id == delivery.id).order_by(Pick.rank))
    return [session.get_one(Paper, key).title for key in keys]


def test_a_held_edition_is_planned_anew_from_todays_papers(engine, session, config, held):
    before = same(session)
    stored(session, entry("Graph neural networks for proteins", 60, announced_at=TOMORROW), now=TOMORROW)

    report = replan(engine, config)

    after = digests(session)
    assert (report.planned, report.skipped, report.waiting) == (3, 0, 0)
    assert same(session) == before
    assert all("Graph neural networks for proteins" in titles(session, each) for each in after)
    assert {(each.state, each.not_before, each.date) for each in after} == {(State.PENDING, HELD, TOMORROW)}
    assert [line.name for line in lines(session, "admin")] == [
        f"edition {did} {DATE}" for did in ("hold", "replan")
    ]


def test_the_new_digests_show_the_paper_as_it_is_now(engine, session, config, held, monkeypatch):
    changed = session.exec(select(Paper).where(Paper.title == BETTER.partition(",")[0])).one()
    changed.title = BETTER
    session.commit()

    monkeypatch.setattr(pick, "BATCH", 1)

    replan(engine, config)

    for each in digests(session):
        _, html = readable(render.run(session, each.id, KEYS).content)
        assert BETTER in html


def test_what_somebody_got_keeps_its_frozen_text(engine, session, config, held):
    decide(engine, holds.release, DATE, NOW, ROOM)
    sending(engine, Scripted(*[deferred()] * 3), NOW)
    scheduled(engine, config, readers=[reader(session, "late@example.org", "Graphs").id])
    decide(engine, holds.hold, DATE, holds.ADMIN, [], NOW)
    tried = [render.run(session, each.id, KEYS) for each in digests(session)[:3]]
    frozen = session.exec(select(EditionPaper)).all()

    report = replan(engine, config)

    assert report.planned == 1
    assert states(session) == [State.DEFERRED] * 3 + [State.PENDING]
    assert [render.run(session, each.id, KEYS) for each in digests(session)[:3]] == tried
    assert session.exec(select(EditionPaper)).all() == frozen


def test_the_new_digest_has_todays_template(engine, session, config, held):
    issue = wiring.issue(config)
    mine = replace(issue, imprint=replace(issue.imprint, title="Another Title"))

    replan(engine, config, issue=mine)

    envelope = render.run(session, digests(session)[0].id, KEYS)
    assert b"Another Title" in envelope.content


def test_what_a_reader_follows_now_counts(engine, session, config, held):
    first = session.exec(select(Subscriber).order_by(Subscriber.id)).first()
    session.add(Follow(subscriber_id=first.id, kind="keyword", value="quantum error correction", weight=3))
    session.commit()

    replan(engine, config)

    mine = next(each for each in digests(session) if each.subscriber_id == first.id)
    assert titles(session, mine)[0] == "Quantum error correction with codes"


def test_a_rule_that_holds_today_skips_them(engine, session, config, held):
    report = replan(engine, config, rules=Rules(days_off=frozenset({DATE})))

    assert (report.planned, report.left_out) == (0, 3)
    assert set(states(session)) == {State.SKIPPED}


def test_without_any_paper_nothing_changes(engine, session, config, held):
    before = [each.id for each in digests(session)]

    report = replan(engine, config, now=NOW + timedelta(days=90))

    assert (report.planned, report.waiting) == (0, 3)
    assert [each.id for each in digests(session)] == before


@pytest.mark.parametrize("decided", [None, holds.release, holds.cancel])
def test_only_a_held_edition_is_planned_anew(engine, session, config, decided):
    stored(session)
    reader(session, "ada@example.org", "Graphs")
    scheduled(engine, config)
    if decided is holds.release:
        decide(engine, holds.hold, DATE, holds.ADMIN, [], NOW)
    if decided:
        decide(engine, decided, DATE, LATER, **({"room": ROOM} if decided is holds.release else {}))

    with pytest.raises(EditionError, match="is not held: `newsletter edition hold 2026-03-10` first"):
        replan(engine, config)


def test_who_changes_what_they_follow_meanwhile_is_not_lost(engine, session, config, held, monkeypatch):
    changes = iter([True, False])

    def choosing(own, readers, at, taste):
        made = chooser.chooser(own, readers, at, taste)
        if next(changes):
            first = session.exec(select(Subscriber).order_by(Subscriber.id)).first()
            session.add(Follow(subscriber_id=first.id, kind="keyword", value="quantum", weight=1))
            session.commit()
        return made

    monkeypatch.setattr(holds, "chooser", choosing)

    assert replan(engine, config).planned == 3
    assert states(session) == [State.PENDING] * 3


def test_an_edition_that_never_stands_still_is_left_as_it_was(engine, session, config, held, monkeypatch):
    before = [each.id for each in digests(session)]
    monkeypatch.setattr(chooser.Chooser, "knows", lambda *_: False)

    with pytest.raises(EditionError, match="3 digests of 2026-03-10 are as before"):
        replan(engine, config)

    assert [each.id for each in digests(session)] == before


def test_a_release_in_the_middle_ends_the_planning(engine, session, config, held, monkeypatch):
    def choosing(*arguments):
        decide(engine, holds.release, DATE, LATER, ROOM)
        return chooser.chooser(*arguments)

    monkeypatch.setattr(holds, "chooser", choosing)

    with pytest.raises(EditionError, match="is not held"):
        replan(engine, config)
    assert {(each.state, each.not_before) for each in digests(session)} == {(State.PENDING, LATER)}


def test_a_replan_against_a_release_loses_no_digest(engine, session, config, held):
    together = Barrier(2)

    def again():
        together.wait()
        try:
            return replan(engine, config).planned
        except EditionError:
            return 0

    def let_go():
        together.wait()
        return decide(engine, holds.release, DATE, LATER, ROOM)

    with ThreadPoolExecutor(2) as pool:
        planned, released = pool.submit(again), pool.submit(let_go)

    assert (planned.result() in {0, 3}, released.result()) == (True, 3)
    assert {(each.state, each.not_before) for each in digests(session)} == {(State.PENDING, LATER)}
    with Session(engine) as own:
        assert len(own.exec(select(Delivery)).all()) == 3
