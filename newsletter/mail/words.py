"""How facts become words: cleaning, cutting, sentences, dates, lists, sparklines, short names, text columns.

Everything that reaches these functions may be hostile; everything that leaves `clean` is one line of visible
characters, and everything that leaves `link` is an http or https address or nothing.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache

from newsletter.errors import MessageError

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
NUMBERS = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
BARS = "▁▂▃▄▅▆▇"
LONGEST_LINK = 2_000
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "yi", "ps", "dv"})

# Soft hyphens, zero-width spaces, bidi embeddings, overrides and isolates, lone surrogates, tag characters:
# they hide or reorder what is around them. The joiners U+200C and U+200D stay: Persian and emoji need them.
UNSEEN = re.compile(
    "[\u00ad\u200b\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
WEB = re.compile(
    r"https?://[^\s\x00-\x20\x7f-\x9f<>\"`\\/@?#]+(?:[/?#][^\s\x00-\x20\x7f-\x9f<>\"`\\]*)?", re.IGNORECASE
)
NARROW = re.compile("[ -\u02ff\u2010-\u2027\u2030-\u205e]*")  # one column each, for certain
SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”\u2019)]?\s+(?=[^a-z\s])|(?<=[。\uff01\uff1f])")
ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|et al|vs|Figs?|Eqs?|cf|resp|approx|Dr|Prof|Sec|Tab|[A-Z])\.)$")
BREAKING = re.compile(
    r"\s+(?:for|of|with|without|via|in|from|using|by|through|on|and|at|to|as|under|over|towards?|beyond|is|are|as)\s",
    re.IGNORECASE,
)
ACRONYM = re.compile(r"\((?=\S*[A-Z]\S*[A-Z])([\w.+-]{2,20})\)$")
LEADING = re.compile(r"^(?:the|an?|on|towards?|introducing|presenting)\s+(?=\S)", re.IGNORECASE)
# What junk filters count against a subject line, whoever wrote the title.
SPAMMY = re.compile(
    r"(?<!-)\b(?:free|winner|urgent|guaranteed?|cheap|casino|viagra|cash|prize|act now|click|buy|earn)\b(?!-)"
    r"|[$€£!]|100\s*%",
    re.IGNORECASE,
)


def clean(text: str) -> str:
    """One line of visible characters: white space and controls collapsed, reordering and hidden ones gone."""
    if text.isprintable() and "  " not in text:  # no control, no hidden character, no blank but the plain one
        return text.strip()
    return BLANKS.sub(" ", UNSEEN.sub("", text)).strip()


def link(url: str) -> str:
    """The address when it is http or https, without user part, of sane length; else nothing."""
    sound = len(url) <= LONGEST_LINK and WEB.fullmatch(url) and (url.isascii() or not UNSEEN.search(url))
    return url if sound else ""


def needed(content: object, *names: str) -> dict[str, str]:
    """The addresses that a message must have, by name; MessageError names one that is no address."""
    return {name: must(name, str(getattr(content, name))) for name in names}


def must(name: str, url: str) -> str:
    """An address that a message must have; MessageError names one that is no address."""
    if not link(url):
        raise MessageError(
            f"{name} is {url!r}, which is no http or https address: check newsletter.url in the config"
        )
    return url


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, ended at a word where one is near, never inside a joined character."""
    if len(text) <= limit:
        return text
    kept = text[: max(limit - 1, 0)]
    while kept and _joined(text[len(kept)], kept[-1]):
        kept = kept[:-1]
    head = kept.rpartition(" ")[0]
    kept = (head if len(head) > limit * 0.5 else kept).rstrip(" ,;:.-\u2013\u2014(")
    return f"{kept}…" if kept else ""


def _joined(following: str, last: str) -> bool:
    return bool(unicodedata.combining(following)) or following in "\u200d\ufe0f" or last == "\u200d"


@lru_cache(maxsize=8_192)
def sentences(text: str, limit: int) -> str:
    """The whole sentences that fit into about `limit` characters; a first one that is much longer is cut.

    Kept in memory: many readers get the same papers, and each digest asks for the same text several times.
    """
    if limit <= 0:
        return ""
    parts = _sentences(clean(text[: 4 * limit + 400]))
    told = next(parts, "")
    if len(told) > limit * 1.25:
        return cut(told, limit)
    for part in parts:
        if len(told) + 1 + len(part) > limit:
            break
        told += ("" if told[-1] in "。\uff01\uff1f" else " ") + part
    return told


def _sentences(text: str) -> Iterator[str]:
    start = 0
    for end in SENTENCE_END.finditer(text):
        part = text[start : end.end()].strip()
        if part and not ABBREVIATION.search(part[-10:]):
            yield part
            start = end.end()
    if rest := text[start:].strip():
        yield rest


def listed(items: Sequence[str], most: int = 3, rest: str = "more") -> str:
    """Like "A, B and C"; beyond `most`: "A, B, C and 2 <rest>"."""
    over = len(items) - most
    shown = [*items[:most], f"{over:,} {rest}"] if over > 0 else list(items)
    return " and ".join(part for part in (", ".join(shown[:-1]), *shown[-1:]) if part)


def counted(number: int, thing: str) -> str:
    """Like "1 paper", "2 papers", "1,280 papers"."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def number_word(number: int) -> str:
    """Like "ten" up to twelve, then digits."""
    return NUMBERS[number] if number < len(NUMBERS) else f"{number:,}"


def direction(language: str) -> str:
    """How the words of a BCP 47 language tag run: "ltr" or "rtl"."""
    return "rtl" if language.partition("-")[0].lower() in RIGHT_TO_LEFT else "ltr"


def long_date(day: date) -> str:
    """Like "Thursday, 23 April 2026": the same words whatever the machine's locale."""
    return f"{WEEKDAYS[day.weekday()]}, {plain_date(day)}"


def plain_date(day: date) -> str:
    """Like "23 April 2026"."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def short_date(day: date, today: date) -> str:
    """Like "23 Apr", with the year only where it is not this one."""
    words = f"{day.day} {MONTHS[day.month - 1][:3]}"
    return words if day.year == today.year else f"{words} {day.year}"


def sparkline(history: Sequence[int]) -> str:
    """The last eight values as bars between their own least and most; nothing for fewer than two."""
    values = history[-8:]
    least, span = min(values, default=0), max(values, default=0) - min(values, default=0)
    if len(values) < 2 or not span:  # noqa: PLR2004 - one value has no course
        return ""
    return "".join(BARS[(value - least) * (len(BARS) - 1) // span] for value in values)


@lru_cache(maxsize=8_192)
def short_name(title: str, limit: int) -> str:
    """What people would call the paper: its name before the colon, its acronym, or the title's first phrase."""
    head = re.split(r"[:?!]\s|\s[\u2013\u2014-]\s", title, maxsplit=1)[0].strip(" .,:;!?")
    if len(head) > limit:
        acronym = ACRONYM.search(head)
        head = acronym[1] if acronym else LEADING.sub("", head, count=1)
    return head if len(head) <= limit else _phrase(head, limit)


def _phrase(head: str, limit: int) -> str:
    """The longest beginning of two words or more that ends before a preposition, else cut at a word."""
    ends = [match.start() for match in BREAKING.finditer(head) if match.start() <= limit]
    phrases = [head[:end].rstrip(" ,;:") for end in ends if " " in head[:end]]
    return phrases[-1] if phrases else cut(head, limit)


def spammy(text: str) -> bool:
    """Whether a junk filter would count these words against a subject line."""
    return bool(SPAMMY.search(text)) or (len(text) > 12 and text.isupper())  # noqa: PLR2004 - longer than acronyms


def columns(text: str) -> int:
    """Columns on a terminal: East Asian wide characters and emoji take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    return 0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF")


def fill(text: str, first: str = "", rest: str | None = None, width: int = 72) -> str:
    """Lines of at most `width` columns behind the prefixes `first` and `rest`; only a URL may be longer."""
    rest = " " * len(first) if rest is None else rest
    text = clean(text.replace("\u00a0", " "))
    if len(first) == len(rest) and NARROW.fullmatch(text) and (first + rest).isascii():
        filled = _filled(text, first, rest, width)
        if filled is not None:
            return filled
    lines, line, used = [], first, columns(first)
    for word, size in _pieces(text, width - max(len(first), len(rest))):
        fresh = line in {first, rest}
        if not fresh and used + 1 + size > width:
            lines.append(line)
            line, used, fresh = rest, columns(rest), True
        line += word if fresh else f" {word}"
        used += size + (not fresh)
    return "\n".join(part.rstrip() for part in [*lines, line])


def _filled(text: str, first: str, rest: str, width: int) -> str | None:
    """The same where each character has one column; None where a word is longer than a line."""
    room, lines, at = width - len(first), [], 0
    while len(text) - at > room:
        blank = text.rfind(" ", at, at + room + 1)
        if blank < 0:
            return None
        lines.append(text[at:blank])
        at = blank + 1
    lines.append(text[at:])
    return (first + f"\n{rest}".join(lines)).rstrip()


def tidy(text: str) -> str:
    """A text part as it is sent: no blanks at the ends of lines, no empty lines around, one at most between."""
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n") + "\n"


def _pieces(text: str, width: int) -> Iterator[tuple[str, int]]:
    """Words with their columns; a word wider than a line comes in pieces, a URL in one."""
    for word in text.split(" "):
        size = columns(word)
        if size <= width or "://" in word:
            yield word, size
        else:
            yield from _broken(word, width)


def _broken(word: str, width: int) -> Iterator[tuple[str, int]]:
    piece, used = "", 0
    for char in word:
        size = _columns(char)
        if used + size > width:
            yield piece, used
            piece, used = "", 0
        piece, used = piece + char, used + size
    yield piece, used
