"""What MJML may say here: an allow-list, because the compiler takes nonsense in silence.

MRML draws an unknown tag as nothing, ignores an unknown attribute, closes a tag with another's name, and puts
a text outside its column as it stands (https://documentation.mjml.io/ has the tags and attributes).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

from newsletter.mail.mjml_values import COLOUR, TOKEN, WORDS, sized, sound

__all__ = ["COLOUR", "TOKEN", "Problem", "problems"]

VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
SIDES = ("top", "right", "bottom", "left")


def _sided(name: str) -> frozenset[str]:
    return frozenset({name, *(f"{name}-{side}" for side in SIDES)})


PADDING = _sided("padding")
BORDER = _sided("border") | {"border-radius"}
FONT = frozenset(
    ["color", "font-family", "font-size", "font-style", "font-weight", "letter-spacing", "line-height"]
)
WORDING = FONT | {"align", "text-decoration", "text-transform", "container-background-color"} | PADDING
BACKGROUND = frozenset(
    [
        "background-color",
        "background-url",
        "background-repeat",
        "background-size",
        "background-position",
        "background-position-x",
        "background-position-y",
    ]
)
SECTION = PADDING | BORDER | BACKGROUND | {"direction", "full-width", "text-align"}
LINK = frozenset(["href", "name", "rel", "target", "title"])

ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "mjml": frozenset({"lang", "dir", "owa"}),
    "mj-head": frozenset(),
    "mj-title": frozenset(),
    "mj-attributes": frozenset(),
    "mj-all": WORDING | SECTION,
    "mj-class": WORDING | SECTION | {"name", "width", "height"},
    "mj-style": frozenset({"inline"}),
    "mj-breakpoint": frozenset({"width"}),
    "mj-raw": frozenset(),
    "mj-body": frozenset({"width", "background-color"}),
    "mj-wrapper": SECTION,
    "mj-section": SECTION,
    "mj-hero": SECTION | {"mode", "height", "width", "vertical-align", "background-height", "background-width"},
    "mj-group": frozenset({"width", "vertical-align", "background-color", "direction"}),
    "mj-column": PADDING
    | BORDER
    | _sided("inner-border")
    | {"inner-border-radius", "inner-background-color", "background-color", "width", "vertical-align"},
    "mj-text": WORDING | {"height"},
    "mj-button": WORDING
    | BORDER
    | LINK
    | {"background-color", "height", "width", "inner-padding", "text-align", "vertical-align"},
    "mj-divider": PADDING
    | {"align", "border-color", "border-style", "border-width", "container-background-color", "width"},
    "mj-spacer": PADDING | {"height", "container-background-color"},
    "mj-table": WORDING | {"border", "cellpadding", "cellspacing", "table-layout", "width", "role"},
    "mj-image": PADDING
    | BORDER
    | LINK
    | {"align", "alt", "src", "width", "height", "fluid-on-mobile", "container-background-color"},
}
HEAD = ("mj-head",)
ROOMS = ("mj-column", "mj-hero")
PARENTS: Mapping[str, tuple[str, ...]] = {
    "mjml": ("",),
    "mj-head": ("mjml",),
    "mj-body": ("mjml",),
    **dict.fromkeys(("mj-title", "mj-attributes", "mj-style", "mj-breakpoint"), HEAD),
    "mj-all": ("mj-attributes",),
    "mj-class": ("mj-attributes",),
    "mj-raw": ("mj-head", "mj-body", "mj-wrapper", "mj-section", "mj-group", *ROOMS),
    "mj-wrapper": ("mj-body",),
    "mj-section": ("mj-body", "mj-wrapper"),
    "mj-hero": ("mj-body", "mj-wrapper"),
    "mj-group": ("mj-section",),
    "mj-column": ("mj-section", "mj-group"),
    **dict.fromkeys(("mj-text", "mj-button", "mj-divider", "mj-spacer", "mj-table", "mj-image"), ROOMS),
}
CURES: Mapping[str, str] = {
    "mj-preview": "write a hidden <div> in mj-raw: mj-preview's white text looks like junk to mail filters",
    "mj-font": "use fonts that readers have: a remote font is a request to a third party",
    "mj-include": 'write [% include "_name.html" %], which also nests',
}
# Mail programs drop these or call the mail spam; in a browser's preview they would run or load.
REFUSED = ("script", "form", "iframe", "object", "embed", "link")
HIDDEN = re.compile(rf"<({'|'.join(REFUSED)})\b", re.IGNORECASE)
EVENT = re.compile(r"on[a-z]+")
NO_TAG = "drop it: mail programs remove it, and filters count it against the sender; a link is all a mail needs"
NO_EVENT = "drop it: no mail program runs scripts"
# The compiler refuses any other tag without a word about where it stands.
READABLE = re.compile(r"""<[^\s/>]+(\s+(?!\d)[\w:][\w.:-]*(\s*=\s*("[^"]*"|'[^']*'))?)*\s*/?>""")
VALUES = "write a number with px or %, or a colour like #b3400e"
MARKED_SIZE = "marks are not allowed in sizes, for MJML computes with them: write a number with px or %"
# What these hold is elements of MJML; the compiler drops or misplaces anything else.
FRAMES = frozenset(
    ["mjml", "mj-head", "mj-attributes", "mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero"]
)
NEEDED: Mapping[str, str] = {"mj-image": "src", "mj-button": "href", "mj-class": "name"}


@dataclass(frozen=True)
class Problem:
    """One fault: the line in the text that was checked, what is wrong there, and how to mend it.

    `opened` is the line of the tag that `what` ends with, when that is another one; else 0.
    """

    line: int
    what: str
    cure: str
    opened: int = 0


def problems(mjml: str) -> list[Problem]:
    """Every fault of a shielded MJML text, first line first."""
    reader = _Reader()
    reader.feed(mjml)
    reader.close()
    reader.end()
    return sorted(reader.found, key=lambda problem: problem.line)


class _Reader(HTMLParser):
    """Walks the tags with a stack of what is open."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.open: list[tuple[str, int]] = []
        self.found: list[Problem] = []
        self.named: set[str] = set()
        self.classes: list[tuple[str, int]] = []
        self.roots = self.bodies = 0

    def end(self) -> None:
        """Tell what only the whole text shows."""
        if self.open:
            tag, line = self.open[-1]
            self.found.append(Problem(line, f"<{tag}> is never closed", f"add </{tag}>"))
        if self.roots and not self.bodies and not self.found:
            self.found.append(Problem(1, "there is no <mj-body>", "put the letter into <mjml><mj-body>"))
        for name, line in self.classes:
            if name not in self.named:
                cure = f'add <mj-class name="{name}" ... /> to <mj-attributes>'
                self.found.append(Problem(line, f'mj-class="{name}" is defined nowhere', cure))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._check(tag, attrs)
        if tag not in VOID:
            self.open.append((tag, self.getpos()[0]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._check(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1][0] == tag:
            self.open.pop()
            return
        if self.open:
            opened, line = self.open[-1]
            cure = f"close <{opened}> first, or drop </{tag}>"
            self._report(f"</{tag}> closes <{opened}>", cure, line)
        else:
            self._report(f"</{tag}> closes nothing", f"drop </{tag}>")
        if any(tag == other for other, _ in self.open):
            while self.open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if "<" in data:
            self._report("a bare < stands in the text", "write &lt;")
        elif self.open and self.open[-1][0] in FRAMES and TOKEN.sub("", data).strip():
            self._report(f"words stand in <{self.open[-1][0]}>", "put them into <mj-text>")

    def handle_comment(self, data: str) -> None:
        if hidden := HIDDEN.search(data):  # Outlook reads what stands in a conditional comment
            self._report(f"<{hidden[1].lower()}> is not allowed", NO_TAG)

    def _report(self, what: str, cure: str, opened: int = 0) -> None:
        self.found.append(Problem(self.getpos()[0], what, cure, opened))

    def _check(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in REFUSED:
            self._report(f"<{tag}> is not allowed", NO_TAG)
        names = [name for name, _ in attrs]
        if twice := next((name for name in names if names.count(name) > 1 and not TOKEN.search(name)), ""):
            self._report(f"{twice}= stands twice in <{tag}>", "keep one: the other is lost")
        for name in names:
            if EVENT.fullmatch(name):
                self._report(f"{name}= of <{tag}> is not allowed", NO_EVENT)
        if any(TOKEN.search(name) for name, _ in attrs):
            where = f"a mark stands among the attributes of <{tag}>"
            self._report(where, "put the whole element into each branch")
        elif not READABLE.fullmatch(self.get_starttag_text() or ""):
            self._report(f"an attribute of <{tag}> cannot be read", 'write it like width="50%"')
        if tag == "mjml" or tag.startswith("mj-"):
            self._check_place(tag)
            for name, value in attrs:
                self._check_attribute(tag, name, value or "")
            self._check_whole(tag, dict(attrs))
        elif self.open and self.open[-1][0] in FRAMES:
            self._report(f"<{tag}> stands in <{self.open[-1][0]}>", "put it into <mj-text> or <mj-raw>")

    def _check_place(self, tag: str) -> None:
        parent = self.open[-1][0] if self.open else ""
        if tag not in PARENTS:
            self._report(f"<{tag}> is not known", CURES.get(tag, f"use one of {', '.join(PARENTS)}"))
        elif parent not in PARENTS[tag] and parent != "mj-attributes":
            where = f"<{parent}>" if parent else "the top"
            wanted = " or ".join(f"<{place}>" if place else "the top" for place in PARENTS[tag])
            self._report(f"<{tag}> stands in {where}", f"put it into {wanted}")

    def _check_whole(self, tag: str, given: Mapping[str, str | None]) -> None:
        self.roots += tag == "mjml"
        self.bodies += tag == "mj-body"
        if tag == "mj-body" and self.bodies > 1:
            self._report("a second <mj-body> stands here", "put its sections into the first")
        if tag == "mj-class":
            self.named.add(given.get("name") or "")
        needed = NEEDED.get(tag)
        defaults = bool(self.open) and self.open[-1][0] == "mj-attributes" and tag != "mj-class"
        if needed and not defaults and not given.get(needed):
            self._report(f"<{tag}> has no {needed}", f'write {needed}="..."')

    def _check_attribute(self, tag: str, name: str, value: str) -> None:
        allowed = ATTRIBUTES.get(tag)
        if allowed is None or TOKEN.search(name):
            return
        if name == "mj-class":
            self.classes += [(each, self.getpos()[0]) for each in value.split() if not TOKEN.search(each)]
        elif name not in allowed | {"css-class"}:
            self._report(
                f'<{tag}> has no attribute "{name}"',
                f"use one of {', '.join(sorted(allowed)) or 'css-class'}",
            )
        elif not sound(name, value):
            marked = sized(name) and TOKEN.search(value)
            listed = f"write one of {', '.join(sorted(WORDS[name]))}" if name in WORDS else VALUES
            self._report(f'{name}="{" ".join(value.split())}" means nothing', MARKED_SIZE if marked else listed)
