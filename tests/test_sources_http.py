"""What the fetcher does with slow, broken, hostile and merely busy servers."""

import gzip
import socket
import zlib

import pytest
from replay import Clock, Reply, fetcher_for

from newsletter.errors import ConfigError, SourceRefused, SourceUnavailable
from newsletter.sources import SourceSettings, load
from newsletter.sources.http import Fetcher, Validators, with_path
from newsletter.sources.limiter import Limiter


def test_an_answer_carries_body_validators_and_charset(server, fetcher):
    headers = {
        "ETag": 'W/"a-1"',
        "Last-Modified": "Tue, 03 Mar 2026 05:00:00 GMT",
        "Content-Type": "a/b; charset=latin1",
    }
    url = server.script("/feed", Reply(b"hello", headers=headers))
    answer = fetcher.get(url, params={"date": "2026-03-03", "a b": "+"})
    assert (answer.status, answer.body, answer.charset, answer.not_modified) == (200, b"hello", "latin1", False)
    assert answer.validators == Validators('W/"a-1"', "Tue, 03 Mar 2026 05:00:00 GMT")
    assert server.asked[0].query == {"date": "2026-03-03", "a b": "+"}
    assert server.asked[0].headers["user-agent"] == "paper-newsletter/0 (tests)"
    assert server.asked[0].headers["accept-encoding"] == "gzip"
    assert "if-none-match" not in server.asked[0].headers


def test_validators_travel_back_verbatim_and_304_is_an_answer(server, fetcher):
    url = server.script("/feed", Reply(status=304))
    answer = fetcher.get(url, validators=Validators('W/"ü"', "yesterday"))
    assert answer.not_modified
    assert server.asked[0].headers["if-none-match"] == 'W/"ü"'
    assert server.asked[0].headers["if-modified-since"] == "yesterday"


def test_validators_of_another_url_are_not_used():
    memory = Validators("e", "m").remember("https://one.example/")
    assert Validators.recall(memory, "https://one.example/") == Validators("e", "m")
    assert Validators.recall(memory, "https://two.example/") == Validators()


def test_a_user_agent_of_any_language_can_be_sent(server, clock):
    url = server.script("/", b"ok")
    with Fetcher("Zürich\nletters/1", clock.sleep, clock, Limiter(clock, clock.sleep)) as fetcher:
        fetcher.get(url)
    assert server.asked[0].headers["user-agent"] == "Zrich letters/1"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again_with_growing_pauses(server, fetcher, clock, status):
    url = server.script("/", Reply(status=status), Reply(status=status), b"at last")
    assert fetcher.get(url).body == b"at last"
    assert clock.sleeps == [1.5, 3.0]


def test_tries_are_bounded(server, fetcher, clock):
    url = server.script("/", Reply(status=502))
    with pytest.raises(SourceUnavailable, match=r"is in trouble \(HTTP 502\)"):
        fetcher.get(url)
    assert len(server.asked) == 4


def test_retry_after_is_obeyed(server, fetcher, clock):
    url = server.script("/", Reply(status=429, headers={"Retry-After": "17"}), b"ok")
    assert fetcher.get(url).body == b"ok"
    assert clock.sleeps == [17.0]


def test_a_long_wish_is_passed_on_and_not_slept(server, fetcher, clock):
    url = server.script("/", Reply(status=503, headers={"Retry-After": "3600"}))
    with pytest.raises(SourceUnavailable, match="to wait 3600 seconds") as caught:
        fetcher.get(url)
    assert caught.value.after == 3600
    assert (clock.sleeps, len(server.asked)) == ([], 1)
    with pytest.raises(SourceUnavailable, match="asked us to stay away for 3600 more seconds"):
        fetcher.get(server.url("/other"))
    assert len(server.asked) == 1


def test_an_exhausted_window_is_waited_for_before_the_next_request(server, fetcher, clock):
    url = server.script("/", Reply(b"last", headers={"RateLimit": '"api";r=0;t=42'}), b"next")
    assert (fetcher.get(url).body, fetcher.get(url).body) == (b"last", b"next")
    assert clock.sleeps == [42.0]


def test_the_deadline_bounds_all_tries_together(server, clock):
    url = server.script("/", Reply(status=503, headers={"Retry-After": "50"}))
    with fetcher_for(clock, deadline=70.0) as fetcher, pytest.raises(SourceUnavailable):
        fetcher.get(url)
    assert clock.sleeps == [50.0]


def test_a_trickling_answer_is_given_up(server):
    url = server.script("/", Reply(b"x" * 2_000_000))
    with fetcher_for(Clock(step=10.0)) as fetcher, pytest.raises(SourceUnavailable, match="too slowly"):
        fetcher.get(url)


def test_a_server_that_never_answers_is_unavailable(clock):
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        fetcher_for(clock, timeout=0.05) as fetcher,
        pytest.raises(SourceUnavailable, match="did not answer in time"),
    ):
        fetcher.get(f"http://127.0.0.1:{silent.getsockname()[1]}/")
    assert len(clock.sleeps) == 3


def test_a_closed_port_is_unavailable(fetcher):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(SourceUnavailable, match="could not be reached"):
        fetcher.get(f"http://127.0.0.1:{port}/")


def test_an_answer_cut_short_is_asked_for_again(server, fetcher):
    url = server.script("/", Reply(b"half", missing=4, headers={"Connection": "close"}), b"complete")
    assert fetcher.get(url).body == b"complete"


def test_gzip_cut_short_is_asked_for_again(server, fetcher):
    whole = gzip.compress(b"complete")
    packed = {"Content-Encoding": "gzip"}
    url = server.script("/", Reply(whole[:-9], headers=packed), Reply(whole, headers=packed))
    assert fetcher.get(url).body == b"complete"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "HTTP 404, no such page: check sources.x.url"),
        (403, "does not let us in"),
        (410, "gone for good: remove this source"),
        (418, "not what we asked for"),
        (302, "HTTP 302"),
    ],
)
def test_refusals_are_said_in_plain_words_and_not_repeated(server, fetcher, status, words):
    url = server.script("/secret", Reply(status=status))
    with pytest.raises(SourceRefused, match=words) as caught:
        fetcher.get(url + "?key=hush", setting="sources.x.url")
    assert "hush" not in str(caught.value)
    assert len(server.asked) == 1


def test_a_status_that_the_caller_wants_to_read_is_an_answer(server, fetcher):
    url = server.script("/", Reply(b"why", status=400))
    assert fetcher.get(url, also=(400,)).body == b"why"


@pytest.mark.parametrize("url", ["ftp://a.example/", "http://", "nonsense", "http://[::1", "https://a.example:x/"])
def test_what_is_no_web_address_is_refused(fetcher, url):
    with pytest.raises(SourceRefused, match="is not a web address"):
        fetcher.get(url)


def test_fifty_megabytes_are_not_read_to_the_end(server, fetcher):
    url = server.script("/", Reply(b"x" * 50_000_000))
    with pytest.raises(SourceRefused, match="larger than the 1 MB allowed: raise max_megabytes"):
        fetcher.get(url, max_bytes=1_000_000)


def test_a_gzip_bomb_is_refused(server, fetcher):
    bomb = gzip.compress(b"\0" * 60_000_000)
    url = server.script("/", Reply(bomb, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(SourceRefused, match="larger than the 1 MB allowed"):
        fetcher.get(url, max_bytes=1_000_000)


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd"])
def test_a_packing_that_we_did_not_ask_for_is_refused(server, fetcher, encoding):
    url = server.script("/", Reply(b"x", headers={"Content-Encoding": encoding}))
    with pytest.raises(SourceRefused, match="did not ask for"):
        fetcher.get(url)


def test_packed_answers_are_unpacked(server, fetcher):
    gz = server.script(
        "/gz", Reply(gzip.compress(b"a" * 9) + gzip.compress(b"b"), headers={"Content-Encoding": "x-gzip"})
    )
    deflated = server.script("/deflate", Reply(zlib.compress(b"c"), headers={"Content-Encoding": "deflate"}))
    assert (fetcher.get(gz).body, fetcher.get(deflated).body) == (b"a" * 9 + b"b", b"c")


def test_a_path_is_added_only_where_there_is_none():
    assert with_path("http://127.0.0.1:1", "/api/query") == "http://127.0.0.1:1/api/query"
    assert with_path("http://a.example/?k=1", "/p") == "http://a.example/p?k=1"
    assert with_path("http://a.example/x", "/p") == "http://a.example/x"
    assert with_path("http://[::1", "/p") == "http://[::1"


def test_an_unknown_kind_is_named_with_the_known_ones():
    with pytest.raises(ConfigError, match="use one of arxiv, biorxiv, feed, file, huggingface, medrxiv"):
        load(SourceSettings("x", "carrier-pigeon"))
