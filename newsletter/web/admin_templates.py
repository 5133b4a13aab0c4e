"""The health of the mails' templates as an admin page: whether each compiles, whose it is, what lint finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from newsletter import lint, wiring
from newsletter.errors import ConfigError, MessageError
from newsletter.lint.samples import NAMES
from newsletter.lint.templates import of_error
from newsletter.mail.message import readable
from newsletter.mail.theme import PLAIN, Look
from newsletter.shipped import shipped
from newsletter.web.admin_page import LoggedIn, admin_page
from newsletter.web.site import site_of

router = APIRouter()
PARTS = ("mjml", "txt", "subject.txt")


@dataclass(frozen=True)
class Health:
    """One letter: the files of its own that replace shipped ones, and what is wrong with it, with line and cure.

    `hash` is empty when it does not compile. `size` is that of its example's HTML in bytes.
    """

    name: str
    own: tuple[str, ...]
    hash: str = ""
    size: int = 0
    findings: tuple[lint.Finding, ...] = ()


@router.get("/admin/templates")
def templates(request: Request, admin: LoggedIn) -> Response:
    """Every template of a mail, compiled anew from its files."""
    config = site_of(request).config
    try:
        folders, look, wrong = wiring.letter_folders(config), wiring.look(config), ""
    except ConfigError as error:
        folders, look, wrong = [shipped("templates") / "email"], PLAIN, str(error)
    budget = config.digest.budget_bytes
    rows = [health(name, folders, look, budget) for name in NAMES]
    name = "admin_templates.html"
    return admin_page(request, admin, name, rows=rows, wrong=wrong, budget=budget, section="templates")


def health(name: str, folders: Sequence[Path], look: Look = PLAIN, budget: int = lint.BUDGET) -> Health:
    """Compile one letter from its files as they are now, and judge its example; a fault becomes a finding."""
    files = [f"{name}.{part}" for part in PARTS]
    own = tuple(file for file in files for each in folders[:-1] if (each / file).exists())
    compiled, faults = lint.template(name, folders, look)
    if compiled is None:
        return Health(name, own, findings=faults)
    try:
        example = lint.sample(name, compiled, budget, look.language)
    except MessageError as error:
        return Health(name, own, findings=(of_error(error),))
    size = len(readable(example)[1].encode())
    return Health(name, own, compiled.hash, size, lint.message(example, budget))
