"""What a mail may use though some programs do not know it, each with why nothing is lost there.

The names are those of caniemail's features. Everything else that a program does not know is a warning.
"""

from collections.abc import Mapping

_BLOCKS = "what it would do for phones and dark mode is left out; inlined styles draw the whole mail by day"
_SPOKEN = "screen readers there read the visible words alone"
ALLOWED: Mapping[str, str] = {
    "css-border-radius": "corners are square",
    "css-box-shadow": "there is no shadow",
    "css-min-width": "the box is as wide as its words",
    "css-max-height": "of the hidden preheader, which display and mso-hide hide as well",
    "css-display-none": "Gmail's page for phones shows a preheader that is hidden by other means, too",
    "css-overflow": "the box is as high as its words",
    "css-word-break": "a very long word may widen its line",
    "css-overflow-wrap": "a very long word may widen its line",
    "css-white-space": "a label may break into two lines",
    "css-text-overflow": "a long label is cut without an ellipsis, or breaks",
    "css-word-spacing": "words keep their usual distance",
    "css-height": "the box is as high as its words",
    "css-outline": "images have no outline to begin with",
    "css-opacity": "the element is drawn in full",
    "css-rgba": "a colour without transparency stands before it",
    "css-table-layout": "columns find their own widths",
    "css-border-spacing": "cells have their own padding",
    "css-text-underline-offset": "the line lies nearer to the word",
    "css-hyphens": "words are not parted",
    "css-object-fit": "the image has the width and height of its file",
    "css-color-scheme": "colours are given for light and dark, whatever the program takes",
    "html-meta-color-scheme": "colours are given for light and dark, whatever the program takes",
    "html-style": _BLOCKS,
    "css-at-media": _BLOCKS,
    "css-at-media-prefers-color-scheme": _BLOCKS,
    **dict.fromkeys(
        (
            "css-selector-attribute",
            "css-selector-chaining",
            "css-selector-child",
            "css-selector-class",
            "css-selector-descendant",
            "css-selector-grouping",
            "css-selector-id",
            "css-selector-type",
            "css-selector-universal",
        ),
        _BLOCKS,
    ),
    "css-pseudo-class-hover": "a link looks the same under the pointer",
    "css-pseudo-class-link": "inlined colours count",
    "html-aria-label": _SPOKEN,
    "html-aria-hidden": "a few marks that adorn are spoken",
    "html-body": "the first element in it has the same colours",
    "html-doctype": "the program puts its own in front; nothing here hangs on it",
    "html-target": "links open where the program likes",
    "html-semantics": "the element is drawn as a plain box",
    "html-abbr": "the letters stand there, without their meaning under the pointer",
}
