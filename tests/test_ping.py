"""The dead man's switch: when the monitor is asked, where a failure is told; it never stops the clock."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from structlog.testing import capture_logs

from newsletter import ping

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
UUID = "d1665499-e827-441f-bf13-8f15e8f4c0b9"
HOSTED = f"https://hc-ping.com/{UUID}"


class Get:
    """Answers as it was told, and keeps what it was asked."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def __call__(self, url, *, timeout):
        self.asked.append((url, timeout))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer)


def test_a_monitor_that_answers_is_content():
    get = Get(200)

    assert ping.ping(HOSTED, get) == ""
    assert get.asked == [(HOSTED, 10.0)]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (404, "it answered 404"),
        (302, "it answered 302"),
        (httpx.ReadTimeout("slow"), "no answer within 10 s"),
        (httpx.ConnectError(f"refused {HOSTED}"), "ConnectError"),
        (httpx.InvalidURL(HOSTED), "InvalidURL"),
        (RuntimeError(HOSTED), "RuntimeError"),
    ],
)
def test_what_went_wrong_is_told_without_the_secret_address(answer, why):
    assert ping.ping(HOSTED, Get(answer)) == why


def test_a_real_server_is_asked(server):
    url = server.script("/ping/key/papers", b"OK")

    assert ping.ping(url, httpx.get) == ""
    assert ping.ping(server.url("/nothing"), httpx.get) == "it answered 404"


@pytest.mark.parametrize(
    ("url", "failing"),
    [
        (HOSTED, f"{HOSTED}/fail"),
        (f"{HOSTED}/", f"{HOSTED}/fail"),
        (f"{HOSTED}?rid=1", f"{HOSTED}/fail?rid=1"),
        (
            "https://hc-ping.com/fqOOd6-F4MMNuCEnzTU01w/papers",
            "https://hc-ping.com/fqOOd6-F4MMNuCEnzTU01w/papers/fail",
        ),
        (f"https://checks.example.org/ping/{UUID}", f"https://checks.example.org/ping/{UUID}/fail"),
        ("https://checks.example.org/ping/key/papers", "https://checks.example.org/ping/key/papers/fail"),
        ("https://kuma.example.org/api/push/abc?status=up", ""),
        ("https://nosnch.in/c2354d53d2", ""),
        ("https://hc-ping.com/", ""),
    ],
)
def test_a_failure_is_told_where_the_monitor_knows_failures(url, failing):
    assert ping.failing(url) == failing


@pytest.mark.parametrize(
    ("url", "last", "well", "asked"),
    [
        ("", None, True, ""),
        (HOSTED, None, True, HOSTED),
        (HOSTED, NOW - ping.EVERY + SECOND, True, ""),
        (HOSTED, NOW - ping.EVERY, True, HOSTED),
        (HOSTED, NOW + SECOND, True, HOSTED),  # the clock was set back
        (HOSTED, None, False, f"{HOSTED}/fail"),
        (HOSTED, NOW - SECOND, False, ""),
        ("https://nosnch.in/c2354d53d2", None, False, ""),
    ],
)
def test_the_monitor_is_asked_every_five_minutes_and_hears_of_faults(url, last, well, asked):
    assert ping.target(url, last, NOW, well=well) == asked


def test_an_hour_of_ticks_is_twelve_pings():
    get = Get()
    monitor = ping.Monitor(HOSTED, get)

    for number in range(120):
        monitor.tick(NOW + number * 30 * SECOND, well=True)

    assert len(get.asked) == 12


def test_a_failure_is_logged_once_and_its_end_once():
    get = Get(503, 503, httpx.ConnectError("refused"), 200, 200)
    monitor = ping.Monitor(HOSTED, get)

    with capture_logs() as logs:
        for number in range(5):
            monitor.tick(NOW + number * ping.EVERY, well=True)

    assert [(line["log_level"], line.get("reason"), line["host"]) for line in logs] == [
        ("warning", "it answered 503", "hc-ping.com"),
        ("warning", "ConnectError", "hc-ping.com"),
        ("info", None, "hc-ping.com"),
    ]
    assert UUID not in str(logs)


def test_without_an_address_nobody_is_asked():
    get = Get()

    ping.Monitor("", get).tick(NOW, well=True)

    assert get.asked == []
