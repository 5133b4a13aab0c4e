"""The checks of single values in the configuration: each gives the value back, or ValueError says the cure."""

import ipaddress
import re
import unicodedata
from datetime import date
from urllib.parse import SplitResult, urlsplit

from subscribers.addresses import normalise
from subscribers.errors import InvalidPreference
from subscribers.preferences import parse_timezone

RATE = re.compile(r"[1-9][0-9]{0,6} per ([1-9][0-9]{0,3} )?(second|minute|hour|day)s?")
SELECTOR = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*")
LONGEST_SELECTOR = 100  # with "._domainkey." and a domain it must fit into a name of the DNS
UNFIT_FOR_LINKS = frozenset('?#<>"\\')


def address(value: str) -> str:
    """The address as it is mailed to; ValueError says what is wrong with it, as in every check below."""
    try:
        return normalise(value)
    except InvalidPreference as error:
        raise ValueError(error.cure) from error


def address_or_none(value: str) -> str:
    return address(value) if value else ""


def password_hash_or_none(value: str) -> str:
    """The hash of a password by argon2id, or none."""
    if not value:
        return ""
    from newsletter.admin_password import is_hash  # noqa: PLC0415 - slow, and most have no password

    if not is_hash(value):
        raise ValueError("this is no argon2id hash: write the line that `newsletter admin password` prints")
    return value


def domain_or_none(value: str) -> str:
    """A mail domain in lower case and A-labels."""
    try:
        return address(f"postmaster@{value}").rpartition("@")[2] if value else ""
    except ValueError:
        raise ValueError("write a domain alone, such as example.org") from None


def selector_or_none(value: str) -> str:
    """The name of a DKIM key in the DNS (RFC 6376 section 3.1): labels of a host's name."""
    if value and (len(value) > LONGEST_SELECTOR or not SELECTOR.fullmatch(value)):
        raise ValueError("write letters, digits and hyphens, such as papers1")
    return value.lower()


def one_line(value: str) -> str:
    """Text for a header line: visible, without line breaks and control characters."""
    if not value.strip() or any(unicodedata.category(letter) in {"Cc", "Zl", "Zp"} for letter in value):
        raise ValueError("write one line of visible text")
    return value


def url_or_none(value: str) -> str:
    if value:
        _parts(value)
    return value


def public_url(value: str) -> str:
    """All links grow from this address, so nothing may follow its path, and headers take ASCII alone."""
    parts = _parts(value)
    if "@" in parts.netloc or set(value) & UNFIT_FOR_LINKS or not value.isascii():
        raise ValueError("write scheme, host and path alone in ASCII, such as https://example.org/papers")
    return value


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isprintable() or " " in url:
        raise ValueError("write a web address such as https://example.org/papers")
    return parts


def host(value: str) -> str:
    """A host's name or IP address, so that no port or scheme hides in it."""
    if not re.fullmatch(r"[\w.-]+", value) and not _is_ip(value):
        raise ValueError("write the host's name or IP address alone: the port has a key of its own")
    return value


def is_loopback(value: str) -> bool:
    """True for localhost and loopback addresses: the only places where plain text is no danger."""
    return ipaddress.ip_address(value).is_loopback if _is_ip(value) else value.lower() == "localhost"


def _is_ip(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def database_url(value: str) -> str:
    """A URL of a database that we know (https://docs.sqlalchemy.org/en/20/core/engines.html#database-urls)."""
    scheme, separator, rest = value.partition("://")
    dialect = scheme.partition("+")[0]
    if not separator or dialect not in {"sqlite", "postgresql"}:
        raise ValueError('write "sqlite:///data/newsletter.db" or "postgresql://user@host/name"')
    if dialect == "sqlite" and rest and not rest.startswith("/"):
        raise ValueError("write three slashes before a relative SQLite file, four before an absolute one")
    return value


def rate(value: str) -> str:
    """How often something may happen, in the notation of https://limits.readthedocs.io."""
    if not RATE.fullmatch(value):
        raise ValueError('write a number and a time, such as "20 per hour" or "5 per 10 minute"')
    return value


def rate_or_none(value: str) -> str:
    """The same, or nothing for no limit."""
    return rate(value) if value else value


def networks(values: tuple[str, ...]) -> tuple[str, ...]:
    """Addresses or networks, such as 10.0.0.0/8."""
    for value in values:
        try:
            ipaddress.ip_network(value)
        except ValueError:
            raise ValueError(
                f"{value!r} is neither an IP address nor a network: write 10.0.0.5 or 10.0.0.0/8"
            ) from None
    return values


def dates(values: tuple[str, ...]) -> tuple[str, ...]:
    """Days as 2026-12-24, each once."""
    for value in values:
        try:
            usable = date.fromisoformat(value).isoformat() == value
        except ValueError:
            usable = False
        if not usable:
            raise ValueError(f"{value!r} is no day: write it as 2026-12-24")
    return values


def zone(value: str) -> str:
    """A time zone that the machine knows."""
    try:
        return parse_timezone(value)
    except InvalidPreference as error:
        raise ValueError(error.cure) from error
