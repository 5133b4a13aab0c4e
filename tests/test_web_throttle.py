"""Rates: who counts as one client, what is counted together, when to come back."""

import time

import pytest

from newsletter.errors import TooManyRequests
from newsletter.web.throttle import Rates, Throttle, client


def throttle(per_client="3 per hour", per_domain="100 per hour", overall="100 per hour"):
    return Throttle(Rates(per_client, per_domain, overall), time.time)


@pytest.mark.parametrize(
    ("ip", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("a socket", "a socket"),
    ],
)
def test_a_client_is_an_address_or_a_network_of_ipv6(ip, counted):
    assert client(ip) == counted


def test_a_client_may_send_as_many_forms_as_configured_and_no_more():
    limited = throttle()

    for _ in range(3):
        limited.form("203.0.113.7")
    with pytest.raises(TooManyRequests) as caught:
        limited.form("203.0.113.7")

    assert 3500 < caught.value.after <= 3600
    assert "please try again in 60 minutes" in str(caught.value)


def test_another_client_is_not_held_up():
    limited = throttle("1 per hour")
    limited.form("203.0.113.7")

    limited.form("203.0.113.8")


def test_addresses_of_one_ipv6_network_are_one_client():
    limited = throttle("1 per hour")
    limited.form("2001:db8::1")

    with pytest.raises(TooManyRequests):
        limited.form("2001:db8::2")


def test_one_mail_domain_is_limited_and_others_go_on():
    limited = throttle(per_domain="2 per hour")
    limited.letter("a@example.org")
    limited.room("b@example.org")
    limited.letter("b@example.org")

    with pytest.raises(TooManyRequests):
        limited.room("c@example.org")
    limited.room("c@example.net")


def test_all_letters_together_are_limited():
    limited = throttle(overall="2 per hour")
    limited.letter("a@example.org")
    limited.letter("a@example.net")

    with pytest.raises(TooManyRequests):
        limited.room("a@example.com")


def test_only_letters_that_were_written_count():
    limited = throttle(per_domain="1 per hour", overall="1 per hour")

    for number in range(9):
        limited.room(f"nobody{number}@example.org")

    limited.letter("a@example.org")


def test_wrong_links_are_counted_by_client():
    limited = throttle()
    for _ in range(60):
        limited.wrong_link("203.0.113.7")

    with pytest.raises(TooManyRequests):
        limited.wrong_link("203.0.113.7")
    limited.wrong_link("203.0.113.8")
