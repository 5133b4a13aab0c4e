"""Templates under lint: all faults of their structure with file and line, then what compiling them says."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from newsletter.errors import MessageError, TemplateError
from newsletter.lint.catalogue import found
from newsletter.lint.finding import Finding
from newsletter.lint.samples import DIGEST, KINDS, NAMES
from newsletter.mail import admin_letter, letter, lint, styles
from newsletter.mail.admin_letter import AdminLetter
from newsletter.mail.source import Source, read
from newsletter.mail.speech import ENGLISH
from newsletter.mail.template import Letter, compile_mjml, load_letter, shield
from newsletter.mail.theme import PLAIN, Look

RAW = re.compile(r"\{\{(?:(?!\}\}).)*\|\s*safe\b|\{%-?\s*autoescape\s+false", re.DOTALL)
BARE = re.compile(r"\s[\w:-]+=\{\{[^{}]*\}\}")
ADMIN = frozenset(map(str, AdminLetter))  # who reads English, whatever the readers do
TOLD = re.compile(r"(?P<file>[^\n]*?):(?P<line>\d+): (?P<what>.*)", re.DOTALL)


def template(name: str, folders: Sequence[Path], look: Look = PLAIN) -> tuple[Letter | None, tuple[Finding, ...]]:
    """The compiled letter of this name, or all that keeps it from being one; each `what` names its file.

    Any other name than a letter's is looked at for its structure alone, and compiles to nothing.
    """
    try:
        seen = replace(look, language=ENGLISH) if name in ADMIN else look
        source = read(f"{name}.mjml", folders, seen.theme, seen.speech.say)
        shielded, kept = shield(source)
    except TemplateError as error:
        return None, (of_error(error),)
    if faults := (*structure(source, shielded, kept), *unescaped(source)):
        return None, faults
    return _compiled(name, source, folders, seen)


def structure(source: Source, shielded: str, kept: Sequence[tuple[str, int]]) -> tuple[Finding, ...]:
    """Every fault of tags, attributes, values and styles, in the files' own lines and words."""
    faults = [*lint.problems(shielded), *styles.problems(shielded)]
    return tuple(dict.fromkeys(_told(source, fault, kept) for fault in faults))


def unescaped(source: Source) -> tuple[Finding, ...]:
    """Every mark whose value could bring HTML of its own: not escaped, or an attribute without quotes."""
    raw, bare = "the value is put in unescaped", "the value stands in an attribute without quotes"
    cures = {
        raw: "drop |safe and autoescape: a paper's title could bring HTML",
        bare: 'write it like href="{{ url }}"',
    }
    return tuple(
        found("unescaped", f"{path}: {what}: {' '.join(mark[0].split())}", cures[what], line)
        for pattern, what in ((RAW, raw), (BARE, bare))
        for mark in pattern.finditer(source.text)
        for path, line in [source.origin(source.text.count("\n", 0, mark.start()) + 1)]
    )


def _told(source: Source, fault: lint.Problem, kept: Sequence[tuple[str, int]]) -> Finding:
    path, line = source.origin(fault.line)
    what = lint.TOKEN.sub(lambda token: " ".join(kept[int(token[1])][0].split()), fault.what)
    opened = f" of {source.place(fault.opened, fault.line)}" if fault.opened else ""
    return found("template", f"{path}: {what}{opened}", fault.cure, line)


def _compiled(
    name: str, source: Source, folders: Sequence[Path], look: Look
) -> tuple[Letter | None, tuple[Finding, ...]]:
    try:
        if name in NAMES:
            return loader(name)(folders, look), ()
        compile_mjml(source)
    except (TemplateError, MessageError) as error:
        return None, (of_error(error),)
    return None, ()


def loader(name: str) -> Callable[[Sequence[Path], Look], Letter]:
    """What reads and compiles the letter of this name."""
    if name == DIGEST:
        return lambda folders, look: load_letter(DIGEST, folders, look=look)
    if name in KINDS:
        return lambda folders, look: letter.load(KINDS[name], folders, look)
    return lambda folders, look: admin_letter.load(AdminLetter(name), folders, look)


def of_error(error: Exception) -> Finding:
    """A compiler's error as a finding: "file:line: what", an excerpt and "cure: ..."."""
    said, _, cure = str(error).partition("\n  cure: ")
    match = TOLD.match(said)
    if match is None:
        return found("template", " ".join(said.split()), cure or "mend the file that it names")
    what = " ".join(match["what"].partition("\n")[0].split())
    return found("template", f"{match['file']}: {what}", cure or "mend the line", int(match["line"]))
