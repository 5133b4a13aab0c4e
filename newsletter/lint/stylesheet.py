"""CSS as far as lint reads it: declarations, rules with their at-rules and lines, and which elements they mean."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
PIECE = re.compile(r"""("[^"]*"|'[^']*'|\([^()]*\)|[^;"'(]+|.)""", re.DOTALL)
STEP = re.compile(r"[^{};]*[{};]?")
IMPORTANT = re.compile(r"\s*!\s*important\s*$", re.IGNORECASE)
DEEPEST = 20


class Declaration(NamedTuple):
    """`name: value`, in lower case, without `!important`."""

    name: str
    value: str
    important: bool


@dataclass(frozen=True)
class Block:
    """One rule: its selectors (or an at-rule without a block), what it stands in, its declarations, its line."""

    prelude: str
    inside: tuple[str, ...]
    declarations: tuple[Declaration, ...]
    line: int

    @property
    def dark(self) -> bool:
        """Whether it counts in dark mode alone."""
        return any("prefers-color-scheme" in each and "dark" in each for each in self.inside)


@lru_cache(maxsize=4_096)
def declarations(text: str) -> tuple[Declaration, ...]:
    """What a style attribute or the inside of a rule sets, in order."""
    parts, said = [], ""
    for piece in PIECE.finditer(COMMENT.sub("", text)):
        head, semicolon, rest = piece[0].partition(";") if piece[0] == ";" else (piece[0], "", "")
        said += head
        if semicolon:
            parts.append(said)
            said = rest
    split = [part.partition(":") for part in [*parts, said]]
    return tuple(_declaration(name, value) for name, colon, value in split if colon and name.strip())


def _declaration(name: str, value: str) -> Declaration:
    plain = IMPORTANT.sub("", value)
    return Declaration(name.strip().lower(), " ".join(plain.split()).lower(), plain != value)


def blocks(css: str, first: int = 1) -> Iterator[Block]:
    """Every rule of a stylesheet that begins in line `first`; what cannot be read is skipped."""
    css = COMMENT.sub(lambda match: "\n" * match[0].count("\n"), css)
    stack: list[str] = []
    line = first
    for step in STEP.finditer(css):
        said, end = step[0].rstrip("{};"), step[0][-1:]
        here = line + said[: len(said) - len(said.lstrip())].count("\n")
        line += step[0].count("\n")
        prelude = " ".join(said.split())
        if end == "{":
            stack = [*stack, prelude][-DEEPEST:]
            if not prelude.startswith("@") or prelude.startswith("@font-face"):
                inner = css[step.end() : _close(css, step.end())]
                yield Block(prelude, tuple(stack[:-1]), declarations(inner), here)
            else:
                yield Block(prelude, tuple(stack[:-1]), (), here)
        elif end == "}":
            stack = stack[:-1]
        elif prelude.startswith("@"):
            yield Block(prelude, tuple(stack), (), here)


def _close(css: str, at: int) -> int:
    end = css.find("}", at)
    return len(css) if end < 0 else end
