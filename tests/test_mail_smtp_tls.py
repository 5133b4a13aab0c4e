"""SMTP over TLS: pipelined all the same, and large messages to servers that read slowly or not at all."""

import pytest
from mail_feeds import drained, messages, numbered
from mail_servers import GOING_AWAY, PASSWORD, USERNAME, Clock, mail_server, settings, trust
from mail_states import PIPELINING, STUCK, bad, stateful

from newsletter.mail import Outcome, Phase, Verdict
from newsletter.mail.smtp import Smtp

LINE = b"a line of a long message, and nothing more\r\n"
LARGE = LINE * (2 * 1024 * 1024 // len(LINE))
SECURITY = pytest.mark.parametrize("security", ["none", "starttls", "tls"])
SHORT = 0.5


@pytest.fixture(scope="module")
def trusted(tmp_path_factory):
    return trust(tmp_path_factory.mktemp("ours"))


def secured(trusted, security, replies=None, **more):
    """A server of that kind."""
    upgrade = {"STARTTLS": b"220 go\r\n"} if security == "starttls" else {}
    ehlo = PIPELINING.replace(b"250 8", b"250-STARTTLS\r\n250 8") if upgrade else PIPELINING
    context = None if security == "none" else trusted.context("127.0.0.1")
    return stateful({"EHLO": ehlo} | upgrade | (replies or {}), context=context, **more)


def through(server, trusted, security, waiting, **more):
    ours = settings(server, security=security, ca_file=trusted.ca_file, **more)
    with Smtp(ours, Clock()) as transport:
        return drained(transport, waiting)


@SECURITY
@pytest.mark.parametrize("way", ["together", "byte by byte"])
def test_pipelining_works_whatever_secures_the_line(trusted, security, way):
    with secured(trusted, security, way=way, total=5) as server:
        feed = through(server, trusted, security, 5)

    assert feed.verdicts == ["sent"] * 5
    assert len(server.dialogues) == 1


@SECURITY
def test_a_large_body_arrives_whole_at_a_slow_reader(trusted, security):
    waiting = messages(3, LARGE)
    with secured(trusted, security) as server:
        feed = through(server, trusted, security, waiting.copy(), timeout=30)

    assert feed.verdicts == ["sent"] * 3
    assert [content for _, content in server.accepted] == [each.envelope.content for each in waiting]


@SECURITY
def test_a_server_that_reads_no_further_has_surely_not_taken_the_message(trusted, security):
    with secured(trusted, security, {"DATA": STUCK}) as server:
        feed = through(server, trusted, security, [numbered(1, LARGE * 10)], timeout=SHORT)

    assert feed.told[1] == Outcome(Verdict.DEFERRED, Phase.BEFORE_DOT, "connection lost: no answer in time")


@SECURITY
def test_a_server_that_goes_within_a_body_has_surely_not_taken_it(trusted, security):
    with secured(trusted, security, bad("DATA", GOING_AWAY)) as server:
        feed = through(server, trusted, security, messages(3, LARGE * 10), timeout=30)

    assert feed.verdicts == ["sent", "deferred", "sent"]
    assert feed.told[2].phase is Phase.BEFORE_DOT
    assert feed.told[2].reply.startswith("connection lost: ")
    assert len(server.accepted) == 2


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_whole_server_takes_what_is_pipelined_after_a_login(trusted, security):
    context = trusted.context("127.0.0.1")
    options = {"ssl_context": context} if security == "tls" else {"tls_context": context, "require_starttls": True}
    login = {"username": USERNAME, "password": PASSWORD}
    with mail_server(auth_require_tls=security == "starttls", **options) as server:
        feed = through(server, trusted, security, 4, **login)

    assert feed.verdicts == ["sent"] * 4
    assert server.logins == [(USERNAME.encode(), PASSWORD.encode())]
    assert [taken.recipient for taken in server.taken] == [f"reader{n}@example.org" for n in (1, 2, 3, 4)]
