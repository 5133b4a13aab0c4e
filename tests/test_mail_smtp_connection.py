"""SMTP connections with real servers: greeting, TLS, login; what is wrong with them, and what is never told."""

from base64 import b64encode

import pytest
from mail_servers import (
    CLOSE,
    PASSWORD,
    SILENCE,
    UNREACHED,
    USERNAME,
    Clock,
    envelope,
    free_port,
    mail_server,
    scripted,
    sent,
    settings,
    stage,
    trust,
)

from newsletter.mail import Blame, Outcome, Verdict
from newsletter.mail.relays import DOWN_SECONDS
from newsletter.mail.smtp import Settings, Smtp

SHORT = 0.5


@pytest.fixture(scope="module")
def trusted(tmp_path_factory):
    return trust(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return trust(tmp_path_factory.mktemp("strangers"))


@pytest.fixture
def clock():
    return Clock()


def test_starttls_with_a_certificate_of_our_own_authority(trusted):
    with mail_server(tls_context=trusted.context("127.0.0.1"), require_starttls=True) as server:
        assert sent(server, security="starttls", ca_file=trusted.ca_file).verdict is Verdict.SENT
    assert server.taken[0].tls


def test_tls_from_the_first_byte_with_a_login(trusted):
    with mail_server(ssl_context=trusted.context("127.0.0.1"), auth_require_tls=False) as server:
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
    assert stage(outcome) == UNREACHED
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
    assert stage(outcome) == UNREACHED
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
    assert stage(outcome) == UNREACHED
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
    assert stage(outcome) == UNREACHED
    assert "certificate cannot be trusted" in outcome.reply
    assert (server.logins, server.taken) == ([], [])


def test_without_starttls_nothing_is_sent_and_no_password():
    with scripted(EHLO=b"250-test\r\n250 AUTH PLAIN LOGIN CRAM-MD5\r\n") as server:
        outcome = sent(server, security="starttls", username=USERNAME, password=PASSWORD)
    assert stage(outcome) == UNREACHED
    assert "no STARTTLS" in outcome.reply
    for secret in (b"AUTH", PASSWORD.encode(), b64encode(PASSWORD.encode()), b"MAIL", b"Subject"):
        assert secret not in server.received


@pytest.mark.parametrize("reply", [b"454 4.7.0 not now\r\n", b"502 no\r\n"])
def test_a_refused_starttls_sends_nothing(reply):
    ehlo = b"250-test\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"
    with scripted(EHLO=ehlo, STARTTLS=reply) as server:
        outcome = sent(server, security="starttls", username=USERNAME, password=PASSWORD)
    assert stage(outcome) == UNREACHED
    assert set(server.verbs) <= {"EHLO", "STARTTLS"}


def test_no_login_is_tried_without_tls():
    with scripted(EHLO=b"250-test\r\n250 AUTH PLAIN\r\n") as server:
        assert sent(server, username=USERNAME, password=PASSWORD).verdict is Verdict.SENT
    assert "AUTH" not in server.verbs


def test_words_slipped_in_after_starttls_are_not_taken_for_the_servers(trusted):
    injected = b"220 go\r\n250-test\r\n250 AUTH PLAIN\r\n"
    with scripted(EHLO=b"250-test\r\n250 STARTTLS\r\n", STARTTLS=injected) as server:
        outcome = sent(server, security="starttls", ca_file=trusted.ca_file, username=USERNAME, password=PASSWORD)
    assert stage(outcome) == UNREACHED
    assert b"AUTH" not in server.received


def test_a_port_that_speaks_no_tls_is_told_in_words():
    with scripted() as server:
        outcome = sent(server, security="tls")
    assert stage(outcome) == UNREACHED
    assert "no TLS with it" in outcome.reply


def test_a_port_that_nobody_listens_on_defers():
    port = free_port()
    with Smtp(Settings("127.0.0.1", port, "none", timeout=5), Clock()) as transport:
        outcome = transport.send(envelope())
    assert outcome == Outcome(*UNREACHED, f"127.0.0.1:{port}: Connection refused", Blame.RELAY)


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_a_silent_port_defers_in_the_given_time(security):
    with scripted(BANNER=SILENCE) as server:
        outcome = sent(server, security=security, timeout=SHORT)
    assert outcome == Outcome(*UNREACHED, f"127.0.0.1:{server.port}: no answer in time", Blame.RELAY)


@pytest.mark.parametrize("host", ["a" * 70, "no such host", "a..b", ""])
def test_a_host_that_is_none_defers(host):
    with Smtp(Settings(host, free_port(), "none", timeout=SHORT), Clock()) as transport:
        assert stage(transport.send(envelope())) == UNREACHED


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
    assert outcome == Outcome(*UNREACHED, f"127.0.0.1:{server.port}: {words}", Blame.RELAY)


@pytest.mark.parametrize("ehlo", [CLOSE, b"421 4.3.2 busy\r\n", b"504 5.5.2 need a full name\r\n", b"\xff\r\n"])
def test_a_server_that_refuses_our_name_defers(ehlo):
    with scripted(EHLO=ehlo) as server:
        assert stage(sent(server)) == UNREACHED


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
    assert stage(outcome) == UNREACHED
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
