"""Turns what upstreams write into plain values: text without markup or tricks, web links, moments, counts."""

import html
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

TITLE = 1000  # characters, as the limits below
ABSTRACT = 20_000
NAME = 300
LINK = 2000
AUTHORS = 200
KEYWORDS = 50
OLDEST_YEAR = 1900
LARGEST_COUNT = 2**31 - 1

# Python refuses to read integers of thousands of digits; no character has a number this long.
LONG_REFERENCE = re.compile(r"&#x?[0-9a-fA-F]{9,};?")
HIDDEN_PARTS = tuple(
    (re.compile(start, re.IGNORECASE), re.compile(end, re.IGNORECASE))
    for start, end in (
        ("<!--", "-->"),
        (r"<script\b[^<>]*>", r"</script\s*>"),
        (r"<style\b[^<>]*>", r"</style\s*>"),
    )
)
INLINE = (
    "a|abbr|acronym|b|bdi|bdo|big|bold|cite|code|del|dfn|em|ext-link|font|i|ins|italic|kbd|mark|monospace|overline"
    "|q|s|samp|sc|small|span|strike|strong|sub|sup|tt|u|underline|var|wbr|xref"
)
BLOCK = (
    "abstract|address|article|aside|audio|base|blockquote|body|br|button|canvas|caption|center|col|colgroup"
    "|dd|details|div|dl|dt|embed|fieldset|figcaption|figure|footer|form|frame|h[1-6]|head|header|hr|html|iframe"
    "|img|input|label|legend|li|link|list|list-item|main|map|math|menu|meta|nav|noscript|object|ol|optgroup"
    "|option|p|param|pre|script|sec|section|select|source|style|summary|svg|table|tbody|td|template|textarea"
    "|tfoot|th|thead|title|tr|ul|video"
)
# Only known names and what is surely markup: "x<y and z>w" in an abstract is mathematics.
TAG = re.compile(
    rf"</?(?:[a-z][\w.-]*:)?(?:(?P<inline>{INLINE})|{BLOCK})(?:\s[^<>]*)?/?>"
    r"""|</?[a-z][\w.-]*:[a-z][\w.-]*(?:\s[^<>]*)?/?>|<[a-z][\w.-]*\s+[\w:-]+\s*=\s*["'][^<>]*>"""
    r"|<!\[CDATA\[|\]\]>|<[!?][a-z][^<>]*>",
    re.IGNORECASE,
)
# Controls (white space is collapsed before), bidi marks and overrides, invisible characters, lone surrogates,
# noncharacters and tag characters: each can make a name or a link look like another one.
TRICKS = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufdd0-\ufdef\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)
# Joiners belong to Persian, Indic scripts and emoji; after Latin letters they only hide.
JOINERS = re.compile("(?:(?<=[\x00-\x7f])|^)[\u200c\u200d]+")
# No script stacks more; longer runs cover the lines above and below.
MARK = "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
STACKED_MARKS = re.compile(f"({MARK}{{4}}){MARK}+")
UNSAFE_IN_LINK = re.compile(r'[\s\\<>"`{}|^\x00-\x20\x7f-\xa0]')
UNPADDED_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")


def text(value: object, limit: int = TITLE) -> str:
    """One line of plain text, at most `limit` characters; "" for what is no string.

    Entities are resolved once, tags (HTML, JATS) dropped, white space collapsed, invisible and reordering
    characters removed, the rest in Unicode's NFC.
    """
    if not isinstance(value, str):
        return ""
    plain = html.unescape(LONG_REFERENCE.sub("", value[: 10 * limit]))
    for start, end in HIDDEN_PARTS:
        plain = _without(plain, start, end)
    plain = TAG.sub(lambda tag: "" if tag["inline"] else " ", plain)
    if TAG.search(plain):  # tags that only appear when others are taken out are nobody's mathematics
        plain = plain.replace("<", " ")
    plain = JOINERS.sub("", TRICKS.sub("", " ".join(plain.split())))
    plain = unicodedata.normalize("NFC", cut(STACKED_MARKS.sub(r"\1", plain), limit))
    return cut(" ".join(plain.split()), limit)


def _without(value: str, start: re.Pattern[str], end: re.Pattern[str]) -> str:
    """The value without the parts from `start` to `end`; a part that never ends goes up to the next start.

    Splitting looks at each character once, where one pattern for both would look again from each start.
    """
    first, *parts = start.split(value)
    return first + "".join(" " + (end.split(part, maxsplit=1)[1:] or [""])[0] for part in parts)


def cut(value: str, limit: int) -> str:
    """At most `limit` characters; an ellipsis stands where the rest was."""
    return value if len(value) <= limit else value[: limit - 1].rstrip() + "…"


def texts(values: Iterable[object], most: int, limit: int = NAME) -> tuple[str, ...]:
    """The first `most` different non-empty texts, in their order."""
    return tuple(dict.fromkeys(filter(None, (text(value, limit) for value in values))))[:most]


def authors(names: Iterable[object]) -> tuple[tuple[str, ...], int]:
    """The names, at most AUTHORS of them, and how many there were."""
    found = [name for name in (text(name, NAME) for name in names) if name]
    return tuple(found[:AUTHORS]), len(found)


def link(value: object) -> str:
    """An http or https URL that a reader may be sent to; "" for anything else."""
    if not isinstance(value, str) or len(value) > LINK:
        return ""
    url = value.strip()
    if UNSAFE_IN_LINK.search(url) or TRICKS.search(url):
        return ""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc:
        return ""
    return parts.scheme + url[len(parts.scheme) :]


def count(value: object) -> int | None:
    """A number of votes, comments or stars; None where the source does not say one."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= LARGEST_COUNT else None


def moment(value: object) -> datetime | None:
    """An aware UTC datetime out of ISO 8601 ("2026-6-30" too) or RFC 822; without a zone it is UTC.

    None for what is no date or lies before OLDEST_YEAR (feeds write year 1 for "unknown").
    """
    if not isinstance(value, str) or len(value) > 100:  # noqa: PLR2004 - no date is longer
        return None
    written = UNPADDED_DATE.sub(lambda date: f"{date[1]}-{date[2]:0>2}-{date[3]:0>2}", value.strip(), count=1)
    found = _iso(written) or _rfc822(written)
    return found if found and found.year >= OLDEST_YEAR else None


def _iso(value: str) -> datetime | None:
    try:
        return _utc(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        return None


def _rfc822(value: str) -> datetime | None:
    try:
        return _utc(parsedate_to_datetime(value))
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def _utc(value: datetime) -> datetime:
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
