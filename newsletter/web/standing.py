"""Where a subscription stands, in words: its rhythm, the next digest, what a change changed, why it is closed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from newsletter.links import Links
from newsletter.mail import letter, words
from newsletter.mail.letter import Chosen
from newsletter.mail.speech import ENGLISH, speech
from newsletter.schedule import next_digest
from subscribers import preferences as preference
from subscribers.models import CONFIRMED, FollowKind, Status, Subscriber
from subscribers.preferences import Choice, Preferences
from subscribers.receiving import resting

MOST_NAMED = 8
KINDS: Mapping[FollowKind, str] = {
    FollowKind.TOPIC: "",
    FollowKind.KEYWORD: "the keyword ",
    FollowKind.AUTHOR: "the author ",
    FollowKind.CATEGORY: "the category ",
    FollowKind.ORG: "the organization ",
}
# From the weight before to the weight after; 0 is neither followed nor muted.
MOVES: Sequence[tuple[str, Callable[[float, float], bool]]] = (
    ("You follow {} now.", lambda before, after: after > 0 >= before),
    ("You follow {} no more.", lambda before, after: before > 0 >= after),
    ("{} will not be shown.", lambda before, after: after < 0 <= before),
    ("{} may be shown again.", lambda before, after: before < 0 == after),
    ("{} counts differently now.", lambda before, after: before * after > 0 and before != after),
)
Key = tuple[FollowKind, str]


@dataclass(frozen=True)
class Said:
    """A page of a few sentences: `ways` are links as (words, URL), the first one filled; `sends` are forms."""

    title: str
    lines: tuple[str, ...]
    ways: tuple[tuple[str, str], ...] = ()
    sends: tuple[tuple[str, str], ...] = ()


def chosen(reader: Subscriber, now: datetime) -> Chosen:
    """What a reader gets from now on, as letters put it into words."""
    wanted = preference.of(reader)
    return Chosen(
        name=wanted.name,
        follows=tuple(each.value for each in reader.follows if each.weight > 0),
        mutes=tuple(each.value for each in preference.muted(reader)),
        cadence=wanted.cadence,
        weekdays=wanted.weekdays,
        hour=wanted.hour,
        timezone=wanted.timezone,
        size=wanted.size,
        first=next_digest(reader, now),
    )


def next_words(reader: Subscriber, now: datetime) -> str:
    """Like "Tuesday, 24 November 2026, at 7:00"; "" while a pause without an end lasts."""
    return letter.first(chosen(reader, now), speech(ENGLISH))


def pause_words(reader: Subscriber, now: datetime) -> str:
    """Until when a pause lasts, in words; "" when none does."""
    if not resting(reader, now):
        return ""
    if reader.paused_until is None:
        return "until you start it again"
    return f"until {words.plain_date(reader.paused_until.astimezone(ZoneInfo(reader.timezone)).date())}"


def rhythm(wanted: Preferences) -> str:
    """Like "every day at 7:00, Europe/Berlin", with the most papers a digest."""
    said = letter.rhythm(
        Chosen("", (), (), wanted.cadence, wanted.weekdays, wanted.hour, wanted.timezone, wanted.size),
        speech(ENGLISH),
    )
    return f"{said}, {words.counted(wanted.size, 'paper')} at most"


def changes(
    before: tuple[Preferences, Sequence[Choice]], after: tuple[Preferences, Sequence[Choice]]
) -> tuple[str, ...]:
    """What differs between two states, one sentence each; empty when nothing does."""
    (old, had), (new, has) = before, after
    told = [f"{rhythm(new)}."] if rhythm(old) != rhythm(new) else []
    if old.name != new.name:
        told.append(f"Your name is {new.name}." if new.name else "Your name is taken away.")
    weighed, weighs = _weights(had), _weights(has)
    for sentence, fits in MOVES:
        keys = dict.fromkeys([*weighed, *weighs])
        if found := [_named(key) for key in keys if fits(weighed.get(key, 0), weighs.get(key, 0))]:
            said = sentence.format(words.listed(found, MOST_NAMED))
            told.append(said[:1].upper() + said[1:])
    return tuple(told)


def closed(reader: Subscriber | None, links: Links) -> Said | None:
    """Why somebody has no preferences to change, and what to do; None for a confirmed reader."""
    again = (("Subscribe", links.subscribe()),)
    if reader is None:
        return Said("This subscription is gone", ("Everything about it was erased. You can start afresh.",), again)
    if reader.status in CONFIRMED:
        return None
    if reader.status is Status.PENDING:
        lines = ("Open our letter and press its button. If it does not come, send the form once more.",)
        return Said("This subscription is not confirmed yet", lines, again)
    if reader.status is Status.COMPLAINED:
        lines = ("A mail of ours was reported as spam at this address, so we write to it no more.",)
        return Said("We have stopped writing to you", lines)
    if reader.status is Status.BOUNCED:
        lines = ("Your mailbox refused our mails, so we stopped. If it works again, subscribe once more.",)
        return Said("Your mailbox did not take our mails", lines, again)
    return Said("You have left", ("You get no mail from us. If you want to come back, subscribe again.",), again)


def _weights(choices: Sequence[Choice]) -> dict[Key, float]:
    return {(choice.kind, choice.value): choice.weight for choice in choices}


def _named(key: Key) -> str:
    kind, value = key
    return f"{KINDS[kind]}{value}"
