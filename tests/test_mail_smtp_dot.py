"""SMTP after the final dot: only a definite reply decides, and what is not known is called unknown."""

import time

import pytest
from mail_servers import (
    CLOSE,
    SILENCE,
    UNKNOWN,
    UNREACHED,
    Clock,
    envelope,
    said,
    scripted,
    sent,
    settings,
    stage,
)

from newsletter.mail import Blame, Outcome, Phase, Verdict
from newsletter.mail.smtp import Smtp

SHORT = 0.5
ENDLESS = [b"250 " + b"x" * 200_000, b"250-and more\r\n" * 20_000]


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        (b"250 2.0.0 queued as 1\r\n", Verdict.SENT),
        (b"451 4.3.0 try later\r\n", Verdict.DEFERRED),
        (b"452 4.2.2 full\r\n", Verdict.DEFERRED),
        (b"550 5.7.1 spam\r\n", Verdict.DEFERRED),
        (b"552 5.3.4 too big\r\n", Verdict.FAILED),
        (b"554 5.6.0 no\r\n", Verdict.FAILED),
    ],
)
def test_a_reply_to_the_dot_decides_and_the_connection_goes_on(reply, verdict):
    with scripted(dot=[reply, b"250 ok\r\n"]) as server:
        first, second = sent(server, envelope(), envelope())
    assert said(first) == (verdict, Phase.REPLIED, reply.decode().strip())
    assert second.verdict is Verdict.SENT
    assert len(server.dialogues) == 1


def test_a_server_that_goes_with_its_last_reply_is_dialled_anew():
    with scripted(dot=[b"421 4.3.2 going down\r\n", b"250 ok\r\n"]) as server:
        first, second = sent(server, envelope(), envelope())
    assert first == Outcome(Verdict.DEFERRED, Phase.REPLIED, "421 4.3.2 going down", Blame.BUSY)
    assert second.verdict is Verdict.SENT
    assert len(server.dialogues) == 2


def test_a_connection_lost_after_the_dot_is_unknown_and_the_next_message_goes_out():
    with scripted(dot=[CLOSE, b"250 ok\r\n"]) as server:
        first, second = sent(server, envelope(), envelope())
    assert first == Outcome(*UNKNOWN, "no reply to the final dot: the server closed the connection")
    assert second.verdict is Verdict.SENT


@pytest.mark.parametrize("reply", ENDLESS)
def test_an_endless_reply_to_the_dot_is_unknown(reply):
    with scripted(dot=[reply, b"250 ok\r\n"]) as server:
        first, second = sent(server, envelope(), envelope())
    assert stage(first) == UNKNOWN
    assert second.verdict is Verdict.SENT


def test_a_relay_that_asks_for_a_login_after_the_dot_is_left_alone():
    with scripted(dot=b"530 5.7.0 log in\r\n") as server:
        first, second = sent(server, envelope(), envelope())
    assert first == Outcome(Verdict.DEFERRED, Phase.REPLIED, "530 5.7.0 log in", Blame.RELAY)
    assert stage(second) == UNREACHED


def test_silence_after_the_dot_is_unknown():
    with scripted(dot=SILENCE) as server:
        outcome = sent(server, final_timeout=SHORT)
    assert outcome == Outcome(*UNKNOWN, "no reply to the final dot: no answer in time")


@pytest.mark.parametrize(
    "reply", [b"hello\r\n", b"\xff\xfe\r\n", b"150 soon\r\n", b"354 go on\r\n", b"-50 what\r\n"]
)
def test_a_last_reply_that_makes_no_sense_is_unknown(reply):
    with scripted(dot=[reply, b"250 ok\r\n"]) as server:
        first, second = sent(server, envelope(), envelope())
    assert stage(first) == UNKNOWN
    assert second.verdict is Verdict.SENT
    assert len(server.dialogues) == 2


def test_patience_is_longer_for_the_dot_and_short_again_after_it():
    slow = scripted(dot=lambda: time.sleep(1.5 * SHORT) or b"250 at last\r\n")
    with slow as server, Smtp(settings(server, timeout=SHORT, final_timeout=60), Clock()) as transport:
        outcome = transport.send(envelope())
        assert transport._dialogue.socket.gettimeout() == SHORT
    assert outcome == Outcome(Verdict.SENT, Phase.REPLIED, "250 at last")


def test_a_server_that_says_no_goodbye_is_left_soon():
    with scripted(QUIT=SILENCE) as server:
        assert sent(server, timeout=SHORT).verdict is Verdict.SENT
