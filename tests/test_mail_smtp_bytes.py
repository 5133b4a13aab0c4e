"""What SMTP puts on the wire: whole messages, addresses as they are, and nothing that may not be sent."""

import pytest
from mail_servers import FAILED, MESSAGE, envelope, mail_server, scripted, sent, stage

from newsletter.mail import Verdict


@pytest.mark.parametrize(
    "body", [b".\r\n", b"..\r\n", b".hidden\r\n", b"a\r\n.\r\nMAIL FROM:<x@y>\r\n", b"\r\n.\r\n\r\n..\r\n.\r\n"]
)
def test_lines_that_begin_with_a_dot_arrive_unchanged(body):
    content = b"Subject: dots\r\n\r\n" + body
    with mail_server() as server:
        sent(server, envelope(content=content))
    assert [taken.content for taken in server.taken] == [content]


def test_a_message_without_a_last_line_end_gets_one():
    with mail_server() as server:
        sent(server, envelope(content=b"Subject: x\r\n\r\nno end"))
    assert server.taken[0].content == b"Subject: x\r\n\r\nno end\r\n"


@pytest.mark.parametrize(
    "smuggled", [b"\n.\r\nMAIL FROM:<e@x>", b"\r.\r\n", b"\n.\n", b"\r\r\n.\r\n", b"a\nb", b"a\rb"]
)
def test_a_line_end_that_is_half_is_never_sent(smuggled):
    with scripted() as server:
        outcome = sent(server, envelope(content=MESSAGE + smuggled))
    assert stage(outcome) == FAILED
    assert "CR or LF alone" in outcome.reply
    assert server.received == b""


BAD = ("ada", "a b@x.org", "ada@x.org\r\nDATA", "a@b>\r\nRCPT TO:<x@y", "<ada@x.org>", "ada@\ud800", "\0@x")


@pytest.mark.parametrize(
    ("field", "address"),
    [("recipient", ""), *(("recipient", bad) for bad in BAD), *(("sender", bad) for bad in BAD)],
)
def test_an_address_that_cannot_be_written_fails_that_message_alone(field, address):
    with scripted() as server:
        wrong, right = sent(server, envelope(**{field: address}), envelope())
    assert stage(wrong) == FAILED
    assert repr(address) in wrong.reply
    assert right.verdict is Verdict.SENT


@pytest.mark.parametrize(
    "address", ["o'neil+x@example.org", "a,b@example.org", '"a(b"@example.org', "a=b/c@[192.0.2.1]"]
)
def test_odd_addresses_travel_as_they_are(address):
    with scripted() as server:
        sent(server, envelope(address))
    assert f"RCPT TO:<{address}>\r\n".encode() in server.received


# UTF-8 addresses (RFC 6531)


def test_a_utf8_recipient_is_served_where_the_server_can():
    with mail_server(enable_SMTPUTF8=True) as server:
        outcome = sent(server, envelope("josé@example.org", b"To: jos\xc3\xa9@example.org\r\n\r\nx\r\n"))
    assert outcome.verdict is Verdict.SENT
    assert server.taken[0].recipient == "josé@example.org"
    assert {"SMTPUTF8", "BODY=8BITMIME"} <= set(server.taken[0].options)


def test_an_ascii_recipient_needs_no_utf8():
    with mail_server(enable_SMTPUTF8=True) as server:
        sent(server)
    assert "SMTPUTF8" not in server.taken[0].options


@pytest.mark.parametrize(
    "one",
    [
        envelope("josé@example.org"),
        envelope(sender="josé@example.org"),
        envelope(content=b"From: jos\xc3\xa9@example.org\r\n\r\nx\r\n"),
    ],
)
def test_where_the_server_cannot_only_the_utf8_message_fails(one):
    with scripted() as server:
        first, second = sent(server, one, envelope())
    assert stage(first) == FAILED
    assert first.reply.startswith("553 5.6.7")
    assert second.verdict is Verdict.SENT
    assert len(server.dialogues) == 1
    assert server.received.count(b"MAIL") == 1


# Size (RFC 1870)


def test_a_message_over_the_announced_size_fails_unsent():
    with mail_server(data_size_limit=100) as server:
        large, small = sent(server, envelope(content=MESSAGE + b"x" * 100 + b"\r\n"), envelope())
    assert stage(large) == FAILED
    assert large.reply == f"552 5.3.4 the message has {len(MESSAGE) + 102} bytes, and the server takes 100"
    assert small.verdict is Verdict.SENT
    assert len(server.taken) == 1


@pytest.mark.parametrize("limit", [b"SIZE", b"SIZE 0", b"SIZE huge"])
def test_a_size_without_a_limit_limits_nothing(limit):
    with scripted(EHLO=b"250-test\r\n250 " + limit + b"\r\n") as server:
        assert sent(server).verdict is Verdict.SENT
    assert f"SIZE={len(MESSAGE)}".encode() in server.received


# Delivery status notifications (RFC 3461)


def test_a_server_that_reports_failures_is_told_what_to_call_the_message():
    with scripted(EHLO=b"250-test\r\n250-SIZE\r\n250 DSN\r\n") as server:
        outcome = sent(server, envelope("a+b=c@example.org"))
    assert outcome.verdict is Verdict.SENT
    size = len(MESSAGE)
    assert (
        f"MAIL FROM:<papers+token@news.example.org> SIZE={size} RET=HDRS ENVID=one\r\n".encode() in server.received
    )
    expected = b"RCPT TO:<a+b=c@example.org> NOTIFY=FAILURE ORCPT=rfc822;a+2Bb+3Dc@example.org\r\n"
    assert expected in server.received


def test_a_utf8_recipient_is_not_written_in_a_report_as_if_it_were_ascii():
    with scripted(EHLO=b"250-test\r\n250-SMTPUTF8\r\n250-8BITMIME\r\n250 DSN\r\n") as server:
        sent(server, envelope("josé@example.org"))
    assert "RCPT TO:<josé@example.org> NOTIFY=FAILURE\r\n".encode() in server.received
    assert b" BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=one\r\n" in server.received


def test_a_server_that_offers_nothing_is_asked_for_nothing():
    with scripted(EHLO=b"250 test\r\n") as server:
        sent(server)
    assert b"MAIL FROM:<papers+token@news.example.org>\r\nRCPT TO:<ada@example.org>\r\nDATA\r\n" in server.received
