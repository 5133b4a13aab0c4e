"""Pictures of a mail: Chromium draws it, and two of them are compared pixel by pixel."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from newsletter.errors import MessageError

WIDTHS = (720, 375)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CURE = "install Chromium, on Debian with `apt install chromium`, and see that it is on the path"
TALL = 8000  # pixels; what is below the mail is cut off
PATIENCE = 90  # seconds
MARK = (214, 32, 120)


def chromium() -> str:
    """The browser of this machine; MessageError with the cure where there is none."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise MessageError(f"no picture can be drawn: no Chromium was found: {CURE}")
    return found


def draw(html: str, picture: Path, width: int) -> None:
    """Draw a mail at this width into a PNG file. MessageError when the browser fails."""
    browser = chromium()
    with tempfile.TemporaryDirectory(prefix="newsletter-") as home:
        page = Path(home) / "mail.html"
        page.write_text(html, encoding="utf-8")
        command = [
            browser,
            *(
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
            ),
            *(f"--user-data-dir={home}/profile", f"--window-size={width},{TALL}"),
            *(f"--screenshot={picture.absolute()}", page.as_uri()),
        ]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)  # noqa: S603 - our own words
        except (subprocess.SubprocessError, OSError) as error:
            raise MessageError(f"no picture can be drawn: {browser} failed: {CURE}") from error
    _cut(picture)


def _cut(picture: Path) -> None:
    """Take away the rows at the end that are all of one colour."""
    from PIL import Image, ImageChops

    with Image.open(picture) as opened:
        drawn = opened.convert("RGB")
    ground = Image.new("RGB", drawn.size, drawn.getpixel((0, drawn.height - 1)))
    found = ImageChops.difference(drawn, ground).getbbox()
    bottom = min(drawn.height, found[3] + 24) if found else drawn.height
    drawn.crop((0, 0, drawn.width, bottom)).save(picture)


def compare(before: Path, after: Path, diff: Path) -> int:
    """Write the second picture, pale, with all that changed marked; how many pixels differ."""
    from PIL import Image, ImageChops

    with Image.open(before) as one, Image.open(after) as two:
        size = (max(one.width, two.width), max(one.height, two.height))
        old, new = _on_white(one, size), _on_white(two, size)
    changed = ImageChops.difference(old, new).convert("L").point(lambda value: 255 if value else 0)
    pale = Image.blend(new, Image.new("RGB", size, "white"), 0.6)
    pale.paste(Image.new("RGB", size, MARK), mask=changed)
    pale.save(diff)
    return changed.histogram()[255]


def _on_white(picture: Any, size: tuple[int, int]) -> Any:  # noqa: ANN401 - Pillow is imported late
    from PIL import Image

    sheet = Image.new("RGB", size, "white")
    sheet.paste(picture, (0, 0))
    return sheet


def pictures(html: str, folder: Path, name: str = "digest") -> list[str]:
    """NAME.png as on a desktop and NAME-375.png as on a phone; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / (f"{name}.png" if width == WIDTHS[0] else f"{name}-{width}.png") for width in WIDTHS]
    for width, file in zip(WIDTHS, files, strict=True):
        draw(html, file, width)
    return [str(file) for file in files]


def compared(before: str, after: str, folder: Path) -> list[dict[str, Any]]:
    """before.png, after.png and diff.png for each width, the phone's with -375; how many pixels differ."""
    rows = []
    files = [pictures(html, folder, name) for html, name in ((before, "before"), (after, "after"))]
    for width, old, new in zip(WIDTHS, *files, strict=True):
        diff = Path(new).with_name(Path(new).name.replace("after", "diff"))
        rows.append(
            {"width": width, "pixels": compare(Path(old), Path(new), diff), "files": [old, new, str(diff)]}
        )
    return rows
