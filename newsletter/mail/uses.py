"""What a piece of a template asks of its values: which of them it shows or works with, which it only tests."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from jinja2 import nodes

# What all digests of an edition share, or a few kinds of digest; each value is a text.
SHARED = frozenset(
    {
        *("language", "direction", "brand", "date", "site_url", "archive_url", "postal_address"),
        *("sample_note", "preheader_pad", "rows_heading", "more"),
    }
)
# What is one reader's.
PERSONAL = frozenset(
    {
        *("subject", "preheader", "headline", "dek", "reason", "to_email"),
        *("unsubscribe_url", "preferences_url", "browser_url"),
    }
)
PAPERS = frozenset({"papers", "lead", "cards", "rows"})
# Of a paper, written as ".title": what every reader of an edition sees alike, and what depends on the reader.
TOLD = frozenset(
    {
        *(".title", ".byline", ".note", ".summary", ".tldr", ".votes", ".sparkline"),
        *(".url", ".pdf_url", ".code_url", ".discussion_url", ".thumbnail_url"),
    }
)
OWN = frozenset({".number", ".section", ".why", ".short_why", ".topics", ".trending", ".more_url", ".less_url"})
WHOLE = "."  # a paper as such
KNOWN = SHARED | PERSONAL | PAPERS | TOLD | OWN
# These give a name to what follows them in their scope.
NAMING = (nodes.Assign, nodes.AssignBlock)
# These reach farther, or fetch text from elsewhere.
UNRULY = (
    *(nodes.Macro, nodes.CallBlock, nodes.Block, nodes.Extends),
    *(nodes.Include, nodes.Import, nodes.FromImport, nodes.ExprStmt, nodes.NSRef, nodes.EvalContextModifier),
    *(nodes.Continue, nodes.Break),
)
Bound = frozenset[str]


@dataclass
class Uses:
    """Names of values in full use, and those that are only tested for truth; `clear` = nothing else is used."""

    full: set[str] = field(default_factory=set)
    truth: set[str] = field(default_factory=set)
    clear: bool = True

    @property
    def personal(self) -> bool:
        """Whether what comes out depends on more than shared values and truths."""
        return not self.full <= SHARED | TOLD

    def add(self, other: "Uses") -> None:
        self.full |= other.full
        self.truth |= other.truth
        self.clear = self.clear and other.clear


class Reader:
    """Reads a piece of a template in which `paper` (or nothing, if "") is the name of the paper told just then."""

    def __init__(self, paper: str, constants: Bound) -> None:
        self._paper, self._constants = paper, constants

    def uses(self, node: nodes.Node, *, truth: bool = False) -> Uses:
        """What this node uses; with `truth` only its truth is of interest."""
        found = Uses()
        self._read(node, frozenset(), found, truth=truth)
        return found

    def attribute(self, node: nodes.Node, bound: Bound = frozenset()) -> str:
        """Like ".title" for `paper.title` or `paper["title"]`, else ""."""
        if not isinstance(node, (nodes.Getattr, nodes.Getitem)) or not isinstance(node.node, nodes.Name):
            return ""
        if node.node.name != self._paper or self._paper in bound:
            return ""
        if isinstance(node, nodes.Getattr):
            return f".{node.attr}"
        return f".{node.arg.value}" if isinstance(node.arg, nodes.Const) else ""

    def _read(self, node: nodes.Node, bound: Bound, found: Uses, *, truth: bool = False) -> None:
        attribute = self.attribute(node, bound)
        if attribute in KNOWN:
            (found.truth if truth else found.full).add(attribute)
        elif isinstance(node, nodes.Name):
            self._name(node, bound, found, truth=truth)
        elif isinstance(node, UNRULY):
            found.clear = False
        elif truth and isinstance(node, (nodes.And, nodes.Or, nodes.Not)):
            for child in node.iter_child_nodes():
                self._read(child, bound, found, truth=True)
        else:
            handle = SCOPES.get(type(node), _children)
            for child, names, tested in handle(node):
                self._read(child, bound | names, found, truth=tested)

    def _name(self, node: nodes.Name, bound: Bound, found: Uses, *, truth: bool) -> None:
        name = node.name
        if name in bound:
            return
        if node.ctx != "load":
            found.clear = False
        elif name == self._paper:
            found.full.add(WHOLE)
        elif name in KNOWN:
            (found.truth if truth else found.full).add(name)
        elif name not in self._constants:
            found.clear = False


Children = Iterator[tuple[nodes.Node, Bound, bool]]


def _children(node: nodes.Node) -> Children:
    for child in node.iter_child_nodes():
        yield child, frozenset(), False


def _if(node: nodes.Node) -> Children:
    """An `{% if %}` or its form as an expression: its condition only counts as true or false."""
    for name, value in node.iter_fields():
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, nodes.Node):
                yield child, frozenset(), name == "test"


def _for(node: nodes.Node) -> Children:
    """A loop: its names are known in its body alone, what it goes over is read outside."""
    assert isinstance(node, nodes.For)
    names = targets(node.target) | {"loop"} | _given(node)
    yield node.iter, frozenset(), False
    yield from ((child, names, False) for child in [*node.body, *([node.test] if node.test else [])])
    yield from ((child, frozenset(), False) for child in node.else_)


def _with(node: nodes.Node) -> Children:
    assert isinstance(node, nodes.With)
    names = _given(node).union(*map(targets, node.targets))
    yield from ((child, frozenset(), False) for child in node.values)
    yield from ((child, names, False) for child in node.body)


SCOPES: dict[type[nodes.Node], Callable[[nodes.Node], Children]] = {
    nodes.If: _if,
    nodes.CondExpr: _if,
    nodes.For: _for,
    nodes.With: _with,
}


def _given(node: nodes.Node) -> Bound:
    """The names that `{% set %}` gives inside of this, where they are nothing else before."""
    given = [targets(each.target) for each in node.find_all(nodes.Assign)]
    given += [targets(each.target) for each in node.find_all(nodes.AssignBlock)]
    return frozenset[str]().union(*given) - KNOWN


def targets(node: nodes.Node) -> Bound:
    """The names that a loop or a `with` gives."""
    named = {node.name} if isinstance(node, nodes.Name) else set[str]()
    return frozenset(named | {each.name for each in node.find_all(nodes.Name)})
