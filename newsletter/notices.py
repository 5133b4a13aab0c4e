"""Notices: what the admin is told, each trouble once, and the mail that carries it through the digests' door."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import CursorResult, and_
from sqlmodel import Session, col, delete, select, update

from newsletter import edition, ledger_plans
from newsletter.db import insert
from newsletter.edition import Imprint, Issue
from newsletter.links import Links
from newsletter.mail.admin_letter import AdminContent, AdminLetter, Alert
from newsletter.models import Delivery, State
from newsletter.record_models import Hold, HoldState, Notice
from subscribers.addresses import redacted_in
from subscribers.models import Subscriber
from subscribers.suppression import reason_for

log = structlog.get_logger(__name__)

PEACE = timedelta(hours=1)  # a trouble that comes and goes is told once in this time
ROOM = timedelta(days=3)  # after that an alert that could not leave is no news
LONGEST_KEY = 200
LONGEST_SHORT = 50
ENDS = (". ", ": ", "; ", " (", " where ", " in the last ")


@dataclass(frozen=True)
class Admin:
    """Who runs it: where alerts and reports go (nowhere while `email` is empty), and on which clock.

    `issues` are the compiled letters with the newsletter's imprint; none are needed without an `email`.
    """

    email: str
    timezone: str
    report: bool
    report_hour: int
    issues: Mapping[AdminLetter, Issue]
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Trouble:
    """What an alert says about one kind of trouble; `{name}` is what it is about, `{short}` its first words."""

    headline: str
    meaning: str
    todo: str
    commands: tuple[str, ...]


# By how the key begins; what follows names the occasion.
HELD, WITHOUT = "edition held ", "went without "
TROUBLES: Mapping[str, Trouble] = {
    HELD: Trouble(
        "Edition {name} is held: {short}",
        "No reader gets a digest of this edition until you decide. It waits as long as you let it.",
        "Look at the edition. Then let it go, plan it anew from today's papers, or call it off:",
        (
            "newsletter edition release {name}",
            "newsletter edition replan {name}",
            "newsletter edition cancel {name}",
        ),
    ),
    WITHOUT: Trouble(
        "Digests went out without {name}",
        "Readers got a digest from the other sources. The papers that are missing come with a later one.",
        "Often a source is only slow, and there is nothing to do. To see what it says now:",
        ("newsletter fetch --source {name}",),
    ),
    "source fails ": Trouble(
        "{name} cannot be read",
        "Digests go out without its new papers. It is asked again at its usual times, and what was missed is "
        "fetched where it still has it.",
        "See what it answers, and change its entry in the configuration if it has moved:",
        ("newsletter fetch --source {name}", "newsletter doctor"),
    ),
    "tick fails at ": Trouble(
        "A step of the clock fails: {name}",
        "The other steps go on, and this one is tried again each time. Until it works, digests may be late.",
        "Look for what is wrong; the log has the details:",
        ("newsletter doctor",),
    ),
    "domain refuses ": Trouble(
        "{name} refuses our mail",
        "Its readers get nothing until it takes our mail again. It is asked now and then, with one message at a "
        "time, and no reader is blamed.",
        "Read what it says, mend it (SPF, DKIM, DMARC, a blocklist), then have it tried at once:",
        ("newsletter doctor", "newsletter ledger destinations", "newsletter ledger resume {name}"),
    ),
    "smtp down": Trouble(
        "The mail server is out of reach",
        "Mails wait and are tried again; none is lost. This one waited for it, too.",
        "See whether the server answers and takes the login:",
        ("newsletter doctor",),
    ),
}
UNHEARD = Trouble("{short}", "", "Look for what is wrong; the log has the details:", ("newsletter doctor",))


def tell(session: Session, admin: Admin, key: str, words: str, now: datetime) -> bool:
    """Tell of a trouble; False when it was told already.

    `key` names it and its occasion, like "edition held 2026-11-24"; `words` are sentences that need not repeat
    what its headline says. Stores the notice and, where there is an admin.email, plans the mail beside it: both or
    neither. A trouble that is back after it was over is told again, with new words and a new time in the same row,
    but not within an hour of the last time: one that comes and goes each minute costs one mail an hour. Does not
    commit.
    """
    said = redacted_in(" ".join(words.split()))
    if not _told_first(session, key[:LONGEST_KEY], said, now):
        return False
    log.warning("the admin is told", key=key, words=said, mail=_mail(session, admin.email))
    if admin.email:
        put(session, admin, AdminLetter.ALERT, key, alert(key, said).to_dict(), now, now + ROOM)
    return True


def _mail(session: Session, email: str) -> str:
    """What becomes of the mail, for the log: the only place that shows that an admin is on the list."""
    if not email:
        return "no admin.email"
    reason = reason_for(session, email)
    return "planned" if reason is None else f"suppressed: {redacted_in(reason)}"


def over(session: Session, key: str, now: datetime) -> bool:
    """The trouble has ended; False when there was none. Does not commit."""
    open_one = update(Notice).where(col(Notice.key) == key[:LONGEST_KEY], col(Notice.ended_at).is_(None))
    ended: CursorResult[Any] = session.connection().execute(open_one.values(ended_at=now))
    return ended.rowcount == 1


def once(session: Session, key: str, words: str, now: datetime) -> bool:
    """Note what is no trouble and over at once, such as a day's report; False when it was noted before."""
    row = {"key": key[:LONGEST_KEY], "words": words, "at": now, "ended_at": now}
    made = insert(session, Notice).on_conflict_do_nothing().values(**row).returning(col(Notice.key))
    return session.connection().execute(made).first() is not None


def _told_first(session: Session, key: str, words: str, now: datetime) -> bool:
    """One statement, so that of several who tell the same at once exactly one is first."""
    made = insert(session, Notice).values(key=key, words=words, at=now, ended_at=None)
    returned = and_(col(Notice.ended_at).is_not(None), col(Notice.at) <= now - PEACE)
    anew = {"words": words, "at": now, "ended_at": None}
    told = made.on_conflict_do_update(index_elements=["key"], set_=anew, where=returned)
    return session.connection().execute(told.returning(col(Notice.key))).first() is not None


def since(session: Session, moment: datetime) -> list[Notice]:
    """What was told at or after this moment, and older troubles that are not over, oldest first.

    That digests went without a source is no lasting trouble: it happened once. An edition is held as long as
    its hold says so.
    """
    held = {HELD + day for day in session.exec(select(Hold.date).where(col(Hold.state) == HoldState.HELD))}
    lasts = col(Notice.ended_at).is_(None) & ~col(Notice.key).startswith(WITHOUT)
    found = select(Notice).where((col(Notice.at) >= moment) | lasts)
    ordered = session.exec(found.order_by(col(Notice.at), col(Notice.key)))
    return [each for each in ordered if each.at >= moment or not each.key.startswith(HELD) or each.key in held]


def prune(session: Session, before: datetime) -> int:
    """Let go of older notices; how many. A trouble that old and still there is told anew. Does not commit."""
    gone: CursorResult[Any] = session.connection().execute(delete(Notice).where(col(Notice.at) < before))
    return gone.rowcount


def put(
    session: Session,
    admin: Admin,
    kind: AdminLetter,
    key: str,
    details: Mapping[str, Any],
    now: datetime,
    not_after: datetime,
    date: datetime | None = None,
) -> int | None:
    """One delivery of this letter to the admin, due at once; whoever asks has made sure that it is the first.

    `details` are all its words; `date` is the calendar's moment where that is not `now`. Does not commit.
    """
    issue, moment = admin.issues[kind], (date or now).replace(microsecond=0)
    edition_id = edition.freeze(session, moment.date().isoformat(), issue, "", now)
    occasion = f"{key} {now.isoformat()}"  # the same trouble may be told again: another message
    return ledger_plans.plan(
        session,
        {
            "subscriber_id": None,
            "address": admin.email,
            "letter": str(kind),
            "period": key[:80],
            "edition_id": edition_id,
            "state": State.PENDING,
            "message_id": ledger_plans.message_id(admin.keys, issue.imprint.sender, 0, str(kind), occasion),
            "date": moment,
            "not_before": now,
            "not_after": not_after,
            "details": {**details, "timezone": admin.timezone},
        },
    )


def must_not(
    session: Session, delivery: Delivery, _reader: Subscriber | None, _now: datetime
) -> tuple[State, str] | None:
    """Why this mail to the admin must not go out; None for one that may. No reader is asked: there is none."""
    reason = reason_for(session, delivery.address)
    return (State.SUPPRESSED, reason) if reason else None


def content(delivery: Delivery, imprint: Imprint, links: Links) -> AdminContent:
    """What one letter to the admin is made of, from stored values alone."""
    held = delivery.period.partition(HELD)
    return AdminContent(
        kind=AdminLetter(delivery.letter),
        brand=imprint.title,
        site_url=links.home(),
        sender=imprint.sender,
        postal_address=imprint.postal_address,
        to_email=delivery.address,
        date=delivery.date,
        timezone=delivery.details.get("timezone", "UTC"),
        action_url=links.admin_edition(held[2]) if held[1] else links.admin(),
        details=delivery.details,
    )


def alert(key: str, words: str) -> Alert:
    """The words of an alert about the trouble that this key names."""
    trouble, name = _trouble(key)
    return Alert(
        headline=headline(key, words),
        happened=words,
        meaning=trouble.meaning,
        todo=trouble.todo,
        commands=tuple(command.format(name=shlex.quote(name)) for command in trouble.commands),
    )


def headline(key: str, words: str) -> str:
    """The trouble in a few words: "Edition 2026-11-24 is held: too few papers"."""
    trouble, name = _trouble(key)
    return trouble.headline.format(name=name, short=short(words))


def few(key: str, words: str) -> str:
    """The same in fewer words, as one of several in a sentence: "edition 2026-11-24 is held"."""
    return short(headline(key, words))


def sentence(key: str, words: str) -> str:
    """The trouble and all that was said of it, in one piece."""
    trouble, name = _trouble(key)
    told = trouble.headline.format(name=name, short=words)
    return told if "{short}" in trouble.headline else f"{told}: {words}"


def _trouble(key: str) -> tuple[Trouble, str]:
    """The kind of trouble, and what it is about: an edition's date, a source's name, a step."""
    for beginning, trouble in TROUBLES.items():
        if key.startswith(beginning):
            name = key.removeprefix(beginning)
            return trouble, name.rpartition(" ")[0] if beginning == WITHOUT and " " in name else name
    return UNHEARD, ""


def short(words: str) -> str:
    """The first words of a reason, up to its details, as they read behind a colon."""
    ends = [found for end in ENDS if (found := words.find(end)) > 0]
    first = words[: min(ends, default=len(words))].rstrip(".:; ")
    beginning, _, rest = first.partition(" ")
    plain = beginning[1:] == beginning[1:].lower() and not rest[:1].isupper()  # neither an acronym nor a name
    lowered = first[:1].lower() + first[1:] if plain else first
    return lowered if len(lowered) <= LONGEST_SHORT else f"{lowered[: LONGEST_SHORT - 1].rstrip()}…"
