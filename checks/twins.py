"""The reference MJML compiler on the same source: Chromium must draw the same pixels of both mails.

Jinja's marks are filled in first, because the reference compiler drops loops; so it gets what the mail says, while
the mail itself went through the product's own compiler, inliner and fragments.
"""

import io
from collections.abc import Sequence

from PIL import Image, ImageChops
from playwright.sync_api import Page

from checks import browser, node
from checks.browser import hurried
from checks.letters import TEMPLATES, Mail
from checks.result import Result, judged, missing
from newsletter.mail.source import read
from newsletter.mail.template import COMMENT, HTML
from newsletter.mail.theme import PLAIN

WIDTHS = (720, 375)
CURE = f"{browser.CURE}; {node.CURE}"


def expanded(mail: Mail) -> str:
    """The MJML of this mail with every mark filled in."""
    source = read(f"{mail.template}.mjml", [TEMPLATES], PLAIN.theme, PLAIN.speech.say)
    return HTML.from_string(COMMENT.sub("", source.text)).render(mail.values)


def check(mails: Sequence[Mail], *, quick: bool = False) -> Result:
    """Differing pixels, at 720 and 375 px."""
    folder = node.packages()
    if folder is None or not browser.program():
        return missing(CURE)
    chosen = hurried(mails, quick=quick)
    told = node.ask(folder, "mjml.mjs", [(mail.name, expanded(mail)) for mail in chosen])
    faults = [f"{name}: {error}" for name, each in told.items() for error in each["errors"]]
    most = 0
    with browser.chromium() as page:
        for mail in chosen:
            for width in WIDTHS:
                off = differing(*(drawn(page, html, width) for html in (mail.html, told[mail.name]["html"])))
                faults += [f"{mail.name} {width}: {off:,} pixels"] if off else []
                most = max(most, off)
    return judged(f"{most} differing in {len(chosen) * len(WIDTHS)} pictures", faults)


def drawn(page: Page, html: str, width: int) -> Image.Image:
    """The whole mail at this width."""
    page.set_viewport_size({"width": width, "height": 900})
    browser.show(page, html)
    return Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")


def differing(one: Image.Image, other: Image.Image) -> int:
    """How many pixels are not the same; all of the larger one where the sizes are not."""
    if one.size != other.size:
        return max(each.width * each.height for each in (one, other))
    bands = ImageChops.difference(one, other).split()
    worst = ImageChops.lighter(ImageChops.lighter(bands[0], bands[1]), bands[2])
    return one.width * one.height - worst.histogram()[0]
