"""The HTML part as lint sees it: elements in their order with lines and words, read without recursion."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self

VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
NAMED = frozenset(["a", "h1", "h2", "h3", "h4", "h5", "h6", "title"])  # whose whole words are asked for
SELF_CLOSING = frozenset(["p", "li", "td", "th", "tr", "option", "dt", "dd"])  # a second one ends the first
UNSEEN = frozenset(["style", "script", "title", "template"])


@dataclass(eq=False)
class Element:
    """One element: its attributes with decoded values, its line, what it stands in."""

    tag: str
    attributes: dict[str, str]
    line: int
    parent: Self | None
    words: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All words in it, of the elements in NAMED alone."""
        return " ".join("".join(self.words).split())

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    def up(self) -> Iterator["Element"]:
        """This element and all it stands in, the nearest first."""
        at: Element | None = self
        while at is not None:
            yield at
            at = at.parent


@dataclass(frozen=True)
class Words:
    """A run of text in one element."""

    text: str
    element: Element
    line: int


@dataclass
class Page:
    """All elements and runs of text in their order; `styles` are the blocks with the lines they begin in."""

    elements: list[Element] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)
    styles: list[tuple[str, int]] = field(default_factory=list)
    comments: list[tuple[str, int]] = field(default_factory=list)
    broken: str = ""

    def all(self, *tags: str) -> Iterator[Element]:
        """The elements with one of these tags."""
        return (each for each in self.elements if each.tag in tags)


def read(html: str) -> Page:
    """Read any text as HTML; `broken` says why reading ended before its end."""
    reader = _Reader()
    try:
        reader.feed(html)
        reader.close()
    except (AssertionError, ValueError, IndexError) as error:  # the parser's own words for <![nonsense
        reader.page.broken = f"line {reader.getpos()[0]}: {str(error) or 'cannot be read'}"
    return reader.page


class _Reader(HTMLParser):
    """Keeps what is open; an end without a beginning is passed over, as browsers do."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.open: list[Element] = []
        self.count: Counter[str] = Counter()
        self.named: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SELF_CLOSING and self.open and self.open[-1].tag == tag:
            self.handle_endtag(tag)
        element = self._add(tag, attrs)
        if tag not in VOID:
            self.open.append(element)
            self.count[tag] += 1
            if tag in NAMED:
                self.named.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._add(tag, attrs)

    def _add(self, tag: str, attrs: list[tuple[str, str | None]]) -> Element:
        given: dict[str, str] = {}
        for name, value in attrs:
            given.setdefault(name, value or "")
        element = Element(tag, given, self.getpos()[0], self.open[-1] if self.open else None)
        self.page.elements.append(element)
        if tag == "img":
            for each in self.named:
                each.words.append(given.get("alt", ""))
        return element

    def handle_endtag(self, tag: str) -> None:
        while self.count[tag]:
            closed = self.open.pop()
            self.count[closed.tag] -= 1
            if self.named and self.named[-1] is closed:
                self.named.pop()
            if closed.tag == tag:
                return

    def handle_data(self, data: str) -> None:
        inside = self.open[-1] if self.open else None
        if inside is not None and inside.tag == "style":
            self.page.styles.append((data, self.getpos()[0]))
        if not data.strip():
            for each in self.named:
                each.words.append(" ")
            return
        element = inside or Element("", {}, self.getpos()[0], None)
        if element.tag not in UNSEEN:
            self.page.words.append(Words(data, element, self.getpos()[0]))
        for each in self.named[-8:]:
            each.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.page.comments.append((data, self.getpos()[0]))
