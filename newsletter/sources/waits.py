"""How long an upstream wants us to wait, read from its response headers."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,9})?")


def wanted_pause(headers: Mapping[str, str]) -> float:
    """Seconds until the next request that these headers ask for; 0.0 if for none. Keys are lower case.

    Reads Retry-After (RFC 9110 section 10.2.3), `RateLimit: "api";r=0;t=42` (the IETF's draft of that name)
    and `x-rate-limit-limit: 5` with `x-rate-limit-interval: 1s` (Crossref).
    """
    return max(_retry_after(headers), _rate_limit(headers), _rate_of(headers))


def _retry_after(headers: Mapping[str, str]) -> float:
    value = headers.get("retry-after", "").strip()
    if NUMBER.fullmatch(value):
        return float(value)
    until, sent = _date(value), _date(headers.get("date", ""))
    # The server's own Date is the clock its wish was made by; without it a date says nothing reliable.
    return max(0.0, (until - sent).total_seconds()) if until and sent else 0.0


def _date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, IndexError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _rate_limit(headers: Mapping[str, str]) -> float:
    """The wait until the window ends, where nothing remains of it."""
    fields = dict(re.findall(r";\s*([a-z]+)=(\d{1,9})", headers.get("ratelimit", "")))
    return float(fields.get("t", 0)) if fields.get("r") == "0" else 0.0


def _rate_of(headers: Mapping[str, str]) -> float:
    limit = NUMBER.match(headers.get("x-rate-limit-limit", ""))
    interval = NUMBER.match(headers.get("x-rate-limit-interval", ""))
    return float(interval[0]) / float(limit[0]) if limit and interval and float(limit[0]) else 0.0
