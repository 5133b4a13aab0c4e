"""The doctor opens the public URL as a reader's browser would."""

import json
from datetime import timedelta

import httpx
import pytest
from doctor_patient import NOW, line, patient
from mail_servers import free_port, trust
from replay import Reply

from newsletter.doctor import public

ALIVE = json.dumps({"status": "ok", "name": "paper-newsletter", "version": "1"}).encode()


def examined(folder, url, **options):
    return line(public.check(patient(folder, url=url, **options)))


@pytest.fixture
def secured(server, tmp_path, monkeypatch):
    """The same server over TLS, with a certificate that this process trusts."""
    authority = trust(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    server._server.socket = authority.context("localhost").wrap_socket(server._server.socket, server_side=True)
    return server


def test_our_own_answer_over_https_passes_with_the_days_of_its_certificate(secured, tmp_path):
    secured.script("/papers/healthz", ALIVE)

    said = examined(tmp_path, f"https://localhost:{secured.port}/papers")

    assert said.startswith(f"ok url: https://localhost:{secured.port}/papers/healthz answers; certificate for ")


def test_a_certificate_that_is_not_trusted_fails(secured, tmp_path, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")

    said = examined(tmp_path, f"https://localhost:{secured.port}")

    assert said.startswith("fail url: ")
    assert "renew its certificate" in said


@pytest.mark.parametrize(("days", "level"), [(3, "warn"), (40, "ok")])
def test_a_certificate_that_ends_soon_is_a_warning(days, level):
    answer = httpx.Response(200, content=ALIVE)

    found = public.understood("https://papers.test/healthz", answer, NOW + timedelta(days=days), NOW)

    assert (found.level, f"certificate for {days} more days" in found.words) == (level, True)


def test_without_https_the_whole_world_could_read_links():
    found = public.understood("http://papers.test/healthz", httpx.Response(200, content=ALIVE), None, NOW)

    assert (found.level, "without HTTPS" in found.words) == ("fail", True)


def test_on_this_machine_alone_plain_http_is_a_note(server, tmp_path):
    server.script("/healthz", ALIVE)

    said = examined(tmp_path, server.url())

    assert said == f"note url: {server.url('/healthz')} answers; it is for this machine alone: "


def test_another_program_there_fails(server, tmp_path):
    server.script("/healthz", b"welcome to nginx")

    said = examined(tmp_path, server.url())

    assert said.startswith(f"fail url: {server.url('/healthz')} answers HTTP 200, and not as this program does: ")


def test_a_redirect_is_a_warning_with_the_address(server, tmp_path):
    server.script("/healthz", Reply(b"", 301, {"Location": "https://papers.test/healthz"}))

    said = examined(tmp_path, server.url())

    assert said.startswith(f"warn url: {server.url('/healthz')} leads on to https://papers.test/healthz: ")


def test_nobody_there_fails_and_on_this_machine_only_warns(tmp_path):
    nobody = f"http://127.0.0.1:{free_port()}"

    assert examined(tmp_path, nobody).startswith(f"warn url: {nobody}/healthz cannot be reached: ")
    assert examined(tmp_path, "https://papers.invalid").startswith("fail url: ")


def test_offline_nothing_is_opened(server, tmp_path):
    assert "not asked" in examined(tmp_path, server.url(), offline=True)
    assert server.asked == []
