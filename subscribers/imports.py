"""Many readers at once: what each row of a CSV file changes, decided purely and written in bulk."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import RowMapping, delete, func, insert, select, update
from sqlmodel import Session, SQLModel, col

from subscribers import examples
from subscribers.addresses import base, identity, lookup_keys
from subscribers.csv_rows import Rejected, Row
from subscribers.errors import SubscriberError
from subscribers.import_rules import Standing, after, names_others, same
from subscribers.models import CONFIRMED, STOPPED, Consent, Follow, Status, Subscriber
from subscribers.pasted import Named
from subscribers.people import check_wording
from subscribers.preferences import FIELDS, Choice, Preferences
from subscribers.suppression import reasons_for, suppress

# Below SQLite's 32,766 variables a statement, with up to three look-up keys an address.
_CHUNK = 5000


@dataclass(slots=True)
class ImportReport:
    """What an import did: numbers of readers, and the rows that it left out with their reasons.

    `statuses` counts how the readers of the good rows stand now, `suppressed` the addresses that came onto the
    list of those that are never mailed.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    suppressed: int = 0
    statuses: Counter[Status] = field(default_factory=Counter)
    rejected: list[Rejected] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Known:
    """A reader who is there: who they are, how they stand, and the row of each thing they follow."""

    id: int
    confirmed_at: datetime | None
    standing: Standing
    follows: Mapping[Choice, int]


class _Told(NamedTuple):
    """What is written down about a confirmation: when the file came, and the words for rows that bring none."""

    now: datetime
    wording: str

    def since(self, row: Row) -> datetime:
        """When this reader agreed: what the other service says of it, but never later than now."""
        return min(self.now, (row.meaning and row.meaning.standing.since) or self.now)

    def words(self, row: Row) -> str:
        return row.meaning.wording if row.meaning else self.wording


@dataclass(slots=True)
class _Changes:
    """What a chunk of rows comes to, as values for the database."""

    newcomers: list[tuple[Row, Standing]] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    follows: list[dict[str, Any]] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    blocked: list[tuple[str, str]] = field(default_factory=list)
    consents: list[dict[str, Any]] = field(default_factory=list)
    examples: dict[int, tuple[Named, ...]] = field(default_factory=dict)


def import_rows(
    session: Session,
    rows: Iterable[Row],
    now: datetime,
    wording: str,
    progress: Callable[[int], object] = lambda _: None,
    *,
    store: bool = True,
) -> ImportReport:
    """Add and update the readers of `rows` in the caller's transaction; without `store` only tell what would be.

    `rows` are those of one `open_csv`, so no address twice; they are taken a few thousand at a time, and
    `progress` hears after each time how many there were. `active` and `paused` mean confirmed: a consent row
    keeps `wording`, the exact text that the readers agreed to, or what a row of another service's export says.
    What a row may change says `import_rules`. Without `store` nothing is written, so no other writer has to wait.
    """
    session.flush()
    report, done, there = ImportReport(), 0, iter(rows)
    blocked: dict[str, str] = {}
    while chunk := list(islice(there, _CHUNK)):
        if any(row.status in CONFIRMED for row in chunk):
            check_wording(wording)
        changes = _decide(session, chunk, report, _Told(now, wording), blocked)
        if store:
            _write(session, changes, _Told(now, wording))
        done += len(chunk)
        progress(done)
    session.expire_all()  # readers whom the caller has loaded may have changed below their objects
    return report


def _decide(
    session: Session, rows: Sequence[Row], report: ImportReport, told: _Told, blocked: dict[str, str]
) -> _Changes:
    """What these rows change; `blocked` holds the mailboxes that rows of this file blocked, and learns of more."""
    emails = [row.email for row in rows]
    readers, suppressed = _known(session, emails), reasons_for(session, emails)
    named = _named(session, rows, readers.values())
    changes = _Changes()
    for row in rows:
        reader = readers.get(identity(row.email))
        try:
            never = suppressed.get(row.email) or (blocked.get(base(row.email)) if blocked else None)
            standing = after(row, reader.standing if reader else None, never)
        except SubscriberError as error:
            report.rejected.append(row.rejected(str(error)))
            continue
        report.statuses[standing.status] += 1
        if row.meaning and row.meaning.standing.blocked and never is None:
            changes.blocked.append((row.email, row.meaning.standing.blocked))
            blocked[base(row.email)] = row.meaning.standing.blocked
            report.suppressed += 1
        if reader is None:
            changes.newcomers.append((row, standing))
            report.added += 1
        elif same(reader.standing, standing) and not names_others(row, named.get(reader.id, frozenset())):
            report.unchanged += 1
        else:
            _change(changes, reader, row, standing, told)
            report.updated += 1
    return changes


def _named(session: Session, rows: Sequence[Row], readers: Iterable[_Known]) -> dict[int, frozenset[str]]:
    """What these readers named as examples, by their ids; not looked up where no row says anything of it."""
    asked = any(row.examples is not None for row in rows)
    return examples.keys_of(session, [reader.id for reader in readers]) if asked else {}


def _change(changes: _Changes, reader: _Known, row: Row, standing: Standing, told: _Told) -> None:
    confirmed_at = told.since(row) if standing.status in CONFIRMED else None
    changes.updates.append(
        {"id": reader.id, "confirmed_at": reader.confirmed_at or confirmed_at, **_columns(standing)}
    )
    if row.examples is not None:
        changes.examples[reader.id] = row.examples
    # Rows that stay keep their ids: one new topic is one insert.
    wanted = set(standing.choices)
    changes.gone += [number for choice, number in reader.follows.items() if choice not in wanted]
    fresh = [choice for choice in standing.choices if choice not in reader.follows]
    changes.follows += _follows(reader.id, fresh)
    before = reader.standing.status
    if before == Status.PENDING and standing.status in CONFIRMED:
        changes.consents.append(_consent(reader.id, told.now, "confirmed", told.words(row)))
    if before not in STOPPED and standing.status in STOPPED:
        changes.consents.append(_consent(reader.id, told.now, "withdrawn", f"imported as {standing.status}"))


def _known(session: Session, emails: Sequence[str]) -> dict[str, _Known]:
    """The readers among `emails` by `identity`, as plain values: objects would cost most of an import."""
    names = ("id", "email", "status", "paused_until", "confirmed_at", *FIELDS)
    keys = {key for email in emails for key in lookup_keys(email)}
    query = select(*(getattr(Subscriber, name) for name in names)).where(func.lower(Subscriber.email).in_(keys))
    # Newest first, so that of two spellings that came in at one moment the older one stands.
    found = session.execute(query.order_by(col(Subscriber.id).desc())).mappings().all()
    follows = _known_follows(session, [row["id"] for row in found])
    return {identity(row["email"]): _as_known(row, follows.get(row["id"], {})) for row in found}


def _as_known(row: RowMapping, follows: dict[Choice, int]) -> _Known:
    preferences = Preferences(**{name: row[name] for name in FIELDS})
    standing = Standing(row["status"], preferences, row["paused_until"], tuple(follows))
    return _Known(row["id"], row["confirmed_at"], standing, follows)


def _known_follows(session: Session, ids: Sequence[int]) -> dict[int, dict[Choice, int]]:
    columns = (Follow.id, Follow.subscriber_id, Follow.kind, Follow.value, Follow.weight)
    query = select(*map(col, columns)).where(col(Follow.subscriber_id).in_(ids)).order_by(col(Follow.id))
    found: dict[int, dict[Choice, int]] = {}
    for number, reader, kind, value, weight in session.execute(query):
        found.setdefault(reader, {})[Choice(kind, value, weight)] = number
    return found


def _write(session: Session, changes: _Changes, told: _Told) -> None:
    for number, row, standing in _insert_readers(session, changes.newcomers, told):
        changes.follows += _follows(number, standing.choices)
        changes.examples |= {number: row.examples} if row.examples else {}
        if standing.status in CONFIRMED:
            changes.consents.append(_consent(number, told.now, "confirmed", told.words(row)))
    if changes.updates:
        session.execute(update(Subscriber), changes.updates)
    for start in range(0, len(changes.gone), _CHUNK):
        session.execute(delete(Follow).where(col(Follow.id).in_(changes.gone[start : start + _CHUNK])))
    _insert(session, Follow, changes.follows)
    _insert(session, Consent, changes.consents)
    examples.replace(session, changes.examples, told.now)
    for email, reason in changes.blocked:
        suppress(session, email, reason, told.now)


def _insert_readers(
    session: Session, newcomers: Sequence[tuple[Row, Standing]], told: _Told
) -> Iterator[tuple[int, Row, Standing]]:
    if not newcomers:
        return iter(())
    rows = [
        {
            "email": row.email,
            "created_at": told.now,
            "confirmed_at": told.since(row) if standing.status in CONFIRMED else None,
            **_columns(standing),
        }
        for row, standing in newcomers
    ]
    statement = insert(Subscriber).returning(col(Subscriber.id), sort_by_parameter_order=True)
    # By the connection, not by the ORM, which would look at each row on its own.
    numbers = session.connection().scalars(statement, rows)
    return ((number, *newcomer) for number, newcomer in zip(numbers.all(), newcomers, strict=True))


def _insert(session: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        session.connection().execute(insert(table), rows)


def _columns(standing: Standing) -> dict[str, Any]:
    wishes = {name: getattr(standing.preferences, name) for name in FIELDS}
    return {**wishes, "status": standing.status, "paused_until": standing.paused_until}


def _follows(reader: int, choices: Sequence[Choice]) -> list[dict[str, Any]]:
    return [{"subscriber_id": reader, **choice._asdict()} for choice in choices]


def _consent(reader: int, now: datetime, event: str, wording: str) -> dict[str, Any]:
    return {"subscriber_id": reader, "at": now, "event": event, "wording": wording, "ip": "", "agent": ""}
