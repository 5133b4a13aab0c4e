"""What mail programs do not know of what a mail uses, by the data of https://www.caniemail.com."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from newsletter.lint.allowed import ALLOWED
from newsletter.lint.catalogue import found
from newsletter.lint.finding import Finding
from newsletter.lint.page import Page
from newsletter.lint.stylesheet import Block, declarations

Used = tuple[str, int]  # a feature, and the line that uses it
SEMANTIC = "article aside details figcaption figure footer header main mark nav section summary time"
ELEMENTS: Mapping[str, str] = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "html-h1-h6"),
    **dict.fromkeys(("ul", "ol", "dl"), "html-lists"),
    **dict.fromkeys(SEMANTIC.split(), "html-semantics"),
    "map": "html-image-maps",
}
# Elements and attributes share the slugs html-*: these names are attributes alone.
ATTRIBUTES = frozenset(
    [
        "align",
        "aria-describedby",
        "aria-hidden",
        "aria-label",
        "aria-labelledby",
        "aria-live",
        "background",
        "cellpadding",
        "cellspacing",
        "dir",
        "height",
        "hidden",
        "lang",
        "popover",
        "required",
        "role",
        "srcset",
        "target",
        "valign",
        "width",
    ]
)
PROPERTIES: Mapping[str, str] = {
    **dict.fromkeys(("column-gap", "row-gap"), "css-gap"),
    **dict.fromkeys(("left", "right", "top", "bottom"), "css-left-right-top-bottom"),
    **dict.fromkeys(("grid-template-areas", "grid-template-columns", "grid-template-rows"), "css-grid-template"),
    **dict.fromkeys(("columns", "column-width", "column-rule", "column-span"), "css-column-layout-properties"),
    **dict.fromkeys(("margin-inline", "margin-block"), "css-margin-inline-block"),
    **dict.fromkeys(("padding-inline", "padding-block"), "css-padding-inline-block"),
    **dict.fromkeys(("margin-inline-start", "margin-inline-end"), "css-margin-inline-start-end"),
    **dict.fromkeys(("padding-inline-start", "padding-inline-end"), "css-padding-inline-start-end"),
    **dict.fromkeys(("margin-block-start", "margin-block-end"), "css-margin-block-start-end"),
    **dict.fromkeys(("padding-block-start", "padding-block-end"), "css-padding-block-start-end"),
    **dict.fromkeys(("border-inline", "border-block"), "css-border-inline-block"),
    **dict.fromkeys(
        ("border-inline-start", "border-inline-end", "border-block-start", "border-block-end"),
        "css-border-inline-block-individual",
    ),
}
GROUPS = (
    "border",
    "margin",
    "padding",
    "font",
    "background",
    "list-style",
    "flex",
)  # a long name counts as its short one
VALUES: Mapping[tuple[str, str], str] = {
    ("display", "flex"): "css-display-flex",
    ("display", "inline-flex"): "css-display-flex",
    ("display", "grid"): "css-display-grid",
    ("display", "none"): "css-display-none",
    ("flex-direction", "column"): "css-flex-direction",
    ("flex-wrap", "wrap"): "css-flex-wrap",
}
FUNCTIONS = re.compile(
    r"\b(linear-gradient|radial-gradient|conic-gradient|calc|clamp|min|max|light-dark|var"
    r"|rgba|rgb|oklch|lch|oklab|lab)\("
)
FUNCTION: Mapping[str, str] = {
    **{name: f"css-{name}" for name in ("linear-gradient", "radial-gradient", "conic-gradient", "rgb", "rgba")},
    **{name: f"css-function-{name}" for name in ("clamp", "min", "max", "light-dark")},
    **dict.fromkeys(("oklch", "lch", "oklab", "lab"), "css-modern-color"),
    "calc": "css-unit-calc",
    "var": "css-variables",
}
UNIT = re.compile(r"(?<![\w#-])\d*\.?\d+(ch|cm|em|ex|in|mm|pc|pt|px|rem|vh|vw|vmin|vmax|%)(?![\w-])")
AT_RULES: Mapping[str, str] = {
    "@font-face": "css-at-font-face",
    "@import": "css-at-import",
    "@keyframes": "css-at-keyframes",
    "@media": "css-at-media",
    "@supports": "css-at-supports",
}
MEDIA: Mapping[str, str] = {
    "prefers-color-scheme": "css-at-media-prefers-color-scheme",
    "prefers-reduced-motion": "css-at-media-prefers-reduced-motion",
    "orientation": "css-at-media-orientation",
    "hover": "css-at-media-hover",
    "device-pixel-ratio": "css-at-media-device-pixel-ratio",
}
PSEUDO = re.compile(r"(?<!\\)(::?)([a-z-]+)")
SELECTORS: Mapping[str, re.Pattern[str]] = {
    "css-selector-attribute": re.compile(r"\["),
    "css-selector-child": re.compile(r">"),
    "css-selector-adjacent-sibling": re.compile(r"(?<!\\)\+"),
    "css-selector-general-sibling": re.compile(r"~(?!=)"),
    "css-selector-class": re.compile(r"\.[a-z_-]", re.IGNORECASE),
    "css-selector-id": re.compile(r"#[a-z_-]", re.IGNORECASE),
    "css-selector-grouping": re.compile(r","),
    "css-selector-chaining": re.compile(r"[\w-]\.[a-z_-]", re.IGNORECASE),
    "css-selector-descendant": re.compile(r"[\w\])*] +[\w.#\[*:]"),
    "css-selector-universal": re.compile(r"(?:^|[\s,>])\*"),
}
FIRST_CLIENTS = 4


@dataclass(frozen=True)
class Support:
    """The data: when it was taken, the clients, and for each feature its title and a letter for each client."""

    date: str
    clients: tuple[str, ...]
    features: Mapping[str, tuple[str, str]]

    def without(self, feature: str) -> list[str]:
        """The clients that do not know this feature at all."""
        _, letters = self.features[feature]
        return [client for client, letter in zip(self.clients, letters, strict=True) if letter == "n"]


@lru_cache(maxsize=1)
def support() -> Support:
    """What is bundled with this package."""
    told = json.loads(files("newsletter.lint").joinpath("caniemail.json").read_text(encoding="utf-8"))
    features = {slug: (title, letters) for slug, (title, letters) in told["features"].items()}
    return Support(told["date"], tuple(told["clients"]), features)


def judge(page: Page, blocks: list[Block]) -> Iterator[Finding]:
    """Each feature that some client does not know and that ALLOWED does not name, once, by its first line."""
    known = support()
    lines: dict[str, list[int]] = {}
    for feature, line in used(page, blocks):
        lines.setdefault(feature, []).append(line)
    for feature, where in lines.items():
        if feature in known.features and feature not in ALLOWED and (without := known.without(feature)):
            more = f" (and {len(where) - 1} more times)" if len(where) > 1 else ""
            title = known.features[feature][0]
            named = ", ".join(without[:FIRST_CLIENTS]) + (" and others" if len(without) > FIRST_CLIENTS else "")
            what = f"{title} is not known to {named}{more}"
            cure = f"do without it, or say in lint.ALLOWED why nothing is lost: https://www.caniemail.com/features/{feature}/"
            yield found("client-support", what, cure, min(where))


def used(page: Page, blocks: list[Block]) -> Iterator[Used]:
    """Every feature that this page uses, as often as it does."""
    for element in page.elements:
        yield ELEMENTS.get(element.tag, f"html-{element.tag}"), element.line
        yield from ((f"html-{name}", element.line) for name in element.attributes if name in ATTRIBUTES)
        for each in declarations(element.attributes.get("style", "")):
            yield from ((feature, element.line) for feature in _declared(each.name, each.value))
        yield from ((feature, element.line) for feature in _special(element.tag, element.attributes))
    for block in blocks:
        yield from ((feature, block.line) for feature in _selected(block.prelude))
        for each in block.declarations:
            yield from ((feature, block.line) for feature in _declared(each.name, each.value))


def _special(tag: str, attributes: Mapping[str, str]) -> Iterator[str]:
    if tag == "input":
        yield f"html-input-{attributes.get('type', 'text')}"
    if tag == "button":
        yield f"html-button-{attributes.get('type', 'submit')}"
    if tag == "meta" and attributes.get("name") == "color-scheme":
        yield "html-meta-color-scheme"
    if tag == "a" and attributes.get("href", "").startswith("mailto:"):
        yield "html-mailto-links"
    if tag == "a" and attributes.get("href", "").startswith("#"):
        yield "html-anchor-links"


@lru_cache(maxsize=4_096)
def _declared(name: str, value: str) -> tuple[str, ...]:
    """The features of one declaration; a program's own property (mso-*, -webkit-*) is meant for it alone."""
    if name.startswith(("mso-", "-webkit-", "-moz-", "-ms-")):
        return ()
    features = [VALUES.get((name, value), ""), _property(name)]
    features += [FUNCTION[function] for function in FUNCTIONS.findall(value)]
    features += [f"css-unit-{'percent' if unit == '%' else unit}" for unit in UNIT.findall(value)]
    return tuple(dict.fromkeys(feature for feature in features if feature))


def _property(name: str) -> str:
    known = support().features
    if name.startswith("--"):
        return "css-variables"
    if name in PROPERTIES or f"css-{name}" in known:
        return PROPERTIES.get(name, f"css-{name}")
    if name.startswith("border-") and name.endswith("-radius"):
        return "css-border-radius"
    return next((f"css-{group}" for group in GROUPS if name.startswith(f"{group}-")), f"css-{name}")


@lru_cache(maxsize=1_024)
def _selected(prelude: str) -> tuple[str, ...]:
    if prelude.startswith("@"):
        word = prelude.partition(" ")[0].partition("(")[0]
        asked = [feature for name, feature in MEDIA.items() if name in prelude]
        return (AT_RULES.get(word, ""), *(asked if word == "@media" else []))
    features = [feature for feature, pattern in SELECTORS.items() if pattern.search(prelude)]
    for colons, name in PSEUDO.findall(prelude):
        kind = "element" if len(colons) > 1 or name in {"before", "after"} else "class"
        features.append(f"css-pseudo-{kind}-{name}")
    return tuple(features)
