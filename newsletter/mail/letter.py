"""One letter that is no digest (confirm, welcome, ...): values become words, words go into its template."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from newsletter.mail import words
from newsletter.mail.content import PREHEADER_PAD
from newsletter.mail.speech import Speech, speech
from newsletter.mail.template import LAW, Letter, fill_in, load_letter
from newsletter.mail.theme import PLAIN, Look
from subscribers.letters import LetterKind
from subscribers.models import Cadence
from subscribers.preferences import weekdays_of

MOST_NAMED = 8  # followed or muted things; more are counted
LONGEST_NAMED = 60
SOON = dt.timedelta(minutes=5)  # a first digest that comes before is on its way, not due at some hour

# Why this mail came, as sender guidelines ask: the address, the act and its day. No act names who did it.
REASONS: Mapping[LetterKind, str] = {
    LetterKind.CONFIRM: "You get this because {to} was entered at {brand} on {day}.",
    LetterKind.WELCOME: "You get this because {to} subscribed to {brand} on {day}.",
    LetterKind.GOODBYE: "You get this because {to} was unsubscribed from {brand} on {day}.",
    LetterKind.LINK: "You get this because {brand} was asked on {day} for the link that belongs to {to}.",
    LetterKind.DATA: "You get this because {brand} was asked on {day} for the data of {to}.",
    LetterKind.CHANGE_OLD: "You get this because {brand} was asked on {day} to write no longer to {to}.",
    LetterKind.CHANGE_NEW: "You get this because {brand} was asked on {day} to write to {to} from now on.",
}
EVERY = "Every {days} at {hour}:00, {zone}"
RHYTHMS: Mapping[Cadence, str] = {
    Cadence.DAILY: "Every day at {hour}:00, {zone}",
    Cadence.WEEKDAYS: "Every day from Monday to Friday at {hour}:00, {zone}",
    Cadence.MONTHLY: "The first {days} of each month at {hour}:00, {zone}",
}
ACTION = "the letter is sent for this link: show it as a button and as text"
OWN_LINKS = {"preferences_url": LAW, "unsubscribe_url": LAW}
REQUIRED: Mapping[LetterKind, Mapping[str, str]] = {
    kind: {"action_url": ACTION, "reason": LAW, "postal_address": LAW}
    | (OWN_LINKS if kind in {LetterKind.WELCOME, LetterKind.LINK} else {})
    for kind in LetterKind
}


@dataclass(frozen=True)
class Chosen:
    """What a reader gets from now on: `follows` and `mutes` by name, `first` the instant of the first digest."""

    name: str
    follows: tuple[str, ...]
    mutes: tuple[str, ...]
    cadence: Cadence
    weekdays: str
    hour: int
    timezone: str
    size: int
    first: dt.datetime | None = None


@dataclass(frozen=True)
class LetterContent:
    """Everything one letter is made of; links not yet checked, text perhaps hostile.

    `date` and `until` are instants: when it was caused, and how long its link works. `action_url` is where the
    button leads. `new_address`, `chosen` and the reader's own links are there for the letters that show them:
    a letter that strangers can cause shows nothing they typed but the address it goes to.
    """

    kind: LetterKind
    brand: str
    site_url: str
    sender: str
    postal_address: str
    to_email: str
    date: dt.datetime
    until: dt.datetime
    action_url: str
    preferences_url: str = ""
    unsubscribe_url: str = ""
    new_address: str = ""
    chosen: Chosen | None = None
    language: str = "en"


@dataclass(frozen=True)
class Rendered:
    """One letter in words."""

    subject: str
    html: str
    text: str


def load(kind: LetterKind, folders: Sequence[Path], look: Look = PLAIN) -> Letter:
    """Read and compile this letter, tried out on an example; TemplateError names file, line and cure."""
    trial = replace(example(kind), language=look.language)
    return load_letter(str(kind), folders, variables(trial), REQUIRED[kind], look)


def render(letter: Letter, content: LetterContent) -> Rendered:
    """The same arguments give the same bytes. MessageError when a link is none, or a template stumbles."""
    return filled(letter, variables(content))


def filled(letter: Letter, values: dict[str, Any]) -> Rendered:
    """A letter's templates with these values in them; the brand is its subject where a template gives none."""
    return Rendered(
        subject=words.clean(fill_in(letter, "subject", values)) or values["brand"],
        html=fill_in(letter, "html", values),
        text=words.tidy(fill_in(letter, "text", values)),
    )


def variables(content: LetterContent) -> dict[str, Any]:
    """All that the templates of a letter may use; MessageError on a link that is not one."""
    speaks = speech(content.language)
    return _chosen(content.chosen, content.date, speaks) | {
        "language": speaks.language,
        "direction": speaks.direction,
        "preheader_pad": PREHEADER_PAD,
        "brand": _brand(content),
        "sender": words.clean(content.sender),
        "date": speaks.long_date(content.date.astimezone(dt.UTC).date()),
        "until": _instant(content.until, speaks),
        "reason": reason(content),
        "to_email": words.clean(content.to_email),
        "new_address": words.cut(words.clean(content.new_address), 320),
        "postal_address": words.cut(words.clean(content.postal_address), 300),
        **words.needed(content, "site_url", "action_url"),
        **{name: words.link(getattr(content, name)) for name in ("preferences_url", "unsubscribe_url")},
    }


def reason(content: LetterContent) -> str:
    """Why this letter came, in one sentence."""
    speaks = speech(content.language)
    day = speaks.plain_date(content.date.astimezone(dt.UTC).date())
    return speaks.say(REASONS[content.kind], to=words.clean(content.to_email), brand=_brand(content), day=day)


def _brand(content: LetterContent) -> str:
    return words.cut(words.clean(content.brand), 60) or "Papers"


def _instant(moment: dt.datetime, speaks: Speech) -> str:
    """Like "12 March 2026, 14:00 UTC"."""
    at = moment.astimezone(dt.UTC)
    return f"{speaks.plain_date(at.date())}, {at:%H:%M} UTC"


def _chosen(chosen: Chosen | None, now: dt.datetime, speaks: Speech) -> dict[str, Any]:
    if chosen is None:
        return dict.fromkeys(("name", "follows", "mutes", "rhythm", "size", "first"), "") | {"soon": False}
    soon = chosen.first is not None and chosen.first < now + SOON
    return {
        "name": words.cut(words.clean(chosen.name), 40),
        "follows": _named(chosen.follows, speaks),
        "mutes": _named(chosen.mutes, speaks),
        "rhythm": rhythm(chosen, speaks),
        "size": speaks.count("Up to {n} paper a digest", "Up to {n} papers a digest", chosen.size),
        "first": "" if soon else first(chosen, speaks),
        "soon": soon,
    }


def _named(names: Sequence[str], speaks: Speech) -> str:
    return speaks.listed([words.cut(words.clean(name), LONGEST_NAMED) for name in names], MOST_NAMED)


def rhythm(chosen: Chosen, speaks: Speech) -> str:
    """Like "Every Monday and Thursday at 7:00, Europe/Berlin"."""
    days = sorted(weekdays_of(chosen.cadence, chosen.weekdays))
    named = speaks.listed([speaks.weekday(day) for day in days], most=7)
    said = RHYTHMS.get(chosen.cadence, EVERY)
    return speaks.say(said, days=named, hour=chosen.hour, zone=words.clean(chosen.timezone))


def first(chosen: Chosen, speaks: Speech) -> str:
    """When the first digest comes, on the reader's clock: "Thursday, 12 March 2026, at 7:00"."""
    if chosen.first is None:
        return ""
    local = chosen.first.astimezone(ZoneInfo(chosen.timezone))
    return speaks.say("{day}, at {time}", day=speaks.long_date(local.date()), time=f"{local.hour}:{local:%M}")


def example(kind: LetterKind) -> LetterContent:
    """A made-up letter of this kind that uses every part of its templates: what they are checked with."""
    own = REQUIRED[kind].keys() >= OWN_LINKS.keys()
    at = dt.datetime(2026, 4, 23, 14, tzinfo=dt.UTC)
    chosen = Chosen(
        name="Ada",
        follows=("Machine learning", "Graphs", "Ada Lovelace"),
        mutes=("Cryptography",),
        cadence=Cadence.CHOSEN,
        weekdays="mon,thu",
        hour=7,
        timezone="Europe/Berlin",
        size=10,
        first=dt.datetime(2026, 4, 27, 5, tzinfo=dt.UTC),
    )
    return LetterContent(
        kind=kind,
        brand="Example Papers",
        site_url="https://newsletter.example/",
        sender="papers@newsletter.example",
        postal_address="1 Example Street, 10115 Berlin, Germany",
        to_email="reader@example.org",
        date=at,
        until=at + dt.timedelta(days=2),
        action_url=f"https://newsletter.example/{kind}/action-token",
        preferences_url="https://newsletter.example/preferences/token" if own else "",
        unsubscribe_url="https://newsletter.example/unsubscribe/token" if own else "",
        new_address="new@example.org" if kind is LetterKind.CHANGE_OLD else "",
        chosen=chosen if kind is LetterKind.WELCOME else None,
    )
