"""A template's text with every line's origin, so that an error names the file and line that people edit."""

import difflib
import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from newsletter.errors import TemplateError

BUILD_MARK = re.compile(r"\[\[.*?\]\]|\[%.*?%\]|\[#.*?#\]", re.DOTALL)
ORIGIN = re.compile("\ue000(\\d+):(\\d+)\ue001")  # private use: rides at the end of each line through the build


FAULTS = (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError)  # what a mark can raise

Theme = Mapping[str, Mapping[str, str]]
Say = Callable[..., str]


@dataclass(frozen=True)
class Source:
    """One template after its build stage; `origins` holds the file and line of each line of `text`.

    `files` are the files read, each followed by those of the same name in later folders, which it replaces.
    """

    path: Path
    text: str
    origins: tuple[tuple[Path, int], ...]
    files: tuple[tuple[Path, ...], ...]

    def find(self, name: str) -> int:
        """The first line with this word inside a send-time mark, else the first line."""
        marks = re.finditer(r"\{[{%].*?[}%]\}", self.text, re.DOTALL)
        starts = [mark.start() for mark in marks if _has(name, mark[0])]
        return self.text.count("\n", 0, starts[0]) + 1 if starts else 1

    def origin(self, line: int) -> tuple[Path, int]:
        """The file and line that one line of the built text comes from."""
        return self.origins[line - 1] if line <= len(self.origins) else (self.path, line)

    def place(self, line: int, beside: int) -> str:
        """How an error at the line `beside` calls another line: with its file when that is another, too."""
        path, number = self.origin(line)
        return f"line {number}" if path == self.origin(beside)[0] else f"{path}:{number}"

    def suspects(self) -> list[Path]:
        """Whose fault it is when no line can be named: the files that replace one, else the template itself."""
        return [own for own, *replaced in self.files if replaced] or [self.path]

    def losers(self, name: str) -> list[Path]:
        """Where a word that is missing may have got lost, most likely first.

        The files that replace one with this word, else all suspects.
        """
        replacing = [files for files in self.files if len(files) > 1]
        return [own for own, *_, replaced in replacing if _has(name, _text(replaced))] or self.suspects()


def mend(source: Source, line: int, what: str, cure: str) -> TemplateError:
    """The error for one line of the built text, told in terms of the file that holds it."""
    lines = source.text.split("\n")
    return _error(*source.origin(line), lines[line - 1] if line <= len(lines) else "", what, cure)


def mend_files(files: Sequence[Path], what: str, cure: str) -> TemplateError:
    """The error that no single line is to blame for."""
    return TemplateError(f"{', '.join(map(str, files))}: {what}\n  cure: {cure}")


def _error(path: Path, line: int, excerpt: str, what: str, cure: str) -> TemplateError:
    shown = f"\n    {excerpt.strip()[:160]}" if excerpt.strip() else ""
    return TemplateError(f"{path}:{line}: {what}{shown}\n  cure: {cure}")


def _has(word: str, text: str) -> bool:
    return bool(re.search(rf"\b{re.escape(word)}\b", text))


def read(name: str, folders: Sequence[Path], theme: Theme, say: Say = str.format) -> Source:
    """The file from the first folder that has it, with theme and partials put in; TemplateError names the line.

    `say` is what `[[ _("Read paper") ]]` calls for a phrase in the language of the letter.
    """
    files: list[tuple[Path, ...]] = []
    environment = jinja2.Environment(  # noqa: S701 - the operator's own text, before any reader's values
        loader=jinja2.FunctionLoader(_loader(folders, files)),
        block_start_string="[%",
        block_end_string="%]",
        variable_start_string="[[",
        variable_end_string="]]",
        comment_start_string="[#",
        comment_end_string="#]",
        undefined=jinja2.StrictUndefined,
    )
    environment.globals["_"] = say
    try:
        built = environment.get_template(name).render(theme)
    except jinja2.TemplateSyntaxError as error:
        excerpt = (ORIGIN.sub("", error.source or "").split("\n") + [""] * error.lineno)[error.lineno - 1]
        path = _located(error.name or name, folders)[0]
        raise _error(
            path, error.lineno, excerpt, f"Jinja: {error.message}", "mend the [[ ]] or [% %] there"
        ) from error
    except (*FAULTS, RecursionError) as error:
        raise _stumbled(error, files, folders, theme) from error
    return _with_origins(built, files)


def _stumbled(
    error: Exception, files: Sequence[tuple[Path, ...]], folders: Sequence[Path], theme: Theme
) -> TemplateError:
    """The error for a build mark that could not be filled in, or for a file that is not there."""
    paths = {str(own): own for own, *_ in files}
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in paths]
    looked = ", ".join(map(str, folders))
    if not frames:  # Jinja puts lines of templates among the frames; none means that no template ran yet
        return TemplateError(f"{error} is in none of the template folders: put it into one of {looked}")
    path, line = paths[frames[-1].filename], frames[-1].lineno or 1
    text = _text(path)
    if isinstance(error, jinja2.TemplateNotFound):
        what, cure = f"{error.name} is in none of the template folders", f"put it into one of {looked}"
    elif isinstance(error, jinja2.UndefinedError) and "'" in str(error):
        line, asked = _asked(re.findall(r"'([^']*)'", str(error))[-1], text, line)
        what, cure = f"{asked} is not known", _nearest(asked, theme)
    else:
        what, cure = f"a [[ ]] or [% %] mark: {error}", "mend the mark there"
    return _error(path, line, text.split("\n")[line - 1], what, cure)


def _asked(word: str, text: str, line: int) -> tuple[int, str]:
    """Where a word of a build mark stands and how it is written; Jinja's line may be a later one of the mark."""
    for mark in BUILD_MARK.finditer(text):
        written = re.search(rf"[\w.]*\b{re.escape(word)}\b[\w.]*", mark[0])
        if written and text.count("\n", 0, mark.end()) + 1 >= line:
            return text.count("\n", 0, mark.start() + written.start()) + 1, written[0]
    return line, word


def _nearest(asked: str, theme: Theme) -> str:
    known = [f"{group}.{name}" for group, names in theme.items() for name in names]
    nearest = difflib.get_close_matches(asked, known, n=1, cutoff=0)[0]
    return f"write {nearest}, or another of {', '.join(known)}"


def _located(name: str, folders: Sequence[Path]) -> tuple[Path, ...]:
    """Every file of that name; the first one counts."""
    return tuple(folder / name for folder in folders if (folder / name).is_file())


def _loader(
    folders: Sequence[Path], files: list[tuple[Path, ...]]
) -> Callable[[str], tuple[str, str, Callable[[], bool]] | None]:
    """Reads a file by name and notes it; the position in `files` is what the origin marks say."""

    def load(name: str) -> tuple[str, str, Callable[[], bool]] | None:
        found = _located(name, folders)
        if not found:
            return None
        files.append(found)
        return _marked(_text(found[0]), len(files) - 1), str(found[0]), lambda: True

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


def _with_origins(built: str, files: Sequence[tuple[Path, ...]]) -> Source:
    origins: list[tuple[Path, int]] = []
    for line in built.split("\n"):
        told = ORIGIN.findall(line)
        file, number = told[0] if told else (0, 1)
        origins.append((files[int(file)][0], int(number)))
    return Source(files[0][0], ORIGIN.sub("", built), tuple(origins), tuple(files))
