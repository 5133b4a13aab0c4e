"""What is said of a configuration that cannot be used: one line for each mistake, with its place and cure."""

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from reprlib import Repr
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

PREFIX = "NEWSLETTER_"
LONGEST_SHOWN = 120
# The credentials of an address: what stands before the last @ of its host.
CREDENTIALS = re.compile(r"://\S*@")
UNFIT_FOR_LINKS = frozenset('?#<>"\\')
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
KINDS = {dict: "a table", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}

Location = tuple[int | str, ...]

_shown = Repr()
_shown.maxstring = _shown.maxother = _shown.maxlong = LONGEST_SHOWN


@dataclass(frozen=True)
class Origin:
    """Where the values came from: a file's table, and the variables (names in capitals) that override it.

    `schema` is the JSON schema of the whole configuration: it knows every key, type and range.
    """

    path: Path
    table: Mapping[str, Any]
    environment: Mapping[str, str]
    schema: Mapping[str, Any]

    @cached_property
    def sections(self) -> dict[str, frozenset[str]]:
        """The keys of each section; for a list of tables (`sources`, `topics`) those of one table."""
        found = {}
        for name in self.schema["properties"].keys() - {"base"}:
            node = self.node((name,))
            found[name] = frozenset((self.node((name, 0)) if _is_list(node) else node)["properties"])
        return found

    @cached_property
    def overrides(self) -> dict[str, Any]:
        """The sections that a variable gives as a whole, decoded."""
        names = {name: f"{PREFIX}{name}".upper() for name in self.sections}
        return {name: json.loads(self.environment[key]) for name, key in names.items() if key in self.environment}

    def node(self, location: Location) -> Mapping[str, Any]:
        """What the schema says of the place; empty where no such key is known."""
        found = self.schema
        for part in location:
            found = found["items"] if isinstance(part, int) else found["properties"].get(part, {})
            if "$ref" in found:
                found = self.schema["$defs"][found["$ref"].rpartition("/")[2]]
        return found

    def place(self, location: Location) -> str:
        """The place in words: the variable if one gave the value, else the file and its key."""
        section, *rest = str(location[0]), *location[1:]
        whole = f"{PREFIX}{section}".upper()
        if rest and (single := f"{whole}__{rest[0]}".upper()) in self.environment:
            return single
        given = self.overrides.get(section)
        if section in self.overrides and (not isinstance(given, dict) or not rest or rest[0] in given):
            return whole + "".join(_steps(rest, given))
        return f"{self.path}: {_bare(section)}" + "".join(_steps(rest, self.table.get(section)))


def summary(problems: list[str]) -> str:
    """The first problem, and how many more there are."""
    return problems[0] + (f" (and {len(problems) - 1} more)" if problems[1:] else "")


def unknown_variables(origin: Origin) -> list[str]:
    """A sentence for each variable that looks like one of ours and is none, or whose JSON cannot be read."""
    lists = {f"{PREFIX}{name}".upper() for name in origin.sections if _is_list(origin.node((name,)))}
    whole = lists | {f"{PREFIX}{name}".upper() for name in origin.sections}
    keys = {f"{PREFIX}{name}__{key}".upper() for name, keys in origin.sections.items() for key in keys}
    single = {name for name in keys if name.partition("__")[0] not in lists}
    slips = {re.sub("_+", "_", name): name for name in single}
    problems = []
    for name, value in origin.environment.items():
        if name in whole:
            problems += _not_json(
                name, value, "[{...}]" if name in lists else f"{{...}}, or set {name}__KEY alone"
            )
        elif name.startswith(PREFIX) and name not in single and "__" in name:
            problems.append(f"{name}: unknown variable: {_variable_hint(name, lists, single)}")
        # Kubernetes sets NEWSLETTER_WEB_PORT=tcp://... where a service is called newsletter-web.
        elif name in slips and not value.startswith("tcp://"):
            problems.append(f"{name}: unknown variable: did you mean {slips[name]}?")
    return problems


def _variable_hint(name: str, lists: Iterable[str], single: Iterable[str]) -> str:
    start = name.partition("__")[0]
    if start in lists:
        return f"set {start} to a JSON list of tables"
    # Without the prefix, which would make any two of them look alike.
    near = difflib.get_close_matches(name.removeprefix(PREFIX), [each.removeprefix(PREFIX) for each in single], 1)
    return f"did you mean {PREFIX}{near[0]}?" if near else f"they are called {PREFIX}SECTION__KEY"


def _not_json(name: str, value: str, cure: str) -> list[str]:
    try:
        json.loads(value)
    except ValueError as error:
        return [f"{name}: not valid JSON: {error}: write {cure}"]
    return []


def unknown_sections(origin: Origin) -> list[str]:
    """A sentence for each key at the top of the file that is no section."""
    return [
        f"{origin.place((name,))}: unknown {_section_hint(name, value, origin)}"
        for name, value in origin.table.items()
        if name not in origin.sections
    ]


def _section_hint(name: str, value: object, origin: Origin) -> str:
    is_section = isinstance(value, dict | list)
    hint = _hint(name, origin.sections, "" if is_section else _homes(name, origin))
    return f"{'section' if is_section else 'key'}: {hint}"


def explain(error: ValidationError, origin: Origin) -> list[str]:
    """A sentence for each problem: the place, the value unless it is secret, and the cure."""
    return [f"{origin.place(problem['loc'])}: {_reason(problem, origin)}" for problem in error.errors()]


def _reason(problem: ErrorDetails, origin: Origin) -> str:
    location, kind, value = problem["loc"], problem["type"], problem["input"]
    node = origin.node(location)
    if kind == "missing":
        return "is missing: add it"
    if kind == "extra_forbidden":
        key = str(location[-1])
        return f"unknown key: {_hint(key, origin.node(location[:-1])['properties'], _homes(key, origin))}"
    if kind == "value_error":
        cure = str(problem["ctx"]["error"])
        return cure if isinstance(value, list) else f"{_value(value, node)} cannot be used: {cure}"
    return f"{_value(value, node)} cannot be used: write {_wanted(kind, node, location)}"


def _value(value: object, node: Mapping[str, Any]) -> str:
    if node.get("writeOnly"):
        return "(value hidden)"
    # Text in place of a whole section may well hold its password.
    if isinstance(value, dict | list) or "properties" in node or _is_list(node):
        return KINDS.get(type(value), "this value")
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    return _shown.repr(CREDENTIALS.sub("://...@", value)) if isinstance(value, str) else str(value)


def _wanted(kind: str, node: Mapping[str, Any], location: Location) -> str:
    if "properties" in node:
        header = f"[[{location[0]}]]" if location[1:] else f"[{location[0]}]"
        return f"one table: {header}, or {{...}} in a variable"
    if _is_list(node):
        tables = f"a list of tables: [[{location[0]}]], or [{{...}}] in a variable"
        return 'a list such as ["a", "b"]' if location[1:] else tables
    if "enum" in node:
        return "one of " + ", ".join(json.dumps(choice) for choice in node["enum"])
    if kind == "string_type":
        return "text in quotes"
    if kind == "string_unicode":
        return "text in UTF-8"
    return {"integer": "a whole number", "number": "a number"}.get(node["type"], "text") + _limits(node)


def _limits(node: Mapping[str, Any]) -> str:
    words = {
        "minimum": "at least {}",
        "exclusiveMinimum": "above {}",
        "maximum": "at most {}",
        "minLength": "at least {}",
        "maxLength": "at most {} characters",
    }
    return "".join(", " + text.format(node[name]) for name, text in words.items() if name in node)


def _homes(key: str, origin: Origin) -> str:
    homes = (
        f"[[{section}]]" if _is_list(origin.node((section,))) else f"[{section}]"
        for section, keys in sorted(origin.sections.items())
        if key in keys
    )
    words = " or ".join(homes)
    return f"it belongs into {words}" if words else ""


def _hint(name: str, known: Iterable[str], otherwise: str = "") -> str:
    choices = sorted(known)
    near = difflib.get_close_matches(name, choices, 1) or difflib.get_close_matches(name.lower(), choices, 1)
    return f"did you mean {near[0]}?" if near else otherwise or f"known here: {', '.join(choices)}"


def _is_list(node: Mapping[str, Any]) -> bool:
    return node.get("type") == "array"


def _steps(location: list[int | str], value: Any) -> Iterator[str]:  # noqa: ANN401 - any TOML or JSON value
    """The way down from `value`; an entry of a list goes by its name if it has one."""
    for part in location:
        if isinstance(part, str):
            value = value.get(part) if isinstance(value, dict) else None
            yield f".{_bare(part)}"
        else:
            value = value[part]
            name = value.get("name") if isinstance(value, dict) else None
            yield f".{_bare(name)}" if isinstance(name, str) and name else f" (entry {part + 1})"


def _bare(key: str) -> str:
    return key if BARE_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=not key.isprintable())
