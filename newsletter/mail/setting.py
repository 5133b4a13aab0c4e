"""Typesetting: the holes of a layout are filled for one message, from fragments that many messages share."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from newsletter.mail.fragments import (
    NOTHING,
    Bit,
    Encoded,
    Kept,
    html_bit,
    html_value,
    merged,
    text_bit,
    text_value,
)
from newsletter.mail.layout import LINKS, MARK, Block, Hole, Piece, Plain, Unit
from newsletter.mail.story import Plan, Story
from newsletter.mail.uses import OWN, PAPERS, SHARED, WHOLE

ROOM = 24 * 2**20  # bytes of fragments that a process keeps
MOST_REPEATED = 4_096  # values
Late = tuple[tuple[int, str, Hole], ...]
Link = tuple[str, str]  # a URL in two pieces: what is the same for all papers of a mail comes first


# A paper at its place in one reader's digest: its number from 1 on, the reader's links to say "more like this" and
# "less like this", the heading of the section that it begins, and which of the three there are (1, 2 and 4 added
# up). A bare tuple, for ten are made for each message.
Paper = tuple[Story, int, Link, Link, str, int]


class Flat(NamedTuple):
    """A block told for one paper and its reasons: bits in a row, some of which are still to be put in.

    `late` tells which: the place, the value if it is plain, and the hole. A link takes two places.
    """

    bits: tuple[Bit, ...]
    late: Late


class Shelf:
    """Where the fragments of one block lie that agree in all values from outside its papers."""

    __slots__ = ()


def _weight(kept: object) -> int:
    if isinstance(kept, Flat):
        return 16 * len(kept.bits)
    if isinstance(kept, Bit):
        return sum(map(len, kept.pieces))
    return sum(_weight(each) for each in kept) if isinstance(kept, tuple) else 0


class Stock:
    """The fragments that a process keeps: for several threads, and never more than `most` bytes of them."""

    def __init__(self, most: int = ROOM) -> None:
        self.kept = Kept(most, _weight)

    def get(self, key: tuple[object, ...], make: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever `make` makes
        """What is kept under this key, or else made and kept from now on."""
        found = self.kept.get(key)
        if found is None:
            found = make()
            self.kept.put(key, found)
        return found


# How each part encodes a piece of template, a value, and a value that many readers share; and what is in every
# mail: numbers, and how links end.
PARTS = {
    "html": (html_bit, html_value, lru_cache(MOST_REPEATED)(html_value), Encoded(html_value)),
    "text": (text_bit, text_value, lru_cache(MOST_REPEATED)(text_value), Encoded(text_value)),
}
REPEATED = frozenset({"subject", "headline", "dek"})


class Setter:
    """Fills one part, "html" or "text", of one message; `values` are all that a template may ask for.

    The papers in them are each a Paper here. `written` are values that are encoded already.
    """

    def __init__(
        self,
        part: str,
        values: Mapping[str, Any],
        plan: Plan,
        stock: Stock,
        written: Mapping[str, Bit] | None = None,
    ) -> None:
        self._values, self._plan, self._stock = values, plan, stock
        self._written = dict(written or ())
        self._bit, self._value, self._often, self._common = PARTS[part]
        self._starts = Encoded(self._value)

    def bits(self, unit: Unit) -> list[Bit]:
        """The whole part as bits in their order."""
        values, written = self._values, self._written
        shared = [values[name] for name in unit.shared]
        tested = [not values[name] for name in unit.tested]
        rows = self._stock.get((unit, *shared, *tested), lambda: _rows(self._bed(unit, None)))
        bits: list[Bit] = []
        for row, late, block in rows:
            at = len(bits)
            bits += row
            for place, value, hole in late:
                bits[at + place] = written.get(value) or self._late(hole, None)
            if block is not None:
                self._block(block, bits)
        return bits

    def _block(self, block: Block, bits: list[Bit]) -> None:
        unit, papers = block.unit, self._values[block.over]
        if papers is None and block.without is not None:
            bits.append(self._rendered(block.without, None))
            return
        if block.over == "lead":
            papers = (papers,)
        around = [self._values[name] if name in SHARED else not self._values[name] for name in unit.around]
        shelf = self._stock.get((unit, self._plan.lengths, *around), Shelf)
        kept, numbered, starts, common = self._stock.kept, unit.numbered, self._starts, self._common
        for paper in papers:
            story, number, more, less, section, there = paper
            key = (shelf, story, number if numbered else 0, there)
            flat = kept.young.get(key) or kept.get(key)
            if flat is None:
                flat = self._flat(unit, shelf, paper)
                kept.put(key, flat)
            at = len(bits)
            row, late = flat
            bits += row
            for place, value, hole in late:
                if value == ".more_url":
                    bits[at + place], bits[at + place + 1] = starts[more[0]], common[more[1]]
                elif value == ".less_url":
                    bits[at + place], bits[at + place + 1] = starts[less[0]], common[less[1]]
                elif value == ".number":
                    bits[at + place] = common[number]
                elif value == ".section":
                    bits[at + place] = starts[section]
                else:
                    bits[at + place] = self._late(hole, paper)

    def _late(self, hole: Hole, paper: Paper | None) -> Bit:
        if isinstance(hole, Plain):
            value = hole.value
            known = self._written.get(value)
            if known is None:  # where several holes ask for a value, it is encoded once
                encode = self._often if value in REPEATED else self._value
                known = self._written[value] = encode(self._values[value])
            return known
        assert isinstance(hole, Piece)
        return self._piece(hole, paper)

    def _flat(self, unit: Unit, shelf: Shelf, paper: Paper) -> Flat:
        own = self._own(paper)
        tested = tuple(bool(own[name]) for name in unit.tested if name in OWN)
        bed = self._stock.get((shelf, paper[0].article, tested), lambda: _flat(self._bed(unit, paper)))
        bits, late = list(bed.bits), []
        for each in bed.late:
            place, value, hole = each
            if hole.late:
                late.append(each)
            else:
                bits[place] = self._value(own[value]) if value else self._piece(hole, paper, own)
        return Flat(tuple(bits), tuple(late))

    def _bed(self, unit: Unit, paper: Paper | None) -> tuple[Bit | Hole, ...]:
        """The skeleton, rendered from shared values and from truths, around its holes."""
        known = dict(self._values)
        if paper is not None:
            known |= _dotted(paper[0].article.words(self._plan)) | self._own(paper)
        values = {name: known[name] for name in unit.shared} | {name: bool(known[name]) for name in unit.tested}
        told = unit.program.render(_scope(values, unit.paper))
        items: list[Bit | Hole] = []
        for number, text in enumerate(MARK.split(told)):
            if number % 2:
                items.append(unit.holes[int(text)])
            elif text:
                items.append(self._bit(text))
        return tuple(items)

    def _piece(self, piece: Piece, paper: Paper | None, own: Mapping[str, Any] | None = None) -> Bit:
        """A piece of template, rendered from the values that it uses; `own` are those of the paper, if known."""
        bit: Bit
        if paper is None and (filtered := piece.filtered) is not None:
            value = self._values[piece.names[0]]
            if piece.names[0] not in REPEATED:
                return self._value(filtered(value))
            bit = self._stock.get((piece, value), lambda: self._value(filtered(value)))
            return bit
        if not piece.lasting or paper is None:
            return self._rendered(piece, paper)
        own = self._own(paper) if own is None else own
        apart = [own[name] if name in own else self._values[name] for name in piece.apart]
        theirs = [tuple(value) if isinstance(value, list) else value for value in apart]
        told = (paper[0].article, self._plan.lengths) if piece.told else ()
        bit = self._stock.get((piece, *told, *theirs), lambda: self._rendered(piece, paper))
        return bit

    def _rendered(self, piece: Piece, paper: Paper | None) -> Bit:
        known = dict(self._values)
        if paper is not None:
            known |= _dotted(_attributes(paper, self._plan))
        values = {name: known[name] for name in piece.names}
        scope = _scope(viewed(values, self._plan), piece.paper)
        if WHOLE in piece.uses and paper is not None:
            scope[piece.paper] = _attributes(paper, self._plan)
        return self._bit(piece.program.render(scope))

    def _own(self, paper: Paper) -> dict[str, Any]:
        return _dotted(_own(paper, self._plan))


def _flat(items: Iterable[Bit | Hole]) -> Flat:
    """Bits that follow each other become one; holes get a place."""
    bits: list[Bit] = []
    late: list[tuple[int, str, Hole]] = []
    row: list[Bit] = []
    for item in items:
        if isinstance(item, Bit):
            row.append(item)
            continue
        bits += [merged(row)] if row else []
        row = []
        value = item.value if isinstance(item, Plain) else ""
        late.append((len(bits), value, item))
        bits += [NOTHING, NOTHING] if value in LINKS else [NOTHING]
    bits += [merged(row)] if row else []
    return Flat(tuple(bits), tuple(late))


def _rows(items: Iterable[Bit | Hole]) -> tuple[tuple[tuple[Bit, ...], Late, Block | None], ...]:
    """What stands around the blocks: bits and their holes, and the block behind them if there is one."""
    rows: list[tuple[tuple[Bit, ...], Late, Block | None]] = []
    row: list[Bit | Hole] = []
    for item in items:
        if isinstance(item, Block):
            rows.append((*_flat(row), item))
            row = []
        else:
            row.append(item)
    return (*rows, (*_flat(row), None))


def viewed(values: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """Values as a template sees them: each paper is a mapping of its attributes."""
    seen = dict(values)
    for name in PAPERS & seen.keys():
        papers = seen[name]
        if name == "lead":
            seen[name] = papers and _attributes(papers, plan)
        else:
            seen[name] = [_attributes(paper, plan) for paper in papers]
    return seen


def _attributes(paper: Paper, plan: Plan) -> dict[str, Any]:
    return {"number": paper[1]} | paper[0].article.words(plan) | _own(paper, plan)


def _own(paper: Paper, plan: Plan) -> dict[str, Any]:
    story, number, more, less, section, _ = paper
    links = {"more_url": "".join(more), "less_url": "".join(less)}
    return {"number": number, "section": section, **story.words(plan), **links}


def _dotted(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {f".{name}": value for name, value in attributes.items()}


def _scope(values: Mapping[str, Any], paper: str) -> dict[str, Any]:
    """Values by name as a template finds them: those of the paper in a mapping of their own."""
    scope = {name: value for name, value in values.items() if name[0] != "."}
    attributes = {name[1:]: value for name, value in values.items() if name[0] == "." and name != WHOLE}
    return scope | {paper: attributes} if paper else scope
