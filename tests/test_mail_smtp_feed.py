"""SMTP and the feed: what may leave when, what never does, and how other threads end it."""

import threading

import pytest
from long_run import until
from mail_feeds import Listed, drained, messages, numbered
from mail_servers import REPLIES, SILENCE, Clock, free_port, settings, trust
from mail_states import PIPELINING, STUCK, bad, stateful

from newsletter.mail import Blame, Outcome, Phase, Verdict
from newsletter.mail.smtp import KEEP_SECONDS, STOPPED, Settings, Smtp

PLAIN = b"250-test\r\n250 8BITMIME\r\n"
EITHER = pytest.mark.parametrize("ehlo", [PIPELINING, PLAIN])
PATIENCE = 60


@pytest.fixture
def clock():
    return Clock()


def test_a_feed_with_nothing_dials_nobody(clock):
    with stateful() as server, Smtp(settings(server), clock) as transport:
        drained(transport, 0, server)

    assert server.dialogues == []


@EITHER
@pytest.mark.parametrize("withheld", [1, 2, 3])
def test_a_body_that_may_not_leave_never_does_and_the_others_do(clock, ehlo, withheld):
    with stateful({"EHLO": ehlo}) as server, Smtp(settings(server), clock) as transport:
        feed = drained(transport, 3, server, withheld={withheld})

    assert sorted(feed.told) == [number for number in (1, 2, 3) if number != withheld]
    assert feed.verdicts == ["sent"] * 2
    assert b"body of %d" % withheld not in server.received
    assert not any(end + b"\r\n.\r\n" in server.received for end in (b"DATA", b"354"))
    assert len(server.accepted) == 2


@EITHER
def test_what_turns_up_after_a_withheld_body_still_goes_out(clock, ehlo):
    with stateful({"EHLO": ehlo}) as server, Smtp(settings(server), clock) as transport:
        feed = drained(transport, 2, server, withheld={2}, late=[numbered(3)])

    assert feed.verdicts == ["sent", "sent"]
    assert [to for to, _ in server.accepted] == ["reader1@example.org", "reader3@example.org"]


@EITHER
def test_a_kept_connection_serves_the_next_drain(clock, ehlo):
    with stateful({"EHLO": ehlo}) as server, Smtp(settings(server), clock) as transport:
        drained(transport, 2, server)
        clock.seconds += KEEP_SECONDS
        drained(transport, [numbered(3), numbered(4)], server)

    assert len(server.dialogues) == 1
    assert len(server.accepted) == 4


@EITHER
def test_an_old_connection_is_left_with_a_goodbye_between_two_messages(clock, ehlo):
    class Slow(Listed):
        def ahead(self):
            clock.seconds += 0.6 * KEEP_SECONDS

    with stateful({"EHLO": ehlo}) as server, Smtp(settings(server), clock) as transport:
        feed = Slow(messages(4), lambda: server.received)
        transport.drain(feed)

    assert feed.verdicts == ["sent"] * 4
    assert [heard.count(b"body of") for heard in server.dialogues] == ([3, 1] if ehlo is PIPELINING else [2, 2])
    assert all(heard.endswith(b".\r\nQUIT\r\n") for heard in server.dialogues)


def test_a_connection_that_grows_old_over_the_last_reply_is_not_left_with_the_next_transaction_open(clock):
    def late():
        clock.seconds += 2 * KEEP_SECONDS
        return REPLIES["."]

    with stateful({".": late}) as server, Smtp(settings(server, timeout=2), clock) as transport:
        feed = drained(transport, 2, server)

    assert feed.verdicts == ["sent", "sent"]
    assert len(server.dialogues) == 1


@EITHER
@pytest.mark.parametrize("at", [1, 2])
def test_what_no_server_takes_is_told_at_once_and_its_neighbours_go_out(clock, ehlo, at):
    waiting = messages(3)
    waiting[at] = numbered(at + 1, b"half a line end\n")
    with stateful({"EHLO": ehlo}) as server, Smtp(settings(server), clock) as transport:
        feed = drained(transport, waiting, server)

    assert feed.told.pop(at + 1).blame is Blame.MESSAGE
    assert feed.verdicts == ["sent"] * 2
    assert server.received.count(b"RCPT") == 2
    assert len(server.dialogues) == 1


@EITHER
def test_what_this_server_surely_does_not_take_is_never_offered(clock, ehlo):
    waiting = [
        numbered(1),
        numbered(2, b"x" * 100 + b"\r\n"),
        numbered(3),
        numbered(4, recipient="josé@example.org"),
    ]
    ehlo = ehlo.replace(b"250 8", b"250-SIZE 100\r\n250 8")
    with stateful({"EHLO": ehlo}) as server, Smtp(settings(server), clock) as transport:
        feed = drained(transport, waiting, server)

    assert feed.verdicts == ["sent", "failed", "sent", "failed"]
    assert {feed.told[number].reply[:9] for number in (2, 4)} == {"552 5.3.4", "553 5.6.7"}
    assert server.verbs.count("MAIL") == 2


def test_a_message_that_no_server_takes_fails_though_none_is_reached(clock):
    nowhere = Settings("127.0.0.1", free_port(), "none", timeout=5)
    with Smtp(nowhere, clock) as transport:
        feed = drained(transport, [numbered(1, b"\n"), numbered(2), numbered(3)])

    assert feed.verdicts == ["failed", "deferred", "deferred"]
    assert {(feed.told[n].phase, feed.told[n].blame) for n in (2, 3)} == {(Phase.UNREACHED, Blame.RELAY)}


@EITHER
@pytest.mark.parametrize("at", [1, 2])
def test_a_feed_that_breaks_leaves_no_goodbye_in_an_open_message(clock, ehlo, at):
    class Breaking(Listed):
        def leaves(self, going):
            if going.number == at:
                raise KeyError("the store is gone")
            return super().leaves(going)

    with stateful({"EHLO": ehlo}) as server:
        with pytest.raises(KeyError), Smtp(settings(server), clock) as transport:
            transport.drain(Breaking(messages(3)))
        until(lambda: server.received.endswith(b"DATA\r\n"))

    assert b"QUIT" not in server.received
    assert len(server.accepted) == at - 1


# Other threads


class InThread:
    """A drain in a thread of its own."""

    def __init__(self, server, count=3, **more):
        self.transport = Smtp(settings(server, timeout=600, final_timeout=600, **more), Clock())
        self.feed = Listed(messages(count) if isinstance(count, int) else count, lambda: server.received)
        self.thread = threading.Thread(target=self.transport.drain, args=[self.feed])
        self.thread.start()

    def abort(self):
        self.transport.abort()
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()
        self.transport.__exit__()
        assert self.feed.settled


STOPPED_UNREACHED = Outcome(Verdict.DEFERRED, Phase.UNREACHED, STOPPED)
STOPPED_UNKNOWN = Outcome(Verdict.UNKNOWN, Phase.AFTER_DOT, f"no reply to the final dot: {STOPPED}")


@EITHER
@pytest.mark.parametrize("security", ["none", "tls"])
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "."])
def test_an_abort_ends_the_wait_at_every_step(tmp_path, ehlo, security, verb):
    trusted = trust(tmp_path)
    context = trusted.context("127.0.0.1") if security == "tls" else None
    with stateful(bad(verb, SILENCE) | {"EHLO": ehlo}, context=context) as server:
        work = InThread(server, security=security, ca_file=trusted.ca_file)
        asked = {"MAIL": 4, "RCPT": 5, "DATA": 6, ".": 7}[verb]
        until(lambda: len([each for each in server.verbs if each != "EHLO"]) >= min(asked, 6))
        until(lambda: verb != "." or b"body of 2.\r\n.\r\n" in server.received)
        work.abort()

    assert work.feed.told[1].verdict is Verdict.SENT
    assert work.feed.told[2] == (STOPPED_UNKNOWN if verb == "." else STOPPED_UNREACHED)
    assert work.feed.told[3] == STOPPED_UNREACHED
    assert len(server.dialogues) == 1


def test_an_abort_while_the_body_leaves_is_surely_not_sent():
    with stateful({"DATA": STUCK}) as server:
        work = InThread(server, [numbered(1, b"a long line\r\n" * 2_000_000)])
        until(lambda: "DATA" in server.verbs and work.feed.let_go)
        work.abort()

    assert work.feed.told[1] == STOPPED_UNREACHED


def test_a_refusal_lets_the_message_in_hand_end_and_begins_no_other():
    refused = threading.Event()

    def slow():
        refused.wait(PATIENCE)
        return REPLIES["."]

    with stateful({".": slow, "EHLO": PLAIN}) as server:
        work = InThread(server)
        until(lambda: b"body of 1.\r\n.\r\n" in server.received)
        assert work.transport.refuse() is False
        refused.set()
        work.thread.join(PATIENCE)
        work.transport.__exit__()

    assert work.feed.verdicts == ["sent", "deferred", "deferred"]
    assert {work.feed.told[number] for number in (2, 3)} == {STOPPED_UNREACHED}
    assert server.verbs.count("MAIL") == 1
