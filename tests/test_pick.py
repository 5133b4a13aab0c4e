"""Pick: each reader's papers, frozen in a delivery with their reasons."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from ledgers import REFUSED, claimed, recorded
from sqlmodel import col, select
from world import KEYS, NOW, configured, entry, papers, planned, reader, stored

from newsletter import chooser, pick, wiring
from newsletter.due import Due
from newsletter.models import Delivery, Edition, EditionPaper, Frozen, Paper, Pick, State
from newsletter.ranking import MODEL_VERSION
from newsletter.sources import Snapshot
from subscribers.models import Follow, FollowKind, Subscriber


def chosen(session, config, each, size=10, at=NOW):
    """The titles picked for a reader, best first."""
    choose = chooser.chooser(session, [each.id], at, wiring.taste(config))
    each = session.get_one(Subscriber, each.id)
    found = choose.choose(choose.profile(each), chooser.sent_to(session, each.id), size)
    return [choose.found.papers[one.position].title for one in found]


def test_a_reader_gets_what_they_follow(session, config):
    stored(session)
    graphs = reader(session, "ada@example.org", "Graphs")
    quantum = reader(session, "emmy@example.org", keyword=["quantum error correction"])

    assert chosen(session, config, graphs)[0] == "Graph neural networks for catalysts"
    assert chosen(session, config, quantum) == ["Quantum error correction with codes"]


def test_mutes_of_every_kind_keep_papers_out(session, config):
    stored(
        session,
        entry("Graph transformers for proteins", 1, authors=("Bad Author",)),
        entry("Graph transformers for planes", 2, categories=("cs.RO",)),
        entry("Graph transformers for crypto", 3),
        entry("Graph transformers of a lab", 4, organization="The Lab"),
        entry("Graph transformers for robots", 5),
    )
    mutes = ["author:Bad Author", "category:cs.RO", "keyword:crypto", "org:The Lab"]
    muting = reader(session, "ada@example.org", "graph transformers", mutes=mutes)

    assert chosen(session, config, muting) == ["Graph transformers for robots"]


def test_followed_authors_and_organizations_bring_their_papers(session, config):
    stored(
        session, entry("Nothing of note", 1, authors=("Grace Hopper",)), entry("Else", 2, organization="The Lab")
    )
    follower = reader(session, "ada@example.org", author=["Hopper, Grace"], org=["the lab"])

    assert set(chosen(session, config, follower)) == {"Nothing of note", "Else"}


def test_a_reader_who_follows_nothing_gets_what_is_trending(session, config):
    stored(session)

    assert chosen(session, config, reader(session), size=2) == [
        "Bayesian inference of dark matter",
        "Scaling laws of language models",
    ]


def test_the_same_inputs_give_the_same_picks(session, config):
    stored(session)
    each = reader(session, "ada@example.org", "Graphs", "Language models")

    assert chosen(session, config, each) == chosen(session, config, each)


def test_a_weight_moves_papers_up(session, config):
    stored(session)
    speech = reader(session, "ada@example.org", "speech recognition=3", "quantum error")
    quantum = reader(session, "emmy@example.org", "speech recognition", "quantum error=3")

    assert chosen(session, config, speech) == chosen(session, config, quantum)[::-1]


def test_a_plan_freezes_papers_picks_and_edition(session, config):
    stored(session)
    each = reader(session, "ada@example.org", "Graphs")

    report = planned(session, config)

    (delivery,) = session.exec(select(Delivery)).all()
    picks = session.exec(select(Pick).order_by(col(Pick.rank))).all()
    assert (report.planned, report.skipped, report.already) == (1, 0, 0)
    assert (delivery.state, delivery.period, delivery.date) == (State.PENDING, "2026-03-10", NOW)
    assert delivery.message_id.endswith("@example.org>")
    assert delivery.details == {"considered": 6, "name": "", "model": MODEL_VERSION}
    assert [one.rank for one in picks] == list(range(1, len(picks) + 1))
    assert picks[0].reasons[0]["name"] == "Graphs"
    assert {one.paper for one in session.exec(select(EditionPaper))} == {one.paper for one in picks}
    assert session.exec(select(Edition.date)).one() == "2026-03-10"
    assert each.id == delivery.subscriber_id


def test_planning_again_plans_nothing(session, config):
    stored(session)
    reader(session, "ada@example.org", "Graphs")
    planned(session, config)

    report = planned(session, config)

    assert (report.planned, report.already) == (0, 1)
    assert len(session.exec(select(Delivery)).all()) == 1


def test_a_paper_is_never_planned_twice_for_one_reader(session, config):
    stored(session)
    reader(session, "ada@example.org", "Graphs")
    planned(session, config)
    first = set(session.exec(select(Pick.paper)))

    report = planned(session, config, NOW + timedelta(days=1))

    (second,) = session.exec(select(Delivery).where(col(Delivery.period) == "2026-03-11")).all()
    assert (report.skipped, second.state) == (1, State.SKIPPED)
    assert second.outcome == f"nothing worth sending: of 6 papers {len(first)} fit, all sent before or muted"
    assert set(session.exec(select(Pick.paper))) == first


def test_a_failed_digest_gives_its_papers_back(session, config):
    stored(session)
    each = reader(session, "ada@example.org", "Graphs")
    planned(session, config)
    recorded(session, claimed(session), REFUSED)

    assert chosen(session, config, each)
    assert planned(session, config, NOW + timedelta(days=1)).planned == 1


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("volcano sociology", "nothing worth sending: of 6 papers the best fits 0.00, the floor is 0.10"),
    ],
)
def test_a_quiet_day_is_an_outcome_with_its_reason(session, config, topic, said):
    stored(session)
    reader(session, "ada@example.org", topic)

    report = planned(session, config)

    (delivery,) = session.exec(select(Delivery)).all()
    assert (report.skipped, delivery.state, delivery.outcome) == (1, State.SKIPPED, said)


def test_where_there_is_no_paper_at_all_nothing_is_stored_and_the_day_stays_open(session, config):
    reader(session, "ada@example.org", "Graphs")

    early = planned(session, config)
    stored(session)
    late = planned(session, config)

    assert (early.waiting, early.skipped, late.planned) == (1, 0, 1)


def test_a_readers_reasons_do_not_depend_on_who_else_reads(session, config):
    stored(session, entry("Nothing of these words", 1, categories=("stat.ME",)), *papers())
    one = reader(session, "one@example.org", "Causal inference", "Statistics and inference", "Graphs").id
    two = reader(session, "two@example.org", "Statistics and inference", "Causal inference", "Graphs").id
    taste = wiring.taste(config)
    alone = chooser.chooser(session, [two], NOW, taste)
    together = chooser.chooser(session, [one, two], NOW, taste)
    profile = alone.profile(session.get_one(Subscriber, two))

    assert alone.choose(profile, (), 10) == together.choose(profile, (), 10)


def test_two_planners_of_different_days_at_once_never_give_a_paper_twice(engine, session, config):
    stored(session)
    ids = [reader(session, f"reader{number}@example.org", "Graphs", "Language models").id for number in range(20)]
    session.commit()

    def plan(day):
        at = NOW + timedelta(hours=day)
        due = [Due(each, f"2026-03-{10 + day}") for each in ids]
        return pick.run(engine, due, wiring.taste(config), wiring.issue(config), KEYS, at, at)

    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(plan, range(3)))

    assert sum(report.planned + report.skipped for report in reports) == 60
    assert len(session.exec(select(Delivery)).all()) == 60


def test_later_readers_of_a_day_share_the_edition_and_its_frozen_texts(session, config):
    stored(session, entry("A graph neural network for everything", 1))
    first = reader(session, "ada@example.org", "Graphs")
    planned(session, config, readers=[first])
    paper = session.exec(select(Paper)).one()
    paper.title = "Retitled meanwhile: graph neural networks"
    session.commit()
    second = reader(session, "emmy@example.org", "Graphs")
    planned(session, config, readers=[second])

    assert len(session.exec(select(Edition)).all()) == 1
    assert session.exec(select(EditionPaper)).one().content["title"] == "A graph neural network for everything"


def test_another_template_or_imprint_is_another_edition(session, config, tmp_path):
    stored(session)
    first, second = (reader(session, f"{name}@example.org", "Graphs") for name in ("ada", "emmy"))
    planned(session, config, readers=[first])
    (tmp_path / "other").mkdir()
    other = configured(tmp_path / "other", 'title = "Another"\n[digest]\nfloor = 0.1\n').config
    planned(session, other, readers=[second])

    assert len(session.exec(select(Edition)).all()) == len(session.exec(select(Frozen)).all()) == 2


def test_a_planner_that_comes_second_leaves_the_first_ones_delivery(session, config):
    stored(session)
    each = reader(session, "ada@example.org", "Graphs")
    due, report = Due(each.id, "2026-03-10"), pick.Report()
    choose = chooser.chooser(session, [each.id], NOW, wiring.taste(config))
    planner = pick.Planner(session, choose, wiring.issue(config), KEYS, NOW, NOW)

    assert planner.plan(due, report) is not None
    assert planner.plan(due, report) is None
    assert (report.planned, report.already) == (1, 1)


def test_a_score_and_its_trend_are_kept_with_the_pick(session, config):
    stored(
        session,
        *(entry(f"Graph neural network number {number}", number) for number in range(1, 13)),
        entry("The hottest paper of all", 99, snapshots=(Snapshot(NOW, upvotes=500),)),
    )
    reader(session, "ada@example.org", "Graphs")
    planned(session, config)

    picks = session.exec(select(Pick).order_by(col(Pick.rank))).all()
    assert [one.trending for one in picks] == [False] * 9 + [True]
    assert picks[-1].paper == "arxiv:2603.00099"
    assert all(0 < one.score <= 1 for one in picks)


def test_a_reader_who_changes_while_a_run_chooses_waits_for_the_next(session, config):
    stored(session)
    each = reader(session, "ada@example.org", "Graphs")
    choose = chooser.chooser(session, [each.id], NOW, wiring.taste(config))
    planner = pick.Planner(session, choose, wiring.issue(config), KEYS, NOW, NOW)
    session.add(Follow(subscriber_id=each.id, kind=FollowKind.TOPIC, value="Quantum science"))
    session.flush()

    report = pick.Report()

    assert planner.plan(Due(each.id, "2026-03-10"), report) is None
    assert planner.plan(Due(each.id + 1, "2026-03-10"), report) is None
    assert report.waiting == 1
