r"""Reads BibTeX as people paste it: entries with their fields, and all lines that are none of it.

Tolerant: an entry that is never closed ends where the next one begins, a field that cannot be read costs itself.
The rules of braces and quotes are those of https://www.bibtex.org/Format/; `@string` and `@comment` say nothing
about papers and are left out. Each character is looked at a few times at most, whatever the text.
"""

import logging
import re
from dataclasses import dataclass

from pylatexenc.latex2text import LatexNodes2Text

# It warns on standard error of each odd title; what it cannot read is kept as written instead.
logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)

_START = re.compile(r"(?:^|(?<=[\s}]))@[ \t]*([A-Za-z]+)\s*[{(]", re.MULTILINE)
_ON_A_NEW_LINE = re.compile(r"^[ \t]*@[ \t]*[A-Za-z]+\s*[{(]", re.MULTILINE)
_BETWEEN = re.compile(r"[\s,]*")
_NAME = re.compile(r"([A-Za-z][\w.:+-]*)\s*=\s*")
_KEY = re.compile(r"\s*([^\s,={}()\"]*)\s*,")
_BARE = re.compile(r"[^\s,#{}()\"]+")
_GLUE = re.compile(r"\s*#\s*")
_BRACES = re.compile(r"[{}]")
_BRACES_AND_QUOTES = re.compile(r'[{}"]')
_SAY_NOTHING = frozenset({"comment", "preamble", "string"})
_TEX = re.compile(r"[\\~]|--")
_READER = LatexNodes2Text(math_mode="verbatim", keep_comments=True)


@dataclass(frozen=True)
class BibEntry:
    """One entry: the line that it begins on, its citation key, its fields by lower-case names, TeX and all."""

    line: int
    name: str
    fields: dict[str, str]


def parted(text: str) -> tuple[list[BibEntry], list[tuple[int, str]]]:
    """The entries of a text, and the lines outside them with their numbers from 1; never an error."""
    entries: list[BibEntry] = []
    outside: list[tuple[int, str]] = []
    limits = [found.start() for found in _ON_A_NEW_LINE.finditer(text)][::-1]
    line, place = 1, 0
    while found := _START.search(text, place):
        while limits and limits[-1] < found.end():
            limits.pop()
        entry = _Entry(text, found, limits[-1] if limits else len(text))
        outside += _lines(text[place : found.start()], line)
        line += text.count("\n", place, found.start())
        if found[1].lower() not in _SAY_NOTHING:
            entries.append(BibEntry(line, entry.name, entry.fields))
        line += text.count("\n", found.start(), entry.end)
        place = entry.end
    return entries, outside + _lines(text[place:], line)


def plain(value: str) -> str:
    """A value without TeX: accents and macros as Unicode, braces gone, formulas as they are written."""
    if _TEX.search(value):
        try:
            value = str(_READER.latex_to_text(re.sub(r"(?<!\\)%", r"\%", value)))
        except Exception:  # noqa: BLE001 - it raises anything on odd input, and one title must not cost a list
            value = value.replace("\\", " ")
    return " ".join(value.replace("{", "").replace("}", "").split())


def _lines(text: str, first: int) -> list[tuple[int, str]]:
    return list(enumerate(text.split("\n"), first)) if text.strip() else []


class _Entry:
    """Walks through one entry, up to `limit` at most; `end` is where the text after it begins."""

    def __init__(self, text: str, found: re.Match[str], limit: int) -> None:
        self._text, self._limit = text, limit
        key = _KEY.match(text, found.end(), limit)
        self.name, self.end = (key[1], key.end()) if key else ("", found.end())
        self.fields: dict[str, str] = {}
        while self._goes_on():
            self._take_field()
        self.end = min(self.end + 1, limit)

    def _goes_on(self) -> bool:
        self.end = self._after(_BETWEEN)
        return self.end < self._limit and self._text[self.end] not in "})"

    def _take_field(self) -> None:
        name = _NAME.match(self._text, self.end, self._limit)
        if name is None:
            self._pass_by()
            return
        self.end = name.end()
        self.fields.setdefault(name[1].lower(), self._value())

    def _pass_by(self) -> None:
        """Go to the next comma, or to the bracket that closes the entry."""
        while self.end < self._limit and self._text[self.end] not in ",})":
            self.end = self._closing(_BRACES) if self._text[self.end] == "{" else self.end + 1

    def _value(self) -> str:
        """What stands here, the parts around `#` put together."""
        parts: list[str] = []
        while (part := self._part()) is not None:
            parts.append(part)
            glued = _GLUE.match(self._text, self.end, self._limit)
            if glued is None:
                break
            self.end = glued.end()
        return "".join(parts)

    def _part(self) -> str | None:
        start, opening = self.end, self._text[self.end : min(self.end + 1, self._limit)]
        if opening in {"{", '"'}:
            self.end = self._closing(_BRACES if opening == "{" else _BRACES_AND_QUOTES)
            closed = self._text[self.end - 1] in '}"'
            return self._text[start + 1 : self.end - closed]
        self.end = self._after(_BARE)
        return self._text[start : self.end] if self.end > start else None

    def _closing(self, signs: re.Pattern[str]) -> int:
        """Behind what closes the brace or quote that stands here; the end of the entry where nothing does.

        A brace counts even behind a backslash, and a quote inside braces is a part of the value.
        """
        depth, quote = 0, self._text[self.end] == '"'
        for found in signs.finditer(self._text, self.end + 1, self._limit):
            if depth == 0 and found[0] == ('"' if quote else "}"):
                return found.end()
            depth += {"{": 1, "}": -1}.get(found[0], 0)
        return self._limit

    def _after(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self._text, self.end, self._limit)
        return found.end() if found else self.end
