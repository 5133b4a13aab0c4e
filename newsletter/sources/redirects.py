"""Where a redirect may lead: never from https to http, never to an address inside our own network."""

import ipaddress
import socket
from urllib.parse import urljoin, urlsplit

from newsletter.errors import SourceRefused, SourceUnavailable

PORTS = {"http": 80, "https": 443}


def shown(url: str) -> str:
    """A URL as an error text may name it: without user, password and query, which can hold keys."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def next_hop(current: str, location: str, configured: str) -> str:
    """The absolute URL that a redirect leads to; SourceRefused where it may not be followed.

    `configured` is the URL the administrator wrote: its own host is trusted, wherever it is. Any other host
    must have public addresses alone, so that an upstream cannot make us ask our own machines (SSRF).
    """
    try:
        there, here = urlsplit(urljoin(current, location)), urlsplit(current)
        port = there.port
    except ValueError as error:
        raise SourceRefused(f"{shown(current)} redirects to a broken address ({error})") from error
    if there.scheme not in PORTS or not there.hostname or "@" in there.netloc:
        raise SourceRefused(f"{shown(current)} redirects to {location[:200]!r}, which is no plain web address")
    if here.scheme == "https" and there.scheme == "http":
        raise SourceRefused(f"{shown(current)} redirects from https to http: configure the https address it means")
    if not same_place(there.geturl(), configured):
        for address in addresses(there.hostname, port or PORTS[there.scheme]):
            refuse_private(address, there.hostname)
    return there.geturl()


def same_place(url: str, configured: str) -> bool:
    """Whether both name the same host and port, or its https port instead of its http port."""
    there, here = urlsplit(url), urlsplit(configured)
    ports = tuple(parts.port or PORTS[parts.scheme] for parts in (here, there))
    return there.hostname == here.hostname and (ports[0] == ports[1] or ports == (80, 443))


def addresses(host: str, port: int) -> list[str]:
    """Every address a host name stands for."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SourceUnavailable(f"the redirect to {host} leads nowhere: {error}") from error
    return sorted({str(address[0]) for *_, address in found})


def refuse_private(address: str, host: str) -> None:
    """SourceRefused unless the address is one of the public internet."""
    if not is_public(address):
        raise SourceRefused(
            f"a redirect to {host} ({address}) was refused: it lies inside a private network; "
            "configure that address itself if it is meant"
        )


def is_public(address: str) -> bool:
    """Whether an IP address is neither loopback, private, link-local, metadata, multicast nor reserved."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    # ::ffff:127.0.0.1 and 2002:7f00:1:: are 127.0.0.1 in other clothes.
    inner = (ip.ipv4_mapped or ip.sixtofour) if isinstance(ip, ipaddress.IPv6Address) else None
    ip = inner or ip
    return ip.is_global and not ip.is_multicast
