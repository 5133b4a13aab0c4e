"""Replaying past days: who would have been sent what, by what was known then, with nothing stored; the command."""

import json
from datetime import date, timedelta

import pytest
from command_line import AT, as_json, run
from sqlmodel import Session, select
from world import NOW, TITLES, configured, entry, planned, reader, stored

from newsletter import wiring
from newsletter.errors import ReplayError
from newsletter.models import Delivery, Feedback, Pick
from newsletter.replay import Asked, Replay
from newsletter.replay_figures import Figures
from newsletter.sources import Snapshot
from subscribers import signup
from subscribers.errors import UnknownSubscriber
from subscribers.models import Subscriber

DAY = date(2026, 3, 10)
ONE = timedelta(days=1)


@pytest.fixture
def papers(session):
    """The six usual titles, two of them announced on each of three mornings."""
    morning = NOW - timedelta(days=3, hours=8)
    stored(
        session,
        *(entry(title, number, announced_at=morning + number // 2 * ONE) for number, title in enumerate(TITLES)),
    )
    session.commit()


def replayed(engine, config, first=DAY - 3 * ONE, last=DAY, **more):
    """All digests of a replay, and their figures."""
    digests, figures = [], Figures()
    for _, some in Replay(engine, wiring.taste(config), Asked(first, last, **more)).run():
        for digest in some:
            digests.append(digest)
            figures.add(digest)
    return digests, figures.summary()


def keys(digest):
    return [each.key for each in digest.picks]


def test_each_day_brings_what_was_announced_by_then_and_nothing_twice(engine, session, config, papers):
    reader(session, "ada@example.org")

    digests, told = replayed(engine, config)

    assert [each.period for each in digests] == ["2026-03-07", "2026-03-08", "2026-03-09", "2026-03-10"]
    assert [each.considered for each in digests] == [2, 4, 6, 6]
    assert [sorted(keys(each)) for each in digests[:3]] == [
        [f"arxiv:2603.{number:05}" for number in pair] for pair in ((0, 1), (2, 3), (4, 5))
    ]
    assert keys(digests[3]) == []
    assert (told["digests"], told["quiet"], told["picks"], told["repeats"]) == (3, 1, 6, 0)


def test_nothing_is_stored(engine, session, config, papers):
    reader(session, "ada@example.org")

    replayed(engine, config)

    assert session.exec(select(Delivery)).all() == session.exec(select(Pick)).all() == []


def test_readers_are_due_on_their_own_clocks(engine, session, config, papers):
    reader(session, "tokyo@example.org", timezone="Asia/Tokyo", hour=7)
    reader(session, "ada@example.org", cadence="weekly", weekdays="mon", hour=9)
    reader(session, "bob@example.org", cadence="weekdays", hour=9)

    digests, _ = replayed(engine, config, first=DAY - ONE)

    told = [(each.period, each.reader.partition("@")[0], each.at.hour) for each in digests]
    assert told == [
        ("2026-03-09", "tokyo", 22),
        ("2026-03-09", "ada", 9),
        ("2026-03-09", "bob", 9),
        ("2026-03-10", "tokyo", 22),
        ("2026-03-10", "bob", 9),
    ]
    assert [each.at.day for each in digests] == [8, 9, 9, 9, 10]


def test_days_off_bring_nothing(engine, session, config, papers):
    reader(session, "ada@example.org")

    digests, _ = replayed(engine, config, days_off=frozenset({"2026-03-08", "2026-03-10"}))

    assert [each.period for each in digests] == ["2026-03-07", "2026-03-09"]


def test_what_was_really_sent_before_the_days_counts_and_in_them_does_not(engine, session, config, papers):
    ada = reader(session, "ada@example.org")
    planned(session, config, at=NOW - 2 * ONE)
    sent = set(session.exec(select(Pick.paper)))

    before, _ = replayed(engine, config, first=DAY - ONE)
    again, _ = replayed(engine, config, first=DAY - 2 * ONE)

    assert sent
    assert not sent & {key for each in before for key in keys(each)}
    assert sent <= {key for each in again for key in keys(each)}
    assert session.exec(select(Pick.paper).where(Pick.subscriber_id == ada.id)).all()


def test_votes_of_later_are_not_known_yet(engine, session, config):
    early, late = (NOW - timedelta(hours=hours) for hours in (30, 1))
    stored(
        session,
        entry(TITLES[0], 1, snapshots=(Snapshot(early, upvotes=1), Snapshot(late, upvotes=900))),
        entry(TITLES[1], 2, snapshots=(Snapshot(early, upvotes=9),)),
    )
    reader(session, "ada@example.org")

    (before,), _ = replayed(engine, config, first=DAY)

    assert keys(before)[0] == "arxiv:2603.00002"


def test_only_thumbs_given_later_are_truth(engine, session, config, papers):
    ada = reader(session, "ada@example.org").id
    for number, thumb, days in ((0, 1, 1), (1, -1, 1), (2, 1, 2), (3, 1, 9)):
        paper, at = f"arxiv:2603.{number:05}", NOW - timedelta(days=4 - days)
        session.add(Feedback(subscriber_id=ada, paper=paper, thumb=thumb, at=at))
    session.commit()

    digests, told = replayed(engine, config, size=1, last=DAY - 2 * ONE)

    picked = {key for each in digests for key in keys(each)}
    later = {each.key: each.later for digest in digests for each in digest.picks}
    truth = {"arxiv:2603.00000": 1, "arxiv:2603.00001": -1, "arxiv:2603.00002": 1, "arxiv:2603.00003": 1}
    assert all(later[key] in {0, truth[key]} for key in picked)
    assert digests[0].liked == {"arxiv:2603.00000"}
    assert told["hits"]["likeable"] == 3
    assert told["hits"]["liked"] + told["hits"]["disliked"] == sum(map(abs, later.values())) > 0


def test_figures_add_up(engine, session, config, papers):
    ada = reader(session, "ada@example.org", "Graphs", "Quantum science", "tokamak plasmas").id
    paper = "arxiv:2603.00001"
    session.add(Feedback(subscriber_id=ada, paper=paper, thumb=1, at=NOW + ONE))
    session.commit()

    digests, told = replayed(engine, config)

    graphs = [each for each in digests if each.topics.get("Graphs")]
    picks = [pick for each in digests for pick in each.picks]
    hit = next(pick for pick in picks if pick.key == paper)
    assert {each["name"]: each["share"] for each in told["topics"]}["tokamak plasmas"] == 0
    assert {each["name"]: each["share"] for each in told["topics"]}["Graphs"] == round(
        len(graphs) / told["digests"], 4
    )
    assert 0 < told["coverage"] < 1
    assert told["hits"]["mean_rank"] == hit.rank
    assert told["hits"]["found_share"] == 1
    assert told["subjects_per_digest"] >= 1
    assert told["picks_per_digest"] == round(len(picks) / told["digests"], 4)
    assert told["trending_share"] == 0


def test_paused_readers_are_replayed_and_those_who_left_only_by_name(engine, session, config, papers):
    for name in ("ada", "eve", "kim"):
        reader(session, f"{name}@example.org")
    ada, eve, _ = session.exec(select(Subscriber).order_by(Subscriber.id)).all()
    signup.pause(session, ada, None, NOW)
    signup.leave(session, eve, signup.Asker(), NOW)
    session.commit()

    everybody, _ = replayed(engine, config, first=DAY)
    named, _ = replayed(engine, config, first=DAY, emails=("eve@example.org",))

    assert [each.reader for each in everybody] == ["ada@example.org", "kim@example.org"]
    assert [each.reader for each in named] == ["eve@example.org"]


def test_a_cohort_is_the_same_every_time(engine, session, config, papers):
    for number in range(9):
        reader(session, f"reader{number}@example.org")

    once, again = ({each.reader for each in replayed(engine, config, first=DAY, cohort=3)[0]} for _ in range(2))

    assert once == again
    assert len(once) == 3
    assert len(replayed(engine, config, first=DAY, cohort=99)[0]) == 9


def test_what_cannot_be_replayed_is_said_in_one_line(engine, session, config):
    with pytest.raises(ReplayError, match="nobody reads yet"):
        replayed(engine, config)
    reader(session, "ada@example.org")
    with pytest.raises(ReplayError, match="run `newsletter fetch` first"):
        replayed(engine, config)
    stored(session)
    session.commit()
    with pytest.raises(ReplayError, match="those stored are of 2026-03-09 to 2026-03-09"):
        replayed(engine, config, date(2020, 1, 1), date(2020, 1, 2))
    with pytest.raises(UnknownSubscriber):
        replayed(engine, config, emails=("nobody@example.org",))


SPAN = ("--from", "2026-04-23", "--to", "2026-04-24")


@pytest.fixture
def sample(workplace):
    run("fetch", "--at", AT)
    for name, topic in (("ada", "Graphs"), ("grace", "Language models")):
        run("subscribers", "add", f"{name}@example.org", "--topic", topic, "--hour", "16", "--confirmed")
    return workplace


def test_the_command_prints_picks_and_figures(sample):
    shown = run("replay", *SPAN, "--for", "grace@example.org").stdout

    assert "2026-04-23  grace@example.org: " in shown
    assert "matches Language models" in shown
    assert "days      2026-04-23 to 2026-04-24, 1 reader" in shown
    assert "repeats   0" in shown
    assert "no paper was liked after a day on which it could be picked" in shown


def test_the_command_says_what_readers_thought_later(sample):
    key = as_json("replay", *SPAN, "--for", "grace@example.org")["digests"][0]["picks"][0]["key"]
    with Session(configured(sample).engine) as session:
        session.add(Feedback(subscriber_id=2, paper=key, thumb=1, at=NOW.replace(year=2027)))
        session.commit()

    shown = run("replay", *SPAN).stdout

    assert " (liked later)" in shown
    assert "100 % of 1 that could be picked and were liked later, at rank 1.0 on average" in shown


def test_as_json_the_digests_are_in_the_document_or_in_the_file(sample):
    whole = as_json("replay", *SPAN, "--size", "3")
    told = as_json("replay", *SPAN, "--size", "3", "--out", "past.jsonl")

    lines = [json.loads(line) for line in (sample / "past.jsonl").read_text().splitlines()]
    assert lines == whole["digests"]
    assert max(len(each["picks"]) for each in lines) == 3
    assert told == {key: value for key, value in whole.items() if key != "digests"} | {"out": "past.jsonl"}
    assert "The digests are in past.jsonl." in run("replay", *SPAN, "--out", "past.jsonl").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "2026-04-24", "--to", "2026-04-23"), "is before --from"),
        (("--from", "soon", "--to", "2026-04-23"), "is no day"),
        ((*SPAN, "--for", "nobody@example.org"), "no subscriber 'nobody@example.org'"),
        ((*SPAN, "--for", "ada@example.org", "--cohort", "2"), "not both"),
        (("--from", "2020-01-01", "--to", "2020-01-02"), "no paper was announced from 2020-01-01"),
    ],
)
def test_a_mistake_is_one_clear_line(sample, words, said):
    result = run("replay", *words, code=2)

    assert said in " ".join(result.output.replace("│", " ").split())
