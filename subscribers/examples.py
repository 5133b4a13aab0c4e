"""Papers that readers named as examples of what they want: kept once each, added to, taken away."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import CursorResult, delete, insert
from sqlalchemy.orm.util import identity_key
from sqlmodel import Session, col, select

from subscribers.errors import InvalidPreference
from subscribers.models import Example, Subscriber
from subscribers.pasted import FIELD, MOST_EXAMPLES, Named

_AT_ONCE = 5000  # below SQLite's 32,766 variables a statement


def of(session: Session, subscriber_id: int) -> list[Example]:
    """What a reader named, oldest first."""
    query = select(Example).where(Example.subscriber_id == subscriber_id)
    return list(session.exec(query.order_by(col(Example.id))))


def add(session: Session, subscriber_id: int, examples: Iterable[Named], at: datetime) -> int:
    """Keep these papers beside those that are there; how many are new. Flushes.

    InvalidPreference where they would become more than MOST_EXAMPLES; none of them is kept then.
    """
    there = keys_of(session, [subscriber_id]).get(subscriber_id, frozenset())
    new = list({each.key: each for each in examples if each.key not in there}.values())
    if len(there) + len(new) > MOST_EXAMPLES:
        cure = f"{len(there)} are there, and one reader can have {MOST_EXAMPLES}: remove some first"
        raise InvalidPreference(FIELD, f"{len(new)} more", cure)
    _insert(session, {subscriber_id: new}, at)
    _forget_loaded(session, subscriber_id)
    return len(new)


def add_some(session: Session, subscriber_id: int, examples: Sequence[Named], at: datetime) -> int:
    """As `add`, but what is too many is left out."""
    there = keys_of(session, [subscriber_id]).get(subscriber_id, frozenset())
    new = {each.key: each for each in examples if each.key not in there}
    return add(session, subscriber_id, list(new.values())[: MOST_EXAMPLES - len(there)], at)


def remove(session: Session, subscriber_id: int, keys: Collection[str]) -> int:
    """Forget the papers of these keys; how many there were."""
    gone = delete(Example).where(col(Example.subscriber_id) == subscriber_id, col(Example.key).in_(keys))
    session.flush()
    removed: CursorResult[object] = session.connection().execute(gone)
    _forget_loaded(session, subscriber_id)
    return removed.rowcount


def replace(session: Session, examples: Mapping[int, Sequence[Named]], at: datetime) -> None:
    """Let each of these readers, by id, have exactly these papers; what was there keeps its row. Flushes."""
    there = keys_of(session, examples)
    for reader, wanted in examples.items():
        if gone := there.get(reader, frozenset()) - {each.key for each in wanted}:
            remove(session, reader, gone)
    new = {
        reader: [each for each in wanted if each.key not in there.get(reader, ())]
        for reader, wanted in examples.items()
    }
    _insert(session, new, at)


def keys_of(session: Session, subscriber_ids: Collection[int]) -> dict[int, frozenset[str]]:
    """The keys of what these readers named; nobody who named nothing."""
    session.flush()
    found: dict[int, set[str]] = {}
    ids = list(subscriber_ids)
    for start in range(0, len(ids), _AT_ONCE):
        mine = col(Example.subscriber_id).in_(ids[start : start + _AT_ONCE])
        for reader, key in session.execute(select(Example.subscriber_id, Example.key).where(mine)):
            found.setdefault(reader, set()).add(key)
    return {reader: frozenset(keys) for reader, keys in found.items()}


def _insert(session: Session, examples: Mapping[int, Sequence[Named]], at: datetime) -> None:
    rows = [
        {"subscriber_id": reader, "at": at, **each._asdict()}
        for reader, named in examples.items()
        for each in named
    ]
    if rows:  # by the connection, not by the ORM, which would look at each row on its own
        session.connection().execute(insert(Example), rows)
    for reader in examples:
        _forget_loaded(session, reader)


def _forget_loaded(session: Session, subscriber_id: int) -> None:
    """What an object shows that was loaded before is looked up anew."""
    loaded = session.identity_map.get(identity_key(Subscriber, subscriber_id))
    if loaded is not None:
        session.expire(loaded, ["examples"])
