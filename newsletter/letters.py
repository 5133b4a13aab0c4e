"""Letters: what a subscription's life calls for becomes a delivery and leaves by the digests' door."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from newsletter import edition, ledger_plans
from newsletter.edition import Imprint, Issue
from newsletter.links import Links
from newsletter.mail.letter import Chosen, LetterContent
from newsletter.models import Delivery, State
from subscribers import preferences
from subscribers.letters import LetterKind, LetterWanted
from subscribers.models import CONFIRMED, Cadence, Confirmation, Status, Subscriber
from subscribers.suppression import reason_for

MODEL_VERSION = ""  # no letter has papers that a model picked
# Who may get which letter; asked of the reader as they are just before it is sent.
MAY_GET: Mapping[LetterKind, frozenset[Status]] = dict.fromkeys(LetterKind, CONFIRMED) | {
    LetterKind.CONFIRM: frozenset({Status.PENDING, Status.UNSUBSCRIBED, Status.BOUNCED}),
    LetterKind.GOODBYE: frozenset({Status.UNSUBSCRIBED}),
    LetterKind.DATA: CONFIRMED | {Status.UNSUBSCRIBED, Status.BOUNCED},
}
# Their number is a confirmation's, and without an open one they are of no use.
CONFIRMING = frozenset({LetterKind.CONFIRM, LetterKind.DATA, LetterKind.CHANGE_OLD, LetterKind.CHANGE_NEW})
# The new mailbox of a change is not the reader's yet; every other letter goes to the reader alone.
ELSEWHERE = frozenset({LetterKind.CHANGE_NEW})
MOVED = "the reader has another address now"
# Only these show the reader's own links: the others may come to somebody who is not (or no more) the reader.
OWN_LINKS = frozenset({LetterKind.WELCOME, LetterKind.LINK})
# Whoever gets these has nothing to leave; the new mailbox of a change may be a stranger's.
NOTHING_TO_LEAVE = frozenset({LetterKind.GOODBYE, LetterKind.CHANGE_NEW})
ACTIONS: Mapping[LetterKind, Callable[[Links, int, int], str]] = {
    LetterKind.CONFIRM: lambda links, _, number: links.confirm(number),
    LetterKind.WELCOME: lambda links, reader_id, _: links.preferences(reader_id),
    LetterKind.GOODBYE: lambda links, _, number: links.undo(number),
    LetterKind.LINK: lambda links, reader_id, _: links.preferences(reader_id),
    LetterKind.DATA: lambda links, _, number: links.data(number),
    LetterKind.CHANGE_OLD: lambda links, _, number: links.change(number, old=True),
    LetterKind.CHANGE_NEW: lambda links, _, number: links.change(number, old=False),
}


def put(
    session: Session,
    issues: Mapping[LetterKind, Issue],
    keys: tuple[str, ...],
    wanted: LetterWanted,
    now: datetime,
    details: Mapping[str, Any] | None = None,
) -> int | None:
    """One delivery of this letter, due at once and of no use after `expires_at`; None when it is there already.

    `details` are JSON values that the letter shows, frozen here: for a welcome those of `greeting`. Does not
    commit.
    """
    issue = issues[wanted.kind]
    period = str(wanted.number)
    edition_id = edition.freeze(session, now.date().isoformat(), issue, MODEL_VERSION, now)
    return ledger_plans.plan(
        session,
        {
            "subscriber_id": wanted.subscriber_id,
            "address": wanted.address,
            "letter": str(wanted.kind),
            "period": period,
            "edition_id": edition_id,
            "state": State.PENDING,
            "message_id": ledger_plans.message_id(
                keys, issue.imprint.sender, wanted.subscriber_id, str(wanted.kind), period
            ),
            "date": now.replace(microsecond=0),
            "not_before": now,
            "not_after": wanted.expires_at,
            "details": dict(details) if details is not None else _details(session, wanted),
        },
    )


def greeting(reader: Subscriber, first: datetime | None) -> dict[str, Any]:
    """The details of a welcome letter: what the reader chose, and the instant of their first digest."""
    chosen = preferences.of(reader)
    return {
        "name": chosen.name,
        "follows": [follow.value for follow in reader.follows if follow.weight > 0],
        "mutes": [follow.value for follow in preferences.muted(reader)],
        "cadence": str(chosen.cadence),
        "weekdays": chosen.weekdays,
        "hour": chosen.hour,
        "timezone": chosen.timezone,
        "size": chosen.size,
        "first": first.isoformat() if first else None,
    }


def _details(session: Session, wanted: LetterWanted) -> dict[str, Any]:
    """What a letter shows besides links: the old mailbox is told of the new one; strangers' words stay out."""
    if wanted.kind is not LetterKind.CHANGE_OLD:
        return {}
    confirmation = session.get(Confirmation, wanted.number)
    return {"new_address": str(confirmation.wishes.get("email", "")) if confirmation else ""}


def must_not(
    session: Session, delivery: Delivery, reader: Subscriber | None, now: datetime
) -> tuple[State, str] | None:
    """Why this letter must not go out any more, and what becomes of it; None for one that may.

    Whether it is too late is not asked here: that is the same for every delivery.
    """
    if reader is None:
        return State.SUPPRESSED, "the reader was erased"
    if reason := reason_for(session, delivery.address):
        return State.SUPPRESSED, reason
    try:
        kind = LetterKind(delivery.letter)
    except ValueError:
        return State.FAILED, f"this program knows no letter {delivery.letter!r}"
    if kind not in ELSEWHERE and delivery.address != reader.email:
        return State.SUPPRESSED, MOVED
    return _unwanted(kind, reader) or _past(session, kind, delivery, now)


def _unwanted(kind: LetterKind, reader: Subscriber) -> tuple[State, str] | None:
    if reader.status in MAY_GET[kind]:
        return None
    state = State.SKIPPED if reader.status in CONFIRMED else State.SUPPRESSED
    return state, f"the reader is {reader.status}"


def _past(session: Session, kind: LetterKind, delivery: Delivery, now: datetime) -> tuple[State, str] | None:
    if kind in CONFIRMING and not _open(session, delivery, now):
        return State.SKIPPED, "what it asks for is done or has expired"
    return None


def _open(session: Session, delivery: Delivery, now: datetime) -> bool:
    asked = session.get(Confirmation, int(delivery.period))
    return asked is not None and asked.used_at is None and asked.expires_at > now


def content(delivery: Delivery, imprint: Imprint, links: Links) -> LetterContent:
    """What one letter is made of, from stored values alone."""
    kind, reader_id = LetterKind(delivery.letter), delivery.subscriber_id or 0
    own = kind in OWN_LINKS
    return LetterContent(
        kind=kind,
        language=imprint.language,
        brand=imprint.title,
        site_url=links.home(),
        sender=imprint.sender,
        postal_address=imprint.postal_address,
        to_email=delivery.address,
        date=delivery.date,
        until=delivery.not_after,
        action_url=ACTIONS[kind](links, reader_id, int(delivery.period)),
        preferences_url=links.preferences(reader_id) if own else "",
        unsubscribe_url=links.unsubscribe(reader_id) if own else "",
        new_address=delivery.details.get("new_address", ""),
        chosen=_chosen(delivery.details) if kind is LetterKind.WELCOME else None,
    )


def unsubscribe_url(delivery: Delivery, links: Links) -> str:
    """What List-Unsubscribe says: before a confirmation it ends the request; empty where nothing can be left."""
    kind = LetterKind(delivery.letter)
    return "" if kind in NOTHING_TO_LEAVE else links.unsubscribe(delivery.subscriber_id or 0)


def _chosen(details: Mapping[str, Any]) -> Chosen | None:
    if not details:
        return None
    return Chosen(
        name=details["name"],
        follows=tuple(details["follows"]),
        mutes=tuple(details["mutes"]),
        cadence=Cadence(details["cadence"]),
        weekdays=details["weekdays"],
        hour=details["hour"],
        timezone=details["timezone"],
        size=details["size"],
        first=datetime.fromisoformat(details["first"]) if details["first"] else None,
    )
