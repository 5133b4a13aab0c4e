"""A mail's HTML as different mail programs show it: light, dark, or with images and styles off."""

import re

DARK = re.compile(r"\(\s*prefers-color-scheme\s*:\s*dark\s*\)")
SCHEME = re.compile(r'(<meta name="(?:supported-)?color-schemes?" content=")[^"]*(")')
STYLE = re.compile(r"<style\b.*?</style\s*>", re.DOTALL | re.IGNORECASE)
IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
ALT = re.compile(r'\salt="([^"]*)"', re.IGNORECASE)
ATTRIBUTE = re.compile(r'\s(?:style|bgcolor|background)="[^"]*"', re.IGNORECASE)
TARGET = '<base target="_blank">'  # in a sandbox without popups: a click leads nowhere


def framed(html: str, look: str) -> str:
    """The HTML for a frame that looks "light", "dark" or "bare", whatever the browser's own colours are."""
    if look == "bare":
        html = ATTRIBUTE.sub("", IMAGE.sub(_alt, STYLE.sub("", html)))
    else:
        html = DARK.sub("all" if look == "dark" else "not all", html)
        html = SCHEME.sub(rf"\g<1>{'dark' if look == 'dark' else 'light'}\g<2>", html)
    return re.sub(r"(<head\b[^>]*>)", rf"\g<1>{TARGET}", html, count=1)


def _alt(image: re.Match[str]) -> str:
    found = ALT.search(image[0])
    return found[1] if found else ""
