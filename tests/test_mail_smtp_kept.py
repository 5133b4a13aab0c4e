"""A kept connection that the server has left: the next message goes out over a new one, once and never twice."""

import select

import pytest
from mail_servers import (
    CLOSE,
    DEFERRED,
    SILENCE,
    UNKNOWN,
    UNREACHED,
    Clock,
    envelope,
    mail_server,
    scripted,
    sent,
    settings,
    stage,
    trust,
)

from newsletter.mail import Blame, Outcome, Phase, Verdict
from newsletter.mail.relays import DOWN_SECONDS
from newsletter.mail.smtp import Smtp

TAKEN = {"MAIL": b"250 ok\r\n", "RCPT": b"250 ok\r\n", "DATA": b"354 go\r\n", "dot": b"250 queued\r\n"}
LEAVING = b"421 4.4.2 idle for too long\r\n"


@pytest.mark.parametrize("security", ["none", "tls"])
def test_a_server_that_closes_idle_connections_costs_no_message_any_time(tmp_path, security):
    trusted = trust(tmp_path)
    options = {"ssl_context": trusted.context("127.0.0.1")} if security == "tls" else {}
    with mail_server(timeout=1, **options) as server:
        ours = settings(server, security=security, ca_file=trusted.ca_file)
        with Smtp(ours, Clock()) as transport:
            first = transport.send(envelope())
            assert select.select([transport._dialogue.socket], [], [], 30)[0]  # the end of the connection arrived
            second = transport.send(envelope("emmy@example.org"))
    assert (first.verdict, second.verdict) == (Verdict.SENT, Verdict.SENT)
    assert [taken.recipient for taken in server.taken] == ["ada@example.org", "emmy@example.org"]
    assert len({taken.peer for taken in server.taken}) == 2


@pytest.mark.parametrize("reply", [LEAVING, CLOSE])
def test_a_server_that_leaves_at_the_second_mail_is_dialled_anew_for_it(reply):
    with scripted(MAIL=[TAKEN["MAIL"], reply, TAKEN["MAIL"]]) as server:
        first, second = sent(server, envelope(), envelope())
    assert (first.verdict, second.verdict) == (Verdict.SENT, Verdict.SENT)
    assert len(server.dialogues) == 2
    assert server.verbs.count("MAIL") == 3
    assert server.verbs.count("DATA") == 2


def test_a_goodbye_that_came_between_two_messages_is_no_answer_to_the_second():
    with scripted(dot=[TAKEN["dot"] + LEAVING, TAKEN["dot"]]) as server:
        first, second = sent(server, envelope(), envelope())
    assert (first.verdict, second.verdict) == (Verdict.SENT, Verdict.SENT)
    assert len(server.dialogues) == 2


@pytest.mark.parametrize(
    ("reply", "words", "blame"),
    [
        (LEAVING, "421 4.4.2 idle for too long", Blame.RELAY),
        (CLOSE, "connection lost: the server closed the connection", Blame.NOBODY),
    ],
)
def test_a_message_is_tried_once_more_and_not_again(reply, words, blame):
    clock = Clock()
    replies = [TAKEN["MAIL"], reply, reply, TAKEN["MAIL"]]
    with scripted(MAIL=replies) as server, Smtp(settings(server), clock) as transport:
        _, second = transport.send(envelope()), transport.send(envelope())
        clock.seconds += DOWN_SECONDS
        third = transport.send(envelope())
    assert second == Outcome(*DEFERRED, words, blame)
    assert third.verdict is Verdict.SENT
    assert len(server.dialogues) == 3
    assert server.verbs.count("MAIL") == 4


def test_a_server_that_left_and_takes_no_new_connection_defers():
    with scripted(BANNER=[b"220 hello\r\n", b"554 closed\r\n"], MAIL=[TAKEN["MAIL"], CLOSE]) as server:
        _, second, third = sent(server, envelope(), envelope(), envelope())
    assert second == third == Outcome(*UNREACHED, f"127.0.0.1:{server.port}: 554 closed", Blame.RELAY)
    assert len(server.dialogues) == 2


@pytest.mark.parametrize("verb", ["RCPT", "DATA"])
@pytest.mark.parametrize(("reply", "verdict"), [(LEAVING, Verdict.DEFERRED), (CLOSE, Verdict.SENT)])
def test_a_server_that_leaves_after_it_took_mail_is_asked_again_if_it_did_not_say_why(verb, reply, verdict):
    with scripted(**{verb: [TAKEN[verb], reply, TAKEN[verb]]}) as server:
        outcomes = sent(server, envelope(), envelope(), envelope())
    assert [outcome.verdict for outcome in outcomes] == [Verdict.SENT, verdict, Verdict.SENT]
    assert server.verbs.count("MAIL") == (3 if verdict is Verdict.DEFERRED else 4)


def test_a_server_that_is_silent_at_mail_is_not_asked_again():
    with scripted(MAIL=[TAKEN["MAIL"], SILENCE]) as server:
        _, second = sent(server, envelope(), envelope(), timeout=0.5)
    assert second == Outcome(*DEFERRED, "connection lost: no answer in time")
    assert len(server.dialogues) == 1


def test_a_server_that_refuses_mail_but_stays_is_not_dialled_anew():
    with scripted(MAIL=[TAKEN["MAIL"], b"451 4.1.8 who are you\r\n", TAKEN["MAIL"]]) as server:
        _, second, third = sent(server, envelope(), envelope(), envelope())
    assert second == Outcome(*DEFERRED, "451 4.1.8 who are you", Blame.MESSAGE)
    assert third.verdict is Verdict.SENT
    assert len(server.dialogues) == 1


@pytest.mark.parametrize(("reply", "outcome"), [(CLOSE, UNKNOWN), (LEAVING, (Verdict.DEFERRED, Phase.REPLIED))])
def test_after_the_dot_nothing_is_tried_again(reply, outcome):
    with scripted(dot=[TAKEN["dot"], reply, TAKEN["dot"]]) as server:
        _, second = sent(server, envelope(), envelope())
    assert stage(second) == outcome
    assert server.verbs.count("MAIL") == server.verbs.count("DATA") == 2
    assert len(server.dialogues) == 1
