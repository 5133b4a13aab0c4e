"""The doctor talks to real mail servers as far as the login, and mails nothing."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from doctor_patient import line, patient
from mail_servers import PASSWORD, USERNAME, free_port, mail_server, scripted, trust

from newsletter.doctor import mailer
from newsletter.doctor.running import Check, run

LOGIN = f'username = "{USERNAME}"\npassword = "{PASSWORD}"\n'


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return trust(tmp_path_factory.mktemp("authority"))


def examined(folder, port, more="", host="127.0.0.1", **options):
    """What the doctor says of the server at this port, secrets taken out."""
    text = f'[delivery]\ntransport = "smtp"\n[smtp]\nhost = "{host}"\nport = {port}\n{more}'
    return line(run(patient(folder, text, **options), [Check("smtp", mailer.check)]))


def trusting(authority, more=""):
    return f'ca_file = "{authority.ca_file}"\n{more}'


def test_a_good_server_passes_with_its_extensions_and_the_days_of_its_certificate(tmp_path, authority):
    context = authority.context("127.0.0.1")
    now = datetime.now(UTC)
    with mail_server(tls_context=context, require_starttls=True, auth_required=True) as server:
        said = examined(tmp_path, server.port, trusting(authority, LOGIN), now=now)

    assert said.startswith(f"ok smtp: 127.0.0.1:{server.port} (STARTTLS, verified; logged in as ada) offers ")
    assert "8BITMIME, SIZE 33554432, SMTPUTF8; certificate for " in said
    assert (server.taken, len(server.logins)) == ([], 1)


def test_implicit_tls_and_no_login_pass_too(tmp_path, authority):
    with mail_server(ssl_context=authority.context("127.0.0.1")) as server:
        said = examined(tmp_path, server.port, trusting(authority, 'security = "tls"\n'), now=datetime.now(UTC))

    assert said.startswith(f"ok smtp: 127.0.0.1:{server.port} (TLS, verified; no login) offers ")


def test_a_certificate_that_ends_soon_is_a_warning(tmp_path, authority):
    context = authority.context("127.0.0.1")
    with mail_server(tls_context=context, require_starttls=True) as server:
        certificate_ends = ends(tmp_path, authority, server)
        said = examined(tmp_path, server.port, trusting(authority), now=certificate_ends - timedelta(days=3))

    assert said.startswith("warn smtp: ")
    assert "certificate for 3 more days: its certificate ends soon" in said


def ends(folder, authority, server):
    """When the certificate of this server ends, as the doctor reads it."""
    text = f'[smtp]\nhost = "127.0.0.1"\nport = {server.port}\n{trusting(authority)}'
    (settings,) = mailer.wiring.relay_settings(patient(folder, f'[delivery]\ntransport = "smtp"\n{text}').config)
    opened = mailer.open_server(settings, "papers@papers.test")
    found = mailer._expires(opened)
    opened.close()
    return found


def test_a_certificate_of_strangers_fails(tmp_path, authority):
    with mail_server(tls_context=authority.context("127.0.0.1"), require_starttls=True) as server:
        said = examined(tmp_path, server.port)

    assert said.startswith(f"fail smtp: 127.0.0.1:{server.port}: its certificate cannot be trusted: ")
    assert said.endswith("or name your own authority in smtp.ca_file")


def test_a_certificate_for_another_name_fails(tmp_path, authority):
    with mail_server(tls_context=authority.context("mail.papers.test"), require_starttls=True) as server:
        said = examined(tmp_path, server.port, trusting(authority))

    assert "its certificate cannot be trusted: " in said


def test_a_server_without_starttls_fails(tmp_path):
    with mail_server() as server:
        said = examined(tmp_path, server.port)

    assert "the server offers no STARTTLS" in said
    assert said.endswith("587 with starttls, 465 with tls")


def test_a_wrong_password_fails_and_is_never_shown(tmp_path, authority):
    wrong = LOGIN.replace(PASSWORD, "a wrong one")
    with mail_server(tls_context=authority.context("127.0.0.1"), require_starttls=True) as server:
        server.login_reply = "535 5.7.8 no user ada with a wrong one here"
        said = examined(tmp_path, server.port, trusting(authority, wrong))

    assert said.startswith(f"fail smtp: 127.0.0.1:{server.port}: the server refused the login: ")
    assert "a wrong one" not in said
    assert "smtp.password" in said


def test_a_port_where_nobody_listens_fails(tmp_path):
    port = free_port()

    said = examined(tmp_path, port)

    assert said.startswith(f"fail smtp: 127.0.0.1:{port}: Connection refused: check smtp.port")


def test_a_server_that_says_nothing_fails_within_the_patience(tmp_path):
    with scripted(BANNER=[b""]) as server:
        said = examined(tmp_path, server.port, patience=0.1)

    assert said.startswith(f"fail smtp: 127.0.0.1:{server.port}: no answer in time: check smtp.host and smtp.port")


def test_a_host_that_nobody_knows_fails(tmp_path):
    assert "mend smtp.host: the name is not known" in examined(tmp_path, 25, host="no.such.host.invalid")


def test_a_small_limit_is_a_warning(tmp_path):
    with scripted(EHLO=b"250-test\r\n250 SIZE 100000\r\n") as server:
        said = examined(tmp_path, server.port, 'security = "none"\n')

    assert said.startswith("warn smtp: ")
    assert "offers SIZE 100000: it takes mails of 100,000 bytes alone: ask for more" in said


def test_a_server_without_extensions_that_leaves_without_a_word_passes(tmp_path):
    with scripted(EHLO=b"250 test\r\n", QUIT=b"") as server:
        said = examined(tmp_path, server.port, 'security = "none"\n', patience=0.1)

    assert said.endswith("(no TLS, on this machine; no login) offers no extension: ")


def test_a_missing_password_and_offline_ask_nobody(tmp_path):
    missing = examined(tmp_path, 25, f'username = "{USERNAME}"\n')

    assert missing.startswith("fail smtp: smtp.password: is missing beside smtp.username")
    assert examined(tmp_path, 25, offline=True) == "note smtp: 127.0.0.1:25 not asked, for --offline: "


def test_a_folder_is_a_note_that_no_mail_reaches_a_reader(tmp_path):
    said = line(mailer.check(patient(tmp_path)))

    assert said.startswith(f"note outbox: mails become files in {tmp_path / 'outbox'}: none goes to a reader: ")
    assert not (tmp_path / "outbox").exists()


def test_a_folder_that_cannot_be_written_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everywhere

    assert line(mailer.check(patient(tmp_path))).startswith("fail outbox: ")
