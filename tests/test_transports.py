"""What every transport keeps to, whichever way a message goes out."""

import pytest
from mail_feeds import drained, messages, numbered
from mail_servers import mail_server

from newsletter.mail import Envelope, Outcome, Phase, Transport, Verdict
from newsletter.mail.folder import Folder
from newsletter.mail.smtp import Settings, Smtp


class ByFolder:
    """A folder, and what it holds."""

    def __init__(self, path):
        self.path = path

    def open(self) -> Transport:
        return Folder(self.path)

    def arrived(self):
        return [path.read_bytes() for path in sorted(self.path.glob("*"))]


class BySmtp:
    """A real server, and what it took."""

    def __init__(self, server):
        self.server = server

    def open(self) -> Transport:
        settings = Settings("127.0.0.1", self.server.port, "none", timeout=10, final_timeout=10)
        return Smtp(settings, lambda: 0.0)

    def arrived(self):
        return list({(taken.recipient, taken.content): taken.content for taken in self.server.taken}.values())


@pytest.fixture(params=["folder", "smtp"])
def way(request, tmp_path):
    if request.param == "folder":
        yield ByFolder(tmp_path)
        return
    with mail_server() as server:
        yield BySmtp(server)


def envelope(number=1, content=b"Subject: hello\r\n\r\nA body.\r\n"):
    return Envelope("papers@example.org", f"reader{number}@example.org", f"<{number}@example.org>", content)


@pytest.mark.parametrize(
    "body",
    [
        b"plain\r\n",
        b".\r\n..\r\n.a\r\n",
        b"\r\n\r\n",
        b"blanks at the end  \t\r\n",
        b"x" * 998 + b"\r\n",
        b"From here\r\n",
        b"a line of a large message\r\n" * 20_000,
    ],
)
def test_the_bytes_arrive_as_they_are(way, body):
    content = b"Subject: hello\r\n\r\n" + body
    with way.open() as transport:
        assert transport.send(envelope(content=content)).verdict is Verdict.SENT
    assert way.arrived() == [content]


def test_the_outcome_says_sent_and_by_whose_word(way):
    with way.open() as transport:
        outcome = transport.send(envelope())
    assert isinstance(outcome, Outcome)
    assert (outcome.verdict, outcome.phase) == (Verdict.SENT, Phase.REPLIED)
    assert outcome.reply


def test_opening_gives_the_transport_itself(way):
    transport = way.open()
    with transport as opened:
        assert opened is transport


def test_a_second_message_goes_out_too(way):
    with way.open() as transport:
        outcomes = [transport.send(envelope(number)) for number in range(3)]
    assert {outcome.verdict for outcome in outcomes} == {Verdict.SENT}
    assert len(way.arrived()) == 3


def test_a_resend_is_the_same_message_again(way):
    with way.open() as transport:
        assert transport.send(envelope()) == transport.send(envelope())
    assert way.arrived() == [envelope().content]


def test_two_transports_do_not_disturb_each_other(way):
    with way.open() as one, way.open() as other:
        outcomes = [one.send(envelope(1)), other.send(envelope(2)), one.send(envelope(3))]
    assert {outcome.verdict for outcome in outcomes} == {Verdict.SENT}
    assert len(way.arrived()) == 3


def test_a_transport_that_was_left_can_be_entered_again(way):
    transport = way.open()
    for number in range(2):
        with transport:
            assert transport.send(envelope(number)).verdict is Verdict.SENT
    assert len(way.arrived()) == 2


@pytest.mark.parametrize(
    "recipient", ["", "a b@example.org", "\ud800@example.org", "x\r\ny@example.org", "/../@x", "é@x.org"]
)
def test_no_recipient_makes_it_raise(way, recipient):
    odd = Envelope("papers@example.org", recipient, "<odd@example.org>", b"Subject: x\r\n\r\nx\r\n")
    with way.open() as transport:
        assert isinstance(transport.send(odd), Outcome)
        assert transport.send(envelope()).verdict is Verdict.SENT


def test_an_error_in_the_block_is_not_swallowed(way):
    with pytest.raises(KeyError, match="ours"), way.open():
        raise KeyError("ours")


def test_a_feed_is_drained_and_each_message_told_of_once(way):
    with way.open() as transport:
        feed = drained(transport, 4)
    assert feed.verdicts == ["sent"] * 4
    assert sorted(way.arrived()) == [each.envelope.content for each in messages(4)]


@pytest.mark.parametrize("withheld", [{1}, {2}, {3}, {1, 3}])
def test_what_may_not_leave_does_not_and_what_comes_late_does(way, withheld):
    with way.open() as transport:
        feed = drained(transport, 3, withheld=withheld, late=[numbered(4)])
    assert feed.verdicts == ["sent"] * (4 - len(withheld))
    assert sorted(way.arrived()) == [each.envelope.content for each in messages(4) if each.number not in withheld]


def test_a_feed_that_has_nothing_is_asked_once(way):
    with way.open() as transport:
        drained(transport, 0)
    assert way.arrived() == []
