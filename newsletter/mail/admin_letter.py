"""The letters to the admin, an alert and the daily report: frozen words go into their templates."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from newsletter.mail import words
from newsletter.mail.content import PREHEADER_PAD
from newsletter.mail.letter import ACTION, Rendered, filled
from newsletter.mail.template import LAW, Letter, load_letter
from newsletter.mail.theme import PLAIN, Look

LONGEST_HEADLINE = 90
LONGEST_TEXT = 600
LONGEST_LABEL = 60
LONGEST_VALUE = 20
MOST_ROWS = 40


class AdminLetter(StrEnum):
    """Every letter to the admin; a template in templates/email has each of these names.

    ALERT tells of one trouble when it begins, REPORT of each day.
    """

    ALERT = "alert"
    REPORT = "report"


@dataclass(frozen=True)
class Alert:
    """One trouble in words: what happened, what it means for readers, what to do and by which commands."""

    headline: str
    happened: str
    meaning: str
    todo: str
    commands: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As it is frozen with its delivery."""
        return asdict(self)


@dataclass(frozen=True)
class Row:
    """One line of a report: what was counted, the figure, and a few words about it; `bad` where to look."""

    label: str
    value: str
    note: str = ""
    bad: bool = False


@dataclass(frozen=True)
class Section:
    """A heading of a report and its lines."""

    heading: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Sheet:
    """A whole report in words: `look` are the troubles, `tiles` the few figures that stand large on top."""

    headline: str
    span: str
    look: tuple[str, ...]
    tiles: tuple[Row, ...]
    sections: tuple[Section, ...]

    def to_dict(self) -> dict[str, Any]:
        """As it is frozen with its delivery."""
        return asdict(self)


@dataclass(frozen=True)
class AdminContent:
    """Everything one letter to the admin is made of; `details` is what `Alert` or `Sheet` froze.

    `date` is the instant it tells of, shown on the clock of `timezone`; `action_url` is the admin's page.
    """

    kind: AdminLetter
    brand: str
    site_url: str
    sender: str
    postal_address: str
    to_email: str
    date: dt.datetime
    timezone: str
    action_url: str
    details: Mapping[str, Any]

    @classmethod
    def example(cls, kind: AdminLetter) -> Self:
        """A made-up letter of this kind that uses every part of its templates: what they are checked with."""
        return cls(
            kind=kind,
            brand="Example Papers",
            site_url="https://newsletter.example/",
            sender="papers@newsletter.example",
            postal_address="1 Example Street, 10115 Berlin, Germany",
            to_email="admin@example.org",
            date=dt.datetime(2026, 4, 23, 5, tzinfo=dt.UTC),
            timezone="Europe/Berlin",
            action_url="https://newsletter.example/admin",
            details=EXAMPLES[kind].to_dict(),
        )


REASONS: Mapping[AdminLetter, str] = {
    AdminLetter.ALERT: "You get this because {to} is the admin.email of {brand}. Each trouble is told once.",
    AdminLetter.REPORT: "You get this because {to} is the admin.email of {brand}. admin.report = false ends it.",
}
REQUIRED: Mapping[str, str] = {
    "action_url": ACTION,
    "reason": LAW,
    "headline": "it is what the letter says: show it as the headline",
}
EXAMPLES: Mapping[AdminLetter, Alert | Sheet] = {
    AdminLetter.ALERT: Alert(
        headline="Edition 2026-04-23 is held: too few papers",
        happened="Too few papers: 2 where at least 3 are wanted.",
        meaning="Nobody gets the digest of 23 April before you decide.",
        todo="Look at the edition, then let it go, or call it off.",
        commands=("newsletter edition release 2026-04-23", "newsletter edition cancel 2026-04-23"),
    ),
    AdminLetter.REPORT: Sheet(
        headline="Look at this: 3 failed",
        span="22 April 2026, 7:00 to 23 April 2026, 7:00, Europe/Berlin",
        look=("3 digests failed.",),
        tiles=(Row("sent", "312"), Row("waiting", "1"), Row("failed", "3", bad=True)),
        sections=(
            Section(
                "Digests",
                (
                    Row("Planned", "320"),
                    Row("Skipped", "4", "nothing worth sending 4"),
                    Row("Failed", "3", bad=True),
                ),
            ),
        ),
    ),
}


def load(kind: AdminLetter, folders: Sequence[Path], look: Look = PLAIN) -> Letter:
    """Read and compile this letter, tried out on an example; TemplateError names file, line and cure."""
    return load_letter(str(kind), folders, variables(AdminContent.example(kind)), REQUIRED, look)


def render(letter: Letter, content: AdminContent) -> Rendered:
    """The same arguments give the same bytes. MessageError when a link is none, or a template stumbles."""
    return filled(letter, variables(content))


def variables(content: AdminContent) -> dict[str, Any]:
    """All that the templates of a letter to the admin may use; MessageError on a link that is not one."""
    brand, to = words.cut(words.clean(content.brand), 60) or "Papers", words.clean(content.to_email)
    return {
        "language": "en",
        "direction": "ltr",
        "preheader_pad": PREHEADER_PAD,
        "brand": brand,
        "sender": words.clean(content.sender),
        "date": words.long_date(content.date.astimezone(ZoneInfo(content.timezone)).date()),
        "since": moment(content.date, content.timezone),
        "reason": REASONS[content.kind].format(to=to, brand=brand),
        "to_email": to,
        "postal_address": words.cut(words.clean(content.postal_address), 300),
        "preferences_url": "",
        "unsubscribe_url": "",
        **words.needed(content, "site_url", "action_url"),
        **_details(content.details),
    }


def _details(details: Mapping[str, Any]) -> dict[str, Any]:
    """The frozen words, each cleaned and cut: sources, servers and the admin's own reasons wrote some of them."""
    told = {name: _text(details.get(name, "")) for name in ("happened", "meaning", "todo", "span")}
    return told | {
        "headline": words.cut(words.clean(str(details.get("headline", ""))), LONGEST_HEADLINE) or "A note",
        **{name: [_text(line) for line in details.get(name, ())] for name in ("look", "commands")},
        "tiles": [_row(row) for row in details.get("tiles", ())],
        "sections": [
            {"heading": _text(section["heading"]), "rows": [_row(row) for row in section["rows"][:MOST_ROWS]]}
            for section in details.get("sections", ())
        ],
    }


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    label = words.cut(words.clean(row["label"]), LONGEST_LABEL)
    value = words.cut(words.clean(row["value"]), LONGEST_VALUE)
    return {"label": label, "value": value, "note": _text(row["note"]), "bad": bool(row["bad"])}


def _text(value: object) -> str:
    return words.cut(words.clean(str(value)), LONGEST_TEXT)


def moment(at: dt.datetime, timezone: str) -> str:
    """An instant for the admin: "23 April 2026, 5:00 UTC (7:00 Europe/Berlin)"; with the day where it differs."""
    utc, local = at.astimezone(dt.UTC), at.astimezone(ZoneInfo(timezone))
    told = f"{words.plain_date(utc.date())}, {_hour(utc)} UTC"
    if timezone == "UTC":
        return told
    day = "" if local.date() == utc.date() else f"{words.plain_date(local.date())}, "
    return f"{told} ({day}{_hour(local)} {timezone})"


def _hour(at: dt.datetime) -> str:
    return f"{at.hour}:{at:%M}"
