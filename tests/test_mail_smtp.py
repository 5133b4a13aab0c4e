"""SMTP transactions with real servers: what becomes of a message, and how far it had come."""

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from mail_servers import (
    CLOSE,
    DEFERRED,
    FAILED,
    GOING_AWAY,
    MESSAGE,
    REPLIES,
    SILENCE,
    UNREACHED,
    Clock,
    Scripted,
    envelope,
    mail_server,
    scripted,
    sent,
    serving,
    settings,
    stage,
)

from newsletter.mail import Blame, Outcome, Phase, Verdict
from newsletter.mail.relays import DOWN_SECONDS
from newsletter.mail.smtp import KEEP_SECONDS, Smtp

SHORT = 0.5


@pytest.fixture
def clock():
    return Clock()


def test_a_taken_message_is_sent_and_the_reply_kept():
    with scripted() as server:
        assert sent(server) == Outcome(Verdict.SENT, Phase.REPLIED, "250 2.0.0 queued")
    assert server.verbs == ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]


def test_a_whole_server_gets_the_envelope_and_the_bytes():
    with mail_server() as server:
        assert sent(server).verdict is Verdict.SENT
    (taken,) = server.taken
    assert (taken.sender, taken.recipient) == ("papers+token@news.example.org", "ada@example.org")
    assert taken.content == MESSAGE


def test_we_call_ourselves_by_the_domain_that_sends():
    with mail_server() as server:
        sent(server)
    assert server.taken[0].ehlo == "news.example.org"


@pytest.mark.parametrize("sender", ["", "papers@localhost", f"papers@{'a' * 64}.org"])
def test_without_a_full_domain_we_call_ourselves_by_an_address_literal(sender):
    with scripted() as server:
        sent(server, envelope(sender=sender))
    assert b"ehlo [127.0.0.1]\r\n" in server.received.lower()


def test_the_null_return_path_may_be_used():
    with mail_server() as server:
        assert sent(server, envelope(sender="")).verdict is Verdict.SENT
    assert server.taken[0].sender in {"", "<>"}


@pytest.mark.parametrize("code", [250, 251, 252])
def test_every_reply_that_takes_a_recipient_counts(code):
    with scripted(RCPT=b"%d will do\r\n" % code) as server:
        assert sent(server).verdict is Verdict.SENT


def test_replies_of_many_lines_and_strange_bytes_become_one_clean_line():
    with scripted(dot=b"250-first\xff line\r\n250-\x1b[31msecond\r\n250 \xc3\xa9nd\r\n") as server:
        assert sent(server).reply == "250 first\N{REPLACEMENT CHARACTER} line [31msecond énd"


def test_a_flood_of_words_is_cut():
    with scripted(dot=b"".join(b"250-%s\r\n" % (b"x" * 400) for _ in range(9)) + b"250 end\r\n") as server:
        assert len(sent(server).reply) == 500


def test_several_messages_share_one_connection():
    with mail_server() as server:
        outcomes = sent(server, *(envelope(f"reader{number}@example.org") for number in range(5)))
    assert {outcome.verdict for outcome in outcomes} == {Verdict.SENT}
    assert len({taken.peer for taken in server.taken}) == 1


def test_an_old_connection_is_closed_with_a_goodbye_and_a_new_one_opened(clock):
    with scripted() as server, Smtp(settings(server), clock) as transport:
        transport.send(envelope())
        clock.seconds += KEEP_SECONDS
        transport.send(envelope())
        assert len(server.dialogues) == 1
        clock.seconds += 1
        transport.send(envelope())
        assert server.verbs == [*["EHLO", *["MAIL", "RCPT", "DATA"] * 2, "QUIT"], "EHLO", "MAIL", "RCPT", "DATA"]


def test_a_transport_that_sent_nothing_dials_nobody():
    with scripted() as server, Smtp(settings(server), Clock()):
        pass
    assert server.dialogues == []


# Refusals before the dot


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    ("reply", "stage"),
    [
        ("450 4.2.0 no", DEFERRED),
        ("451 no", DEFERRED),
        ("452 5.1.1 no", DEFERRED),
        ("550 no", FAILED),
        ("550 4.1.1 no", FAILED),
        ("552 5.3.4 no", FAILED),
        ("552 5.2.2 no", DEFERRED),
        ("554 5.6.0 no", FAILED),
    ],
)
def test_a_refusal_counts_for_its_message_and_the_connection_goes_on(verb, reply, stage):
    with scripted(**{verb: [f"{reply}\r\n".encode(), REPLIES[verb]]}) as server:
        first, second = sent(server, envelope(), envelope())
    assert first == Outcome(*stage, reply, Blame.MESSAGE)
    assert second.verdict is Verdict.SENT
    assert len(server.dialogues) == 1
    assert server.verbs.count("RSET") == (verb != "MAIL")


def test_a_reset_goes_in_front_of_the_next_mail():
    with scripted(RCPT=[b"550 5.1.1 nobody\r\n", REPLIES["RCPT"]]) as server:
        first, _, _ = sent(server, *[envelope()] * 3)
    assert first.blame is Blame.READER
    assert server.verbs == ["EHLO", "MAIL", "RCPT", "RSET", "MAIL", "RCPT", "DATA", "MAIL", "RCPT", "DATA", "QUIT"]


@pytest.mark.parametrize("verb", ["RCPT", "DATA"])
@pytest.mark.parametrize(
    ("reply", "blame"),
    [("451 4.7.1 slow down", Blame.BUSY), ("454 no", Blame.BUSY), ("550 5.7.1 policy", Blame.POLICY)],
)
def test_a_destination_that_will_not_have_us_defers_and_the_relay_is_kept(verb, reply, blame):
    with scripted(**{verb: [f"{reply}\r\n".encode(), REPLIES[verb]]}) as server:
        first, second = sent(server, envelope(), envelope())
    assert first == Outcome(*DEFERRED, reply, blame)
    assert second.verdict is Verdict.SENT
    assert len(server.dialogues) == 1


@pytest.mark.parametrize(
    ("verb", "reply"),
    [
        *[(verb, "530 5.7.0 log in") for verb in ("MAIL", "RCPT", "DATA")],
        *[
            ("MAIL", reply)
            for reply in ("451 4.7.1 slow down", "550 5.7.1 not for you", "454 no", "452 4.3.1 full")
        ],
    ],
)
def test_a_relay_that_will_not_have_us_is_left_alone_for_a_while(clock, verb, reply):
    replies = {verb: [f"{reply}\r\n".encode(), REPLIES[verb]]}
    with scripted(**replies) as server, Smtp(settings(server), clock) as transport:
        first, second = transport.send(envelope()), transport.send(envelope())
        clock.seconds += DOWN_SECONDS
        third = transport.send(envelope())
    assert first == Outcome(*DEFERRED, reply, Blame.RELAY)
    assert second == Outcome(*UNREACHED, f"127.0.0.1:{server.port}: {reply}", Blame.RELAY)
    assert third.verdict is Verdict.SENT
    assert len(server.dialogues) == 2


@pytest.mark.parametrize("verb", ["RCPT", "DATA"])
def test_a_server_that_goes_defers_and_is_dialled_anew_for_the_next(verb):
    with scripted(**{verb: [b"421 4.3.2 going down\r\n", REPLIES[verb]]}) as server:
        first, second = sent(server, envelope(), envelope())
    assert first == Outcome(*DEFERRED, "421 4.3.2 going down", Blame.BUSY)
    assert second.verdict is Verdict.SENT
    assert len(server.dialogues) == 2


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_a_connection_lost_before_the_dot_defers(verb):
    with scripted(**{verb: [CLOSE, REPLIES[verb]]}) as server:
        first, second = sent(server, envelope(), envelope())
    assert first == Outcome(
        Verdict.DEFERRED, Phase.BEFORE_DOT, "connection lost: the server closed the connection"
    )
    assert second.verdict is Verdict.SENT


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_falls_silent_before_the_dot_defers(verb):
    with scripted(**{verb: SILENCE}) as server:
        outcome = sent(server, timeout=SHORT)
    assert outcome == Outcome(Verdict.DEFERRED, Phase.BEFORE_DOT, "connection lost: no answer in time")


def test_a_connection_lost_within_the_message_defers():
    with scripted(DATA=GOING_AWAY) as server:
        outcome = sent(server, envelope(content=MESSAGE + b"a long line of a long message\r\n" * 500_000))
    assert stage(outcome) == DEFERRED
    assert outcome.reply.startswith("connection lost")


@pytest.mark.parametrize(
    ("verb", "reply"),
    [
        ("MAIL", b"354 go ahead\r\n"),
        ("RCPT", b"\x00\xff\xfe\r\n"),
        ("DATA", b"250 thanks\r\n"),
        ("DATA", b"\r\n"),
        ("MAIL", b"999 what\r\n"),
        ("RCPT", b"12345678 long\r\n"),
    ],
)
def test_a_reply_out_of_place_defers_on_a_new_connection_and_never_counts_as_sent(verb, reply):
    with scripted(**{verb: [reply, REPLIES[verb]]}) as server:
        first, second = sent(server, envelope(), envelope())
    assert stage(first) == DEFERRED
    assert "out of place" in first.reply
    assert second.verdict is Verdict.SENT
    assert len(server.dialogues) == 2


@pytest.mark.parametrize("reset", [b"421 4.3.2 enough\r\n", b"500 what\r\n", CLOSE])
def test_a_server_that_cannot_reset_is_dialled_anew(reset):
    with scripted(RCPT=[b"550 no\r\n", b"250 ok\r\n"], RSET=reset) as server:
        first, second = sent(server, envelope(), envelope())
    assert (first.verdict, second.verdict) == (Verdict.FAILED, Verdict.SENT)
    assert len(server.dialogues) == 2


ENDLESS = [b"250 " + b"x" * 200_000, b"250-and more\r\n" * 20_000]


@pytest.mark.parametrize("reply", ENDLESS)
def test_an_endless_reply_defers(reply):
    with scripted(MAIL=reply) as server:
        assert sent(server) == Outcome(*DEFERRED, "connection lost: the server closed the connection")


# Whatever a server says


@hypothesis_settings(max_examples=40)
@given(
    st.dictionaries(
        st.sampled_from(["BANNER", "EHLO", "MAIL", "RCPT", "DATA", ".", "RSET", "QUIT"]),
        st.one_of(
            st.binary(max_size=12),
            st.integers(0, 999).map(lambda code: b"%03d" % code),
            st.sampled_from([b"250 ok", b"354 go", b"421 bye", b"451 no", b"550 no", b"250-a\r\n250 b", b"+25 x"]),
        ),
    )
)
def test_no_reply_makes_it_raise_and_only_a_good_last_one_means_sent(replies):
    server = Scripted({verb: reply + b"\r\n" for verb, reply in replies.items()})
    with serving(server):
        outcomes = sent(server, envelope(), envelope(), timeout=SHORT, final_timeout=SHORT)
    for outcome in outcomes:
        assert isinstance(outcome, Outcome)
        assert (outcome.verdict is Verdict.UNKNOWN) == (outcome.phase is Phase.AFTER_DOT)
        if outcome.verdict is Verdict.SENT:
            assert replies.get(".", b"250")[:1] == b"2"
            assert replies.get("DATA", b"354")[:3] == b"354"
