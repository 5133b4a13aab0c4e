"""Exports of other newsletter services: which one a file is from, and what its cells mean in our own columns.

What is known of each format (column names in any case, further columns are passed over):
- listmonk writes uuid, email, name, attributes (JSON), status (enabled, disabled, blocklisted), created_at and
  updated_at (its `cmd/subscribers.go`). The status is that of the whole account: who left one list is still
  enabled. Own queries add subscription_status (unconfirmed, confirmed, unsubscribed) and lists.
- Mailchimp gives a zip of subscribed_, unsubscribed_ and cleaned_ files: "Email Address", the audience's own
  fields ("First Name", "Last Name"), MEMBER_RATING, OPTIN_TIME, CONFIRM_TIME (also filled after a single opt-in;
  times in UTC), LEID, EUID, NOTES, TAGS ("a","b" in one cell); UNSUB_TIME or CLEAN_TIME tell the other two kinds.
- Substack's email_list writes email, active_subscription (paid or not), expiry, plan, email_disabled, created_at.
- Buttondown writes email_address and type (formerly email and subscriber_type), creation_date, tags, notes and
  metadata (JSON); the types are those of its API documentation.
"""

import csv
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from subscribers.errors import InvalidPreference
from subscribers.models import Status
from subscribers.topics import Catalogue

Cells = Mapping[str, str]
EMAILS = ("email address", "email", "email_address")
# Go writes 2024-03-14 09:12:31.123456 +0000 UTC: nine digits of a second, a zone after a blank, and its name.
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?)? ?(Z|[+-]\d\d:?\d\d)?(?: [A-Z]+)?"
)
_YES = frozenset({"true", "yes", "1", "t"})


class Standing(NamedTuple):
    """How somebody stood there: our status, since when, why the address must never be mailed ("" if it may)."""

    status: Status
    since: datetime | None = None
    blocked: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """One service: its name, the columns that tell its files, and how a row (names in lower case) is read."""

    name: str
    title: str
    telltale: tuple[frozenset[str], ...]
    standing: Callable[[Cells], Standing]
    full_name: Callable[[Cells], str]
    labels: tuple[str, ...] = ()
    caution: str = ""

    def made(self, columns: Iterable[str]) -> bool:
        """Whether a file with these columns is an export of this service."""
        names = set(columns)
        return bool(names & set(EMAILS)) and all(names & some for some in self.telltale)


class Meaning(NamedTuple):
    """A row in our own terms: cells of our columns, the consent to record, labels that are no topic of ours."""

    fields: dict[str, str]
    standing: Standing
    wording: str
    others: tuple[str, ...]


def recognised(columns: Iterable[str]) -> Service | None:
    """The service whose export has these columns (lower case), None for a file of another kind."""
    names = list(columns)
    return next((service for service in SERVICES if service.made(names)), None)


def called(name: str) -> Service:
    """The service of this name; InvalidPreference names those there are."""
    for service in SERVICES:
        if service.name == name.strip().lower():
            return service
    raise InvalidPreference("format", name, f"use one of newsletter, {', '.join(each.name for each in SERVICES)}")


def meaning(service: Service, fields: Cells, catalogue: Catalogue | None) -> Meaning:
    """What a row of this service's export says; InvalidPreference for a status that we do not know.

    Labels (tags, lists) that equal a topic of the catalogue become that topic. A column of ours is left out
    where the export has nothing to say, so that it changes nothing for a reader who is there already.
    """
    cells = {name.lower(): cell.strip() for name, cell in fields.items()}
    standing = service.standing(cells)
    labels = [label for column in service.labels for label in _labels(cells.get(column, ""))]
    topics = [topic.name for label in labels if catalogue and (topic := catalogue.find(label))]
    others = tuple(label for label in labels if not (catalogue and catalogue.find(label)))
    told = {"name": service.full_name(cells), "topics": ";".join(dict.fromkeys(topics))}
    email = next((cells[name] for name in EMAILS if name in cells), "")
    ours = {"email": email, "status": standing.status.value} | {name: cell for name, cell in told.items() if cell}
    return Meaning(ours, standing, _wording(service, standing), others)


def _wording(service: Service, standing: Standing) -> str:
    since = f" since {standing.since:%Y-%m-%d}" if standing.since else ""
    return f"Imported from a {service.title} export, where this address was subscribed{since}."


def _labels(cell: str) -> list[str]:
    """Names from a JSON list or from "a","b" or a, b in one cell."""
    if cell.startswith("["):
        try:
            found = json.loads(cell)
        except ValueError:
            found = []
        names = [each.get("name", "") if isinstance(each, dict) else each for each in found]
        return [name.strip() for name in names if isinstance(name, str) and name.strip()]
    try:
        names = next(csv.reader([cell], skipinitialspace=True), [])
    except csv.Error:
        names = cell.split(",")
    return [name.strip() for name in names if name.strip()]


def instant(text: str) -> datetime | None:
    """An instant in UTC from the ways these services write one; None for anything else."""
    found = _INSTANT.fullmatch(text.strip())
    if not found:
        return None
    day, time, zone = found.groups()
    try:
        return datetime.fromisoformat(f"{day}T{time or '00:00'}{zone or 'Z'}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _listmonk(cells: Cells) -> Standing:
    since = instant(cells.get("created_at", ""))
    if cells.get("status", "").lower() == "blocklisted":
        return Standing(Status.UNSUBSCRIBED, since, "blocklisted in listmonk")
    account, there = _known("status", cells, _ACCOUNT), _known("subscription_status", cells, _SUBSCRIPTION)
    return Standing(there if account is Status.ACTIVE else account, since)


def _mailchimp(cells: Cells) -> Standing:
    if "clean_time" in cells:
        return Standing(Status.BOUNCED, instant(cells["clean_time"]))
    if "unsub_time" in cells:
        return Standing(Status.UNSUBSCRIBED, instant(cells["unsub_time"]))
    confirmed = cells.get("confirm_time", "")
    return Standing(Status.ACTIVE if confirmed else Status.PENDING, instant(confirmed))


def _substack(cells: Cells) -> Standing:
    stopped = cells.get("email_disabled", "").lower() in _YES
    return Standing(Status.UNSUBSCRIBED if stopped else Status.ACTIVE, instant(cells.get("created_at", "")))


def _buttondown(cells: Cells) -> Standing:
    column = "type" if "type" in cells else "subscriber_type"
    return Standing(_known(column, cells, _BUTTONDOWN), instant(cells.get("creation_date", "")))


def _known(column: str, cells: Cells, meanings: Mapping[str, Status]) -> Status:
    """Our status for a word of theirs; a file without the column tells of subscribers, an empty cell of none.

    InvalidPreference for a word that we do not know.
    """
    word = cells.get(column, "")
    if not word:
        return Status.PENDING if column in cells else Status.ACTIVE
    if word.lower() not in meanings:
        raise InvalidPreference(column, word, f"the words are {', '.join(meanings)}")
    return meanings[word.lower()]


def _first_and_last(cells: Cells) -> str:
    return " ".join(filter(None, (cells.get("first name", ""), cells.get("last name", "")))) or cells.get(
        "name", ""
    )


def _one_name(cells: Cells) -> str:
    return cells.get("name", "")


_ACCOUNT = {"enabled": Status.ACTIVE, "disabled": Status.UNSUBSCRIBED, "blocklisted": Status.UNSUBSCRIBED}
_SUBSCRIPTION = {
    "confirmed": Status.ACTIVE,
    "unconfirmed": Status.PENDING,
    "unsubscribed": Status.UNSUBSCRIBED,
}
_BUTTONDOWN = {
    **dict.fromkeys(("regular", "premium", "gifted", "trialed", "unpaid", "past_due"), Status.ACTIVE),
    # These have ended or rest what they paid for, and still get the letters that are free.
    **dict.fromkeys(("churning", "churned", "paused"), Status.ACTIVE),
    **dict.fromkeys(("unactivated", "upcoming"), Status.PENDING),
    **dict.fromkeys(("unsubscribed", "removed", "disabled", "blocked"), Status.UNSUBSCRIBED),
    **dict.fromkeys(("undeliverable", "malformed", "spammy"), Status.BOUNCED),
    "complained": Status.COMPLAINED,
}
SERVICES = (
    Service(
        "listmonk",
        "listmonk",
        (frozenset({"uuid"}), frozenset({"attributes", "attribs"}), frozenset({"status"})),
        _listmonk,
        _one_name,
        ("lists", "tags"),
        "listmonk's file does not tell who left a list: export one list, by the subscription status confirmed",
    ),
    Service(
        "mailchimp",
        "Mailchimp",
        (frozenset({"leid", "euid", "member_rating"}), frozenset({"confirm_time", "optin_time"})),
        _mailchimp,
        _first_and_last,
        ("tags",),
    ),
    Service(
        "substack",
        "Substack",
        (frozenset({"active_subscription"}), frozenset({"email_disabled", "expiry", "created_at"})),
        _substack,
        _one_name,
    ),
    Service(
        "buttondown",
        "Buttondown",
        (frozenset({"type", "subscriber_type"}), frozenset({"creation_date", "secondary_id"})),
        _buttondown,
        _one_name,
        ("tags",),
    ),
)
