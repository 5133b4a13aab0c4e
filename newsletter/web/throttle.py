"""How often one client, mailbox or mail domain may ask something of us: fixed rates, kept in memory."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from newsletter.errors import TooManyRequests
from subscribers.addresses import base

IPV6_NETWORK = 64  # what one household or server gets: its addresses are one client
# Fixed: nobody types more, and a higher rate would only help a machine.
PER_MAILBOX = parse("5 per hour")
WRONG_LINKS = parse("60 per hour")
PREVIEWS = parse("40 per minute")  # a script asks after each pause in typing


@dataclass(frozen=True)
class Rates:
    """As in the section `[signup]`: "20 per hour"."""

    per_client: str
    per_domain: str
    overall: str


class Throttle:
    """Counts what was asked within a moving window; one for each process."""

    def __init__(self, rates: Rates, seconds: Callable[[], float]) -> None:
        """`seconds` are those of the real time since 1970, by which the library counts."""
        self._seconds = seconds
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._per_client, self._per_domain, self._overall = map(
            parse, (rates.per_client, rates.per_domain, rates.overall)
        )

    def form(self, ip: str) -> None:
        """Count a form that a stranger sends; TooManyRequests when it is one too many."""
        self._count(self._per_client, "form", client(ip))

    def preview(self, ip: str) -> None:
        """Count a preview: it costs more than a page does."""
        self._count(PREVIEWS, "preview", client(ip))

    def letter(self, email: str) -> None:
        """Count a letter that a stranger asks for; `email` is a normalised address.

        Counted before anybody knows whether a letter will be written, so that the answer tells nothing.
        """
        self._count(PER_MAILBOX, "mailbox", base(email))
        self._count(self._per_domain, "domain", email.rpartition("@")[2])
        self._count(self._overall, "overall", "")

    def wrong_link(self, ip: str) -> None:
        """Count a link that was not signed by us: somebody may be guessing."""
        self._count(WRONG_LINKS, "wrong link", client(ip))

    def _count(self, rate: RateLimitItem, kind: str, who: str) -> None:
        if not self._limiter.hit(rate, kind, who):
            reset, _ = self._limiter.get_window_stats(rate, kind, who)
            wait = round(reset - self._seconds())
            raise TooManyRequests(min(max(1, wait), rate.get_expiry()))


def client(ip: str) -> str:
    """What counts as one client: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return ip
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, IPV6_NETWORK), strict=False))
    return str(address)
