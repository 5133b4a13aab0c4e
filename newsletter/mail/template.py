"""The template compiler: MJML and partials become one frozen letter, once; a reader costs Jinja alone.

Two stages with marks of their own. At build time `[[ light.ink ]]` and `[% include "_card.html" %]` put the
theme and the partials in; at send time `{{ title }}` and `{% for %}` fill in one reader's values. Between the
two, MJML and the style inliner see tokens, because both damage or drop Jinja's marks.
"""

import hashlib
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import jinja2
from jinja2 import nodes
from markupsafe import escape
from mjml import mjml2html
from premailer import Premailer

from newsletter.errors import MessageError, TemplateError
from newsletter.mail import content, example, lint, styles, words
from newsletter.mail.source import FAULTS, Source, mend, mend_files, read
from newsletter.mail.theme import PLAIN, Look

# Law (CAN-SPAM) and the sender guidelines of mail providers ask for these; each has its cure for when it is lost.
LAW = "the law and the rules of mail providers ask for it: add it to the footer"
REQUIRED = dict.fromkeys(("unsubscribe_url", "preferences_url", "postal_address", "reason"), LAW)
MARK = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
# Blocks that only make sense as blocks; everything else in <style> is inlined.
KEPT_STYLE = re.compile(r"<style(?![^>]*data-premailer)(?=[^>]*\smedia=|[^>]*>\s*(?:@media|#outlook))")

HTML = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
TEXT = jinja2.Environment(  # noqa: S701 - plain text and a header: escaping would show as &amp;
    undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
TEXT.filters["fill"] = words.fill


@dataclass(frozen=True)
class Letter:
    """A compiled letter: three Jinja sources ready per reader, and their SHA-256, which alone is compared."""

    name: str = field(compare=False)
    html: str = field(compare=False, repr=False)
    text: str = field(compare=False, repr=False)
    subject: str = field(compare=False, repr=False)
    hash: str

    def to_dict(self) -> dict[str, str]:
        """As it is frozen in the database."""
        return {part: getattr(self, part) for part in ("name", "html", "text", "subject", "hash")}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """A frozen letter read back; TemplateError when it is not what was frozen."""
        letter = cls(**{part: str(values[part]) for part in ("name", "html", "text", "subject", "hash")})
        if letter.hash != _hash(letter.html, letter.text, letter.subject):
            raise TemplateError(f"the frozen letter {letter.name!r} does not match its hash: replan the edition")
        return letter


def load_letter(
    name: str,
    folders: Sequence[Path],
    values: Mapping[str, Any] | None = None,
    required: Mapping[str, str] | None = None,
    look: Look = PLAIN,
) -> Letter:
    """Read and compile `<name>.mjml`, `.txt` and `.subject.txt`, each file from the first folder that has it.

    `values` are an example to check another letter with, and the `required` ones, each with its cure, must be
    shown in HTML and text; the digest brings its own of both. `look` is the theme and the language. Raises
    TemplateError with file, line, excerpt and cure.
    """
    mjml, text, subject = (
        read(f"{name}.{kind}", folders, look.theme, look.speech.say) for kind in ("mjml", "txt", "subject.txt")
    )
    asked = [(part, _names(part)) for part in (subject, mjml, text)]
    html = compile_mjml(mjml)
    letter = Letter(name, html, text.text, subject.text, _hash(html, text.text, subject.text))
    _check_compiled(mjml, letter)
    for trial in [values] if values is not None else _examples(name):
        _check_values(asked, letter, trial, REQUIRED if name == "digest" else required or {})
    return letter


def fill_in(letter: Letter, part: str, values: Mapping[str, Any]) -> str:
    """One part ("subject", "html" or "text") for one reader; MessageError when it stumbles over the values."""
    try:
        return _programs(letter)[part].render(values)
    except FAULTS as error:
        raise MessageError(f"the {part} of letter {letter.name!r} fails on these values: {error}") from error


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@lru_cache(maxsize=64)
def _programs(letter: Letter) -> Mapping[str, jinja2.Template]:
    """Ready to run, kept by the letter's hash: parsing costs fifty times a rendering."""
    return {
        "subject": TEXT.from_string(letter.subject),
        "html": HTML.from_string(letter.html),
        "text": TEXT.from_string(letter.text),
    }


def compile_mjml(source: Source) -> str:
    """The HTML template with its send-time marks in it, styles inlined, no remote part."""
    shielded, kept = shield(source)
    if faults := lint.problems(shielded) or styles.problems(shielded):
        raise _told(source, faults[0], kept)
    try:
        html = mjml2html(shielded, fonts={}, disable_comments=True)  # fonts={}: no link to a font server
    except ValueError as error:
        raise _refused(source, str(error), shielded) from error
    compiled = unshield(re.sub(r"\s*\n\s*", "\n", inline(html)), kept, source)
    for path, bare in styles.lost(source, compiled):
        cure = "copy them from the shipped file, or write an empty rule to leave one out on purpose"
        raise mend_files([path], f"no rule for {', '.join(f'.{name}' for name in bare)}", cure)
    return compiled


def _told(source: Source, fault: lint.Problem, kept: Sequence[tuple[str, int]]) -> TemplateError:
    """A fault in the words of the files: marks in place of tokens, lines of files in place of built ones."""
    what = lint.TOKEN.sub(lambda token: " ".join(kept[int(token[1])][0].split()), fault.what)
    opened = f" of {source.place(fault.opened, fault.line)}" if fault.opened else ""
    return mend(source, fault.line, what + opened, fault.cure)


def _refused(source: Source, said: str, shielded: str) -> TemplateError:
    """What MJML itself refuses: it tells byte offsets in the built text, or not where at all."""
    what = f"MJML: {said.partition(' in root template')[0]}"
    if offset := re.search(r"position (\d+)", said):
        line = shielded.encode()[: int(offset[1])].count(b"\n") + 1
        return mend(source, line, what, "check tags and quotes there")
    return mend_files(source.suspects(), what, "check tags and quotes; MJML does not say where")


def shield(source: Source) -> tuple[str, list[tuple[str, int]]]:
    """Each send-time mark becomes a token that MJML and the inliner leave alone; lines stay where they are."""
    if token := lint.TOKEN.search(source.text):
        line = source.text.count("\n", 0, token.start()) + 1
        raise mend(source, line, "jj0000jj is how the compiler marks placeholders", "use other words")
    kept: list[tuple[str, int]] = []

    def put(match: re.Match[str]) -> str:
        kept.append((match[0], match.string.count("\n", 0, match.start()) + 1))
        return f"jj{len(kept) - 1:04d}jj" + "\n" * match[0].count("\n")

    bare = COMMENT.sub(lambda match: "\n" * match[0].count("\n"), source.text)
    return MARK.sub(put, bare), kept


def unshield(html: str, kept: Sequence[tuple[str, int]], source: Source) -> str:
    """Put the marks back; one that got lost on the way is an error, never a silent gap."""
    seen = {int(number) for number in lint.TOKEN.findall(html)}
    for number, (mark, line) in enumerate(kept):
        if number not in seen:
            raise mend(
                source,
                line,
                f"{' '.join(mark.split())} got lost",
                "placeholders may stand in texts, links and colours only",
            )
    return lint.TOKEN.sub(lambda match: kept[int(match[1])][0], html)


def inline(html: str) -> str:
    """Classes become style attributes, once a template; blocks for media, dark mode and Outlook stay blocks."""
    html = html.replace("<!doctype html>", "<!DOCTYPE html>", 1)  # lxml drops the lower-case form: quirks mode
    inliner = Premailer(
        KEPT_STYLE.sub('<style data-premailer="ignore"', html),
        allow_network=False,
        disable_validation=True,  # it knows neither mso-* nor color-scheme
        strip_important=False,  # the default takes dark mode's !important away
        remove_classes=False,
        keep_style_tags=False,
        disable_leftover_css=True,
        cssutils_logging_level=logging.CRITICAL,
        disable_basic_attributes=["width", "height", "bgcolor", "align", "valign"],
    )
    return str(inliner.transform()).replace(' data-premailer="ignore"', "")


def _names(source: Source) -> set[str]:
    """The values that a template asks for; TemplateError where a mark is broken or names no filter or test."""
    environment = HTML if source.path.suffix == ".mjml" else TEXT
    try:
        tree = environment.parse(source.text)
    except jinja2.TemplateSyntaxError as error:
        raise mend(source, error.lineno, f"Jinja: {error.message}", "mend the mark there") from error
    for kind, known in ((nodes.Filter, environment.filters), (nodes.Test, environment.tests)):
        for node in tree.find_all(kind):
            if node.name not in known:
                cure = f"use one of {', '.join(sorted(known))}"
                raise mend(source, node.lineno, f"no {kind.__name__.lower()} is called {node.name!r}", cure)
    names = list(tree.find_all(nodes.Name))
    given = {name.name for name in names if name.ctx != "load"}  # set, for and with give names of their own
    return {name.name for name in names} - given - {"loop", *environment.globals}


def _check_compiled(source: Source, letter: Letter) -> None:
    try:
        _programs(letter)
    except jinja2.TemplateSyntaxError as error:
        cure = "open and close each {% %} in the same place: MJML repeats titles and moves parts"
        raise mend_files(source.suspects(), f"Jinja, once compiled: {error.message}", cure) from error


def _examples(name: str) -> list[Mapping[str, Any]]:
    """For the digest one of each plan: every branch of the shipped templates runs in one of them."""
    if name != "digest":
        return []
    sample = example.digest()
    roomy, tight = content.roomy(len(sample.papers)), content.Plan(cards=1, rows=2)
    return [content.variables(sample, plan) for plan in (roomy, tight)]


def _check_values(
    asked: Sequence[tuple[Source, set[str]]],
    letter: Letter,
    values: Mapping[str, Any],
    required: Mapping[str, str],
) -> None:
    """Render the example: unknown names and forgotten obligations show here and not at send time."""
    for source, names in asked:
        if unknown := sorted(names - set(values)):
            cure = f"use one of {', '.join(sorted(values))}"
            raise mend(source, source.find(unknown[0]), f"{unknown[0]} is not known", cure)
    programs = _programs(letter).values()
    told = [_tried(source, program, values) for (source, _), program in zip(asked, programs, strict=True)]
    _check_duties([source for source, _ in asked[1:]], told[1:], values, required)


def _tried(source: Source, program: jinja2.Template, values: Mapping[str, Any]) -> str:
    try:
        return program.render(values)
    except FAULTS as error:
        quoted = re.findall(r"'(\w+)'", str(error))
        line = source.find(quoted[-1]) if quoted else 1
        raise mend(source, line, str(error), "compare the names with the shipped template") from error


def _check_duties(
    sources: Sequence[Source], rendered: Sequence[str], values: Mapping[str, Any], required: Mapping[str, str]
) -> None:
    for source, told in zip(sources, rendered, strict=True):
        shown = " ".join(told.split())
        for name, cure in required.items():
            if values[name] not in shown and str(escape(values[name])) not in shown:
                raise mend_files(source.losers(name), f"{{{{ {name} }}}} is not shown", cure)
