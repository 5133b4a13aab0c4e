"""The layout of a digest's template: what is the same for many readers, with holes for what is not.

A template may hold any Jinja, so it is read as Jinja reads it. A skeleton is what remains when every piece that
works with a personal value is taken out: Jinja renders it for all who share its values. Each piece taken out is a
hole: a value written out plainly, a piece of template that Jinja renders for its own values, or a block that is
told for each of some papers and has a skeleton of its own. A personal value stays in a skeleton only as true or
false, so none can come from one reader's mail into another's. What cannot be taken apart is one piece, rendered
for each reader.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, TypeVar

import jinja2
from jinja2 import nodes

from newsletter.mail.template import HTML, TEXT, Letter
from newsletter.mail.uses import NAMING, OWN, PAPERS, PERSONAL, SHARED, TOLD, WHOLE, Reader, Uses

# A hole in a rendered skeleton. No value holds half a character (`words.clean`), and no template file can.
MARK = re.compile("\ud83d(\\d+)\ud83d")
LINKS = frozenset({".more_url", ".less_url"})  # the reader's own, to say what they think of a paper
# What is put in for each message; all else of a paper is the same for all who get it for the same reasons.
LATE = PERSONAL | PAPERS | LINKS | {WHOLE, ".section"}


@dataclass(frozen=True, eq=False)
class Plain:
    """A hole for one value, written out as it is; `value` is like "headline" or ".why"."""

    value: str

    @cached_property
    def late(self) -> bool:
        return self.value in LATE or self.value == ".number"


@dataclass(frozen=True, eq=False)
class Piece:
    """A hole for a piece of template that uses these values; `paper` is what a paper is called in it.

    Where it is no more than one value through a plain filter, `filtered` does the same without Jinja around it.
    """

    program: jinja2.Template
    uses: frozenset[str]
    paper: str
    filtered: Callable[[Any], Any] | None = None

    @cached_property
    def late(self) -> bool:
        return not self.uses.isdisjoint(LATE)

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self.uses - {WHOLE}))

    @cached_property
    def apart(self) -> tuple[str, ...]:
        """The names whose values differ among those who get the same paper."""
        return tuple(name for name in self.names if name not in TOLD)

    @cached_property
    def told(self) -> bool:
        """Whether it shows anything of a paper that all readers see alike."""
        return not self.uses.isdisjoint(TOLD)

    @cached_property
    def lasting(self) -> bool:
        """Whether what comes out depends on a few texts, so that it can be kept by them."""
        return self.uses.isdisjoint(PAPERS | {WHOLE})


@dataclass(frozen=True, eq=False)
class Block:
    """A hole for a block that is told for each paper of `over`: "papers", "cards", "rows", or "lead" alone.

    `without` is the block of the lead as it is where there is none.
    """

    over: str
    unit: "Unit"
    without: Piece | None


Hole = Plain | Piece | Block
Kind = TypeVar("Kind", bound=nodes.Node)


@dataclass(frozen=True, eq=False)
class Unit:
    """A skeleton and its holes. It is the same wherever the values `shared` and the truths of `tested` are.

    `around` are the shared values and truths from outside the papers that its text depends on, holes that are not
    late included; `numbered` = a paper's number is worked with, not only shown.
    """

    program: jinja2.Template
    paper: str
    holes: tuple[Hole, ...]
    shared: tuple[str, ...]
    tested: tuple[str, ...]
    around: tuple[str, ...] = field(default=())
    numbered: bool = False


class _Untidy(Exception):
    """A piece of template that cannot be taken apart."""


@lru_cache(maxsize=64)
def layout(letter: Letter, part: str) -> Unit:
    """How "html" or "text" of this letter is laid out; the same for the same letter, in every process."""
    environment, source = (HTML, letter.html) if part == "html" else (TEXT, letter.text)
    tree = environment.parse(source)
    try:
        return _Cutter(environment).unit(tree.body)
    except _Untidy:
        whole = Piece(environment.from_string(source), SHARED | PERSONAL | PAPERS, "")
        return Unit(_program(environment, [_mark(0)]), "", (whole,), (), ())


def _program(environment: jinja2.Environment, body: Sequence[nodes.Node]) -> jinja2.Template:
    template = nodes.Template(list(body), lineno=1)
    template.set_environment(environment)
    return environment.from_string(template)


def _mark(number: int) -> nodes.Output:
    return nodes.Output([nodes.TemplateData(f"\ud83d{number}\ud83d")], lineno=1)


class _Cutter:
    """Takes one skeleton out of a template, and makes the holes."""

    def __init__(self, environment: jinja2.Environment, paper: str = "") -> None:
        self._environment, self._paper = environment, paper
        self._reader = Reader(paper, frozenset(environment.globals))
        self._holes: list[Hole] = []
        self._left = Uses()

    def unit(self, body: Sequence[nodes.Node]) -> Unit:
        """The skeleton of these statements. Raises _Untidy where names are given or text is fetched."""
        program = _program(self._environment, self._body(body))
        pieces = [hole for hole in self._holes if isinstance(hole, Piece) and not hole.late]
        outside = self._left.full | self._left.truth | {name for piece in pieces for name in piece.uses}
        return Unit(
            program=program,
            paper=self._paper,
            holes=tuple(self._holes),
            shared=tuple(sorted(self._left.full)),
            tested=tuple(sorted(self._left.truth - self._left.full)),
            around=tuple(sorted(outside - TOLD - OWN)),
            numbered=any(".number" in piece.uses for piece in pieces),
        )

    def _body(self, body: Sequence[nodes.Node]) -> list[nodes.Node]:
        return [self._statement(node) for node in body]

    def _statement(self, node: nodes.Node) -> nodes.Node:
        if isinstance(node, NAMING):
            raise _Untidy
        if isinstance(node, nodes.Output):
            return nodes.Output([self._shown(child) for child in node.nodes], lineno=node.lineno)
        if isinstance(node, nodes.If) and (choice := self._choice(node)) is not None:
            return choice
        if (block := self._block(node)) is not None:
            return self._hole(block)
        return self._kept(node) or self._hole(self._piece([node], self._uses(node)))

    def _choice(self, node: nodes.If) -> nodes.If | None:
        """A condition that may stay: all of its tests are on shared values and truths."""
        tests = [self._uses(each.test, truth=True) for each in (node, *node.elif_)]
        if any(test.personal for test in tests):
            return None
        for test in tests:
            self._left.add(test)
        return self._branches(node)

    def _branches(self, node: nodes.If) -> nodes.If:
        others = [self._branches(each) for each in node.elif_]
        return nodes.If(node.test, self._body(node.body), others, self._body(node.else_), lineno=node.lineno)

    def _shown(self, node: nodes.Expr) -> nodes.Expr:
        if isinstance(node, nodes.TemplateData):
            return node
        if kept := self._kept(node):
            return kept
        value = node.name if isinstance(node, nodes.Name) else self._reader.attribute(node)
        if value in PERSONAL | OWN - {".topics"}:
            return self._hole(Plain(value)).nodes[0]
        return self._hole(self._piece([nodes.Output([node], lineno=node.lineno)], self._uses(node))).nodes[0]

    def _kept(self, node: Kind) -> Kind | None:
        """The node itself where it may stay in the skeleton."""
        uses = self._uses(node)
        if uses.personal:
            return None
        self._left.add(uses)
        return node

    def _uses(self, node: nodes.Node, *, truth: bool = False) -> Uses:
        uses = self._reader.uses(node, truth=truth)
        if not uses.clear:
            raise _Untidy
        return uses

    def _hole(self, hole: Hole) -> nodes.Output:
        self._holes.append(hole)
        return _mark(len(self._holes) - 1)

    def _piece(self, body: list[nodes.Node], uses: Uses) -> Piece:
        program, names = _program(self._environment, body), frozenset(uses.full | uses.truth)
        return Piece(program, names, self._paper, self._filtered(body))

    def _filtered(self, body: list[nodes.Node]) -> Callable[[Any], Any] | None:
        """What `{{ headline|fill }}` does, where the filter asks for nothing but the value and constants."""
        if not isinstance(body[0], nodes.Output) or not isinstance(node := body[0].nodes[0], nodes.Filter):
            return None
        plain = isinstance(node.node, nodes.Name) or self._reader.attribute(node.node or node)
        function = self._environment.filters[node.name]
        special = any(hasattr(function, name) for name in ("jinja_pass_arg", "jinja_async_variant"))
        if special or not plain or node.kwargs or node.dyn_args or node.dyn_kwargs:
            return None
        if not all(isinstance(argument, nodes.Const) for argument in node.args):
            return None
        arguments = [argument.value for argument in node.args if isinstance(argument, nodes.Const)]
        return lambda value: function(value, *arguments)

    def _block(self, node: nodes.Node) -> Block | None:
        """A plain loop over papers, or the lead under another name; nothing else that has papers in it."""
        told = _loop(node) or _alone(node)
        if told is None or self._paper:
            return None
        paper, over, body = told
        try:
            without = self._piece([node], self._uses(node)) if over == "lead" else None
            return Block(over, _Cutter(self._environment, paper).unit(body), without)
        except _Untidy:
            return None


Told = tuple[str, str, list[nodes.Node]]


def _loop(node: nodes.Node) -> Told | None:
    plain = isinstance(node, nodes.For) and not (node.else_ or node.test or node.recursive)
    if not plain or not isinstance(node, nodes.For):
        return None
    target, over = node.target, node.iter
    if isinstance(target, nodes.Name) and isinstance(over, nodes.Name) and over.name in PAPERS - {"lead"}:
        return target.name, over.name, node.body
    return None


def _alone(node: nodes.Node) -> Told | None:
    if not isinstance(node, nodes.With) or len(node.targets) != 1:
        return None
    (target,), (value,) = node.targets, node.values
    if isinstance(target, nodes.Name) and isinstance(value, nodes.Name) and value.name == "lead":
        return target.name, "lead", node.body
    return None
