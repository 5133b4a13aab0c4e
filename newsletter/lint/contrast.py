"""Whether text stands out from its ground, by day and in dark mode (WCAG 2.2, 1.4.3)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from PIL import ImageColor

from newsletter.lint.catalogue import found
from newsletter.lint.finding import Finding
from newsletter.lint.page import Element, Page, Words
from newsletter.lint.selectors import Sheet
from newsletter.lint.stylesheet import Block, declarations

Colour = tuple[int, int, int]
LEAST, LEAST_LARGE = 4.5, 3.0
LARGE, LARGE_BOLD = 24.0, 18.66  # CSS pixels: 18 and 14 points
BOLD = 600
WHITE, BLACK, LINK_BLUE = (255, 255, 255), (0, 0, 0), (0, 0, 238)
SIZE = re.compile(r"(\d+(?:\.\d+)?)(px|pt|em|rem|%)?$")
UNITS = {"px": 1.0, "pt": 4 / 3, "rem": 16.0}
HEADINGS = {"h1": 32.0, "h2": 24.0, "h3": 18.72, "h4": 16.0, "h5": 13.28, "h6": 10.72}
MOST_TOLD = 20


@dataclass(frozen=True)
class Look:
    """How an element's words are drawn; `ground` None where a picture lies behind them."""

    ink: Colour = BLACK
    ground: Colour | None = WHITE
    size: float = 16.0
    bold: bool = False
    hidden: bool = False


def judge(page: Page, blocks: list[Block]) -> Iterator[Finding]:
    """Text that is too faint: each pair of colours once, by its first line."""
    yield from _faint(page, looks(page, Sheet(blocks, dark=False)), "contrast")
    if any(block.dark for block in blocks):
        yield from _faint(page, looks(page, Sheet(blocks, dark=True)), "contrast-dark")


def looks(page: Page, sheet: Sheet) -> dict[Element, Look]:
    """How each element is drawn; parents come first, so one pass will do."""
    drawn: dict[Element, Look] = {}
    for element in page.elements:
        around = drawn[element.parent] if element.parent else Look()
        drawn[element] = _look(element, around, _styles(element, sheet))
    return drawn


def _styles(element: Element, sheet: Sheet) -> dict[str, str]:
    """What counts in the end: rules, then the element's own style, then whatever is important."""
    given = [*sheet.declarations(element)]
    own = declarations(element.attributes.get("style", ""))
    ordered = [each for each in (*given, *own) if not each.important]
    ordered += [each for each in (*given, *own) if each.important]
    return {each.name: each.value for each in ordered}


def _look(element: Element, around: Look, styles: dict[str, str]) -> Look:
    size = _size(styles.get("font-size", ""), around.size, HEADINGS.get(element.tag))
    weight = styles.get("font-weight", "bold" if element.tag in {*HEADINGS, "b", "strong", "th"} else "")
    hidden = (
        styles.get("display") == "none" or styles.get("visibility") == "hidden" or "hidden" in element.attributes
    )
    hidden = hidden or element.attributes.get("aria-hidden") == "true" or styles.get("max-height") in {"0", "0px"}
    ground = _ground(element, around, styles)
    ink = around.ink
    if element.tag == "a" and "href" in element.attributes:
        ink = LINK_BLUE
    written = styles.get("color") or (element.attributes.get("color", "") if element.tag == "font" else "")
    return replace(
        around,
        ground=ground,
        ink=_over(written, ground, ink, around.ink),
        size=size,
        bold=_bold(weight) if weight else around.bold,
        hidden=around.hidden or hidden,
    )


def _ground(element: Element, around: Look, styles: dict[str, str]) -> Colour | None:
    behind = around.ground
    written = styles.get("background", "")
    picture = styles.get(
        "background-image", "none" if "url(" not in written and "gradient(" not in written else ""
    )
    if picture != "none" or element.attributes.get("background"):
        return None
    for colour in (element.attributes.get("bgcolor", ""), written, styles.get("background-color", "")):
        behind = _over(colour, behind, behind, behind) if behind or _colour(colour) else None
    return behind


def _over(written: str, behind: Colour | None, otherwise: Colour | None, inherited: Colour | None) -> Colour:
    """A colour as it is seen over what lies behind it."""
    if written == "inherit":
        return inherited or BLACK
    colour = _colour(written)
    if colour is None:
        return otherwise or BLACK
    red, green, blue, alpha = colour
    under = behind or WHITE
    seen = [round(own * alpha + below * (1 - alpha)) for own, below in zip((red, green, blue), under, strict=True)]
    return seen[0], seen[1], seen[2]


@lru_cache(maxsize=1_024)
def _colour(written: str) -> tuple[int, int, int, float] | None:
    """Red, green, blue and how opaque it is (0 to 1); None for what is no colour."""
    text = written.strip().lower()
    if text == "transparent":
        return 0, 0, 0, 0.0
    alpha = 1.0
    if parts := re.fullmatch(r"rgba?\(\s*([\d.]+)[\s,]+([\d.]+)[\s,]+([\d.]+)\s*[,/]\s*([\d.]+)(%?)\s*\)", text):
        alpha = min(float(parts[4]) / (100 if parts[5] else 1), 1.0) if parts[4].count(".") <= 1 else 1.0
        text = f"rgb({','.join(part.partition('.')[0] or '0' for part in parts.groups()[:3])})"
    try:
        told = list(ImageColor.getrgb(text))
    except ValueError:
        return None
    red, green, blue = (min(part, 255) for part in told[:3])
    return red, green, blue, told[3] / 255 if len(told) > len(WHITE) else alpha


def _size(written: str, around: float, usual: float | None) -> float:
    found_ = SIZE.match(written)
    if not found_:
        return around if usual is None else usual
    number, unit = float(found_[1]), found_[2] or "px"
    return number * UNITS.get(unit, around / (100 if unit == "%" else 1))


def _bold(weight: str) -> bool:
    return weight in {"bold", "bolder"} or (weight.isascii() and weight.isdigit() and int(weight[:5]) >= BOLD)


def ratio(one: Colour, other: Colour) -> float:
    """The contrast of two colours, 1 to 21 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Colour) -> float:
    parts = [part / 255 for part in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]  # noqa: PLR2004 - sRGB
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _faint(page: Page, drawn: dict[Element, Look], rule: str) -> Iterator[Finding]:
    told: set[tuple[Colour, Colour, float]] = set()
    for words in page.words:
        look = drawn.get(words.element, Look())
        least = LEAST_LARGE if look.size >= LARGE or (look.bold and look.size >= LARGE_BOLD) else LEAST
        if look.ground is None or look.hidden or not look.size or not any(map(str.isalnum, words.text)):
            continue
        pair = look.ink, look.ground, least
        if ratio(look.ink, look.ground) < least and pair not in told and len(told) < MOST_TOLD:
            told.add(pair)
            yield _told(rule, words, look, least)


def _told(rule: str, words: Words, look: Look, least: float) -> Finding:
    ground = look.ground or WHITE
    reached = int(ratio(look.ink, ground) * 100) / 100
    where = "in dark mode " if rule == "contrast-dark" else ""
    shown = " ".join(words.text.split())[:40]
    pair = f"{_hex(look.ink)} on {_hex(ground)} is {reached:.2f} to 1"
    return found(rule, f'{where}"{shown}": {pair}', f"choose colours with {least:g} to 1 or more", words.line)


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
