"""How mails and pages look: colours by day and by night, fonts and corners of each theme, and one's own on top."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from newsletter.mail.source import Theme
from newsletter.mail.speech import ENGLISH, Speech, speech

SANS = "-apple-system, BlinkMacSystemFont, Segoe UI, Roboto, Helvetica, Arial, sans-serif"
SERIF = "Charter, Georgia, Cambria, Times New Roman, serif"
DEFAULT = "paper"
THEMES: Mapping[str, Theme] = {
    # Warm and bookish: a white sheet on cream, titles in serifs, burnt orange.
    "paper": {
        "font": {"sans": SANS, "serif": SERIF},
        "shape": {"sheet": "16px", "button": "9px", "pill": "8px", "label": "12px"},
        "light": {
            "page": "#f4f2ec",
            "sheet": "#ffffff",
            "ink": "#16181d",
            "text": "#343841",
            "muted": "#5f6570",
            "accent": "#a83a0b",
            "line": "#e6e2d8",
            "chip": "#f1eee6",
            "chip_ink": "#4d4639",
            "tint": "#fbf4ee",
            "on_accent": "#ffffff",
        },
        "dark": {
            "page": "#101115",
            "sheet": "#1a1c22",
            "ink": "#f4f3f0",
            "text": "#d3d5da",
            "muted": "#a4a9b4",
            "accent": "#ff9d6b",
            "line": "#33363f",
            "chip": "#2a2d35",
            "chip_ink": "#dbd5c9",
            "tint": "#26221f",
            "on_accent": "#17120f",
        },
    },
    # Cool and technical: one face for all, small corners, blue.
    "signal": {
        "font": {"sans": SANS, "serif": SANS},
        "shape": {"sheet": "6px", "button": "5px", "pill": "5px", "label": "4px"},
        "light": {
            "page": "#eef1f6",
            "sheet": "#ffffff",
            "ink": "#0d1526",
            "text": "#2e3850",
            "muted": "#56617a",
            "accent": "#1d4fd8",
            "line": "#dbe1ec",
            "chip": "#e8edf7",
            "chip_ink": "#2f416b",
            "tint": "#f0f5ff",
            "on_accent": "#ffffff",
        },
        "dark": {
            "page": "#0a0e17",
            "sheet": "#121826",
            "ink": "#f1f5fd",
            "text": "#ccd5e8",
            "muted": "#98a5bf",
            "accent": "#8db4ff",
            "line": "#29334a",
            "chip": "#1f2940",
            "chip_ink": "#c9d7f5",
            "tint": "#172038",
            "on_accent": "#0a1430",
        },
    },
    # Quiet and academic: serifs all through, green, hardly a corner.
    "campus": {
        "font": {"sans": "Iowan Old Style, Palatino, Palatino Linotype, Georgia, serif", "serif": SERIF},
        "shape": {"sheet": "0", "button": "2px", "pill": "2px", "label": "2px"},
        "light": {
            "page": "#edf1ea",
            "sheet": "#fdfdfa",
            "ink": "#15201a",
            "text": "#323d36",
            "muted": "#56645b",
            "accent": "#1d6244",
            "line": "#d8dfd5",
            "chip": "#e6ece2",
            "chip_ink": "#36493d",
            "tint": "#f1f6ee",
            "on_accent": "#ffffff",
        },
        "dark": {
            "page": "#0d120f",
            "sheet": "#161d18",
            "ink": "#f0f5ef",
            "text": "#cdd8ce",
            "muted": "#9dac9f",
            "accent": "#7fd3a5",
            "line": "#2c372f",
            "chip": "#233028",
            "chip_ink": "#c9dccd",
            "tint": "#1c2820",
            "on_accent": "#0a1a11",
        },
    },
}
# Which side a line begins on: what is written from right to left is laid out the other way round.
SIDES = {
    "ltr": {"direction": "ltr", "start": "left", "end": "right"},
    "rtl": {"direction": "rtl", "start": "right", "end": "left"},
}


OWN = ("light", "dark", "font", "shape")
# How a value of each group is written, and an example of it.
WRITTEN = {
    "light": (re.compile(r"#[0-9a-f]{6}", re.IGNORECASE), "#a83a0b"),
    "dark": (re.compile(r"#[0-9a-f]{6}", re.IGNORECASE), "#ff9d6b"),
    "font": (re.compile(r"[\w][\w ,-]*"), "Georgia, Times New Roman, serif"),
    "shape": (re.compile(r"0|[1-9]\d?px"), "8px"),
}


def faults(name: str, own: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str, str]]:
    """What is wrong with a theme and one's own values on top, each as key, value and cure."""
    if name not in THEMES:
        yield "name", name, f"use one of {', '.join(THEMES)}"
    for group, values in own.items():
        known, (written, like) = THEMES[DEFAULT][group], WRITTEN[group]
        for key, value in values.items():
            if key not in known:
                yield f"{group}.{key}", value, f"it may be one of {', '.join(known)}"
            elif not written.fullmatch(value):
                yield f"{group}.{key}", value, f"write it like {like}"


@dataclass(frozen=True)
class Logo:
    """A picture in place of the mark beside the newsletter's name: its https address and size in pixels."""

    url: str = ""
    width: int = 32
    height: int = 32


@dataclass(frozen=True)
class Look:
    """What a template is compiled with: a theme by name, one's own values on top, a logo, and the language.

    `own` has the groups of a theme, and of each as many values as one wants.
    """

    name: str = DEFAULT
    own: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    logo: Logo = Logo()
    language: str = ENGLISH

    @property
    def theme(self) -> Theme:
        """The theme with one's own values, and what else a build mark may name: logo.url and side.start, say."""
        told = {group: {**values, **self.own.get(group, {})} for group, values in THEMES[self.name].items()}
        logo = {name: str(value) for name, value in vars(self.logo).items()}
        return told | {"logo": logo, "side": SIDES[self.speech.direction]}

    @property
    def speech(self) -> Speech:
        """How its language says things."""
        return speech(self.language)


PLAIN = Look()
