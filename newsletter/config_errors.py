"""A pydantic validation error of the configuration, put into one line: the key, the value and the cure."""

import difflib
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

HIDDEN = {"password", "secret"}


def explain(error: ValidationError, root: type[BaseModel]) -> str:
    """The first problem in words, and how many more there are."""
    problems = error.errors()
    first = problems[0]
    key = _key(first["loc"])
    text = (
        _unknown(first["loc"], root)
        if first["type"] == "extra_forbidden"
        else f"{key}: {_value(first)}{_reason(first)}"
    )
    return text + (f" (and {len(problems) - 1} more)" if len(problems) > 1 else "")


def _key(location: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")


def _value(problem: Any) -> str:  # noqa: ANN401 - pydantic's ErrorDetails is a loose dict
    if problem["type"] == "missing" or isinstance(problem["input"], dict) or not problem["loc"]:
        return ""
    if HIDDEN & {str(part) for part in problem["loc"]}:
        return "(value hidden) cannot be used: "
    return f"{problem['input']!r} cannot be used: "


def _reason(problem: Any) -> str:  # noqa: ANN401 - as above
    if problem["type"] == "missing":
        return "is missing: add it"
    return str(problem["msg"]).removeprefix("Value error, ").replace("Input should be", "it should be")


def _unknown(location: tuple[int | str, ...], root: type[BaseModel]) -> str:
    known = sorted(_keys_at(location[:-1], root))
    near = difflib.get_close_matches(str(location[-1]), known, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
    return f"{_key(location)}: unknown key: {hint}"


def _keys_at(location: tuple[int | str, ...], root: type[BaseModel]) -> set[str]:
    model = root
    for part in location:
        if isinstance(part, str) and part in model.model_fields:
            inner: Any = model.model_fields[part].annotation
            model = next((arg for arg in get_args(inner) if isinstance(arg, type)), inner)
    return {field.alias or name for name, field in model.model_fields.items()} - {"base"}
