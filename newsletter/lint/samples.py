"""One finished example message of each letter: what a template looks like when it is sent."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from newsletter.mail import admin_letter, digest, example, letter
from newsletter.mail.admin_letter import AdminContent, AdminLetter
from newsletter.mail.message import Content, Letterhead, assemble
from newsletter.mail.speech import ENGLISH
from newsletter.mail.template import Letter
from subscribers.letters import LetterKind

DIGEST = "digest"
NAMES: tuple[str, ...] = (DIGEST, *map(str, LetterKind), *map(str, AdminLetter))
AT = dt.datetime(2026, 4, 23, 5, tzinfo=dt.UTC)
HEAD = Letterhead(
    "Example Papers",
    "papers@newsletter.example",
    "https://newsletter.example/",
    "https://newsletter.example/archive",
)
KINDS: Mapping[str, LetterKind] = {str(kind): kind for kind in LetterKind}


def sample(name: str, compiled: Letter, budget: int = digest.BUDGET, language: str = ENGLISH) -> bytes:
    """The letter with made-up values in this language; MessageError when its template stumbles over them."""
    unsubscribe = ""
    if name == DIGEST:
        shown = replace(example.digest(), language=language)
        made: digest.Rendered | letter.Rendered = digest.render(compiled, shown, budget)
        unsubscribe = shown.unsubscribe_url
    elif name in KINDS:
        told = replace(letter.example(KINDS[name]), language=language)
        made, unsubscribe = letter.render(compiled, told), told.unsubscribe_url
    else:
        made = admin_letter.render(compiled, AdminContent.example(AdminLetter(name)))
    content = Content(
        to_name="",
        to="reader@example.org",
        subject=made.subject,
        text=made.text,
        html=made.html,
        message_id="<1.example@newsletter.example>",
        date=AT,
        letter=name,
        period=AT.date().isoformat(),
        unsubscribe_url=unsubscribe,
        unsubscribe_mailto=f"mailto:{HEAD.sender}?subject=unsubscribe" if unsubscribe else "",
    )
    return assemble(HEAD, content)
