"""SMTP dialogues with real servers: what becomes of a message, and how far it had come."""

import socket
from base64 import b64encode

import pytest
from mail_servers import CLOSE, GOING_AWAY, PASSWORD, SILENCE, USERNAME, free_port, mail_server, scripted, trust

from newsletter.mail import Envelope, Outcome, Phase, Verdict
from newsletter.mail.smtp import DOWN_SECONDS, KEEP_SECONDS, Settings, Smtp

MESSAGE = b"Subject: hello\r\n\r\nA body.\r\n"
SHORT = 0.3


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


@pytest.fixture(scope="module")
def trusted(tmp_path_factory):
    return trust(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return trust(tmp_path_factory.mktemp("strangers"))


@pytest.fixture
def clock():
    return Clock()


def envelope(recipient="ada@example.org", content=MESSAGE, sender="papers+token@news.example.org"):
    return Envelope(sender, recipient, "<one@example.org>", content)


def settings(server, **more):
    defaults = {"host": "127.0.0.1", "port": server.port, "security": "none", "timeout": 5, "final_timeout": 5}
    return Settings(**defaults | more)


def sent(server, *envelopes, clock=None, **more):
    """The outcomes of these messages, sent over one transport."""
    with Smtp(settings(server, **more), clock or Clock()) as transport:
        outcomes = [transport.send(one) for one in envelopes or (envelope(),)]
    return outcomes if len(envelopes) > 1 else outcomes[0]


def stage(outcome):
    return outcome.verdict, outcome.phase


DEFERRED = (Verdict.DEFERRED, Phase.BEFORE_DOT)
FAILED = (Verdict.FAILED, Phase.BEFORE_DOT)
UNKNOWN = (Verdict.UNKNOWN, Phase.AFTER_DOT)


# The good case


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
    assert not server.taken[0].sender


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


# What is written


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


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "a b@example.org",
        "ada@example.org\r\nDATA",
        "a@b>\r\nRCPT TO:<x@y",
        "<ada@x.org>",
        "ada@\ud800",
        "\0@x",
    ],
)
@pytest.mark.parametrize("field", ["recipient", "sender"])
def test_an_address_that_cannot_be_written_fails_that_message_alone(address, field):
    if field == "sender" and not address:
        pytest.skip("an empty sender is the null return path")
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


# Refusals before the dot


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (450, Verdict.DEFERRED),
        (451, Verdict.DEFERRED),
        (452, Verdict.DEFERRED),
        (530, Verdict.DEFERRED),
        (535, Verdict.DEFERRED),
        (550, Verdict.FAILED),
        (552, Verdict.FAILED),
        (554, Verdict.FAILED),
    ],
)
def test_a_refusal_counts_for_its_message_and_the_connection_goes_on(verb, code, verdict):
    good = {"MAIL": b"250 ok\r\n", "RCPT": b"250 ok\r\n", "DATA": b"354 go\r\n"}[verb]
    with scripted(**{verb: [b"%d 5.1.1 no\r\n" % code, good]}) as server:
        first, second = sent(server, envelope(), envelope())
    assert first == Outcome(verdict, Phase.BEFORE_DOT, f"{code} 5.1.1 no")
    assert second.verdict is Verdict.SENT
    assert len(server.dialogues) == 1
    assert server.verbs.count("RSET") == 1


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_goes_defers_and_is_dialled_anew_for_the_next(verb):
    good = {"MAIL": b"250 ok\r\n", "RCPT": b"250 ok\r\n", "DATA": b"354 go\r\n"}[verb]
    with scripted(**{verb: [b"421 4.3.2 going down\r\n", good]}) as server:
        first, second = sent(server, envelope(), envelope())
    assert first == Outcome(Verdict.DEFERRED, Phase.BEFORE_DOT, "421 4.3.2 going down")
    assert second.verdict is Verdict.SENT
    assert len(server.dialogues) == 2


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_a_connection_lost_before_the_dot_defers(verb):
    good = {"MAIL": b"250 ok\r\n", "RCPT": b"250 ok\r\n", "DATA": b"354 go\r\n"}[verb]
    with scripted(**{verb: [CLOSE, good]}) as server:
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
    good = {"MAIL": b"250 ok\r\n", "RCPT": b"250 ok\r\n", "DATA": b"354 go\r\n"}[verb]
    with scripted(**{verb: [reply, good]}) as server:
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


def test_an_endless_reply_line_defers():
    with scripted(MAIL=b"250 " + b"x" * 20_000 + b"\r\n") as server:
        assert stage(sent(server)) == DEFERRED


# After the dot


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        (b"250 2.0.0 queued as 1\r\n", Verdict.SENT),
        (b"451 4.3.0 try later\r\n", Verdict.DEFERRED),
        (b"452 4.2.2 full\r\n", Verdict.DEFERRED),
        (b"550 5.7.1 spam\r\n", Verdict.FAILED),
        (b"552 5.3.4 too big\r\n", Verdict.FAILED),
        (b"554 5.6.0 no\r\n", Verdict.FAILED),
    ],
)
def test_a_reply_to_the_dot_decides_and_the_connection_goes_on(reply, verdict):
    with scripted(dot=[reply, b"250 ok\r\n"]) as server:
        first, second = sent(server, envelope(), envelope())
    assert first == Outcome(verdict, Phase.REPLIED, reply.decode().strip())
    assert second.verdict is Verdict.SENT
    assert len(server.dialogues) == 1


def test_a_server_that_goes_with_its_last_reply_is_dialled_anew():
    with scripted(dot=[b"421 4.3.2 going down\r\n", b"250 ok\r\n"]) as server:
        first, second = sent(server, envelope(), envelope())
    assert first == Outcome(Verdict.DEFERRED, Phase.REPLIED, "421 4.3.2 going down")
    assert second.verdict is Verdict.SENT
    assert len(server.dialogues) == 2


def test_a_connection_lost_after_the_dot_is_unknown_and_the_next_message_goes_out():
    with scripted(dot=[CLOSE, b"250 ok\r\n"]) as server:
        first, second = sent(server, envelope(), envelope())
    assert first == Outcome(*UNKNOWN, "no reply to the final dot: the server closed the connection")
    assert second.verdict is Verdict.SENT


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
    with scripted(MAIL=[b"250 ok\r\n", SILENCE]) as server, Smtp(settings(server), Clock()) as transport:
        patience = []
        transport.send(envelope())
        patience.append(transport._server.sock.gettimeout())
        transport.settings = settings(server, timeout=SHORT, final_timeout=60)
        transport._server.sock.settimeout(SHORT)
        assert stage(transport.send(envelope())) == DEFERRED
    assert patience == [5]


def test_a_server_that_says_no_goodbye_is_left_soon():
    with scripted(QUIT=SILENCE) as server:
        assert sent(server, timeout=SHORT).verdict is Verdict.SENT


# The connection


def test_starttls_with_a_certificate_of_our_own_authority(trusted):
    with mail_server(tls_context=trusted.context("127.0.0.1"), require_starttls=True) as server:
        assert sent(server, security="starttls", ca_file=trusted.ca_file).verdict is Verdict.SENT
    assert server.taken[0].tls


def test_tls_from_the_first_byte_with_a_login(trusted):
    with mail_server(
        ssl_context=trusted.context("127.0.0.1"), auth_required=True, auth_require_tls=False
    ) as server:
        login = {"username": USERNAME, "password": PASSWORD}
        assert sent(server, security="tls", ca_file=trusted.ca_file, **login).verdict is Verdict.SENT
    assert server.logins == [(USERNAME.encode(), PASSWORD.encode())]


def test_a_login_after_starttls(trusted):
    with mail_server(
        tls_context=trusted.context("127.0.0.1"), require_starttls=True, auth_required=True
    ) as server:
        login = {"username": USERNAME, "password": PASSWORD}
        assert sent(server, security="starttls", ca_file=trusted.ca_file, **login).verdict is Verdict.SENT
    assert server.logins == [(USERNAME.encode(), PASSWORD.encode())]


@pytest.mark.parametrize("echo", ["", " for correct horse", " AGFkYQBjb3JyZWN0IGhvcnNl", " Y29ycmVjdCBob3JzZQ=="])
def test_a_refused_login_defers_and_never_tells_the_password(trusted, echo):
    with mail_server(tls_context=trusted.context("127.0.0.1"), require_starttls=True) as server:
        server.login_reply = f"535 5.7.8 bad credentials{echo}"
        login = {"username": USERNAME, "password": PASSWORD}
        outcome = sent(server, security="starttls", ca_file=trusted.ca_file, **login)
    assert stage(outcome) == DEFERRED
    assert "the server refused the login: 535 5.7.8 bad credentials" in outcome.reply
    assert b64encode(PASSWORD.encode()).decode() not in outcome.reply
    assert PASSWORD not in outcome.reply
    assert echo.strip() == "" or "***" in outcome.reply
    assert server.taken == []


def test_an_empty_password_spoils_no_text(trusted):
    with mail_server(tls_context=trusted.context("127.0.0.1"), require_starttls=True) as server:
        server.login_reply = "535 no"
        outcome = sent(server, security="starttls", ca_file=trusted.ca_file, username=USERNAME)
    assert outcome.reply.endswith("the server refused the login: 535 no")


def test_a_password_that_is_not_ascii_is_named_but_not_told(trusted):
    with mail_server(tls_context=trusted.context("127.0.0.1"), require_starttls=True) as server:
        login = {"username": USERNAME, "password": "geheimnisträger"}
        outcome = sent(server, security="starttls", ca_file=trusted.ca_file, **login)
    assert stage(outcome) == DEFERRED
    assert "not ASCII" in outcome.reply
    assert "ä" not in outcome.reply


def test_settings_never_show_the_password():
    assert PASSWORD not in repr(Settings("localhost", 25, "tls", USERNAME, PASSWORD))


def test_a_server_without_login_defers(trusted):
    with mail_server(
        ssl_context=trusted.context("127.0.0.1"), auth_exclude_mechanism=["LOGIN", "PLAIN"]
    ) as server:
        login = {"username": USERNAME, "password": PASSWORD}
        outcome = sent(server, security="tls", ca_file=trusted.ca_file, **login)
    assert stage(outcome) == DEFERRED
    assert server.taken == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("fault", ["authority", "name"])
def test_a_certificate_that_cannot_be_trusted_defers_before_any_login(trusted, stranger, security, fault):
    context = (stranger if fault == "authority" else trusted).context(
        "127.0.0.1" if fault == "authority" else "elsewhere.example.org"
    )
    options = {"ssl_context": context} if security == "tls" else {"tls_context": context}
    with mail_server(**options) as server:
        login = {"username": USERNAME, "password": PASSWORD}
        outcome = sent(server, security=security, ca_file=trusted.ca_file, **login)
    assert stage(outcome) == DEFERRED
    assert "certificate cannot be trusted" in outcome.reply
    assert (server.logins, server.taken) == ([], [])


def test_without_starttls_nothing_is_sent_and_no_password():
    with scripted(EHLO=b"250-test\r\n250 AUTH PLAIN LOGIN CRAM-MD5\r\n") as server:
        outcome = sent(server, security="starttls", username=USERNAME, password=PASSWORD)
    assert stage(outcome) == DEFERRED
    assert "no STARTTLS" in outcome.reply
    for secret in (b"AUTH", PASSWORD.encode(), b64encode(PASSWORD.encode()), b"MAIL", b"Subject"):
        assert secret not in server.received


@pytest.mark.parametrize("reply", [b"454 4.7.0 not now\r\n", b"502 no\r\n"])
def test_a_refused_starttls_sends_nothing(reply):
    ehlo = b"250-test\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"
    with scripted(EHLO=ehlo, STARTTLS=reply) as server:
        outcome = sent(server, security="starttls", username=USERNAME, password=PASSWORD)
    assert stage(outcome) == DEFERRED
    assert set(server.verbs) <= {"EHLO", "STARTTLS"}


def test_no_login_is_tried_without_tls():
    with scripted(EHLO=b"250-test\r\n250 AUTH PLAIN\r\n") as server:
        assert sent(server, username=USERNAME, password=PASSWORD).verdict is Verdict.SENT
    assert "AUTH" not in server.verbs


def test_words_slipped_in_after_starttls_are_not_taken_for_the_servers(trusted):
    injected = b"220 go\r\n250-test\r\n250 AUTH PLAIN\r\n"
    with scripted(EHLO=b"250-test\r\n250 STARTTLS\r\n", STARTTLS=injected) as server:
        outcome = sent(server, security="starttls", ca_file=trusted.ca_file, username=USERNAME, password=PASSWORD)
    assert stage(outcome) == DEFERRED
    assert b"AUTH" not in server.received


def test_a_port_that_speaks_no_tls_is_told_in_words():
    with scripted() as server:
        outcome = sent(server, security="tls")
    assert stage(outcome) == DEFERRED
    assert "no TLS with it" in outcome.reply


def test_a_port_that_nobody_listens_on_defers():
    port = free_port()
    with Smtp(Settings("127.0.0.1", port, "none", timeout=5), Clock()) as transport:
        outcome = transport.send(envelope())
    assert outcome == Outcome(*DEFERRED, f"127.0.0.1:{port}: Connection refused")


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_a_silent_port_defers_in_the_given_time(security):
    with scripted(BANNER=SILENCE) as server:
        outcome = sent(server, security=security, timeout=SHORT)
    assert outcome == Outcome(*DEFERRED, f"127.0.0.1:{server.port}: no answer in time")


@pytest.mark.parametrize("host", ["a" * 70, "no such host", "a..b", ""])
def test_a_host_that_is_none_defers(host):
    with Smtp(Settings(host, free_port(), "none", timeout=SHORT), Clock()) as transport:
        assert stage(transport.send(envelope())) == DEFERRED


@pytest.mark.parametrize(
    ("banner", "words"),
    [
        (b"554 5.7.1 go away\r\n", "554 5.7.1 go away"),
        (b"421 4.3.2 busy\r\n", "421 4.3.2 busy"),
        (b"HTTP/1.1 400 Bad Request\r\n", "-1 /1.1 400 Bad Request"),
        (b"\x00\x01\x02\x03\xff\r\n", "-1 \N{REPLACEMENT CHARACTER}"),
        (CLOSE, "the server closed the connection"),
    ],
)
def test_a_server_that_does_not_greet_defers(banner, words):
    with scripted(BANNER=banner) as server:
        outcome = sent(server)
    assert outcome == Outcome(*DEFERRED, f"127.0.0.1:{server.port}: {words}")


@pytest.mark.parametrize("ehlo", [CLOSE, b"421 4.3.2 busy\r\n", b"504 5.5.2 need a full name\r\n", b"\xff\r\n"])
def test_a_server_that_refuses_our_name_defers(ehlo):
    with scripted(EHLO=ehlo) as server:
        assert stage(sent(server)) == DEFERRED


def test_an_old_server_without_extensions_is_good_enough():
    with scripted(EHLO=b"502 what\r\n", HELO=b"250 hello\r\n") as server:
        assert sent(server).verdict is Verdict.SENT


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_certificate_file_that_cannot_be_read_is_named(tmp_path, content):
    path = tmp_path / "authority.pem"
    if content:
        path.write_text(content)
    with scripted(EHLO=b"250-test\r\n250 STARTTLS\r\n", STARTTLS=b"220 go\r\n") as server:
        outcome = sent(server, security="starttls", ca_file=path)
    assert stage(outcome) == DEFERRED
    assert str(path) in outcome.reply


def test_a_server_that_is_down_is_left_alone_for_a_while_and_then_dialled(clock):
    with scripted(BANNER=[b"554 no\r\n", b"220 yes\r\n"]) as server, Smtp(settings(server), clock) as transport:
        first = transport.send(envelope())
        for _ in range(3):
            clock.seconds += DOWN_SECONDS / 3 - 1
            assert transport.send(envelope()) == first
        assert len(server.dialogues) == 1
        clock.seconds += 3
        assert transport.send(envelope()).verdict is Verdict.SENT


def test_a_server_that_went_down_between_messages_defers(clock):
    with Smtp(Settings("127.0.0.1", free_port(), "none", timeout=5), clock) as transport:
        with socket.create_server(("127.0.0.1", transport.settings.port)):
            pass
        assert stage(transport.send(envelope())) == DEFERRED
