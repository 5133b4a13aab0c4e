"""How requests are paced: per family of hosts, and as upstreams wish."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from replay import Clock, Reply

from newsletter.errors import SourceRefused, SourceUnavailable
from newsletter.sources.limiter import LOOPBACK, Limiter, family_of, pause_of
from newsletter.sources.waits import wanted_pause


def test_arxiv_hosts_share_one_queue_of_three_seconds():
    clock = Clock()
    limiter = Limiter(clock, clock.sleep)
    for host in ("rss.arxiv.org", "export.arxiv.org", "OAIPMH.arxiv.org.", "arxiv.org"):
        with limiter.turn(family_of(host)):
            pass
    assert clock.sleeps == [3.0, 3.0, 3.0]


def test_pauses_differ_by_family():
    assert pause_of(family_of("api.biorxiv.org")) == 1.0
    assert pause_of(family_of("journal.example")) == 1.0
    assert [pause_of(family_of(host)) for host in ("127.0.0.1", "[::1]", "localhost", "a.localhost")] == [0.0] * 4
    assert family_of("127.0.0.1").startswith(LOOPBACK)


def test_a_loopback_server_can_stand_for_a_family(server, fetcher, clock):
    url = server.script("/", b"ok")
    for _ in range(3):
        fetcher.get(url, family="arxiv")
    assert clock.sleeps == [3.0, 3.0]


def test_after_a_403_arxiv_is_left_alone_for_an_hour(server, fetcher):
    url = server.script("/", Reply(status=403))
    with pytest.raises(SourceRefused):
        fetcher.get(url, family="arxiv")
    with pytest.raises(SourceUnavailable, match="stay away for 3600") as caught:
        fetcher.get(url, family="arxiv")
    assert caught.value.after == 3600
    assert len(server.asked) == 1


def test_a_family_has_one_connection_at_a_time():
    clock = Clock()
    limiter = Limiter(clock, clock.sleep)
    inside, most, lock = 0, 0, threading.Lock()

    def ask():
        nonlocal inside, most
        with limiter.turn("journal.example"):
            with lock:
                inside += 1
                most = max(most, inside)
            threading.Event().wait(0.001)
            with lock:
                inside -= 1

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, len(clock.sleeps)) == (1, 7)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0.0),
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": "Tue, 03 Mar 2026 05:01:00 GMT", "date": "Tue, 03 Mar 2026 05:00:00 GMT"}, 60.0),
        ({"retry-after": "Tue, 03 Mar 2026 04:00:00 -0000", "date": "Tue, 03 Mar 2026 05:00:00 GMT"}, 0.0),
        ({"retry-after": "Tue, 03 Mar 2026 05:01:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, 0.0),
        ({"ratelimit": '"api";r=0;t=30'}, 30.0),
        ({"ratelimit": '"api";r=12;t=30'}, 0.0),
        ({"x-rate-limit-limit": "5", "x-rate-limit-interval": "1s"}, 0.2),
        ({"x-rate-limit-limit": "0", "x-rate-limit-interval": "1s"}, 0.0),
    ],
)
def test_the_wanted_pause_is_read_from_any_of_three_headers(headers, seconds):
    assert wanted_pause(headers) == seconds


@given(
    st.dictionaries(
        st.sampled_from(["retry-after", "date", "ratelimit", "x-rate-limit-limit", "x-rate-limit-interval"]),
        st.text(),
    )
)
def test_no_header_value_breaks_the_reader_of_pauses(headers):
    assert wanted_pause(headers) >= 0
