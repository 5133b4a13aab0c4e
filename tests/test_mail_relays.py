"""Several relays: shares by weight, one that fails is left alone, the others take over, and it comes back."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mail_feeds import drained
from mail_servers import CLOSE, REPLIES, Clock, free_port, settings
from mail_states import PIPELINING, bad, stateful

from newsletter.mail import Blame, Phase
from newsletter.mail.relays import DOWN_SECONDS, LONGEST_DOWN_SECONDS, Relays
from newsletter.mail.smtp import KEEP_SECONDS, Settings, Smtp


def relay(name, weight=1.0):
    return Settings(name, 25, "tls", weight=weight)


@pytest.fixture
def clock():
    return Clock()


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(1, 60))
def test_each_has_its_share_by_weight_at_every_moment(weights, count):
    servers = [relay(str(number), weight) for number, weight in enumerate(weights)]
    relays = Relays(servers, Clock())
    chosen = Counter()

    for turn in range(1, count + 1):
        chosen[relays.choose()] += 1
        for server in servers:
            assert abs(chosen[server] - turn * server.weight / sum(weights)) <= 1 + 1e-9


def test_one_that_fails_is_left_to_the_others_and_comes_back(clock):
    one, other = relay("one", 3), relay("other")
    relays = Relays([one, other], clock)

    relays.failed(one, "it is down")

    assert {relays.choose() for _ in range(9)} == {other}
    assert relays.any_up
    clock.seconds += DOWN_SECONDS
    assert Counter(relays.choose() for _ in range(40))[one] == pytest.approx(30, abs=3)


def test_while_all_are_down_there_is_none_and_it_says_why(clock):
    relays = Relays([relay("one"), relay("other")], clock)

    for server in relays.servers:
        relays.failed(server, f"{server.host} is down")

    assert relays.choose() is None
    assert not relays.any_up
    assert relays.reason == "one is down; other is down"


def test_the_wait_doubles_up_to_ten_minutes_and_is_short_again_after_a_message(clock):
    one = relay("one")
    relays = Relays([one], clock)
    waits = []

    for _ in range(1200):
        relays.failed(one, "down")
        began = clock.seconds
        while relays.choose() is None:
            clock.seconds += 30
        waits.append(clock.seconds - began)
    relays.worked(one)
    relays.failed(one, "down")

    assert waits[:7] == [30, 60, 120, 240, 480, 600, 600]
    assert set(waits[7:]) == {LONGEST_DOWN_SECONDS}
    clock.seconds += DOWN_SECONDS
    assert relays.choose() is one


def test_many_connections_that_meet_with_one_trouble_count_once(clock):
    one = relay("one")
    relays = Relays([one], clock)

    for _ in range(20):
        relays.failed(one, "down")
    clock.seconds += DOWN_SECONDS

    assert relays.choose() is one


def test_one_that_is_named_twice_is_one(clock):
    port = free_port()
    nowhere = [Settings("127.0.0.1", port, "none", timeout=5) for _ in range(2)]

    with Smtp(Relays(nowhere, clock), clock) as transport:
        feed = drained(transport, 2)

    assert feed.verdicts == ["deferred"] * 2


def both(clock, one, other, **weights):
    return Smtp(Relays([settings(one, weight=2), settings(other)], clock), clock)


def test_a_relay_that_cannot_be_reached_costs_no_message_a_try(clock):
    script = {"BANNER": [CLOSE, REPLIES["BANNER"]]}
    with stateful(script) as one, stateful() as other, both(clock, one, other) as transport:
        feed = drained(transport, 3)

    assert feed.verdicts == ["sent"] * 3
    assert (one.accepted, len(other.accepted)) == ([], 3)


@pytest.mark.parametrize("ehlo", [PIPELINING, b"250 test\r\n"])
@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize(
    "reply", [b"421 4.3.2 bye\r\n", b"451 4.7.1 slow\r\n", b"530 5.7.0 log in\r\n", b"550 5.7.1 no\r\n"]
)
def test_a_relay_that_will_not_have_us_leaves_the_message_to_the_other(clock, ehlo, at, reply):
    script = {"EHLO": ehlo, "MAIL": [*[REPLIES["MAIL"]] * (at - 1), reply]}
    with stateful(script) as one, stateful({"EHLO": ehlo}) as other, both(clock, one, other) as transport:
        feed = drained(transport, 4, one)

    assert feed.verdicts == ["sent"] * 4
    assert set(feed.backs) == {at}
    assert [len(server.accepted) for server in (one, other)] == [at - 1, 5 - at]


def test_when_none_will_have_us_the_last_word_is_told_and_no_reader_is_blamed(clock):
    script = {"MAIL": b"550 5.7.1 no\r\n"}
    with stateful(script) as one, stateful(script) as other, both(clock, one, other) as transport:
        feed = drained(transport, 3)

    assert feed.verdicts == ["deferred"] * 3
    assert {outcome.blame for outcome in feed.told.values()} == {Blame.RELAY}
    assert not any(outcome.counts for outcome in feed.told.values())
    assert feed.told[1].phase is Phase.BEFORE_DOT
    assert feed.told[2].phase is feed.told[3].phase is Phase.UNREACHED
    assert feed.told[3].reply.count("550 5.7.1 no") == 2


def test_a_relay_that_was_down_takes_its_share_again(clock):
    script = {"BANNER": [CLOSE, REPLIES["BANNER"]]}
    with stateful(script) as one, stateful() as other, both(clock, one, other) as transport:
        for _ in range(7):
            drained(transport, 1)
            clock.seconds += KEEP_SECONDS + 1

    assert (len(one.accepted), len(other.accepted)) == (4, 3)


def test_a_relay_that_asks_for_a_login_at_the_dot_is_left_and_the_next_goes_to_the_other(clock):
    script = bad(".", b"530 5.7.0 log in\r\n")
    with stateful(script) as one, stateful() as other, both(clock, one, other) as transport:
        feed = drained(transport, 3)

    assert feed.verdicts == ["sent", "deferred", "sent"]
    assert feed.told[2].blame is Blame.RELAY
    assert len(other.accepted) == 1


def test_connections_share_the_relays_by_weight(clock):
    with stateful() as one, stateful() as other:
        relays = Relays([settings(one, weight=2), settings(other)], clock)
        for _ in range(6):
            with Smtp(relays, clock) as transport:
                drained(transport, 1)

    assert (len(one.accepted), len(other.accepted)) == (4, 2)
