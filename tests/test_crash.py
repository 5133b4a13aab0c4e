"""The sender, killed at random moments and at each named point: nothing lost, and no copy without its reason.

NEWSLETTER_CRASH_KILLS, _CRASH_MESSAGES, _CRASH_MATRIX and _CRASH_SEED make other runs of it; `make crash` prints
the figures.
"""

import os
import random
import signal
import time

import pytest
import trustme
from crash_campaign import CONNECTIONS, Campaign, awaited, nursery, sink
from crash_ledger import add, laid_out, rows
from crash_points import POINTS, WITHOUT_SERVER
from crash_verdict import table
from sqlmodel import Session

from newsletter import balance
from newsletter.models import State

KILLS = int(os.environ.get("NEWSLETTER_CRASH_KILLS", "10"))
MESSAGES = int(os.environ.get("NEWSLETTER_CRASH_MESSAGES", "250"))
EVERY_PAIR = bool(os.environ.get("NEWSLETTER_CRASH_MATRIX"))  # each point in each mode, instead of in one
SEED = int(os.environ.get("NEWSLETTER_CRASH_SEED", str(random.randrange(10_000))))
MODES = ("ok", "slow", "later", "close", "hang", "leaving", "full", "nobody")
CLOSED = ("tls", "auth")
STOPS = 10
KEPT = 0.8  # of the messages are for the time of the kills; others go out after it
AT_ANY_MOMENT = 0.2  # of the kills come whatever it does: while it starts, or has nothing to do yet
# What is known when a sender of one connection died at the first message: bodies that may have left, copies taken.
KNOWN = {
    "before the claim commits": (0, 0),
    "after the claim": (0, 0),
    "after MAIL": (0, 0),
    "after RCPT": (0, 0),
    "after DATA": (0, 0),
    "before the body": (1, 0),
    "in the body": (1, 0),
    "after the dot": (1, 1),
    "before the record": (1, 1),
}


@pytest.fixture(scope="session")
def mother():
    with nursery() as started:
        yield started


@pytest.fixture(scope="session")
def figures():
    """Printed when all is over."""
    kept = {}
    yield kept
    print(f"\n{table(dict(sorted(kept.items())))}")  # noqa: T201 - for people


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """Our mail server's, a stranger's, and who vouches for ours."""
    folder = tmp_path_factory.mktemp("certificates")
    ours, strangers = trustme.CA(), trustme.CA()
    paths = [folder / name for name in ("ours.pem", "strangers.pem", "authority.pem")]
    for authority, path in zip((ours, strangers), paths, strict=False):
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(path)
    ours.cert_pem.write_to_path(paths[-1])
    return paths


@pytest.fixture
def campaign(engine, mother, certificates, tmp_path):
    """Nothing is planned yet. The seed that a failure shows repeats it."""
    print(f"NEWSLETTER_CRASH_SEED={SEED} repeats it")  # noqa: T201 - to repeat it
    *pair, authority = certificates
    with sink(tmp_path, *pair) as (ports, change):
        made = Campaign(engine, tmp_path, mother, ports, change, authority)
        yield made
        made.abandon()


def added_up(campaign):
    """The balance of the ledger."""
    with Session(campaign.engine) as session:
        return balance.of(session, {row.period for row in rows(campaign.engine).values()})


def killed_at_random(campaign, dice):
    """Start, let mail flow, kill -9; again and again, with a mail server that changes its ways each time."""
    while len(campaign.kills) < KILLS:
        campaign.turn_to(dice.choice(MODES), pipelining=dice.random() < 0.7)
        campaign.start()
        if dice.random() < AT_ANY_MOMENT:
            time.sleep(dice.uniform(0, 0.3))
        else:
            done = len(campaign.witness.copies)
            room = max(1, int((KEPT * MESSAGES - done) / (KILLS - len(campaign.kills))))
            enough = campaign.witness.answers + dice.randint(1, room)
            awaited(lambda enough=enough: campaign.over() or campaign.witness.answers >= enough)
            time.sleep(dice.uniform(0, 0.03))  # somewhere within a message
        campaign.signal(signal.SIGKILL)
        if not campaign.end():
            assert campaign.skip(), "all is settled: more messages are needed for so many kills"


def test_killed_at_random_moments(campaign, config, figures):
    laid_out(campaign.engine, config, MESSAGES)

    killed_at_random(campaign, random.Random(SEED))
    campaign.settle()

    found = figures[f"{campaign.engine.dialect.name}, at random"] = campaign.judged()
    assert (found.lost, found.kills) == (0, KILLS)
    assert found.by_kills <= found.in_doubt <= found.bound == CONNECTIONS * KILLS
    assert found.once <= 2
    counted = added_up(campaign)
    assert counted["planned"] == MESSAGES == counted["sent"] + counted["failed"]


def pairs(dice):
    """Points with modes: each with each that lets it come so far, or in a quick run each once with any."""
    modes = {point: (*MODES, *CLOSED) if point in WITHOUT_SERVER else MODES for point in POINTS}
    if EVERY_PAIR:
        return [(point, mode) for point in POINTS for mode in modes[point]]
    return [(point, dice.choice(modes[point])) for point in POINTS]


def killed_at(campaign, point, mode, dice):
    """A sender dies at this point while the mail server has its ways; where it never came so far, in peace."""
    for way in (mode, "ok"):
        campaign.turn_to(way, pipelining=dice.random() < 0.7)
        campaign.start(point, dice.randint(1, 6))
        awaited(campaign.over)
        campaign.signal(signal.SIGKILL)
        killed = campaign.end()
        campaign.skip()
        if killed:
            return True
    return False


def test_killed_at_each_point_whatever_the_mail_server_does(campaign, config, figures):
    dice = random.Random(SEED)
    rounds = pairs(dice)
    laid_out(campaign.engine, config, 12 * len(rounds))

    missed = [point for point, mode in rounds if not killed_at(campaign, point, mode, dice)]
    campaign.settle()

    found = figures[f"{campaign.engine.dialect.name}, at each point"] = campaign.judged()
    assert missed == []
    assert (found.lost, added_up(campaign)["planned"]) == (0, 12 * len(rounds))
    assert found.once <= 2


def test_what_is_known_after_a_kill(campaign, config):
    laid_out(campaign.engine, config, 3)
    known, copies = {}, {}

    for number, point in enumerate(KNOWN):
        if number:
            add(campaign.engine, range(3 * number + 1, 3 * number + 4))
        campaign.start(point, connections=1)
        before = campaign.witness.answers
        assert campaign.end(), point
        known[point] = (len(campaign.kills[-1].in_doubt), campaign.witness.answers - before)
        campaign.settle()
        copies[point] = campaign.witness.answers - before - 3

    assert known == KNOWN
    assert copies == {point: taken for point, (_, taken) in KNOWN.items()}
    assert campaign.judged().lost == 0


def test_a_sender_at_work_takes_over_what_a_dead_one_left(campaign, config, figures):
    laid_out(campaign.engine, config, 240)
    campaign.turn_to("slow", seconds=0.1)  # four at a time, it is at work for longer than the lease

    campaign.start("after the dot", passage=20)
    killed = campaign.end()
    campaign.start()
    campaign.end()

    assert killed
    assert campaign.kills[0].left > len(campaign.kills[0].in_doubt)
    assert not campaign.skip(), "something waits still"
    found = figures[f"{campaign.engine.dialect.name}, taken over"] = campaign.judged()
    assert (found.lost, found.most) == (0, 2)


def test_a_mail_server_that_lets_nobody_in_gets_all_of_it_later(campaign, config):
    laid_out(campaign.engine, config, 30)

    for mode in CLOSED:
        campaign.turn_to(mode)
        campaign.start()
        assert not campaign.end()
        found = rows(campaign.engine).values()
        assert {(row.state, row.attempts) for row in found} == {(State.DEFERRED, 0), (State.PENDING, 0)}, mode
        campaign.skip()
    campaign.settle()

    found = campaign.judged()
    assert (found.lost, found.most, campaign.witness.answers) == (0, 1, 30)


def test_told_to_end_again_and_again_it_loses_and_doubles_nothing(campaign, config, figures):
    dice, messages = random.Random(SEED), 20 * STOPS
    laid_out(campaign.engine, config, messages)
    campaign.turn_to("slow")

    for _ in range(STOPS):
        campaign.start()
        enough = campaign.witness.answers + dice.randint(1, 15)
        awaited(lambda enough=enough: campaign.over() or campaign.witness.answers >= enough)
        campaign.signal(signal.SIGTERM)
        assert not campaign.end()
        assert State.SENDING not in {row.state for row in rows(campaign.engine).values()}
    campaign.settle()

    found = figures[f"{campaign.engine.dialect.name}, SIGTERM"] = campaign.judged()
    assert (found.lost, found.most, campaign.witness.answers) == (0, 1, messages)
