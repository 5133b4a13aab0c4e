"""SMTP pipelining: what leaves in one write, and what becomes of two messages when a group goes wrong."""

import select

import pytest
from mail_feeds import Listed, drained, messages
from mail_servers import CLOSE, GOING_AWAY, REPLIES, SILENCE, Clock, settings
from mail_states import LOST, PIPELINING, bad, stateful

from newsletter.mail import Blame, Outcome, Phase, Verdict, smtp
from newsletter.mail.smtp import Smtp
from newsletter.mail.smtp_dialogue import Dialogue

PLAIN = b"250-test\r\n250 8BITMIME\r\n"
LEAVING = b"421 4.4.2 too long\r\n"
SHORT = 0.5


class Spy:
    """A socket, and what was given to it in one go."""

    def __init__(self, inner, writes):
        self.inner, self.writes = inner, writes

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def sendall(self, content):
        self.writes.append(bytes(content))
        self.inner.sendall(content)

    def send(self, content):
        self.writes.append(bytes(content))
        self.inner.sendall(content)
        return len(content)


@pytest.fixture
def writes(monkeypatch):
    """All writes after the connection was opened."""
    seen = []

    class Spied(Dialogue):
        def __init__(self, *given):
            super().__init__(*given)
            self.socket = Spy(self.socket, seen)

    monkeypatch.setattr(smtp, "Dialogue", Spied)
    return seen


def through(server, count=3, *, clock=None, feed=None, **more):
    """The feed after these messages were handed to this server."""
    with Smtp(settings(server, **more), clock or Clock()) as transport:
        return drained(transport, count, server, **(feed or {}))


def patience(reply):
    """Short where the server is silent, long where it only may be slow."""
    return SHORT if reply is SILENCE else 30


def opening(number):
    return (
        b"MAIL FROM:<papers@example.org>\r\n",
        b"RCPT TO:<reader%d@example.org>\r\n" % number,
        b"DATA\r\n",
    )


def body(number):
    return b"Subject: %d\r\n\r\nbody of %d.\r\n" % (number, number)


def test_a_body_leaves_in_one_write_with_what_opens_the_next(writes):
    with stateful() as server:
        feed = through(server)

    assert feed.verdicts == ["sent"] * 3
    assert writes == [
        b"".join(opening(1)),
        b"".join([body(1), b".\r\n", *opening(2)]),
        b"".join([body(2), b".\r\n", *opening(3)]),
        body(3) + b".\r\n",
        b"QUIT\r\n",
    ]
    assert feed.aheads == 3


def test_without_pipelining_each_step_waits_for_the_one_before_it(writes):
    with stateful({"EHLO": PLAIN}) as server:
        feed = through(server, 2)

    assert feed.verdicts == ["sent"] * 2
    assert writes == [*opening(1), body(1) + b".\r\n", *opening(2), body(2) + b".\r\n", b"QUIT\r\n"]


def test_the_bytes_are_the_same_whether_pipelined_or_not():
    with stateful() as one, stateful({"EHLO": PLAIN}) as other:
        through(one, 5)
        through(other, 5)

    assert one.received == other.received
    assert one.accepted == other.accepted == [(f"reader{n}@example.org", body(n)) for n in range(1, 6)]


@pytest.mark.parametrize("way", ["together", "byte by byte"])
def test_replies_may_come_in_one_packet_or_byte_by_byte(way):
    replies = {"RCPT": b"250-well\r\n250-well\r\n250 2.1.5 yes\r\n", ".": b"250-2.0.0 I\r\n250 have it\r\n"}
    with stateful(replies, way=way, total=4) as server:
        feed = through(server, 4)

    assert feed.verdicts == ["sent"] * 4
    assert {outcome.reply for outcome in feed.told.values()} == {"250 2.0.0 I have it"}
    assert len(server.dialogues) == 1


@pytest.mark.parametrize("ehlo", [PIPELINING, PLAIN])
@pytest.mark.parametrize("way", ["at once", "byte by byte"])
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize(
    ("reply", "verdict"), [(b"450 4.2.0 not yet\r\n", "deferred"), (b"550 5.6.0 never\r\n", "failed")]
)
def test_a_refusal_in_the_group_is_its_message_s_alone(ehlo, way, verb, reply, verdict):
    with stateful(bad(verb, reply) | {"EHLO": ehlo}, way=way) as server:
        feed = through(server)

    assert feed.verdicts == ["sent", verdict, "sent"]
    refused = feed.told[2]
    assert (refused.reply, refused.blame) == (reply.decode().strip(), Blame.MESSAGE)
    assert refused.phase is (Phase.REPLIED if verb == "." else Phase.BEFORE_DOT)
    assert len(server.dialogues) == 1
    assert [to for to, _ in server.accepted] == ["reader1@example.org", "reader3@example.org"]
    assert server.verbs.count("RSET") == (verb in {"RCPT", "DATA"})


def test_no_recipient_and_yet_a_go_ahead_is_ended_by_a_lone_dot():
    with stateful(bad("RCPT", b"550 5.1.1 nobody\r\n"), careless=True) as server:
        feed = through(server)

    assert feed.verdicts == ["sent", "failed", "sent"]
    assert feed.told[2].blame is Blame.READER
    expected = [*opening(2), b".\r\n", b"RSET\r\n", *opening(3)]
    assert b"".join(expected) in server.received
    assert len(server.dialogues) == 1


@pytest.mark.parametrize(
    "answer", [CLOSE, SILENCE, b"421 4.3.0 bye\r\n", b"250 2.0.0 nothing to nobody\r\n", b"junk\r\n"]
)
def test_whatever_the_answer_to_a_lone_dot_the_refusal_stands(answer):
    script = bad("RCPT", b"550 5.1.1 nobody\r\n") | {"NOTHING": answer}
    with stateful(script, careless=True) as server:
        feed = through(server, timeout=patience(answer))

    assert feed.verdicts == ["sent", "failed", "sent"]
    assert feed.told[2].reply == "550 5.1.1 nobody"
    assert len(server.dialogues) == 2


def test_a_server_that_takes_a_recipient_after_it_refused_mail_is_sent_no_dot():
    with stateful(bad("MAIL", b"550 5.6.0 never\r\n")) as server:
        server._in_order = lambda verb: True
        feed = through(server)

    assert feed.verdicts == ["sent", "failed", "sent"]
    assert b"DATA\r\n.\r\n" not in server.received
    assert len(server.dialogues) == 2
    assert len(server.accepted) == 2


@pytest.mark.parametrize("verb", ["RCPT", "DATA"])
@pytest.mark.parametrize("after", [CLOSE, LEAVING, b"junk\r\n", SILENCE])
def test_what_was_refused_first_is_what_counts(verb, after):
    first = "MAIL" if verb == "RCPT" else "RCPT"
    script = bad(first, b"550 5.6.0 never\r\n") | {verb: [REPLIES[verb], after, REPLIES[verb]]}
    with stateful(script) as server:
        server._in_order = lambda verb: True
        feed = through(server, timeout=patience(after))

    assert feed.verdicts == ["sent", "failed", "sent"]
    assert feed.told[2].reply == "550 5.6.0 never"
    assert len(server.dialogues) == 2


# The server goes

WHY = {True: Verdict.DEFERRED, False: Verdict.SENT}


@pytest.mark.parametrize("ehlo", [PIPELINING, PLAIN])
@pytest.mark.parametrize("reply", [CLOSE, LEAVING])
@pytest.mark.parametrize("verb", ["RSET", "MAIL", "RCPT", "DATA"])
def test_a_message_whose_transaction_did_not_open_goes_out_over_a_new_connection_once(ehlo, reply, verb):
    if verb == "RSET":
        script = bad("RCPT", b"550 5.1.1 nobody\r\n") | {"RSET": [reply, REPLIES["RSET"]]}
    else:
        script = bad(verb, reply)
    with stateful(script | {"EHLO": ehlo}) as server:
        feed = through(server)

    said_why = reply is LEAVING and verb in {"RCPT", "DATA"}
    assert feed.told[1].verdict is feed.told[3].verdict is Verdict.SENT
    assert feed.told[2].verdict is (Verdict.FAILED if verb == "RSET" else WHY[said_why])
    assert feed.backs == ([] if said_why else [3] if verb == "RSET" else [2])
    assert len(server.dialogues) == 2


@pytest.mark.parametrize("ehlo", [PIPELINING, PLAIN])
@pytest.mark.parametrize(
    ("reply", "verdict", "taken"),
    [
        (CLOSE, "unknown", 2),
        (LOST, "unknown", 3),
        (LEAVING, "deferred", 2),
        (SILENCE, "unknown", 2),
        (b"354 what\r\n", "unknown", 2),
        (b"junk\r\n", "unknown", 2),
    ],
)
def test_a_server_that_goes_at_the_dot_takes_only_that_message_along(ehlo, reply, verdict, taken):
    with stateful(bad(".", reply) | {"EHLO": ehlo}) as server:
        feed = through(server, final_timeout=patience(reply))

    assert feed.verdicts == ["sent", verdict, "sent"]
    assert feed.told[2].phase is (Phase.REPLIED if reply is LEAVING else Phase.AFTER_DOT)
    assert feed.backs == ([3] if ehlo is PIPELINING else [])
    assert len(server.accepted) == taken
    assert len(server.dialogues) == 2


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_falls_silent_in_the_group_is_not_asked_again(verb):
    with stateful(bad(verb, SILENCE)) as server:
        feed = through(server, timeout=SHORT)

    assert feed.verdicts == ["sent", "deferred", "sent"]
    assert feed.told[2] == Outcome(Verdict.DEFERRED, Phase.BEFORE_DOT, "connection lost: no answer in time")
    assert len(server.dialogues) == 2


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("reply", [b"junk\r\n", b"\r\n", b"150 soon\r\n", b"221 what\r\n"])
def test_a_reply_out_of_place_costs_its_message_a_try_and_the_connection(verb, reply):
    with stateful(bad(verb, reply)) as server:
        feed = through(server)

    assert feed.verdicts == ["sent", "deferred", "sent"]
    assert feed.told[2].reply.startswith("a reply out of place: ")
    assert feed.told[2].blame is Blame.NOBODY
    assert len(server.dialogues) == 2


class Patient(Listed):
    """Lets a body go only when the server has said or done something more."""

    def leaves(self, going):
        if going.number == 2:
            self.wait()
        return super().leaves(going)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (GOING_AWAY, "connection lost: the server closed the connection"),
        (b"354 go\r\n421 4.4.2 too slow\r\n", "connection lost: 421 4.4.2 too slow"),
        (b"354 go\r\n\r\n", "connection lost: -1"),
    ],
)
def test_a_server_that_left_before_the_body_has_surely_not_taken_it(reply, words):
    with stateful(bad("DATA", reply)) as server, Smtp(settings(server), Clock()) as transport:
        feed = Patient(messages(3), lambda: server.received)
        feed.wait = lambda: readable(transport._dialogue)
        transport.drain(feed)

    assert feed.verdicts == ["sent", "deferred", "sent"]
    assert feed.told[2] == Outcome(Verdict.DEFERRED, Phase.BEFORE_DOT, words)
    assert b"body of 2" not in server.received


def readable(dialogue):
    """Wait until there is something to read, or has been read."""
    if not dialogue._heard:
        assert select.select([dialogue.socket], [], [], 30)[0]
