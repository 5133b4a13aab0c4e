"""How often one client may ask something of us, and a mail domain be written to: fixed rates, kept in memory."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from newsletter.errors import TooManyRequests

IPV6_NETWORK = 64  # what one household or server gets: its addresses are one client
# Fixed: nobody types more, and a higher rate would only help a machine.
WRONG_LINKS = parse("60 per hour")
PASSWORDS = parse("20 per hour")  # of one client
ALL_PASSWORDS = parse("300 per hour")  # of all together: a login link works whatever others try
PREVIEWS = parse("40 per minute")  # a script asks after each pause in typing


@dataclass(frozen=True)
class Rates:
    """As in the section `[signup]`: "20 per hour"."""

    per_client: str
    per_domain: str
    overall: str


class Throttle:
    """Counts what was asked within a window; one for each process. Windows that are over take no memory."""

    def __init__(self, rates: Rates, seconds: Callable[[], float]) -> None:
        """`seconds` are those of the real time since 1970, by which the library counts."""
        self._seconds = seconds
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._per_client, self._per_domain, self._overall = map(
            parse, (rates.per_client, rates.per_domain, rates.overall)
        )

    def form(self, ip: str) -> None:
        """Count a form that a stranger sends; TooManyRequests when it is one too many."""
        self._count(self._per_client, "form", client(ip))

    def preview(self, ip: str) -> None:
        """Count a preview: it costs more than a page does."""
        self._count(PREVIEWS, "preview", client(ip))

    def room(self, email: str) -> None:
        """TooManyRequests when no more letters may be written now, to this mail domain or at all.

        Only letters that were written count, so that asking for strangers' addresses closes nothing.
        """
        for rate, kind, who in self._letters(email):
            if not self._limiter.test(rate, kind, who):
                raise self._too_many(rate, kind, who)

    def letter(self, email: str) -> None:
        """Count a letter that somebody caused to be written to this normalised address."""
        for rate, kind, who in self._letters(email):
            self._limiter.hit(rate, kind, who)

    def _letters(self, email: str) -> list[tuple[RateLimitItem, str, str]]:
        return [(self._per_domain, "domain", email.rpartition("@")[2]), (self._overall, "overall", "")]

    def wrong_link(self, ip: str) -> None:
        """Count a link that was not signed by us: somebody may be guessing."""
        self._count(WRONG_LINKS, "wrong link", client(ip))

    def password(self, ip: str) -> None:
        """Count a try of the admin's password, before anybody looks whether it is right."""
        self._count(PASSWORDS, "password", client(ip))
        self._count(ALL_PASSWORDS, "all passwords", "")

    def _count(self, rate: RateLimitItem, kind: str, who: str) -> None:
        if not self._limiter.hit(rate, kind, who):
            raise self._too_many(rate, kind, who)

    def _too_many(self, rate: RateLimitItem, kind: str, who: str) -> TooManyRequests:
        reset, _ = self._limiter.get_window_stats(rate, kind, who)
        return TooManyRequests(min(max(1, round(reset - self._seconds())), rate.get_expiry()))


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
