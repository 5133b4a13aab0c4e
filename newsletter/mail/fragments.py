"""Fragments: encoded pieces of a body part, how they are joined, and how many of them are kept."""

import threading
from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

from markupsafe import escape

from newsletter.mail.quoted import ended, fragment
from newsletter.mail.words import tidy

MOST_RUNS = 1_000
OVERHEAD = 200  # bytes that an entry takes beside what is in it, about
ENTITIES = (("&", "&amp;"), (">", "&gt;"), ("<", "&lt;"), ("'", "&#39;"), ('"', "&#34;"))


class Bit(NamedTuple):
    """A fragment: encoded `pieces`, and its `size` in bytes of UTF-8 before.

    Of a text part the white space around is told apart, since it depends on what stands beside: see `joined`.
    """

    head: str
    pieces: tuple[bytes, ...]
    tail: str
    size: int


NOTHING = Bit("", (), "", 0)
PIECES, SIZE = itemgetter(1), itemgetter(3)


def html_bit(text: str) -> Bit:
    """A piece of HTML, marks and all."""
    if not text:
        return NOTHING
    return Bit("", (fragment(text, "html"),), "", len(text) if text.isascii() else len(text.encode()))


def text_bit(text: str) -> Bit:
    """A piece of a text part; inside it is as `words.tidy` leaves it. Its size is of no interest."""
    core = text.strip()
    if not core:
        return Bit(_run(text), (), "", 0)
    told = core if core.isprintable() or _is_tidy(core) else tidy(core)[:-1]
    pieces = (fragment(told, "plain"),)
    if len(core) == len(text):
        return Bit("", pieces, "", 0)
    at = text.index(core[0])
    return Bit(_run(text[:at]), pieces, _run(text[at + len(core) :]), 0)


def _is_tidy(text: str) -> bool:
    return text.replace("\n", "").isprintable() and " \n" not in text and "\n\n\n" not in text


def html_value(value: Any) -> Bit:  # noqa: ANN401 - whatever a template may show
    """A value as Jinja would write it into HTML."""
    if value.__class__ is not str:
        return html_bit(str(escape(value)))
    for plain, entity in ENTITIES:  # the same as `escape`, which makes a Markup of it
        if plain in value:
            value = value.replace(plain, entity)
    if not value:
        return NOTHING
    return Bit("", (fragment(value, "html"),), "", len(value) if value.isascii() else len(value.encode()))


def text_value(value: Any) -> Bit:  # noqa: ANN401 - whatever a template may show
    """A value as Jinja would write it into text."""
    return text_bit(str(value))


class Encoded(dict[Any, Bit]):
    """Values as bits, each made when it is asked for first."""

    __slots__ = ("_value",)

    def __init__(self, value: Callable[[Any], Bit]) -> None:
        self._value = value

    def __missing__(self, value: Any) -> Bit:  # noqa: ANN401 - whatever a template may show
        bit = self[value] = self._value(value)
        return bit


def _run(blanks: str) -> str:
    """White space between two words: at most one empty line, no blanks at the end of a line."""
    lines = blanks.count("\n")
    return "\n" * min(lines, 2) + blanks.rpartition("\n")[2] if lines else blanks


class _Between(dict[str, tuple[bytes, ...]]):
    """White space between two words by how it came together."""

    def __missing__(self, run: str) -> tuple[bytes, ...]:
        if len(self) >= MOST_RUNS:
            self.clear()
        blanks = _run(run)
        pieces = self[run] = (fragment(blanks, "plain"),) if blanks else ()
        return pieces


BETWEEN = _Between()


def merged(bits: Sequence[Bit]) -> Bit:
    """Several bits that follow each other as one."""
    if len(bits) == 1:
        return bits[0]
    pieces: list[bytes] = []
    head, run = None, ""
    for bit in bits:
        run += bit.head
        if bit.pieces:
            if head is None:
                head = run
            else:
                pieces += BETWEEN[run]
            pieces += bit.pieces
            run = bit.tail
    if head is None:
        return Bit(_run(run), (), "", 0)
    return Bit(_run(head), tuple(pieces), run, sum(map(SIZE, bits)))


def html_joined(bits: Iterable[Bit]) -> list[bytes]:
    """A body part of HTML."""
    return _ended(list(chain.from_iterable(map(PIECES, bits))))


def text_joined(bits: Iterable[Bit]) -> list[bytes]:
    """A body part of text: as if it had been tidied as a whole."""
    pieces: list[bytes] = []
    run = "\n"
    for head, core, tail, _ in bits:
        run += head
        if core:
            if not pieces:  # no empty line at the beginning
                run = run.rpartition("\n")[2]
            pieces += BETWEEN[run]
            pieces += core
            run = tail
    return [*_ended(pieces), b"\r\n"]


def _ended(pieces: list[bytes]) -> list[bytes]:
    if pieces:
        pieces[-1] = ended(pieces[-1])
    return pieces


class Kept:
    """What was made before, the oldest forgotten where it takes more than `most` bytes; for several threads.

    Two generations: what is asked for again moves to the younger, and when that is full the older one goes. Who is
    in a hurry looks into the `young` ones first.
    """

    def __init__(self, most: int, weigh: Callable[[Any], int]) -> None:
        self._most, self._weigh, self._weight = most // 2, weigh, 0
        self.young: dict[Hashable, Any] = {}
        self._old: dict[Hashable, Any] = {}
        self._turn = threading.Lock()

    def get(self, key: Hashable) -> Any:  # noqa: ANN401 - whoever asks knows what it put there
        """What was kept under this key, or None."""
        found = self.young.get(key)
        if found is None and (found := self._old.get(key)) is not None:
            self.put(key, found)
        return found

    def put(self, key: Hashable, value: object) -> None:
        """Keep this; forget it again when there is no room."""
        if not self._most:
            return
        with self._turn:
            self.young[key] = value
            self._weight += self._weigh(value) + OVERHEAD
            if self._weight > self._most:
                self._old, self.young, self._weight = self.young, {}, 0
