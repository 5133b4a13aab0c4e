"""What the values of MJML's attributes may be: sizes, colours, and words from short lists."""

import re
from collections.abc import Mapping

from PIL import ImageColor

TOKEN = re.compile(r"jj(\d{4})jj")  # stands for a send-time mark while MJML and the inliner work
SIZED = ("width", "height", "size", "padding", "radius")
LENGTHS = re.compile(r"(?:-?\d+(?:\.\d+)?(?:px|%|em)?(?:\s+(?=\S)|$)){1,4}")
COLOUR = re.compile(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})|[a-z]+|rgba?\([\d.,\s%]+\)", re.IGNORECASE)
COLOUR_NAMES = frozenset(ImageColor.colormap) | {"transparent", "inherit", "currentcolor", "none", "rebeccapurple"}
WORDS: Mapping[str, frozenset[str]] = {
    "align": frozenset({"left", "center", "right", "justify", "start", "end"}),
    "text-align": frozenset({"left", "center", "right", "justify", "start", "end"}),
    "vertical-align": frozenset({"top", "middle", "bottom", "baseline"}),
    "direction": frozenset({"ltr", "rtl"}),
    "border-style": frozenset({"solid", "dashed", "dotted", "double", "none"}),
    "font-style": frozenset({"normal", "italic", "oblique"}),
    "font-weight": frozenset({"normal", "bold", "bolder", "lighter", *(f"{step}00" for step in range(1, 10))}),
    "text-transform": frozenset({"none", "uppercase", "lowercase", "capitalize"}),
    "text-decoration": frozenset({"none", "underline", "overline", "line-through"}),
    "table-layout": frozenset({"auto", "fixed", "initial", "inherit"}),
    "full-width": frozenset({"full-width"}),
    "fluid-on-mobile": frozenset({"true", "false"}),
}


def sized(name: str) -> bool:
    """Whether MJML computes with this attribute."""
    return name.endswith(SIZED) or name.startswith("padding")


def sound(name: str, value: str) -> bool:
    """Whether a size is a size, a colour a colour and a word one that is known.

    A mark is neither a size nor a part of a colour, for the compiler computes with sizes.
    """
    if name.endswith("color"):
        named = not value.isalpha() or value.lower() in COLOUR_NAMES
        return bool((COLOUR.fullmatch(value) and named) or TOKEN.fullmatch(value))
    if sized(name):
        return bool(LENGTHS.fullmatch(value))
    return name not in WORDS or value in WORDS[name] or bool(TOKEN.search(value))
