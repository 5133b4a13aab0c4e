"""Where redirects may lead, and where not."""

import socket

import pytest
from replay import Clock, Replay, Reply, fetcher_for

from newsletter.errors import SourceRefused, SourceUnavailable
from newsletter.sources.redirects import is_public, next_hop, shown


@pytest.fixture
def fetcher():
    with fetcher_for(Clock()) as one:
        yield one


def redirect(location, status=302):
    return Reply(status=status, headers={"Location": location})


def test_redirects_on_the_configured_host_are_followed(server, fetcher):
    server.script("/new/place", b"here")
    url = server.script("/old", redirect("new/place", 301))
    answer = fetcher.get(url)
    assert (answer.body, answer.url) == (b"here", server.url("/new/place"))


def test_more_than_five_redirects_are_refused(server, fetcher):
    url = server.script("/", redirect("/"))
    with pytest.raises(SourceRefused, match="redirects more than 5 times"):
        fetcher.get(url)
    assert len(server.asked) == 6


def test_a_redirect_into_the_own_network_is_refused(server, fetcher):
    with Replay() as inner:
        inner.script("/", b"secret")
        url = server.script("/", redirect(inner.url("/")))
        with pytest.raises(SourceRefused, match="private network"):
            fetcher.get(url)
        assert inner.asked == []


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("http://169.254.169.254/latest/meta-data", "private network"),
        ("http://10.0.0.1/", "private network"),
        ("http://[::1]:9/", "private network"),
        ("http://[::ffff:127.0.0.1]/", "private network"),
        ("http://localhost:1/", "private network"),
        ("file:///etc/passwd", "no plain web address"),
        ("https://user:word@93.184.215.14/", "no plain web address"),
        ("http://a.example:99999/", "broken address"),
    ],
)
def test_redirects_to_odd_places_are_refused(server, fetcher, location, words):
    url = server.script("/", redirect(location))
    with pytest.raises(SourceRefused, match=words):
        fetcher.get(url)


def test_a_redirect_that_is_no_url_at_all_is_a_fault_of_the_server(server, fetcher):
    url = server.script("/", redirect("http://[::1"))
    with pytest.raises(SourceUnavailable, match="Invalid URL in location header"):
        fetcher.get(url)


def test_https_never_falls_back_to_http():
    with pytest.raises(SourceRefused, match="from https to http"):
        next_hop("https://a.example/x", "http://a.example/y", "https://a.example/x")


def test_http_may_grow_into_https_on_its_host():
    assert next_hop("http://10.0.0.7/x", "https://10.0.0.7/y", "http://10.0.0.7/x") == "https://10.0.0.7/y"


def test_a_public_address_may_be_redirected_to():
    assert next_hop("http://10.0.0.7/", "https://93.184.215.14/y", "http://10.0.0.7/") == "https://93.184.215.14/y"


def test_a_name_that_nobody_knows_is_unavailable():
    with pytest.raises(SourceUnavailable, match="leads nowhere"):
        next_hop("http://10.0.0.7/", f"http://{'a' * 70}.invalid/", "http://10.0.0.7/")


def test_a_name_that_changes_its_address_after_the_check_is_refused(server, fetcher, monkeypatch):
    real = socket.getaddrinfo

    def changing(host, port, *args, **options):
        if host == "turncoat.example":
            # The check asks by keyword, the connection by position.
            host = "93.184.215.14" if "type" in options else "127.0.0.1"
        return real(host, port, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    with Replay() as inner:
        inner.script("/", b"secret")
        url = server.script("/", redirect(f"http://turncoat.example:{inner.port}/"))
        with pytest.raises(SourceRefused, match="private network"):
            fetcher.get(url)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07::1", True),
        ("127.0.0.1", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("2002:7f00:1::", False),
        ("0.0.0.0", False),
    ],
)
def test_public_addresses_are_told_from_all_others(address, public):
    assert is_public(address) is public


def test_error_texts_show_urls_without_secrets():
    assert shown("https://me:word@a.example:8/feed?key=hush#x") == "https://a.example:8/feed"
