"""A template's text with every line's origin, so that an error names the file and line that people edit."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from newsletter.errors import TemplateError

BUILD_MARK = re.compile(r"\[\[.*?\]\]|\[%.*?%\]|\[#.*?#\]", re.DOTALL)
ORIGIN = re.compile("\ue000(\\d+):(\\d+)\ue001")  # private use: rides at the end of each line through the build


@dataclass(frozen=True)
class Source:
    """One template after its build stage; `origins` holds the file and line of each line of `text`."""

    path: Path
    text: str
    origins: tuple[tuple[Path, int], ...]

    def find(self, name: str) -> int:
        """The first line with this word inside a send-time mark, else the first line."""
        marks = re.finditer(r"\{[{%].*?[}%]\}", self.text, re.DOTALL)
        starts = [mark.start() for mark in marks if re.search(rf"\b{re.escape(name)}\b", mark[0])]
        return self.text.count("\n", 0, starts[0]) + 1 if starts else 1


def mend(source: Source, line: int, what: str, cure: str) -> TemplateError:
    """The error for one line of the built text, told in terms of the file that holds it."""
    path, number = source.origins[line - 1] if line <= len(source.origins) else (source.path, line)
    lines = source.text.split("\n")
    return _error(path, number, lines[line - 1] if line <= len(lines) else "", what, cure)


def _error(path: Path, line: int, excerpt: str, what: str, cure: str) -> TemplateError:
    excerpt = excerpt.strip()[:160]
    return TemplateError(f"{path}:{line}: {what}\n    {excerpt}\n  cure: {cure}")


def read(name: str, folders: Sequence[Path], theme: Mapping[str, Any]) -> Source:
    """The file from the first folder that has it, with theme and partials put in; TemplateError names the line."""
    paths: list[Path] = []
    environment = jinja2.Environment(  # noqa: S701 - the operator's own text, before any reader's values
        loader=jinja2.FunctionLoader(_loader(folders, paths)),
        block_start_string="[%",
        block_end_string="%]",
        variable_start_string="[[",
        variable_end_string="]]",
        comment_start_string="[#",
        comment_end_string="#]",
        undefined=jinja2.StrictUndefined,
    )
    try:
        built = environment.get_template(name).render(theme)
    except jinja2.TemplateNotFound as error:
        looked = ", ".join(map(str, folders))
        raise TemplateError(
            f"{error.name} is in none of the template folders: put it into one of {looked}"
        ) from error
    except jinja2.TemplateSyntaxError as error:
        excerpt = (ORIGIN.sub("", error.source or "").split("\n") + [""] * error.lineno)[error.lineno - 1]
        path = _locate(error.name or name, folders) or Path(name)
        raise _error(
            path, error.lineno, excerpt, f"Jinja: {error.message}", "mend the [[ ]] or [% %] there"
        ) from error
    except jinja2.UndefinedError as error:
        raise _error(paths[-1], 1, "", f"a [[ ]] mark: {error}", "use a name of the theme") from error
    return _with_origins(built, paths)


def _locate(name: str, folders: Sequence[Path]) -> Path | None:
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


def _loader(folders: Sequence[Path], paths: list[Path]) -> Callable[[str], str | None]:
    """Reads a file by name and notes its path; the position in `paths` is what the origin marks say."""

    def load(name: str) -> str | None:
        path = _locate(name, folders)
        if path is None:
            return None
        paths.append(path)
        return _marked(_text(path), len(paths) - 1)

    return load


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"{path}: {error}: a template is a readable file in UTF-8") from error


def _marked(text: str, number: int) -> str:
    """Each line ends in its origin, but not inside a build mark, which may run over several lines."""
    inside = [match.span() for match in BUILD_MARK.finditer(text)]
    lines, at = [], 0
    for line, written in enumerate(text.removesuffix("\n").split("\n"), 1):
        at += len(written)
        whole = not any(start < at < end for start, end in inside)
        lines.append(f"{written}\ue000{number}:{line}\ue001" if whole else written)
        at += 1
    return "\n".join(lines)


def _with_origins(built: str, paths: Sequence[Path]) -> Source:
    origins: list[tuple[Path, int]] = []
    for line in built.split("\n"):
        told = ORIGIN.findall(line)
        file, number = told[0] if told else (0, 1)
        origins.append((paths[int(file)], int(number)))
    return Source(paths[0], ORIGIN.sub("", built), tuple(origins))
