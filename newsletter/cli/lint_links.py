"""Asking the links of a message whether they answer; links that belong to one reader are never asked."""

from collections.abc import Iterable
from urllib.parse import urldefrag

import httpx

from newsletter.lint import Finding, found, message_links
from newsletter.lint.anchors import split

TIMEOUT = 10  # seconds
MOST_ASKED = 200
GONE = frozenset({404, 410})
REFUSED = 400  # a server that does not like HEAD may answer anything from here on
OPEN = ("archive", "static", "papers", "privacy", "sample")  # pages of our own that are the same for everybody


def asked(content: bytes, home: str) -> list[str]:
    """The web links of a message that anybody may ask, each once, in their order.

    `home` is newsletter.url; of that server, and of the one that List-Unsubscribe names, only open pages are
    asked: all others carry a reader's token.
    """
    links, way_out = message_links(content)
    own = {_host(home), _host(way_out)} - {""}
    base = _path(home)
    urls = dict.fromkeys(urldefrag(url)[0] for url in links)
    return [url for url in urls if _host(url) and (_host(url) not in own or _open(url, base))][:MOST_ASKED]


def _host(url: str) -> str:
    parts = split(url)
    return (parts.hostname or "") if parts and parts.scheme in {"http", "https"} else ""


def _path(url: str) -> str:
    parts = split(url)
    return parts.path.strip("/") if parts else ""


def _open(url: str, base: str) -> bool:
    rest = _path(url).removeprefix(base).strip("/")
    return rest.partition("/")[0] in {"", *OPEN} and "?" not in url


def dead(client: httpx.Client, url: str) -> Iterable[Finding]:
    """A finding when the page is gone, or nobody answers by that name; being refused proves nothing."""
    try:
        status = client.head(url).status_code
        if status >= REFUSED:
            with client.stream("GET", url) as answer:
                status = answer.status_code
    except (httpx.ConnectError, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        return [found("dead-link", f"{url[:120]} cannot be reached: {str(error)[:80]}", "mend the address")]
    except httpx.HTTPError:  # slow, or cut off: it may be there
        return []
    return [found("dead-link", f"{url[:120]} answers {status}", "mend the address")] if status in GONE else []
