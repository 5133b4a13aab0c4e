"""What a stylesheet may say here: a slip is refused, because parsers drop what they cannot read in silence.

This only reads the frame of CSS (https://www.w3.org/TR/css-syntax-3/): rules, declarations and colours. Names of
properties are free, for mail programs have many of their own (mso-*, -webkit-*, [data-ogsc]). The inliner's parser
is no help: it reports through a log of the whole process, and half of its reports name no line.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from newsletter.mail.lint import COLOUR, TOKEN, Problem
from newsletter.mail.source import Source

BLOCK = re.compile(r"<(style|mj-style)\b[^>]*>(.*?)</\1\s*>", re.DOTALL | re.IGNORECASE)
NESTED = r"\((?:[^(){}]|\((?:[^(){}]|\([^(){}]*\))*\))*\)"  # url(), and calc() three deep
QUOTED = r"""\"[^"\n]*\"|'[^'\n]*'"""
PIECE = re.compile(rf"""/\*.*?(?:\*/|\Z)|<!--|-->|{QUOTED}|{NESTED}|[^{{}};"'(/<-]+|.""", re.DOTALL)
HIDDEN = re.compile(rf"{QUOTED}|{NESTED}", re.DOTALL)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
DECLARATION = re.compile(r"[*_]?(?P<name>-{0,2}[a-z][\w-]*)\s*:\s*(?P<value>\S.*)", re.DOTALL | re.IGNORECASE)
LISTED = re.compile(r"@(?!font-face|page|property|counter-style|[\w-]*viewport)", re.IGNORECASE)  # holds rules
WORD = re.compile(r"-?[a-z][a-z-]*", re.IGNORECASE)
BARE = re.compile(r"[0-9a-f]{3}(?:[0-9a-f]{3})?", re.IGNORECASE)  # no colour's name is spelled like this
PRELUDE = re.compile(r"([^{}]*)([{}]|\Z)")  # the end is named so that a long text without a rule stays cheap
CLASS = re.compile(r"\.(-?[a-z_][\w-]*)", re.IGNORECASE)
USED = re.compile(r'\bclass="([^"]*)"')


def problems(shielded: str) -> list[Problem]:
    """Every fault in the <style> and <mj-style> blocks of a shielded MJML text, first line first."""
    found = []
    for block in BLOCK.finditer(shielded):
        reader = _Reader(block[2], shielded.count("\n", 0, block.start(2)) + 1)
        found += reader.read()
    return sorted(found, key=lambda problem: problem.line)


def lost(source: Source, html: str) -> Iterator[tuple[Path, list[str]]]:
    """Each stylesheet that replaces another, with the classes the letter uses that only the replaced one styles.

    A rule in a file of the user's own that replaces nothing counts too, for it may be included.
    """
    used = {word for value in USED.findall(html) for word in re.findall(r"[\w-]+", value)}
    for own, *replaced in source.files:
        if replaced and own.suffix == ".css":
            others = {one for one, *more in source.files if more or one.parent == replaced[-1].parent} - {own}
            lines = zip(source.text.split("\n"), source.origins, strict=True)
            given = "\n".join(line for line, (path, _) in lines if path not in others)
            wanted = _classes(replaced[-1].read_text(encoding="utf-8")) & used
            if bare := sorted(wanted - _classes(given)):
                yield own, bare


def _classes(css: str) -> set[str]:
    found = PRELUDE.findall(COMMENT.sub("", css))
    return {name for prelude, mark in found if mark == "{" for name in CLASS.findall(prelude)}


class _Reader:
    """Walks one stylesheet with a stack of what is open; `first` is the line that its text begins in."""

    def __init__(self, css: str, first: int) -> None:
        self.css = css
        self.first = first
        self.open: list[tuple[str, int]] = []
        self.found: list[Problem] = []
        self.said, self.line = "", first

    def read(self) -> list[Problem]:
        for piece in PIECE.finditer(self.css):
            self._take(piece[0], self.first + self.css.count("\n", 0, piece.start()))
        for opened, line in self.open[:1]:
            self._report(line, f"{opened}{{ is never closed", "add the } that is missing in it or behind it")
        if not self.open and self.said:
            self._report(self.line, f"{_short(self.said)} is no rule", "write it like .title{color:#b3400e}")
        return self.found

    def _take(self, piece: str, line: int) -> None:
        if piece == "{":
            self._opens()
        elif piece == "}":
            self._closes(line)
        elif piece == ";":
            self._ends()
        elif piece.startswith("/*"):
            if not piece.endswith("*/"):
                self._report(line, "a comment is never closed", "add */")
        elif piece in {'"', "'"}:
            self._report(line, f"a {piece} is never closed", f"add {piece} in the same line")
        elif piece not in {"<!--", "-->"}:
            self._says(piece, line)

    def _says(self, piece: str, line: int) -> None:
        if not self.said:
            blank = len(piece) - len(piece.lstrip())
            self.line = line + piece.count("\n", 0, blank)
            piece = piece.lstrip()
        self.said += piece

    def _opens(self) -> None:
        prelude = _short(TOKEN.sub("", self.said))
        if self.open and not LISTED.match(self.open[-1][0]):
            opened, line = self.open.pop()
            self._report(line, f"{opened}{{ is not closed before the next rule opens", "add } at its end")
        elif not prelude:
            self._report(self.line, "a rule has no selector", "write it like .title{color:#b3400e}")
        self.open.append((prelude, self.line))
        self.said = ""

    def _closes(self, line: int) -> None:
        self._ends()
        if self.open:
            self.open.pop()
        else:
            self._report(line, "} closes nothing", "drop it, or add the { that is missing before it")

    def _ends(self) -> None:
        """A statement is over: a declaration inside a rule, else one like @import."""
        said, self.said = re.sub(rf"^(?:{TOKEN.pattern}|\s)+", "", self.said).strip(), ""
        if self.open and not LISTED.match(self.open[-1][0]):
            self._check(said)
        elif said and not said.startswith("@"):
            self._report(self.line, f"{_short(said)} is no rule", "write it like .title{color:#b3400e}")

    def _check(self, said: str) -> None:
        declared = DECLARATION.fullmatch(said)
        if not declared:
            if said:
                self._report(self.line, f"{_short(said)} is no declaration", "write it like color:#b3400e;")
            return
        name, value = declared["name"].lower(), HIDDEN.sub("", declared["value"])
        if ":" in value and not value.lower().startswith("progid:"):
            self._report(self.line, f"{_short(said)} is two declarations in one", "add the ; between them")
        elif "(" in value or ")" in value:
            self._report(self.line, f"a bracket is missing in {_short(said)}", "open and close it in one value")
        elif not all(_coloured(name, word) for word in re.sub(r"!\s*\w+", " ", value).split()):
            self._report(
                self.line, f"{_short(said)} is no colour", "write one like #b3400e, with 3, 4, 6 or 8 digits"
            )

    def _report(self, line: int, what: str, cure: str) -> None:
        self.found.append(Problem(line, what, cure))


def _coloured(name: str, word: str) -> bool:
    """False for a word that should be a colour and is none; what a bracket stood behind is a word, too."""
    if TOKEN.search(word):
        return True
    if word.startswith("#"):
        return bool(COLOUR.fullmatch(word.rstrip(",")))
    colour = name.endswith("color") and not name.startswith(("-", "mso-"))
    return not colour or (bool(WORD.fullmatch(word)) and not BARE.fullmatch(word))


def _short(said: str) -> str:
    """One line of an excerpt."""
    line = " ".join(said.split())
    return line if len(line) <= 60 else f"{line[:59]}…"  # noqa: PLR2004 - what fits beside the rest of the message
