"""The layout is the architecture. This table is the diagram; the tests keep it true."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# Each row may import only what stands in rows above it (and its own package). A module that is in no row fails.
LEVELS = (
    ("subscribers",),
    (
        *("newsletter", "newsletter.beat", "newsletter.errors", "newsletter.logs"),
        *("newsletter.admin_password", "newsletter.shipped", "newsletter.uncircled"),
    ),
    ("newsletter.config_errors", "newsletter.config_checks"),
    ("newsletter.config_sections",),
    ("newsletter.config",),
    (
        *("newsletter.secret", "newsletter.models", "newsletter.record_models"),
        *("newsletter.sources", "newsletter.ranking", "newsletter.embedding", "newsletter.mail"),
    ),
    (
        "newsletter.migrations",
        "newsletter.identity",
        "newsletter.merging",
        "newsletter.links",
        "newsletter.sample",
        "newsletter.lint",
    ),
    ("newsletter.db", "newsletter.statements"),
    ("newsletter.bulk", "newsletter.profiles"),
    ("newsletter.audience",),
    ("newsletter.journal", "newsletter.ledger", "newsletter.embeddings", "newsletter.ping"),
    (
        "newsletter.balance",
        "newsletter.ledger_editions",
        "newsletter.ledger_claims",
        "newsletter.ledger_unknown",
        "newsletter.ledger_plans",
        "newsletter.edition",
        "newsletter.candidates",
        "newsletter.examples",
        "newsletter.learned",
        "newsletter.priors",
        "newsletter.records",
        "newsletter.admin_access",
    ),
    ("newsletter.archive", "newsletter.due", "newsletter.together"),
    ("newsletter.taught",),
    ("newsletter.chooser", "newsletter.drafts", "newsletter.letters", "newsletter.notices"),
    ("newsletter.planner",),
    ("newsletter.fetch", "newsletter.pick", "newsletter.render", "newsletter.showcase"),
    ("newsletter.admission", "newsletter.destinations", "newsletter.pace", "newsletter.persistence"),
    ("newsletter.dispatch",),
    ("newsletter.feed",),
    ("newsletter.send", "newsletter.holds", "newsletter.overview", "newsletter.tidying"),
    ("newsletter.schedule", "newsletter.gate", "newsletter.stats"),
    ("newsletter.daily", "newsletter.why", "newsletter.report", "newsletter.replay"),
    ("newsletter.troubles", "newsletter.preview"),
    ("newsletter.replay_figures", "newsletter.tick"),
    ("newsletter.wiring",),
    ("newsletter.doctor",),
    ("newsletter.web",),
    ("newsletter.cli",),
    ("newsletter.__main__",),
)
STEPS = ("fetch", "pick", "render", "send")
FORBIDDEN = {"utils", "util", "helpers", "helper", "core", "manager", "base", "common", "misc"}
LONGEST = 300
FILES = sorted(path for name in ("newsletter", "subscribers") for path in (ROOT / name).rglob("*.py"))
ALL_FILES = [
    *FILES,
    *sorted((ROOT / "tests").rglob("*.py")),
    *sorted((ROOT / "benchmarks").rglob("*.py")),
    *sorted((ROOT / "checks").rglob("*.py")),
]


def tree(path):
    return ast.parse(path.read_text())


def module(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module(path): path for path in FILES}


def row(name):
    """The level of a module: its own, or that of the package that holds it."""
    while name:
        for number, names in enumerate(LEVELS):
            if name in names:
                return number, name
        name = name.rpartition(".")[0] if name.count(".") > 1 or name.startswith("subscribers.") else ""
    return None


@cache
def imported(path):
    """Our own modules that a file imports, wherever in it."""
    return tuple(_imported(path))


def _imported(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in MODULES else node.module for name in whole]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] in {"newsletter", "subscribers"})


@pytest.mark.parametrize("name", MODULES)
def test_every_module_has_a_place(name):
    assert row(name), f"{name}: give it a row in LEVELS"


@pytest.mark.parametrize("name", MODULES)
def test_imports_only_go_down(name):
    level, unit = row(name)
    for other in imported(MODULES[name]):
        other_level, other_unit = row(other)
        assert other_unit == unit or other_level < level, f"{name} may not import {other}"


def test_subscribers_knows_nothing_of_the_newsletter():
    wrong = [
        name
        for name in MODULES
        if name.startswith("subscribers")
        for other in imported(MODULES[name])
        if other.startswith("newsletter")
    ]

    assert wrong == []


def test_no_import_goes_in_a_circle():
    graph = {name: set(imported(path)) & set(MODULES) - {name} for name, path in MODULES.items()}
    while leaves := {name for name, others in graph.items() if not others}:
        graph = {name: others - leaves for name, others in graph.items() if name not in leaves}

    assert graph == {}


def test_the_listing_shows_the_path_in_order():
    assert sorted(STEPS) == list(STEPS)
    assert all((ROOT / "newsletter" / f"{step}.py").exists() for step in STEPS)
    for step in STEPS:
        names = [
            node.name
            for node in ast.parse((ROOT / "newsletter" / f"{step}.py").read_text()).body
            if isinstance(node, ast.FunctionDef)
        ]
        assert "run" in names


@pytest.mark.parametrize("path", ALL_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_longer_than_a_reader_can_hold(path):
    assert len(path.read_text().splitlines()) <= LONGEST


@pytest.mark.parametrize("path", ALL_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_in_one_sentence_what_it_is_for(path):
    said = ast.get_docstring(tree(path))

    assert said
    assert said.splitlines()[0].rstrip().endswith((".", ":"))


@pytest.mark.parametrize("name", MODULES)
def test_names_say_what_a_module_is(name):
    assert not FORBIDDEN & set(name.split("."))


def test_functions_are_short():
    lengths = [
        node.end_lineno - node.lineno + 1
        for path in FILES
        if "versions" not in path.parts
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    lengths.sort()

    assert lengths[len(lengths) // 2] <= 10
    assert sum(length > 40 for length in lengths) <= len(lengths) // 100


def test_no_step_reads_a_clock_or_the_environment():
    edges = ("newsletter.cli", "newsletter.config", "newsletter.config_errors", "newsletter.config_checks")
    wrong = [
        f"{name}: {node.attr}"
        for name, path in MODULES.items()
        if not name.startswith(edges)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr)
        in {
            ("datetime", "now"),
            ("datetime", "today"),
            ("date", "today"),
            ("time", "time"),
            ("os", "environ"),
            ("os", "getenv"),
        }
    ]

    assert wrong == []
