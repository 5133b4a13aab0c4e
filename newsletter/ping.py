"""The dead man's switch: a monitor elsewhere is pinged while the clock ticks, and cries out when that stops."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

import httpx
import structlog

log = structlog.get_logger(__name__)

EVERY = timedelta(minutes=5)
TIMEOUT = 10.0  # seconds
# https://healthchecks.io/docs/http_api/: a check is /<uuid> or /<ping key>/<slug>, and "/fail" behind it reports
# a failure. Its own server has them at hc-ping.com, one at home under /ping/.
CHECK = re.compile(
    r"(?:/[^/]+)*?/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/?|(?:/[^/]+)*?/ping/[\w-]+/[\w-]+/?", re.IGNORECASE
)
HOSTED = re.compile(r"/[\w-]+(?:/[\w-]+)?/?")

Get = Callable[..., httpx.Response]


def ping(url: str, get: Get) -> str:
    """Ask this URL, by `httpx.get` or what is called like it; "" when it answered 2xx, else why not. Never raises.

    Whoever knows the URL could keep the alarm silent, so it is in no message.
    """
    try:
        answer = get(url, timeout=TIMEOUT)
    except httpx.TimeoutException:
        return f"no answer within {TIMEOUT:.0f} s"
    except Exception as error:  # noqa: BLE001 - whatever it is, the clock goes on
        return type(error).__name__
    return "" if answer.is_success else f"it answered {answer.status_code}"


def failing(url: str) -> str:
    """Where healthchecks.io and its kin are told of a failure; "" for other monitors, which notice the silence."""
    parts = urlsplit(url)
    known = HOSTED if (parts.hostname or "") == "hc-ping.com" else CHECK
    if not known.fullmatch(parts.path):
        return ""
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/fail"))


def target(url: str, last: datetime | None, now: datetime, *, well: bool) -> str:
    """What to ask now: nothing within five minutes of the `last` ping; after faults where a failure is told."""
    if not url or (last is not None and last <= now < last + EVERY):
        return ""
    return url if well else failing(url)


@dataclass
class Monitor:
    """The pings of one process: at most every five minutes, a failure logged once until it is over."""

    url: str
    get: Get
    _last: datetime | None = None
    _said: str = ""

    def tick(self, now: datetime, *, well: bool) -> None:
        """To be called after each tick: `well` when no part of it failed."""
        asked = target(self.url, self._last, now, well=well)
        if not asked:
            return
        self._last = now
        why = ping(asked, self.get)
        if why and why != self._said:
            log.warning("the monitor was not reached", host=urlsplit(self.url).hostname, reason=why)
        elif self._said and not why:
            log.info("the monitor is reached again", host=urlsplit(self.url).hostname)
        self._said = why
