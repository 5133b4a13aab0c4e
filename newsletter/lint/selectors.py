"""Which elements a CSS selector means, as far as mails use them: tags, classes, ids, attributes, > and descent."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from newsletter.lint.page import Element
from newsletter.lint.stylesheet import Block, Declaration

SIMPLE = re.compile(
    r"(?P<tag>^[a-z][\w-]*|^\*)|\.(?P<class>[\w-]+)|#(?P<id>[\w-]+)|(?P<root>^:root)|(?P<other>.)", re.IGNORECASE
)
COMBINED = re.compile(r"\s*([>+~])\s*|\s+")


@dataclass(frozen=True)
class Simple:
    """One compound selector: what an element itself must be."""

    tag: str
    classes: frozenset[str]
    identifier: str

    def fits(self, element: Element) -> bool:
        return (
            self.tag in {"", "*", element.tag}
            and self.classes <= set(element.classes)
            and (not self.identifier or element.attributes.get("id") == self.identifier)
        )


Path = tuple[tuple[str, Simple], ...]  # the last one first, each with what joins it to the one on its right


@lru_cache(maxsize=1_024)
def path(selector: str) -> Path | None:
    """The selector from right to left; None for one that cannot be judged (pseudo-classes, siblings)."""
    pieces = COMBINED.split(selector.strip())
    found: list[tuple[str, Simple]] = []
    joined = ""
    for number in range(len(pieces) - 1, -1, -2):
        simple = _simple(pieces[number])
        if simple is None or joined in {"+", "~"}:
            return None
        found.append((joined, simple))
        joined = (pieces[number - 1] or " ") if number else ""
    return tuple(found)


def _simple(text: str) -> Simple | None:
    parts = list(SIMPLE.finditer(text))
    if not parts or any(part["other"] for part in parts):
        return None
    tag = next((part["tag"].lower() for part in parts if part["tag"]), "")
    root = any(part["root"] for part in parts)
    classes = frozenset(part["class"] for part in parts if part["class"])
    return Simple("html" if root else tag, classes, next((part["id"] for part in parts if part["id"]), ""))


def means(selector: Path, element: Element) -> bool:
    """Whether the selector means this element; descent takes the nearest that fits."""
    at: Element | None = element
    for joined, simple in selector:
        if joined == " ":
            while at is not None and not simple.fits(at):
                at = at.parent
        if at is None or not simple.fits(at):
            return False
        at = at.parent
    return True


class Sheet:
    """The rules of a page that count on any screen, found by what their last part asks for."""

    def __init__(self, blocks: Iterable[Block], *, dark: bool) -> None:
        self._by_mark: dict[str, list[tuple[int, Path, tuple[Declaration, ...]]]] = {}
        for number, block in enumerate(blocks):
            if block.prelude.startswith("@") or not (not block.inside or (dark and block.dark)):
                continue
            for selector in block.prelude.split(","):
                if found := path(selector):
                    self._by_mark.setdefault(_mark(found[0][1]), []).append((number, found, block.declarations))

    def declarations(self, element: Element) -> Iterator[Declaration]:
        """What the rules set for this element, in their order."""
        marks = [*(f".{name}" for name in element.classes), element.tag, "*"]
        tried = [each for mark in marks for each in self._by_mark.get(mark, ())]
        for _, _, given in sorted((each for each in tried if means(each[1], element)), key=lambda each: each[0]):
            yield from given


def _mark(simple: Simple) -> str:
    """One thing that every element has whom this selector means."""
    return f".{min(simple.classes)}" if simple.classes else simple.tag or "*"
